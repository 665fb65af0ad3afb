"""Limits: what would be refused is left out of what is written, and out of what is noted as intended, and is said."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agenticops.core.sync import base, effect, limits
from agenticops.core.sync import plan as plans
from agenticops.model.forge import Action, Agreed, Issue, Local, Remote, Rules
from tests.core.sync.world import merge_text

replace = msgspec.structs.replace
ITEM = Local("7", "CRD", "Refills", issue=7, phase="build", agent="lab", body="Text")
ISSUE = Issue(7, "Refills", labels=("CRD", "next", "phase:build", "agent:lab"), body="Text")
LONG = "x" * 51


def planned(local: Local, *issues: Issue, columns: Any = None) -> plans.Plan:
    known = plans.plan([ITEM], Remote((ISSUE,)), {}, Rules(), merge_text).agreements
    agreed = {a.item: a for a in known} if issues else {}
    rules = Rules(board=columns is not None)
    return plans.plan([local], Remote(issues, columns=columns), agreed, rules, merge_text)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": "t" * 257}, "title has 257 characters"),
        ({"body": "b" * 65_520}, "body has 65,"),
        ({"milestone": "m" * 256}, "milestone has 256 characters"),
        ({"labels": (LONG,)}, "label xxx"),
        ({"phase": LONG[:45]}, "label of its phase xxx"),
        ({"agent": LONG[:45]}, "label of its agent xxx"),
    ],
)
def test_only_the_field_waits(change: dict[str, Any], words: str) -> None:
    plan = planned(replace(ITEM, **change, assignees=("ada",)), ISSUE)
    assert [(a.step, a.write, a.add, a.remove) for a in plan.actions] == [("edit", {}, {"assignees": ("ada",)}, {})]
    assert plan.intents == {"7": {"assignees": ("+ada",)}}
    (found,) = plan.findings
    assert (found.code, found.path, found.severity) == ("VT491", "docs/work/7.md", "error") and words in found.message
    assert LONG[:45] not in found.message and found.hint


@pytest.mark.parametrize("change", [{"title": "t" * 256}, {"milestone": "m" * 255}, {"labels": (LONG[:50],)}])
def test_what_just_fits_is_written(change: dict[str, Any]) -> None:
    assert planned(replace(ITEM, **change), ISSUE).findings == ()
    assert len(planned(replace(ITEM, **change), ISSUE).actions) == 1


def test_a_new_issue_is_made_without_what_has_no_place_and_nothing_of_it_is_a_base() -> None:
    new = replace(ITEM, issue=None, labels=(LONG, "auto"), phase=LONG[:45], milestone="m" * 256)
    plan = planned(new)
    create = plan.actions[0]
    assert (create.step, create.add["labels"]) == ("issue", ("CRD", "agent:lab", "auto", "next"))
    assert "milestone" not in create.write and len(plan.findings) == 3
    assert not any(LONG[:45] in value or "mmm" in value for values in plan.intents["7"].values() for value in values)
    assert planned(replace(new, title="t" * 257)).actions == ()


def test_columns_that_a_board_has_not_are_named_once() -> None:
    board = ("Todo", "IN PROGRESS", "Done")
    plan = planned(replace(ITEM, title="New"), ISSUE, columns=board)
    assert [a.step for a in plan.actions] == ["edit"] and "board" not in plan.intents["7"]
    (found,) = plan.findings
    assert found.path == "config/forge.yml" and "no column Ready:" in found.message and "Todo" in found.hint
    moved = planned(replace(ITEM, priority="now"), ISSUE, columns=board)
    assert [a.write for a in moved.actions if a.step == "board"] == [{"board": "In progress"}] and moved.findings == ()
    (found,) = planned(ITEM, ISSUE, columns=()).findings
    assert "not there" in found.message and "status_field" in found.hint
    assert planned(ITEM, replace(ISSUE, board="Todo"), columns=board).findings == ()


def test_the_end_of_a_board_is_reported_with_every_column() -> None:
    assert "Backlog, Ready" in limits.unplaced({"Ready", "Backlog"}, ("Todo",)).message


def test_an_edit_is_taken_apart_by_field() -> None:
    edit = Action(
        "edit", "update", item="7", write={"title": "B", "body": "b"}, before={"title": "A"},
        add={"labels": ("now",)}, remove={"labels": ("next",), "assignees": ("ada",)},
    )  # fmt: skip
    parts = list(effect.each_field(edit))
    assert [(a.write, a.before, a.add, a.remove) for a in parts] == [
        ({"title": "B"}, {"title": "A"}, {}, {}),
        ({"body": "b"}, {}, {}, {}),
        ({}, {}, {"labels": ("now",)}, {"labels": ("next",)}),
        ({}, {}, {}, {"assignees": ("ada",)}),
    ]


@pytest.mark.parametrize("where", [{"parent": 3}, {"parent_elsewhere": "acme/other#3"}])
def test_a_parent_that_is_no_item_is_left_alone(where: dict[str, Any]) -> None:
    above, local = Local("8", "PRD", "Top", issue=8), replace(ITEM, parent="8", phase="", agent="")
    top, issue = Issue(8, "Top", labels=("PRD", "next")), replace(ISSUE, labels=("CRD", "next"))
    agreed = {"7": Agreed("7", 7, fields={"parent": "8"}), "8": Agreed("8", 8)}

    def plan(issue: Issue, local: Local = local, agreed: Any = agreed) -> plans.Plan:
        return plans.plan([above, local], Remote((top, issue)), agreed, Rules(), merge_text)

    there = plan(replace(issue, **where))
    assert there.actions == () and there.conflicts == ()
    (found,) = there.findings
    assert (found.code, found.severity) == ("VT491", "warning") and "stands below 8" in found.message
    assert plan(replace(issue, **where), replace(local, parent="")).findings == ()
    unknown = plan(replace(issue, **where), agreed={})
    assert [c.field for c in unknown.conflicts] == ["parent"] and unknown.actions == ()
    assert base.agreement(agreed["7"], local, [replace(issue, **where)], LINKS).fields["parent"] == "8"


LINKS = plans.Links.of([Local("8", "PRD", "Top", issue=8), ITEM], Rules())
