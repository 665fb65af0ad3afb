"""`query` at the terminal."""

from __future__ import annotations

import json
import subprocess
import sys
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


def test_so_much_and_no_more(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT {} FROM c"
    monkeypatch.setattr("agenticops.store.asking.MOST", 1_000_000)
    code, _, err = cli(repo, "query", endless.format("zeroblob(1000)"), "--limit", "10000000", "--csv")
    assert (code, "larger than 1 MB" in err) == (2, True)
    assert cli(repo, "query", "SELECT 1", "--limit", "99999999999999999999")[0] == 2
    assert cli(repo, "search", "x", "--limit", "99999999999999999999")[0] == 2
    assert "too complex" in cli(repo, "query", "SELECT 'a' LIKE hex(zeroblob(2000))")[2]


def test_what_hears_no_clock_is_ended_with_the_process(repo: Path) -> None:
    endless = "SELECT instr(zeroblob(15000000), zeroblob(7000000) || x'01')"
    run = (
        "from agenticops.cli.commands import query; query.PATIENCE = 0.1; from agenticops.cli import entry; import sys"
    )
    words = [sys.executable, "-c", f"{run}; sys.exit(entry.main(sys.argv[1:]))", "query", endless, "--seconds", "0.1"]
    done = subprocess.run(words, cwd=repo, capture_output=True, text=True, timeout=30)
    assert (done.returncode, "takes too long" in done.stderr) == (2, True)


def test_numbers_that_json_has_not_and_what_is_no_utf8(repo: Path) -> None:
    assert json.loads(cli(repo, "query", "SELECT 9e999, -9e999", "--json")[1])["data"]["rows"] == [["inf", "-inf"]]
    words = [sys.executable, "-m", "agenticops", "query", "-"]
    done = subprocess.run(words, cwd=repo, input=b"SELECT '\xff'", capture_output=True)
    assert (done.returncode, b"not UTF-8" in done.stderr) == (2, True)


def test_the_words_of_a_search_can_be_asked_for(repo: Path) -> None:
    assert cli(repo, "search", "forecast")[0] == 0
    code, out, err = cli(repo, "query", "SELECT noun FROM words WHERE words MATCH 'forecast'")
    assert (code, "item" in out, err) == (0, True, "")
