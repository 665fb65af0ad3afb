"""Labels: read as fields whatever their case, changed one by one, made and renamed by plan, deleted hardly ever."""

from __future__ import annotations

import pytest

from agenticops.core import documents
from agenticops.core.sync import labels
from agenticops.model.forge import Issue, Label
from tests.support import TINY


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("prd", ("kind", "PRD")),
        ("NOW", ("priority", "now")),
        ("Phase: Build", ("phase", "build")),
        ("agent:lab", ("agent", "lab")),
        ("phase:", ("foreign", "phase:")),
        ("area:phase", ("foreign", "area:phase")),
        ("Blocked", ("flags", "blocked")),
        ("P1", ("priority", "now")),
    ],
)
def test_a_label_says_something_of_a_field_or_is_foreign(name: str, said: tuple[str, str]) -> None:
    assert labels.meaning(name, {"p1": "now"}) == said


def test_edits_touch_only_the_fields_that_are_named() -> None:
    there = ("Next", "crd", "auto", "good first issue", "phase:old", "P1")
    wanted = {"priority": ("now",), "kind": ("CRD",), "phase": (), "flags": ("auto", "risk")}
    assert labels.edits(there, wanted) == (("now", "risk"), ("Next", "phase:old"))
    assert labels.edits(there, wanted, {"P1": "now"}) == (("risk",), ("Next", "phase:old"))
    assert labels.edits(there, {}) == ((), ())


def test_labels_are_made_renamed_by_alias_and_left_alone() -> None:
    wanted = labels.managed(documents.read_pipeline(TINY.encode()))
    existing = [Label("PRIO 1"), Label("crd", "000000"), Label("phase:gone"), Label("mine")]
    plan = labels.plan(existing, wanted, {"prio 1": "now", "story": "CRD"})
    assert [(a.name, a.write["name"]) for a in plan if a.verb == "update"] == [("PRIO 1", "now")]
    made = {a.name for a in plan if a.verb == "create"}
    assert {"PRD", "Task", "next", "phase:shape", "agent:maker"} <= made and not {"now", "CRD"} & made
    assert not [a for a in plan if a.verb == "delete"]


def test_only_managed_labels_that_are_unused_are_pruned() -> None:
    wanted = labels.managed(documents.read_pipeline(TINY.encode()))
    existing = [*wanted, Label("phase:gone"), Label("agent:gone"), Label("mine"), Label("Phase:used")]
    counted = labels.used(existing, [Issue(1, "x", labels=("phase:USED", "now"))])
    assert [(a.verb, a.name) for a in labels.plan(counted, wanted, prune=True)] == [
        ("delete", "agent:gone"),
        ("delete", "phase:gone"),
    ]
    assert labels.plan(existing, wanted, prune=True) == []  # nobody has counted
