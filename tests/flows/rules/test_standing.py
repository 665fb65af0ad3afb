"""Standing and authoring: switching rules on and off, putting them away, and writing new ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agenticops.errors import ConflictError, StateError, TrainError, UsageError
from agenticops.flows.rules import authoring, react, standing
from tests.ruled import ROLES, make, of_kind, ruled
from tests.support import TINY, workspace, write

ONE = "- {code: note, when: {entity: task}, actions: [{type: create_entity, entity: note}]}\n"
FIELDS: dict[str, Any] = {
    "name": "Tell the PM",
    "when": {"entity": "task", "action": "create"},
    "actions": [{"type": "create_entity", "entity": "note"}],
}


def test_deleted_is_for_good_and_its_history_stays(repo: Path) -> None:
    here = ruled(repo, ONE)
    make(here, "task")
    react.react(here)
    one = standing.switch(here, "note", standing.DELETED, "replaced")
    assert (one.state, one.executions, one.counts) == ("rule_deleted", 1, False)
    make(here, "task")
    assert react.react(here) == []
    for kind in (standing.ENABLED, standing.DISABLED, standing.DELETED):
        with pytest.raises(UsageError):
            standing.switch(here, "note", kind)
    assert (repo / "config/rules/rules.yml").read_text() == ONE


def test_switching_what_is_so_already(repo: Path) -> None:
    here = ruled(repo, ONE)
    with pytest.raises(UsageError, match="enabled already"):
        standing.switch(here, "note", standing.ENABLED)
    with pytest.raises(UsageError, match="there is no rule 'x'"):
        standing.switch(here, "x", standing.DISABLED)
    write(repo, "config/rules/rules.yml", ONE.replace("code: note", "code: note, active: false"))
    standing.switch(here, "note", standing.DISABLED)
    with pytest.raises(UsageError, match="active: false"):
        standing.switch(here, "note", standing.ENABLED)


def test_a_file_is_parsed_once(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = ruled(repo, ONE)
    first = standing.rules(here)
    from agenticops.core.rules import file

    def parse(data: bytes, path: str) -> None:
        raise AssertionError("parsed again")

    monkeypatch.setattr(file, "read", parse)
    assert standing.rules(workspace(repo)) == first


def test_a_new_rule_counts_at_once(repo: Path) -> None:
    write(repo, "config/pipeline.yml", TINY)
    here = workspace(repo)
    rule = authoring.new(here, FIELDS)
    assert (rule.code, rule.path) == ("tell-the-pm", "config/rules/tell-the-pm.yml")
    make(here, "task")
    assert len(react.react(here)) == 1
    assert [event.data["why"] for event in of_kind(here, "rule_enabled")] == ["seen"]
    with pytest.raises(ConflictError, match="there is a rule tell-the-pm already"):
        authoring.new(here, FIELDS)


def test_a_new_rule_that_is_none_is_not_written(repo: Path) -> None:
    write(repo, "config/pipeline.yml", TINY)
    with pytest.raises(StateError):
        authoring.new(workspace(repo), {**FIELDS, "actions": [{"type": "explode"}]})
    with pytest.raises(StateError):
        authoring.new(workspace(repo), {**FIELDS, "actions": [{"type": "run_script", "script": "nowhere"}]})
    assert not (repo / "config/rules").exists()


def test_who_may_not_configure_writes_no_rule(repo: Path) -> None:
    may = ROLES.replace("[Ada Lovelace <ada@example.org>]", "[grace@example.org]\n    may: [configure]")
    write(repo, "config/pipeline.yml", TINY + may)
    with pytest.raises(TrainError, match="VT450"):
        authoring.new(workspace(repo), FIELDS)


def test_words_and_pairs() -> None:
    assert authoring.pairs(["a=1", "b=true", "c=x=y"]) == {"a": 1, "b": True, "c": "x=y"}
    assert authoring.plain("{amount: {gt: 5}}", "--if") == {"amount": {"gt": 5}}
    for words in (["a"], ["=1"]):
        with pytest.raises(UsageError):
            authoring.pairs(words)
    with pytest.raises(UsageError, match="there is no example 'x'"):
        authoring.example("x")
