"""A world of two sides that edit the same items: a train and a forge in memory, and a sync that may die at any step."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import msgspec

from agenticops.core import threeway
from agenticops.core.sync import base, effect, fields, merge
from agenticops.core.sync import plan as plans
from agenticops.core.sync.fields import Links
from agenticops.model.event import Actor, Draft, Event
from agenticops.model.forge import Action, Agreed, Conflict, Issue, Local, Remote, Resolution, Rules

replace = msgspec.structs.replace


class Crash(Exception):
    """The process died, or an answer was lost."""


def merge_text(old: str, ours: str, theirs: str) -> tuple[str, bool]:
    """Merge texts as `git merge-file` does: by stretches of lines."""
    sides = [text.splitlines() for text in (old, ours, theirs)]
    lines: list[str] = []
    clean = True
    for piece in threeway.pieces(*sides):
        clean &= piece.ours == piece.theirs
        lines += piece.ours
    return "\n".join(lines), clean


def event(draft: Draft, lamport: int) -> Event:
    """Give a draft the rest of an event; its data goes through JSON, as in the log."""
    data = msgspec.json.decode(msgspec.json.encode(draft.data))
    at = "2026-01-01T00:00:00Z"
    return Event(
        f"{lamport:026d}", lamport, at, Actor("Ada <a@b.c>"), draft.kind, draft.subject, "", draft.item, data=data
    )


class Forge:
    """The forge: issues in memory, changed by actions as a forge changes them."""

    def __init__(self) -> None:
        self.issues: dict[int, Issue] = {}
        self.writes = 0

    def make(self, issue: Issue) -> Issue:
        made = replace(issue, number=len(self.issues) + 1)
        self.issues[made.number] = made
        return made

    def do(self, action: Action, number: int, numbers: dict[str, int]) -> Issue:
        self.writes += 1
        if action.step == "issue":
            text: Any = action.write
            labels, people = (action.add.get(k, ()) for k in ("labels", "assignees"))
            body, milestone = text.get("body", ""), text.get("milestone", "")
            return self.make(Issue(0, text["title"], body=body, labels=labels, assignees=people, milestone=milestone))
        old = self.issues[number]
        new: dict[str, Any] = {k: v for k, v in action.write.items() if k in ("title", "body", "milestone", "board")}
        if "parent" in action.write:
            new["parent"] = numbers[str(action.write["parent"])] if action.write["parent"] else None
        if "state" in action.write:
            is_open = action.write["state"] == "open"
            new |= {"state": "open" if is_open else "closed", "state_reason": "" if is_open else action.write["state"]}
        for name in ("labels", "assignees"):
            kept = [x for x in getattr(old, name) if x not in action.remove.get(name, ())]
            new[name] = (*kept, *(x for x in action.add.get(name, ()) if x not in kept))
        if action.step == "dependency":
            others = [n for n in old.blocked_by if n != numbers[action.name]]
            new["blocked_by"] = (*others, numbers[action.name]) if action.verb == "create" else tuple(others)
        self.issues[number] = replace(old, **new)
        return self.issues[number]


class World:
    """Both sides, the log between them, and a sync. `meanwhile` is called before each step: people do not wait."""

    def __init__(self, dice: random.Random, rules: Rules) -> None:
        self.dice = dice
        self.rules = rules
        self.forge = Forge()
        self.locals: dict[str, Local] = {}
        self.events: list[Event] = []
        self.meanwhile: Callable[[], None] = lambda: None
        self.noted: Callable[[Agreed], None] = lambda agreed: None
        self.fail = 0.0

    def bases(self) -> dict[str, Agreed]:
        return base.bases(self.events)

    def append(self, draft: Draft) -> None:
        self.events.append(event(draft, len(self.events) + 1))

    def plan(self) -> plans.Plan:
        remote = Remote(tuple(self.forge.issues.values()))
        decided = base.resolutions(self.events)
        return plans.plan(self.locals.values(), remote, self.bases(), self.rules, merge_text, decided)

    def decide(self, conflict: Conflict, take: Any) -> Resolution:
        found = merge.resolve(conflict, take)
        self.append(base.resolved_draft(found))
        return found

    def sync(self) -> plans.Plan:
        """Plan and apply; raises Crash at any step when `fail` has it so."""
        plan = self.plan()
        planned = dict(self.forge.issues)
        for agreed in plan.agreements:
            self.append(base.agreed_draft(self.agreed(agreed.item), agreed))
            self.noted(agreed)
        Run(self, plan, planned).apply()
        return plan

    def agreed(self, item: str) -> Agreed:
        return self.bases().get(item, Agreed(item))

    def note(self, item: str, observed: list[Issue]) -> None:
        known = [replace(x) for x in self.locals.values()]
        after = base.agreement(self.agreed(item), self.locals[item], observed, Links.of(known, self.rules))
        self.append(base.agreed_draft(self.agreed(item), after))
        self.noted(after)

    def do(self, action: Action, numbers: dict[str, int]) -> Issue:
        return self.forge.do(action, numbers.get(action.item, 0), numbers)

    def fault(self) -> None:
        if self.dice.random() < self.fail:
            raise Crash


class Run:
    """One application of a plan: what it has seen of each issue since, and which items it gave up for now."""

    def __init__(self, world: World, plan: plans.Plan, planned: dict[int, Issue]) -> None:
        self.world = world
        self.plan = plan
        self.numbers = {x.id: x.issue for x in world.locals.values() if x.issue is not None}
        self.numbers |= {a.item: a.issue for a in plan.actions if a.issue is not None}
        self.seen = {item: [planned[n]] for item, n in self.numbers.items()}
        self.begun: set[str] = set()
        self.stale: set[str] = set()

    def apply(self) -> None:
        last = plans.last_of(self.plan)
        for at, action in enumerate(self.plan.actions):
            self.world.meanwhile()
            if action.item in self.stale or not self.one(action):
                self.stale.add(action.item)
            elif last[action.item] == at:
                self.world.note(action.item, self.seen[action.item])

    def one(self, action: Action) -> bool:
        world = self.world
        if action.side == "local":
            world.fault()
            if fields.seen_local(world.locals[action.item]) != action.seen:
                return False
            world.locals[action.item] = effect.on_local(world.locals[action.item], action)
            return True
        if not self.fresh(action):
            return False
        if action.item not in self.begun:
            self.begun.add(action.item)
            world.append(base.intended_draft(action.item, action.marker, self.plan.intents[action.item]))
        world.fault()
        answer = world.do(action, self.numbers)
        world.fault()
        if action.step == "issue":
            self.numbers[action.item] = answer.number
            world.locals[action.item] = replace(world.locals[action.item], issue=answer.number)
            self.seen[action.item] = [answer]
        else:
            told = effect.on_issue(self.seen[action.item][-1], action, self.numbers)
            assert fields.seen_issue(told) == fields.seen_issue(answer)
            self.seen[action.item].append(told)
        return True

    def fresh(self, action: Action) -> bool:
        """Re-read before a change: what the plan was made of must still be so."""
        if action.step == "issue":
            return fields.seen_local(self.world.locals[action.item]) == action.seen
        needed = action.name or str(action.write.get("parent", ""))
        if needed and needed not in self.numbers:
            return False
        now = self.world.forge.issues[self.numbers[action.item]]
        return fields.seen_issue(now) == fields.seen_issue(self.seen[action.item][-1])
