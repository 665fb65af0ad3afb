"""What rules say of work items: triage by declared rules, and what an operator lets off a flow rule."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from agenticops.core import flowrules, override, roles, triage, work_state
from agenticops.core.sync import labels
from agenticops.core.triage import Rule, Subject
from agenticops.errors import StateError, TrainError, UsageError
from agenticops.flows import aim, role, work, worktree
from agenticops.model.event import Draft
from agenticops.model.forge import Local
from agenticops.workspace import Workspace

TRIAGED = ("priority", "labels")


class Proposed(Struct, frozen=True):
    """What the rules propose for an item, of each field what it would be; `because` names the rules."""

    item: str
    title: str
    was: str
    priority: str
    phase: str
    agent: str
    labels: tuple[str, ...]
    because: dict[str, str]


class Excepted(Struct, frozen=True):
    """A flow rule that an item is let off: who said so, why, and until when ("" without an end)."""

    item: str
    code: str
    reason: str
    operator: str
    at: str
    until: str = ""


def operator(workspace: Workspace, deed: str) -> None:
    """Refuse a program: what an operator has to say is not an agent's to say. Raises TrainError."""
    if workspace.by_agent:
        hint = "ask the operator to run it in a terminal of their own"
        raise TrainError(f"an agent ({workspace.by_agent}) cannot {deed}", hint=hint)


def proposals(workspace: Workspace, wanted: str = "") -> list[Proposed]:
    """Propose by the rules what differs from what an item says: of the one named, or of all that were not triaged.

    An item was triaged when somebody set its priority or labels since it was written down, or opened its ticket.
    """
    rules = _rules(workspace)
    name = aim.item_id(workspace, wanted) if wanted else ""
    items = [item for item in worktree.locals(workspace) if item.state == "open" and name in ("", item.id)]
    if name and not items:
        raise TrainError(f"work item {name} has ended", hint=f"agenticops work show {name}")
    if not name:
        edits = workspace.log.of_kinds("item_edited")
        done = {e.item for e in edits if set(TRIAGED) & set(map(str, e.data.get("fields", ())))}
        items = [item for item in items if not item.phase and item.id not in done]
    authors = {e.item: roles.mail(e.actor.operator) for e in workspace.log.of_kinds("item_created")} if items else {}
    found = (_proposed(item, rules, authors.get(item.id, "")) for item in items)
    return [proposed for proposed in found if proposed.because]


def _rules(workspace: Workspace) -> tuple[Rule, ...]:
    """Read the rules. Raises StateError when one proposes what the pipeline does not know."""
    data = workspace.tree.read(triage.PATH)
    if data is None:
        _ = workspace.train.pipeline
        hint = "write it: {schema: 1, rules: [{name: alarms, when: {words: [alarm]}, priority: now}]}"
        raise TrainError("there are no rules of triage here", place=triage.PATH, hint=hint)
    for finding in triage.lint(data, workspace.train.pipeline):
        raise StateError(f"{finding.code}: {finding.message}", place=finding.place, hint=finding.hint)
    return triage.read(data)


def _proposed(item: Local, rules: tuple[Rule, ...], author: str) -> Proposed:
    """Keep of a proposal what is news. Phase and agent of an item that has a ticket are the log's."""
    said = triage.triage(Subject(item.title, item.body, item.labels, author), rules)
    new = {"priority": said.priority if said.priority != item.priority else ""}
    for field in labels.PREFIXES:
        value = getattr(said, field)
        new[field] = "" if item.phase or labels.label(field, value) in item.labels else value
    kept = {*(field for field, value in new.items() if value), *said.labels}
    because = {key: rule for key, rule in said.because.items() if key in kept}
    return Proposed(item.id, item.title, item.priority, **new, labels=said.labels, because=because)


def apply(workspace: Workspace, wanted: str = "") -> list[Proposed]:
    """Write what the rules propose into the documents, as the operator's word; gives what was written."""
    operator(workspace, "confirm a triage")
    with workspace.transaction("work triage") as tx:
        found = proposals(workspace, wanted)
        for proposed in found:
            item = workspace.train.item(proposed.item)
            rules = {"rules": sorted(set(proposed.because.values()))}
            work.change(workspace, tx, item, _changes(item.labels, proposed), more=rules)
    return found


def _changes(held: tuple[str, ...], proposed: Proposed) -> dict[str, Any]:
    """Turn a proposal into fields. Phase and agent become labels: what is proposed, until a ticket is opened."""
    changes: dict[str, Any] = {"priority": proposed.priority} if proposed.priority else {}
    said = {field: value for field in labels.PREFIXES if (value := getattr(proposed, field))}
    if said or proposed.labels:
        kept = [name for name in held if labels.meaning(name)[0] not in said]
        changes["labels"] = [*kept, *(labels.label(*pair) for pair in said.items()), *proposed.labels]
    return changes


def allow(workspace: Workspace, wanted: str, code: str, reason: str, until: str = "", end: bool = False) -> Excepted:
    """Let an item off a flow rule, or with `end` put it back under it. Raises TrainError for an agent."""
    words = aim.reason(reason)
    if until and end:
        raise UsageError("--until and --end say two things", hint="agenticops work except --help")
    operator(workspace, "let an item off a flow rule")
    role.require(workspace, "override")
    with workspace.transaction("work except") as tx:
        item = workspace.train.item(aim.item_id(workspace, wanted))
        own = flowrules.RULES[item.kind][0]
        if code not in (own, flowrules.ALIGNED):
            raise UsageError(f"{code} is no rule for a {item.kind}", hint=f"--rule {own} or --rule {flowrules.ALIGNED}")
        if end and not any(e.code == code for e in excepted(workspace, item.id)):
            raise TrainError(f"{item.id} is not let off {code}", hint=f"agenticops work show {item.id}")
        last = workspace.now if end else _expiry(until, workspace.now) if until else ""
        data = {"code": code, "reason": words, **({"until": last} if last else {})}
        actor = role.actor(workspace, "override")
        tx.append(Draft(flowrules.EXCEPTED, f"item/{item.id}", item=item.id, data=data, actor=actor))
        return Excepted(item.id, code, words, actor.operator, workspace.now, last)


def _expiry(until: str, now: str) -> str:
    try:
        return override.expiry(until, now)
    except UsageError as e:
        raise UsageError(f"an exception cannot end at {until!r}", hint=e.hint) from None


def excepted(workspace: Workspace, item: str) -> list[Excepted]:
    """Give the flow rules that an item is let off now."""
    standing = work_state.exceptions(workspace.log, workspace.now)
    last = {str(e.data.get("code")): e for e in workspace.log.of_kinds(flowrules.EXCEPTED) if e.item == item}
    return [
        Excepted(item, c, str(e.data.get("reason", "")), e.actor.operator, e.at, str(e.data.get("until") or ""))
        for c, e in sorted(last.items())
        if (item, c) in standing
    ]
