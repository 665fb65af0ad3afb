"""Query: SQL reads the index, and can do nothing else to it or to the machine."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from agenticops.errors import UsageError
from agenticops.flows import query
from agenticops.store import meaning
from tests.stations import Board, at, depot
from tests.support import snapshot, workspace

__all__ = ["at", "depot"]


@pytest.fixture
def repo(at: Board) -> Path:
    return at("tiny-opened")


def test_rows_come_with_the_names_of_their_columns(repo: Path) -> None:
    here = workspace(repo)
    found = query.run(here, "SELECT kind, COUNT(*) AS n FROM event GROUP BY kind ORDER BY kind")
    assert found.columns == ("kind", "n")
    kinds = [e.kind for e in here.log.select("1", ())]
    assert dict(found.rows) == {k: kinds.count(k) for k in kinds}
    assert query.run(here, "SELECT id FROM ticket WHERE status = ?", ("todo",)).rows


def test_no_more_rows_than_the_limit_and_it_is_said(repo: Path) -> None:
    here = workspace(repo)
    found = query.run(here, "SELECT id FROM event ORDER BY id", limit=2)
    assert (len(found.rows), found.more) == (2, True)
    assert not query.run(here, "SELECT 1 UNION SELECT 2", limit=2).more


WRITES = [
    "DELETE FROM event",
    "INSERT INTO meta VALUES('a','b')",
    "UPDATE ticket SET status='done'",
    "DROP TABLE event",
    "CREATE TABLE x(y)",
    "CREATE TEMP TABLE x(y)",
    "ATTACH '{outside}' AS x",
    "VACUUM INTO '{outside}'",
    "PRAGMA query_only=0",
    "PRAGMA writable_schema=1",
    "BEGIN IMMEDIATE",
    "SAVEPOINT a",
    "SELECT load_extension('{outside}')",
    "SELECT 1; DELETE FROM event",
    "ANALYZE",
    "REINDEX",
]


@pytest.mark.parametrize("memory", [False, True])
@pytest.mark.parametrize("sql", WRITES)
def test_what_writes_is_refused(repo: Path, tmp_path: Path, sql: str, memory: bool) -> None:
    here = workspace(repo)
    if memory:
        here.index.leave_disk()
        here.log.refresh()
    count = here.index.value("SELECT COUNT(*) FROM event")
    files = snapshot(repo)
    outside = tmp_path / "outside"
    with pytest.raises(UsageError):
        query.run(here, sql.format(outside=outside))
    assert not outside.exists()
    assert snapshot(repo) == files
    assert here.index.value("SELECT COUNT(*) FROM event") == count > 0
    here.index.note("a", "b")  # the index itself is not held still
    assert here.index.value("SELECT value FROM meta WHERE key='a'") == "b"


@pytest.mark.parametrize("sql", ["", " ", "SELEC 1", "SELECT * FROM nothing", "SELECT ?", "SELECT zeroblob(100000000)"])
def test_what_is_no_question_is_refused(repo: Path, sql: str) -> None:
    with pytest.raises(UsageError):
        query.run(workspace(repo), sql)


def test_what_takes_too_long_is_stopped(repo: Path) -> None:
    here = workspace(repo)
    begun = time.monotonic()
    endless = "WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a) SELECT MAX(n) FROM a"
    with pytest.raises(UsageError, match=r"stopped after 0\.1 seconds"):
        query.run(here, endless, seconds=0.1)
    assert time.monotonic() - begun < 5


def test_every_column_that_is_explained_is_there_and_the_other_way_round(repo: Path) -> None:
    here = workspace(repo)
    for table in query.schema(here):
        names = [row[1] for row in here.index.rows(f"PRAGMA table_info({table.name})")]
        assert [c.name for c in table.columns] == names, table.name
        assert all(c.says for c in table.columns)
    every = {row[0] for row in here.index.rows("SELECT name FROM sqlite_schema WHERE type='table'")}
    inner = {"meta", "watch", "part", "parsed", "verdict", "worded", "named", "unworded", "sqlite_stat1"}
    assert every - inner == set(meaning.TABLES)
