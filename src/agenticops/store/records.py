"""Records in the index: instances, entities, firings, deliveries, notices, meetings, folded from the log. ADR 0040.

Only subjects whose events came, went or were voided are folded again; when the log is new, all of them, one after the
other, so that no more than one subject's events are in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec

from agenticops.core import records
from agenticops.core.workflow import record
from agenticops.model.event import Event
from agenticops.store.index import Index
from agenticops.store.tables import RECORD_INDEXES
from agenticops.store.voids import MARK

Row = tuple[Any, ...]
Rows = list[tuple[str, Row]]
# Rows that are written at once.
BATCH = 4_096
_event = msgspec.json.Decoder(Event)
_encode = msgspec.json.encode
# The plus keeps the order from coming by the index: to sort the whole log is faster than a million jumps into it.
_ALL = "SELECT subject, kind, json FROM event ORDER BY +subject"
_SOME = """SELECT e.subject, e.kind, e.json FROM temp.touched t CROSS JOIN event e ON e.subject = t.subject
ORDER BY t.subject"""
# The tables of one noun, and the column that names its subject there.
_OWN = {
    "instance": (("instance", "id"), ("visit", "instance")),
    "entity": (("entity", "id"),),
    "firing": (("firing", "id"),),
    "outbox": (("outbox", "id"),),
    "inbox": (("notice", "who"),),
    "meeting": (("meeting", "id"),),
}


def settle(index: Index, touched: set[str] | None) -> None:
    """Fold the records of these subjects, of nouns in `RECORDED`, anew; None folds all into empty tables."""
    if touched is not None:
        index.db.execute("CREATE TEMP TABLE IF NOT EXISTS touched(subject TEXT PRIMARY KEY) WITHOUT ROWID")
        index.db.execute("DELETE FROM temp.touched")
        index.db.executemany("INSERT INTO temp.touched VALUES(?)", [(subject,) for subject in touched])
        _clear(index, touched)
        if index.value("SELECT 1 FROM meta WHERE key='words'"):  # somebody searches: the next search looks at these
            index.db.execute("INSERT OR IGNORE INTO unworded SELECT subject FROM temp.touched")
    elif index.value("SELECT 1 FROM meta WHERE key='words'"):  # somebody searched before there was a log
        index.db.execute("INSERT OR IGNORE INTO unworded SELECT DISTINCT subject FROM event")
    waiting: dict[str, list[Row]] = {}
    for noun, events in _subjects(index, _ALL if touched is None else _SOME):
        for table, row in _rows(index, events, _MADE[noun]):
            rows = waiting.setdefault(table, [])
            rows.append(row)
            if len(rows) >= BATCH:
                _flush(index, table, rows)
    for table, rows in waiting.items():
        _flush(index, table, rows)
    for statement in RECORD_INDEXES.split(";\n"):
        index.db.execute(statement)


def _clear(index: Index, touched: set[str]) -> None:
    for noun, tables in _OWN.items():
        names = [(subject.partition("/")[2],) for subject in touched if subject.startswith(f"{noun}/")]
        for table, column in tables:
            index.db.executemany(f"DELETE FROM {table} WHERE {column}=?", names)
        index.db.executemany("DELETE FROM problem WHERE path=?", [(f"{noun}/{name}",) for (name,) in names])


def _flush(index: Index, table: str, rows: list[Row]) -> None:
    if rows:
        index.db.executemany(f"INSERT INTO {table} VALUES({','.join('?' * len(rows[0]))})", rows)
        rows.clear()


def _subjects(index: Index, sql: str) -> Iterator[tuple[str, list[Event]]]:
    """Give the events that count, subject by subject, with the noun of each."""
    decode = _event.decode
    for subject, rows in groupby(index.db.execute(sql), key=itemgetter(0)):
        noun = subject.partition("/")[0]
        if noun in _MADE:
            events = [decode(text) for _, kind, text in rows if not kind.startswith(MARK)]
            if events:
                yield noun, events


def _rows(index: Index, events: list[Event], make: Callable[[list[Event]], Rows]) -> Rows:
    try:
        return make(events)
    except (TypeError, ValueError, AttributeError, RecursionError) as e:
        # Lines are never edited, so nothing that this tool wrote looks so; the rest of the records must be seen.
        subject = events[0].subject
        values = (subject, f"the record {subject} cannot be read: {e}", "", "agenticops doctor")
        index.db.execute("INSERT OR REPLACE INTO problem VALUES(?,?,?,?)", values)
        return []


def _instance_rows(events: list[Event]) -> Rows:
    found = record.instance(events)
    if not found.template:
        return []
    success = {"completed": 1, "failed": 0}.get(found.status)
    history = found.history
    left = [step.at for step in history[1:]] + [found.ended]
    slim = msgspec.structs.replace(found, history=(), created=())
    row = (
        *(found.id, found.template, found.version, found.state, found.status, success, found.name),
        *(found.started, found.entered, found.ended, found.item, found.client, found.agent, found.parent),
        _encode(slim).decode(),
    )
    visits = [
        ("visit", (found.id, n, found.template, step.to, step.at, end))
        for n, (step, end) in enumerate(zip(history, left, strict=True))
    ]
    return [("instance", row), *visits]


def _entity_rows(events: list[Event]) -> Rows:
    e = record.entity(events)
    if not e.kind:
        return []
    place = (e.instance, e.state, e.parent, e.created, e.updated, int(e.deleted))
    return [("entity", (e.id, e.kind, e.status, e.name, *place, _encode(e).decode()))]


def _firing_rows(events: list[Event]) -> Rows:
    e = records.firing(events)
    return [("firing", (e.id, e.rule, e.event, e.at, e.depth, e.cut))] if e else []


def _outbox_rows(events: list[Event]) -> Rows:
    e = records.delivery(events)
    row = (e.id, e.channel, e.status, e.due, e.attempts, e.firing, _encode(e).decode()) if e else ()
    return [("outbox", row)] if row else []


def _notice_rows(events: list[Event]) -> Rows:
    return [("notice", (e.id, e.who, e.at, e.read, _encode(e).decode())) for e in records.notices(events)]


def _meeting_rows(events: list[Event]) -> Rows:
    e = records.meeting(events)
    return [("meeting", (e.id, e.status, e.purpose, e.starts, _encode(e).decode()))] if e else []


_MADE: dict[str, Callable[[list[Event]], Rows]] = {
    "instance": _instance_rows,
    "entity": _entity_rows,
    "firing": _firing_rows,
    "outbox": _outbox_rows,
    "inbox": _notice_rows,
    "meeting": _meeting_rows,
}
