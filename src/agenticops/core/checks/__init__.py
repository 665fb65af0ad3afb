"""Checks by name: a gate lists names, and a name that is not here fails it. One file a check."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module

from agenticops.core.case import Case
from agenticops.model.finding import Finding

CHECKS = {
    "checklist": "agenticops.core.checks.checklist",
    "artifacts": "agenticops.core.checks.artifacts",
    "inputs": "agenticops.core.checks.inputs",
    "ticket": "agenticops.core.checks.ticket",
    "session": "agenticops.core.checks.session",
    "ticks": "agenticops.core.checks.ticks",
    "frozen": "agenticops.core.checks.frozen",
}


def find(name: str) -> Callable[[Case], Iterable[Finding]] | None:
    """Give a check, or None for an unknown name."""
    module = CHECKS.get(name)
    if module is None:
        return None
    check: Callable[[Case], Iterable[Finding]] = import_module(module).check
    return check


def run(name: str, case: Case) -> list[Finding]:
    """Run one registered check."""
    check = find(name)
    return [] if check is None else list(check(case))
