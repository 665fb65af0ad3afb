"""Verifying the log: each line, each id, each chain, and all that history ever had. Reads only."""

from __future__ import annotations

from msgspec import Struct

from agenticops.core import audit, pack
from agenticops.core.pack import Line
from agenticops.model.finding import Finding
from agenticops.model.layout import EVENTS, PAST_EVENTS
from agenticops.ports import pastlog
from agenticops.store import log
from agenticops.workspace import Workspace


class Audit(Struct, frozen=True):
    """What was looked at, and what is wrong with it."""

    findings: tuple[Finding, ...]
    shards: int
    packs: int
    events: int
    archived: int
    replaced: int

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not any(f.severity == "error" for f in self.findings)


def verify(workspace: Workspace) -> Audit:
    """Judge the working tree's log, and look for events that HEAD's history had and that are nowhere now."""
    files, findings = _files(workspace, EVENTS)
    past, broken = _files(workspace, PAST_EVENTS)
    findings += broken
    everything = {**files, **past}
    findings += audit.identities(everything)
    findings += audit.chains(files)
    present = {event.id for lines in everything.values() for event, _ in lines}
    records = [event for lines in files.values() for event, _ in lines if event.kind == "log_retained"]
    replaced = [*pastlog.replaced(workspace.git, EVENTS), *pastlog.replaced(workspace.git, PAST_EVENTS)]
    replaced = [content for content in replaced if content.path.endswith(".jsonl")]
    blobs = pastlog.contents(workspace.git, (content.blob for content in replaced))
    gone = [audit.Gone(c.path, c.commit, audit.parse(blobs[c.blob], c.path)[0]) for c in replaced]
    findings += audit.vanished(gone, present, records)
    if pastlog.shallow(workspace.git):
        message = "history is cut off in this clone: what vanished before cannot be seen"
        hint = "git fetch --unshallow (in CI: fetch-depth: 0)"
        findings.append(Finding("VT706", message, severity="warning", hint=hint))
    packs = sum(map(pack.is_pack, files))
    archived = len({event.id for lines in past.values() for event, _ in lines})
    return Audit(tuple(findings), len(files) - packs, packs, len(present) - archived, archived, len(replaced))


def _files(workspace: Workspace, folder: str) -> tuple[dict[str, list[Line]], list[Finding]]:
    found: dict[str, list[Line]] = {}
    findings: list[Finding] = []
    for path in log.shards(workspace.tree, folder):
        found[path], broken = audit.parse(workspace.tree.read(path) or b"", path)
        findings += broken
    return found, findings
