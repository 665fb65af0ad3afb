"""Labels and milestones of a repository, and the labels of an issue."""

from __future__ import annotations

import re
from typing import Any

from tests.forge import render
from tests.forge.calls import Answer, Call, Refused, invalid, paged
from tests.forge.state import Issue, Label, Milestone, seconds

COLOUR = re.compile(r"[0-9a-fA-F]{6}\Z")
NAME_LIMIT = 50
TITLE_LIMIT = 255
DESCRIPTION_LIMIT = 100
LABELS_LIMIT = 100


def labels(call: Call) -> Answer:
    """List the labels of the repository."""
    return paged(call, list(call.repository.labels.values()), lambda one: _label(call, one))


def label(call: Call) -> Answer:
    """Give one label."""
    return Answer(200, _label(call, _found(call)))


def create_label(call: Call) -> Answer:
    """Make a label; the case of letters makes no other name."""
    name = _name(call, call.fields.get("name"))
    made = Label(call.state.next_id(), name, _colour(call) or "ededed", _description(call))
    call.repository.labels[made.id] = made
    call.tell("label", "created", label=made)
    payload = _label(call, made)
    return Answer(201, payload, {"Location": payload["url"]})


def edit_label(call: Call) -> Answer:
    """Rename or recolour a label; the issues that bear it keep it, and their time of change."""
    found = _found(call)
    name = _name(call, call.fields["new_name"], found) if "new_name" in call.fields else found.name
    colour, description = _colour(call) or found.color, _description(call)
    before = {"name": {"from": found.name}} if name != found.name else {}
    found.name, found.color = name, colour
    if "description" in call.fields:
        found.description = description
    call.tell("label", "edited", label=found, changes=before)
    return Answer(200, _label(call, found))


def delete_label(call: Call) -> Answer:
    """Remove a label, from all issues too."""
    found = _found(call)
    del call.repository.labels[found.id]
    for issue in call.repository.issues.values():
        if found.id in issue.labels:
            issue.labels.remove(found.id)
    call.tell("label", "deleted", label=found)
    return Answer(204)


def issue_labels(call: Call) -> Answer:
    """List the labels of an issue."""
    issue = call.issue()
    return paged(call, issue.labels, lambda number: _label(call, call.repository.labels[number]))


def add_labels(call: Call) -> Answer:
    """Add labels to an issue."""
    issue = call.issue()
    return _put(call, issue, list(dict.fromkeys(issue.labels + made_labels(call, _given(call)))))


def set_labels(call: Call) -> Answer:
    """Replace the labels of an issue."""
    return _put(call, call.issue(), made_labels(call, _given(call)))


def clear_labels(call: Call) -> Answer:
    """Remove all labels from an issue."""
    _put(call, call.issue(), [])
    return Answer(204)


def remove_label(call: Call) -> Answer:
    """Remove one label from an issue."""
    issue, found = call.issue(), call.repository.label(call.named["name"])
    if found is None or found.id not in issue.labels:
        raise Refused(404, "Label does not exist")
    return _put(call, issue, [number for number in issue.labels if number != found.id])


def named_labels(call: Call, given: list[Any]) -> list[str]:
    """Read label names, given as texts or objects; refuse what could not be a label."""
    names = [one["name"] if isinstance(one, dict) else one for one in given]
    for name in names:
        if not isinstance(name, str) or not name.strip() or len(name) > NAME_LIMIT:
            raise invalid("Label", "name", value=name)
    if len(names) > LABELS_LIMIT:
        raise invalid("Issue", "labels", "custom", message=f"an issue has at most {LABELS_LIMIT} labels")
    return names


def made_labels(call: Call, names: list[str]) -> list[int]:
    """Give the ids of labels by name; new ones are made, in grey."""
    found = []
    for name in names:
        known = call.repository.label(name)
        if known is None:
            known = Label(call.state.next_id(), name)
            call.repository.labels[known.id] = known
        found.append(known.id)
    return list(dict.fromkeys(found))


def milestones(call: Call) -> Answer:
    """List milestones; those that are open unless asked otherwise."""
    state = call.query.get("state", "open")
    found = [one for one in call.repository.milestones.values() if state in ("all", one.state)]
    found.sort(key=lambda one: (one.due_on is None, one.due_on or 0, one.number))
    if call.query.get("direction") == "desc":
        found.reverse()
    return paged(call, found, lambda one: render.milestone(call.state, call.repository, one))


def milestone(call: Call) -> Answer:
    """Give one milestone."""
    found = call.found(call.repository.milestones, "milestone_number")
    return Answer(200, render.milestone(call.state, call.repository, found))


def create_milestone(call: Call) -> Answer:
    """Make a milestone; its title is unique."""
    number = max(call.repository.milestones, default=0) + 1
    made = Milestone(call.state.next_id(), number, _title(call), call.login, call.now, call.now)
    _fill(call, made)
    call.repository.milestones[number] = made
    payload = render.milestone(call.state, call.repository, made)
    call.tell("milestone", "created", milestone=made)
    return Answer(201, payload, {"Location": payload["url"]})


def edit_milestone(call: Call) -> Answer:
    """Change a milestone."""
    found = call.found(call.repository.milestones, "milestone_number")
    if "title" in call.fields:
        found.title = _title(call, found)
    _fill(call, found)
    found.updated_at = call.now
    call.tell("milestone", "edited", milestone=found)
    return Answer(200, render.milestone(call.state, call.repository, found))


def delete_milestone(call: Call) -> Answer:
    """Remove a milestone, from its issues too."""
    found = call.found(call.repository.milestones, "milestone_number")
    del call.repository.milestones[found.number]
    for issue in call.repository.issues.values():
        if issue.milestone == found.number:
            issue.milestone = None
    return Answer(204)


def _label(call: Call, one: Label) -> dict[str, Any]:
    return render.label(call.state, call.repository, one)


def _found(call: Call) -> Label:
    found = call.repository.label(call.named["name"])
    if found is None:
        raise Refused(404, "Not Found")
    return found


def _name(call: Call, name: object, itself: Label | None = None) -> str:
    if not isinstance(name, str) or not name.strip():
        raise invalid("Label", "name", "missing_field")
    if len(name) > NAME_LIMIT:
        raise invalid("Label", "name", "custom", message=f"name is too long (maximum is {NAME_LIMIT} characters)")
    known = call.repository.label(name)
    if known is not None and known is not itself:
        raise invalid("Label", "name", "already_exists")
    return name


def _colour(call: Call) -> str | None:
    colour = call.fields.get("color")
    if colour is not None and not COLOUR.match(colour):
        raise invalid("Label", "color", value=colour)
    return None if colour is None else colour.lower()


def _description(call: Call) -> str | None:
    text = call.fields.get("description")
    if text is not None and len(text) > DESCRIPTION_LIMIT:
        message = f"description is too long (maximum is {DESCRIPTION_LIMIT} characters)"
        raise invalid("Label", "description", "custom", message=message)
    return text or None


def _given(call: Call) -> list[str]:
    # GitHub takes a bare array too, although its description knows only the object.
    body = call.body
    given = body if isinstance(body, list) else call.fields.get("labels", [])
    return named_labels(call, given if isinstance(given, list) else [given])


def _put(call: Call, issue: Issue, wanted: list[int]) -> Answer:
    before, labels = issue.labels, call.repository.labels
    if wanted != before:
        issue.labels, issue.updated_at = wanted, call.now
    told = "pull_request" if issue.pull else "issues"
    for action, some, others in (("unlabeled", before, wanted), ("labeled", wanted, before)):
        for number in some:
            if number not in others:
                call.tell(told, action, issue=issue, label=labels[number])
    return Answer(200, [_label(call, labels[number]) for number in wanted])


def _title(call: Call, itself: Milestone | None = None) -> str:
    title = call.fields.get("title")
    if not isinstance(title, str) or not title.strip():
        raise invalid("Milestone", "title", "missing_field")
    if len(title) > TITLE_LIMIT:
        message = f"title is too long (maximum is {TITLE_LIMIT} characters)"
        raise invalid("Milestone", "title", "custom", message=message)
    if any(one.title == title and one is not itself for one in call.repository.milestones.values()):
        raise invalid("Milestone", "title", "already_exists")
    return title


def _fill(call: Call, one: Milestone) -> None:
    fields = call.fields
    due = fields.get("due_on")
    if due is not None:
        try:
            one.due_on = seconds(due)
        except ValueError:
            raise invalid("Milestone", "due_on", value=due) from None
    elif "due_on" in fields:
        one.due_on = None
    if "description" in fields:
        one.description = fields["description"]
    if fields.get("state", one.state) != one.state:
        one.state = fields["state"]
        one.closed_at = call.now if one.state == "closed" else None


REPO = "/repos/{owner}/{repo}"
LABEL = f"{REPO}/labels/{{name}}"
MILESTONE = f"{REPO}/milestones/{{milestone_number}}"
OF_ISSUE = f"{REPO}/issues/{{issue_number}}/labels"
ROUTES = {
    ("GET", f"{REPO}/labels"): labels,
    ("POST", f"{REPO}/labels"): create_label,
    ("GET", LABEL): label,
    ("PATCH", LABEL): edit_label,
    ("DELETE", LABEL): delete_label,
    ("GET", OF_ISSUE): issue_labels,
    ("POST", OF_ISSUE): add_labels,
    ("PUT", OF_ISSUE): set_labels,
    ("DELETE", OF_ISSUE): clear_labels,
    ("DELETE", f"{OF_ISSUE}/{{name}}"): remove_label,
    ("GET", f"{REPO}/milestones"): milestones,
    ("POST", f"{REPO}/milestones"): create_milestone,
    ("GET", MILESTONE): milestone,
    ("PATCH", MILESTONE): edit_milestone,
    ("DELETE", MILESTONE): delete_milestone,
}
