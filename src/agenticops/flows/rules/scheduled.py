"""Scheduled rules: what is due between two moments is fired, once a rule, minute and entity. The worker calls it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from agenticops.core.rules import cron, match
from agenticops.core.rules.trigger import Happening
from agenticops.flows.rules import standing
from agenticops.flows.rules.react import BATCH, Firing, Job, handle
from agenticops.flows.rules.scene import Scene
from agenticops.flows.rules.standing import Standing
from agenticops.model.event import Actor, Event
from agenticops.model.rule import Rule
from agenticops.store.log import MAX_LAMPORT
from agenticops.workspace import Workspace

KIND = "scheduled"
_ENTITIES = "SELECT id FROM entity WHERE kind=? AND deleted=0 AND id > ? ORDER BY id LIMIT ?"


def due(workspace: Workspace, since: datetime, until: datetime) -> list[Firing]:
    """Fire the scheduled rules whose time came after `since`, up to `until`; both have a zone.

    Of several times that were missed the last one counts. A rule with an `entity` meets each of that kind.
    """
    if not standing.wanted(workspace):
        return []
    standings = standing.settle(workspace)
    done: list[Firing] = []
    for one in standings:
        if one.counts and one.rule.when.action == KIND:
            moment = cron.last(one.rule.when.cron, one.rule.when.timezone, since, until)
            if moment is not None:
                done += _fire(workspace, one, moment)
    return done


def next_due(workspace: Workspace, after: datetime) -> datetime | None:
    """Give the next moment at which some scheduled rule is due; None when there is none."""
    if not standing.wanted(workspace):
        return None
    whens = [one.rule.when for one in standing.every(workspace) if one.counts and one.rule.when.action == KIND]
    return min((cron.following(when.cron, when.timezone, after) for when in whens), default=None)


def _fire(workspace: Workspace, one: Standing, moment: datetime) -> list[Firing]:
    done: list[Firing] = []
    batch: list[Job] = []
    for job in _jobs(workspace, one.rule, moment):
        batch.append(job)
        if len(batch) == BATCH:
            done += handle(workspace, batch)
            batch = []
    return done + (handle(workspace, batch) if batch else [])


def _jobs(workspace: Workspace, rule: Rule, moment: datetime) -> Iterator[Job]:
    """Give what a rule meets at a minute: itself alone, or the entities of its kind for which its conditions hold."""
    scene = Scene(workspace)
    for name in _entities(workspace, rule) if rule.when.entity else ("",):
        found = tick(workspace, rule, moment, name)
        if rule.conditions is None or match.meets(rule, scene.scope(found, rule)):
            yield Job(rule, found, found.event.id)


def tick(workspace: Workspace, rule: Rule, moment: datetime, entity: str = "") -> Happening:
    """Make what happens at a minute of a schedule: an event that the log does not have."""
    at = moment.strftime("%Y-%m-%dT%H:%M:00.000Z")
    name = f"cron:{at[:16]}Z{f':{entity}' if entity else ''}"
    subject = f"entity/{entity}" if entity else f"rule/{rule.code}"
    event = Event(name, MAX_LAMPORT, at, Actor(workspace.operator, host=workspace.host), KIND, subject)
    return Happening(event, rule.when.entity, entity or rule.code, KIND)


def _entities(workspace: Workspace, rule: Rule) -> Iterator[str]:
    if rule.scope == "specific":
        yield from rule.ids
        return
    last = ""
    while rows := workspace.index.rows(_ENTITIES, rule.when.entity, last, BATCH):
        yield from (row[0] for row in rows)
        last = rows[-1][0]
