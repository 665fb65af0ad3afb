"""Lines of reports: short tables, numbers to the right, days with one digit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from agenticops.cli.lines import BAD, DIM, STRONG, WARN, Line, bar, clean, counted, cut, following, line
from agenticops.core.analytics.rows import Ended, Expected, Lost, Outcome, Page, Row, Tested, Took, UnderWay

SHOWN = 20
NAME = 34
EMPTY = "agenticops workflow start --help"
R = TypeVar("R", bound=Row)
Cells = Callable[[Any], list[tuple[str, str]]]


def days(value: float | None) -> str:
    """Write days: one digit, or none from a hundred on; hours where it is less than half a day."""
    if value is None:
        return "-"
    if 0 < value < 0.5:
        hours = value * 24
        return f"{hours:.1f} h" if hours >= 0.1 else "0.0 h"
    return f"{value:,.0f} d" if value >= 100 else f"{value:.1f} d"


def percent(value: float | None) -> str:
    """Write a share."""
    return "-" if value is None else f"{value:.0%}"


def money(value: float | None) -> str:
    """Write an amount without a currency, which nobody declared."""
    return "-" if value is None else f"{value:,.0f}"


def _table(rows: Sequence[R], limit: int, title: str, heads: Sequence[str], cells: Cells, then: str) -> list[Line]:
    """Lay rows out under a heading for each of workflows and tickets."""
    if not rows:
        return [line((f"{title}: nothing yet", DIM)), following(EMPTY)]
    found: list[Line] = []
    for of in dict.fromkeys(row.of for row in rows):
        mine = [row for row in rows if row.of == of]
        shown = mine[: limit or None]
        laid = [cells(row) for row in shown]
        widths = [max(len(head), *(len(r[n][0]) for r in laid)) for n, head in enumerate(heads)]
        name = min(NAME, max(len(_name(row)) for row in shown))
        found += [[]] if found else []
        found.append(line((title, STRONG), (f"  {of}", DIM)))
        head = "".join(f"  {words:>{width}}" for words, width in zip(heads, widths, strict=True))
        found.append(line((f"  {'':<{name}}{head}", DIM)))
        for row, line_ in zip(shown, laid, strict=True):
            figures = [(f"  {text:>{width}}", style) for (text, style), width in zip(line_, widths, strict=True)]
            found.append(line(f"  {cut(_name(row), name):<{name}}", *figures))
        if len(mine) > len(shown):
            found.append(line((f"  … {len(mine) - len(shown)} more; --limit 0 shows all", DIM)))
    return [*found, following(then)]


def _name(row: Row) -> str:
    return " ".join(clean(word) for word in (row.template, row.group) if word) or "-"


def took(rows: Sequence[Took], limit: int, title: str, then: str) -> list[Line]:
    """Show durations."""

    def cells(row: Took) -> list[tuple[str, str]]:
        return [(f"{row.n:,}", ""), (days(row.median), STRONG), (days(row.p85), ""), (days(row.longest), DIM)]

    return _table(rows, limit, title.removesuffix(", in days"), ("ended", "median", "85 %", "longest"), cells, then)


def ended(rows: Sequence[Ended], limit: int, per: str) -> list[Line]:
    """Show what ended, the last periods, with a bar."""
    last = set(sorted({row.period for row in rows})[-(limit or len(rows) or 1) :])
    shown = [row for row in rows if row.period in last]
    most = max([row.ended for row in shown], default=0)
    valued, needs = any(row.value is not None for row in rows), any(row.needs is not None for row in rows)
    judged = any(row.well is not None for row in rows)
    heads = ["ended", *(["well"] if judged else []), *(["value"] if valued else []), *(["needs"] if needs else []), ""]

    def cells(row: Ended) -> list[tuple[str, str]]:
        found = [(f"{row.ended:,}", STRONG)]
        found += [("-" if row.well is None else f"{row.well:,}", "")] if judged else []
        found += [(money(row.value), "")] if valued else []
        found += [("-" if row.needs is None else str(row.needs), "")] if needs else []
        return [*found, (bar(row.ended, most or 1, 20), DIM)]

    named = [_dated(row) for row in shown]
    found = _table(named, 0, f"ended per {per}, from", heads, cells, "agenticops report success")
    more = len({row.period for row in rows}) - len(last)
    if more > 0:
        found.insert(-1, line((f"  … {counted(more, f'earlier {per}')}; --limit 0 shows all", DIM)))
    return found


def _dated(row: Ended) -> Ended:
    from msgspec.structs import replace

    return replace(row, template=f"{row.period} {row.template}".strip())


def outcomes(rows: Sequence[Outcome], limit: int) -> list[Line]:
    """Show shares with what they are to be believed."""

    def cells(row: Outcome) -> list[tuple[str, str]]:
        between = f"{row.low:.0%}–{row.high:.0%}"
        return [
            (f"{row.n:,}", ""),
            (f"{row.well:,}", ""),
            (f"{row.cancelled:,}", ""),
            (percent(row.share), STRONG),
            (between, DIM),
        ]

    heads = ("ended", "well", "cancelled", "success", "true share (95 %)")
    return _table(rows, limit, "success", heads, cells, "agenticops report bottlenecks")


def under_way(rows: Sequence[UnderWay], limit: int) -> list[Line]:
    """Show what is under way, and its ages."""

    def cells(row: UnderWay) -> list[tuple[str, str]]:
        late = ("-" if row.usual is None else f"{row.late:,}", WARN if row.late else DIM)
        return [(f"{row.n:,}", STRONG), (days(row.median), ""), (days(row.oldest), ""), (days(row.usual), DIM), late]

    heads = ("under way", "age", "oldest", "usual 85 %", "older")
    return _table(rows, limit, "under way", heads, cells, "agenticops report forecast")


def lost(rows: Sequence[Lost], limit: int) -> list[Line]:
    """Show where time is lost, the worst first."""

    def cells(row: Lost) -> list[tuple[str, str]]:
        traffic = f"{row.came:,.1f} / {row.left:,.1f}"
        waiting = (f"{row.waiting:,}", WARN if row.came > row.left else "")
        times = [(f"{row.visits:,}", ""), (days(row.median), ""), (days(row.p85), "")]
        return [(percent(row.share), STRONG), (days(row.waited), ""), *times, waiting, (traffic, DIM)]

    heads = ("of waiting", "waited", "visits", "median", "85 %", "now", "in / out a week")
    return _table(rows, limit, "where time is lost", heads, cells, "agenticops report wip")


def expected(rows: Sequence[Expected], tests: Sequence[Tested]) -> list[Line]:
    """Show forecasts, and below them what forecasts were worth."""
    if not rows:
        return [line(("forecast: nothing is under way", DIM)), following("agenticops report throughput")]
    found: list[Line] = []
    for of in dict.fromkeys(row.of for row in rows):
        mine = [row for row in rows if row.of == of]
        found += [[]] if found else []
        found.append(line(("forecast", STRONG), (f"  {of}, in the order of their beginning", DIM)))
        wide = max(len(row.id) for row in mine)
        place = min(26, max(len(_name(row)) for row in mine))
        heads = (
            f"  {'':<{wide}}  {'stands at':<{place}} {'since':>7}  {'even odds':<10}  {'85 % by':<10}  {'ends well':>9}"
        )
        found.append(line((heads, DIM)))
        for row in mine:
            head = f"  {clean(row.id):<{wide}}  {cut(_name(row), place):<{place}} {days(row.age):>7}  "
            note = (f"  {row.note}" if row.due else row.note, WARN)
            figures = f"{row.due:<10}  {row.late:<10}  {percent(row.success):>9}" if row.due else ""
            found.append(line(head, (figures, STRONG), note))
        found += [line_ for test in tests if test.of == of for line_ in _tested(test)]
    return [*found, following("agenticops report wip")]


def _tested(tested: Tested) -> list[Line]:
    test, name = tested.test, clean(tested.template or tested.of)
    words = f"{tested.beyond:,} under way stand where they are for longer than any before"
    beyond = [line(("          ", DIM), (words, WARN))] if tested.beyond else []
    if not test.asked:
        return [line(("  tested  ", DIM), (name, STRONG), f"  not possible: {tested.ended:,} ended"), *beyond]
    error = f"off by {days(test.error)} (median{'' if test.relative is None else f', {test.relative:.0%} of the time'})"
    dates = f"{percent(test.within_median)} ended by the even odds, {percent(test.within_p85)} by the 85 %"
    better = test.brier is not None and test.base is not None and test.brier < test.base
    chance = f"chance: Brier {test.brier or 0:.3f}, {'better' if better else 'no better'} than {test.base or 0:.3f}"
    return [
        line(("  tested  ", DIM), (name, STRONG), f"  asked of {test.asked} by {test.learnt:,} before: {error}"),
        line(("          ", DIM), f"{dates}; {chance} of the usual share"),
        *beyond,
    ]


def flow(pages: Sequence[Page]) -> list[Line]:
    """Show the flow on one page."""
    if not pages:
        return [line(("flow: nothing has travelled yet", DIM)), following(EMPTY)]
    found: list[Line] = []
    for page in pages:
        found += [[]] if found else []
        found.append(line((page.of, STRONG)))
        value = "" if page.value is None else f" · value {money(page.value)}"
        needs = f" · {counted(page.needs, 'need')} met" if page.needs else ""
        found.append(_said("throughput", f"{page.ended:,} ended", f"{page.weekly:,.1f} a week lately{value}{needs}"))
        oldest = "" if page.oldest is None else f"the oldest for {days(page.oldest)} where it stands"
        found.append(_said("under way", f"{page.under_way:,}", oldest))
        for title, row in (("cycle time", page.cycle), ("lead time", page.lead)):
            rest = f"median · 85 % within {days(row.p85)} · longest {days(row.longest)}" if row.n else ""
            found.append(_said(title, days(row.median), rest))
        good = page.success
        between = f"of {good.n:,}; truly {good.low:.0%}–{good.high:.0%}" if good.n else ""
        found.append(_said("success", percent(good.share), between))
        found.append(_held(page.bottleneck))
    return [*found, following("agenticops report bottlenecks")]


def _said(title: str, figure: str, rest: str) -> Line:
    return line((f"  {title:<12}", DIM), (f"{figure:<14}", STRONG), rest)


def _held(row: Lost | None) -> Line:
    if row is None:
        return _said("bottleneck", "-", "")
    evidence = f"{percent(row.share)} of all waiting · {row.waiting:,} there now · a visit {days(row.median)}"
    return line(("  bottleneck  ", DIM), (_name(row), BAD), f"  {evidence}")
