"""What a webhook answers: later actions of the rule use it, once, and other rules may start from the delivery."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.flows.rules import answers, react
from agenticops.flows.worker.run import Wanted, Worker
from agenticops.model.event import Draft
from agenticops.workspace import Workspace
from tests import posting
from tests.posting import served
from tests.stations import Board
from tests.support import commit_all, status, thorough, write

__all__ = ["served"]

RULES = """\
rules:
  - code: ask-crm
    name: Ask the CRM
    when: {{entity: order, action: create}}
    actions:
      - type: call_webhook
        parameters:
          url: {url}/200
          body: {{order: "{{{{entity.name}}}}"}}
          answer: [id, customer.name]
      - type: update_field
        parameters: {{field: asked, value: true}}
      - type: update_field
        parameters: {{field: crm, value: "{{{{answer.id}}}}"}}
      - type: update_field
        parameters: {{field: customer, value: "for {{{{answer.customer.name}}}}"}}
  - code: note-delivery
    name: Note the delivery
    when: {{event: outbox_delivered}}
    actions:
      - type: create_entity
        parameters: {{entity: note, name: "Answer {{{{event.data.answer.id}}}}"}}
"""


@pytest.fixture
def repo(at: Board, web: posting.Web) -> Path:
    web.seen = []
    path = at("tiny")
    posting.settings(path, web)
    write(path, "config/rules/crm.yml", RULES.format(url=web.url))
    react.react(Workspace(str(path)))
    return path


def test_actions_wait_for_the_answer_and_are_done_once(repo: Path, web: posting.Web) -> None:
    here = Workspace(str(repo))
    with here.transaction("test") as tx:
        tx.append(Draft("entity_created", "entity/e00000000001", data={"entity": "order", "name": "Refills"}))
    (fired,) = react.react(Workspace(str(repo)))
    assert [one.outcome for one in fired.actions] == ["queued", "done", "waiting", "waiting"]
    commit_all(repo)
    report = Worker(Workspace(str(repo)), Wanted(True, commit=True)).run()
    assert (report.delivered, len(web.seen), web.seen[0][2]) == (1, 1, {"order": "Refills"})
    here = Workspace(str(repo))
    found = here.index.value("SELECT json_extract(json, '$.fields') FROM entity WHERE id='e00000000001'")
    assert found == '{"asked":true,"crm":7,"customer":"for Ada"}'
    assert here.index.rows("SELECT name FROM entity WHERE kind='note'") == [("Answer 7",)]
    assert answers.proceed(here) == [] and not status(repo)
    told = [e.data for e in here.log.of_subject(f"firing/{fired.id}")]
    assert [(data.get("numbers"), data["outcome"]) for data in told] == [(None, "done"), ([3, 4], "done")]


@thorough
def test_a_rule_that_changed_meanwhile_is_not_gone_on_with(repo: Path, web: posting.Web) -> None:
    with Workspace(str(repo)).transaction("test") as tx:
        tx.append(Draft("entity_created", "entity/e00000000001", data={"entity": "order", "name": "Refills"}))
    react.react(Workspace(str(repo)))
    write(repo, "config/rules/crm.yml", RULES.format(url=web.url).replace("field: crm", "field: other"))
    commit_all(repo)
    Worker(Workspace(str(repo)), Wanted(True)).run()
    here = Workspace(str(repo))
    assert here.index.value("SELECT json_extract(json, '$.fields.other') FROM entity WHERE id='e00000000001'") is None
    last = here.index.value(
        "SELECT json_extract(json, '$.data.error') FROM event WHERE target <> '' AND kind='rule_fired'"
    )
    assert "changed while it waited" in last
