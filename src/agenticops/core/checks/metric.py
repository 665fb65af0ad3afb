"""A figure keeps its bounds: a field of a JSON or YAML artifact, or of the last event of a kind in the ticket's log."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from agenticops.core import fold, reports
from agenticops.core.case import Case
from agenticops.model.finding import Finding
from agenticops.model.kinds import KINDS

_SAYS = re.compile(r"\s*([^\s<>=!]+)\s*(>=|<=|==|>|<)\s*([-+]?[0-9][0-9.eE+-]*)\s*")
_KEPT = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
}
Bound = tuple[str, float]


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the figure is (`file` or `event`, and its `field`), and its bounds; `says` is field and bound in one."""

    file: str = ""
    event: str = ""
    field: str = ""
    says: str = ""
    min: float | None = None
    max: float | None = None
    above: float | None = None
    below: float | None = None

    def __post_init__(self) -> None:
        if bool(self.file) == bool(self.event):
            raise ValueError("a file or an event is wanted, one of the two")
        if self.event and self.event not in KINDS:
            raise ValueError(f"there is no event of the kind {self.event!r}")
        if bool(self.field) == bool(self.says):
            raise ValueError("a field or `says` is wanted, one of the two")
        if not self.bounds:
            raise ValueError("no bound is given: min, max, above, below, or says")
        if not all(math.isfinite(b) for _, b in self.bounds):
            raise ValueError("a bound is no number")

    @property
    def spoken(self) -> tuple[str, list[Bound]]:
        """What `says` says: a field and its bound."""
        match = _SAYS.fullmatch(self.says)
        if match is None:
            raise ValueError(f"{self.says!r} is not FIELD >= NUMBER")
        return match[1], [(match[2], float(match[3]))]

    @property
    def bounds(self) -> list[Bound]:
        """All bounds, each a sign and a number."""
        named = ((">=", self.min), ("<=", self.max), (">", self.above), ("<", self.below))
        return [*((sign, b) for sign, b in named if b is not None), *(self.spoken[1] if self.says else [])]

    @property
    def way(self) -> str:
        """The field: names and list positions, joined by points."""
        return self.field or self.spoken[0]


def read(data: bytes, where: str, asked: Parameters) -> dict[str, float]:
    """Read the figure of an artifact. Raises Unusable."""
    return _figure(reports.parsed(data, where), where, asked.way)


def check(case: Case) -> Iterator[Finding]:
    """Compare the figure with its bounds."""
    asked = case.asked
    where = reports.path(case, asked.file) if asked.file else case.ticket.path
    try:
        found = reports.figures(case, read) if asked.file else _figure(_said(case), where, asked.way)
        figure = reports.value(found, asked.way, where)
    except reports.Unusable as e:
        yield e.finding
        return
    for sign, bound in asked.bounds:
        if not _KEPT[sign](figure, bound):
            message = f"{asked.way} is {figure:g}, and {sign} {bound:g} is wanted"
            yield Finding("VT418", message, where, hint="improve it; the gate does not bend")


def _figure(holder: Any, where: str, way: str) -> dict[str, float]:
    found = _field(holder, way.split("."))
    figure = reports.figure(found)
    if figure is None:
        what = "is not there" if found is None else f"is no number: {str(found)[:40]!r}"
        raise reports.Unusable(Finding("VT419", f"{way} {what}", where, hint="write it as a number"))
    return {way: figure}


def _said(case: Case) -> Any:
    events = case.after.log.of_ticket(case.ticket.id)
    last = fold.last(events, case.asked.event)
    if last is None:
        message = f"no {case.asked.event} event is there"
        hint = f"agenticops log --ticket {case.ticket.id}"
        raise reports.Unusable(Finding("VT419", message, case.ticket.path, hint=hint))
    return last.data


def _field(holder: Any, names: list[str]) -> Any:
    for name in names:
        if isinstance(holder, dict):
            holder = holder.get(name)
        elif isinstance(holder, list) and name.isascii() and name.isdigit() and int(name[:9]) < len(holder):
            holder = holder[int(name)]
        else:
            return None
    return holder
