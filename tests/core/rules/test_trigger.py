"""Triggers: what events of the log mean to rules."""

from __future__ import annotations

from typing import Any

import pytest

from agenticops.core.rules.trigger import happening
from tests.support import event


@pytest.mark.parametrize(
    ("kind", "subject", "data", "means"),
    [
        (
            "entity_created",
            "entity/e1",
            {"entity": "task", "name": "A", "status": "New", "fields": {"size": 2}},
            ("task", "create", {}, {"size": 2, "name": "A", "status": "New"}),
        ),
        (
            "entity_updated",
            "entity/e1",
            {"entity": "task", "fields": {"status": "Done", "size": 2}, "was": {"status": "New", "size": 2}},
            ("task", "update", {"status": "New"}, {"status": "Done"}),
        ),
        ("entity_deleted", "entity/e1", {"entity": "task"}, ("task", "delete", {}, {})),
        ("item_created", "item/t1", {"to": "created", "kind": "PRD"}, ("item", "create", {}, {"status": "created"})),
        ("item_moved", "item/t1", {"from": "a_t1", "to": "b_t1"}, ("item", "update", {"status": "a"}, {"status": "b"})),
        (
            "item_finished",
            "item/t1",
            {"from": "b_t1", "to": "done", "result": "cancelled"},
            ("item", "update", {"status": "b"}, {"status": "cancelled"}),
        ),
        ("item_edited", "item/t1", {"fields": ["title"]}, ("item", "update", {"title": None}, {"title": None})),
        ("ticket_opened", "ticket/a_t1", {"to": "todo"}, ("ticket", "create", {}, {"status": "todo"})),
        (
            "ticket_done",
            "ticket/a_t1",
            {"from": "in_progress", "to": "done"},
            ("ticket", "update", {"status": "in_progress"}, {"status": "done"}),
        ),
        ("document_created", "risk/r1", {"title": "x"}, ("risk", "create", {}, {"title": "x"})),
        ("document_edited", "risk/r1", {"fields": ["owner"]}, ("risk", "update", {"owner": None}, {"owner": None})),
        ("session_paused", "session/s1", {}, ("session", "update", {}, {"status": "paused"})),
        ("workflow_started", "instance/w1", {"to": "lead"}, ("workflow", "create", {}, {"status": "lead"})),
        (
            "workflow_paused",
            "instance/w1",
            {"to": "lead"},
            ("workflow", "update", {"workflow_status": "active"}, {"workflow_status": "paused"}),
        ),
        (
            "state_transition",
            "instance/w1",
            {"from": "a", "to": "b", "end": "success"},
            (
                "workflow",
                "update",
                {"status": "a", "workflow_status": "active"},
                {"status": "b", "workflow_status": "completed"},
            ),
        ),
        ("gate_passed", "ticket/a_t1", {}, ("", "", {}, {})),
    ],
)
def test_what_an_event_means(kind: str, subject: str, data: dict[str, Any], means: tuple[Any, ...]) -> None:
    found = happening(event(kind, subject, data=data))
    entity, action, old, new = means
    assert (found.entity, found.action, found.old) == (entity, action, old)
    assert new.items() <= found.new.items()
    assert not entity or found.id == subject.partition("/")[2]
    assert bool(found.record) is kind.startswith("entity_")
