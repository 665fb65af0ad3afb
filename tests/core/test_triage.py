"""Triage: rules propose by whole words, the first one wins a field, labels add up, and each names its reason."""

from __future__ import annotations

import msgspec
import pytest

from agenticops.core import documents, triage
from agenticops.core.triage import Proposal, Rule, Rules, Subject, When
from tests.support import TINY

SUBJECT = Subject("Login fails: “Out of memory”", "On the PHONE only.\nSee [x].", ("bug", "Area:Web"), "Ada")


@pytest.mark.parametrize(
    ("when", "hit"),
    [
        (When(words=("phone",)), True),
        (When(words=("phon",)), False),
        (When(words=("out OF memory",)), True),
        (When(title=("phone",)), False),
        (When(body=("phone only",)), True),
        (When(labels=("BUG",)), True),
        (When(authors=("ada",)), True),
        (When(words=("phone",), authors=("bob",)), False),
        (When(words=("nothing", "login")), True),
        (When(), False),
        (When(words=("[x]",)), True),
    ],
)
def test_a_rule_hits_when_each_of_its_lists_does(when: When, hit: bool) -> None:
    assert triage.hits(SUBJECT, when) is hit


def test_the_first_rule_wins_a_field_and_labels_add_up() -> None:
    rules = [
        Rule("misses", When(words=("rocket",)), phase="ship"),
        Rule("memory", When(words=("memory",)), priority="now", labels=("risk", "bug")),
        Rule("mobile", When(words=("phone",)), phase="build", priority="future", labels=("risk", "auto")),
    ]
    assert triage.triage(SUBJECT, rules) == Proposal(
        phase="build",
        priority="now",
        labels=("risk", "auto"),
        because={"priority": "memory", "risk": "memory", "phase": "mobile", "auto": "mobile"},
    )
    assert triage.triage(SUBJECT, rules[:1]) == Proposal()


def test_rules_that_the_pipeline_does_not_know_are_found() -> None:
    pipeline = documents.read_pipeline(TINY.encode())
    rules = [Rule("a", When(), phase="build", agent="maker"), Rule("b", When(), phase="x", agent="y")]
    assert [f.code for f in triage.lint(rules, pipeline)] == ["VT301", "VT303"]


def test_a_misspelt_rule_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="prioriti"):
        msgspec.convert({"rules": [{"name": "a", "when": {}, "prioriti": "now"}]}, Rules)
