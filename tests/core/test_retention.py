"""Retention: what a policy may not touch stays, active work is kept, and the packaged policy is what was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.core import retention
from agenticops.errors import StateError
from agenticops.model.kinds import STATES
from agenticops.model.retention import Policy
from agenticops.workspace import RESOURCES
from tests.support import event

NOW = "2026-01-01T10:00:00.000Z"
PACKAGED = Path(RESOURCES, "common/retention.yml").read_bytes()


@pytest.fixture
def policy() -> Policy:
    return retention.read(PACKAGED, "config/retention.yml")


def test_the_packaged_policy(policy: Policy) -> None:
    assert {n: (r.days, r.then) for n, r in policy.log.items()} == {
        "resource-metrics": (90, "drop"),
        "error-logs": (30, "drop"),
        "decisions": (365, "archive"),
    }
    assert policy.log["error-logs"].critical == "archive"
    assert policy.documents["decisions"].folder == "docs/decisions"


@pytest.mark.parametrize(
    ("kind", "at", "data", "fate"),
    [
        ("resource_sampled", "2025-10-01", {}, "drop"),
        ("resource_sampled", "2025-10-04", {}, "keep"),
        ("error_logged", "2025-12-01", {}, "drop"),
        ("error_logged", "2025-12-03", {}, "keep"),
        ("error_logged", "2025-12-01", {"severity": "Critical"}, "archive"),
        ("error_logged", "2025-12-01", {"level": "fatal"}, "archive"),
        ("session_decided", "2024-12-31", {}, "archive"),
        ("session_decided", "2025-02-01", {}, "keep"),
        ("noted", "2020-01-01", {}, "keep"),
    ],
)
def test_what_becomes_of_an_event(policy: Policy, kind: str, at: str, data: dict[str, str], fate: str) -> None:
    judge = retention.Judge(policy.log, NOW)
    assert judge.fate(event(kind, at=f"{at}T10:00:00.000Z", data=data)) == fate


def test_active_work_is_kept_without_limit(policy: Policy) -> None:
    old = event("session_decided", "session/x", at="2020-01-01T00:00:00.000Z", item="142")
    assert retention.Judge(policy.log, NOW).fate(old) == "keep"
    assert retention.Judge(policy.log, NOW, {"142"}).fate(old) == "archive"


@pytest.mark.parametrize("kind", [*STATES, "bullet_ticked", "artifact_recorded", "gate_passed", "log_retained"])
def test_what_folds_rest_on_never_expires(kind: str) -> None:
    text = f"schema: 1\nlog:\n  mine:\n    kinds: [{kind}]\n    days: 1\n"
    with pytest.raises(StateError, match="never dropped") as error:
        retention.read(text.encode(), "config/retention.yml")
    assert error.value.place == "config/retention.yml:3"
    broad = retention.read(b"log:\n  mine:\n    kinds: ['*']\n    days: 1\n", "x")
    assert retention.Judge(broad.log, NOW).fate(event(kind, at="2020-01-01T00:00:00.000Z")) == "keep"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("schema: 2\n", "schema 2"),
        ("log:\n  a:\n    kinds: [x]\n    days: 0\n", "0 days"),
        ("log:\n  a:\n    kinds: [x]\n    days: 1\n    then: burn\n", "burn"),
        ("log:\n  a:\n    kinds: [x]\n    dyas: 1\n", "dyas|days"),
        ("documents:\n  a:\n    folder: tickets\n    days: 1\n", "not below docs"),
        ("- x\n", "mapping"),
    ],
)
def test_a_policy_that_cannot_be_meant(text: str, words: str) -> None:
    with pytest.raises(StateError, match=words):
        retention.read(text.encode(), "config/retention.yml")
