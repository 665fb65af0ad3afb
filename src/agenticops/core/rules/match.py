"""Matching: rules by what they wait for, so that an event meets only those that it may concern. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

from agenticops.core import condition
from agenticops.core.rules.trigger import DOCUMENTS, RECORDS, Happening
from agenticops.model.rule import Rule

Scope = Mapping[str, Any]
# In the place of a value that a rule does not ask for.
ANY = "\0any"
_CHANGES = ("status_change", "field_change")


class Book:
    """Rules by kind of entity and what is done to it; a change by its field and the value that it leads to as well."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(sorted(rules, key=lambda rule: (rule.order, rule.code)))
        self.rank = {rule.code: number for number, rule in enumerate(self.rules)}
        self._named: dict[tuple[Hashable, ...], list[Rule]] = {}
        self._specific: dict[tuple[Hashable, ...], dict[str, list[Rule]]] = {}
        for rule in self.rules:
            if rule.when.action != "scheduled":
                self._file(rule)

    def _file(self, rule: Rule) -> None:
        key = _key(rule)
        if rule.scope == "all":
            self._named.setdefault(key, []).append(rule)
            return
        for name in rule.ids:
            self._specific.setdefault(key, {}).setdefault(name, []).append(rule)

    def kinds(self) -> frozenset[str]:
        """List the kinds of event that some rule may wait for."""
        found: set[str] = set()
        for rule in self.rules:
            when = rule.when
            if when.action == "event":
                found.add(when.event)
            elif when.action != "scheduled":
                found.update(RECORDS)
                found.update(DOCUMENTS.get(when.entity, ()))
        return frozenset(found)

    def concerned(self, found: Happening) -> list[Rule]:
        """Give the rules that wait for what happened, their conditions aside, in order."""
        rules: list[Rule] = []
        for key in _keys(found):
            rules += self._named.get(key, ())
            specific = self._specific.get(key)
            if specific:
                rules += specific.get(found.id, ())
        kept = [rule for rule in rules if rule.when.before is None or _left(rule, found)]
        if len(kept) > 1:
            kept.sort(key=lambda rule: self.rank[rule.code])
        return kept


def matches(book: Book, found: Happening, scope: Callable[[Rule], Scope]) -> list[Rule]:
    """Give the rules that what happened fires, in order. `scope` is asked for by rules with conditions only."""
    return [rule for rule in book.concerned(found) if rule.conditions is None or meets(rule, scope(rule))]


def meets(rule: Rule, scope: Scope) -> bool:
    """Tell whether a rule's conditions hold."""
    return condition.holds(rule.conditions, scope)


def unmet(rule: Rule, found: Happening) -> str:
    """Say why an event is not what a rule waits for; "" when it is."""
    when = rule.when
    if when.action == "scheduled":
        return f"it runs by its schedule, {when.cron}"
    if when.action == "event":
        return "" if found.event.kind == when.event else f"it waits for events of the kind {when.event}"
    if found.entity != when.entity:
        return f"it waits for a {when.entity}; this is {_article(found.entity)}"
    if rule.scope == "specific" and found.id not in rule.ids:
        return f"it is for {', '.join(rule.ids)} only"
    if when.action not in _CHANGES:
        return "" if found.action == when.action else f"it waits for {when.action}; this is {found.action}"
    if found.action != "update" or when.field not in found.new:
        return f"it waits for a change of {when.field}; this is {found.action} of {', '.join(found.new) or 'no field'}"
    if when.to is not None and _hashed(found.new[when.field]) != _hashed(when.to):
        return f"it waits for {when.field} to become {when.to!r}, not {found.new[when.field]!r}"
    if when.before is not None and not _left(rule, found):
        return f"it waits for {when.field} to have been {when.before!r}, not {found.old.get(when.field)!r}"
    return ""


def scope_of(found: Happening, entity: Mapping[str, Any], data: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Give what conditions and look-ups ask: the entity as the event left it, the fields that changed, the event."""
    event = found.event
    said = {"id": event.id, "kind": event.kind, "at": event.at, "subject": event.subject, "data": event.data}
    said |= {"operator": event.actor.operator, "agent": event.actor.agent, "ticket": event.ticket, "item": event.item}
    return {"entity": entity, "old": found.old, "new": found.new, "event": said, "data": data or {}}


def _key(rule: Rule) -> tuple[Hashable, ...]:
    when = rule.when
    if when.action == "event":
        return ("event", when.event)
    if when.action not in _CHANGES:
        return (when.action, when.entity)
    return ("change", when.entity, when.field, ANY if when.to is None else _hashed(when.to))


def _keys(found: Happening) -> list[tuple[Hashable, ...]]:
    keys: list[tuple[Hashable, ...]] = [("event", found.event.kind)]
    if found.action:
        keys.append((found.action, found.entity))
    if found.action == "update":
        for name, value in found.new.items():
            keys += [("change", found.entity, name, ANY), ("change", found.entity, name, _hashed(value))]
    return keys


def _hashed(value: Any) -> Hashable:
    # True is no 1 here, and a list is like another list.
    return (type(value).__name__ if isinstance(value, bool) else "", value if _flat(value) else repr(value))


def _flat(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)


def _left(rule: Rule, found: Happening) -> bool:
    return _hashed(found.old.get(rule.when.field)) == _hashed(rule.when.before)


def _article(kind: str) -> str:
    return f"a {kind}" if kind else "no entity"
