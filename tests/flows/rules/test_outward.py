"""What leaves the repository goes into the outbox, filled in; and workflows are started and moved by rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.errors import StateError
from agenticops.flows.rules import react
from agenticops.flows.workflow import records
from tests.ruled import RULES, change, entity, make, of_kind, ruled
from tests.support import workspace, write

SETTINGS = """\
schema: 1

people:
  grace: {email: grace@example.org}

scripts:
  restart: {command: [make, restart]}
"""
OUT = """\
- code: out
  when: {entity: task, to: Done}
  actions:
    - {type: call_webhook, url: "https://example.org/{{id}}", headers: {Authorization: "Bearer env:TOKEN"},
       body: {size: "{{size}}"}}
    - {type: run_script, script: restart, input: {why: "{{new.status}}"}}
    - {type: run_agent, prompt: "Look at {{name}}"}
    - {type: send_email, to: grace, text: "Hello {{name}}"}
    - {type: send_email, to: project_manager, text: "Hello"}
"""


def test_each_way_out_is_an_intent_of_its_own(repo: Path) -> None:
    here = ruled(repo, OUT, SETTINGS)
    task = make(here, "task", "Roof", size=3)
    change(here, task.id, status="Done")
    (firing,) = react.react(here)
    assert [one.outcome for one in firing.actions] == ["queued"] * 5, firing.why
    rows = of_kind(here, "outbox_added")
    assert [row.data["channel"] for row in rows] == ["webhook", "script", "agent", "email", "email"]
    assert len({row.data["key"] for row in rows}) == 5 and {row.data["firing"] for row in rows} == {firing.id}
    hook, script, agent, grace, manager = (row.data["payload"] for row in rows)
    assert (hook["url"], hook["body"]) == (f"https://example.org/{task.id}", {"size": 3})
    assert hook["headers"] == {"Authorization": "Bearer env:TOKEN"}
    assert script["input"]["why"] == "Done" and script["input"]["entity"]["name"] == "Roof"
    assert agent["prompt"] == "Look at Roof"
    assert grace["to"] == ["grace@example.org"] and manager["to"] == ["ada@example.org"]


def test_mail_to_nobody_fails(repo: Path) -> None:
    here = ruled(repo, OUT.replace("to: grace", "to: nobody"), SETTINGS)
    change(here, make(here, "task", size=1).id, status="Done")
    (firing,) = react.react(here)
    assert firing.outcome == "failed" and "'nobody' has no e-mail address" in firing.why
    assert not of_kind(here, "outbox_added")


def test_a_script_that_is_not_declared_is_no_rule(repo: Path) -> None:
    write(repo, RULES, OUT)
    with pytest.raises(StateError, match="there is no script 'restart'") as error:
        react.react(workspace(repo))
    assert error.value.place == RULES


def test_a_delivery_leads_to_no_endless_loop(repo: Path) -> None:
    """What is told of a delivery counts as written by the firing that asked for it."""
    from agenticops.model.event import Draft

    text = (
        OUT
        + "- {code: again, when: {event: outbox_delivered}, actions: [{type: call_webhook, url: 'https://example.org'}]}\n"
    )
    here = ruled(repo, text, SETTINGS)
    change(here, make(here, "task", size=1).id, status="Done")
    react.react(here)
    outcomes = []
    for _ in range(2):
        name = of_kind(here, "outbox_added")[-1].subject
        with here.transaction("deliver") as tx:
            tx.append(Draft("outbox_delivered", name, data={"attempt": 1, "status": "200"}))
        outcomes += [one.outcome for one in react.react(here)]
    assert outcomes == ["done", "cut"]


FLOW = """\
code: FLOW
name: Flow
sector: tests
start: lead
phases:
  lead: {entity: quote, status: Draft, days: 1, next: [sent]}
  sent: {entity: quote, status: Sent, days: 1, next: [won, lost]}
  won: {entity: order, status: Confirmed, done: true, success: true}
  lost: {entity: quote, status: Rejected, done: true, success: false}
"""
MOVES = """\
- {code: begin, when: {entity: customer}, actions: [{type: start_workflow, template: FLOW, data: {n: 1}}]}
- {code: on, when: {entity: workflow, to: sent}, conditions: {data.n: 1}, actions: [{type: transition, to: won}]}
- {code: won, when: {entity: workflow, field: workflow_status, to: completed}, actions: [
   {type: create_entity, entity: note, name: "{{id}} {{order.status}}"}]}
"""


def test_rules_start_and_move_workflows(repo: Path) -> None:
    write(repo, "config/workflows/flow.yml", FLOW)
    here = ruled(repo, MOVES)
    make(here, "customer", "Carol")
    (begun,) = react.react(here)
    assert begun.outcome == "done", begun.why
    instance = records.instance(here, begun.actions[0].what[0])
    assert (instance.state, instance.data) == ("lead", {"n": 1})
    change(here, instance.entities["quote"], status="Sent")
    done = react.react(here)
    assert [(one.rule, one.outcome) for one in done] == [("on", "done"), ("won", "done")], [one.why for one in done]
    assert records.instance(here, instance.id).status == "completed"
    assert entity(here, done[1].actions[0].what[0]).name == f"{instance.id} Confirmed"
    started = here.log.of_subject(f"instance/{instance.id}")
    assert started[0].data["by"] == begun.id


def test_a_step_that_the_template_does_not_have_fails(repo: Path) -> None:
    write(repo, "config/workflows/flow.yml", FLOW)
    here = ruled(repo, MOVES.replace("to: won}]", "to: lead}]"))
    make(here, "customer", "Carol")
    (begun,) = react.react(here)
    instance = records.instance(here, begun.actions[0].what[0])
    change(here, instance.entities["quote"], status="Sent")
    (firing,) = react.react(here)
    assert firing.outcome == "failed" and records.instance(here, instance.id).state == "sent"
