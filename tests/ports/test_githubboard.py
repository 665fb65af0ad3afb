"""The board: columns, and issues that are moved between them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agenticops.ports.forge import NoColumns
from agenticops.ports.github import GitHub
from agenticops.ports.githubcalls import Refused
from tests.forge import Forge
from tests.forge.faults import AFTER, BEFORE
from tests.githubs import connected

FAULTS = [None, *(kind for kind in BEFORE + AFTER if "call" not in kind)]


@pytest.fixture
def forge() -> Iterator[Forge]:
    with Forge() as running:
        running.limits.window, running.faults.pause = 30, 0.002
        running.seed(3)
        running.board("Backlog", "Ready", "In progress")
        yield running


@pytest.fixture
def github(forge: Forge) -> Iterator[GitHub]:
    with connected(forge, board="1") as connection:
        yield connection


@pytest.mark.parametrize("kind", FAULTS)
def test_an_issue_is_put_into_a_column(forge: Forge, github: GitHub, kind: str | None) -> None:
    board = github.board
    assert board is not None and board.columns() == ["Backlog", "Ready", "In progress"]
    for column, name in (("ready", "Ready"), ("In progress", "In progress"), ("", "")):
        if kind:
            forge.faults.at(1, kind)
            forge.faults.at(3, kind)
        moved = board.move(github.issues.get(2), column)
        assert moved.board == name == github.issues.get(2).board
        assert board.stands() == {forge.issue(2).id: name}
    assert github.issues.get(1).board == ""


def test_a_column_or_a_field_that_is_not_there(forge: Forge, github: GitHub) -> None:
    assert github.board is not None
    with pytest.raises(NoColumns, match="no column 'Done'") as told:
        github.board.move(github.issues.get(1), "Done")
    assert "Backlog, Ready, In progress" in told.value.hint and forge.writes == []
    github.board.field, github.board._known = "Stage", None
    with pytest.raises(NoColumns, match="no field 'Stage'") as told:
        github.board.columns()
    assert "status_field" in told.value.hint
    assert github.board.stands() == {}


def test_a_board_that_is_not_there(forge: Forge) -> None:
    with connected(forge, board="acme/9") as github:
        assert github.board is not None
        assert [issue.board for issue in github.issues.all()] == ["", "", ""]
        with pytest.raises(Refused, match="Not Found"):
            github.board.columns()


def test_an_issue_on_more_boards_than_a_page_holds(forge: Forge) -> None:
    for number in range(2, 24):
        forge.board("Other")
        forge.call("POST", f"/orgs/acme/projectsV2/{number}/items", {"type": "Issue", "id": forge.issue(1).id})
    with connected(forge, board="23") as github:
        assert github.board is not None
        github.board.move(github.issues.get(1), "Other")
        assert [issue.board for issue in github.issues.all()] == ["Other", "", ""]
        assert any(request.path.endswith("/items") for request in forge.requests)
