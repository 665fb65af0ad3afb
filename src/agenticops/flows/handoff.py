"""Handing off: what the receiving agent requires is checked, and the packet that is handed is kept in the log."""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from agenticops.core import documents, packet, requirements, yamltext
from agenticops.core.packet import Packet
from agenticops.core.requirements import Brought
from agenticops.errors import TrainError, UsageError
from agenticops.flows import packet as packing
from agenticops.flows import saving
from agenticops.flows.session import Fields, may_work, standing
from agenticops.model.event import Draft
from agenticops.model.finding import Finding
from agenticops.model.layout import EVENTS
from agenticops.model.session import Session
from agenticops.model.ticket import Ticket
from agenticops.workspace import Workspace


class HandOff(NamedTuple):
    """What a hand-off came to: with findings it did not take place, and there is no packet."""

    session: Session
    path: str
    findings: list[Finding]
    packet: Packet | None = None


def handoff(workspace: Workspace, to: str, note: str, steps: list[str]) -> HandOff:
    """Hand the session to another agent; what that agent requires must be there (exit 3 with findings)."""
    with workspace.transaction("handoff") as tx:
        train = workspace.train
        session, known, path = standing(workspace)
        if session.status != "active":
            raise TrainError(f"the session is {session.status}", place=path, hint="agenticops session resume")
        if session.agent == to:
            raise UsageError(f"{to} has the session already")
        ticket = train.ticket(session.ticket)
        may_work(train, ticket, to)
        wanted = train.agent(to).requires
        note, more = " ".join(note.split()), [words for s in steps if (words := " ".join(s.split()))]
        notes, following = [*known.notes, *([note] if note else [])], [*known.next_steps, *more]
        known = replace(known, notes=tuple(notes), next_steps=tuple(following))
        missing = requirements.lacking(wanted, _brought(workspace, known, ticket, wanted, path), to, path)
        if missing:
            return HandOff(session, path, missing)
        saving.settle(workspace, tx, session, path, "handoff")
        handed = packing.of(workspace, known, to)
        fields: Fields = {"status": "handed_off", "next_steps": following, "notes": notes}
        fields["handoff"] = {"to": to, "requirements": list(wanted), "notes": note}
        text = yamltext.decode(tx.read(path) or b"", path)
        fresh = documents.edit_front(text, fields, path)
        tx.write(path, fresh)
        data: Fields = {"from": session.agent, "to": to, "notes": note, "next_steps": following}
        data |= {"requirements": list(wanted), "packet": packet.kept(handed)}
        tx.append(Draft(packing.HANDED, f"session/{session.id}", session.ticket, session.item, data))
    return HandOff(documents.read_session(fresh.encode(), path), path, [], handed)


def _brought(workspace: Workspace, session: Session, ticket: Ticket, wanted: tuple[str, ...], path: str) -> Brought:
    """Look up what is asked for, and nothing else: runs and uncommitted changes cost a look at many files."""
    return Brought(
        session,
        packing.owed(workspace, ticket) if "artifacts" in wanted else (),
        packing.unproven(workspace, ticket) if "evidence" in wanted else (),
        _dirty(workspace, session, ticket, path) if "clean" in wanted else (),
    )


def _dirty(workspace: Workspace, session: Session, ticket: Ticket, path: str) -> tuple[str, ...]:
    """List uncommitted changes outside of what the session itself writes."""
    train, known = workspace.train, workspace.train.pipeline.artifacts
    owed = [train.artifact_path(known[n], ticket.item) for n in (*ticket.artifacts, *ticket.optional) if n in known]
    mine = {path, *owed, *session.artifacts.created, *session.artifacts.modified}
    return tuple(p for p in changed(workspace) if p not in mine and not p.startswith((f"{ticket.folder}/", EVENTS)))


def changed(workspace: Workspace) -> list[str]:
    """List the files that differ from the last commit, new ones too; the log's are left out."""
    listed = workspace.git.run("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all").stdout
    return [row[3:] for row in listed.split("\0") if row and not row[3:].startswith(f"{EVENTS}/")]
