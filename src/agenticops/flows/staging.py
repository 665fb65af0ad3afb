"""Staging: a document and the event that explains it belong into the same commit. Finds those that `git add` parted."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from agenticops.core import fold
from agenticops.core.effect import TICKED, document
from agenticops.core.train import Train
from agenticops.errors import StateError
from agenticops.model.event import STATE_KINDS, Event
from agenticops.model.finding import Finding
from agenticops.model.layout import ROOT_SESSION
from agenticops.store import log
from agenticops.workspace import Workspace

# What a document without its event looks like, and an event without its document.
ODD = ("VT103", "VT104", "VT106", "VT305")


def explained(workspace: Workspace, staged: Train, findings: list[Finding], head: Train) -> list[Finding]:
    """Add the documents whose events are not staged, and say so instead of what that looks like."""
    unopened = {f.path for f in findings if f.code == "VT311"}
    told = [f for f in _parted(workspace, staged, head) if f.path not in unopened]
    told = [f for f in told if not (f.path.startswith("docs/work/") and unopened)]
    places = {f.path for f in told}
    rest = []
    for finding in findings:
        if finding.code in ODD and finding.path not in places:
            left = _left_behind(workspace, staged, finding)
            if left:
                told.append(left)
                places.add(finding.path)
        if finding.code not in ODD or finding.path not in places:
            rest.append(finding)
    return [*rest, *told]


def _parted(workspace: Workspace, staged: Train, head: Train) -> Iterator[Finding]:
    """Find the staged documents that rest on events which are not staged."""
    shards = sorted(set(log.shards(workspace.tree)) - set(log.shards(staged.tree)))
    found: dict[str, dict[str, list[Event]]] = {}
    for shard in shards:
        for event in _events(workspace, shard):
            path = _rests(workspace, staged, head, event)
            if path:
                found.setdefault(path, {}).setdefault(shard, []).append(event)
    for path, where in found.items():
        kinds = ", ".join(dict.fromkeys(e.kind for events in where.values() for e in events))
        hint = f"stage the log with it: git add {shlex.join(where)}"
        yield Finding("VT332", f"staged without its event: {kinds}", path, hint=hint)


def _events(workspace: Workspace, shard: str) -> list[Event]:
    try:
        return log.decode(workspace.tree.read(shard) or b"", shard)
    except StateError:
        return []  # it is not staged, so it is not judged


def _rests(workspace: Workspace, staged: Train, head: Train, event: Event) -> str:
    """Name the staged document that rests on an event, or ""."""
    path = document(event)
    if event.kind.startswith("session_") or event.subject.startswith("session/"):
        name = event.subject.partition("/")[2]
        places = (ROOT_SESSION, f"tickets/{event.ticket}/ACTIVE_SESSION.md")
        return next((p for p in places if _changed(staged, head, p) and _session_id(staged, p) == name), "")
    if not _changed(staged, head, path):
        return ""
    if event.kind in STATE_KINDS and event.subject == f"ticket/{event.ticket}":
        return path if _explains(workspace.train, staged, head, event) else ""
    if event.kind.startswith("bullet_"):
        key = str(event.data.get("now" if event.kind == "bullet_reworded" else "bullet"))
        now, before = _bullets(staged, event.ticket), _bullets(head, event.ticket)
        if event.kind in TICKED:
            return path if now.get(key) and not before.get(key) else ""
        return path if key in now and key not in before else ""
    if event.kind in ("item_created", "item_edited", "ticket_edited"):
        return path if staged.tree.read(path) == workspace.tree.read(path) else ""
    return ""


def _explains(train: Train, staged: Train, head: Train, event: Event) -> bool:
    """Tell whether the way to the staged status leads over an event."""
    status = _status(staged, event.ticket)
    if not status or status == _status(head, event.ticket):
        return False
    chain = train.status_chain(event.ticket).events
    ends = [n for n, e in enumerate(chain) if fold.target(e) == status]
    return bool(ends) and any(e.id == event.id for e in chain[: ends[-1] + 1])


def _left_behind(workspace: Workspace, staged: Train, finding: Finding) -> Finding | None:
    """Say of a staged document that is older than the staged log, and than the file, that it must be staged too."""
    path = finding.path
    now = workspace.tree.read(path)
    if now is None or now == staged.tree.read(path):
        return None
    name = path.split("/")[1]
    if finding.code == "VT305" and _status(workspace.train, name) != staged.status_chain(name).state:
        return None
    keys = _bullets(workspace.train, name)
    ticked = fold.ticked(staged.log.of_ticket(name))
    if finding.code != "VT305" and not all(keys.get(key) for key in ticked):
        return None
    hint = f"stage the file with it: git add {shlex.quote(path)}"
    return Finding("VT332", "its event is staged and the file is not", path, hint=hint)


def _changed(staged: Train, head: Train, path: str) -> bool:
    content = staged.tree.read(path)
    return content is not None and (head.tree.read(path) != content)


def _session_id(train: Train, path: str) -> str:
    try:
        session = train.session(path)
    except StateError:
        return ""
    return session.id if session else ""


def _status(train: Train, name: str) -> str:
    if train.tree.size(f"tickets/{name}/ticket.yml") is None:
        return ""
    try:
        return train.ticket(name).status
    except StateError:
        return ""


def _bullets(train: Train, name: str) -> dict[str, bool]:
    if train.tree.size(f"tickets/{name}/ticket.yml") is None:
        return {}
    try:
        return {b.key: b.checked for b in train.checklist(train.ticket(name)).bullets}
    except StateError:
        return {}
