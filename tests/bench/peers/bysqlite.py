"""By hand: instances and their history in one SQLite file, a transaction for each step, as a user would script it."""

import json
import sqlite3
import sys
from datetime import UTC, datetime

TABLES = """
CREATE TABLE instance(id TEXT PRIMARY KEY, template TEXT, state TEXT, status TEXT, name TEXT, client TEXT,
  started TEXT, data TEXT);
CREATE TABLE history(instance TEXT, n INTEGER, state TEXT, entered TEXT, PRIMARY KEY(instance, n)) WITHOUT ROWID;
INSERT INTO instance SELECT id, template, state, status, name, client, started, json_extract(json, '$.data')
  FROM theirs.instance;
INSERT INTO history SELECT instance, n, state, entered FROM theirs.visit;
CREATE INDEX instance_place ON instance(template, state, started);
"""


def make(db: sqlite3.Connection, index: str) -> None:
    """Take instances and history from an index of agenticops."""
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("ATTACH ? AS theirs", (index,))
    db.executescript(f"BEGIN; {TABLES} COMMIT;")


def move(db: sqlite3.Connection, name: str, source: str, to: str) -> None:
    """Take one step, from the state where the instance has to stand."""
    db.execute("BEGIN IMMEDIATE")
    changed = db.execute("UPDATE instance SET state=? WHERE id=? AND state=?", (to, name, source)).rowcount
    if not changed:
        db.execute("ROLLBACK")
        sys.exit(f"{name} does not stand in {source}")
    last = db.execute("SELECT MAX(n) FROM history WHERE instance=?", (name,)).fetchone()[0]
    now = datetime.now(UTC).isoformat()
    db.execute("INSERT INTO history VALUES(?,?,?,?)", (name, last + 1, to, now))
    db.execute("COMMIT")


def main() -> None:
    """Do what the first word says."""
    file, verb, *words = sys.argv[1:]
    db = sqlite3.connect(file, isolation_level=None)
    db.execute("PRAGMA synchronous=FULL")
    if verb == "make":
        make(db, words[0])
    elif verb == "list":
        sql = "SELECT id, name, state, started, client FROM instance WHERE template=? AND state=?"
        for row in db.execute(f"{sql} ORDER BY started DESC LIMIT 50", words):
            print(*row, sep="  ")
    elif verb == "show":
        print(*db.execute("SELECT * FROM instance WHERE id=?", words).fetchone(), sep="  ")
        for row in db.execute("SELECT n, state, entered FROM history WHERE instance=? ORDER BY n", words):
            print(*row, sep="  ")
    elif verb == "move":
        move(db, *words)
    elif verb == "bulk":
        for line in sys.stdin:
            asked = json.loads(line)
            move(db, asked["id"], asked["from"], asked["to"])


if __name__ == "__main__":
    main()
