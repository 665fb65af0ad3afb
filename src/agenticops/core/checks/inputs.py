"""The inputs that a phase names exist, and are those that were recorded (not stale)."""

from __future__ import annotations

from collections.abc import Iterator

from agenticops.core import fold
from agenticops.core.case import Case
from agenticops.core.train import Train
from agenticops.model.digest import sha256
from agenticops.model.finding import Finding
from agenticops.model.layout import PIPELINE
from agenticops.model.pipeline import Phase


def check(case: Case) -> Iterator[Finding]:
    """Judge the inputs of the ticket's own phase."""
    phase = case.after.pipeline.phases.get(case.ticket.phase)
    if phase is not None:
        yield from owed(case.after, phase, case.ticket.item)


def owed(train: Train, phase: Phase, item: str) -> Iterator[Finding]:
    """Judge what an item must bring when it enters a phase."""
    records = fold.recorded(train.log.of_item(item)) if phase.inputs else {}
    for name in phase.inputs:
        contract = train.pipeline.artifacts.get(name)
        if contract is None:
            yield Finding("VT604", f"phase {phase.name} wants the unknown input {name}", PIPELINE)
            continue
        path = train.artifact_path(contract, item)
        content = train.tree.read(path)
        record = records.get(name)
        if content is None:
            yield Finding(
                "VT213",
                f"{phase.name} needs {name}, which is missing",
                path,
                hint="restore it, or produce it in its own phase",
            )
        elif record is None:
            yield Finding(
                "VT213",
                f"{phase.name} needs {name}, which no ticket recorded",
                path,
                hint=f"agenticops artifact record {name}",
            )
        elif record.data.get("sha256") != sha256(content):
            again = f"agenticops artifact record {name} --ticket {record.ticket}"
            hint = f"restore what was recorded, or record it again: {again}"
            yield Finding(
                "VT214", f"{phase.name} needs {name}, which changed after {record.ticket} recorded it", path, hint=hint
            )
