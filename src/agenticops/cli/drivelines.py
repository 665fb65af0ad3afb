"""The auto-pilot as lines: its workers, what became of tickets, what is held, what a drive would take."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence

from agenticops.cli.lines import BAD, DIM, GOOD, STRONG, WARN, Line, bar, clean, counted, cut, following, line
from agenticops.core.drive.budget import Standing, figure
from agenticops.core.select import Choice
from agenticops.flows.drive.presence import Row
from agenticops.flows.drive.preview import COMMIT, Planned, Preview
from agenticops.flows.drive.status import WHY, Held, Status
from agenticops.flows.drive.work import Outcome

FILL = 'agenticops work new --kind Task --title "…" --label auto'
MARKS = {
    "delivered": ("✓", GOOD),
    "blocked": ("✗", BAD),
    "left": ("→", WARN),
    "stopped": ("·", DIM),
    "lost": ("→", WARN),
}
KEYS = "Ctrl-C stops after this bullet; twice: at once"
BECAUSE = {
    "complexity_high": "hard",
    "cost_optimization": "cheapest that is good enough",
    "provider_preference": "preferred",
    "fallback": "fallback",
}
LEVELS = {"fine": GOOD, "warning": WARN, "over": BAD}


def elapsed(seconds: float) -> str:
    """Write a span of time: 0:07, 12:30, 1:02:03."""
    whole = max(int(seconds), 0)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def workers(rows: Sequence[Row], now: float) -> list[Line]:
    """Show what workers do: two lines each, within 80 columns."""
    found: list[Line] = []
    for row in rows:
        count = f"{row.number}/{row.of}" if row.of else ""
        found.append(
            line(
                ("▸ ", GOOD),
                (f"{cut(row.ticket, 18):<19}", STRONG),
                f"{count:>5}  {cut(row.bullet or 'it is opened', 25):<26}",
                (f"{cut(row.model, 10):>10}", DIM),
                f"{elapsed(now - row.since):>8}",
                (f"{row.money:>8.2f}", DIM),
            )
        )
        again = f"attempt {row.attempt}, " if row.attempt > 1 else ""
        who = f"{again}{row.agent}: " if row.agent and row.model else ""
        found.append(line((f"    {cut(who + (row.said or 'at work'), 74)}" if row.model else "", DIM)))
    return found


def counters(outcomes: Iterable[Outcome], money: float, fullest: Standing | None) -> Line:
    """Show how many tickets are through, what it cost, and how full the fullest budget is."""
    states = [outcome.state for outcome in outcomes]
    found = line(
        ("✓ ", GOOD),
        f"{states.count('delivered')} delivered   ",
        ("✗ ", BAD if "blocked" in states else DIM),
        f"{states.count('blocked')} blocked   cost {money:.2f}",
    )
    if fullest is not None:
        share = min(fullest.share, 9.99)
        filled = bar(min(int(share * 100), 100), 100)
        found += line("   ", (filled, LEVELS[fullest.level]), (f" {share:.0%} {cut(fullest.scope, 16)}", DIM))
    return found


def began(row: Row) -> str:
    """Say in one plain line what a worker begins."""
    count = f"bullet {row.number}/{row.of}" if row.of else "bullet"
    again = f" (attempt {row.attempt})" if row.attempt > 1 else ""
    return f"{row.ticket}: {count} {cut(row.bullet, 60)}{again}"


def outcome(found: Outcome) -> list[Line]:
    """Say what became of a ticket, and of one that is held how it goes on."""
    mark, style = MARKS.get(found.state, ("·", DIM))
    on = f" → {found.successor}" if found.successor else ""
    why = WHY.get(found.reason, found.reason)
    words = {
        "delivered": "delivered",
        "blocked": f"blocked: {why}",
        "left": f"left: {WHY.get(found.reason, found.reason)}",
        "lost": "another clone took it over",
        "stopped": "stopped; it goes on with the next drive",
    }.get(found.state, found.state)
    rows = [line((f"{mark} ", style), (clean(found.ticket), STRONG), f" {clean(words)}{clean(on)}")]
    if found.state == "blocked" and found.words:
        rows.append(line((f"    {cut(found.words, 74)}", DIM)))
    return rows


def summary(outcomes: Sequence[Outcome], ended: str, money: float, seconds: float) -> Line:
    """Sum a drive up."""
    states = [found.state for found in outcomes]
    parts = [f"{states.count(name)} {name}" for name in ("delivered", "blocked", "left", "stopped") if name in states]
    words = {"empty": "nothing is left to take", "until": "that was asked for"}.get(ended, ended)
    what = f"{counted(len(outcomes), 'ticket')}: {', '.join(parts)}" if parts else "no ticket was worked"
    return line((what, STRONG), (f"  cost {money:.2f} · {elapsed(seconds)} · {cut(words, 60)}", DIM))


def empty(choice: Choice) -> list[Line]:
    """Say that there is nothing to take, and how that changes."""
    if choice.item is not None:
        words = f"{clean(choice.item.id)} is not on the default branch yet"
        rows = [line(("nothing to drive: ", DIM), words)]
        return [*rows, following(COMMIT)]
    rows = [line(("nothing to drive: ", DIM), clean(choice.reason.partition(";")[0]))]
    rows.append(line(("  fill  ", DIM), FILL))
    return [*rows, following("agenticops select --explain")] if choice.passed else rows


def chosen(choice: Choice, explained: bool) -> list[Line]:
    """Show what would be taken next, and why not the others."""
    rows = empty(choice)[:2] if choice.item is None else []
    if choice.item is not None:
        rows.append(line((f"{choice.item.kind} {choice.item.id}", STRONG), f"  {cut(choice.item.title, 60)}"))
        rows.append(line((f"  {clean(choice.reason)}", DIM)))
    if explained:
        rows += passed(choice.passed)
    elif choice.passed and choice.item is None:
        return [*rows, following("agenticops select --explain")]
    return [*rows, following("agenticops drive --once")] if choice.item is not None else rows


def passed(found: Mapping[str, str]) -> list[Line]:
    """Say of items why they are passed over."""
    if not found:
        return []
    rows = [[], line(("passed over", STRONG))]
    return [*rows, *(line(f"  {cut(name, 12):<12} ", (clean(why), DIM)) for name, why in found.items())]


def previewed(found: Preview, empty_words: Sequence[Line]) -> list[Line]:
    """Show what a drive would begin with."""
    rows = [line(("! ", WARN), clean(found.halted))] if found.halted else []
    if not found.takes:
        return [*rows, *empty_words]
    rows.append(line(("would take", STRONG), (f"  {counted(len(found.takes), 'ticket')}, {found.more} more", DIM)))
    for one in found.takes:
        rows += _planned(one)
    rows += budgets(found.budgets)
    return rows if any(one.hint for one in found.takes) else [*rows, following("agenticops drive")]


def _planned(one: Planned) -> list[Line]:
    name = cut(one.ticket or one.item, 20)
    rows = [line(("▸ ", BAD if one.refused else GOOD), (f"{name:<21}", STRONG), cut(one.title, 55))]
    if one.refused:
        rows.append(line((f"    {cut(one.refused, 120)}", BAD)))
        return [*rows, following(one.hint)] if one.hint else rows
    why = f"{BECAUSE.get(one.reason, one.reason)}, complexity {one.complexity}"
    model = f"{one.provider} {one.model}" if one.model != one.provider else one.provider
    return [*rows, line((f"    {cut(model, 30)} · {why} · about {one.money:.2f} a bullet", DIM))]


def budgets(found: Sequence[Standing], most: int = 5) -> list[Line]:
    """Show what budgets still allow, the fullest first."""
    rows: list[Line] = [[], line(("left to spend", STRONG))] if found else []
    for one in found[:most]:
        left = max(one.limit - one.used - one.reserved, 0.0)
        amount = f"{int(left)}" if one.unit in ("tokens", "runs") else figure(left, one.unit)
        filled = bar(min(int(one.share * 100), 100), 100)
        of = f"{one.limit:g} {one.unit}"
        rows.append(line(f"  {cut(one.scope, 28):<29}{amount:>10} of {of:<18}", (filled, LEVELS[one.level])))
    return rows


def status(found: Status, now: float) -> list[Line]:
    """Show where the auto-pilot stands."""
    rows: list[Line] = []
    for driver in found.drivers:
        since = driver.since[:16].replace("T", " ")
        rows.append(line(("driving", GOOD), (f"  process {driver.pid} since {since}", DIM)))
        rows += [row for row in workers(driver.rows, now) if row]
    if not found.drivers:
        rows.append(line(("nobody drives here", DIM)))
    if found.halted:
        rows.append(line(("! ", WARN), clean(found.halted)))
    rows += [line(("! ", WARN), clean(mark.words)) for mark in found.marks]
    for one in found.held:
        rows += _held(one)
    if found.waiting and not found.drivers:
        rows.append(line(("· ", DIM), f"begun, goes on with the next drive: {cut(', '.join(found.waiting), 40)}"))
    rows += budgets(found.budgets)
    if found.last:
        rows += [[], line(("last", STRONG))]
        for end in found.last:
            mark, style = MARKS.get(end.what, ("·", DIM))
            why = f": {WHY.get(end.reason, end.reason)}" if end.reason and end.what != "released" else ""
            at = end.at[5:16].replace("T", " ")
            rows.append(line((f"  {at}  ", DIM), (mark, style), f" {cut(end.ticket, 20)} {cut(end.what + why, 48)}"))
    return [*rows, *_onward(found)]


def _held(one: Held) -> list[Line]:
    mark, style = MARKS.get(one.standing, ("·", DIM))
    what = WHY.get(one.reason, one.reason)
    who = f" (with {one.by})" if one.standing == "left" else ""
    rows = [line((f"{mark} ", style), (one.ticket, STRONG), f" {clean(what)}{clean(who)}")]
    if one.words and one.words != what:
        parts = textwrap.wrap(clean(one.words), 74, break_long_words=False, break_on_hyphens=False)
        rows += [line((f"    {part}", DIM)) for part in parts]
    rows.append(line(("    desk  ", DIM), clean(one.desk)))
    if one.first:
        rows.append(line(("    first ", DIM), clean(one.first)))
    return [*rows, line(("    on    ", DIM), clean(one.go_on))]


def _onward(found: Status) -> list[Line]:
    if found.halted:
        return [following("agenticops drive resume")]
    if found.held:
        return [following(found.held[0].go_on)]
    return [] if found.drivers else [following("agenticops drive --dry-run")]
