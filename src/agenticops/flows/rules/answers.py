"""Answers: once a delivery was answered, the actions that waited for it are done, under the same firing. ADR 0039."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from agenticops.core.rules import continuing
from agenticops.core.rules.trigger import happening
from agenticops.core.workflow import moves
from agenticops.errors import TrainError
from agenticops.flows.rules import acting, standing
from agenticops.flows.rules.acting import Act, Done
from agenticops.flows.rules.react import Firing, Job, stamped, words_of
from agenticops.flows.rules.scene import Scene
from agenticops.flows.rules.scheduled import tick
from agenticops.model.event import Draft, Event
from agenticops.model.record import Delivery
from agenticops.model.rule import Rule
from agenticops.store.transaction import Transaction
from agenticops.workspace import Workspace

# Deliveries that were answered, and whose firing has waiting actions that nobody has done yet: the event that tells of
# those has the delivery as its target.
_OPEN = """SELECT o.json, e.json FROM outbox o JOIN event e ON e.subject = 'firing/' || o.firing
WHERE o.status = 'delivered' AND o.channel IN ('webhook', 'script', 'agent') AND e.kind = 'rule_fired' AND e.target = ''
AND instr(e.json, '"outcome":"waiting"') AND NOT EXISTS (SELECT 1 FROM event c
WHERE c.subject = e.subject AND c.kind = 'rule_fired' AND c.target = o.id) ORDER BY e.lamport, e.id, o.id"""
_delivery = msgspec.json.Decoder(Delivery)
_event = msgspec.json.Decoder(Event)


def proceed(workspace: Workspace) -> list[Firing]:
    """Do what waited for answers that are there now, each in a transaction of its own."""
    if not standing.wanted(workspace):
        return []
    done = []
    for row, fired in _open(workspace):
        if continuing.waiting(fired.data, row.id):
            done.append(_proceeded(workspace, row, fired))
    return done


def _open(workspace: Workspace) -> list[tuple[Delivery, Event]]:
    return [(_delivery.decode(row), _event.decode(fired)) for row, fired in workspace.index.rows(_OPEN)]


def _proceeded(workspace: Workspace, row: Delivery, fired: Event) -> Firing:
    with workspace.transaction("rules answer") as tx:
        data = fired.data
        numbers = continuing.waiting(data, row.id)
        if (row.id, fired.id) not in {(one.id, event.id) for one, event in _open(workspace)}:
            return Firing(row.firing, str(data.get("rule")), str(data.get("event")), "done")  # somebody was faster
        done: tuple[Done, ...] = ()
        outcome, why = "done", ""
        try:
            done = tuple(_acted(workspace, tx, row, fired, numbers))
        except TrainError as e:
            tx.files, tx.drafts = {}, []
            outcome, why = "failed", words_of(e)
        written = [stamped(draft, row.firing) for draft in tx.drafts]
        told: dict[str, Any] = {key: data[key] for key in ("rule", "event", "depth", "digest") if key in data}
        told |= {"to": row.id, "outcome": outcome, "numbers": numbers, "actions": msgspec.to_builtins(done)}
        note = Draft("rule_fired", fired.subject, fired.ticket, fired.item, {**told, **({"error": why} if why else {})})
        tx.drafts = [note, *written]
        return Firing(
            row.firing, str(data.get("rule")), str(data.get("event")), outcome, fired.subject, actions=done, why=why
        )


def _acted(workspace: Workspace, tx: Transaction, row: Delivery, fired: Event, numbers: list[int]) -> list[Done]:
    known = standing.named(workspace, str(fired.data.get("rule")))
    if known.digest != fired.data.get("digest"):
        raise TrainError(f"the rule {known.rule.code} changed while it waited for the answer")
    job = _job(workspace, known.rule, str(fired.data.get("event")))
    scene = Scene(workspace)
    act = Act(workspace, tx, scene, job.rule, job.found, row.firing, scene.scope(job.found, job.rule))
    act.scope["answer"] = row.answer
    act.scope["created"] = {one.kind: moves.plain(one) for one in _created(act, fired)}
    if acting.touches_documents(job.rule, job.found):
        tx.flush()
    done = []
    for number in numbers:
        act.number, action = number, job.rule.actions[number - 1]
        what = acting.perform_one(act, action)
        done.append(Done(action.type, action.target, acting.outcome(action), tuple(what)))
    return done


def _created(act: Act, fired: Event) -> list[Any]:
    rows = [row for row in fired.data.get("actions", []) if row.get("type") == "create_entity"]
    return [act.entity(name) for row in rows if row.get("outcome") == "done" for name in row.get("what", [])]


def _job(workspace: Workspace, rule: Rule, name: str) -> Job:
    """Find again what fired the rule: an event of the log, or a minute of its schedule."""
    if name.startswith("cron:"):
        minute, _, entity = name[5:].partition("Z")
        moment = datetime.fromisoformat(minute).replace(tzinfo=UTC)
        return Job(rule, tick(workspace, rule, moment, entity.removeprefix(":")), name)
    events = workspace.log.select("id=?", (name,))
    if not events:
        raise TrainError(f"the event {name} that fired {rule.code} is not in the log")
    return Job(rule, happening(events[0]), name)
