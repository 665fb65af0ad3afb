"""Lint of rules: what a rule file says can be meant, its names are declared, and no rule feeds on itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agenticops.core import automation
from agenticops.core.rules import file
from agenticops.errors import StateError
from agenticops.model.finding import Finding
from agenticops.model.rule import Rule
from agenticops.model.tree import Tree

HINT = "docs/how-to/rules.md; agenticops rule test tries it"


def findings(tree: Tree) -> list[Finding]:
    """Judge the rules of a tree; one without them has nothing to judge."""
    rules: list[Rule] = []
    found: list[Finding] = []
    for name in tree.names(file.FOLDER):
        path = f"{file.FOLDER}/{name}"
        if not name.endswith(file.ENDINGS):
            continue
        try:
            rules += file.read(tree.read(path) or b"", path)
        except StateError as e:
            place, _, line = e.place.rpartition(":")
            found.append(Finding("VT535", e.message, place or path, int(line) if line.isdigit() else 0, hint=e.hint))
    if not rules:
        return found
    return [*found, *_twice(rules), *_undeclared(rules, tree), *_feeding(rules)]


def _twice(rules: Iterable[Rule]) -> Iterator[Finding]:
    seen: dict[str, Rule] = {}
    for rule in rules:
        other = seen.setdefault(rule.code, rule)
        if other is not rule:
            message = f"the code {rule.code} is that of another rule, in {other.path}"
            yield Finding("VT536", message, rule.path, hint="give one of them another code")


def _undeclared(rules: Iterable[Rule], tree: Tree) -> Iterator[Finding]:
    try:
        said = automation.read(tree.read(automation.PATH))
    except StateError as e:
        yield Finding("VT537", e.message, e.place.split(" ")[0] or automation.PATH, hint=e.hint)
        return
    for rule in rules:
        for words in file.undeclared(rule, said.scripts, said.templates):
            yield Finding("VT537", f"rule {rule.code}, {words}", rule.path, hint=f"declare it in {automation.PATH}")


def _feeding(rules: Iterable[Rule]) -> Iterator[Finding]:
    """Find rules that set the field whose change they wait for, or make the kind whose creation they wait for."""
    for rule in rules:
        for number, action in enumerate(rule.actions, 1):
            if _meets_itself(rule, action.type, action.target, action.parameters):
                message = f"rule {rule.code}, action {number} brings about what the rule waits for: it will be cut"
                yield Finding("VT538", message, rule.path, severity="warning", hint=HINT)


def _meets_itself(rule: Rule, kind: str, target: str, parameters: dict[str, object]) -> bool:
    when = rule.when
    if kind == "create_entity":
        return when.action == "create" and parameters.get("entity") == when.entity
    if kind != "update_field" or target not in ("self", when.entity):
        return False
    if when.action == "update":
        return True
    changes = when.action in ("status_change", "field_change") and parameters.get("field") == when.field
    return changes and (when.to is None or parameters.get("value") == when.to)
