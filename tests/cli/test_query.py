"""`query` at the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.stations import Board, at, depot
from tests.support import cli

__all__ = ["at", "depot"]


@pytest.fixture
def repo(at: Board) -> Path:
    return at("tiny-opened")


def test_a_table_csv_and_json(repo: Path) -> None:
    sql = "SELECT 'a,b' AS x, 2 AS y, NULL AS z"
    assert cli(repo, "query", sql)[1].split("\n")[:2] == ["x    y  z", "a,b  2"]
    assert cli(repo, "query", sql, "--csv") == (0, 'x,y,z\n"a,b",2,\n', "")
    answer = json.loads(cli(repo, "query", sql, "--json")[1])
    assert answer == {
        "schema": 1,
        "kind": "query",
        "data": {"columns": ["x", "y", "z"], "rows": [["a,b", 2, None]], "more": False},
    }


def test_rows_beyond_the_limit_are_announced(repo: Path) -> None:
    assert "more than 1 row" in cli(repo, "query", "SELECT id FROM event", "--limit", "1")[1]
    code, out, err = cli(repo, "query", "SELECT id FROM event", "--limit", "1", "--csv")
    assert (code, out.count("\n")) == (0, 2)
    assert "more than 1 row" in err
    assert "no rows" in cli(repo, "query", "SELECT id FROM event WHERE 0")[1]


def test_values_bytes_and_what_a_terminal_would_obey(repo: Path) -> None:
    assert cli(repo, "query", "SELECT ? || ? AS v", "--value", "a", "--value", "b")[1].startswith("v\nab\n")
    assert "c0ffee" in cli(repo, "query", "SELECT x'c0ffee'", "--json")[1]
    code, out, _ = cli(repo, "query", "SELECT char(27) || '[31m' AS " + '"a\x1b[1m"')
    assert code == 0
    assert "\x1b" not in out


def test_the_schema_explains_itself(repo: Path) -> None:
    out = cli(repo, "query", "--schema")[1]
    assert "instance  Workflow instances, as they stand." in out
    tables = json.loads(cli(repo, "query", "--schema", "--json")[1])["data"]["tables"]
    assert {"event", "visit", "entity"} <= {t["name"] for t in tables}


def test_a_refusal_names_the_way(repo: Path) -> None:
    code, out, err = cli(repo, "query", "DELETE FROM event")
    assert (code, out) == (2, "")
    assert "only reads" in err
    assert cli(repo, "query")[0] == 2
