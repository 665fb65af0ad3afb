"""Merging one item with its issue: who changed what since they agreed, and who owns the field."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agenticops.core.sync import base, merge
from agenticops.core.sync.fields import Links
from agenticops.core.sync.merge import Merged
from agenticops.errors import UsageError
from agenticops.model.forge import Agreed, Issue, Local, Resolution, Rules
from tests.core.sync.world import merge_text

replace = msgspec.structs.replace
LOCAL = Local("t00000001", "CRD", "Title", body="a\nb\nc\nd\ne", phase="build", agent="lab", issue=1)
ISSUE = Issue(1, "Title", body=LOCAL.body, labels=("CRD", "next", "phase:build", "agent:lab", "mine"))


def links(rules: Rules) -> Links:
    others = [Local("t00000002", "PRD", "Two", issue=2), Local("t00000003", "Task", "Three")]
    return Links.of([LOCAL, *others], rules)


def agreed(rules: Rules) -> Agreed:
    return base.agreement(Agreed(LOCAL.id), LOCAL, [ISSUE], links(rules))


def merged(
    here: dict[str, Any], there: dict[str, Any], rules: Rules | None = None, first: bool = False, *decided: Resolution
) -> Merged:
    rules = rules or Rules()
    before = Agreed(LOCAL.id) if first else agreed(rules)
    return merge.merge(replace(LOCAL, **here), replace(ISSUE, **there), before, links(rules), merge_text, decided)


def both(found: Merged, name: str) -> Any:
    assert found.local[name] == found.remote[name]
    return found.local[name]


NOW = {"labels": ("CRD", "now", "phase:build", "agent:lab", "mine")}


@pytest.mark.parametrize(
    ("here", "there", "field", "value"),
    [
        ({"title": "New"}, {}, "title", "New"),
        ({}, {"title": "New "}, "title", "New"),
        ({"title": "New"}, {"title": "New"}, "title", "New"),
        ({"priority": "now"}, {}, "priority", "now"),
        ({}, NOW, "priority", "now"),
        ({}, {"labels": (*ISSUE.labels, "now")}, "priority", "now"),  # the old one was left there
        ({}, {"labels": ("phase:build", "agent:lab")}, "priority", "next"),  # a scalar cannot be nothing
        ({}, {"labels": ("task", "next", "phase:build", "agent:lab")}, "kind", "Task"),
        ({"milestone": "M1"}, {}, "milestone", "M1"),
        ({}, {"parent": 2}, "parent", "t00000002"),
        ({}, {"parent": 9}, "parent", "#9"),  # an issue that is no item stays the parent
        ({"assignees": ("ada",)}, {"assignees": ("Ada", "bob")}, "assignees", ("ada", "bob")),
        ({}, {"blocked_by": (2, 9)}, "depends", ("t00000002",)),
        ({"body": "A\nb\nc\nd\ne"}, {"body": "a\r\nb\r\nc\r\nd\r\nE\r\n"}, "body", "A\nb\nc\nd\nE"),
        ({"state": "completed"}, {}, "state", "completed"),
        ({"state": "completed"}, {"state": "closed", "state_reason": "not_planned"}, "state", "completed"),
    ],
)
def test_what_one_side_changed_is_taken(here: dict[str, Any], there: dict[str, Any], field: str, value: Any) -> None:
    found = merged(here, there)
    assert both(found, field) == value
    assert not found.conflicts


@pytest.mark.parametrize(
    ("here", "there", "field"),
    [
        ({"title": "A"}, {"title": "B"}, "title"),
        ({"priority": "future"}, NOW, "priority"),
        ({"body": "x\nb\nc\nd\ne"}, {"body": "y\nb\nc\nd\ne"}, "body"),
        ({"parent": "t00000003"}, {"parent": 2}, "parent"),
    ],
)
def test_what_both_changed_is_asked_and_only_that_field_waits(
    here: dict[str, Any], there: dict[str, Any], field: str
) -> None:
    found = merged({**here, "milestone": "M1"}, there)
    assert [c.field for c in found.conflicts] == [field]
    assert field not in found.local and field not in found.remote
    assert both(found, "milestone") == "M1"
    [conflict] = merged(here, there).conflicts
    for side, value in (("local", conflict.local), ("remote", conflict.remote)):
        assert both(merged(here, there, Rules(policies={field: side})), field) == value
        decided = merge.resolve(conflict, side)
        assert both(merged(here, there, None, False, decided), field) == value
        stale = replace(decided, digest="another conflict")
        assert merged(here, there, None, False, stale).conflicts == (conflict,)


def test_labels_that_contradict_each_other_are_never_both_taken() -> None:
    there = {"labels": ("now", "future", "CRD", "phase:build", "agent:lab")}
    found = merged({}, there)
    assert [(c.field, c.remote) for c in found.conflicts] == [("priority", ("future", "now"))]
    assert merged({}, there, Rules(policies={"priority": "remote"})).conflicts
    assert both(merged({}, there, Rules(policies={"priority": "local"})), "priority") == "next"
    with pytest.raises(UsageError, match="more than one priority"):
        merge.resolve(found.conflicts[0], "remote")


@pytest.mark.parametrize(
    ("here", "there", "value"),
    [
        ({}, {"labels": (*ISSUE.labels, "extra"), "title": "Other", "board": "Ready"}, None),
        ({"body": ""}, {"body": "said"}, "said"),
        ({"body": "said"}, {"body": ""}, "said"),
        ({"body": "a"}, {"body": "b"}, None),
    ],
)
def test_the_first_meeting_takes_what_only_one_side_says(
    here: dict[str, Any], there: dict[str, Any], value: Any
) -> None:
    found = merged(here, there, first=True)
    if value is None:
        assert [c.base for c in found.conflicts] == [None]
    else:
        assert both(found, "body") == value and not found.conflicts


def test_the_first_meeting_prefers_a_priority_that_was_chosen() -> None:
    assert both(merged({}, NOW, first=True), "priority") == "now"
    assert both(merged({"priority": "future"}, {}, first=True), "priority") == "future"


@pytest.mark.parametrize(
    ("field", "own", "there"),
    [
        ("title", {"title": "Ours"}, {}),
        ("milestone", {}, {"milestone": "M"}),
        ("milestone", {"milestone": "M"}, {}),
        ("parent", {}, {"parent": 2}),
        ("body", {"body": ""}, {}),
        ("priority", {}, NOW),
        ("state", {"state": "completed", "phase": "", "agent": ""}, {}),
        ("state", {}, {"state": "closed"}),
    ],
)
def test_where_agreements_contradict_each_other_nothing_is_taken_silently(field: str, own: Any, there: Any) -> None:
    rules = Rules()
    before = agreed(rules)
    fields = {name: value for name, value in before.fields.items() if name != field}
    before = replace(before, fields=fields, disputed=(field,))
    found = merge.merge(replace(LOCAL, **own), replace(ISSUE, **there), before, links(rules), merge_text)
    assert [c.field for c in found.conflicts] == [field]
    same = merge.merge(LOCAL, ISSUE, before, links(rules), merge_text)
    assert not same.conflicts


@pytest.mark.parametrize(
    ("here", "there", "why"),
    [
        ({}, {"state": "closed"}, "closed on the forge"),
        ({"state": "completed"}, {"state": "open"}, "opened again"),
    ],
)
def test_an_end_on_the_forge_is_asked_about(here: dict[str, Any], there: dict[str, Any], why: str) -> None:
    closed = replace(ISSUE, state="closed", state_reason="completed", labels=("CRD", "mine"))
    done = replace(LOCAL, state="completed", phase="", agent="")
    before = agreed(Rules()) if not here else base.agreement(Agreed(LOCAL.id), done, [closed], links(Rules()))
    local, issue = (done, replace(closed, **there)) if here else (LOCAL, replace(ISSUE, **there))
    for policy, state in (("local", local.state), ("remote", "completed" if not here else "open")):
        found = merge.merge(local, issue, before, links(Rules(policies={"state": policy})), merge_text)
        assert not found.conflicts and both(found, "state") == state
    [conflict] = merge.merge(local, issue, before, links(Rules()), merge_text).conflicts
    assert conflict.field == "state" and why in conflict.why


def test_a_phase_label_moves_no_ticket() -> None:
    there = {"labels": ("CRD", "next", "phase:ship", "agent:lab", "mine")}
    found = merged({}, there)
    assert found.remote["phase"] == found.local["phase"] == ("build",)
    assert [n.code for n in found.notes] == ["VT488"]
    assert not merged({"phase": "ship"}, {}).notes  # our own move is no news


def test_a_phase_may_be_proposed_where_there_is_no_ticket() -> None:
    found = merged({"phase": "", "agent": ""}, {"labels": ("phase:ship", "phase:build")})
    assert found.remote["phase"] == ("ship",)  # what we once wrote goes, what somebody proposes stays
    assert found.local["phase"] == () and not found.notes


def test_a_blocked_ticket_keeps_its_label() -> None:
    held = replace(LOCAL, held=True)
    issue = replace(ISSUE, labels=(*ISSUE.labels, "blocked"))
    before = base.agreement(Agreed(LOCAL.id), held, [issue], links(Rules()))
    found = merge.merge(held, ISSUE, before, links(Rules()), merge_text)
    assert found.remote["flags"] == ("blocked",) and [n.code for n in found.notes] == ["VT488"]
    after = merge.merge(LOCAL, issue, before, links(Rules()), merge_text)
    assert after.remote["flags"] == ()


def test_only_labels_that_the_document_names_are_in_step() -> None:
    found = merged({"labels": ("tag",)}, {})
    assert found.remote["labels"] == ("mine", "tag") and found.local["labels"] == ("tag",)
    tagged = replace(LOCAL, labels=("tag",))
    before = base.agreement(Agreed(LOCAL.id), tagged, [replace(ISSUE, labels=("mine", "Tag"))], links(Rules()))
    gone = merge.merge(tagged, ISSUE, before, links(Rules()), merge_text)
    assert gone.local["labels"] == () and gone.remote["labels"] == ("mine",)


@pytest.mark.parametrize(
    ("here", "there", "priority", "board"),
    [
        ({}, {"board": "In progress"}, "now", "In progress"),
        ({"priority": "now"}, {"board": "Ready"}, "now", "In progress"),
        ({"priority": "now", "review": True}, {"board": "Ready"}, "now", "In review"),
        ({}, {**NOW, "board": "Ready"}, "now", "In progress"),
        ({}, {"board": "Done"}, "next", "Ready"),
        ({"state": "completed"}, {"board": "Ready"}, "next", "Done"),
    ],
)
def test_board_and_priority_follow_each_other(
    here: dict[str, Any], there: dict[str, Any], priority: str, board: str
) -> None:
    rules = Rules(board=True)
    before = base.agreement(Agreed(LOCAL.id), LOCAL, [replace(ISSUE, board="Ready")], links(rules))
    found = merge.merge(replace(LOCAL, **here), replace(ISSUE, **there), before, links(rules), merge_text)
    assert (found.local["priority"], found.remote["board"]) == (priority, board)
    assert not found.conflicts


def test_board_and_label_may_contradict_each_other() -> None:
    rules = Rules(board=True)
    before = base.agreement(Agreed(LOCAL.id), LOCAL, [replace(ISSUE, board="Ready")], links(rules))
    found = merge.merge(LOCAL, replace(ISSUE, **NOW, board="Backlog"), before, links(rules), merge_text)
    assert [c.remote for c in found.conflicts] == [("future", "now")]
    assert "board" not in found.remote
