"""Enough lines are covered, as a Cobertura XML report says; the share is counted from its lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

from msgspec import Meta, Struct

from agenticops.core import reports
from agenticops.core.case import Case
from agenticops.model.finding import Finding


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """The report, and the least share of covered lines: up to 1 a share, above 1 a percentage (`1` is all)."""

    file: str
    min: Annotated[float, Meta(ge=0, le=100)]

    @property
    def share(self) -> float:
        """The least share, from 0 to 1."""
        return self.min if self.min <= 1 else self.min / 100


class _Lines:
    """Collects hits by file and line: a line stands below its class and again below its method."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.mine: dict[str, int] = {}
        self.hits: dict[tuple[str, str], int] = {}
        self.claimed = ""

    def __call__(self, names: Sequence[str], attributes: Mapping[str, str]) -> None:
        if names[-1] == "line" and "class" in names:
            line, hits = attributes.get("number", ""), reports.number(attributes, "hits", self.where)
            self.mine[line] = max(self.mine.get(line, 0), hits)
        elif names[-1] == "class":
            file = attributes.get("filename", "")
            for line, hits in self.mine.items():
                self.hits[file, line] = max(self.hits.get((file, line), 0), hits)
            self.mine = {}
        elif len(names) == 1:
            self.claimed = attributes.get("line-rate", "")


def read(data: bytes, where: str, asked: Parameters) -> dict[str, float]:
    """Count the covered lines of a report: their `rate`, from 0 to 1. Raises Unusable."""
    lines = _Lines(where)
    root = reports.xml(data, where, lines)
    if root != "coverage":
        raise reports.broken(where, f"its root is <{root[:40]}>, not <coverage>")
    return {"rate": _rate(lines)}


def check(case: Case) -> Iterator[Finding]:
    """Judge the share of covered lines."""
    where = reports.path(case, case.asked.file)
    try:
        rate = reports.value(reports.figures(case, read), "rate", where)
    except reports.Unusable as e:
        yield e.finding
        return
    if rate < case.asked.share:
        message = f"{rate:.1%} of the lines are covered; at least {case.asked.share:.1%} must be"
        yield Finding("VT416", message, where, hint="test what is not covered")


def _rate(lines: _Lines) -> float:
    if lines.hits:
        return sum(1 for hits in lines.hits.values() if hits) / len(lines.hits)
    try:
        rate = reports.figure(float(lines.claimed))
    except ValueError:
        rate = None
    if rate is None or not 0 <= rate <= 1:
        raise reports.broken(lines.where, "it names no lines and no line-rate from 0 to 1")
    return rate
