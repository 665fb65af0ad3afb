"""Retention: which events a policy keeps, drops or archives at a time. What folds rest on is never touched."""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import datetime, timedelta
from typing import Any

from agenticops.core import yamltext
from agenticops.errors import StateError
from agenticops.model.event import STATE_KINDS, Event
from agenticops.model.retention import Fate, Policy, Rule

SCHEMA = "1"
MAX_DAYS = 36_500
# Chains, ticks, evidence, reviews, roles and the records of retention itself: without them nothing that was closed
# could be judged again. Entities live in the log only.
LASTING = (
    *("bullet_", "artifact_", "gate_", "evidence_", "approval_", "review_", "override_", "role_", "config_"),
    *("document_", "issue_", "log_", "train_", "status_", "void", "entity_"),
)
_GRAVE = ("critical", "fatal")


def read(data: bytes, path: str) -> Policy:
    """Read a policy. Raises StateError with the line of what is wrong; it may not name what has to stay."""
    text = yamltext.decode(data, path)
    raw = yamltext.load(text, path)
    policy = yamltext.convert(raw if raw is not None else {}, Policy, path, text)
    if str(policy.schema) != SCHEMA:
        raise StateError(f"schema {policy.schema} is not known", place=f"{path}:1", hint="update agenticops")
    for section in ("log", "local"):
        for name, rule in getattr(policy, section).items():
            where = f"{path}:{yamltext.locate(text, (section, name))}"
            kept = [k for k in rule.kinds if not k.endswith("*") and lasting(k)]
            if kept:
                hint = "state events, ticks, evidence and gates stay for good"
                raise StateError(f"events of kind {kept[0]} are never dropped", place=where, hint=hint)
            _days(rule.days, where)
    for name, papers in policy.documents.items():
        where = f"{path}:{yamltext.locate(text, ('documents', name))}"
        _days(papers.days, where)
        if papers.folder.split("/")[0] != "docs":
            raise StateError(f"{papers.folder} is not below docs/", place=where, hint="name a folder below docs/")
    return policy


def _days(days: int, place: str) -> None:
    if not 1 <= days <= MAX_DAYS:
        raise StateError(f"{days} days are no span to keep anything", place=place, hint=f"say 1 to {MAX_DAYS}")


def lasting(kind: str) -> bool:
    """Tell whether events of a kind stay whatever a policy says."""
    return kind in STATE_KINDS or kind.startswith(LASTING)


def rule_of(rules: Mapping[str, Rule], kind: str) -> str:
    """Name the first rule that an event kind falls under, or ""."""
    if lasting(kind):
        return ""
    return next((name for name, rule in rules.items() if any(_names(k, kind) for k in rule.kinds)), "")


def _names(pattern: str, kind: str) -> bool:
    return kind.startswith(pattern[:-1]) if pattern.endswith("*") else kind == pattern


def before(now: str, days: int) -> str:
    """Give the time so many days before a time, written as events write it."""
    then = datetime.fromisoformat(now.replace("Z", "+00:00")) - timedelta(days=days)
    return then.strftime("%Y-%m-%dT%H:%M:%S.") + f"{then.microsecond // 1000:03d}Z"


def grave(event: Event) -> bool:
    """Tell whether an event says of itself that it is critical."""
    said: Any = event.data.get("severity", event.data.get("level", ""))
    return str(said).lower() in _GRAVE


class Judge:
    """Says what becomes of events at one time; `finished` are the work items that are not at work any more."""

    def __init__(self, rules: Mapping[str, Rule], now: str, finished: Container[str] = ()) -> None:
        self.rules = rules
        self.finished = finished
        self.limits = {name: before(now, rule.days) for name, rule in rules.items()}

    def name(self, event: Event) -> str:
        """Name the rule of an event, or ""."""
        return rule_of(self.rules, event.kind)

    def fate(self, event: Event) -> Fate:
        """Say what becomes of an event: active work is kept without limit."""
        name = self.name(event)
        if not name or event.at >= self.limits[name] or (event.item and event.item not in self.finished):
            return "keep"
        rule = self.rules[name]
        return rule.critical if grave(event) else rule.then
