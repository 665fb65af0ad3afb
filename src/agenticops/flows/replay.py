"""Replay: what lies between a base and a head, as one span or commit by commit, merges included. Reads only."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import msgspec
from msgspec import Struct

from agenticops.core import checks
from agenticops.core.span import Side, Span
from agenticops.errors import StateError, UsageError
from agenticops.flows import judge, staged
from agenticops.model.event import Event
from agenticops.model.finding import Finding, Verdict
from agenticops.model.history import Changes
from agenticops.model.layout import PAST_EVENTS, PIPELINE
from agenticops.ports import signature
from agenticops.ports.history import History, Link
from agenticops.store.past import FOLDERS, Rest, Version, VersionTrain, is_shard
from agenticops.workspace import Workspace

# These judge what a tree holds; the others judge what a step did, and each step is judged by itself.
STANDING = ("touched", "gone", "sealed")


class Call(Struct, frozen=True):
    """What the caller asks for: `head` "" means the working tree, or with `staged` what is staged."""

    base: str
    head: str = ""
    staged: bool = False
    branch: str = ""
    replay: bool = False


def compare(workspace: Workspace, call: Call) -> Verdict:
    """Judge the train at the head, and what happened since the base. Raises TrainError when a commit is not here."""
    if call.replay and call.staged:
        raise UsageError("--replay judges commits; what is staged is none yet", hint="leave one of the two out")
    history = History(workspace.git)
    try:
        run = _Replay(workspace, call, history)
        findings = list(run.findings())
    finally:
        history.close()
    try:
        whole = staged.judge(workspace, run.base) if call.staged else judge.tree(workspace, call.head)
    except StateError:
        if any(f.severity == "error" for f in findings):
            return Verdict("train", "", tuple(findings), 1, commits=run.commits)
        raise
    told = {(f.code, f.path, f.line, f.message) for f in findings}
    rest = [f for f in whole.findings if (f.code, f.path, f.line, f.message) not in told]
    return Verdict("train", "", (*findings, *rest), whole.checks, commits=run.commits)


class Step(NamedTuple):
    """What one commit did; `commit` is "" for what is not committed, and for one long step."""

    commit: str
    span: Span


def steps(workspace: Workspace, call: Call) -> Iterator[Step]:
    """Give what happened commit by commit since a base, or since the beginning when it is ""."""
    history = History(workspace.git)
    try:
        yield from _Replay(workspace, call, history).steps()
    finally:
        history.close()


class _Replay:
    """One judging: the versions that are still needed, and what was found so far."""

    def __init__(self, workspace: Workspace, call: Call, history: History) -> None:
        self.workspace, self.call, self.history = workspace, call, history
        self.base = history.commit(call.base) if call.base else ""
        self.tip = history.commit(call.head or "HEAD")
        self.past = workspace.past(history)
        self.versions: dict[str, Version] = {}
        self.branch = call.branch or branch_of(workspace, call)
        self.commits = 0
        self._judge: VersionTrain | None = None
        self._seen: set[tuple[str, str, str]] = set()

    def findings(self) -> Iterator[Finding]:
        """Judge each step by the rules."""
        for commit, span in self.steps():
            for name in checks.RULES:
                for finding in checks.rule(name, span):
                    # What stays as it is was named with the commit that made it so, and a sealed file by its seal.
                    key = (finding.code, finding.path, "" if finding.code == "VT310" else finding.message)
                    if name not in STANDING or key not in self._seen:
                        self._seen.add(key)
                        yield msgspec.structs.replace(finding, commit=commit)
            for finding in self._unreadable(span):
                yield msgspec.structs.replace(finding, commit=commit)

    def steps(self) -> Iterator[Step]:
        """Give the span, or that of each commit and then what is not committed yet."""
        if self.call.replay:
            yield from self._each(self.history.walk(self.base, self.tip))
            if not self.call.head:
                yield from self._one(self.tip)
        else:
            yield from self._one(self.history.fork_point(self.base, self.tip) or self.base)

    def _each(self, links: Sequence[Link]) -> Iterator[Step]:
        """Go commit by commit, parents first; a version is forgotten when its last child was judged."""
        pairs = [(link.commit, p) for link in links for p in link.parents or ("",)]
        differences = iter(self.history.differences(pairs))
        taken = [(link, [next(differences) for _ in link.parents or ("",)]) for link in links]
        self.past.sizes |= self.history.sizes({c.new for _, all in taken for d in all for c in d.values() if c.new})
        needed = Counter(p for link in links for p in link.parents)
        self.commits = len(links)
        for link, changes in taken:
            parents = [self._version(p) for p in link.parents]
            first = parents[0] if parents else Version(self.past, {})
            after = first.after((p, c.new) for p, c in changes[0].items())
            self.versions[link.commit] = after
            names = link.parents or ("",)
            sides = [_side(after, v, n, c) for v, n, c in zip(parents or [first], names, changes, strict=True)]
            writers = partial(self._two_writers, link.parents)
            yield from self._step(after, sides, writers, link.commit)
            needed.subtract(link.parents)
            for parent in link.parents:
                if not needed[parent]:
                    self.versions.pop(parent, None)

    def _one(self, before: str) -> Iterator[Step]:
        """Take one long step: from a commit to the head, to what is staged, or to the working tree."""
        if self.call.head:
            changes = self.history.differences([(self.tip, before)])[0]
        else:
            changes = self.history.uncommitted(before, self.call.staged)
        self.past.sizes |= self.history.sizes({c.new for c in changes.values() if c.new and ":" not in c.new})
        version = self._version(before)
        after = version.after((p, c.new) for p, c in changes.items())
        parted = self.call.head and before != self.base
        writers = partial(self._two_writers, (self.base, self.tip) if parted else ())
        yield from self._step(after, [_side(after, version, before, changes)], writers, "")

    def _version(self, commit: str) -> Version:
        if commit not in self.versions:
            rest = Rest(partial(self.history.files, commit, ()))
            self.versions[commit] = Version(self.past, self.history.files(commit, FOLDERS), rest=rest)
        return self.versions[commit]

    def _step(self, after: Version, sides: list[Side], writers: Callable[[str], bool], commit: str) -> Iterator[Step]:
        train = VersionTrain(after)
        base = self._rails(train)
        if base is None:
            return  # no train yet, before and after
        span = Span(
            train,
            sides,
            base.pipeline,
            branch=self.branch,
            sizes=self.past.sizes,
            writers=writers,
            base=base,
            verify=partial(signature.verify, root=self.workspace.root),
        )
        yield Step(commit, span)

    def _unreadable(self, span: Span) -> list[Finding]:
        found = []
        for path, blob in span.paths.items():
            error = self.past.broken.get(blob)
            if error is not None and is_shard(path):
                line = error.place.rpartition(":")[2]
                found.append(
                    Finding("VT304", error.message, path, int(line) if line.isdecimal() else 0, hint=error.hint)
                )
        return found

    def _rails(self, after: VersionTrain) -> VersionTrain | None:
        """The train that judges: the base's, or the first one that has a pipeline when the base has none."""
        if self._judge is None:
            before = [VersionTrain(self._version(self.base))] if self.base else []
            for candidate in (*before, after):
                if PIPELINE in candidate.version.files:
                    try:
                        _ = candidate.pipeline
                        self._judge = candidate
                        break
                    except StateError:
                        continue  # the base is beyond repair by itself: what mends it must be let in
        return self._judge

    def _two_writers(self, tips: Sequence[str], path: str) -> bool:
        """Tell whether two sides changed a path, and neither has what the other made of it."""
        changed: list[list[str]] = []
        for tip in tips if len(tips) > 1 else ():
            mine = self.history.versions(path, tip, [o for o in tips if o != tip])
            if mine and any(mine[0] not in other and other[0] not in mine for other in changed):
                return True
            if mine:
                changed.append(mine)
        return False


def _side(after: Version, before: Version, commit: str, changes: Changes) -> Side:
    """Compare the logs of two versions by the shards that differ."""
    old: dict[str, Event] = {}
    new: dict[str, Event] = {}
    kept: set[str] = set()
    rewritten: dict[str, Event] = {}
    for path, change in changes.items():
        if path.startswith(f"{PAST_EVENTS}/") and change.new:
            kept |= set(after.past.shard(change.new, path))
        if is_shard(path):
            old |= before.past.shard(change.old, path) if change.old else {}
            new |= after.past.shard(change.new, path) if change.new else {}
    came: dict[str, Event] = {}
    for name, event in new.items():
        was = old.get(name) or before.found(event)
        if was is None:
            came[name] = event
        elif was != event:
            rewritten[name] = was
    gone = {i: e for i, e in old.items() if i not in new and i not in kept and after.found(e) is None}
    return Side(VersionTrain(before), commit[:10] or "nothing", changes, came, gone, rewritten)


def branch_of(workspace: Workspace, call: Call) -> str:
    """Say which branch is judged: in CI the one of the pull request, else the head when it is one, else the present."""
    from_ci = os.environ.get("GITHUB_HEAD_REF", "")
    if from_ci or not call.head or call.head == "HEAD":
        return from_ci or workspace.branch
    full = workspace.git.run("rev-parse", "--symbolic-full-name", "--end-of-options", call.head, check=False).stdout
    name = full.strip().splitlines()[-1:] or [""]
    for start in ("refs/heads/", "refs/remotes/origin/"):
        if name[0].startswith(start):
            return name[0].removeprefix(start)
    return ""
