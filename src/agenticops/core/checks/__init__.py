"""Checks by name: a gate lists names, and a name that is not here fails it. One file a check."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import TYPE_CHECKING

from agenticops.core.case import Case
from agenticops.model.finding import Finding

if TYPE_CHECKING:
    from agenticops.core.span import Span

CHECKS = {
    "checklist": "agenticops.core.checks.checklist",
    "artifacts": "agenticops.core.checks.artifacts",
    "inputs": "agenticops.core.checks.inputs",
    "ticket": "agenticops.core.checks.ticket",
    "session": "agenticops.core.checks.session",
    "ticks": "agenticops.core.checks.ticks",
    "frozen": "agenticops.core.checks.frozen",
}

# What must hold between two trees, whatever a gate asks: each is handed a span.
RULES = {
    "lost": "agenticops.core.checks.lost",
    "chains": "agenticops.core.checks.chains",
    "edges": "agenticops.core.checks.edges",
    "verdicts": "agenticops.core.checks.verdicts",
    "touched": "agenticops.core.checks.touched",
    "gone": "agenticops.core.checks.gone",
    "sealed": "agenticops.core.checks.sealed",
    "twins": "agenticops.core.checks.twins",
    "writers": "agenticops.core.checks.writers",
    "foreign": "agenticops.core.checks.foreign",
    "blobs": "agenticops.core.checks.blobs",
    "rails": "agenticops.core.checks.rails",
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


def rule(name: str, span: Span) -> list[Finding]:
    """Run one rule over a span."""
    check: Callable[[Span], Iterable[Finding]] = import_module(RULES[name]).check
    return list(check(span))
