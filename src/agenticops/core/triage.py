"""Triage: declared rules propose phase, agent, priority and labels for an item; an operator confirms."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator

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
    raw = yamltext.load(text, path)
    if not isinstance(raw, dict):
        hint = f"schema: {SCHEMA}, then rules: …"
        raise StateError("the rules of triage are a mapping", place=f"{path}:1", hint=hint)
    if str(raw.get("schema")) != str(SCHEMA):
        message = f"schema {raw['schema']} is not known" if "schema" in raw else "the field schema is missing"
        raise _wrong(f"{message}; this version reads {SCHEMA}", path, text, ("schema",), f"schema: {SCHEMA}")
    listed = raw.get("rules") or []
    if not isinstance(listed, list):
        raise _wrong("rules: a list is wanted", path, text, ("rules",), "begin each rule with a dash: - name: …")
    yamltext.convert({**raw, "rules": []}, Rules, path, text)
    # One by one: of a fault within a list the converter does not tell where.
    rules = [yamltext.convert(r, Rule, path, text, within=("rules", str(n))) for n, r in enumerate(listed)]
    seen: set[str] = set()
    for number, rule in enumerate(rules):
        if (fault := _fault(rule, seen)) is not None:
            raise _wrong(f"triage rule {rule.name!r} {fault[0]}", path, text, ("rules", str(number)), fault[1])
        seen.add(rule.name)
    return tuple(rules)


def _wrong(message: str, path: str, text: str, keys: tuple[str, ...], hint: str) -> StateError:
    return StateError(message, place=f"{path}:{yamltext.locate(text, keys)}", hint=hint)


def _fault(rule: Rule, seen: Container[str]) -> tuple[str, str] | None:
    """Say of a rule that can never do anything, or that cannot be told from another, why; and what to write."""
    if not rule.name.strip():
        return "has no name", "name it: a proposal says which rule it comes from"
    if rule.name in seen:
        return "stands twice", "give one of them another name, or make them one rule"
    if rule.when == When():
        return "looks for nothing", "when: {words: […]}, or title, body, labels, authors"
    if not (rule.phase or rule.agent or rule.priority or rule.labels):
        return "proposes nothing", "write a priority, phase, agent or labels"
    return None


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


def lint(data: bytes, pipeline: Pipeline) -> Iterator[Finding]:
    """Find rules that propose what the pipeline does not know. Raises StateError when they cannot be read."""
    text = yamltext.decode(data, PATH)
    for number, rule in enumerate(read(data)):
        for code, noun, name, table in (
            ("VT301", "phase", rule.phase, pipeline.phases),
            ("VT303", "agent", rule.agent, pipeline.agents),
        ):
            if name and name not in table:
                message = f"triage rule {rule.name!r}: unknown {noun} {name!r}"
                line = yamltext.locate(text, ("rules", str(number), noun))
                yield Finding(code, message, PATH, line, hint=f"the pipeline knows: {', '.join(table)}")
