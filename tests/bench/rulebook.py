"""Rulebook: 500 rules over the entities that the generated events are about, and what it takes to match them."""

from __future__ import annotations

from itertools import islice
from time import perf_counter

import events

from agenticops.core.rules import file, match
from agenticops.core.rules.trigger import Happening, happening
from agenticops.model.rule import Rule

RULES = 500
EVENTS = 10_000


def rules(count: int = RULES) -> list[Rule]:
    """Give rules for each status of each kind, some with conditions, some for any change."""
    places = sorted({(kind, status) for path in events.PATHS.values() for _, kind, status in path})
    texts = []
    for number in range(count):
        kind, status = places[number % len(places)]
        when = (
            f"{{entity: {kind}, to: {status}}}",
            f"{{entity: {kind}, action: create}}",
            f"{{entity: {kind}, to: {status}}}",
            f"{{entity: {kind}, field: priority}}",
        )[number % 4]
        conditions = f", conditions: {{field: entity.amount, gt: {number * 40}}}" if number % 3 else ""
        texts.append(f"- {{code: r{number:03}, when: {when}{conditions}, actions: [{{type: open_risk, title: x}}]}}\n")
    return list(file.read("".join(texts).encode(), "config/rules/bench.yml"))


def matched(rounds: int) -> tuple[float, int]:
    """Match all rules against the events; give the least seconds of some rounds, and how many times a rule fired."""
    found = list(islice(events.events(EVENTS, EVENTS // 10), EVENTS))
    book = match.Book(rules())
    best, fired = float("inf"), 0
    for _ in range(rounds):
        begun = perf_counter()
        fired = 0
        for event in found:
            what = happening(event)
            fired += len(match.matches(book, what, lambda rule, what=what: _scope(what)))  # type: ignore[misc]
        best = min(best, perf_counter() - begun)
    return best, fired


def _scope(found: Happening) -> match.Scope:
    return match.scope_of(found, {**found.old, **found.new})
