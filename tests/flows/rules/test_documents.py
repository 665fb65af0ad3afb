"""Rules and documents: items, tickets and risks fire rules, and rules open, change and advance them."""

from __future__ import annotations

from pathlib import Path

from agenticops.flows import papers, work
from agenticops.flows.rules import react
from agenticops.flows.ticket import block
from agenticops.model.work import WorkItem
from tests.ruled import ROLES, kinds, make, of_kind
from tests.stations import SHAPE, Board
from tests.support import TINY, commit_all, git, workspace, write

RULES = "config/rules/rules.yml"
ON_ITEM = """\
- code: urgent
  when: {entity: item}
  conditions: {priority: now, kind: PRD}
  actions:
    - {type: open_risk, title: "Hurry: {{title}}", severity: high, owner: "{{event.operator}}"}
    - {type: update_field, field: milestone, value: Soon}
- {code: blocked, when: {entity: ticket, to: blocked}, actions: [
   {type: send_notification, recipients: [project_manager], text: "{{id}}: {{event.data.reason}}"}]}
- {code: phases, when: {entity: item, from: shape, to: build}, actions: [
   {type: create_entity, entity: note, name: "{{id}} is in {{new.status}}"}]}
- {code: risky, when: {entity: risk}, conditions: {severity: high}, actions: [
   {type: create_ticket, title: "Look at {{title}}", phase: build}]}
"""


def ruled(repo: Path, rules: str = ON_ITEM) -> None:
    write(repo, "config/pipeline.yml", TINY + ROLES)
    write(repo, RULES, rules)
    commit_all(repo)
    assert react.react(workspace(repo)) == []


def test_an_item_a_risk_and_a_ticket_follow_from_each_other(at: Board) -> None:
    repo = at("tiny")
    ruled(repo)
    here = workspace(repo)
    item, _ = work.new(here, WorkItem("", "PRD", "Roof", "now"))
    quiet, _ = work.new(here, WorkItem("", "PRD", "Wall", "next"))
    done = react.react(here)
    assert kinds(done) == [("urgent", "done"), ("risky", "done")], [one.why for one in done]
    (risk,), _ = papers.listing(here, "risk")
    assert (risk.title, risk.severity, risk.items) == ("Hurry: Roof", "high", (item.id,))
    assert here.train.item(item.id).milestone == "Soon" and not here.train.item(quiet.id).milestone
    name, ticket = done[1].actions[0].what
    assert here.train.item(name).title == "Look at Hurry: Roof" and here.train.ticket(ticket).phase == "build"
    by = {event.data.get("by") for event in (*of_kind(here, "document_created"), *of_kind(here, "item_edited"))}
    assert by == {done[0].id}
    assert [one.depth for one in done] == [1, 2] and react.react(here) == []


def test_a_ticket_that_is_blocked(at: Board) -> None:
    repo = at("tiny-working")
    ruled(repo)
    block(workspace(repo), SHAPE, "No nurse is there")
    assert kinds(react.react(workspace(repo))) == [("blocked", "done")]
    (told,) = of_kind(workspace(repo), "notified")
    assert told.data["text"] == f"{SHAPE}: No nurse is there" and told.ticket == SHAPE


ADVANCES = """\
- {code: go, when: {event: remembered}, actions: [{type: advance, ticket: shape_142}]}
- {code: told, when: {entity: item, from: shape, to: build}, actions: [{type: create_entity, entity: note}]}
"""


def remember(repo: Path) -> None:
    from agenticops.flows import memory

    memory.remember(workspace(repo), "it is ready")


def test_a_rule_advances_a_ticket_whose_gate_holds(at: Board) -> None:
    repo = at("tiny-ready")
    ruled(repo, ADVANCES)
    remember(repo)
    done = react.react(workspace(repo))
    assert kinds(done) == [("go", "done"), ("told", "done")], [one.why for one in done]
    assert workspace(repo).train.ticket(SHAPE).status == "done"


def test_a_gate_that_does_not_hold_fails_the_firing(at: Board) -> None:
    repo = at("tiny-working")
    ruled(repo, ADVANCES)
    remember(repo)
    (firing,) = react.react(workspace(repo))
    assert firing.outcome == "failed" and "did not hold" in firing.why
    assert workspace(repo).train.ticket(SHAPE).status == "in_progress"
    assert not of_kind(workspace(repo), "gate_refused")


def test_what_a_phase_branch_may_not_do_is_left_to_the_default_branch(at: Board) -> None:
    repo = at("tiny-ready")
    ruled(
        repo, ADVANCES + "- {code: note, when: {event: remembered}, actions: [{type: create_entity, entity: note}]}\n"
    )
    git(repo, "switch", "--quiet", "--create", f"phase/{SHAPE}")
    remember(repo)
    for expected in ([("note", "done")], []):
        assert kinds(react.react(workspace(repo))) == expected
    commit_all(repo)
    git(repo, "switch", "--quiet", "main")
    git(repo, "merge", "--quiet", f"phase/{SHAPE}")
    assert kinds(react.react(workspace(repo))) == [("go", "done"), ("told", "done")]


def test_no_rule_sets_fields_of_a_ticket(at: Board) -> None:
    repo = at("tiny-working")
    ruled(repo, "- {code: a, when: {entity: ticket, to: blocked}, actions: [{type: update_field, field: x, value: 1}]}")
    block(workspace(repo), SHAPE, "why not")
    (firing,) = react.react(workspace(repo))
    assert firing.outcome == "failed" and "no rule sets fields of a ticket" in firing.why


def test_a_record_and_a_document_in_one_batch(at: Board) -> None:
    """What is written before a document is touched is durable first: each firing is whole."""
    repo = at("tiny")
    text = "- {code: a, when: {entity: task}, actions: [{type: create_ticket, title: '{{name}}', phase: build}]}\n"
    ruled(repo, text + "- {code: b, when: {entity: task}, actions: [{type: create_entity, entity: note}]}\n")
    here = workspace(repo)
    for name in ("one", "two", ""):
        make(here, "task", name)
    done = react.react(here)
    assert [one.outcome for one in done] == ["done", "done", "done", "done", "failed", "done"]
    assert len(here.train.ticket_ids()) == 2
