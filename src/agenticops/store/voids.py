"""Voids in the index: a voided event keeps its row under another kind, so that no query counts it."""

from __future__ import annotations

import msgspec

from agenticops.core import fold
from agenticops.model.event import Event
from agenticops.store.index import Index

MARK = "voided:"
_event = msgspec.json.Decoder(Event)


def settle(index: Index) -> set[str]:
    """Mark what is voided, and nothing else, when the log has changed; give the subjects whose events that concerns."""
    rows = index.rows("SELECT id, kind, json FROM event WHERE kind >= 'voided' AND kind < 'voidee'")
    if not rows:
        return set()
    marked = {row[0] for row in rows if row[1].startswith(MARK)}
    voids = [e for e in (_event.decode(row[2]) for row in rows) if e.kind == "voided"]
    named = {str(i) for e in fold.live(voids) if e.kind == "voided" for i in e.data.get("events", ())}
    index.db.executemany(
        f"UPDATE event SET kind=substr(kind, {len(MARK) + 1}) WHERE id=?", [(i,) for i in marked - named]
    )
    index.db.executemany(f"UPDATE event SET kind='{MARK}' || kind WHERE id=?", [(i,) for i in named - marked])
    moved = [index.rows("SELECT subject FROM event WHERE id=?", i) for i in marked ^ named]
    return {row[0] for rows in moved for row in rows}
