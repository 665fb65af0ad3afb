"""The four rules of the seed, as they are packaged, and the update of a parent: each from event to effect."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.flows.rules import authoring, react
from agenticops.workspace import Workspace
from tests.ruled import ROLES, change, entity, kinds, make, of_kind
from tests.support import TINY, workspace, write

SETTINGS = """\
schema: 1

templates:
  task_completed:
    subject: "Done: {{name}}"
    text: "{{task.assigned_to}} completed {{name}} of {{project.name}}."
"""


@pytest.fixture
def here(repo: Path) -> Workspace:
    write(repo, "config/pipeline.yml", TINY + ROLES)
    write(repo, "config/automation.yml", SETTINGS)
    found = workspace(repo)
    for one in authoring.examples():
        authoring.new(found, one)
    return found


def test_auto_assign_pm_on_project_create(here: Workspace) -> None:
    project = make(here, "project", "HVAC Installation - Store #45")
    assert kinds(react.react(here)) == [("assign-pm", "done")]
    assert entity(here, project.id).fields == {"assigned_to": "project_manager"}
    (told,) = of_kind(here, "notified")
    assert told.subject == "inbox/ada@example.org" and "Store #45" in told.data["text"]


def test_planning_tasks_on_status_change(here: Workspace) -> None:
    project = make(here, "project", status="New")
    react.react(here)
    change(here, project.id, status="Planning")
    assert kinds(react.react(here)) == [("planning-tasks", "done")]
    rows = here.index.rows("SELECT name, parent FROM entity WHERE kind='task'")
    assert sorted(rows) == [(n, project.id) for n in ("Kickoff Meeting", "Resource Allocation", "Timeline Planning")]


def test_notify_pm_on_task_completion_and_update_the_parent(here: Workspace) -> None:
    project = make(here, "project", "Roof", "Planning")
    nobodys, graces = (make(here, "task", name, "Doing", parent=project.id) for name in ("Ladder", "Tiles"))
    change(here, graces.id, assigned_to="grace")
    react.react(here)
    before = len(of_kind(here, "notified"))
    change(here, nobodys.id, status="Completed")
    assert kinds(react.react(here)) == [("parent-status", "done")]
    assert entity(here, project.id).status == "In Progress"
    change(here, graces.id, status="Completed")
    assert kinds(react.react(here)) == [("parent-status", "done"), ("task-completed", "done")]
    (told,) = of_kind(here, "notified")[before:]
    assert told.data["subject"] == "Done: Tiles" and told.data["text"] == "grace completed Tiles of Roof."


@pytest.mark.parametrize("link", ["parent", "field"])
def test_convert_quote_to_order_on_acceptance(here: Workspace, link: str) -> None:
    customer = make(here, "customer", "Carol", email="carol@example.org")
    links = {"parent": customer.id} if link == "parent" else {"customer_id": customer.id}
    quote = make(here, "quote", "Roof", "Sent", **links)
    change(here, quote.id, status="Accepted")
    (firing,) = react.react(here)
    assert (firing.rule, firing.outcome) == ("quote-accepted", "done"), firing.why
    assert [one.outcome for one in firing.actions] == ["done", "done", "queued"]
    order = entity(here, firing.actions[0].what[0])
    assert (order.kind, order.status, order.fields) == ("order", "Confirmed", {"from_quote_id": quote.id})
    assert entity(here, quote.id).fields["converted_to_order"] is True
    (row,) = of_kind(here, "outbox_added")
    assert row.data["channel"] == "email" and row.data["payload"]["to"] == ["carol@example.org"]
    assert row.data["firing"] == firing.id and row.data["key"] == row.subject.partition("/")[2]


def test_without_a_customer_no_order_is_made(here: Workspace) -> None:
    quote = make(here, "quote", "Roof", "Sent")
    change(here, quote.id, status="Accepted")
    (firing,) = react.react(here)
    assert firing.outcome == "failed" and "customer.email" in firing.why
    assert not here.index.rows("SELECT id FROM entity WHERE kind='order'")
    assert "converted_to_order" not in entity(here, quote.id).fields and not of_kind(here, "outbox_added")
