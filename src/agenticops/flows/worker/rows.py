"""The outbox as the index shows it: what is open, what of it is committed, and how all of it stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from agenticops.errors import UsageError
from agenticops.model import ids
from agenticops.model.layout import EVENTS
from agenticops.model.record import Delivery
from agenticops.workspace import Workspace

OPEN = ("queued", "trying")
STATUSES = (*OPEN, "delivered", "dead")
_row = msgspec.json.Decoder(Delivery)
_ADDED = """SELECT o.id, e.id, s.path, s.blob FROM outbox o JOIN event e ON e.subject = 'outbox/' || o.id
JOIN shard s ON s.n = e.shard WHERE o.status IN ('queued', 'trying') AND e.kind = 'outbox_added' ORDER BY o.due, o.id"""


class Counts(Struct, frozen=True):
    """How many deliveries there are of each status; `uncommitted` of the open ones are not committed yet."""

    queued: int = 0
    trying: int = 0
    delivered: int = 0
    dead: int = 0
    uncommitted: int = 0


def listing(here: Workspace, status: Sequence[str] = (), limit: int = 0, newest: bool = False) -> list[Delivery]:
    """List deliveries, those due first before the others; `newest` the last that ended first."""
    where = f"WHERE status IN ({','.join('?' * len(status))})" if status else ""
    order = "json_extract(json, '$.ended') DESC" if newest else "due = '', due, id"
    last = f"LIMIT {int(limit)}" if limit else ""
    return [
        _row.decode(r[0]) for r in here.index.rows(f"SELECT json FROM outbox {where} ORDER BY {order} {last}", *status)
    ]


def find(here: Workspace, wanted: str) -> Delivery:
    """Find a delivery by its id or the start of it. Raises UsageError."""
    name = wanted.removeprefix("outbox/")
    if not here.index.value("SELECT 1 FROM outbox WHERE id=?", name):
        known = [r[0] for r in here.index.rows("SELECT id FROM outbox WHERE substr(id, 1, ?)=?", len(name), name)]
        hits = known if len(name) >= ids.MIN_PREFIX else []
        if len(hits) != 1:
            said = f"{wanted!r} is the start of {len(hits)} deliveries" if hits else f"there is no delivery {wanted!r}"
            raise UsageError(said, hint="agenticops worker list")
        name = hits[0]
    return _row.decode(here.index.value("SELECT json FROM outbox WHERE id=?", name))


def counts(here: Workspace) -> Counts:
    """Count the deliveries by status."""
    found = dict(here.index.rows("SELECT status, COUNT(*) FROM outbox GROUP BY status"))
    open_ = sum(found.get(status, 0) for status in OPEN)
    return Counts(**found, uncommitted=open_ - len(committed(here)) if open_ else 0)


def committed(here: Workspace) -> list[str]:
    """List the open deliveries that the commit at HEAD knows, those due first: what is not there may be taken back."""
    rows = here.index.rows(_ADDED)
    there = _there(here, {path for _, _, path, _ in rows})
    texts: dict[str, str] = {}
    return list(dict.fromkeys(id for id, event, path, blob in rows if _holds(here, there, texts, path, blob, event)))


def _there(here: Workspace, paths: Iterable[str]) -> dict[str, str]:
    wanted = sorted(paths)
    if not wanted or not here.git.head():
        return {}
    asked = wanted if len(wanted) <= 100 else [EVENTS]
    out = here.git.run("ls-tree", "-r", "-z", "HEAD", "--", *asked).stdout
    return {row.partition("\t")[2]: row.split()[2] for row in out.split("\0") if row}


def _holds(here: Workspace, there: dict[str, str], texts: dict[str, str], path: str, blob: str, event: str) -> bool:
    known = there.get(path)
    if known is None or known == blob:
        return known is not None
    if known not in texts:  # the file is another than that of the commit: what counts is the commit's
        texts[known] = here.git.run("cat-file", "blob", known).stdout
    return f'"{event}"' in texts[known]


def retry(here: Workspace, names: Sequence[str], every: bool = False) -> list[str]:
    """Send dead deliveries on their way again. Raises UsageError for one that is not dead."""
    from agenticops.model.event import Draft

    with here.transaction("worker retry") as tx:
        wanted = [row.id for row in listing(here, ("dead",))] if every else [find(here, name).id for name in names]
        for name in wanted:
            row = find(here, name)
            if row.status != "dead":
                raise UsageError(f"{row.id} is {row.status}, not dead", hint=f"agenticops worker show {row.id}")
            tx.append(Draft("outbox_retried", f"outbox/{row.id}"))
    return wanted


def told(here: Workspace, id: str) -> list[dict[str, Any]]:
    """Tell what happened to a delivery, event by event."""
    events = here.log.of_subject(f"outbox/{id}")
    return [{"at": e.at, "kind": e.kind, "by": e.actor.operator, **_said(e.data)} for e in events]


def _said(data: dict[str, Any]) -> dict[str, Any]:
    return {key: data[key] for key in ("attempt", "attempts", "status", "error", "next_at", "answer") if key in data}
