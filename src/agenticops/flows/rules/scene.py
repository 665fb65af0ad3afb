"""The scene: what an event's entity, and what is linked with it, were when the event had happened. ADR 0038."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from agenticops.core import condition, lookup, papers
from agenticops.core.rules import match
from agenticops.core.rules.trigger import Happening
from agenticops.core.workflow import moves, record
from agenticops.core.workflow.record import OWN
from agenticops.errors import StateError
from agenticops.model.event import Event
from agenticops.model.paper import SHELVES
from agenticops.model.rule import Rule
from agenticops.model.workflow import Entity, Instance
from agenticops.workspace import Workspace

COUNTING = "subject=? AND kind NOT GLOB 'voided:*'"
# The names that every scope has; what else comes before a dot is a kind of entity.
NAMES = frozenset(("entity", "old", "new", "event", "data", "created", "rule"))
ENTITY_ID = re.compile(r"e[0-9a-hjkmnp-tv-z]{12}")
# How far links are followed, and how many subjects are remembered.
NEAR, MANY = 64, 1024


class Scene:
    """Answers what rules ask of an event, each thing once."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._histories: dict[str, list[Event]] = {}
        self._folded: dict[str, tuple[int, Entity]] = {}
        self._base: tuple[str, dict[str, Any]] = ("", {})
        self._asked: dict[str, frozenset[str]] = {}

    def scope(self, found: Happening, rule: Rule) -> dict[str, Any]:
        """Give what a rule's conditions and look-ups are asked of."""
        if self._base[0] != found.event.id + found.id:
            self._base = (found.event.id + found.id, self._plain(found))
        asked = self._names(rule)
        entity = self._base[1]
        data = self._data(found, entity) if "data" in asked else {}
        scope = match.scope_of(found, entity, data)
        scope["rule"] = {"code": rule.code, "name": rule.name}
        for kind in asked - NAMES - entity.keys():
            linked = entity if kind == found.entity else self._linked(found, kind)
            if linked is not None:
                scope[kind] = linked
        return scope

    def imagine(self, subject: str, events: list[Event]) -> None:
        """Take events for those of a subject, though the log does not have them."""
        self._histories[subject] = events

    def at(self, name: str, event: Event) -> Entity:
        """Give an entity as it was when an event had happened; one that came later, as it came.

        What an event brings with it, the entity of a workflow's state, is written behind it.
        """
        subject = f"entity/{name}"
        events = self._history(subject)
        end = len(events)
        while end > 1 and events[end - 1].order > event.order:
            end -= 1
        begun, entity = self._folded.get(subject, (0, None))
        if entity is None or begun > end or any(e.kind != "entity_updated" for e in events[begun:end]):
            entity = record.entity(events[:end])
        else:
            for one in events[begun:end]:
                entity = _grown(entity, one)
        self._folded[subject] = (end, entity)
        return entity

    def near(self, entity: Entity, event: Event) -> Iterator[Entity]:
        """Give what an entity is linked with, the nearest first: its parents, what its fields name, its instance's."""
        seen, queue = {entity.id}, [entity]
        for here in queue:
            for name in self._named(here, event):
                if name in seen or len(seen) > NEAR:
                    continue
                seen.add(name)
                other = self.at(name, event)
                if other.kind and not other.deleted:
                    queue.append(other)
                    yield other

    def instance(self, name: str, event: Event) -> Instance:
        """Give an instance as it was when an event had happened."""
        return record.instance([e for e in self._history(f"instance/{name}") if e.order <= event.order])

    def children(self, name: str, kind: str) -> list[str]:
        """List the entities of a kind that hang on an entity now."""
        sql = "SELECT id FROM entity WHERE parent=? AND kind=? AND deleted=0 ORDER BY created, id"
        return [row[0] for row in self.workspace.index.rows(sql, name, kind)]

    def _names(self, rule: Rule) -> frozenset[str]:
        found = self._asked.get(rule.code)
        if found is None:
            places = [*condition.fields(rule.conditions), *lookup.names([a.parameters for a in rule.actions])]
            places += lookup.names(self._words(rule))
            found = frozenset(place.partition(".")[0] for place in places if "." in place or place == "data")
            self._asked[rule.code] = found
        return found

    def _words(self, rule: Rule) -> list[str]:
        """Give the texts of the templates that a rule uses."""
        used = {str(a.parameters["template"]) for a in rule.actions if a.parameters.get("template")}
        if not used:
            return []
        from agenticops.flows.rules import standing

        templates = standing.settings(self.workspace).templates
        return [words for name in used & templates.keys() for words in (templates[name].subject, templates[name].text)]

    def _history(self, subject: str) -> list[Event]:
        found = self._histories.get(subject)
        if found is None:
            if len(self._histories) >= MANY:
                self._histories.clear()
                self._folded.clear()
            found = self._histories[subject] = self.workspace.log.select(COUNTING, (subject,))
        return found

    def _plain(self, found: Happening) -> dict[str, Any]:
        if found.event.subject.startswith("entity/"):
            return moves.plain(self.at(found.id, found.event))
        if found.event.subject.startswith("instance/"):
            instance = self.instance(found.id, found.event)
            own = {"id": instance.id, "kind": "workflow", "status": instance.state, "workflow_status": instance.status}
            return {**instance.data, **own, "template": instance.template, "name": instance.name, "item": instance.item}
        if not found.entity:
            return {}
        known = {key: value for key, value in found.new.items() if value is not None}
        # An item has a `kind` of its own: PRD, CRD, Task.
        return {"kind": found.entity, **self._document(found), **known, "id": found.id}

    def _document(self, found: Happening) -> dict[str, Any]:
        """Give a document's fields as its file says them now; the log does not hold them."""
        train, noun = self.workspace.train, found.entity
        try:
            if noun == "item":
                document: Any = train.item(found.id)
            elif noun == "ticket":
                document = train.ticket(found.id)
            elif noun in SHELVES:
                document = papers.get(train.tree, noun, found.id)
            else:
                return {}
        except StateError:
            return {}  # it is gone, or broken: then only what the event says is known
        fields: dict[str, Any] = msgspec.to_builtins(document)
        return fields

    def _data(self, found: Happening, entity: dict[str, Any]) -> dict[str, Any]:
        name = found.id if found.entity == "workflow" else str(entity.get("instance") or "")
        return self.instance(name, found.event).data if name else {}

    def _linked(self, found: Happening, kind: str) -> dict[str, Any] | None:
        """Give the nearest entity of a kind; below it counts only one that is alone."""
        start = self._start(found)
        if start is None:
            return None
        for other in self.near(start, found.event):
            if other.kind == kind:
                return moves.plain(other)
        below = self.children(start.id, kind) if start.id else []
        return moves.plain(self.at(below[0], found.event)) if len(below) == 1 else None

    def _start(self, found: Happening) -> Entity | None:
        if found.event.subject.startswith("entity/"):
            return self.at(found.id, found.event)
        if found.event.subject.startswith("instance/"):
            return Entity("", "", instance=found.id)
        return None

    def _named(self, entity: Entity, event: Event) -> Iterator[str]:
        if entity.parent:
            yield entity.parent
        for value in entity.fields.values():
            if isinstance(value, str) and ENTITY_ID.fullmatch(value):
                yield value
        if entity.instance:
            yield from self.instance(entity.instance, event).entities.values()


def _grown(entity: Entity, event: Event) -> Entity:
    """Take one more change of an entity in."""
    said = event.data.get("fields")
    fields = {**entity.fields, **(said if isinstance(said, dict) else {})}
    own = {key: str(fields.pop(key)) for key in OWN if key in fields}
    return msgspec.structs.replace(entity, fields=fields, updated=event.at, **own)
