"""Full-text search over notes: SQLite's FTS5, in memory. Ten thousand notes cost it some 30 ms, so none is kept."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence

from agenticops.errors import TrainError, UsageError

MOST = 32
# Scripts that are written without spaces: each sign is a word, and words of several are found as phrases.
_UNSPACED = re.compile(r"([\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])")
_WORD = re.compile(r"\w")


def search(texts: Iterable[str], words: Sequence[str]) -> list[int]:
    """Find the texts that hold all words, or words that begin so: their positions, best first, then the later one.

    The words are taken as they are: no sign in them is an operator. Raises UsageError for too many.
    """
    if len(words) > MOST:
        raise UsageError(f"{len(words)} words are too many", hint=f"search for at most {MOST}")
    asked = [phrase for word in words if (phrase := _phrase(word))]
    if not asked:
        return []
    db = sqlite3.connect(":memory:", isolation_level=None)
    try:
        _fill(db, texts)
        rows = db.execute(
            "SELECT rowid FROM note WHERE note MATCH ? ORDER BY bm25(note), rowid DESC", (" ".join(asked),)
        )
        return [row[0] for row in rows]
    finally:
        db.close()


def _fill(db: sqlite3.Connection, texts: Iterable[str]) -> None:
    try:
        db.execute("CREATE VIRTUAL TABLE note USING fts5(text, tokenize='unicode61 remove_diacritics 2')")
    except sqlite3.OperationalError:
        hint = "agenticops recall without words lists the notes"
        raise TrainError("this Python's SQLite has no full-text search (FTS5)", hint=hint) from None
    db.execute("BEGIN")
    db.executemany("INSERT INTO note(rowid, text) VALUES(?, ?)", enumerate(map(_spaced, texts)))
    db.execute("COMMIT")


def _spaced(text: str) -> str:
    plain = text.encode("utf-8", "replace").decode().replace("\0", " ")
    return plain if plain.isascii() else _UNSPACED.sub(r" \1 ", plain)


def _phrase(word: str) -> str:
    """Quote a word, so that whatever it holds is text; "" when it holds no letter and no digit."""
    text = _spaced(word).strip()
    return '"' + text.replace('"', '""') + '"*' if _WORD.search(text) else ""
