"""The item is ready for what comes next: each next phase would find its inputs, and what its entry gate reads."""

from __future__ import annotations

from collections.abc import Iterator

from agenticops.core import reports
from agenticops.core.case import Case
from agenticops.core.checks import inputs
from agenticops.errors import StateError
from agenticops.model.finding import Finding
from agenticops.model.layout import PIPELINE
from agenticops.model.pipeline import Phase


def check(case: Case) -> Iterator[Finding]:
    """Judge all phases that the ticket's own leads to; from the last one nothing is asked."""
    pipeline = case.after.pipeline
    here = pipeline.phases.get(case.ticket.phase)
    for name in here.next if here else ():
        phase = pipeline.phases.get(name)
        if phase is None:
            yield Finding("VT427", f"not ready: {case.ticket.phase} leads to the unknown phase {name!r}", PIPELINE)
            continue
        for owed in inputs.owed(case.after, phase, case.ticket.item):
            yield Finding("VT427", f"not ready for {name}: {owed.message}", owed.path, owed.line, hint=owed.hint)
        yield from _entry(case, phase)


def _entry(case: Case, phase: Phase) -> Iterator[Finding]:
    """Find the files that a check of the phase's entry gate reads and that are not there."""
    gate = case.after.pipeline.gates.get(phase.entry_gate)
    for call in gate.checks if gate else ():
        file = call.parameters.get("file")
        if isinstance(file, str) and file:
            path = reports.path(case, file)
            if not _there(case, path):
                message = f"not ready for {phase.name}: its entry gate reads {path}, which is missing ({call.title})"
                yield Finding("VT427", message, path, hint=f"agenticops gate show {phase.name}")


def _there(case: Case, path: str) -> bool:
    try:
        return case.after.tree.size(path) is not None
    except StateError:  # a path that leads out of the repository, or through a link
        return False
