"""The reaction: rules handle what a command wrote, when it is done."""

from __future__ import annotations

from pathlib import Path

from tests.stations import data, must
from tests.support import cli, run_cli, workspace, write

RULE = "{code: hello, when: {entity: project}, actions: [{type: update_field, field: greeted, value: true}]}\n"


def greeted(repo: Path) -> list[bool]:
    return [one["fields"].get("greeted", False) for one in data(repo, "entity", "list")["entities"]]


def test_rules_handle_what_a_command_wrote(train: Path) -> None:
    write(train, "config/rules/hello.yml", RULE)
    must(train, "rule", "enable", "hello")
    code, out, err = cli(train, "entity", "new", "project", "--name", "Roof")
    assert code == 0 and "update_field done" in err and "update_field" not in out
    assert greeted(train) == [True]
    assert cli(train, "entity", "new", "project", "--json")[2] == ""
    assert greeted(train) == [True, True]


def test_a_broken_rule_is_told_and_hinders_nothing(train: Path) -> None:
    write(train, "config/rules/hello.yml", RULE)
    must(train, "rule", "enable", "hello")
    write(train, "config/rules/odd.yml", "{code: odd, when: {entity: a}, actions: [{type: explode}]}\n")
    code, out, err = cli(train, "entity", "new", "project")
    assert code == 0 and "created" in out
    assert "rules wait" in err and "config/rules/odd.yml:1" in err
    (train / "config/rules/odd.yml").unlink()
    must(train, "rule", "run")
    assert greeted(train) == [True]


def test_reading_and_rehearsing_fires_nothing(train: Path) -> None:
    must(train, "entity", "new", "project")
    write(train, "config/rules/hello.yml", RULE)
    for words in (("entity", "list"), ("rule", "list")):
        run_cli(train, *words)
    assert workspace(train).index.value("SELECT COUNT(*) FROM event WHERE subject='rule/hello'") == 0
    run_cli(train, "entity", "new", "task")
    assert workspace(train).index.value("SELECT COUNT(*) FROM event WHERE subject='rule/hello'") == 1
