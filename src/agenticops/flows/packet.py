"""Packing: gather from front-matter, files and log what the next one must know, and show again what was handed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from agenticops.core import fold, gate, packet, papers, summary
from agenticops.core.packet import Packet, Section
from agenticops.errors import StateError, TrainError, UsageError
from agenticops.flows import artifact, case, evidence, session
from agenticops.model import ids
from agenticops.model.event import Event
from agenticops.model.session import Session
from agenticops.model.ticket import Ticket
from agenticops.workspace import Workspace

HANDED = "handed_off"
LAST = "last"


def present(workspace: Workspace) -> Packet:
    """Make the packet of the session that counts here, as it stands now."""
    _, standing, _ = session.standing(workspace)
    return of(workspace, standing, standing.handoff.to)


def handed(workspace: Workspace, wanted: str) -> tuple[Event, Packet]:
    """Give a hand-off and its packet as it was handed: by the event's id, or the last one."""
    events = [e for e in workspace.log.of_kinds(HANDED) if "packet" in e.data]
    if not events:
        raise UsageError("nothing was handed off yet", hint="agenticops handoff --to AGENT")
    if wanted == LAST:
        event = events[-1]
    else:
        known = {e.id: e for e in events}
        try:
            event = known[ids.resolve(wanted.upper(), list(known), "hand-off")]
        except UsageError as e:
            raise UsageError(e.message, hint="agenticops log --kind handed_off") from None
    return event, _unpacked(event)


def _unpacked(event: Event) -> Packet:
    found = packet.read(event.data["packet"])
    if found is None:
        message = f"the packet of hand-off {event.id} is not what its digest says"
        raise StateError(message, hint=f"agenticops log --kind {HANDED} --json shows the event")
    return found


def of(workspace: Workspace, standing: Session, to: str) -> Packet:
    """Make a packet of a session as it stands, for the agent who goes on."""
    train = workspace.train
    if not standing.ticket or not train.has_ticket(standing.ticket):
        hint = "agenticops session archive"
        raise TrainError(f"the session works {standing.ticket or 'no ticket'}, which is not there", hint=hint)
    ticket = train.ticket(standing.ticket)
    title = train.item(ticket.item).title if train.has_item(ticket.item) else ""
    sections = (
        _section("Next steps", standing.next_steps, "agenticops session show"),
        _section("Blockers", _blockers(standing, ticket), "agenticops session show"),
        _section("Notes", reversed(standing.notes), "agenticops session show"),
        _section("Open to-dos", _todos(standing), "agenticops session show"),
        _section("Gate findings", _findings(workspace, ticket), f"agenticops check {ticket.id}"),
        _section("Open required bullets", _open(workspace, ticket), f"agenticops checklist show {ticket.id}"),
        _section("Artifacts", _artifacts(workspace, standing, ticket), f"agenticops artifact list {ticket.id}"),
        _section("Evidence", _evidence(workspace, ticket), f"agenticops evidence list {ticket.id}"),
        _section("Decisions", _decisions(workspace, standing, ticket), "agenticops decision list"),
        _section("Done in this session", _done(workspace, standing), f"agenticops log --ticket {ticket.id}"),
        _section("Open risks", _risks(workspace, ticket), "agenticops risk list"),
    )
    mode = standing.mode or ticket.mode
    return packet.fit(
        Packet(standing.id, ticket.id, title, ticket.phase, mode, standing.agent, to=to, sections=sections)
    )


def _section(title: str, lines: Iterable[str], more: str) -> Section:
    return Section(title, tuple(lines), more)


def _blockers(standing: Session, ticket: Ticket) -> list[str]:
    held = [f"the ticket is blocked: {ticket.blocked_by}"] if ticket.blocked_by else []
    return [*held, *standing.blockers]


def _todos(standing: Session) -> list[str]:
    still = [t for t in standing.todos if t.status != "completed"]
    still.sort(key=lambda t: t.status != "in_progress")
    return [f"{t.id} {'(in progress) ' if t.status == 'in_progress' else ''}{t.content}" for t in still]


def _findings(workspace: Workspace, ticket: Ticket) -> list[str]:
    """Say what the gate finds, by code; that a hand-off waits to be taken up is no news to its reader."""
    found = [f for f in gate.judge(case.of_ticket(workspace, ticket)).findings if f.code != "VT504"]
    counts = Counter(f.code for f in found if f.severity == "error")
    first = {f.code: f.message for f in reversed(found)}
    return [f"{code} × {number}: {first[code]}" for code, number in sorted(counts.items())]


def _open(workspace: Workspace, ticket: Ticket) -> list[str]:
    try:
        bullets = workspace.train.checklist(ticket).bullets
    except StateError:
        return []  # the gate's findings say so
    marked = [b for b in bullets if b.required] or list(bullets)
    return [f"{b.key} {b.text}" for b in marked if not b.checked]


def _artifacts(workspace: Workspace, standing: Session, ticket: Ticket) -> list[str]:
    """The owed ones with how they stand, and what the session touched besides."""
    known = fold.recorded(workspace.train.log.of_ticket(ticket.id))
    rows, paths = [], set()
    for row in _owed(workspace, ticket):
        record = known.get(row["name"])
        digest = f" {str(record.data.get('sha256', ''))[:12]}" if record else ""
        paths.add(row["path"])
        rows.append(f"{row['path']}: {row['state']}{digest}")
    touched = standing.artifacts
    for verb, files in (("created", touched.created), ("modified", touched.modified)):
        rows += [f"{path}: {verb}" for path in files if path not in paths]
    return rows


def _owed(workspace: Workspace, ticket: Ticket) -> list[dict[str, str]]:
    try:
        return [r for r in artifact.listing(workspace, ticket.id)[1] if r["required"]]
    except TrainError:
        return []  # a contract is not there: the gate's findings say so


def owed(workspace: Workspace, ticket: Ticket) -> tuple[tuple[str, str], ...]:
    """Name the artifacts that are owed and not recorded as they are: name and path."""
    return tuple((r["name"], r["path"]) for r in _owed(workspace, ticket) if r["state"] != "recorded")


def _proofs(workspace: Workspace, ticket: Ticket) -> dict[str, dict[str, str] | None]:
    """Map each command of the ticket's gate to its last run; None was never run."""
    try:
        one = evidence.gate_of(workspace, ticket)
        found: dict[str, dict[str, str] | None] = {c.title: None for c in evidence.commands(one)}
        if found:
            found |= {r["check"]: r for r in evidence.listing(workspace, ticket.id)[1] if r["gate"] == one.name}
    except TrainError:
        return {}
    return found


def _evidence(workspace: Workspace, ticket: Ticket) -> list[str]:
    rows = []
    for check, run in _proofs(workspace, ticket).items():
        stands = f"{run['outcome']}, {run['level']}, {'fresh' if run['fresh'] else 'stale'}" if run else "never run"
        rows.append(f"{check}: {stands}")
    return rows


def unproven(workspace: Workspace, ticket: Ticket) -> tuple[str, ...]:
    """Name the commands of the ticket's gate that no fresh run has passed."""
    runs = _proofs(workspace, ticket)
    return tuple(c for c, run in runs.items() if not run or run["outcome"] != "passed" or not run["fresh"])


def _decisions(workspace: Workspace, standing: Session, ticket: Ticket) -> list[str]:
    written = [d for d in papers.shelved(workspace.tree, "decision")[0] if ticket.id in d.tickets]
    return [*standing.decisions, *(f"{d.id}: {d.title}" for d in written)]


def _done(workspace: Workspace, standing: Session) -> list[str]:
    """The bullets that were ticked since the session began, the last one first."""
    own = workspace.log.of_subject(f"session/{standing.id}")
    events = summary.since_begun(own, workspace.log.of_ticket(standing.ticket))
    ticked = {str(e.data.get("bullet")): e for e in events if e.kind in summary.TICKED}
    return [str(e.data.get("text", "")) for e in reversed(ticked.values())]


def _risks(workspace: Workspace, ticket: Ticket) -> list[str]:
    found = papers.shelved(workspace.tree, "risk")[0]
    about = [r for r in found if r.status == "open" and (ticket.item in r.items or r.ticket == ticket.id)]
    return [f"{r.id} ({r.level}) {r.title}" for r in about]
