"""The plan: in an order that works, the same each time, held when it is too large, and in words that harm nobody."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest

from agenticops.core.sync import base, body, effect, page
from agenticops.core.sync import plan as plans
from agenticops.core.sync.fields import Links
from agenticops.model.forge import STEPS, Action, Agreed, Issue, Label, Local, Remote, Rules
from tests.core.sync.world import merge_text

replace = msgspec.structs.replace
PRD = Local("t00000009", "PRD", "Top", labels=("area",), milestone="M1", assignees=("ada",))
CRD = Local("t00000005", "CRD", "Middle", parent=PRD.id, phase="build", agent="lab")
TASK = Local("t00000001", "Task", "Low", parent=CRD.id, depends=("3",), priority="now")
OLD = Local("3", "Task", "Old", state="completed", issue=3)
OLD_ISSUE = Issue(3, "Old", labels=("Task", "next"))


def planned(locals: Any, *issues: Issue, agreed: Any = None, **options: Any) -> plans.Plan:
    rules = options.pop("rules", Rules())
    labels, milestones = options.pop("labels", None), options.pop("milestones", None)
    remote = Remote(issues, labels, milestones, me=options.pop("me", ""))
    return plans.plan(locals, remote, agreed or {}, rules, merge_text, **options)


def test_an_open_issue_whose_document_is_gone_is_reported() -> None:
    agreed = {"7": Agreed("7", 7), "8": Agreed("8", 8), "9": Agreed("9", 3), "10": Agreed("10", 10)}
    issues = (Issue(7, "Open"), Issue(8, "Shut", state="closed"), OLD_ISSUE)
    plan = planned([OLD], *issues, agreed=agreed)
    assert [(f.code, f.path, f.severity) for f in plan.findings] == [("VT489", "docs/work/7.md", "warning")]


def test_a_label_that_is_there_by_an_old_name_is_renamed() -> None:
    new = Local("t00000002", "CRD", "New", priority="next")
    plan = planned([new], labels=(Label("P1"), Label("CRD")), milestones=(), rules=Rules(aliases={"P1": "next"}))
    assert [(a.verb, a.name, a.write) for a in plan.actions if a.step == "label"] == [
        ("update", "P1", {"name": "next"})
    ]


def test_what_others_need_comes_first_and_parents_before_children() -> None:
    items = [TASK, CRD, PRD, OLD]
    plan = planned(items, OLD_ISSUE, labels=(Label("crd"),), milestones=(), rules=Rules(board=True))
    steps = [action.step for action in plan.actions]
    assert steps == sorted(steps, key=STEPS.index)
    assert [a.item for a in plan.actions if a.step == "issue"] == [PRD.id, CRD.id, TASK.id]
    assert [(a.item, a.write["parent"]) for a in plan.actions if a.step == "sub-issue"] == [
        (CRD.id, PRD.id),
        (TASK.id, CRD.id),
    ]
    made = [a.name for a in plan.actions if a.step == "label"]
    assert made == ["PRD", "Task", "agent:lab", "area", "next", "now", "phase:build"]
    assert [a.name for a in plan.actions if a.step == "milestone"] == ["M1"]
    assert [(a.item, a.name) for a in plan.actions if a.step == "dependency"] == [(TASK.id, "3")]
    assert [(a.item, a.write["state"]) for a in plan.actions if a.step == "close"] == [("3", "completed")]
    create = next(a for a in plan.actions if a.item == PRD.id)
    assert create.marker == body.marker(PRD.id) and create.marker in str(create.write["body"])
    assert create.add == {"labels": ("PRD", "area", "next"), "assignees": ("ada",)}


def test_a_plan_is_the_same_in_whatever_order_things_are_read() -> None:
    items, issues = [TASK, CRD, PRD, OLD], [OLD_ISSUE, Issue(4, "Foreign")]
    first = planned(items, *issues)
    for seed in range(5):
        dice = random.Random(seed)
        again = planned(dice.sample(items, 4), *dice.sample(issues, 2))
        assert (again.digest, again.actions) == (first.digest, first.actions)
    assert planned([*items[1:], replace(TASK, title="Other")], *issues).digest != first.digest


def test_what_ended_before_it_had_an_issue_gets_none_unless_something_is_below_it() -> None:
    ended = replace(PRD, state="completed")
    assert planned([ended]).actions == ()
    plan = planned([ended, CRD])
    assert [(a.step, a.item) for a in plan.actions] == [
        ("issue", PRD.id),
        ("issue", CRD.id),
        ("sub-issue", CRD.id),
        ("close", PRD.id),
    ]
    assert plan.actions[0].add["labels"] == ("PRD", "area")  # what is done has no priority


def test_a_strangers_marker_is_neither_taken_nor_passed_over() -> None:
    planted = Issue(7, "Mine now", body=f"evil\n\n{body.marker(CRD.id)}", author="mallory")
    below = replace(TASK, depends=())
    for me in ("", "ada"):
        plan = planned([CRD, below], planted, me=me)
        assert [a.item for a in plan.actions] == [below.id], "it is not made again, and nothing goes below it"
        assert [(f.code, f.severity) for f in plan.findings] == [("VT489", "error")]
        assert "mallory" in plan.findings[0].message
    assert not planned([replace(CRD, state="completed")], planted).findings


def test_an_issue_that_our_own_account_made_is_found_without_the_log() -> None:
    orphan = replace(CRD, parent="")
    text = f"{body.marker(CRD.id)}"
    twins = [
        Issue(6, "Middle", body=text, author="mallory"),
        Issue(7, "Middle", body=text, author="Ada", state="closed"),
        Issue(8, "Middle", body=text, author="Ada", labels=("CRD",)),
        Issue(9, "Middle", body=text, author="Ada"),
    ]
    plan = planned([orphan], *twins, me="ada")
    assert {a.issue for a in plan.actions} == {8} and not plan.conflicts
    assert "issue" not in [a.step for a in plan.actions]
    assert [f.code for f in plan.findings] == []


def test_an_issue_that_we_were_about_to_make_is_found() -> None:
    planted = Issue(7, "Mine now", body=f"evil\n\n{body.marker(CRD.id)}")
    orphan = replace(CRD, parent="")
    plan = planned([orphan], planted, agreed={CRD.id: Agreed(CRD.id, intended={"title": ("Middle",)})})
    assert {a.issue for a in plan.actions} == {7}
    link = next(a for a in plan.actions if a.side == "local")
    assert link.write["issue"] == "7"
    assert effect.on_local(orphan, link).issue == 7


def test_an_issue_that_is_gone_or_claimed_twice_is_reported_and_left_alone() -> None:
    lost, twin = replace(TASK, issue=99, parent="", depends=()), replace(CRD, issue=3, parent="")
    pull = Issue(5, "A pull request", is_pull_request=True)
    plan = planned([OLD, lost, twin, replace(PRD, issue=5)], OLD_ISSUE, pull)
    assert [f.code for f in plan.findings] == ["VT489"] * 3
    assert {a.item for a in plan.actions} == {"3"}


def test_issues_are_adopted_with_their_place() -> None:
    top = Issue(11, "Top", labels=("PRD", "now", "mine"), body="why\r\n", url="u/11")
    low = Issue(2, "Low", labels=("auto",), parent=11, assignees=("bob",), blocked_by=(11,))
    shut, pull = Issue(4, "Shut", state="closed"), Issue(5, "Pull", is_pull_request=True)
    plan = planned([OLD], OLD_ISSUE, top, low, shut, pull, adopt=(2, 3, 4, 5, 11))
    made = [a for a in plan.actions if a.side == "local"]
    assert [(a.verb, a.item) for a in made] == [("create", "11"), ("create", "2")]
    assert made[0].write == {
        "title": "Top",
        "body": "why",
        "kind": "PRD",
        "priority": "now",
        "issue": "11",
        "url": "u/11",
    }
    assert made[1].write["parent"] == "11" and made[1].write["depends"] == ("11",)
    assert made[1].write["labels"] == ("auto",) and made[1].write["kind"] == "Task"
    clash = planned([replace(OLD, id="2", issue=None)], low, adopt=(2,))
    assert [f.code for f in clash.findings] == ["VT489"] and not [a for a in clash.actions if a.side == "local"]


def settled(count: int) -> tuple[list[Local], list[Issue], dict[str, Agreed]]:
    items = [Local(str(n), "CRD", f"Item {n}", issue=n) for n in range(1, count + 1)]
    issues = [Issue(n, f"Item {n}", labels=("CRD", "next")) for n in range(1, count + 1)]
    first = planned(items, *issues)
    assert first.actions == ()
    return items, issues, {a.item: a for a in first.agreements}


def test_the_second_plan_of_what_is_alike_is_empty() -> None:
    items, issues, agreed = settled(3)
    again = planned(items, *issues, agreed=agreed)
    assert (again.actions, again.agreements, again.conflicts) == ((), (), ())


def test_what_is_written_in_other_words_is_no_change() -> None:
    items, issues, agreed = settled(1)
    other = replace(issues[0], labels=("crd", "NEXT", "mine"), body="\r\n", title="Item  1", updated_at="later")
    assert planned(items, other, agreed=agreed).actions == ()


@pytest.mark.parametrize(("count", "changed", "held"), [(10, 3, False), (10, 4, True), (9, 9, False)])
@pytest.mark.parametrize("side", ["local", "remote"])
def test_a_plan_that_changes_too_much_is_held(count: int, changed: int, held: bool, side: str) -> None:
    items, issues, agreed = settled(count)
    if side == "local":
        items = [replace(x, state="not_planned") if n < changed else x for n, x in enumerate(items)]
    else:
        issues = [replace(x, title="New") if n < changed else x for n, x in enumerate(issues)]
    plan = planned([*items, PRD, CRD, TASK], *issues, agreed=agreed)
    assert bool(plans.brake(plan, Rules())) is held
    assert not plans.brake(plan, Rules(share=1.0))
    begun = {x.id: Agreed(x.id, intended={"title": ("Item",)}) for x in items}
    assert not plans.brake(plan, Rules(), begun), "what is being made may be finished"
    linked = {x.id: replace(agreed.get(x.id, Agreed(x.id, 1)), intended={"parent": ("7",)}) for x in items}
    assert not plans.brake(plan, Rules(), linked), "and what only has no place yet"
    edited = {x.id: replace(agreed.get(x.id, Agreed(x.id, 1)), intended={"title": ("New",)}) for x in items}
    assert bool(plans.brake(plan, Rules(), edited)) is held
    assert bool(plans.brake(plan, Rules(), agreed)) is held


def test_the_base_of_an_item_is_due_behind_its_last_action() -> None:
    plan = planned([TASK, CRD, PRD, OLD], OLD_ISSUE)
    assert {plan.actions[at].item for at in plans.last_of(plan).values()} == {TASK.id, CRD.id, PRD.id, "3"}
    assert plan.actions[plans.last_of(plan)[TASK.id]].step == "dependency"


def test_the_document_keeps_its_labels_and_their_order() -> None:
    items, issues, _ = settled(1)
    local = replace(items[0], labels=("zeta", "next", "auto", "CRD"))
    before = base.agreement(
        Agreed("1"), local, [replace(issues[0], labels=("zeta", "next", "auto", "CRD"))], Links.of([local], Rules())
    )
    there = replace(issues[0], labels=("CRD", "now", "risk", "mine"))
    plan = planned([local], there, agreed={"1": before})
    here = next(a for a in plan.actions if a.side == "local")
    assert here.write["labels"] == ("now", "CRD", "risk") and here.write["priority"] == "now"
    assert plan.merged[0].labels == ("now", "CRD", "risk")


def test_a_plan_in_words() -> None:
    title = "[x](http://e) @ada `rm` <b> " + "long " * 40
    items, issues, agreed = settled(2)
    plan = planned(
        [replace(items[0], title="Ours"), items[1], replace(PRD, title=title)],
        replace(issues[0], title="Theirs"),
        issues[1],
        agreed=agreed,
    )
    lines = [page.say(a) for a in plan.actions]
    assert lines[0].startswith("create an issue for t00000009: [x](http://e) @ada") and len(lines[0]) < 100
    assert page.ask(plan.conflicts[0]) == "1 (#1) title: Ours here, Theirs there; both sides changed it"
    text = page.markdown(plan)
    assert "## On the forge" in text and "## Undecided" in text
    for dangerous in ("[x]", "@ada", "<b>", "`rm`"):
        assert dangerous not in text


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (Action("label", "update", name="P1", write={"name": "now"}), "update label P1 → now"),
        (Action("dependency", "delete", item="t1", issue=4, name="t2"), "#4 waits no more for t2"),
        (Action("close", "update", item="t1", write={"state": "completed"}), "issue of t1: state completed"),
        (
            Action("local", "update", "local", "t1", 4, write={"priority": "now"}, before={"priority": "next"}),
            "t1: priority next → now",
        ),
        (
            Action(
                "edit",
                "update",
                item="t1",
                issue=4,
                write={"body": "x"},
                add={"labels": ("now",)},
                remove={"labels": ("next",)},
            ),
            "#4: body; labels +now; labels -next",
        ),
        (
            Action("sub-issue", "update", item="t1", issue=4, write={"parent": ""}, before={"parent": "t2"}),
            "#4: parent t2 → none",
        ),
    ],
)
def test_each_action_in_words(action: Action, words: str) -> None:
    assert page.say(action) == words


def test_a_comment_is_written_when_it_tells_something_new_and_changes_no_item() -> None:
    told = replace(OLD, state="open", comment="2 of 3")
    issue, before = replace(OLD_ISSUE), Agreed("3", 3, fields={base.COMMENT: base.digest("1 of 3")})
    plan = planned([told], issue, agreed={"3": before}, rules=Rules(share=0.01, least=1))
    assert [(a.step, a.write) for a in plan.actions] == [("comment", {"comment": "2 of 3"})]
    assert plans.brake(plan, Rules(share=0.01, least=1)) == ""
    assert page.say(plan.actions[0]) == "#3: tell how far it is, in a comment"
    noted = base.agreement(before, told, [issue], Links.of([told], Rules()), "2 of 3")
    assert planned([told], issue, agreed={"3": noted}).actions == ()
    assert planned([replace(told, comment="")], issue, agreed={"3": before}).actions == ()
