"""Planning: what is to be done on both sides, judged as they will be then."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Iterator
from functools import partial

import msgspec
from msgspec import Struct

from agenticops.core import flowrules, work_tree
from agenticops.core.sync import base, board, items
from agenticops.core.sync import plan as plans
from agenticops.core.sync.plan import Plan
from agenticops.core.sync.settings import Settings
from agenticops.flows.forge import here, opening, there
from agenticops.flows.forge.here import Here
from agenticops.flows.forge.there import There
from agenticops.model.finding import Finding
from agenticops.model.forge import Agreed, Remote
from agenticops.ports.git import Git
from agenticops.workspace import Workspace

# Which of a plan's steps speak of a field that not every server knows.
STEP_OF = {"depends": "dependency", "parent": "sub-issue"}


class Planned(Struct, frozen=True):
    """A plan, what it was made of, and what holds it.

    `findings` judge both sides as they will be; an error among them blocks. `held` says why the brake holds, or "".
    """

    repository: str
    plan: Plan
    here: Here
    remote: Remote
    findings: tuple[Finding, ...] = ()
    held: str = ""
    read: str = ""

    @property
    def blocked(self) -> bool:
        """Whether the merged state breaks a rule."""
        return any(finding.severity == "error" for finding in self.findings)

    @property
    def undecided(self) -> bool:
        """Whether a person is needed: a field is frozen, or an item does not find its issue."""
        return bool(self.plan.conflicts) or any(finding.severity == "error" for finding in self.plan.findings)

    @property
    def changes(self) -> bool:
        """Whether anything is to be done or decided."""
        return bool(self.plan.actions) or self.undecided


def plan(workspace: Workspace, whole: bool = False, offline: bool = False) -> Planned:
    """Read both sides and plan; nothing changes. Offline, the forge is what it was when it was last read."""
    mine = here.read(workspace)
    agreed = bases(workspace)
    if offline:
        remote, head = there.kept(workspace, numbers(mine))
        return make(workspace, mine, remote, agreed, head.repository)
    with opening.opened(workspace) as forge:
        reader = There(workspace, forge, agreed)
        return fresh(workspace, mine, reader, agreed, whole)


def fresh(workspace: Workspace, mine: Here, reader: There, agreed: dict[str, Agreed], whole: bool = False) -> Planned:
    """Read the forge and plan."""
    remote = reader.read(numbers(mine), whole, orphans(mine))
    return make(workspace, mine, remote, agreed, reader.forge.repository, reader.lacks)


def bases(workspace: Workspace) -> dict[str, Agreed]:
    """Fold what was agreed, by item."""
    return base.bases(workspace.log.of_kinds(base.INTENDED, base.AGREED))


def numbers(mine: Here) -> set[int]:
    """Name the issues that items have."""
    return {item.issue for item in mine.items.values() if item.issue is not None}


def orphans(mine: Here) -> set[str]:
    """Name the items that have no issue."""
    return {item.id for item in mine.items.values() if item.issue is None}


def make(
    workspace: Workspace,
    mine: Here,
    remote: Remote,
    agreed: dict[str, Agreed],
    repository: str,
    lacks: Collection[str] = (),
) -> Planned:
    """Plan what was read, and judge both sides as they will be."""
    settings = opening.settings(workspace)
    decided = base.resolutions(workspace.log.of_kinds(base.RESOLVED))
    text = partial(merge_file, workspace.git)
    found = plans.plan(mine.locals.values(), remote, agreed, settings.rules, text, decided)
    if lacks:
        left = {STEP_OF[name] for name in lacks if name in STEP_OF}
        found = msgspec.structs.replace(found, actions=tuple(a for a in found.actions if a.step not in left))
    findings = tuple(judge(workspace, mine, remote, found, settings))
    return Planned(repository, found, mine, remote, findings, plans.brake(found, settings.rules, agreed), workspace.now)


def judge(workspace: Workspace, mine: Here, remote: Remote, found: Plan, settings: Settings) -> Iterator[Finding]:
    """Judge the items as they will be: their tree, and the flow rules."""
    yield from work_tree.judge(found.merged)
    columns = _columns(remote, found) if settings.board else {}
    worked = [items.worked(mine.items[x.id], x, mine.tickets.get(x.id), columns.get(x.id, "")) for x in found.merged]
    allowed = set(flowrules.exceptions(workspace.log.of_kinds(flowrules.EXCEPTED), workspace.now))
    allowed |= {(x.id, code) for x in found.merged for code in settings.exceptions}
    yield from flowrules.judge(worked, allowed)


def _columns(remote: Remote, found: Plan) -> dict[str, str]:
    """Tell in which column each item will be: not of one that belongs into a column that the board has not."""
    boards = {issue.number: issue.board for issue in remote.issues}
    columns = {x.id: boards.get(x.issue, "") for x in found.merged if x.issue is not None}
    columns |= {a.item: str(a.write["board"]) for a in found.actions if "board" in a.write}
    if remote.columns is None:
        return columns
    there = {name.casefold() for name in remote.columns}
    stands = {x.id: board.stand(x.priority, x.state != "open", x.review) for x in found.merged}
    return {name: column for name, column in columns.items() if stands[name].casefold() in there}


def merge_file(git: Git, old: str, ours: str, theirs: str) -> tuple[str, bool]:
    """Merge texts by `git merge-file`; tell whether no place is disputed."""
    with tempfile.TemporaryDirectory(prefix="agenticops-") as folder:
        paths = []
        for name, text in (("ours", ours), ("base", old), ("theirs", theirs)):
            paths.append(os.path.join(folder, name))
            with open(paths[-1], "w", encoding="utf-8", newline="") as f:
                f.write(f"{text}\n")
        done = git.run("merge-file", "-p", "-q", *paths, check=False)
    return done.stdout, done.returncode == 0
