"""Triage: declared rules propose phase, agent, priority and labels for an item; an operator confirms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from agenticops.core import yamltext
from agenticops.errors import StateError
from agenticops.model.finding import Finding
from agenticops.model.pipeline import Pipeline
from agenticops.model.work import Priority

PATH = "config/triage.yml"
SCHEMA = 1
_WORD = re.compile(r"\w+")


class When(Struct, frozen=True, forbid_unknown_fields=True):
    """What a rule looks for; each list that is given must hit once. Words and phrases are whole words, in any case."""

    words: tuple[str, ...] = ()
    title: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """A rule by name, what it looks for and what it proposes."""

    name: str
    when: When
    phase: str = ""
    agent: str = ""
    priority: Priority | None = None
    labels: tuple[str, ...] = ()


class Rules(Struct, frozen=True, forbid_unknown_fields=True):
    """The file `config/triage.yml`."""

    schema: int = SCHEMA
    rules: tuple[Rule, ...] = ()


class Subject(Struct, frozen=True):
    """What is triaged."""

    title: str
    body: str = ""
    labels: tuple[str, ...] = ()
    author: str = ""


class Proposal(Struct, frozen=True):
    """What is proposed; `because` names for each field, and for each label, the rule that says so."""

    phase: str = ""
    agent: str = ""
    priority: str = ""
    labels: tuple[str, ...] = ()
    because: dict[str, str] = field(default_factory=dict)


def read(data: bytes, path: str = PATH) -> tuple[Rule, ...]:
    """Read the rules. Raises StateError with the line of what is wrong."""
    text = yamltext.decode(data, path)
    rules = yamltext.convert(yamltext.load(text, path), Rules, path, text)
    if rules.schema != SCHEMA:
        place = f"{path}:{yamltext.locate(text, ('schema',))}"
        message = f"schema {rules.schema} is not known; this version reads {SCHEMA}"
        raise StateError(message, place=place, hint="update agenticops")
    return rules.rules


def triage(subject: Subject, rules: Iterable[Rule]) -> Proposal:
    """Apply the rules in order: of each field the first rule that hits counts, labels add up. Nothing hits: nothing."""
    said: dict[str, str] = {}
    because: dict[str, str] = {}
    labels: dict[str, None] = {}
    for rule in rules:
        if not hits(subject, rule.when):
            continue
        for name in ("phase", "agent", "priority"):
            if (value := getattr(rule, name)) and name not in said:
                said[name], because[name] = value, rule.name
        for label in rule.labels:
            if label not in subject.labels and label not in labels:
                labels[label], because[label] = None, rule.name
    return Proposal(**said, labels=tuple(labels), because=because)


def hits(subject: Subject, when: When) -> bool:
    """Tell whether a rule speaks of a subject; one that looks for nothing speaks of none."""
    title, body = _plain(subject.title), _plain(subject.body)
    labels = {label.casefold() for label in subject.labels}
    asked = [
        (when.words, lambda word: _plain(word) in title or _plain(word) in body),
        (when.title, lambda word: _plain(word) in title),
        (when.body, lambda word: _plain(word) in body),
        (when.labels, lambda label: label.casefold() in labels),
        (when.authors, lambda author: author.casefold() == subject.author.casefold()),
    ]
    given = [any(map(found, wanted)) for wanted, found in asked if wanted]
    return bool(given) and all(given)


def _plain(text: str) -> str:
    """Give a text as its words, so that a phrase is found as whole words."""
    return f" {' '.join(_WORD.findall(text.casefold()))} "


def lint(rules: Iterable[Rule], pipeline: Pipeline) -> Iterator[Finding]:
    """Find rules that propose what the pipeline does not know."""
    for rule in rules:
        for code, noun, name, table in (
            ("VT301", "phase", rule.phase, pipeline.phases),
            ("VT303", "agent", rule.agent, pipeline.agents),
        ):
            if name and name not in table:
                hint = f"the pipeline knows: {', '.join(table)}"
                yield Finding(code, f"triage rule {rule.name!r}: unknown {noun} {name!r}", PATH, hint=hint)
