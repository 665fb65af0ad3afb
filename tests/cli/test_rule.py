"""`rule`: the commands, as people and programs call them."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.flows.rules import react
from tests.ruled import ROLES, change, make, of_kind
from tests.stations import data, must, refused
from tests.support import TINY, cli, status, workspace, write


@pytest.fixture
def train(repo: Path) -> Path:
    write(repo, "config/pipeline.yml", TINY + ROLES)
    return repo


def test_the_way_of_a_rule(train: Path) -> None:
    must(train, "rule", "new", "--example", "assign-pm")
    project = make(workspace(train), "project", "Roof")
    out = must(train, "rule", "run")
    assert "done   assign-pm" in out and "update_field done, send_notification done" in out
    assert "nothing is pending" in must(train, "rule", "run")
    (listed,) = data(train, "rule", "list")
    assert (listed["workflow_name"], listed["trigger_entity_type"]) == ("Auto-assign PM on project create", "project")
    assert (listed["execution_count"], listed["max_executions"], listed["active_flag"]) == (1, -1, True)
    assert listed["last_executed_ts"] and listed["state"] == "active"
    assert "assign-pm" in must(train, "rule", "list")
    shown = must(train, "rule", "show", "assign-pm")
    assert "when a project is created" in shown and "1 execution" in shown
    event = of_kind(workspace(train), "entity_created")[0]
    assert event.subject == f"entity/{project.id}"
    explained = must(train, "rule", "explain", "assign-pm", event.id)
    assert "rule fired" in explained and "✓ it is what the rule waits for" in explained


def test_what_counts_to_its_limit_is_what_ran_since_it_was_switched_on(train: Path) -> None:
    write(
        train,
        "config/rules/own.yml",
        "code: own\nmax: 1\nwhen: {entity: task}\nactions: [{type: open_risk, title: x}]\n",
    )
    must(train, "rule", "run")
    make(workspace(train), "task")
    must(train, "rule", "run")
    assert "it ran 1 time, as often as it may" in must(train, "rule", "show", "own")
    must(train, "rule", "enable", "own")
    assert "0/1" in must(train, "rule", "list") and "1 execution · 0 of 1" in must(train, "rule", "show", "own")
    assert "rule/own" in must(train, "log", "--kind", "rule_enabled")
    assert "own: done" in must(train, "log", "--kind", "rule_fired")


def test_a_rule_written_by_hand_is_new_until_something_reacts(train: Path) -> None:
    act = "{type: update_field, field: a, value: 1}"
    write(train, "config/rules/own.yml", f"code: own\nwhen: {{entity: task}}\nactions: [{act}]\n")
    assert "rule run: a new rule counts from there" in must(train, "rule", "list")
    must(train, "rule", "run")
    assert "rule run" not in must(train, "rule", "list")


def test_switching(train: Path) -> None:
    must(train, "rule", "new", "--example", "task-completed")
    must(train, "rule", "disable", "task-completed", "--reason", "Not in May")
    assert data(train, "rule", "show", "task-completed")["state"] == "disabled"
    assert "is disabled already" not in must(train, "rule", "enable", "task-completed")
    assert "enabled already" in refused(train, "rule", "enable", "task-completed", code=2)
    must(train, "rule", "delete", "task-completed", "--reason", "Gone")
    assert data(train, "rule", "list")[0]["state"] == "deleted"
    assert "was deleted" in refused(train, "rule", "enable", "task-completed", code=2)
    assert (train / "config/rules/task-completed.yml").exists()


def test_a_rule_made_of_options(train: Path) -> None:
    arguments = ["--name", "Big ones", "--entity", "quote", "--on", "field_change", "--field", "amount", "--order", "2"]
    arguments += ["--if", "{field: amount, gt: 1000}", "--max", "5", "--only", "e0123456789ab"]
    found = data(train, "rule", "new", *arguments, "--do", "{type: send_notification, recipients: [ada], text: big}")
    assert (found["rule"]["code"], found["rule"]["max"], found["rule"]["ids"]) == ("big-ones", 5, ["e0123456789ab"])
    arguments = ["--name", "Off", "--cron", "0 9 * * 1", "--timezone", "Europe/Berlin", "--inactive"]
    must(train, "rule", "new", *arguments, "--do", "{type: open_risk, title: Stale}")
    assert [one["state"] for one in data(train, "rule", "list")] == ["inactive", "active"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["new"], 2, "a rule needs a name"),
        (["new", "--example", "x"], 2, "there is no example"),
        (["new", "--name", "x", "--cron", "99 * * * *", "--do", "{type: open_risk, title: x}"], 1, "no schedule"),
        (["new", "--name", "x", "--entity", "task", "--do", "{type: explode}"], 1, "unknown action 'explode'"),
        (["new", "--name", "x", "--entity", "task", "--do", "{"], 1, "not YAML"),
        (["show", "x"], 2, "there is no rule 'x'"),
        (["explain", "x"], 2, "there is no rule 'x'"),
        (["test"], 2, "an event of the log, or --entity"),
        (["test", "01ABCDEF"], 2, "there is no event"),
        (["test", "--entity", "task", "--field", "status"], 2, "no KEY=VALUE"),
        (["run", "--json"], 1, "unknown trigger 'when it rains'"),
    ],
)
def test_what_cannot_be_meant(train: Path, arguments: list[str], code: int, says: str) -> None:
    if arguments[0] == "run":
        write(train, "config/rules/a.yml", "code: a\nwhen: {entity: task, action: when it rains}\nactions: []\n")
    before = status(train)
    assert says in refused(train, "rule", *arguments, code=code)
    assert status(train) == before


def test_trying_without_an_event(train: Path) -> None:
    must(train, "rule", "new", "--example", "task-completed")
    options = ["--entity", "task", "--action", "status_change", "--field", "status=Completed", "--old", "status=Doing"]
    assert "its conditions do not hold  assigned_to exists" in must(train, "rule", "test", *options)
    (found,) = data(train, "rule", "test", *options, "--field", "assigned_to=ada")
    assert found["outcome"] == "done" and found["writes"][0]["subject"] == "inbox/ada@example.org"
    assert not of_kind(workspace(train), "notified")
    assert "no rule waits for this" in must(train, "rule", "test", "--entity", "quote")


def test_a_name_is_never_markup(train: Path) -> None:
    must(
        train,
        "rule",
        "new",
        "--name",
        "[/nope]\x1b[31m",
        "--code",
        "a",
        "--entity",
        "task",
        "--do",
        "{type: open_risk, title: x}",
    )
    for arguments in (["list"], ["show", "a"]):
        found, out, _ = cli(train, "rule", *arguments)
        assert found == 0 and "\x1b" not in out and "[/nope]" in out


def test_a_failed_firing_says_why(train: Path) -> None:
    must(train, "rule", "new", "--example", "parent-status")
    here = workspace(train)
    event = change(here, make(here, "task").id, status="Completed")
    assert "failed parent-status" in must(train, "rule", "run")
    out = must(train, "rule", "explain", "parent-status", event.id)
    assert "failed: " in out and "has no parent" in out
    assert react.react(workspace(train)) == []
