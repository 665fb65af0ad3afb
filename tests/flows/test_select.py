"""Selection over a real train: what is open, taken, held or unreadable is read from the repository."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agenticops.core.select import Choice
from agenticops.errors import StateError
from agenticops.flows import conduct, select, session, visit
from agenticops.flows import ticket as tickets
from agenticops.flows import work as works
from agenticops.model.work import WorkItem
from tests.support import NOW, replace_file, workspace, write

PHASE = "requirements"
HOUR = 3_600_000


def add(repo: Path, number: int, *, start: bool = False, now: int = NOW, **fields: object) -> None:
    values = {"kind": "Task", "title": f"Task {number}", "labels": ("auto",), **fields}
    item = WorkItem(id="", issue=number, **values)  # type: ignore[arg-type]
    works.new(workspace(repo, now), item, start, PHASE if start and item.kind == "Task" else "")


def choose(repo: Path) -> Choice:
    return select.choose(workspace(repo))


def chosen(repo: Path) -> str:
    item = choose(repo).item
    return item.id if item else ""


def test_most_urgent_first_then_the_oldest_not_the_lowest(train: Path) -> None:
    add(train, 11, now=NOW + HOUR)
    add(train, 12)
    add(train, 13, priority="future")
    assert chosen(train) == "12"
    add(train, 14, priority="now", now=NOW + 2 * HOUR)
    assert chosen(train) == "14"
    assert choose(train).passed["13"] == "others come first"


def test_kind_and_label_decide(train: Path) -> None:
    add(train, 1, kind="PRD")
    add(train, 2, labels=("later",))
    add(train, 3, labels=("auto", "blocked"))
    choice = choose(train)
    assert choice.item is None
    assert choice.passed == {"1": "it is a PRD, not a Task", "2": "it has no label auto", "3": "it is blocked"}


def test_what_waits_or_is_assigned_is_not_taken(train: Path) -> None:
    add(train, 1, assignees=("grace", "bob"))
    add(train, 3, start=True)
    add(train, 2, depends=("3",))
    add(train, 4)
    page = train / "docs/work/4.md"
    replace_file(page, page.read_text().replace("depends: []", 'depends: ["9"]'))
    choice = choose(train)
    assert choice.item and choice.item.id == "3"
    assert choice.passed == {
        "1": "it is assigned to grace, bob",
        "2": "it depends on 3",
        "4": "it depends on 9, which is not there",
    }
    conduct.advance(workspace(train), f"{PHASE}_3", conduct.Call(override=True, reason="enough"))
    assert chosen(train) == "2"


def test_what_waits_for_something_unreadable_is_not_taken(train: Path) -> None:
    add(train, 7)
    add(train, 8, depends=("7",))
    _break_item(train)
    assert choose(train).passed["8"] == "it depends on 7, which is not there"


def _plan(repo: Path) -> None:
    pass


def _begin(repo: Path) -> None:
    session.begin(workspace(repo), f"{PHASE}_7", "")


def _give(repo: Path) -> None:
    tickets.edit(workspace(repo), f"{PHASE}_7", {"operator": "Ada"})


def _block(repo: Path) -> None:
    tickets.block(workspace(repo), f"{PHASE}_7", "waits")


def _cancel(repo: Path) -> None:
    tickets.cancel(workspace(repo), f"{PHASE}_7", "no")


def _finish(repo: Path) -> None:
    conduct.advance(workspace(repo), f"{PHASE}_7", conduct.Call(override=True, reason="enough"))


def _break_ticket(repo: Path) -> None:
    write(repo, f"tickets/{PHASE}_7/ticket.yml", "id: [")


def _break_item(repo: Path) -> None:
    write(repo, "docs/work/7.md", "---\nkind: Epic\n---\n")


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (_plan, ""),
        (_begin, "somebody has it"),
        (_give, "somebody has it"),
        (_block, "it is blocked"),
        (_cancel, "it is not open"),
        (_finish, "it is not open"),
        (_break_ticket, "its files cannot be read"),
        (_break_item, "its files cannot be read"),
    ],
)
def test_what_happened_to_an_item_decides(train: Path, step: Callable[[Path], None], why: str) -> None:
    add(train, 7, start=True)
    step(train)
    choice = choose(train)
    assert (choice.item is None) == bool(why)
    assert choice.passed == ({"7": why} if why else {})


def test_broken_items_do_not_hide_the_others(train: Path) -> None:
    add(train, 7, priority="now")
    add(train, 8)
    _break_item(train)
    assert chosen(train) == "8"


def test_only_a_train_has_a_queue(repo: Path) -> None:
    with pytest.raises(StateError, match="no train yet"):
        choose(repo)


def test_rows_of_lists_say_what_a_selection_needs(train: Path) -> None:
    add(train, 7, start=True)
    _give(train)
    (item,) = works.listing(workspace(train))
    assert item == {
        "id": "7",
        "kind": "Task",
        "title": "Task 7",
        "priority": "next",
        "parent": "",
        "issue": 7,
        "labels": ["auto"],
        "stands": PHASE,
    }
    (row,) = visit.listing(workspace(train))
    assert (row["id"], row["item"], row["issue"], row["operator"]) == (f"{PHASE}_7", "7", 7, "Ada")
