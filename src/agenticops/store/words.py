"""Words: a full-text index over what people wrote and what records are called, made at the first search. ADR 0040.

It lies in tables of its own in the index. A text is named by a key and a digest of what it says: only what has another
digest is put in again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from msgspec import Struct

from agenticops.errors import ConflictError, TrainError, UsageError
from agenticops.store.index import Index

_TABLE = """CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(noun UNINDEXED, name UNINDEXED, place UNINDEXED,
  title, body, tokenize='porter unicode61 remove_diacritics 2')"""
# Names of records, by subject; a deleted entity is found no more.
_NAMES = """SELECT 'instance', id, name, template || ' ' || state FROM instance WHERE name <> '' {instance}
UNION ALL SELECT 'entity', id, name, kind || ' ' || status FROM entity WHERE name <> '' AND deleted = 0 {entity}"""
_FIND = """SELECT noun, name, place, title, snippet(words, -1, char(2), char(3), '…', 14) FROM words
WHERE words MATCH ? {nouns} ORDER BY bm25(words, 0, 0, 0, 5.0, 1.0), rowid LIMIT ?"""
BEGIN, END = "\x02", "\x03"


class Text(Struct, frozen=True):
    """Something that can be found. `key` names it for good, `digest` what it says now."""

    key: str
    digest: str
    noun: str
    name: str
    place: str
    title: str
    body: str


class Hit(Struct, frozen=True):
    """Something that was found; in the excerpt what matched stands between BEGIN and END."""

    noun: str
    name: str
    place: str
    title: str
    excerpt: str


def refresh(index: Index, texts: Iterable[Text]) -> None:
    """Take in the texts that are new or say something else, and the records whose events changed.

    Raises TrainError where SQLite has no full-text search, ConflictError where the index cannot be written now.
    """
    db = index.db
    try:
        db.execute("BEGIN IMMEDIATE")
        with db:
            db.execute(_TABLE)
            _documents(db, texts)
            _records(db, index.value("SELECT 1 FROM meta WHERE key='words'") is None)
            db.execute("INSERT OR REPLACE INTO meta VALUES('words', '1')")
    except sqlite3.OperationalError as e:
        if "no such module" in str(e):
            hint = "use a Python whose SQLite has FTS5; agenticops query works without"
            raise TrainError("this Python's SQLite has no full-text search (FTS5)", hint=hint) from None
        raise ConflictError(f"the index cannot be written just now: {e}", hint="try again") from None


def _documents(db: sqlite3.Connection, texts: Iterable[Text]) -> None:
    known = {row[0]: (row[1], row[2]) for row in db.execute("SELECT key, digest, n FROM worded")}
    for text in texts:
        digest, n = known.pop(text.key, ("", 0))
        if digest == text.digest:
            continue
        if n:
            db.execute("DELETE FROM words WHERE rowid=?", (n,))
        row = (text.noun, text.name, text.place, text.title, text.body)
        n = db.execute("INSERT INTO words VALUES(?,?,?,?,?)", row).lastrowid or 0
        db.execute("INSERT OR REPLACE INTO worded VALUES(?,?,?)", (text.key, text.digest, n))
    for key, (_, n) in known.items():
        db.execute("DELETE FROM words WHERE rowid=?", (n,))
        db.execute("DELETE FROM worded WHERE key=?", (key,))


def _records(db: sqlite3.Connection, first: bool) -> None:
    if first:
        db.execute("DELETE FROM unworded")
        rows = db.execute(_NAMES.format(instance="", entity=""))
    else:
        gone = "SELECT n FROM named WHERE subject IN (SELECT subject FROM unworded)"
        db.execute(f"DELETE FROM words WHERE rowid IN ({gone})")
        db.execute("DELETE FROM named WHERE subject IN (SELECT subject FROM unworded)")
        only = "AND id IN (SELECT substr(subject, {start}) FROM unworded WHERE subject GLOB '{noun}/*')"
        parts = {noun: only.format(noun=noun, start=len(noun) + 2) for noun in ("instance", "entity")}
        rows = db.execute(_NAMES.format(**parts))
    top = int(db.execute("SELECT COALESCE(MAX(rowid), 0) FROM words").fetchone()[0])
    for batch in _batches(rows, top):
        db.executemany("INSERT INTO words(rowid, noun, name, place, title, body) VALUES(?,?,?,'',?,?)", batch)
        db.executemany("INSERT INTO named VALUES(?,?)", [(f"{row[1]}/{row[2]}", row[0]) for row in batch])
    db.execute("DELETE FROM unworded")


def _batches(rows: sqlite3.Cursor, top: int) -> Iterator[list[tuple[int, str, str, str, str]]]:
    while batch := rows.fetchmany(5_000):
        yield [(top + number, *row) for number, row in enumerate(batch, 1)]
        top += len(batch)


def find(index: Index, match: str, nouns: tuple[str, ...], limit: int) -> list[Hit]:
    """Find texts, the best first. Raises UsageError for a question that FTS5 does not understand."""
    chosen = f"AND noun IN ({','.join('?' * len(nouns))})" if nouns else ""
    try:
        rows = index.db.execute(_FIND.format(nouns=chosen), (match, *nouns, limit)).fetchall()
    except sqlite3.OperationalError as e:
        hint = "put words with signs between quotes: agenticops search '\"boiler-room\"'"
        raise UsageError(f"the search is not understood: {e}", hint=hint) from None
    return [Hit(*row) for row in rows]
