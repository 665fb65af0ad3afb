"""Figures: one row of the table each, with the goal that it has to meet, if it has one."""

from __future__ import annotations

from dataclasses import dataclass

HEAD = ("what", "measured", "reference", "ratio", "goal", "")


@dataclass(frozen=True)
class Figure:
    """What was measured, against what; `value` is what the goal bounds from above. Without a goal it only informs."""

    what: str
    measured: str
    reference: str = ""
    ratio: float | None = None
    value: float | None = None
    goal: float | None = None
    unit: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether the goal is met; None when there is none, or nothing could be measured."""
        return None if self.goal is None or self.value is None else self.value <= self.goal

    @property
    def cells(self) -> tuple[str, ...]:
        """The row's texts."""
        goal = "" if self.goal is None else f"≤ {self.goal:g} {self.unit}"
        mark = {True: "✓", False: "✗", None: "·"}[self.holds]
        return (
            self.what,
            self.measured,
            self.reference,
            "" if self.ratio is None else f"{self.ratio:.2f} ×",
            goal,
            mark,
        )


def relative(what: str, cost: float, base: float, goal: float | None, name: str, unit: str = "×") -> Figure:
    """A cost in seconds against another one of the same run."""
    ratio = cost / base
    return Figure(what, milliseconds(cost), f"{milliseconds(base)} {name}", ratio, ratio, goal, unit)


def absolute(what: str, value: float, goal: float | None, unit: str, reference: str = "") -> Figure:
    """A value against a fixed goal."""
    shown = milliseconds(value) if unit == "s" and value < 1 else f"{value:.1f} {unit}"
    return Figure(what, shown, reference, None, value, goal, unit)


def milliseconds(seconds: float) -> str:
    """Write a time in ms."""
    return f"{seconds * 1000:.1f} ms"


def table(figures: list[Figure]) -> str:
    """Align the rows."""
    rows = [HEAD, *(f.cells for f in figures)]
    widths = [max(len(r[n]) for r in rows) for n in range(len(HEAD))]
    right = (False, True, False, True, False, False)
    lines = []
    for row in rows:
        cells = [f"{c:>{w}}" if r else f"{c:<{w}}" for c, w, r in zip(row, widths, right, strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def summary(figures: list[Figure]) -> str:
    """Say how many goals are met, and which are not."""
    aimed = [f for f in figures if f.holds is not None]
    missed = [f.what for f in aimed if not f.holds]
    return f"{len(aimed) - len(missed)} of {len(aimed)} goals met" + "".join(f"\n  missed  {m}" for m in missed)
