"""Continuing: an action that looks up `{{answer.…}}` waits for the answer of the delivery before it. ADR 0039."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agenticops.core import lookup
from agenticops.model.rule import Rule

WAITING = "waiting"
# What answers: mail does not.
ANSWERING = frozenset(("call_webhook", "run_script", "run_agent"))


def awaited(rule: Rule, number: int) -> int:
    """Give the number of the action whose answer an action looks up, the last one before it; 0 when it waits for none.

    Numbers count from 1. An action that looks an answer up although nothing before it answers does not wait: it fails.
    """
    action = rule.actions[number - 1]
    if not any(name == "answer" or name.startswith("answer.") for name in lookup.names(action.parameters)):
        return 0
    return next((n for n in range(number - 1, 0, -1) if rule.actions[n - 1].type in ANSWERING), 0)


def waiting(fired: Mapping[str, Any], delivery: str) -> list[int]:
    """List the actions of a firing, as its event tells of them, that wait for a delivery."""
    actions = fired.get("actions")
    rows = actions if isinstance(actions, list) else []
    return [
        number
        for number, row in enumerate(rows, 1)
        if isinstance(row, dict) and row.get("outcome") == WAITING and delivery in (row.get("what") or ())
    ]
