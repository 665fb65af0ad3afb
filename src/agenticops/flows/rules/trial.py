"""Trials: which rules would handle an event and what they would do; why a rule did or did not. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from agenticops.core import condition
from agenticops.core.condition import MISSING
from agenticops.core.rules import match
from agenticops.core.rules.trigger import DOCUMENTS, Happening, happening
from agenticops.errors import UsageError
from agenticops.flows.rules import acting, standing
from agenticops.flows.rules.acting import Act, Done, Failed
from agenticops.flows.rules.react import Job, firing_id, same
from agenticops.flows.rules.scene import Scene
from agenticops.flows.rules.standing import Standing
from agenticops.model.event import Actor, Draft, Event
from agenticops.model.ids import MIN_PREFIX
from agenticops.model.rule import Rule
from agenticops.store.log import MAX_LAMPORT
from agenticops.workspace import Workspace

# The entity of an event that is only imagined.
IMAGINED = "e000000000000"
# What a person says was done → the kind of the event.
KINDS = {
    "create": "entity_created",
    "update": "entity_updated",
    "status_change": "entity_updated",
    "field_change": "entity_updated",
    "delete": "entity_deleted",
}
RECENT = 5


class Answer(Struct, frozen=True):
    """One thing that a rule asks: in words, whether it is so, and what was found."""

    asks: str
    holds: bool
    found: str = ""


class Trial(Struct, frozen=True, omit_defaults=True):
    """What a rule would make of an event: its actions, and the events that they would write."""

    rule: str
    name: str
    outcome: str
    why: str = ""
    actions: tuple[Done, ...] = ()
    writes: tuple[dict[str, Any], ...] = ()


class Explained(Struct, frozen=True, omit_defaults=True):
    """Why a rule did, or did not, handle an event; `fires` tells whether it would if it has not."""

    rule: str
    event: str
    fires: bool
    answers: tuple[Answer, ...]
    kind: str = ""
    subject: str = ""
    handled: dict[str, Any] = {}


def event(workspace: Workspace, wanted: str) -> Event:
    """Find an event by its id, or the start of it. Raises UsageError."""
    start = wanted.upper()
    rows = workspace.log.select("id >= ? AND id < ?", (start, f"{start}\x7f")) if len(start) >= MIN_PREFIX else []
    if len(rows) != 1:
        words = f"{wanted!r} is the start of {len(rows)} events" if rows else f"there is no event {wanted!r}"
        raise UsageError(words, hint="agenticops log --json shows the ids; four characters or more")
    return rows[0]


def of_event(workspace: Workspace, found: Event) -> list[Trial]:
    """Say which rules would handle an event of the log, and what they would do."""
    return _tried(workspace, happening(found), [])


def imagined(
    workspace: Workspace, entity: str, action: str, fields: Mapping[str, Any], old: Mapping[str, Any]
) -> list[Trial]:
    """Say which rules would handle something that is only imagined: an entity with these fields, before and after."""
    if entity in DOCUMENTS:
        raise UsageError(f"a {entity} is a document", hint="try an event of the log: agenticops rule test EVENT")
    if action not in KINDS:
        raise UsageError(f"unknown action {action!r}", hint=f"known: {', '.join(KINDS)}")
    before = {**fields, **old} if action != "create" else dict(fields)
    drafts = [_draft("entity_created", {"entity": entity, **_own(before)})]
    if action in ("update", "status_change", "field_change"):
        changed = {key: value for key, value in fields.items() if old.get(key, MISSING) != value}
        drafts.append(_draft("entity_updated", {"entity": entity, "fields": changed, "was": dict(old)}))
    elif action == "delete":
        drafts.append(_draft("entity_deleted", {"entity": entity}))
    last = _event(workspace, drafts[-1], len(drafts))
    return _tried(workspace, happening(last), drafts)


def explain(workspace: Workspace, code: str, wanted: str = "") -> list[Explained]:
    """Say why a rule did or did not handle an event; without one, the last ones that could concern it."""
    one = standing.named(workspace, code)
    if wanted:
        return [_explained(workspace, one, event(workspace, wanted))]
    kinds = sorted(match.Book([one.rule]).kinds())
    sql = f"kind IN ({','.join('?' * len(kinds))})"
    recent: list[Event] = []
    for found in reversed(workspace.log.select(sql, tuple(kinds), 50 * RECENT) if kinds else []):
        if happening(found).entity == one.rule.when.entity or one.rule.when.event == found.kind:
            recent.append(found)
        if len(recent) == RECENT:
            break
    return [_explained(workspace, one, found) for found in recent]


def _explained(workspace: Workspace, one: Standing, found: Event) -> Explained:
    rule, met = one.rule, happening(found)
    name = firing_id(rule.code, same(workspace, found))
    answers = [
        Answer("the rule is active", one.counts, _state(one)),
        Answer("it happened after the rule was switched on", one.since < found.order, found.at),
    ]
    words, parts = match.unmet(rule, met), set[str]()
    answers.append(Answer("it is what the rule waits for", not words, words))
    if not words:
        scope = Scene(workspace).scope(met, rule)
        for asks, holds, value in condition.answers(rule.conditions, scope):
            # Of `any` and `not` one part alone need not hold: all together count.
            parts.add(asks)
            answers.append(Answer(asks, holds, "nothing" if value is MISSING else repr(value)))
        if rule.conditions is not None:
            answers.append(Answer("all its conditions together", match.meets(rule, scope)))
    spent = standing.since_asked(workspace, one) if rule.max >= 0 else 0
    if rule.max >= 0:
        answers.append(Answer(f"it may run {rule.max} times", spent < rule.max, f"it ran {spent} times"))
    row = workspace.log.select("subject=? AND kind IN ('rule_fired', 'rule_cut')", (f"firing/{name}",))
    handled = {"firing": name, "kind": row[0].kind, "at": row[0].at, **row[0].data} if row else {}
    meant = [answer.holds for answer in answers if answer.asks not in parts]
    return Explained(rule.code, found.id, all(meant), tuple(answers), found.kind, found.subject, handled)


def _state(one: Standing) -> str:
    if one.counts:
        return ""
    return one.state[5:] or "agenticops rule run, or any command that writes, switches it on"


def _tried(workspace: Workspace, found: Happening, drafts: list[Draft]) -> list[Trial]:
    standings = {one.rule.code: one for one in standing.every(workspace)}
    book = match.Book([one.rule for one in standings.values()])
    scene = Scene(workspace)
    if drafts:
        scene.imagine(f"entity/{IMAGINED}", [_event(workspace, d, n) for n, d in enumerate(drafts, 1)])
    return [_try(workspace, standings[rule.code], found, scene, drafts) for rule in book.concerned(found)]


def _try(workspace: Workspace, one: Standing, found: Happening, scene: Scene, drafts: list[Draft]) -> Trial:
    rule = one.rule
    scope = scene.scope(found, rule)
    if not match.meets(rule, scope):
        unmet = [asks for asks, holds, _ in condition.answers(rule.conditions, scope) if not holds]
        return Trial(rule.code, rule.name, "conditions", "; ".join(unmet))
    with workspace.rehearsal("rule test") as tx:
        for draft in drafts:
            tx.append(draft)
        act = Act(workspace, tx, scene, rule, found, Job(rule, found, found.event.id).firing, scope)
        try:
            done = acting.perform(act)
        except Failed as e:
            return Trial(rule.code, rule.name, "failed", e.error.message, e.done)
        writes = tuple(_shown(draft) for draft in tx.drafts[len(drafts) :])
    why = "" if one.counts else "it is not active"
    return Trial(rule.code, rule.name, "done", why, done, writes)


def _shown(draft: Draft) -> dict[str, Any]:
    return {"kind": draft.kind, "subject": draft.subject, "data": msgspec.to_builtins(draft.data)}


def _own(fields: Mapping[str, Any]) -> dict[str, Any]:
    own = {key: str(fields[key]) for key in ("name", "status", "parent") if key in fields}
    return {**own, "fields": {key: value for key, value in fields.items() if key not in own}}


def _draft(kind: str, data: dict[str, Any]) -> Draft:
    return Draft(kind, f"entity/{IMAGINED}", data=data)


def _event(workspace: Workspace, draft: Draft, number: int) -> Event:
    lamport, who = MAX_LAMPORT + number, Actor(workspace.operator, host=workspace.host)
    return Event(f"~{number:06}", lamport, workspace.now, who, draft.kind, draft.subject, data=draft.data)


def rule_lines(rule: Rule) -> list[str]:
    """Say in words what a rule waits for, asks and does."""
    when = rule.when
    said = {
        "create": f"a {when.entity} is created",
        "update": f"a {when.entity} is changed",
        "delete": f"a {when.entity} is deleted",
        "event": f"the log gets an event {when.event}",
        "scheduled": f"it is {when.cron} ({when.timezone})" + (f", for each {when.entity}" if when.entity else ""),
    }.get(when.action) or f"{when.field} of a {when.entity} changes"
    said += f" from {when.before}" if when.before is not None else ""
    said += f" to {when.to}" if when.to is not None else ""
    rows = [f"when {said}"]
    if rule.scope == "specific":
        rows.append(f"only {', '.join(rule.ids)}")
    if rule.conditions is not None:
        rows.append(f"if {condition.say(rule.conditions)}")
    for action in rule.actions:
        told = ", ".join(f"{key}={value}" for key, value in action.parameters.items())
        rows.append(f"then {action.type}{f' of {action.target}' if action.target != 'self' else ''}  {told}")
    return rows
