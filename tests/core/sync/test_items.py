from __future__ import annotations

from typing import Any

import pytest

from agenticops.core import documents
from agenticops.core.sync import items
from agenticops.errors import StateError
from agenticops.model.forge import Value
from agenticops.model.ticket import Ticket
from tests.support import event, item, ticket


def test_an_item_says_what_its_ticket_and_its_history_say() -> None:
    held = ticket(status="blocked", blocked_by="no data")
    found = items.local(item(body="# Refills\n\nText", labels=("auto",), issue=7), held)
    assert (found.phase, found.agent, found.held, found.review) == ("shape", "planner", True, False)
    assert (found.body, found.issue, found.state) == ("Text", 7, "open")
    assert items.local(item(), ticket(status="in_review")).review
    assert items.local(item(), None, "completed").phase == ""


@pytest.mark.parametrize(
    ("data", "state"), [({"result": "cancelled"}, "not_planned"), ({"result": "delivered"}, "completed")]
)
def test_how_an_item_ended(data: dict[str, Any], state: str) -> None:
    ended = event("item_finished", "item/t00000001", 1, data={"to": "done", **data})
    again = event("item_finished", "item/t00000001", 2, data={"to": "done", "result": "cancelled"})
    assert items.ends([ended, again]) == {"t00000001": state}
    assert items.ends([ended, event("voided", "train", 3, data={"events": [ended.id]})]) == {}


@pytest.mark.parametrize(
    ("its", "expected"),
    [
        (ticket(status="in_progress", operator="Ada"), ("Ada", "shape_t00000001")),
        (ticket(), ("grace", "")),
        (None, ("grace", "")),
    ],
)
def test_who_works_an_item(its: Ticket | None, expected: tuple[str, str]) -> None:
    found = item(assignees=("grace",), project="ward")
    worked = items.worked(found, items.local(found, its), its, "Ready")
    assert ((worked.operator, worked.session), worked.project, worked.board) == (expected, "ward", "Ready")


def test_a_document_takes_merged_values_and_keeps_every_other_byte() -> None:
    text = documents.write_item(item(body="Old")).replace("kind: PRD", "kind: PRD  # ours\n\nextra: kept")
    write: dict[str, Value] = {"title": "New", "labels": ("auto", "ward"), "issue": "12", "body": "One\n\nTwo"}
    found = items.document(text, item(), write)
    read = documents.read_item(found.encode(), item().path)
    assert (read.title, read.labels, read.issue) == ("New", ("auto", "ward"), 12)
    assert read.body == "# Refills\n\nOne\n\nTwo"
    assert "kind: PRD  # ours\n\nextra: kept" in found
    assert items.document(text, item(), {}) == text


def test_what_could_not_be_read_again_is_not_written() -> None:
    text = documents.write_item(item())
    with pytest.raises(StateError, match="conflict markers"):
        items.document(text, item(), {"body": "<<<<<<< ours\n"})
    with pytest.raises(StateError):
        items.adopted("7", {"kind": "Task", "title": "Nul", "body": "\0"})
    assert items.adopted("7", {"kind": "Task", "title": "Refill", "issue": "7", "labels": ("auto",)}).issue == 7


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_document_keeps_its_line_ends(newline: str) -> None:
    text = documents.write_item(item(body="Old\n\nlines")).replace("\n", newline)
    found = items.document(text, item(), {"title": "New", "labels": ("auto",), "body": "One\n\nTwo"})
    assert found.count("\n") == found.count(newline) and documents.read_item(found.encode(), item().path).title == "New"
    assert found.endswith(f"{newline}One{newline}{newline}Two{newline}")
