"""Lint of rules: each code, and nothing for good rules."""

from __future__ import annotations

import pytest

from agenticops.core.rules import lint
from agenticops.model.tree import MemoryTree

GOOD = "{code: a, when: {entity: task, to: Done}, actions: [{type: update_field, field: x, value: 1}]}"


def found(**files: str) -> list[tuple[str, str]]:
    tree = MemoryTree({name.replace("__", "/").replace("_yml", ".yml"): text.encode() for name, text in files.items()})
    return [(one.code, one.place) for one in lint.findings(tree)]


def test_good_rules_and_none() -> None:
    assert found(config__rules__a_yml=GOOD) == [] == found(config__x_yml="")


def test_a_broken_file_has_its_line() -> None:
    assert found(config__rules__a_yml=GOOD, config__rules__b_yml="code: b\nwhen: 5\n") == [
        ("VT535", "config/rules/b.yml:2")
    ]


def test_two_of_one_code() -> None:
    assert found(config__rules__a_yml=GOOD, config__rules__b_yml=GOOD) == [("VT536", "config/rules/b.yml")]


def test_what_is_not_declared() -> None:
    text = GOOD.replace("type: update_field, field: x, value: 1", "type: run_script, script: s")
    assert found(config__rules__a_yml=text) == [("VT537", "config/rules/a.yml")]
    declared = "schema: 1\nscripts: {s: {command: [make]}}\n"
    assert found(config__rules__a_yml=text, config__automation_yml=declared) == []
    assert found(config__rules__a_yml=text, config__automation_yml="schema: 7\n")[0][0] == "VT537"


@pytest.mark.parametrize(
    ("when", "action", "feeds"),
    [
        ("entity: task, to: Done", "type: update_field, field: status, value: Done", True),
        ("entity: task, to: Done", "type: update_field, field: status, value: New", False),
        ("entity: task, to: Done", "type: update_field, target: parent, field: status, value: Done", False),
        ("entity: task, action: update", "type: update_field, field: x, value: 1", True),
        ("entity: task, field: x", "type: update_field, field: x, value: 1", True),
        ("entity: task, field: x", "type: update_field, field: y, value: 1", False),
        ("entity: task", "type: create_entity, entity: task", True),
        ("entity: task", "type: create_entity, entity: note", False),
    ],
)
def test_a_rule_that_feeds_on_itself(when: str, action: str, feeds: bool) -> None:
    text = f"{{code: a, when: {{{when}}}, actions: [{{{action}}}]}}"
    assert found(config__rules__a_yml=text) == ([("VT538", "config/rules/a.yml")] if feeds else [])
