"""Fields: what each side says of an item, in one vocabulary, so that a merge compares like with like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct

from agenticops.core.sync import board as boards
from agenticops.core.sync import body, labels
from agenticops.model.digest import sha256
from agenticops.model.forge import Issue, Local, Rules, State, Value

SETS = ("phase", "agent", "flags", "labels", "assignees", "depends")
# Never empty on this side: when the forge says nothing of them, it has no opinion.
OWED = ("kind", "priority")
HELD = "blocked"
# Names that the forge left out without a word when they were to be assigned: they are not sent again and again.
UNASSIGNED = "unassigned"


class Links(Struct, frozen=True):
    """Which item is which issue. `scope` are the items that have one or are about to get one."""

    rules: Rules
    items: dict[int, str]
    scope: frozenset[str]

    @classmethod
    def of(cls, locals: Iterable[Local], rules: Rules, missing: Iterable[str] = ()) -> Links:
        """Link items by the numbers in their documents; `missing` have an issue that is not there any more.

        An item that ended before it had an issue gets none, unless one below it has.
        """
        known = {local.id: local for local in locals}
        gone = set(missing)
        scope = {local.id for local in known.values() if local.issue is not None or local.state == "open"}
        for start in sorted(scope):
            above = known[start].parent
            while above in known and above not in scope:
                scope.add(above)
                above = known[above].parent
        items = {local.issue: local.id for local in known.values() if local.issue is not None}
        return cls(rules, items, frozenset(scope - gone))


def ours(local: Local, links: Links, base: Mapping[str, Value]) -> dict[str, Value]:
    """Give what this side says. A parent that the forge cannot know is left out: it is not in sync."""
    said = labels.read(local.labels, links.rules.aliases)
    found: dict[str, Value] = {
        "kind": local.kind,
        "priority": local.priority,
        "phase": _one(local.phase),
        "agent": _one(local.agent),
        "flags": tuple(sorted({*said.flags, *([HELD] if local.held else [])})),
        "labels": said.foreign,
        "title": title(local.title),
        "body": body.text(local.body),
        "state": local.state,
        "assignees": tuple(sorted(local.assignees)),
        "milestone": local.milestone.strip(),
        "depends": tuple(sorted(set(local.depends) & links.scope)),
    }
    foreign = str(base.get("parent", ""))
    if not local.parent:
        found["parent"] = foreign if foreign.startswith("#") else ""
    elif local.parent in links.scope:
        found["parent"] = local.parent
    return found


def theirs(issue: Issue, local: Local, links: Links) -> dict[str, Value]:
    """Give what the forge says. Kind, priority, phase and agent are all values that its labels name.

    Names are spelt as this side spells them, since a forge does not tell cases apart.
    """
    said = labels.read(issue.labels, links.rules.aliases)
    own = labels.read(local.labels, links.rules.aliases).foreign
    found: dict[str, Value] = {
        "kind": said.kind,
        "priority": said.priority,
        "phase": said.phase,
        "agent": said.agent,
        "flags": said.flags,
        "labels": _spelt(said.foreign, own),
        "title": title(issue.title),
        "body": body.text(issue.body),
        "state": state(issue),
        "assignees": _spelt(issue.assignees, local.assignees),
        "milestone": issue.milestone.strip(),
        "depends": tuple(sorted({links.items[n] for n in issue.blocked_by if n in links.items} & links.scope)),
        "parent": _parent(issue, links),
    }
    if links.rules.board:
        found["board"] = boards.column(issue.board)
    return found


def title(text: str) -> str:
    """Give a title on one line, as `work new` keeps it."""
    return " ".join(text.split())


def state(issue: Issue) -> State:
    """Give an issue's state in our words. What was closed before forges knew reasons counts as completed."""
    if issue.state == "open":
        return "open"
    return "not_planned" if issue.state_reason in ("not_planned", "duplicate") else "completed"


def _one(value: str) -> tuple[str, ...]:
    return (value,) if value else ()


def _spelt(names: Iterable[str], own: Iterable[str]) -> tuple[str, ...]:
    spelling = {name.casefold(): name for name in own}
    return tuple(sorted({spelling.get(name.casefold(), name) for name in names}))


def _parent(issue: Issue, links: Links) -> str:
    if issue.parent is None:
        return f"#{issue.parent_elsewhere}" if issue.parent_elsewhere else ""
    item = links.items.get(issue.parent, "")
    return item if item in links.scope else f"#{issue.parent}"


def united(base: Value | None, own: Value, said: Value) -> tuple[str, ...]:
    """Merge two sets: what either side added is in, what either took away is out. Without a base: all of both."""
    before, here, there = set(base or ()), set(own), set(said)
    return tuple(sorted((here | there) - (before - here) - (before - there)))


def seen_issue(issue: Issue) -> str:
    """Name what an issue says; comments, times and what else is not in sync do not count."""
    said = (
        issue.number,
        issue.title,
        issue.body,
        issue.state,
        issue.state_reason,
        sorted(issue.labels),
        sorted(issue.assignees),
        issue.milestone,
        issue.parent,
        issue.parent_elsewhere,
        sorted(issue.blocked_by),
        issue.board,
    )
    return sha256(msgspec.json.encode(said))


def seen_local(local: Local) -> str:
    """Name what an item says; its comment tells of the ticket, and goes on while others read."""
    return sha256(msgspec.json.encode(msgspec.structs.replace(local, comment="")))
