"""Actions: what is to be done on each side so that both say what was merged."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from agenticops.core.sync import base, body, fields, labels
from agenticops.core.sync.fields import Links
from agenticops.core.sync.merge import Merged
from agenticops.model.forge import Action, Issue, Local, Step, Value

LABELLED = ("kind", "priority", "phase", "agent", "flags")
# Fields of a document that are written as they were merged.
PLAIN = ("kind", "priority", "title", "body", "assignees", "milestone", "state")


def of_pair(local: Local, issue: Issue, merged: Merged, links: Links) -> list[Action]:
    """List what an item and its issue need: first there, then here."""
    seen = fields.seen_issue(issue)
    remote = [_edit(local, issue, merged, links), *_places(local, merged), *_told(local, merged), *_ends(local, merged)]
    found = [msgspec.structs.replace(a, issue=issue.number, seen=seen) for a in remote if a is not None]
    here = _here(local, issue, merged, links)
    return [*found, here] if here is not None else found


def of_new(local: Local, merged: Merged, links: Links) -> list[Action]:
    """List what an item needs that has no issue yet. The marker finds the issue again, should the answer be lost.

    Without a title and a body there is none to be made.
    """
    wanted = merged.remote
    if "title" not in wanted or "body" not in wanted:
        return []
    add, _ = labels.edits((), _wanted(wanted, merged.own, local.state != "open"), links.rules.aliases)
    sets = {"labels": tuple(sorted({*add, *wanted["labels"]})), "assignees": tuple(wanted["assignees"])}
    write = {"title": wanted["title"], "body": body.outgoing(str(wanted["body"]), local.id)}
    write["milestone"] = wanted.get("milestone", "")
    create = Action(
        "issue",
        "create",
        item=local.id,
        write={k: v for k, v in write.items() if v},
        add={k: v for k, v in sets.items() if v},
        marker=body.marker(local.id),
        seen=fields.seen_local(local),
    )
    merged = msgspec.structs.replace(merged, said={**merged.said, "state": "open"})
    return [create, *_places(local, merged), *_told(local, merged), *_ends(local, merged)]


def adopted(issue: Issue, item: str, links: Links) -> Action:
    """Write an issue down as a work item. Of labels that contradict each other the higher rank counts."""
    blank = Local(item, "Task", issue.title, issue=issue.number)
    said = fields.theirs(issue, blank, links)
    kinds, priorities = [k for k in ("PRD", "CRD", "Task") if k in said["kind"]], said["priority"]
    write: dict[str, Value] = {name: said[name] for name in ("title", "body", "assignees", "milestone", "depends")}
    write |= {"kind": kinds[0] if kinds else "Task", "priority": priorities[0] if priorities else "next"}
    parent = str(said["parent"])
    write |= {"parent": "" if parent.startswith("#") else parent, "labels": tuple(said["flags"])}
    write |= {"issue": str(issue.number), "url": issue.url}
    return Action("local", "create", "local", item, issue.number, write={k: v for k, v in write.items() if v})


def _wanted(remote: dict[str, Value], own: dict[str, Value], ended: bool) -> dict[str, tuple[str, ...]]:
    """Give the values that labels are to name, of the fields that are settled."""
    found = {}
    for name in LABELLED:
        if name in remote:
            value = "" if name == "priority" and ended else remote[name]
            found[name] = value if isinstance(value, tuple) else (value,) if value else ()
    return found


def _edit(local: Local, issue: Issue, merged: Merged, links: Links) -> Action | None:
    """Give the one edit of an issue's own fields: a request, so that it happens whole or not at all."""
    wanted, said = merged.remote, merged.said
    write: dict[str, Value] = {}
    before: dict[str, Value] = {}
    for name in ("title", "body", "milestone"):
        if name in wanted and wanted[name] != said[name]:
            value = wanted[name]
            write[name] = body.outgoing(str(value), local.id) if name == "body" else value
            before[name] = said[name]
    add, remove = labels.edits(issue.labels, _wanted(wanted, merged.own, False), links.rules.aliases)
    foreign = set(wanted["labels"]), set(said["labels"])
    gone = {name.casefold() for name in foreign[1] - foreign[0]}
    lost = [name for name in issue.labels if labels.meaning(name, links.rules.aliases)[1].casefold() in gone]
    people = set(wanted["assignees"]), set(said["assignees"])
    added = {"labels": {*add, *(foreign[0] - foreign[1])}, "assignees": people[0] - people[1]}
    removed = {"labels": {*remove, *lost}, "assignees": people[1] - people[0]}
    if not (write or any(added.values()) or any(removed.values())):
        return None
    return Action(
        "edit",
        "update",
        item=local.id,
        write=write,
        before=before,
        add={k: tuple(sorted(v)) for k, v in added.items() if v},
        remove={k: tuple(sorted(v)) for k, v in removed.items() if v},
    )


def _places(local: Local, merged: Merged) -> Iterator[Action]:
    """Put an issue below its parent, behind what it waits for, and into its column."""
    wanted, said = merged.remote, merged.said
    places: tuple[tuple[str, Step], ...] = (("parent", "sub-issue"), ("board", "board"))
    for name, step in places:
        if name in wanted and wanted[name] != said[name]:
            kept = {name: said[name]} if said[name] else {}
            yield Action(step, "update", item=local.id, write={name: wanted[name]}, before=kept)
    here, there = set(wanted["depends"]), set(said["depends"])
    for name in sorted(here - there):
        yield Action("dependency", "create", item=local.id, name=name)
    for name in sorted(there - here):
        yield Action("dependency", "delete", item=local.id, name=name)


def _told(local: Local, merged: Merged) -> Iterator[Action]:
    """Bring the comment up to date that tells how far the ticket is, when it would tell something new."""
    if local.comment and base.digest(local.comment) != merged.base.get(base.COMMENT):
        yield Action("comment", "update", item=local.id, write={"comment": local.comment})


def _ends(local: Local, merged: Merged) -> Iterator[Action]:
    wanted, said = merged.remote, merged.said
    if "state" in wanted and wanted["state"] != said["state"]:
        write, before = {"state": wanted["state"]}, {"state": said["state"]}
        yield Action("close", "update", item=local.id, write=write, before=before)


def _here(local: Local, issue: Issue, merged: Merged, links: Links) -> Action | None:
    """Give the one edit of this side, the link to the issue among it."""
    wanted, own = merged.local, merged.own
    write: dict[str, Value] = {n: wanted[n] for n in PLAIN if n in wanted and wanted[n] != own[n]}
    before = {name: own[name] for name in write}
    parent = str(wanted.get("parent", local.parent))
    if "parent" in own and not parent.startswith("#") and parent != local.parent:
        write["parent"], before["parent"] = parent, local.parent
    if wanted["depends"] != own["depends"]:
        kept = [name for name in local.depends if name in wanted["depends"] or name not in own["depends"]]
        write["depends"] = (*kept, *(name for name in wanted["depends"] if name not in kept))
        before["depends"] = local.depends
    named = _document_labels(local, merged, links)
    if named != local.labels:
        write["labels"], before["labels"] = named, local.labels
    for name, value in (("issue", str(issue.number)), ("url", issue.url)):
        if value and value != str(getattr(local, name) or ""):
            write[name] = value
    if not write:
        return None
    seen = fields.seen_local(local)
    return Action("local", "update", "local", local.id, issue.number, write=write, before=before, seen=seen)


def _document_labels(local: Local, merged: Merged, links: Links) -> tuple[str, ...]:
    """Give the labels of the document: flags and other labels as merged, and those that name a field follow it."""
    found = []
    flags, others = set(merged.local["flags"]), set(merged.local["labels"])
    if fields.HELD not in labels.read(local.labels, links.rules.aliases).flags and local.held:
        flags.discard(fields.HELD)  # the ticket says so, the document need not
    for name in local.labels:
        field, value = labels.meaning(name, links.rules.aliases)
        if field in ("kind", "priority") and field in merged.local:
            name = name if value == merged.local[field] else str(merged.local[field])
        elif field == "flags":
            if value not in flags:
                continue
            flags.discard(value)
        elif field == "foreign" and value not in others:
            continue
        if name not in found:
            found.append(name)
    return (*found, *sorted(flags))
