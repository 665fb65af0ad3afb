"""A scanner found no more than a gate lets pass, as a SARIF 2.1 report says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from agenticops.core import reports
from agenticops.core.case import Case
from agenticops.model.finding import Finding

Severity = Literal["error", "warning", "note"]
LEVELS: tuple[Severity, ...] = ("error", "warning", "note")


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """The report, how many results of a level may stand (no error, unless told), and whether suppressed ones count."""

    file: str
    max: dict[Severity, Annotated[int, Meta(ge=0)]] = field(default_factory=dict)
    allow_suppressed: bool = False


def check(case: Case) -> Iterator[Finding]:
    """Judge how many results there are of each level."""
    where = reports.path(case, case.asked.file)
    try:
        found = reports.figures(case, read)
        counts = {level: reports.value(found, level, where) for level in LEVELS}
        if case.asked.allow_suppressed:
            counts = {level: n - reports.value(found, f"suppressed {level}", where) for level, n in counts.items()}
    except reports.Unusable as e:
        yield e.finding
        return
    for level, most in {"error": 0, **case.asked.max}.items():
        if counts[level] > most:
            message = f"{counts[level]:g} results of level {level}; at most {most} may stand"
            yield Finding("VT417", message, where, hint="mend what the scanner found, and scan again")


def read(data: bytes, where: str, asked: Parameters) -> dict[str, int]:
    """Count the results of all runs by level, and those among them that are suppressed. Raises Unusable."""
    found = reports.parsed(data, where)
    if not isinstance(found, dict) or not str(found.get("version", "")).startswith("2.1."):
        raise reports.broken(where, "no SARIF of version 2.1")
    runs = _listed(found, "runs", where)
    if not runs:
        raise reports.broken(where, "no run of a scanner is in it")
    counts: Counter[str] = Counter()
    for run in runs:
        if any(i.get("executionSuccessful") is False for i in _listed(run, "invocations", where)):
            raise reports.broken(where, "the scanner says that it did not succeed")
        if "results" not in run or run.get("externalPropertyFileReferences"):
            raise reports.broken(where, "its results are not in it")
        rules = _rules(run, where)
        for result in _listed(run, "results", where):
            if result.get("kind", "fail") == "fail" and result.get("baselineState") != "absent":
                level = _level(result, rules)
                counts[level] += 1
                counts[f"suppressed {level}"] += _suppressed(result, where)
    return {name: counts[name] for level in LEVELS for name in (level, f"suppressed {level}")}


def _suppressed(result: dict[str, Any], where: str) -> bool:
    return any(s.get("status", "accepted") == "accepted" for s in _listed(result, "suppressions", where))


def _rules(run: dict[str, Any], where: str) -> list[dict[str, Any]]:
    tool = run.get("tool")
    driver = tool.get("driver") if isinstance(tool, dict) else None
    return _listed(driver, "rules", where) if isinstance(driver, dict) else []


def _level(result: dict[str, Any], rules: list[dict[str, Any]]) -> str:
    """Give a result's level: its own, else that of its rule, else a warning; an unknown word counts as an error."""
    level = result.get("level")
    if level is None:
        number = result.get("ruleIndex")
        named = [r for r in rules if result.get("ruleId") is not None and r.get("id") == result.get("ruleId")]
        if isinstance(number, int) and 0 <= number < len(rules):
            named.insert(0, rules[number])
        usual = named[0].get("defaultConfiguration") if named else None
        level = usual.get("level", "warning") if isinstance(usual, dict) else "warning"
    return level if level in (*LEVELS, "none") else "error"


def _listed(holder: dict[str, Any], name: str, where: str) -> list[dict[str, Any]]:
    """Give a list of objects; none when it is not there. Raises Unusable for anything else."""
    value = holder.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        raise reports.broken(where, f"{name} is no list of objects")
    return value
