"""Query: SQL over the index, and what its tables say."""

from __future__ import annotations

from msgspec import Struct

from agenticops.errors import UsageError
from agenticops.store import asking, meaning
from agenticops.store.asking import Answer
from agenticops.workspace import Workspace

SHOWN = 100
SECONDS = 10.0


class Column(Struct, frozen=True):
    """A column, and what it says."""

    name: str
    type: str
    says: str


class Table(Struct, frozen=True):
    """A table, and what it says."""

    name: str
    says: str
    columns: tuple[Column, ...]


def run(
    workspace: Workspace, sql: str, values: tuple[str, ...] = (), limit: int = SHOWN, seconds: float = SECONDS
) -> Answer:
    """Ask the index; `values` stand for the question marks. Raises UsageError for what is no question."""
    if not sql.strip():
        raise UsageError("there is no question", hint="agenticops query --schema shows the tables")
    return asking.ask(workspace.index, sql, values, limit, seconds)


def schema(workspace: Workspace) -> list[Table]:
    """Give the tables with their columns."""
    found = []
    for name, (says, columns) in meaning.TABLES.items():
        types = {row[1]: row[2] for row in workspace.index.rows(f"PRAGMA table_info({name})")}
        found.append(Table(name, says, tuple(Column(c, types.get(c, ""), words) for c, words in columns.items())))
    return found
