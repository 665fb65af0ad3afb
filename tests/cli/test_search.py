"""`search` at the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agenticops.flows import papers
from tests.stations import Board, at, depot
from tests.support import cli, workspace

__all__ = ["at", "depot"]


@pytest.fixture
def repo(at: Board) -> Path:
    repo = at("tiny-opened")
    for number in range(3):
        papers.new(workspace(repo), "risk", {"title": f"Labels drift {number}", "cause": "The scanner \x1b[31m moved"})
    return repo


def test_what_is_found_is_shown_with_its_place_and_the_next_command(repo: Path) -> None:
    code, out, _ = cli(repo, "search", "labels", "--limit", "2")
    assert code == 0
    rows = out.split("\n")
    assert rows[0].startswith("risk       r") and "docs/risks/r" in rows[0]
    assert sum(row.startswith("risk ") for row in rows) == 2
    assert "  next  agenticops risk show r" in out
    shown = out.split("agenticops risk show ")[1].strip()
    assert cli(repo, "risk", "show", shown)[0] == 0
    assert "\x1b" not in out and "\x02" not in out


def test_a_match_in_the_title_alone_is_one_line(repo: Path) -> None:
    both = cli(repo, "search", "labels", "scanner", "--limit", "1")[1].split("\n")
    alone = cli(repo, "search", "drift", "--in", "risk", "--limit", "1")[1].split("\n")
    assert (alone[0].startswith("risk"), alone[1].startswith("  next")) == (True, True)
    assert (both[1].startswith("    "), both[2].startswith("  next")) == (True, True)
    assert json.loads(cli(repo, "search", "drift", "--json", "--limit", "1")[1])["data"]["found"][0]["excerpt"]


def test_json_has_plain_excerpts(repo: Path) -> None:
    found = json.loads(cli(repo, "search", "scanner", "--in", "risk", "--json")[1])["data"]["found"]
    assert len(found) == 3
    assert all("scanner" in hit["excerpt"] and "\x02" not in hit["excerpt"] for hit in found)


def test_nothing_found_and_what_is_refused(repo: Path) -> None:
    assert cli(repo, "search", "nothing-of-the-kind") == (0, "nothing found\n  next  agenticops query --schema\n", "")
    assert cli(repo, "search", "labels", "--in", "riks")[0] == 2
    code, _, err = cli(repo, "search", '"half')
    assert (code, "is not understood" in err) == (2, True)
