"""Simulating: an advance that writes nothing, what a changed pipeline would do, a gate over what was closed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from msgspec import Struct

from agenticops.core import documents, gate, simulate
from agenticops.core.checks import judged
from agenticops.core.span import Span
from agenticops.core.train import Train
from agenticops.errors import UsageError
from agenticops.flows import aim, conduct, evidence, replay
from agenticops.flows import case as cases
from agenticops.model.event import Draft, Event
from agenticops.model.finding import Finding
from agenticops.model.pipeline import Gate, Pipeline
from agenticops.model.ticket import Ticket
from agenticops.ports import signature
from agenticops.ports.history import History
from agenticops.store.past import FOLDERS, Past, Rest, Version, VersionTrain
from agenticops.workspace import Workspace


class Rehearsed(Struct, frozen=True):
    """What an advance would do: its outcome, the files it would change and how, the events it would append.

    `runs` are the commands that it would run before; here they are not, so what they prove is still missing.
    """

    outcome: conduct.Outcome
    files: dict[str, str]
    events: tuple[Draft, ...]
    runs: tuple[str, ...] = ()


def advance(workspace: Workspace, wanted: str | None, call: conduct.Call) -> Rehearsed:
    """Do what `advance` does, and write nothing."""
    with workspace.rehearsal("advance") as tx:
        ticket = aim.ticket(workspace, wanted)
        outcome = conduct.step(workspace, tx, ticket, call)
        runs = () if call.override else _unproven(workspace, ticket, conduct.proven_gates(workspace, ticket, call))
        return Rehearsed(outcome, tx.changed, tuple(tx.drafts), tuple(runs))


def _unproven(workspace: Workspace, ticket: Ticket, gates: Sequence[Gate]) -> Iterator[str]:
    """Name the commands whose evidence does not hold now."""
    for one in gates:
        case = cases.of_ticket(workspace, ticket, gate=one.name)
        for call in evidence.commands(one):
            if any(f.severity == "error" for f in gate.one(case, one, call)):
                yield call.title


class Hurt(Struct, frozen=True):
    """A ticket in flight, and what a change of the pipeline makes of it."""

    ticket: str
    findings: tuple[Finding, ...]


class Difference(Struct, frozen=True):
    """What differs between the pipelines of two commits; `head` is "" for the working tree."""

    base: str
    head: str
    changes: tuple[simulate.Change, ...]
    tickets: tuple[Hurt, ...]
    in_flight: int

    @property
    def hurts(self) -> bool:
        """Whether a ticket in flight becomes illegal, or owes what it did not owe."""
        return any(f.severity != "info" for hurt in self.tickets for f in hurt.findings)


def difference(workspace: Workspace, span: str) -> Difference:
    """Compare the pipelines of `BASE..HEAD`, or of BASE and the working tree. Raises TrainError for no commit."""
    base, dots, head = span.partition("..")
    if head.startswith("."):
        raise UsageError("write BASE..HEAD with two dots", hint="agenticops pipeline diff origin/main..HEAD")
    head = (head or "HEAD") if dots else ""
    history = History(workspace.git)
    try:
        past = workspace.past(history)
        before = _train(past, history, history.commit(base or "HEAD"))
        after: Train = _train(past, history, history.commit(head)) if head else workspace.train
        verify = partial(signature.verify, root=workspace.root)
        rails = simulate.Rails(before, after, workspace.now, verify)
        changes = simulate.changes(before.pipeline, after.pipeline)
        flying = simulate.in_flight(before, after)
        found = [Hurt(t.id, tuple(simulate.hurt(rails, t))) for t in flying]
    finally:
        history.close()
    return Difference(base or "HEAD", head, tuple(changes), tuple(h for h in found if h.findings), len(flying))


def _train(past: Past, history: History, commit: str) -> VersionTrain:
    """The train of a commit; contents that two of them share are read once."""
    rest = Rest(partial(history.files, commit, ()))
    return VersionTrain(Version(past, history.files(commit, FOLDERS), rest=rest))


class Row(Struct, frozen=True):
    """One ticket that was closed: what its gate said then, and what the gate of today says of the same commit."""

    ticket: str
    commit: str
    at: str
    gate: str
    then: str
    holds: bool
    codes: tuple[str, ...]
    findings: tuple[Finding, ...]


class Replayed(Struct, frozen=True):
    """What a gate would have held in the last commits."""

    commits: int
    rows: tuple[Row, ...]

    @property
    def held(self) -> int:
        """How many tickets would not have got through."""
        return sum(not r.holds for r in self.rows)


def gates(workspace: Workspace, wanted: str, last: int, file: str = "") -> Replayed:
    """Judge each ticket that was closed in the last commits by its gate of today, or by one of a file.

    Contracts, files and log are those of the commit; roles and signers are those of the working tree.
    """
    if last < 1:
        raise UsageError("--last wants a number of commits, at least 1")
    chosen = _Chosen(workspace.train.pipeline, _of_file(file) if file else {}, wanted)
    history = History(workspace.git)
    try:
        tip = history.commit("HEAD")
        base = history.back(tip, last)
    finally:
        history.close()
    commits, rows = 0, []
    for commit, span in replay.steps(workspace, replay.Call(base, tip, replay=True)):
        commits += 1
        for name, event in judged.closings(span):
            if event.data.get("to") == gate.DONE and (phase := span.after.ticket(name).phase) in chosen.phases:
                rows.append(_row(workspace, span, commit, event, chosen.gates.get(phase)))
    return Replayed(commits, tuple(rows))


class _Chosen:
    """Which phases' tickets are judged, each by which gate."""

    def __init__(self, pipeline: Pipeline, own: dict[str, Gate], wanted: str) -> None:
        known = {**pipeline.gates, **own}
        single = next(iter(own.values())) if len(own) == 1 else None
        named = {p.name: known.get(p.gate) or gate.of_phase(pipeline, p) for p in pipeline.phases.values()}
        if wanted in pipeline.phases:
            self.gates = {wanted: single or named[wanted]}
        elif wanted or single:
            one = known.get(wanted) if wanted else single
            one = gate.named(pipeline, wanted) if one is None else one
            if one is None:
                hint = f"phases: {', '.join(pipeline.phases)}; gates: {', '.join(known) or 'default'}"
                raise UsageError(f"there is no phase or gate {wanted!r}", hint=hint)
            users = [p.name for p in pipeline.phases.values() if one.name in (p.gate, p.entry_gate, p.done_gate)]
            # A gate that no phase names is one that somebody thinks about: every ticket is tried on it.
            self.gates = dict.fromkeys(users or pipeline.phases, one)
        else:
            self.gates = named
        self.phases = self.gates.keys()


def _of_file(path: str) -> dict[str, Gate]:
    try:
        with open(path, "rb") as f:
            content = f.read()
    except OSError as e:
        raise UsageError(f"the file cannot be read: {e.strerror}", place=path) from None
    found = documents.read_gates(content, path)
    if not found:
        raise UsageError("the file defines no gate", place=path, hint="write it as in config/pipeline.yml: gates: …")
    return found


def _row(workspace: Workspace, span: Span, commit: str, event: Event, one: Gate | None) -> Row:
    ticket = span.after.ticket(event.subject.partition("/")[2])
    case = judged.case_of(span, ticket, event, span.after.pipeline)
    case.judge = workspace.train
    if one is None:
        findings: tuple[Finding, ...] = (Finding("VT402", f"phase {ticket.phase} names an unknown gate"),)
    else:
        findings = gate.guard(case, one).findings
    errors = tuple(f for f in findings if f.severity == "error")
    then = judged.word(span, ticket.id, event)
    name = one.name if one else ""
    return Row(ticket.id, commit, event.at, name, then, not errors, tuple(sorted({f.code for f in errors})), errors)
