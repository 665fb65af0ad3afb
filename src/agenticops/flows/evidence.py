"""Evidence: run what a gate's commands name, record what came of it, and vouch for what cannot be run. ADR 0019."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from importlib import import_module
from typing import Any

import msgspec
from msgspec import Struct

from agenticops.core import checks, covers, evidence, executables, gate, reports, secrets
from agenticops.core.evidence import Command
from agenticops.errors import StateError, TrainError, UsageError
from agenticops.flows import aim, checklist, trust
from agenticops.flows import case as cases
from agenticops.model import ids
from agenticops.model.digest import sha256
from agenticops.model.event import Draft, Event
from agenticops.model.finding import Finding
from agenticops.model.layout import PIPELINE
from agenticops.model.pipeline import LEVELS, CheckCall, Gate
from agenticops.model.ticket import Ticket
from agenticops.ports import process
from agenticops.workspace import Workspace

TAIL = 4096
CHANGED = 5
VERSION = 200


class Run(Struct, frozen=True):
    """One command that was asked for: what is recorded of its run (nothing when it did not run), and what is wrong."""

    gate: str
    check: str
    record: dict[str, Any] = {}
    findings: tuple[Finding, ...] = ()
    ticked: tuple[str, ...] = ()


class Ran(Struct, frozen=True):
    """What a `gate run` did for a ticket."""

    ticket: Ticket
    runs: tuple[Run, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong, of all runs."""
        return tuple(f for r in self.runs for f in r.findings)


def run(workspace: Workspace, wanted: str | None, name: str = "", check: str = "", verify: bool = False) -> Ran:
    """Run the commands of a gate, or one of them, and record their evidence. A failure is an outcome, not an error."""
    if verify and workspace.by_agent:
        message = f"an agent ({workspace.by_agent}) cannot verify: that is done where it has no hands"
        raise TrainError(message, hint="let CI do it, or an operator in a terminal of their own")
    ticket = _open(aim.ticket(workspace, wanted))
    wanted_gate = gate_of(workspace, ticket, name)
    calls = commands(wanted_gate, check)
    if check and not calls:
        known = ", ".join(c.title for c in commands(wanted_gate)) or "none"
        hint = f"its commands: {known}"
        raise UsageError(f"gate {wanted_gate.name} has no command {check!r}", hint=hint)
    return Ran(ticket, tuple(_recorded(workspace, ticket, wanted_gate, c, verify) for c in calls))


def prove(workspace: Workspace, ticket: Ticket, gates: Iterable[Gate], moving: bool = True) -> list[Finding]:
    """Run the commands whose evidence does not hold now; for a step, before its transaction. Gives what is wrong.

    What was run by somebody who is no agent counts as verified: they are there, and the files are in their hands.
    """
    found: list[Finding] = []
    for one in gates:
        for call in commands(one):
            case = cases.of_ticket(workspace, ticket, moving, one.name)
            missing = {f.code for f in gate.one(case, one, call) if f.severity == "error"}
            by_hand = {"VT404", "VT421", *(["VT408"] if workspace.by_agent else [])}
            if missing and not missing <= by_hand and checks.asked(call).command and not _attested(one, call):
                found += _recorded(workspace, ticket, one, call, not workspace.by_agent).findings
    return found


def gate_of(workspace: Workspace, ticket: Ticket, name: str = "") -> Gate:
    """Give the gate that is named, else that of the ticket's phase. Raises UsageError for an unknown one."""
    pipeline = workspace.train.pipeline
    phase = workspace.train.phase(ticket.phase)
    found = pipeline.gates.get(name) if name else gate.of_phase(pipeline, phase)
    if found is None:
        hint = f"gates: {', '.join(pipeline.gates) or 'default'}"
        raise UsageError(f"there is no gate {name or phase.gate!r}", place=PIPELINE, hint=hint)
    return found


def commands(one: Gate, check: str = "") -> list[CheckCall]:
    """Give the calls of a gate that evidence proves, or the one of that name."""
    return [c for c in one.checks if c.check == evidence.COMMAND and check in ("", c.title)]


def attest(workspace: Workspace, wanted: str | None, check: str, reason: str, name: str = "") -> tuple[Ticket, str]:
    """Vouch by signature for a check of the gate, as its files are now. Gives the ticket and the files' digest."""
    from agenticops.ports import signature

    reason = aim.reason(reason)
    if workspace.by_agent:
        message = f"an agent ({workspace.by_agent}) cannot attest: a person vouches with their own key"
        raise TrainError(message, hint="ask the operator to run it in a terminal of their own")
    ticket = _open(aim.ticket(workspace, wanted))
    one = gate_of(workspace, ticket, name)
    call = next(iter(commands(one, check)), None)
    if call is None:
        known = ", ".join(c.title for c in commands(one)) or "none"
        raise UsageError(f"gate {one.name} has no command {check!r}", hint=f"its commands: {known}")
    files = evidence.covered(workspace.train, ticket.item, _asked(one, call))
    if not files:
        raise TrainError(f"{check} covers no file", place=PIPELINE, hint="correct its covers:")
    tree = covers.digest(workspace.tree.ids(files))
    signer = workspace.operator.rpartition("<")[2].rstrip(">")
    nonce = workspace.clock.entropy(16).hex()
    text = evidence.payload(ticket.id, one.name, check, tree, reason, signer, nonce)
    signed = signature.sign(workspace.git, text.encode())
    rests: dict[str, object] = {"gate": one.name, "tree": tree}
    data = {**rests, "check": check, "reason": reason, "files": len(files), "level": "attested"}
    data |= {"payload": text, "signature": signed.signature, "signer": signed.signer}
    with workspace.transaction("evidence attest") as tx:
        tx.append(Draft(evidence.ATTESTED, f"ticket/{ticket.id}", ticket.id, ticket.item, data))
        checklist.prove(workspace, tx, ticket, check, rests)
    return ticket, tree


def listing(workspace: Workspace, wanted: str | None) -> tuple[Ticket, list[dict[str, Any]]]:
    """List a ticket's runs and attestations, and how each stands to the files as they are now."""
    ticket = aim.ticket(workspace, wanted)
    events = evidence.every(workspace.train.log.of_ticket(ticket.id))
    trees: dict[tuple[str, str], tuple[str, list[str]]] = {}
    return ticket, [_row(workspace, ticket, e, trees) for e in events]


def show(workspace: Workspace, wanted: str) -> tuple[Event, dict[str, Any]]:
    """Give one run or attestation by its id, whole, and how it stands."""
    event = _event(workspace, wanted)
    return event, _row(workspace, workspace.train.ticket(event.ticket), event, {})


def rerun(workspace: Workspace, wanted: str, verify: bool = False) -> Ran:
    """Run again what an evidence is of, as the pipeline names it now."""
    event = _event(workspace, wanted)
    return run(workspace, event.ticket, str(event.data.get("gate")), str(event.data.get("check")), verify)


def _event(workspace: Workspace, wanted: str) -> Event:
    known = workspace.index.rows("SELECT id FROM event WHERE kind IN (?,?)", evidence.RUN, evidence.ATTESTED)
    name = ids.resolve(wanted.upper(), [row[0] for row in known], "evidence")
    return msgspec.json.decode(workspace.index.value("SELECT json FROM event WHERE id=?", name), type=Event)


def _row(
    workspace: Workspace, ticket: Ticket, event: Event, trees: dict[tuple[str, str], tuple[str, list[str]]]
) -> dict[str, Any]:
    one, check = str(event.data.get("gate")), str(event.data.get("check"))
    if (one, check) not in trees:
        trees[one, check] = _now(workspace, ticket, one, check)
    tree, argv = trees[one, check]
    row = {"id": event.id, "at": event.at, "gate": one, "check": check, "outcome": evidence.outcome(event)}
    level = "attested" if event.kind == evidence.ATTESTED else LEVELS[evidence.rank(event)]
    row |= {"level": level, "by": str(event.data.get("by", event.actor.operator))}
    stands = bool(tree) and bool(evidence.fresh([event], tree, argv))
    return {**row, "milliseconds": event.data.get("milliseconds", 0), "fresh": stands}


def _now(workspace: Workspace, ticket: Ticket, name: str, check: str) -> tuple[str, list[str]]:
    """Give the digest and the words of a check as they are now; nothing when the pipeline has it no more."""
    try:
        one = gate_of(workspace, ticket, name)
        asked = _asked(one, commands(one, check)[0])
        files = evidence.covered(workspace.train, ticket.item, asked)
        return covers.digest(workspace.tree.ids(files)) if files else "", list(asked.command)
    except (TrainError, IndexError):
        return "", []


def _attested(one: Gate, call: CheckCall) -> bool:
    return (call.level or one.level) == "attested"


def _asked(one: Gate, call: CheckCall) -> Command:
    """Read what a gate says of a command. Raises StateError when it cannot be meant."""
    wrong = gate.misuse(one, call)
    if wrong is not None:
        raise StateError(wrong.message, place=PIPELINE, hint=wrong.hint)
    asked: Command = checks.asked(call)
    return asked


def _open(ticket: Ticket) -> Ticket:
    if ticket.closed:
        raise TrainError(f"{ticket.id} is {ticket.status}", place=ticket.path, hint="more work is a new visit")
    return ticket


def _recorded(workspace: Workspace, ticket: Ticket, one: Gate, call: CheckCall, verify: bool) -> Run:
    """Run one command and record its evidence, with the bullets that it ticks; each run counts by itself."""
    found = execute(workspace, ticket, one, call)
    if not found.record:
        return found
    record = {**found.record, "level": "verified" if verify else "recorded"}
    with workspace.transaction("gate run") as tx:
        tx.append(Draft(evidence.RUN, f"ticket/{ticket.id}", ticket.id, ticket.item, record))
        rests: dict[str, object] = {"gate": one.name, "tree": record["tree"]}
        passed = record["outcome"] == "passed"
        # A tick that is committed says that a run came before it: so the run is made durable first.
        bullets = checklist.prove(workspace, tx, ticket, call.title, rests) if passed else []
    return msgspec.structs.replace(found, record=record, ticked=tuple(b.text for b in bullets))


def execute(workspace: Workspace, ticket: Ticket, one: Gate, call: CheckCall) -> Run:
    """Run one command outside of any transaction, and write nothing. What may not or cannot run is a finding."""
    path, title = ticket.path, call.title
    try:
        asked = _asked(one, call)
        if not asked.command:
            raise TrainError("there is nothing to run", hint=f'agenticops evidence attest {title} --reason "…"')
        files = evidence.covered(workspace.train, ticket.item, asked)
        if not files:
            raise TrainError("it covers no file", place=PIPELINE, hint="correct its covers:")
        tree = workspace.tree
        before = tree.ids(files)
        marks = {r: tree.mark(r) for r in _reports(asked, ticket)}
        place = _place(workspace, one, call)
        version = _version(workspace, place, asked)
        done = trust.watch(workspace, place, _values(ticket), asked.seconds)
        left = {r: _read(workspace, ticket, one, r) for r, mark in marks.items() if tree.mark(r) not in ("", mark)}
        after = tree.ids(evidence.covered(workspace.train, ticket.item, asked))
    except TrainError as e:
        where = e.place or path
        return Run(
            one.name,
            title,
            findings=(
                Finding("VT422", f"{title} did not run: {e.message.removeprefix('not run: ')}", where, hint=e.hint),
            ),
        )
    record: dict[str, Any] = {"gate": one.name, "check": title, "argv": list(asked.command)}
    record |= {"outcome": _outcome(done), "code": done.code, "milliseconds": done.milliseconds}
    record |= {"output": done.sha256, "bytes": done.size, "tail": _tail(done), "version": version}
    record |= {"tree": covers.digest(before), "files": len(before), "by": _by(workspace), "reports": left}
    if before != after:
        paths = sorted(p for p in {**before, **after} if before.get(p) != after.get(p))
        record["changed"] = [*paths[:CHANGED], *(["…"] if len(paths) > CHANGED else [])]
    return Run(one.name, title, record, tuple(_wrong(ticket, call, record)))


def _wrong(ticket: Ticket, call: CheckCall, record: dict[str, Any]) -> list[Finding]:
    """Say what is wrong with a run, in the words of the check that will read it."""
    title, path, how = call.title, ticket.path, record["outcome"]
    again = f"agenticops gate run {ticket.id} --check {title}"
    if how in evidence.ENDED:
        return [Finding("VT410", f"{title}: the command {evidence.ENDED[how]}", path, hint=f"mend it, then: {again}")]
    found = []
    if how == "failed":
        message = f"{title}: the command failed with exit code {record['code']}"
        found.append(Finding("VT407", message, path, hint=f"mend it, then: {again}"))
    if "changed" in record:
        message = f"{title}: what it covers changed while it ran: {', '.join(record['changed'])}"
        hint = "let git ignore what the command writes, or narrow covers:; then run it again"
        found.append(Finding("VT406", message, path, hint=hint))
    return found


def _place(workspace: Workspace, one: Gate, call: CheckCall) -> str:
    """Find where the pipeline of the working tree names a command; by that place it is trusted."""
    mine = workspace.train.pipeline.gates.get(one.name, Gate())
    for number, other in enumerate(mine.checks, 1):
        if other == call:
            return executables.gate_place(mine, number, other)
    message = f"gate {one.name} does not name it so any more"
    raise TrainError(message, place=PIPELINE, hint="agenticops pipeline lint")


def _values(ticket: Ticket) -> dict[str, str]:
    return {"item": ticket.item, "ticket": ticket.id, "phase": ticket.phase}


def _reports(asked: Command, ticket: Ticket) -> list[str]:
    return [r.replace("{item}", ticket.item) for r in asked.reports]


def _read(workspace: Workspace, ticket: Ticket, one: Gate, path: str) -> dict[str, Any]:
    """Note a report's digest and, since it need not be committed, what the checks of the gate read of it."""
    data = workspace.tree.read(path) or b""
    found: dict[str, Any] = {"sha256": sha256(data)}
    for call in one.checks:
        reads = call.check in reports.READERS and len(data) <= reports.MAX_BYTES and not gate.misuse(one, call)
        asked = checks.asked(call) if reads else None
        if asked is not None and asked.file.replace("{item}", ticket.item) == path:
            try:
                figures = import_module(checks.CHECKS[call.check]).read(data, path, asked)
            except reports.Unusable:
                continue  # its check says so
            found[call.check] = {**found.get(call.check, {}), **figures}
    return found


def _version(workspace: Workspace, place: str, asked: Command) -> str:
    """Say which tool ran: what its version command prints first, else the digest of the program's file."""
    if asked.version:
        lines = trust.run(workspace, f"{place}{executables.VERSION}").out.strip().splitlines()
        return _redacted(lines[0] if lines else "")[:VERSION]
    program = os.path.realpath(process.program(asked.command[0], workspace.root))
    try:
        with open(program, "rb") as f:
            return f"{os.path.basename(program)} sha256:{hashlib.file_digest(f, 'sha256').hexdigest()[:16]}"
    except OSError:
        return os.path.basename(program)


def _outcome(done: process.Watched) -> str:
    return done.ended or ("failed" if done.code else "passed")


def _tail(done: process.Watched) -> str:
    """Keep the end of an output without secrets; a line that is cut could hold half of one."""
    whole = _redacted(done.tail)
    if len(whole) <= TAIL and done.size <= process.TAIL:
        return whole
    return whole[-TAIL:].partition("\n")[2] or whole[-TAIL:]


def _redacted(text: str) -> str:
    return secrets.redact(text, secrets.known_values(os.environ))


def _by(workspace: Workspace) -> str:
    if workspace.by_agent:
        return "agent"
    return "ci" if os.environ.get("CI", "") not in ("", "0", "false") else "operator"
