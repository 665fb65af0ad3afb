"""Judging what is staged: the tickets, work items, session and pipeline that the next commit would change, no others.

A hook asks this before every commit. What HEAD holds already was judged when it came; CI judges the whole.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from agenticops.core import checks
from agenticops.core.span import Side, Span, ticket_of
from agenticops.errors import StateError
from agenticops.flows import judge as judging
from agenticops.flows import limits, staging
from agenticops.model.finding import Finding, Verdict
from agenticops.model.history import ODD, Changes
from agenticops.model.ids import split_ticket
from agenticops.model.layout import CHECKLISTS, PIPELINE, REASONS, ROOT_SESSION, TEMPLATES, TICKETS, WORK
from agenticops.ports import stage
from agenticops.ports.history import History
from agenticops.store import log
from agenticops.store.past import is_shard
from agenticops.store.staged import StagedTrain
from agenticops.workspace import Workspace

# What the pipeline's own judging reads.
RAILS = ("config/", f"{CHECKLISTS}/", f"{TEMPLATES}/")
# The rules between two trees that need no more than what a commit changes.
RULES = ("gone", "sealed", "foreign", "blobs", "limits")
# Where the flow rules are that a train does without.
SETTINGS = "config/forge.yml"


def judge(workspace: Workspace, base: str = "") -> Verdict:
    """Judge what is staged against a base, or against HEAD. Raises StateError where there is no train."""
    changes = stage.changes(workspace.git, base)
    named = {ticket for path in changes if (ticket := ticket_of(path))}
    whole = PIPELINE in changes
    rails = [p.rstrip("/") for p in RAILS if any(path.startswith(p) for path in changes)]
    reasons = REASONS if any(path.startswith(tuple(f"{f}/" for f in REASONS)) for path in changes) else ()
    # What a reason names may be any item or ticket.
    everything = [TICKETS, WORK] if whole or reasons else []
    wanted = {p for name in named for p in (f"{TICKETS}/{name}", f"{WORK}/{split_ticket(name)[1]}.md")}
    wanted |= {WORK} if SETTINGS in changes or any(map(_item, changes)) else set()
    train = workspace.staged_train(PIPELINE, ROOT_SESSION, *rails, *reasons, *(everything or wanted))
    if not train.stage.has(PIPELINE):
        if whole:
            hint = f"git restore --staged {PIPELINE}"
            raise StateError("the next commit would have no pipeline", place=PIPELINE, hint=hint)
        raise StateError("this repository is no train yet", place=PIPELINE, hint="agenticops init --train ml")
    named |= _of_events(train, changes) | _orphans(train, changes)
    names = train.ticket_ids() if whole else sorted(n for n in named if train.tree.names(f"{TICKETS}/{n}"))
    findings = judging.pipeline_findings(train) if rails else []
    findings += [*judging.tickets(train, names, workspace.now), *judging.root_session(train)]
    findings += judging.reasons(train, workspace.now) if reasons else []
    findings += _planned(train, changes, workspace.now)
    before = train.at(train.stage.before(changes))
    findings = staging.explained(workspace, train, findings, before)
    return judging.verdict([*findings, *_ruled(workspace, train, changes, before), *_broken(train)], len(names) + 1)


def _of_events(train: StagedTrain, changes: Changes) -> set[str]:
    """Name the tickets of the events that come or go; one that only moves to another shard does neither."""
    sides: tuple[dict[str, str], dict[str, str]] = ({}, {})
    for path, change in changes.items():
        for blob, side in zip(change, sides, strict=True) if is_shard(path) else ():
            if blob and not blob.startswith(ODD):
                try:
                    side |= {e.id: e.ticket for e in log.decode(train.stage.content(blob), path)}
                except StateError:
                    continue  # a staged one that cannot be read is told by itself
    before, after = sides
    return {ticket for i, ticket in {**before, **after}.items() if ticket and (i in before) != (i in after)}


def _orphans(train: StagedTrain, changes: Changes) -> set[str]:
    """Name the tickets whose work item goes."""
    found = set()
    for path, change in changes.items():
        if not change.new and (item := _item(path)):
            found |= {e.ticket for e in train.log.of_item(item) if e.ticket}
    return found


def _item(path: str) -> str:
    """Name the work item of a document, or ""."""
    folder, _, name = path.rpartition("/")
    return name.removesuffix(".md") if folder == WORK and name.endswith(".md") else ""


def _planned(train: StagedTrain, changes: Changes, now: str) -> Iterator[Finding]:
    """Judge the work items that the commit changes: their tree and their flow; other settings concern all that flow."""
    items = {name for path in changes if (name := _item(path))}
    config = any(path.startswith("config/") for path in changes)
    if not items and not config:
        return
    from agenticops.core import work_state  # most commits change neither

    if config:
        yield from work_state.declared(train)
    if SETTINGS in changes:
        items |= {item.id for item in train.items() if item.priority == "now"}
    if items:
        yield from work_state.standing(train, now, items)


def _broken(train: StagedTrain) -> list[Finding]:
    return [judging.unreadable(e, path) for path, e in train.staged_log.broken().items()]


def _ruled(workspace: Workspace, train: StagedTrain, changes: Changes, before: StagedTrain) -> Iterator[Finding]:
    """Judge the step that the commit would be: from HEAD, and in a merge from what is merged too."""
    sides = [Side(before, "HEAD", changes, {}, {})]
    for commit in _merged(workspace):
        other = stage.changes(workspace.git, commit)
        sides.append(Side(train.at(train.stage.before(other)), commit[:10], other, {}, {}))
    sizes = History(workspace.git).sizes({c.new for c in changes.values() if c.new and not c.new.startswith(ODD)})
    span = Span(train, sides, train.pipeline, branch=workspace.branch, sizes=sizes)
    for name in RULES:
        yield from checks.rule(name, span)
    yield from limits.staged(workspace, span)


def _merged(workspace: Workspace) -> list[str]:
    """Give the commits that an unfinished merge brings in."""
    try:
        with open(os.path.join(workspace.git.git_dir, "MERGE_HEAD"), encoding="ascii", errors="replace") as f:
            return f.read().split()
    except OSError:
        return []
