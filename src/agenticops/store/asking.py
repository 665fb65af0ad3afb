"""Asking: somebody's SQL over the index. It can read and nothing else, and is stopped when it takes too long."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from agenticops.errors import UsageError
from agenticops.store.index import Index

# Bytes of one value: to ask for a string of a gigabyte must not take a gigabyte.
LONGEST = 16_000_000
# Bytes of a whole answer, about: it is held in memory.
MOST = 100_000_000
# Characters of a pattern: what LIKE takes grows with its length times that of the text, and no clock is looked at.
PATTERN = 1_000
# Instructions between two looks at the clock.
STEPS = 20_000
_READS = frozenset((sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE))
_HINT = "agenticops query --schema shows the tables"


class Answer(Struct, frozen=True):
    """Rows with the names of their columns; `more` when there are further ones."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    more: bool = False


def ask(index: Index, sql: str, values: tuple[str, ...], limit: int, seconds: float) -> Answer:
    """Run one statement. Raises UsageError where it is wrong, writes, or takes longer than `seconds`."""
    with _reader(index) as db:
        until = time.monotonic() + seconds
        db.set_progress_handler(lambda: int(time.monotonic() > until), STEPS)
        try:
            found = db.execute(sql, values)
            if found.description is None:
                raise UsageError("that is no question: a query begins with SELECT or WITH", hint=_HINT)
            rows = _taken(found, limit + 1)
            columns = tuple(column[0] for column in found.description)
        except UnicodeError:
            raise UsageError("the question is not UTF-8", hint=_HINT) from None
        except sqlite3.Error as e:
            raise _said(e, seconds) from None
        except sqlite3.Warning:
            raise UsageError("one statement at a time", hint=_HINT) from None
        finally:
            db.set_progress_handler(None, 0)
    return Answer(columns, tuple(rows[:limit]), len(rows) > limit)


def _taken(found: sqlite3.Cursor, limit: int) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    size = 0
    for row in found:
        rows.append(row)
        size += 100 + sum(len(value) if isinstance(value, str | bytes) else 32 for value in row)
        if size > MOST:
            message = f"the answer is larger than {MOST // 1_000_000} MB"
            raise UsageError(message, hint="ask for fewer columns, or part by part: LIMIT … OFFSET …")
        if len(rows) == limit:
            break
    return rows


def _said(error: sqlite3.Error, seconds: float) -> UsageError:
    text = str(error)
    if "number of bindings" in text:
        return UsageError("a --value for each question mark, and no more", hint='"… WHERE kind = ?" --value quote')
    if text == "interrupted":
        return UsageError(f"stopped after {seconds:g} seconds", hint="narrow it with WHERE, or give it more: --seconds")
    if "authoriz" in text or "prohibited" in text or "readonly" in text:
        return UsageError(f"a query only reads the index: {text}", hint="commands change the train: agenticops --help")
    if "one statement" in text:
        return UsageError("one statement at a time", hint=_HINT)
    return UsageError(f"SQL: {text}", hint=_HINT)


def _permit(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    if action in _READS or (action == sqlite3.SQLITE_FUNCTION and second not in ("load_extension", "fts3_tokenizer")):
        return sqlite3.SQLITE_OK
    # The full-text tables look whether somebody else has written.
    if action == sqlite3.SQLITE_PRAGMA and first == "data_version":
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


@contextmanager
def _reader(index: Index) -> Iterator[sqlite3.Connection]:
    """Open the index a second time, for reading; one that is in memory is held still meanwhile."""
    (file,) = (row[2] for row in index.rows("PRAGMA database_list") if row[1] == "main")
    db = sqlite3.connect(f"file:{quote(file)}?mode=ro", uri=True, isolation_level=None) if file else index.db
    limits = (sqlite3.SQLITE_LIMIT_LENGTH, sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH)
    before = [db.getlimit(limit) for limit in limits]
    try:
        db.execute("PRAGMA query_only=1")
        with suppress(sqlite3.OperationalError):  # of a search; to open it looks like writing
            db.execute("SELECT 1 FROM words LIMIT 0")
        db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
        db.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, PATTERN)
        db.set_authorizer(_permit)
        yield db
    finally:
        db.set_authorizer(None)
        for limit, value in zip(limits, before, strict=True):
            db.setlimit(limit, value)
        if file:
            db.close()
        else:
            db.execute("PRAGMA query_only=0")
