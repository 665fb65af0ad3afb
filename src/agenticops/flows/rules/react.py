"""Reacting: rules handle what happened, each event once, breadth first, until nothing is left. ADR 0038."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from agenticops.core.rules import match
from agenticops.core.rules.match import Book
from agenticops.core.rules.trigger import Happening, happening
from agenticops.errors import SecretError, TrainError
from agenticops.flows.rules import acting, standing
from agenticops.flows.rules.acting import Act, Done, Failed
from agenticops.flows.rules.scene import Scene
from agenticops.flows.rules.standing import Standing
from agenticops.model.event import Draft, Event
from agenticops.model.rule import Rule
from agenticops.store.reacted import Reacted, Shard
from agenticops.store.transaction import Transaction
from agenticops.workspace import Workspace

# A chain of firings is no longer than this; what it wrote last is met by no rule any more.
DEEPEST = 8
# Firings that are written at once: each is whole, and what is in memory stays small.
BATCH = 100
# Each round handles what the one before it wrote.
ROUNDS = DEEPEST + 2
# What a phase branch may not write is left to the default branch.
CONDUCTED = frozenset(("create_ticket", "advance"))
_BORN = ("entity_created", "workflow_started")
_MIGRATED = "SELECT COUNT(*) FROM event WHERE subject=? AND kind='workflow_migrated' AND lamport < ?"


class Firing(Struct, frozen=True, omit_defaults=True):
    """A rule handled an event, or was cut: `outcome` is done, failed or cut; `why` says so in words."""

    id: str
    rule: str
    event: str
    outcome: str
    subject: str = ""
    depth: int = 0
    actions: tuple[Done, ...] = ()
    why: str = ""


class Job(Struct, frozen=True):
    """What is to be handled: a rule that an event fires; `same` names what happened where two events may tell of it."""

    rule: Rule
    found: Happening
    event: str
    same: str = ""

    @property
    def firing(self) -> str:
        """Name the firing: one for a rule and what happened, whoever does it."""
        return firing_id(self.rule.code, self.same or self.event)


def firing_id(rule: str, event: str) -> str:
    """Name the firing of a rule and an event."""
    return "f" + sha256(f"{rule}\0{event}".encode()).hexdigest()[:25]


def same(workspace: Workspace, event: Event) -> str:
    """Name what an event tells of: two branches that took the same step, or made the same record, wrote two of them.

    A template has no circles, so an instance takes a step once, and again only after a migration.
    """
    if event.kind in _BORN:
        return f"{event.kind} {event.subject}"
    if event.kind != "state_transition":
        return event.id
    before = workspace.index.value(_MIGRATED, event.subject, event.lamport)
    return f"{event.kind} {event.subject} {before} {event.data.get('from', '')} {event.data.get('to', '')}"


def react(workspace: Workspace) -> list[Firing]:
    """Handle all that is pending. Without rule files nothing is read. Raises StateError for a broken rule file."""
    if not standing.wanted(workspace):
        return []
    standings = standing.settle(workspace)
    seen, through = Reacted(workspace.index), dict[str, Shard]()
    done, left = _late(workspace, standings, seen)
    for _ in range(ROUNDS):
        shards = [shard for shard in seen.waiting() if through.get(shard[1]) != shard]
        if not shards:
            break
        fired, more = _round(workspace, standings, seen, shards)
        done += fired
        left = left or more
        through.update((shard[1], shard) for shard in shards)
        if any(one.rule.max >= 0 for one in standings):
            standings = standing.every(workspace)
    # Only now: what was written on the way is among them, and a shard of it that vanishes is missed.
    if not left:
        seen.note(through.values(), _since(standings))
    return done


def _late(workspace: Workspace, standings: list[Standing], seen: Reacted) -> tuple[list[Firing], bool]:
    """Let rules whose file was away, as on a branch without it, look at what was looked at meanwhile."""
    missed = seen.missed(_since(standings))
    if not missed:
        return [], False
    waiting = set(seen.waiting())
    shards = [shard for shard in seen.every() if shard not in waiting]
    return _round(workspace, [one for one in standings if one.rule.code in missed], seen, shards)


def _since(standings: Iterable[Standing]) -> dict[str, tuple[int, str]]:
    return {one.rule.code: one.since for one in standings if one.counts}


def _round(
    workspace: Workspace, standings: list[Standing], seen: Reacted, shards: list[Shard]
) -> tuple[list[Firing], bool]:
    """Handle what waits in some shards; tell whether something was left to another branch."""
    book = standing.book(standings)
    kinds = book.kinds()
    done: list[Firing] = []
    left = False
    if kinds:
        since = _since(standings)
        scene = Scene(workspace)
        for page in seen.events(shards, kinds, min(since.values())[0]):
            jobs = list(_jobs(workspace, book, since, scene, page))
            kept = [job for job in jobs if not _left(workspace, job.rule)]
            left = left or len(kept) < len(jobs)
            for start in range(0, len(kept), BATCH):
                done += handle(workspace, kept[start : start + BATCH])
            if done:
                scene = Scene(workspace)
    return done, left


def _jobs(
    workspace: Workspace, book: Book, since: dict[str, tuple[int, str]], scene: Scene, page: Sequence[Event]
) -> Iterator[Job]:
    """Give what the events of a page fire and nobody has handled yet, in the order of the log."""
    waiting: dict[str, Job] = {}
    for event in page:
        found = happening(event)
        rules = [rule for rule in book.concerned(found) if since[rule.code] < event.order]
        name = same(workspace, event) if rules else ""
        for rule in rules:
            job = Job(rule, found, event.id, name)
            waiting.setdefault(job.firing, job)
    handled = _handled(workspace, list(waiting))
    for firing, job in waiting.items():
        if firing not in handled and (
            job.rule.conditions is None or match.meets(job.rule, scene.scope(job.found, job.rule))
        ):
            yield job


def _handled(workspace: Workspace, names: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(names), BATCH):
        part = names[start : start + BATCH]
        sql = f"SELECT id FROM firing WHERE id IN ({','.join('?' * len(part))})"
        found.update(row[0] for row in workspace.index.rows(sql, *part))
    return found


def _left(workspace: Workspace, rule: Rule) -> bool:
    return bool(workspace.phase_ticket) and any(action.type in CONDUCTED for action in rule.actions)


def handle(workspace: Workspace, jobs: Sequence[Job]) -> list[Firing]:
    """Handle some jobs in one transaction: not what somebody did meanwhile, nor for a rule that was switched off."""
    with workspace.transaction("rules react") as tx:
        standings = standing.every(workspace)
        since = _since(standings)
        handled = _handled(workspace, [job.firing for job in jobs])
        run = Run(workspace, tx, standings)
        counting = (job for job in jobs if since.get(job.rule.code, job.found.event.order) < job.found.event.order)
        waiting = [job for job in counting if job.firing not in handled]
        try:
            for job in waiting:
                run.fire(job)
            tx.flush()
        except SecretError:
            # Nothing of the batch was written. One by one, only the firing that would write a secret fails.
            return _singly(workspace, tx, standings, waiting)
        return run.done


def _singly(workspace: Workspace, tx: Transaction, standings: Sequence[Standing], jobs: Sequence[Job]) -> list[Firing]:
    done: list[Firing] = []
    tx.files, tx.drafts = {}, []
    handled = _handled(workspace, [job.firing for job in jobs])
    for job in jobs:
        if job.firing in handled:
            continue
        run = Run(workspace, tx, standings)
        try:
            run.fire(job)
            tx.flush()
            done += run.done
        except SecretError as e:
            tx.files, tx.drafts = {}, []
            rest = tuple(Done(action.type, action.target, "skipped") for action in job.rule.actions)
            done.append(run.note(job, "failed", rest, depth=run.way(job)[1], why=e.message))
            tx.flush()
    return done


class Run:
    """Firings within one transaction. Each is whole: what a failed one had collected is dropped."""

    def __init__(self, workspace: Workspace, tx: Transaction, standings: Iterable[Standing]) -> None:
        self.workspace = workspace
        self.tx = tx
        self.scene = Scene(workspace)
        self.standings = {one.rule.code: one for one in standings}
        self.done: list[Firing] = []
        self.ran: dict[str, int] = {}
        self.off: set[str] = set()

    def fire(self, job: Job) -> None:
        """Handle one job: act, or note why not."""
        rule = job.rule
        if rule.max >= 0 and self._spent(rule) >= rule.max:
            self._switch_off(rule)
            return
        way, depth = self.way(job)
        why = _cut(rule, way, depth)
        if why:
            words = _WHY[why].format(rule=rule.code)
            self.tx.append(Draft("rule_cut", f"firing/{job.firing}", data={**_named(job, depth), "why": why}))
            self.done.append(Firing(job.firing, rule.code, job.event, "cut", job.found.event.subject, depth, (), words))
            return
        if acting.touches_documents(rule, job.found):
            self.tx.flush()
        self._act(job, depth)
        if acting.touches_documents(rule, job.found):
            self.tx.flush()
        if rule.max >= 0:
            self.ran[rule.code] += 1
            if self.ran[rule.code] >= rule.max:
                self._switch_off(rule)

    def _act(self, job: Job, depth: int) -> None:
        files, count = dict(self.tx.files), len(self.tx.drafts)
        # A new scene for each: what the firing before it wrote must not be seen, for another clone may not have it yet.
        scope = self.scene.scope(job.found, job.rule)
        act = Act(self.workspace, self.tx, self.scene, job.rule, job.found, job.firing, scope)
        try:
            done = acting.perform(act)
        except Failed as e:
            self.tx.files, self.tx.drafts = files, self.tx.drafts[:count]
            self.done.append(self.note(job, "failed", e.done, depth, words_of(e.error)))
            return
        written = [stamped(draft, job.firing) for draft in self.tx.drafts[count:]]
        self.tx.drafts = self.tx.drafts[:count]
        self.done.append(self.note(job, "done", done, depth))
        self.tx.drafts += written

    def note(self, job: Job, outcome: str, done: tuple[Done, ...], depth: int, why: str = "") -> Firing:
        """Write down that a rule handled an event."""
        data = {**_named(job, depth), "outcome": outcome, "actions": msgspec.to_builtins(done)}
        standing_of = self.standings.get(job.rule.code)
        data |= {"digest": standing_of.digest if standing_of else "", **({"error": why} if why else {})}
        event = job.found.event
        self.tx.append(Draft("rule_fired", f"firing/{job.firing}", event.ticket, event.item, data))
        return Firing(job.firing, job.rule.code, job.event, outcome, event.subject, depth, done, why)

    def way(self, job: Job) -> tuple[list[str], int]:
        """Give the rules whose firings led to an event, the last first, and the depth of what it fires."""
        way: list[str] = []
        event: Event | None = job.found.event
        while event is not None and len(way) <= DEEPEST:
            name = self._origin(event)
            row = self.workspace.index.rows("SELECT rule, event FROM firing WHERE id=?", name) if name else []
            if not row:
                break
            way.append(row[0][0])
            events = self.workspace.log.select("id=?", (row[0][1],))
            event = events[0] if events else None
        return way, len(way) + 1

    def _origin(self, event: Event) -> str:
        """Name the firing that wrote an event, or that the delivery of which it tells is of; "" for none."""
        head, _, name = event.subject.partition("/")
        if head == "firing":
            return name
        if head == "outbox":
            return str(self.workspace.index.value("SELECT firing FROM outbox WHERE id=?", name) or "")
        return str(event.data.get("by", ""))

    def _spent(self, rule: Rule) -> int:
        if rule.code not in self.ran:
            one = self.standings.get(rule.code)
            self.ran[rule.code] = standing.since_asked(self.workspace, one) if one else 0
        return self.ran[rule.code]

    def _switch_off(self, rule: Rule) -> None:
        if rule.code in self.off:
            return
        self.off.add(rule.code)
        if standing.named(self.workspace, rule.code).counts:
            self.tx.append(standing.ran_out(rule.code, rule.max))


_WHY = {
    "self": "{rule} met what it wrote itself",
    "loop": "{rule} met what came of its own firing, by way of others",
    "depth": f"the chain of rules is more than {DEEPEST} long",
}


def _cut(rule: Rule, way: Sequence[str], depth: int) -> str:
    """Say why a rule is not let handle an event; "" when it is."""
    if rule.code in way:
        return "self" if way[0] == rule.code else "loop"
    return "depth" if depth > DEEPEST else ""


def _named(job: Job, depth: int) -> dict[str, Any]:
    return {"rule": job.rule.code, "event": job.event, "depth": depth}


def stamped(draft: Draft, firing: str) -> Draft:
    """Note in an event by which firing it was written."""
    return msgspec.structs.replace(draft, data={**draft.data, "by": firing})


def words_of(error: TrainError) -> str:
    """Say in one line why an action failed, and where."""
    return f"{error.message} ({error.place})" if error.place else error.message
