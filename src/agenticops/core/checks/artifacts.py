"""Every artifact that the ticket owes satisfies its contract, and was recorded in this visit (ADR 0008)."""

from __future__ import annotations

from collections.abc import Iterator

from agenticops.core import fold
from agenticops.core.case import Case
from agenticops.model.digest import sha256
from agenticops.model.event import Event
from agenticops.model.finding import Finding


def check(case: Case) -> Iterator[Finding]:
    """Judge the owed artifacts, and the optional ones that are there."""
    log = case.after.log.of_ticket(case.ticket.id)
    records = fold.recorded(log)
    for name in case.ticket.artifacts:
        yield from _one(case, name, records.get(name))
    for name in case.ticket.optional:
        contract = case.after.pipeline.artifacts.get(name)
        if contract and case.after.tree.size(case.after.artifact_path(contract, case.ticket.item)) is not None:
            yield from case.after.examine(contract, case.ticket)


def _one(case: Case, name: str, record: Event | None) -> Iterator[Finding]:
    train, ticket = case.after, case.ticket
    contract = train.pipeline.artifacts.get(name)
    if contract is None:
        yield Finding(
            "VT604",
            f"the pipeline has no contract for the artifact {name}",
            ticket.path,
            hint="add it under artifacts: in config/pipeline.yml",
        )
        return
    broken = train.examine(contract, ticket)
    yield from broken
    if any(f.code == "VT201" for f in broken):
        return
    path = train.artifact_path(contract, ticket.item)
    digest = sha256(train.tree.read(path) or b"")
    again = f"agenticops artifact record {name} --ticket {ticket.id}"
    if record is None and not broken:
        yield Finding("VT210", "not recorded in this visit", path, hint=again)
    elif record is None:
        return
    elif record.data.get("sha256") != digest:
        yield Finding(
            "VT211",
            f"changed since it was recorded ({str(record.data.get('sha256'))[:8]} → {digest[:8]})",
            path,
            hint=again,
        )
    elif record.kind != "artifact_kept":
        earlier = earlier_visit(case, name, digest)
        if earlier:
            keep = f'agenticops artifact keep {name} --reason "…" --ticket {ticket.id}'
            yield Finding("VT212", f"unchanged since {earlier}", path, hint=f"work on it, or say why it stays: {keep}")


def earlier_visit(case: Case, name: str, digest: str) -> str:
    """Name an earlier ticket of the item that recorded this very content, or ""."""
    for event in reversed(fold.live(case.after.log.of_item(case.ticket.item))):
        same = event.kind in ("artifact_recorded", "artifact_kept") and event.data.get("artifact") == name
        if same and event.ticket != case.ticket.id and event.data.get("sha256") == digest:
            return event.ticket
    return ""
