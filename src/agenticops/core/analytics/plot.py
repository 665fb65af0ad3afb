"""Reports as pictures, SVG or PNG, by the library matplotlib (extra `plots`).

The same rows give the same bytes of SVG. What is told by colour is told by a pattern or a sign as well.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from agenticops.core.analytics.rows import Ended, Expected, Flowed, Lost, Outcome, Row, Took, UnderWay
from agenticops.errors import TrainError
from agenticops.model.plain import clean

# More rows than that cannot be read in one picture.
MOST = 20
WEEKS = 60
# Okabe and Ito: told apart by colour-blind eyes too.
BLUE, ORANGE, GREY = "#0072B2", "#E69F00", "#4d4d4d"
WIDTH = 9.0
LABEL = 34
STYLE: Any = {
    "svg.hashsalt": "agenticops",
    "svg.fonttype": "none",  # text stays text: it can be read aloud, searched and copied
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.titlesize": 11,
    "axes.axisbelow": True,
    "hatch.linewidth": 0.8,
}
Drawing = Callable[[Any, Sequence[Any]], None]


def draw(title: str, parts: Sequence[tuple[str, Sequence[Any]]], form: str, limit: int = MOST) -> bytes:
    """Draw the parts of a report, one below the other, each with its heading. Raises TrainError without the library.

    Of rows that are no periods, the first `limit` are drawn.
    """
    try:
        import matplotlib
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        hint = "pip install 'agenticops[plots]'"
        raise TrainError("plots need the library matplotlib, which is not installed", hint=hint) from None
    shown = [(heading + _left_out(rows, limit), _first(rows, limit)) for heading, rows in parts if rows]
    if not shown:
        raise TrainError("there is nothing to draw yet", hint="agenticops report flow")
    with matplotlib.rc_context(STYLE):
        heights = [_height(rows) for _, rows in shown]
        figure = Figure(figsize=(WIDTH, sum(heights)), dpi=120, layout="constrained")
        FigureCanvasAgg(figure)
        spots = figure.subplots(len(shown), 1, squeeze=False, height_ratios=heights)
        for (heading, rows), axes in zip(shown, spots[:, 0], strict=True):
            _DRAWINGS[type(rows[0])](axes, rows)
            axes.set_title(f"{title}: {heading}", pad=12)
        sink = io.BytesIO()
        described: dict[str, Any] = {"Title": title, "Date": None} if form == "svg" else {"Title": title}
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # a sign that the font lacks is drawn as a box: nothing to worry anyone with
            figure.savefig(sink, format=form, metadata=described)
    return _named(sink.getvalue(), title) if form == "svg" else sink.getvalue()


def _named(svg: bytes, title: str) -> bytes:
    """Tell who cannot see the picture what it is."""
    from xml.sax.saxutils import quoteattr

    return svg.replace(b"<svg ", f'<svg role="img" aria-label={quoteattr(title)} '.encode(), 1)


def _first(rows: Sequence[Any], limit: int) -> Sequence[Any]:
    """Leave out the rows that nobody could read; periods are not rows of a picture."""
    return rows if isinstance(rows[0], Ended | Flowed) else rows[:limit]


def _left_out(rows: Sequence[Any], limit: int) -> str:
    """Say so where rows are left out."""
    number = len(_first(rows, limit))
    return "" if number == len(rows) else f", {number} of {len(rows):,}"


def _height(rows: Sequence[Any]) -> float:
    if isinstance(rows[0], Ended | Flowed):
        return 3.6
    return 1.5 + 0.34 * len(rows)


def _name(row: Row) -> str:
    words = " · ".join(word for word in (row.template, row.group) if word) or "all"
    return _plain(words if len(words) <= LABEL else words[: LABEL - 1] + "…")


def _plain(words: str) -> str:
    """Write a user's words so that they are no formula, and no sign that XML does not know."""
    return clean(words).replace("$", r"\$")


def _across(axes: Any, rows: Sequence[Row], unit: str, names: Sequence[str] = ()) -> range:
    """Prepare an axis of names, the first at the top; give the places of the rows."""
    places = range(len(rows))
    axes.set_yticks(places, names or [_name(row) for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlabel(unit)
    axes.grid(axis="x", color="#dddddd", linewidth=0.8)
    axes.tick_params(axis="y", length=0)
    axes.margins(x=0.12)
    axes.set_xlim(left=0)
    return places


def _legend(axes: Any, **more: Any) -> None:
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, frameon=False, borderaxespad=0.2, **more)


def _took(axes: Any, rows: Sequence[Took]) -> None:
    places = _across(axes, rows, "days")
    axes.barh(places, [r.median or 0 for r in rows], 0.6, color=BLUE, label="median")
    axes.hlines(places, [r.median or 0 for r in rows], [r.p85 or 0 for r in rows], color=GREY)
    axes.plot([r.p85 or 0 for r in rows], places, "D", color=ORANGE, mec=GREY, ms=6, label="85 of 100 took no longer")
    for place, row in zip(places, rows, strict=True):
        axes.annotate(
            f"n={row.n:,}", (row.p85 or 0, place), (8, 0), textcoords="offset points", va="center", fontsize=8
        )
    axes.set_xlim(0, max([r.p85 or 0 for r in rows]) * 1.15 or 1)
    _legend(axes)


def _ended(axes: Any, rows: Sequence[Ended]) -> None:
    sums: dict[str, tuple[int, int]] = {}
    for row in rows:
        good, number = sums.get(row.period, (0, 0))
        sums[row.period] = (good + (row.ended if row.well is None else row.well), number + row.ended)
    last = sorted(sums)[-WEEKS:]
    well = [sums[p][0] for p in last]
    other = [sums[p][1] - sums[p][0] for p in last]
    plain = all(row.well is None for row in rows)
    axes.bar(range(len(last)), well, 0.8, color=BLUE, label="ended" if plain else "ended well")
    if not plain:
        axes.bar(
            range(len(last)), other, 0.8, bottom=well, color="white", edgecolor=ORANGE, hatch="////", label="otherwise"
        )
    _periods(axes, last)
    axes.set_ylabel("ended")
    _legend(axes)


def _flowed(axes: Any, rows: Sequence[Flowed]) -> None:
    rows = rows[-2 * WEEKS :]
    places = range(len(rows))
    began, ended = [row.began for row in rows], [row.ended for row in rows]
    axes.plot(places, began, color=BLUE, label="begun, all in all")
    axes.plot(places, ended, color=ORANGE, linestyle="--", label="ended, all in all")
    axes.fill_between(places, began, ended, color="#eeeeee", label="under way")
    _periods(axes, [row.period for row in rows])
    axes.set_ylabel("number")
    _legend(axes)


def _periods(axes: Any, names: Sequence[str]) -> None:
    step = max(1, -(-len(names) // 10))
    places = range(0, len(names), step)
    axes.set_xticks(places, [names[place] for place in places], rotation=30, ha="right")
    axes.set_xlabel("period that begins on (UTC)")
    axes.grid(axis="y", color="#dddddd", linewidth=0.8)
    axes.set_ylim(bottom=0)
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.yaxis.set_major_formatter("{x:,.0f}")


def _outcome(axes: Any, rows: Sequence[Outcome]) -> None:
    places = _across(axes, rows, "ended well, per cent; the line is where the true share lies (95 %)")
    axes.hlines(places, [100 * r.low for r in rows], [100 * r.high for r in rows], color=GREY, linewidth=2)
    axes.plot([100 * (r.share or 0) for r in rows], places, "o", color=BLUE, ms=8)
    for place, row in zip(places, rows, strict=True):
        words = f"{row.well:,} of {row.n:,}"
        axes.annotate(words, (100 * row.high, place), (8, 0), textcoords="offset points", va="center", fontsize=8)
    axes.set_xlim(0, 118)
    axes.set_xticks(range(0, 101, 20))


def _under_way(axes: Any, rows: Sequence[UnderWay]) -> None:
    places = _across(axes, rows, "under way now")
    fine = [row.n - row.late for row in rows]
    axes.barh(places, fine, 0.6, color=BLUE, label="of usual age")
    late = [row.late for row in rows]
    words = "older than 85 of 100 were there"
    axes.barh(places, late, 0.6, left=fine, color="white", edgecolor=ORANGE, hatch="////", label=words)
    for place, row in zip(places, rows, strict=True):
        text = f"{row.n:,}"
        axes.annotate(text, (row.n, place), (6, 0), textcoords="offset points", va="center", fontsize=8)
    axes.set_xlim(0, max(row.n for row in rows) * 1.12)
    axes.xaxis.get_major_locator().set_params(integer=True)
    _legend(axes)


def _lost(axes: Any, rows: Sequence[Lost]) -> None:
    places = _across(axes, rows, "share of all waiting, per cent")
    colours = [ORANGE if place == 0 else BLUE for place in places]
    bars = axes.barh(places, [100 * r.share for r in rows], 0.6, color=colours)
    bars[0].set_hatch("//")
    for place, row in zip(places, rows, strict=True):
        words = f"{row.waited:,.0f} days · {row.waiting:,} there now"
        axes.annotate(words, (100 * row.share, place), (6, 0), textcoords="offset points", va="center", fontsize=8)
    axes.set_xlim(0, max(100 * r.share for r in rows) * 1.35 or 1)


def _expected(axes: Any, rows: Sequence[Expected]) -> None:
    rows = [row for row in rows if row.median is not None]
    names = [f"{row.id} · {row.group}" for row in rows]
    places = _across(axes, rows, "days from now", [_plain(name[:LABEL]) for name in names])
    axes.hlines(places, 0, [r.p85 or 0 for r in rows], color=GREY, linewidth=2)
    axes.plot([r.median or 0 for r in rows], places, "o", color=BLUE, ms=7, label="as likely before as after")
    axes.plot([r.p85 or 0 for r in rows], places, "D", color=ORANGE, mec=GREY, ms=6, label="with 85 % before")
    for place, row in zip(places, rows, strict=True):
        words = f"{row.success:.0%} to end well" if row.success is not None else ""
        axes.annotate(words, (row.p85 or 0, place), (8, 0), textcoords="offset points", va="center", fontsize=8)
    axes.set_xlim(0, max([r.p85 or 0 for r in rows], default=0) * 1.25 or 1)
    _legend(axes)


_DRAWINGS: dict[type, Drawing] = {
    Took: _took,
    Ended: _ended,
    Flowed: _flowed,
    Outcome: _outcome,
    UnderWay: _under_way,
    Lost: _lost,
    Expected: _expected,
}
