"""Artifacts: what a ticket owes. One counts only when it was recorded, with its digest, in this visit (ADR 0008)."""

from __future__ import annotations

import os
from typing import Any

from agenticops.core import checklist as checklists
from agenticops.core import fold, secrets
from agenticops.core.case import Case
from agenticops.core.checks.artifacts import earlier_visit
from agenticops.core.train import Train
from agenticops.errors import ConflictError, StateError, TrainError, UsageError
from agenticops.flows import aim
from agenticops.flows.checklist import bullet_data, observe
from agenticops.flows.ticket import RECORDED
from agenticops.model.digest import sha256
from agenticops.model.event import Draft
from agenticops.model.finding import Finding
from agenticops.model.pipeline import Contract
from agenticops.model.ticket import Ticket
from agenticops.store.transaction import Transaction
from agenticops.workspace import Workspace


def listing(workspace: Workspace, wanted: str | None) -> tuple[Ticket, list[dict[str, Any]]]:
    """List what a ticket owes: path, whether it is there, whether it was recorded, what is wrong with it."""
    train = workspace.train
    ticket = aim.ticket(workspace, wanted)
    records = fold.recorded(train.log.of_ticket(ticket.id))
    rows = []
    for name in (*ticket.artifacts, *ticket.optional):
        contract = train.contract(name)
        path = train.artifact_path(contract, ticket.item)
        content = train.tree.read(path)
        record = records.get(name)
        state = "missing"
        if content is not None:
            state = "not recorded"
            if record is not None:
                state = "recorded" if record.data.get("sha256") == _sha(content) else "changed"
        findings = [f for f in train.examine(contract, ticket) if f.code != "VT201"]
        owed = name in ticket.artifacts
        rows.append(
            {
                "name": name,
                "path": path,
                "required": owed,
                "state": state,
                "findings": findings,
                "title": contract.title,
            }
        )
    return ticket, rows


def new(workspace: Workspace, wanted: str | None, name: str) -> tuple[Ticket, str]:
    """Write an artifact from its template. Raises ConflictError when the file exists: nothing is overwritten."""
    with workspace.transaction("artifact new") as tx:
        train = workspace.train
        ticket = _open(aim.ticket(workspace, wanted))
        contract = _contract(train, ticket, name)
        path = train.artifact_path(contract, ticket.item)
        if train.tree.size(path) is not None:
            hint = f"edit it; then agenticops artifact record {contract.name}"
            raise ConflictError("the artifact exists already; it is not overwritten", place=path, hint=hint)
        template = train.rendered(contract, ticket)
        if template is None:
            raise StateError(
                f"there is no template for {contract.name}",
                place=f"docs/templates/{contract.path.rsplit('/', 1)[-1]}",
                hint="write the file yourself",
            )
        tx.write(path, template)
        data = {"artifact": contract.name, "path": path, "sha256": _sha(template)}
        tx.append(Draft("artifact_begun", f"ticket/{ticket.id}", ticket.id, ticket.item, data))
    return ticket, path


def check(workspace: Workspace, wanted: str | None, names: list[str]) -> tuple[Ticket, list[str], list[Finding]]:
    """Judge artifacts against their contracts. Gives the ticket, the names judged and the findings."""
    train = workspace.train
    ticket = aim.ticket(workspace, wanted)
    chosen = [_contract(train, ticket, n).name for n in names] or list(ticket.artifacts)
    return ticket, chosen, [f for n in chosen for f in train.examine(train.contract(n), ticket)]


def record(
    workspace: Workspace, wanted: str | None, names: list[str]
) -> tuple[Ticket, list[dict[str, str]], list[Finding]]:
    """Record artifacts with their digests; with findings, nothing is recorded (exit 3)."""
    with workspace.transaction("artifact record") as tx:
        train = workspace.train
        ticket = _open(aim.ticket(workspace, wanted))
        chosen = [_contract(train, ticket, n) for n in names] or [train.contract(n) for n in ticket.artifacts]
        findings = [f for c in chosen for f in (*train.examine(c, ticket), *_secrets(train, c, ticket))]
        rows = []
        for contract in chosen if not _broken(findings) else []:
            row = _row(train, contract, ticket)
            earlier = earlier_visit(Case(train, ticket), contract.name, row["sha256"])
            if earlier:
                keep = f'agenticops artifact keep {contract.name} --reason "…" --ticket {ticket.id}'
                findings.append(
                    Finding(
                        "VT212",
                        f"unchanged since {earlier}",
                        row["path"],
                        hint=f"work on it, or say why it stays: {keep}",
                    )
                )
            rows.append(row)
        if _broken(findings):
            return ticket, [], findings
        observe(workspace, tx, ticket)
        known = fold.recorded(train.log.of_ticket(ticket.id))
        _tick(tx, train, ticket, {f"{RECORDED}{row['artifact']}" for row in rows})
        for row in rows:
            old = known.get(row["artifact"])
            if old is None or old.data.get("sha256") != row["sha256"]:
                tx.append(Draft("artifact_recorded", f"ticket/{ticket.id}", ticket.id, ticket.item, dict(row)))
    return ticket, rows, findings


def _tick(tx: Transaction, train: Train, ticket: Ticket, anchors: set[str]) -> None:
    """Check the bullets that say that an artifact is recorded: the record itself shows it."""
    text = train.checklist_text(ticket) or ""
    bullets = [b for b in checklists.parse(text).bullets if b.anchor in anchors and not b.checked]
    if bullets:
        tx.write(ticket.checklist_path, checklists.tick(text, [b.key for b in bullets]))
    for bullet in bullets:
        tx.append(Draft("bullet_ticked", f"ticket/{ticket.id}", ticket.id, ticket.item, bullet_data(bullet)))


def keep(workspace: Workspace, wanted: str | None, name: str, reason: str) -> tuple[Ticket, dict[str, str]]:
    """Say why an artifact of an earlier visit stays as it is; it counts for this visit then."""
    reason = aim.reason(reason)
    with workspace.transaction("artifact keep") as tx:
        train = workspace.train
        ticket = _open(aim.ticket(workspace, wanted))
        contract = _contract(train, ticket, name)
        if train.tree.size(train.artifact_path(contract, ticket.item)) is None:
            hint = f"agenticops artifact new {contract.name}"
            raise TrainError("there is nothing to keep", place=train.artifact_path(contract, ticket.item), hint=hint)
        row = _row(train, contract, ticket)
        if not earlier_visit(Case(train, ticket), contract.name, row["sha256"]):
            hint = f"agenticops artifact record {contract.name}"
            raise TrainError("no earlier visit recorded this very content", place=row["path"], hint=hint)
        observe(workspace, tx, ticket)
        _tick(tx, train, ticket, {f"{RECORDED}{contract.name}"})
        tx.append(Draft("artifact_kept", f"ticket/{ticket.id}", ticket.id, ticket.item, {**row, "reason": reason}))
    return ticket, row


def _secrets(train: Train, contract: Contract, ticket: Ticket) -> list[Finding]:
    """Find what looks like a secret in an artifact: evidence is committed and read by many."""
    path = train.artifact_path(contract, ticket.item)
    size = train.tree.size(path)
    if size is None or size > contract.max_bytes:
        return []
    text = (train.tree.read(path) or b"").decode("utf-8", "replace")
    hint = "put it into the environment (or a keyring) and write env:NAME instead"
    found = secrets.scan(text, secrets.known_values(os.environ))
    return [Finding("VT216", f"this looks like {s.kind}", path, s.line, hint=hint) for s in found]


def _row(train: Train, contract: Contract, ticket: Ticket) -> dict[str, str]:
    path = train.artifact_path(contract, ticket.item)
    return {"artifact": contract.name, "path": path, "sha256": _sha(train.tree.read(path) or b"")}


def _contract(train: Train, ticket: Ticket, name: str) -> Contract:
    """Find an artifact of the ticket by name or by the end of its path."""
    owed = (*ticket.artifacts, *ticket.optional)
    by_path = {train.artifact_path(train.contract(n), ticket.item): n for n in owed}
    hits = [n for n in owed if n == name] or [n for p, n in by_path.items() if p == name or p.endswith("/" + name)]
    if len(hits) != 1:
        raise UsageError(f"{ticket.id} owes no artifact {name!r}", hint=f"it owes: {', '.join(owed) or 'nothing'}")
    return train.contract(hits[0])


def _open(ticket: Ticket) -> Ticket:
    if ticket.closed:
        raise TrainError(f"{ticket.id} is {ticket.status}", place=ticket.path, hint="more work is a new visit")
    return ticket


def _broken(findings: list[Finding]) -> bool:
    return any(f.severity == "error" for f in findings)


def _sha(content: bytes) -> str:
    return sha256(content)
