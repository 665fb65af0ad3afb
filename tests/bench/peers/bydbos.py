"""By `dbos`: a durable workflow for each instance and a step for each transition, as its guide says, on SQLite.

The step writes where the instance stands into the user's own SQLite file. Prints the seconds that the steps take.
"""

import json
import sqlite3
import sys
from pathlib import Path
from time import perf_counter

from dbos import DBOS

db = sqlite3.connect(Path(sys.argv[1], "instances.sqlite"), isolation_level=None, check_same_thread=False)


@DBOS.step()
def move(name: str, to: str) -> None:
    """Take one step."""
    db.execute("INSERT OR REPLACE INTO instance VALUES(?,?)", (name, to))


@DBOS.workflow()
def travel(name: str, states: list[str]) -> None:
    """Lead one instance through its states."""
    for to in states:
        move(name, to)


def main() -> None:
    """Read the moves; time them alone, without the start of the engine."""
    asked = json.load(sys.stdin)
    ways: dict[str, list[str]] = {}
    for row in asked["moves"]:
        ways.setdefault(row["id"], []).append(row["to"])
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("CREATE TABLE instance(id TEXT PRIMARY KEY, state TEXT)")
    url = f"sqlite:///{Path(sys.argv[1], 'engine.sqlite')}"
    DBOS(config={"name": "bench", "system_database_url": url, "log_level": "CRITICAL", "enable_otlp": False})
    DBOS.launch()
    begun = perf_counter()
    for name, states in ways.items():
        travel(name, states)
    print(perf_counter() - begun)
    DBOS.destroy()


if __name__ == "__main__":
    main()
