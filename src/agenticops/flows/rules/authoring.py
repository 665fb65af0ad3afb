"""Authoring: a new rule is a file of its own, read back before it is written, and switched on at once."""

from __future__ import annotations

from typing import Any

from agenticops.core import yamltext
from agenticops.core.rules import file
from agenticops.errors import ConflictError, UsageError
from agenticops.flows import role
from agenticops.flows.rules import standing
from agenticops.model.layout import PIPELINE
from agenticops.model.rule import Rule
from agenticops.store.tree import WorkingTree
from agenticops.workspace import RESOURCES, Workspace

EXAMPLES = "rules/examples.yml"


def new(workspace: Workspace, fields: dict[str, Any]) -> Rule:
    """Write a rule. Raises StateError for what is no rule, ConflictError when the code is taken."""
    path = f"{file.FOLDER}/{fields.get('code') or 'rule'}.yml"
    (rule,) = file.read(file.write(fields).encode(), path)
    path = f"{file.FOLDER}/{rule.code}.yml"
    text = file.write({"code": rule.code, **fields})
    (rule,) = file.read(text.encode(), path)
    standing.declared(workspace, [rule])
    with workspace.transaction("rule new") as tx:
        if workspace.tree.read(PIPELINE) is not None:
            role.require(workspace, "configure")
        taken = next((one for one in standing.rules(workspace) if one.code == rule.code), None)
        if taken is not None or tx.read(path) is not None:
            place = taken.path if taken else path
            raise ConflictError(f"there is a rule {rule.code} already", place=place, hint="give another --code")
        if standing.put_away(workspace, rule.code):
            raise ConflictError(f"a rule {rule.code} was deleted; its history stays", hint="give another --code")
        tx.write(path, text)
        if rule.active:
            tx.append(standing.enabling(rule, standing.SEEN))
    return rule


def examples() -> list[dict[str, Any]]:
    """Give the packaged examples, as they are written."""
    text = yamltext.decode(WorkingTree(RESOURCES).read(EXAMPLES) or b"", EXAMPLES)
    found: list[dict[str, Any]] = yamltext.typed(yamltext.load(text, EXAMPLES))["rules"]
    return found


def example(code: str) -> dict[str, Any]:
    """Give one packaged example. Raises UsageError."""
    known = {str(one["code"]): one for one in examples()}
    if code not in known:
        raise UsageError(f"there is no example {code!r}", hint=f"known: {', '.join(known)}")
    return known[code]


def plain(text: str, place: str) -> Any:
    """Read a condition or an action that was given as a word: YAML, as it stands in the file."""
    return yamltext.typed(yamltext.load(text, place))


def pairs(words: list[str]) -> dict[str, Any]:
    """Read `key=value` words; a value is a number, true or false where it looks like one. Raises UsageError."""
    found: dict[str, Any] = {}
    for word in words:
        key, sign, value = word.partition("=")
        if not sign or not key.strip():
            raise UsageError(f"{word!r} is no KEY=VALUE", hint="--field status=Completed")
        found[key.strip()] = yamltext.typed(yamltext.Plain(value))
    return found
