"""Compacting: packs for sealed shards, and retention. A plan first, then one transaction that also deletes."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec
from msgspec import Struct

from agenticops.core import pack, retention
from agenticops.core.pack import Line
from agenticops.errors import TrainError
from agenticops.flows import commit as commits
from agenticops.model.event import Draft
from agenticops.model.layout import EVENTS, PAST_EVENTS, RETENTION
from agenticops.model.plan import Change, Plan
from agenticops.model.retention import Policy
from agenticops.ports import pastlog
from agenticops.store import log
from agenticops.store.tree import WorkingTree
from agenticops.workspace import RESOURCES, Workspace

LEAST = 1000
_DATED = re.compile(r"(\d{4}-\d{2}-\d{2})-[^/]*\.md")


class Month(Struct, frozen=True):
    """What becomes of one folder of the log."""

    folder: str
    shards: int
    packs: int
    events: int


class Expired(Struct, frozen=True):
    """What retention does to the events of one kind, or to documents."""

    kind: str
    then: str
    count: int
    before: str


class Compaction(Struct, frozen=True):
    """What is about to happen to the log, or did: `plan` names each file, the rest sums it up."""

    plan: Plan
    shards: int = 0
    months: tuple[Month, ...] = ()
    expired: tuple[Expired, ...] = ()
    later: int = 0
    local: tuple[Expired, ...] = ()
    drafts: tuple[Draft, ...] = ()
    commit: str = ""


def compact(workspace: Workspace, *, keep: bool = False, commit: bool = False, least: int = LEAST) -> Compaction:
    """Pack the log's sealed shards, or with `keep` apply the policy of retention; gives what was done."""
    _allowed(workspace)
    plan = retained if keep else packed
    with workspace.transaction("log compact") as tx:
        found = plan(workspace, least)
        for change in found.plan.changes:
            if change.verb == "delete":
                tx.remove(change.path)
            else:
                tx.write(change.path, change.content)
        for draft in found.drafts:
            tx.append(draft)
    if commit and found.plan.changes:
        subject = "Apply retention to the log" if keep else "Compact the log"
        paths = [c.path for c in found.plan.changes]
        done = commits.of_step(workspace, paths, subject, tx.events, sealed=paths)
        found = msgspec.structs.replace(found, commit=done)
    if keep:
        found = msgspec.structs.replace(found, local=prune(workspace, dry_run=False))
    return found


def planned(workspace: Workspace, *, keep: bool = False, least: int = LEAST) -> Compaction:
    """Say what `compact` would do."""
    _allowed(workspace)
    if not keep:
        return packed(workspace, least)
    return msgspec.structs.replace(retained(workspace, least), local=prune(workspace, dry_run=True))


def _allowed(workspace: Workspace) -> None:
    """Two branches may compact, but one of them need not: packs of both hold the same events twice."""
    default = workspace.train.pipeline.default_branch
    if workspace.branch != default:
        where = workspace.branch or "a detached HEAD"
        raise TrainError(f"only {default} compacts the log; this is {where}", hint=f"git switch {default}")
    busy = workspace.git.in_progress()
    if busy:
        raise TrainError(f"a {busy} is in progress", hint=f"finish the {busy} first")


def policy_of(workspace: Workspace) -> Policy:
    """Give the project's policy of retention, else the packaged one."""
    own = workspace.tree.read(RETENTION)
    if own is not None:
        return retention.read(own, RETENTION)
    path = "common/retention.yml"
    return retention.read(WorkingTree(RESOURCES).read(path) or b"", path)


def judge_of(workspace: Workspace, local: bool = False) -> retention.Judge:
    """Give the judge of the committed log, or of the local one."""
    policy = policy_of(workspace)
    rows = workspace.index.rows("SELECT DISTINCT item FROM event WHERE kind = 'item_finished'")
    return retention.Judge(policy.local if local else policy.log, workspace.now, {r[0] for r in rows})


def lines(workspace: Workspace, path: str) -> list[Line]:
    """Read a shard with the bytes of each line: what this version does not know stays in them."""
    data = workspace.tree.read(path) or b""
    return list(zip(log.decode(data, path), pack.raw_lines(data), strict=True))


def _sealed(workspace: Workspace) -> tuple[dict[str, list[str]], list[str]]:
    """Give the shards by folder and the packs, of both only what is committed and clean."""
    steady = pastlog.settled(workspace.git, EVENTS)
    found = [path for path in log.shards(workspace.tree) if path in steady]
    folders: dict[str, list[str]] = {}
    for path in found:
        if not pack.is_pack(path):
            folders.setdefault(path.rsplit("/", 1)[0], []).append(path)
    return folders, [path for path in found if pack.is_pack(path)]


def packed(workspace: Workspace, least: int = LEAST) -> Compaction:
    """Plan packs for every month, once there are enough shards."""
    folders, packs = _sealed(workspace)
    shards = sum(map(len, folders.values()))
    if shards < max(least, 2):
        return Compaction(Plan(()), shards)
    return _packed(workspace, {f: s for f, s in folders.items() if len(s) > 1}, packs, shards)


def _packed(workspace: Workspace, folders: dict[str, list[str]], packs: list[str], shards: int) -> Compaction:
    judge = judge_of(workspace)
    known = {event.id for path in packs for event, _ in lines(workspace, path)}
    changes, months = [], []
    for folder, paths in sorted(folders.items()):
        found = pack.distinct((line for path in paths for line in lines(workspace, path)), known)
        made = {p: c for part in pack.classes(found, judge) for p, c in pack.packs(folder, part).items()}
        changes += [Change("create", path, content) for path, content in made.items()]
        changes += [Change("delete", path) for path in paths]
        months.append(Month(folder, len(paths), len(made), len(found)))
    if not months:
        return Compaction(Plan(()), shards)
    data = {
        "shards": sum(m.shards for m in months),
        "packs": sum(m.packs for m in months),
        "events": sum(m.events for m in months),
    }
    drafts = (Draft("log_compacted", "train", data=data),)
    return Compaction(Plan(tuple(sorted(changes, key=lambda c: c.path))), shards, tuple(months), drafts=drafts)


def retained(workspace: Workspace, least: int = LEAST) -> Compaction:
    """Plan what the policy asks for. Packs go whole, once all in them has expired; shards are packed before that."""
    folders, packs = _sealed(workspace)
    shards = sum(map(len, folders.values()))
    judge = judge_of(workspace)
    loose: dict[str, list[str]] = {}
    for folder, paths in folders.items():
        if any(judge.fate(event) != "keep" for path in paths for event, _ in lines(workspace, path)):
            loose[folder] = paths
    one, two = _packed(workspace, loose, packs, shards), _dropped(workspace, judge, packs, shards)
    changes = sorted((*one.plan.changes, *two.plan.changes), key=lambda c: c.path)
    later = sum(month.events for month in one.months)
    return Compaction(Plan(tuple(changes)), shards, one.months, two.expired, later, drafts=(*one.drafts, *two.drafts))


def _dropped(workspace: Workspace, judge: retention.Judge, packs: list[str], shards: int) -> Compaction:
    changes, entries, archived = [], [], 0
    counts: dict[tuple[str, str, str], int] = {}
    for path in packs:
        held = lines(workspace, path)
        fates = [judge.fate(event) for event, _ in held]
        if not held or "keep" in fates:
            continue
        kept = [line for line, fate in zip(held, fates, strict=True) if fate == "archive"]
        gone = [line for line, fate in zip(held, fates, strict=True) if fate == "drop"]
        changes.append(Change("delete", path))
        target = path.rsplit("/", 1)[0].replace(EVENTS, PAST_EVENTS, 1)
        changes += [Change("create", p, c) for p, c in pack.packs(target, kept, archive=True).items()]
        archived += len(kept)
        if gone:
            entries.append(pack.record(path, gone, kept))
        for (event, _), fate in zip(held, fates, strict=True):
            key = (event.kind, fate, judge.limits[judge.name(event)])
            counts[key] = counts.get(key, 0) + 1
    papers, older = _papers(workspace)
    changes += papers
    expired = [Expired(kind, fate, count, limit) for (kind, fate, limit), count in sorted(counts.items())]
    expired += [Expired(name, "archive", count, limit) for name, count, limit in older]
    if not changes:
        return Compaction(Plan(()), shards)
    documents = [c.path for c in papers if c.verb == "delete"]
    data = {"dropped": entries, "archived": archived, "documents": documents}
    drafts = (Draft("log_retained", "train", data=data),)
    return Compaction(Plan(tuple(sorted(changes, key=lambda c: c.path))), shards, expired=tuple(expired), drafts=drafts)


def _papers(workspace: Workspace) -> tuple[list[Change], list[tuple[str, int, str]]]:
    """Plan the move of dated documents that are committed and older than the policy says."""
    changes, counts = [], []
    for name, rule in policy_of(workspace).documents.items():
        folder = rule.folder.rstrip("/")
        limit = retention.before(workspace.now, rule.days)
        steady = pastlog.settled(workspace.git, folder)
        old = [n for n in workspace.tree.names(folder) if _old(n, limit) and f"{folder}/{n}" in steady]
        for paper in old:
            content = workspace.tree.read(f"{folder}/{paper}") or b""
            target = f"{folder}/archive/{paper[:4]}/{paper}"
            if workspace.tree.read(target) is None:
                changes += [Change("create", target, content), Change("delete", f"{folder}/{paper}")]
        if old:
            counts.append((name, len(old), limit))
    return changes, counts


def _old(name: str, limit: str) -> bool:
    match = _DATED.fullmatch(name)
    return match is not None and match[1] < limit[:10]


def prune(workspace: Workspace, dry_run: bool) -> tuple[Expired, ...]:
    """Apply the policy to this clone's local log; days that are in no summary yet stay."""
    from agenticops.flows import summary

    judge = judge_of(workspace, local=True)
    told = summary.days(workspace)
    gone: dict[tuple[str, str, str], int] = {}

    def fate(line: Line) -> str:
        event = line[0]
        found = judge.fate(event) if event.at[:10] in told else "keep"
        if found != "keep":
            key = (event.kind, found, judge.limits[judge.name(event)])
            gone[key] = gone.get(key, 0) + 1
        return found

    act: Callable[[Callable[[Line], str], bool], None] = workspace.local.prune
    act(fate, dry_run)
    return tuple(Expired(kind, then, count, limit) for (kind, then, limit), count in sorted(gone.items()))
