"""A world of two sides that edit the same items: a train and a forge in memory, and a sync that may die at any step."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from agenticops.core import threeway
from agenticops.core.sync import base, effect, fields, merge
from agenticops.core.sync import plan as plans
from agenticops.core.sync.fields import Links
from agenticops.model.event import Actor, Draft, Event
from agenticops.model.forge import Action, Agreed, Conflict, Issue, Local, Remote, Resolution, Rules

replace = msgspec.structs.replace


ME = "train[bot]"


class Crash(Exception):
    """The process died, or an answer was lost."""


def known(people: Iterable[str]) -> tuple[str, ...]:
    """Leave out, without a word, whom the forge does not know."""
    return tuple(name for name in people if not name.startswith("ghost"))


def merge_text(old: str, ours: str, theirs: str) -> tuple[str, bool]:
    """Merge texts as `git merge-file` does: by stretches of lines."""
    sides = [text.splitlines() for text in (old, ours, theirs)]
    lines: list[str] = []
    clean = True
    for piece in threeway.pieces(*sides):
        clean &= piece.ours == piece.theirs
        lines += piece.ours
    return "\n".join(lines), clean


def event(draft: Draft, lamport: int, clone: str = "") -> Event:
    """Give a draft the rest of an event; its data goes through JSON, as in the log."""
    data = msgspec.json.decode(msgspec.json.encode(draft.data))
    at = "2026-01-01T00:00:00Z"
    return Event(
        f"{lamport:026d}{clone}",
        lamport,
        at,
        Actor("Ada <a@b.c>"),
        draft.kind,
        draft.subject,
        "",
        draft.item,
        data=data,
    )


class Forge:
    """The forge: issues in memory, changed by actions as a forge changes them."""

    def __init__(self) -> None:
        self.issues: dict[int, Issue] = {}
        self.comments: dict[int, str] = {}
        self.writes = 0
        self.deaf: Callable[[], bool] = lambda: False

    def make(self, issue: Issue) -> Issue:
        made = replace(issue, number=len(self.issues) + 1, author=ME)
        if self.deaf():  # as GitHub is toward those who may open issues, but not sort them
            made = replace(made, labels=(), assignees=(), milestone="")
        self.issues[made.number] = made
        return made

    def do(self, action: Action, number: int, numbers: dict[str, int]) -> Issue:
        self.writes += 1
        if action.step == "issue":
            text: Any = action.write
            labels, people = action.add.get("labels", ()), known(action.add.get("assignees", ()))
            body, milestone = text.get("body", ""), text.get("milestone", "")
            return self.make(Issue(0, text["title"], body=body, labels=labels, assignees=people, milestone=milestone))
        old = self.issues[number]
        if action.step == "comment":
            self.comments[number] = str(action.write["comment"])
            return old
        new: dict[str, Any] = {k: v for k, v in action.write.items() if k in ("title", "body", "milestone", "board")}
        if "parent" in action.write:
            new["parent"] = numbers[str(action.write["parent"])] if action.write["parent"] else None
        if "state" in action.write:
            is_open = action.write["state"] == "open"
            new |= {"state": "open" if is_open else "closed", "state_reason": "" if is_open else action.write["state"]}
        for name in ("labels", "assignees"):
            kept = [x for x in getattr(old, name) if x not in action.remove.get(name, ())]
            new[name] = (*kept, *known(x for x in action.add.get(name, ()) if x not in kept))
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
        self.clone = ""
        self.meanwhile: Callable[[], None] = lambda: None
        self.noted: Callable[[Agreed], None] = lambda agreed: None
        self.fail = 0.0
        self.refuse = 0.0
        self.untidy: set[str] = set()  # items whose issue may say two priorities still, of which the new one was taken

    def bases(self) -> dict[str, Agreed]:
        return base.bases(self.events)

    def append(self, draft: Draft) -> None:
        self.events.append(event(draft, max((e.lamport for e in self.events), default=0) + 1, self.clone))

    def plan(self) -> plans.Plan:
        remote = Remote(tuple(self.forge.issues.values()), me=ME)
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

    def note(
        self,
        item: str,
        observed: list[Issue],
        numbers: dict[str, int],
        told: str = "",
        left_out: tuple[str, ...] = (),
    ) -> None:
        """Note an agreement; `numbers` knows the issues of items that were cut off from theirs, too."""
        links = Links.of((replace(x, issue=numbers.get(x.id, x.issue)) for x in self.locals.values()), self.rules)
        after = base.agreement(self.agreed(item), self.locals[item], observed, links, told, left_out)
        self.append(base.agreed_draft(self.agreed(item), after))
        self.noted(after)

    def do(self, action: Action, numbers: dict[str, int]) -> Issue:
        return self.forge.do(action, numbers.get(action.item, 0), numbers)

    def refuses(self) -> bool:
        """Tell whether the forge cannot take what it is asked for just now: too many of something, a bad word."""
        return self.refuse > 0 and self.dice.random() < self.refuse

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
        self.told: dict[str, str] = {}
        self.left_out: dict[str, tuple[str, ...]] = {}

    def apply(self) -> None:
        last = plans.last_of(self.plan)
        for at, action in enumerate(self.plan.actions):
            self.world.meanwhile()
            if action.item in self.stale or not self.one(action):
                self.stale.add(action.item)
            elif last[action.item] == at and action.step != "issue" and self.touched(action):
                self.note(action.item)

    def touched(self, action: Action) -> bool:
        return action.side == "local" or action.item in self.begun or action.item in self.told

    def note(self, item: str) -> None:
        told, left_out = self.told.get(item, ""), self.left_out.get(item, ())
        self.world.note(item, self.seen[item], self.numbers, told, left_out)

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
        if self.lacking(action):
            return True
        if action.item not in self.begun and action.step != "comment":
            self.begun.add(action.item)
            intended = self.plan.intents[action.item]
            world.append(base.intended_draft(world.agreed(action.item), action.item, action.marker, intended))
        if action.step == "edit" and world.refuses():
            world.untidy.add(action.item)
            return all(world.refuses() or self.sent(part) for part in effect.each_field(action))
        return (action.step != "issue" and world.refuses()) or self.sent(action)

    def sent(self, action: Action) -> bool:
        """Do a remote action that is not refused."""
        world = self.world
        world.fault()
        answer = world.do(action, self.numbers)
        world.fault()
        if action.step == "comment":
            self.told[action.item] = str(action.write["comment"])
        dropped = effect.unheeded(action, answer)
        if set(dropped) == {"assignees"}:
            self.left_out[action.item] = dropped["assignees"]
        if action.step == "issue":
            self.linked(action.item, answer)
            return not dropped.keys() - {"assignees"}
        told = effect.on_issue(self.seen[action.item][-1], action, self.numbers)
        assert dropped or fields.seen_issue(told) == fields.seen_issue(answer)
        self.seen[action.item].append(answer)
        return True

    def linked(self, item: str, issue: Issue) -> None:
        """Write the number of an issue that was just made into its item, with what both agree on: one transaction."""
        world = self.world
        self.numbers[item], self.seen[item] = issue.number, [issue]
        world.locals[item] = replace(world.locals[item], issue=issue.number)
        before = world.agreed(item)
        self.note(item)
        world.append(base.intended_draft(before, item, "", base.rest(self.plan.intents[item])))

    def fresh(self, action: Action) -> bool:
        """Re-read before a change: what the plan was made of must still be so."""
        if action.step == "issue":
            return fields.seen_local(self.world.locals[action.item]) == action.seen
        now = self.world.forge.issues[self.numbers[action.item]]
        return fields.seen_issue(now) == fields.seen_issue(self.seen[action.item][-1])

    def lacking(self, action: Action) -> bool:
        """Tell whether the other issue is not there that a relation needs: then only this step waits."""
        needed = action.name or str(action.write.get("parent", ""))
        return bool(needed) and needed not in self.numbers
