"""Scheduled rules: due once a minute and entity; what was missed is not made up for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from agenticops.flows.rules import react, scheduled, standing
from tests.ruled import entity, kinds, make, of_kind, ruled

DAILY = "- {code: daily, when: {cron: 0 9 * * *}, actions: [{type: send_notification, recipients: [ada], text: Hi}]}\n"
EACH = """\
- {code: late, when: {cron: 0 9 * * *, entity: task}, conditions: {status: Doing}, actions: [
   {type: update_field, field: asked, value: "{{event.at}}"}]}
"""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_rule_without_an_entity_fires_once_a_minute(repo: Path) -> None:
    here = ruled(repo, DAILY)
    assert scheduled.due(here, at("2026-01-05T08:00"), at("2026-01-05T08:59")) == []
    assert kinds(scheduled.due(here, at("2026-01-05T08:59"), at("2026-01-05T09:00"))) == [("daily", "done")]
    assert scheduled.due(here, at("2026-01-05T08:59"), at("2026-01-05T09:01")) == []
    (fired,) = of_kind(here, "rule_fired")
    assert fired.data["event"] == "cron:2026-01-05T09:00Z"
    assert of_kind(here, "notified")[0].data["text"] == "Hi"
    assert react.react(here) == []


def test_of_what_was_missed_the_last_counts(repo: Path) -> None:
    here = ruled(repo, DAILY)
    (one,) = scheduled.due(here, at("2026-01-01T00:00"), at("2026-03-03T08:00"))
    assert one.event == "cron:2026-03-02T09:00Z"


def test_a_rule_with_an_entity_meets_each_that_its_conditions_hold_for(repo: Path) -> None:
    here = ruled(repo, EACH)
    doing = [make(here, "task", status="Doing") for _ in range(3)]
    done = make(here, "task", status="Done")
    fired = scheduled.due(here, at("2026-01-05T08:59"), at("2026-01-05T09:00"))
    assert sorted(one.subject for one in fired) == sorted(f"entity/{one.id}" for one in doing)
    assert entity(here, doing[0].id).fields == {"asked": "2026-01-05T09:00:00.000Z"}
    assert entity(here, done.id).fields == {}
    assert scheduled.due(here, at("2026-01-05T08:59"), at("2026-01-05T09:00")) == []


def test_a_schedule_that_is_switched_off(repo: Path) -> None:
    here = ruled(repo, DAILY)
    assert scheduled.next_due(here, at("2026-01-05T09:00")) == at("2026-01-06T09:00")
    standing.switch(here, "daily", standing.DISABLED)
    assert scheduled.due(here, at("2026-01-05T08:59"), at("2026-01-05T09:00")) == []
    assert scheduled.next_due(here, at("2026-01-05T09:00")) is None


def test_what_a_schedule_wrote_is_met_by_other_rules(repo: Path) -> None:
    text = EACH + "- {code: then, when: {entity: task, field: asked}, actions: [{type: create_entity, entity: note}]}\n"
    here = ruled(repo, text)
    make(here, "task", status="Doing")
    scheduled.due(here, at("2026-01-05T08:59"), at("2026-01-05T09:00"))
    (then,) = react.react(here)
    assert (then.rule, then.depth) == ("then", 2)
