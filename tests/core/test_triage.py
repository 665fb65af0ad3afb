"""Triage: rules propose by whole words, the first one wins a field, labels add up, and each names its reason."""

from __future__ import annotations

import pytest

from agenticops.core import documents, triage
from agenticops.core.triage import Proposal, Rule, Subject, When
from agenticops.errors import StateError
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


RULES = """\
schema: 1

rules:

  - name: pumps
    when: {words: [pump]}
    phase: build

  - name: people
    when:
      authors: [ada]
    agent: maker
"""


def test_rules_that_the_pipeline_does_not_know_are_found_with_their_lines() -> None:
    pipeline = documents.read_pipeline(TINY.encode())
    assert list(triage.lint(RULES.encode(), pipeline)) == []
    wrong = RULES.replace("phase: build", "phase: x").replace("agent: maker", "agent: y").encode()
    found = list(triage.lint(wrong, pipeline))
    assert [(f.code, f.place) for f in found] == [("VT301", f"{triage.PATH}:7"), ("VT303", f"{triage.PATH}:12")]
    assert all(f.hint.startswith("the pipeline knows: ") for f in found)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("schema: 1\n", "", 1, "the field schema is missing; this version reads 1"),
        ("schema: 1", "schema: 2", 1, "schema 2 is not known; this version reads 1"),
        (RULES, "- a\n", 1, "the rules of triage are a mapping"),
        (RULES, "schema: 1\n\nrules: {a: 1}\n", 3, "rules: a list is wanted"),
        (RULES, "schema: 1\n\nrule: []\n", 3, "rule: unknown field"),
        (RULES, "schema: 1\n\nrules:\n  - name: [\n", 5, "not YAML"),
        ("agent: maker", "agents: maker", 12, "rules.1.agents: unknown field"),
        ("agent: maker", "priority: soon", 12, "rules.1.priority: unknown value 'soon'"),
        ("authors: [ada]", "author: [ada]", 11, "rules.1.when.author: unknown field"),
        ("authors: [ada]", "authors: ada", 11, "rules.1.when.authors: a list is wanted, not text"),
        ("- name: people\n    when", "- when", 9, "the field name is missing"),
        ("name: people", 'name: " "', 9, "has no name"),
        ("name: people", "name: pumps", 9, "triage rule 'pumps' stands twice"),
        ("      authors: [ada]\n", "      {}\n", 9, "triage rule 'people' looks for nothing"),
        ("    agent: maker\n", "", 9, "triage rule 'people' proposes nothing"),
    ],
)
def test_what_is_wrong_has_its_line_and_a_hint(old: str, new: str, line: int, words: str) -> None:
    assert old in RULES
    with pytest.raises(StateError) as caught:
        triage.read(RULES.replace(old, new).encode())
    assert words in caught.value.message and caught.value.place == f"{triage.PATH}:{line}"
    assert caught.value.hint


def test_an_unknown_priority_names_those_that_are_known() -> None:
    with pytest.raises(StateError) as caught:
        triage.read(RULES.replace("phase: build", "priority: soon").encode())
    assert caught.value.hint == "known: now, next, future"
