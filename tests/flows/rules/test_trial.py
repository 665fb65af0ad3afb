"""Trials and explanations: what a rule would do, and why it did or did not; nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.errors import UsageError
from agenticops.flows.rules import react, standing, trial
from agenticops.model.rule import Rule
from tests.ruled import change, make, ruled
from tests.support import snapshot

RULES = """\
- code: note
  when: {entity: task, to: Done}
  conditions: {all: [{field: size, gt: 3}, {not: {owner: any}}]}
  actions: [{type: create_entity, entity: note, name: "of {{name}}"}, {type: update_field, field: seen, value: true}]
- {code: fails, when: {entity: task, to: Done}, actions: [{type: update_field, target: parent, field: a, value: 1}]}
- {code: other, when: {entity: quote}, actions: [{type: create_entity, entity: note}]}
- {code: nightly, when: {cron: 0 0 * * *}, actions: [{type: open_risk, title: x}]}
"""


def test_an_event_of_the_log_is_tried_and_nothing_is_written(repo: Path) -> None:
    here = ruled(repo, RULES)
    event = change(here, make(here, "task", "Roof", size=5).id, status="Done")
    before = snapshot(repo)
    found = {one.rule: one for one in trial.of_event(here, trial.event(here, event.id[:-2].lower()))}
    assert set(found) == {"note", "fails"}
    assert found["note"].outcome == "done"
    assert [one["kind"] for one in found["note"].writes] == ["entity_created", "entity_updated"]
    assert found["note"].writes[0]["data"]["name"] == "of Roof"
    assert found["fails"].outcome == "failed" and "no parent" in found["fails"].why
    assert snapshot(repo) == before
    fired = react.react(here)
    done = next(one for one in fired if one.rule == "note")
    assert done.actions == found["note"].actions, "what was tried is what is done"


def test_something_imagined(repo: Path) -> None:
    here = ruled(repo, RULES)
    before = snapshot(repo)
    small, big = (
        {one.rule: one for one in trial.imagined(here, "task", "status_change", {"status": "Done", "size": n}, {})}
        for n in (3, 5)
    )
    assert (small["note"].outcome, small["note"].why) == ("conditions", "size > 3")
    assert big["note"].outcome == "done"
    assert [one.rule for one in trial.imagined(here, "quote", "create", {"status": "x"}, {})] == ["other"]
    assert trial.imagined(here, "quote", "delete", {}, {}) == []
    assert snapshot(repo) == before
    for entity, action in (("ticket", "create"), ("task", "explode")):
        with pytest.raises(UsageError):
            trial.imagined(here, entity, action, {}, {})


def test_why_a_rule_did_not_fire(repo: Path) -> None:
    here = ruled(repo, RULES)
    task = make(here, "task", size=3, owner="ada")
    created = here.log.of_subject(f"entity/{task.id}")[0]
    event = change(here, task.id, status="Done")
    react.react(here)
    (found,) = trial.explain(here, "note", event.id)
    assert not found.fires and not found.handled
    said = {one.asks: (one.holds, one.found) for one in found.answers}
    assert said["size > 3"] == (False, "3") and said["not owner exists"] == (False, "'ada'")
    assert said["the rule is active"] == (True, "") and said["all its conditions together"][0] is False
    (found,) = trial.explain(here, "note", created.id)
    assert "it waits for a change of status" in next(one.found for one in found.answers if not one.holds)


def test_why_a_rule_fired_or_failed(repo: Path) -> None:
    here = ruled(repo, RULES)
    event = change(here, make(here, "task", size=9).id, status="Done")
    (before,) = trial.explain(here, "note", event.id)
    assert before.fires and not before.handled
    react.react(here)
    (after,) = trial.explain(here, "note", event.id)
    assert after.handled["outcome"] == "done" and after.handled["firing"] == react.firing_id("note", event.id)
    (failed,) = trial.explain(here, "fails", event.id)
    assert failed.handled["outcome"] == "failed" and "no parent" in failed.handled["error"]


def test_without_an_event_the_last_ones_that_could_concern_it(repo: Path) -> None:
    here = ruled(repo, RULES)
    tasks = [make(here, "task") for _ in range(7)]
    found = trial.explain(here, "note")
    assert [one.subject for one in found] == [f"entity/{one.id}" for one in reversed(tasks[-5:])]
    assert trial.explain(here, "other") == [] == trial.explain(here, "nightly")


def test_a_rule_that_is_off_says_so(repo: Path) -> None:
    here = ruled(repo, RULES)
    event = change(here, make(here, "task", size=9).id, status="Done")
    standing.switch(here, "note", standing.DISABLED)
    (found,) = trial.explain(here, "note", event.id)
    assert not found.fires
    assert next(one for one in found.answers if one.asks == "the rule is active").found == "disabled"
    assert next(one for one in trial.of_event(here, event) if one.rule == "note").why == "it is not active"


def test_an_event_is_named_by_its_start(repo: Path) -> None:
    here = ruled(repo, RULES)
    make(here, "task")
    for wanted in ("01Z", "0", "01K"):
        with pytest.raises(UsageError):
            trial.event(here, wanted)


def test_a_rule_in_words(repo: Path) -> None:
    here = ruled(repo, RULES)
    rules: dict[str, Rule] = {one.rule.code: one.rule for one in standing.every(here)}
    assert trial.rule_lines(rules["note"])[:2] == [
        "when status of a task changes to Done",
        "if size > 3 and not owner exists",
    ]
    assert trial.rule_lines(rules["nightly"])[0] == "when it is 0 0 * * * (UTC)"
