"""Checks by name: a gate lists names, and a name that is not here fails it. One file a check."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from agenticops.core.case import Case
from agenticops.model.finding import Finding
from agenticops.model.pipeline import CheckCall

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
    "command": "agenticops.core.checks.command",
    "tests": "agenticops.core.checks.tests",
    "coverage": "agenticops.core.checks.coverage",
    "scan": "agenticops.core.checks.scan",
    "metric": "agenticops.core.checks.metric",
    "approval": "agenticops.core.checks.approval",
    "criteria": "agenticops.core.checks.criteria",
    "issue": "agenticops.core.checks.issue",
    "labels": "agenticops.core.checks.labels",
    "ready": "agenticops.core.checks.ready",
    "risk": "agenticops.core.checks.risk",
    "size": "agenticops.core.checks.size",
}

# What must hold between two trees, whatever a gate asks: each is handed a span.
RULES = {
    "lost": "agenticops.core.checks.lost",
    "chains": "agenticops.core.checks.chains",
    "edges": "agenticops.core.checks.edges",
    "verdicts": "agenticops.core.checks.verdicts",
    "judged": "agenticops.core.checks.judged",
    "touched": "agenticops.core.checks.touched",
    "gone": "agenticops.core.checks.gone",
    "sealed": "agenticops.core.checks.sealed",
    "twins": "agenticops.core.checks.twins",
    "writers": "agenticops.core.checks.writers",
    "foreign": "agenticops.core.checks.foreign",
    "blobs": "agenticops.core.checks.blobs",
    "rails": "agenticops.core.checks.rails",
    "roles": "agenticops.core.checks.roles",
    "limits": "agenticops.core.checks.limits",
}


def find(name: str) -> Callable[[Case], Iterable[Finding]] | None:
    """Give a check, or None for an unknown name."""
    module = CHECKS.get(name)
    if module is None:
        return None
    check: Callable[[Case], Iterable[Finding]] = import_module(module).check
    return check


def run(name: str, case: Case) -> list[Finding]:
    """Run one registered check as it is without parameters."""
    check = find(name)
    return [] if check is None else list(check(case))


def asked(call: CheckCall) -> Any:
    """Read a call's parameters as the check's own `Parameters`; a check without that class takes none.

    Raises msgspec.ValidationError for one that is unknown, missing or of another type.
    """
    kind = getattr(import_module(CHECKS[call.check]), "Parameters", NoParameters)
    return msgspec.convert(call.parameters, kind, strict=False)


class NoParameters(Struct, frozen=True, forbid_unknown_fields=True):
    """What a check takes that takes nothing."""


def rule(name: str, span: Span) -> list[Finding]:
    """Run one rule over a span."""
    check: Callable[[Span], Iterable[Finding]] = import_module(RULES[name]).check
    return list(check(span))
