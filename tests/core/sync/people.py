"""People who edit both sides at random, and an oracle that knows what they did and what must come of it."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

import msgspec

from agenticops.core.sync import body
from agenticops.model.forge import Agreed, Conflict, Issue, Local
from tests.core.sync.world import World, known

replace = msgspec.structs.replace
PRIORITIES = ("now", "next", "future")
COLUMNS = {"Backlog": "future", "Ready": "next", "In progress": "now", "In review": "now"}
# Texts are edited most: only there two edits of one field live together.
SHARED = ("title", "priority", "milestone", "parent", "flags", "assignees", "depends", "phase", "end", *["body"] * 4)
HERE = (*SHARED, "held", "tag", "comment")
THERE = (*SHARED, "foreign", "board", "crlf")
TOGGLED = ("auto", "meta", "risk")
Key = tuple[str, str]


class People:
    """Edits at random. `dirty` says which sides changed a field since it was agreed, `wanted` what must come of it.

    Sets are followed element by element: each is a field of its own, as `flags:auto`.
    """

    def __init__(self, world: World, dice: random.Random) -> None:
        self.world, self.dice = world, dice
        self.dirty: dict[Key, set[str]] = defaultdict(set)
        self.wanted: dict[Key, Any] = {}
        self.lines: dict[str, set[str]] = defaultdict(set)
        self.foreign: dict[int, set[str]] = defaultdict(set)
        self.settled: set[str] = set()
        self.count = 0
        world.noted = self.noted

    def token(self, kind: str) -> str:
        self.count += 1
        return f"{kind}{self.count}"

    def noted(self, agreed: Agreed) -> None:
        """A base was written: a side that says what the base says has not changed it since."""
        issue = self.world.forge.issues[agreed.issue or 0]
        local = self.world.locals[agreed.item]
        for (item, name), sides in self.dirty.items():
            if item == agreed.item:
                there = base_of(agreed, name)
                for side, said in (("local", local_value(local, name)), ("remote", self.remote_value(issue, name))):
                    if there is not None and said == there:
                        sides.discard(side)

    def mark(self, item: str, name: str, side: str, value: Any) -> None:
        other = {"local", "remote"} - {side}
        clean = not (other & self.dirty[item, name])
        self.dirty[item, name].add(side)
        if clean:
            self.wanted[item, name] = value
        else:
            self.wanted.pop((item, name), None)

    # Edits of the train.

    def new(self) -> None:
        item = f"t{len(self.world.locals):08d}"
        lines = "\n".join(self.token("line") for _ in range(4))
        kind = self.dice.choice(("PRD", "CRD", "Task"))
        phase = self.dice.choice(("", "shape", "build"))
        self.world.locals[item] = Local(item, kind, self.token("title"), body=lines, phase=phase, labels=("area",))
        self.lines[item] |= set(lines.split("\n"))

    def here(self) -> None:
        if not self.world.locals or self.dice.random() < 0.08:
            return self.new()
        local = self.world.locals[self.dice.choice(sorted(self.world.locals))]
        change: dict[str, Any] = {}
        name = self.dice.choice(HERE)
        if name in ("title", "milestone"):
            change[name] = self.token(name)
            self.mark(local.id, name, "local", change[name])
        elif name == "priority":
            change[name] = self.dice.choice(PRIORITIES)
            if change[name] != local.priority:
                self.mark(local.id, name, "local", change[name])
        elif name == "parent":
            change[name] = self.dice.choice(["", *self.before(local.id)])
            if change[name] != local.parent:
                self.mark(local.id, name, "local", change[name])
        elif name == "depends":
            change[name] = self.toggled(local, name, local.depends, self.before(local.id), "local")
        elif name == "flags":
            change["labels"] = self.toggled(local, name, local.labels, list(TOGGLED), "local")
        elif name == "assignees":
            change[name] = (*local.assignees, self.token("ghost" if self.dice.random() < 0.3 else "who"))
            self.mark(local.id, f"assignees:{change[name][-1]}", "local", True)
        elif name == "tag":
            change["labels"] = (*local.labels, self.token("tag"))
            self.mark(local.id, f"labels:{change['labels'][-1]}", "local", True)
        elif name == "body":
            change[name] = self.inserted(local.id, local.body)
            self.mark(local.id, "body", "local", None)
        elif name == "phase":
            change[name] = self.dice.choice(("", "shape", "build", "ship"))
        elif name == "held":
            change[name] = not local.held
        elif name == "comment":
            change[name] = self.token("told")
        elif self.dice.random() < 0.3 and local.state == "open":
            change |= {
                "state": self.dice.choice(("completed", "not_planned")),
                "phase": "",
                "held": False,
                "comment": "",
            }
            self.mark(local.id, "state", "local", change["state"])
        self.world.locals[local.id] = replace(local, **change)
        return None

    def before(self, item: str) -> list[str]:
        """Only older items are parents and blockers, so that there are no cycles."""
        return [other for other in sorted(self.world.locals) if other < item]

    def toggled(self, local: Local, name: str, have: tuple[str, ...], of: list[str], side: str) -> tuple[str, ...]:
        if not of:
            return have
        element = self.dice.choice(of)
        self.mark(local.id, f"{name}:{element}", side, element not in have)
        return tuple(x for x in have if x != element) if element in have else (*have, element)

    def inserted(self, item: str, text: str) -> str:
        lines = text.split("\n")
        line = self.token("line")
        self.lines[item].add(line)
        lines.insert(self.dice.randrange(len(lines) + 1), line)
        return "\n".join(lines)

    # Edits of the forge.

    def there(self) -> None:
        linked = [x for x in self.world.locals.values() if x.issue in self.world.forge.issues]
        cut_off = self.cut_off()
        if not linked and not cut_off:
            return
        local = self.dice.choice([*linked, *(self.world.locals[item] for item in cut_off)])
        issue = self.world.forge.issues[local.issue or cut_off[local.id]]
        change: dict[str, Any] = {}
        # Of a set nobody can tell then whether the forge dropped it or a person did: it is written again.
        name = self.dice.choice(THERE if local.issue else ("title", "body"))
        if name in ("title", "milestone"):
            change[name] = self.token(name)
            self.mark(local.id, name, "remote", change[name])
        elif name == "priority":
            change["labels"] = self.prioritised(local, issue)
        elif name == "board" and self.world.rules.board and issue.board:
            change["board"] = self.dice.choice(sorted(COLUMNS))
            if change["board"] != issue.board:  # who leaves it where it is has no opinion
                self.opined(local.id, COLUMNS[change["board"]])
        elif name == "parent":
            numbers = {x.id: x.issue for x in linked}
            parent = self.dice.choice(["", *(p for p in self.before(local.id) if p in numbers)])
            change["parent"] = numbers[parent] if parent else None
            if change["parent"] != issue.parent:
                self.mark(local.id, name, "remote", parent)
        elif name == "depends":
            numbers = {x.id: x.issue for x in linked}
            have = tuple(x.id for x in linked if x.issue in issue.blocked_by)
            of = [x for x in self.before(local.id) if x in numbers]
            others = tuple(n for n in issue.blocked_by if n not in numbers.values())
            change["blocked_by"] = others + tuple(numbers[x] for x in self.toggled(local, name, have, of, "remote"))
        elif name == "flags":
            change["labels"] = self.toggled(local, name, issue.labels, list(TOGGLED), "remote")
        elif name == "assignees":
            change[name] = (*issue.assignees, self.token("who"))
            self.mark(local.id, f"assignees:{change[name][-1]}", "remote", True)
        elif name == "body":
            text, _, marker = issue.body.replace("\r\n", "\n").partition("\n\n<!--")
            change[name] = f"{self.inserted(local.id, text)}\n\n<!--{marker}"
            self.mark(local.id, "body", "remote", None)
        elif name == "phase":
            kept = [x for x in issue.labels if not x.startswith("phase:")]
            change["labels"] = (*kept, "phase:elsewhere")
        elif name == "foreign":
            label = self.token("foreign")
            self.foreign[issue.number].add(label)
            change["labels"] = (*issue.labels, label)
        elif name == "crlf":
            change["body"] = issue.body.replace("\r\n", "\n").replace("\n", "\r\n")
        elif name == "end" and self.dice.random() < 0.3:
            change |= {"state": "closed", "state_reason": "completed"} if issue.state == "open" else {"state": "open"}
            self.mark(local.id, "state", "remote", None)
            self.wanted.pop((local.id, "state"), None)
        self.world.forge.issues[issue.number] = replace(issue, **change)

    def cut_off(self) -> dict[str, int]:
        """Give the issues that were made without our hearing of it."""
        marked = {body.marked(issue.body): number for number, issue in self.world.forge.issues.items()}
        return {x.id: marked[x.id] for x in self.world.locals.values() if x.issue is None and x.id in marked}

    def prioritised(self, local: Local, issue: Issue) -> tuple[str, ...]:
        """Give another priority; some people forget to take the old one away."""
        new = self.dice.choice(PRIORITIES)
        if new in issue.labels:
            return issue.labels
        self.opined(local.id, new)
        careless = self.dice.random() < 0.3
        return (*(x for x in issue.labels if careless or x not in PRIORITIES), new)

    def opined(self, item: str, priority: str) -> None:
        again = "remote" in self.dirty[item, "priority"]
        self.mark(item, "priority", "remote", priority)
        if again:  # the forge may now say two things
            self.wanted.pop((item, "priority"), None)

    # What must be true.

    def remote_value(self, issue: Issue, name: str) -> Any:
        field, _, element = name.partition(":")
        by_number = {x.issue: x.id for x in self.world.locals.values()}
        if field in ("flags", "labels"):
            return element in issue.labels
        if field == "assignees":
            return element in issue.assignees
        if field == "depends":
            return element in {by_number.get(n) for n in issue.blocked_by}
        if field == "parent":
            return by_number.get(issue.parent, "unknown") if issue.parent else ""
        if field == "priority":
            said = {x for x in issue.labels if x in PRIORITIES}
            if self.world.rules.board and issue.board in COLUMNS:
                said.add(COLUMNS[issue.board])
            return said.pop() if len(said) == 1 else said
        if field == "state":
            return "open" if issue.state == "open" else issue.state_reason
        if field == "body":
            return issue.body.replace("\r\n", "\n").partition("\n\n<!--")[0].strip()
        return getattr(issue, field)

    def fair(self, conflict: Conflict) -> bool:
        """Whether a conflict is one: both sides changed the field, or only the forge changed what the log owns."""
        sides = self.dirty[conflict.item, conflict.field]
        if conflict.why == "the forge says more than one thing":
            return isinstance(self.remote_value(self.world.forge.issues[conflict.issue or 0], "priority"), set)
        if conflict.field == "priority" and conflict.item in self.world.untidy:
            return True  # it was taken over and could not be agreed on
        return "remote" in sides if conflict.field == "state" else sides >= {"local", "remote"}

    def decide(self, conflict: Conflict) -> None:
        """Take a side; what both did to this field is now one thing."""
        two = isinstance(conflict.remote, tuple)
        take = "local" if two else self.dice.choice(("local", "remote"))
        self.world.decide(conflict, take)
        self.settled.add(conflict.item if conflict.field == "body" else "")
        self.wanted.pop((conflict.item, conflict.field), None)

    def judge(self) -> None:
        """Everything that one side did is on both; nothing is twice; what is foreign is there."""
        items = self.world.locals
        issues = self.world.forge.issues
        linked = {x.issue for x in items.values() if x.issue is not None}
        assert linked == set(issues), "an issue twice, or one that nobody knows"
        for item, local in items.items():
            if local.issue is None:
                assert local.state != "open"
                continue
            issue = issues[local.issue]
            self.same(local, issue)
            assert local.comment in ("", self.world.forge.comments.get(issue.number)), f"{item} is not told of"
            assert self.foreign[issue.number] <= set(issue.labels), "a foreign label is lost"
            assert sum("<!-- agenticops:item=" in line for line in issue.body.splitlines()) == 1
            if item not in self.settled:
                text = set(local.body.split("\n"))
                assert self.lines[item] <= text, f"{item} lost {self.lines[item] - text}"
        for (item, name), value in self.wanted.items():
            local = items[item]
            if local.issue is None or value is None or (local.state != "open" and name == "priority"):
                continue
            assert local_value(local, name) == value, f"{item} {name}: {value!r} is lost"

    def same(self, local: Local, issue: Issue) -> None:
        names = ["title", "milestone", "body", "state", "parent"]
        names += [f"depends:{x}" for x in self.before(local.id) if items_linked(self.world, x)]
        names += [f"flags:{x}" for x in TOGGLED] + [f"labels:{x}" for x in local.labels if x.startswith("tag")]
        names += [f"assignees:{x}" for x in known((*local.assignees, *issue.assignees))]
        names += ["priority"] if local.state == "open" else []
        for name in names:
            assert local_value(local, name) == self.remote_value(issue, name), f"{local.id} {name} differs"
        phases = {x for x in issue.labels if x.startswith("phase:")}
        assert phases == {f"phase:{local.phase}"} if local.phase else not phases & {"phase:shape", "phase:build"}
        assert not local.held or "blocked" in issue.labels
        if local.state != "open":
            assert not set(PRIORITIES) & set(issue.labels)
            assert not self.world.rules.board or issue.board == "Done"


def items_linked(world: World, item: str) -> bool:
    return world.locals[item].issue is not None


def local_value(local: Local, name: str) -> Any:
    field, _, element = name.partition(":")
    if field == "flags":
        return element in local.labels
    if element:
        return element in getattr(local, field)
    return local.body.strip() if field == "body" else getattr(local, field)


def base_of(agreed: Agreed, name: str) -> Any:
    field, _, element = name.partition(":")
    value = agreed.fields.get(field)
    return element in (value or ()) if element else value
