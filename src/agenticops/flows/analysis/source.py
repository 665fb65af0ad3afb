"""The source of reports: workflow instances and work items as two tables of one shape, asked by SQL. ADR 0041.

Instances have theirs in the index. Work items and their tickets are few: their journeys are laid into temporary tables
of the same columns. A *trip* is one traveller, a *stay* its time at one place.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from agenticops.core.analytics import periods, travel
from agenticops.core.analytics.travel import Journey
from agenticops.errors import UsageError
from agenticops.flows.history import moment
from agenticops.model.event import Event
from agenticops.workspace import Workspace

KINDS = (
    "item_created",
    "item_moved",
    "item_finished",
    "ticket_opened",
    "ticket_started",
    "ticket_blocked",
    "ticket_unblocked",
    "ticket_in_review",
    "ticket_done",
    "ticket_cancelled",
    "fork_resolved",
)
# The pluses keep the order from coming by the index: in a long log of workflows these kinds are few.
EVENTS = f"SELECT subject, json FROM event WHERE kind IN ({','.join('?' * len(KINDS))}) ORDER BY +lamport, +id"
SHAPE = (
    "instance TEXT, n INTEGER, template TEXT, state TEXT, entered TEXT, left TEXT, begun TEXT, waited REAL, agent TEXT"
)
TABLES = f"""
DROP TABLE IF EXISTS temp.item_trip;
DROP TABLE IF EXISTS temp.item_stay;
DROP TABLE IF EXISTS temp.item_span;
CREATE TEMP TABLE item_trip(id TEXT PRIMARY KEY, template TEXT, state TEXT, status TEXT, success INTEGER, name TEXT,
  started TEXT, begun TEXT, entered TEXT, ended TEXT, client TEXT, value REAL, needs INTEGER);
CREATE TEMP TABLE item_stay({SHAPE});
CREATE TEMP TABLE item_span({SHAPE});
CREATE INDEX temp.item_stay_of ON item_stay(instance, n);
CREATE INDEX temp.item_span_of ON item_span(instance, n);
"""
# Work on an instance begins when it leaves its first state: until then it waits for somebody to take it up.
LEFT_FIRST = "(SELECT left FROM visit b WHERE b.instance = t.id AND b.n = 0)"
# Reports go through whole tables: mapped into memory, they are not copied page by page.
MAPPED = 1 << 31
DAYS = "max(julianday({later}) - julianday({earlier}), 0.0)"


class Filter(Struct, frozen=True):
    """What is asked for: `of` (workflows, tickets, or "" for what there is), one template, a stretch of time."""

    of: str = ""
    template: str = ""
    since: str = ""
    until: str = ""


class Key(Struct, frozen=True):
    """What is summed up by: SQL for the template and the group; whether it is a place, which only a stay has."""

    template: str
    group: str
    place: bool
    trip: bool


class Source(Struct, frozen=True):
    """Travellers of one sort. `t` is a trip, `s` a stay. `since` and `until` are times; `now` is when it is asked for.

    `until` is "" unless it is over by now; `first` is when the first of them began.

    The fields are SQL: the tables, when work began on a trip or a stay, and what of a stay was waiting.
    """

    of: str
    now: str
    template: str = ""
    since: str = ""
    until: str = ""
    first: str = ""
    trips: str = "instance"
    begun: str = LEFT_FIRST
    stay_begun: str = "s.entered"
    waited: str = DAYS.format(later="s.left", earlier="s.entered")

    @property
    def tickets(self) -> bool:
        """Whether these are work items."""
        return self.of == "tickets"

    def stays(self, by: str = "") -> str:
        """Name the table of the stays: of work items by status, or by phase."""
        if not self.tickets:
            return "visit"
        return "temp.item_span" if by == "state" else "temp.item_stay"

    def key(self, by: str) -> Key:
        """Say what to sum up by."""
        if by in ("state", "phase"):
            return Key("''" if self.tickets else "s.template", "s.state", True, False)
        if by == "agent" and self.tickets:
            return Key("''", "s.agent", True, False)
        return Key("''", f"t.{by}" if by else "''", False, True)

    def standing(self, by: str, key: Key) -> str:
        """Write FROM for stays, with the trips beside them where the key asks for them."""
        stays = self.stays(by)
        # Row by row along the trips: to look each stay's trip up would cost five times as much.
        return f"{self.trips} t CROSS JOIN {stays} s ON s.instance = t.id" if key.trip else f"{stays} s"

    def where(self, alias: str, column: str) -> tuple[str, list[str]]:
        """Write the filter of one table on one of its times."""
        said, values = [f"{alias}.{column} <> ''"], []
        for words, value in ((f"{alias}.{column} >= ?", self.since), (f"{alias}.{column} < ?", self.until)):
            if value:
                said.append(words)
                values.append(value)
        if self.template:
            said.append(f"{alias}.template = ?")
            values.append(self.template)
        return " AND ".join(said), values

    def present(self, alias: str) -> tuple[str, list[str]]:
        """Write the filter of stays for what stands there now."""
        said, values = f"{alias}.left = ''", []
        if self.until:
            said, values = f"{alias}.entered < ? AND ({alias}.left = '' OR {alias}.left >= ?)", [self.until, self.until]
        if self.template:
            return f"{said} AND {alias}.template = ?", [*values, self.template]
        return said, values

    def lately(self, days: int) -> tuple[str, float]:
        """Say when the last days began, or the first trip where that was later, and how many weeks that is."""
        start = max(periods.before(self.now, days), self.first)
        return start, max(periods.days(start, self.now) / 7, 1.0)

    def ongoing(self, known: Iterable[str], per: str) -> list[str]:
        """Name the periods from the first known one until now; a clock that is ahead may have written of later ones."""
        every = set(known)
        return sorted(every.union(periods.between(min(every), periods.beginning(periods.last_day(self.now), per), per)))


def sources(workspace: Workspace, wanted: Filter) -> list[Source]:
    """Give the sources that are asked for; without a wish, those that have anything. Raises UsageError."""
    since = periods.full(moment(wanted.since, workspace.clock.milliseconds())) if wanted.since else ""
    until = _end(workspace, wanted.until)
    if since and until and since >= until:
        raise UsageError(f"--since {wanted.since} is not before --until {wanted.until}", hint="change one of the two")
    now = until or workspace.now
    limits = {"now": now, "template": wanted.template, "since": since, "until": until}
    workspace.index.db.execute(f"PRAGMA mmap_size = {MAPPED}")
    found = []
    if wanted.of != "tickets":
        found.append(Source("workflows", **limits))
    if wanted.of != "workflows":
        _lay(workspace, now)
        found.append(
            Source(
                "tickets",
                **limits,
                trips="temp.item_trip",
                begun="t.begun",
                stay_begun="s.begun",
                waited="s.waited",
            )
        )
    firsts = [workspace.index.value(f"SELECT MIN(started) FROM {source.trips}") for source in found]
    held = [replace(source, first=first) for source, first in zip(found, firsts, strict=True) if first]
    if wanted.template:
        held = [source for source in held if _knows(workspace, source, wanted.template)]
        if not held:
            names = ", ".join(_templates(workspace, found)) or "none"
            raise UsageError(f"nothing ever went by {wanted.template!r}", hint=f"what there is: {names}")
    return held


def _end(workspace: Workspace, words: str) -> str:
    """Give the time at which what is asked for is over, "" where that is not yet."""
    found = moment(words, workspace.clock.milliseconds()) if words else ""
    if len(found) == len("2026-01-01"):
        if found >= workspace.now[:10]:
            return ""
        found = periods.following(found, "day")  # a day that is named is meant with all its hours
    found = periods.full(found)
    return found if found < workspace.now else ""


def _knows(workspace: Workspace, source: Source, template: str) -> bool:
    return bool(workspace.index.value(f"SELECT 1 FROM {source.trips} WHERE template = ? LIMIT 1", template))


def _templates(workspace: Workspace, found: Iterable[Source]) -> list[str]:
    return [
        str(name)
        for s in found
        for (name,) in workspace.index.rows(f"SELECT DISTINCT template FROM {s.trips} LIMIT 20")
    ]


def _lay(workspace: Workspace, now: str) -> None:
    """Lay the journeys of work items into temporary tables."""
    index = workspace.index
    for statement in TABLES.split(";\n"):
        index.db.execute(statement)
    subjects: dict[str, list[Event]] = {}
    decode = msgspec.json.Decoder(Event).decode
    for subject, text in index.rows(EVENTS, *KINDS):
        if subject.startswith(("item/", "ticket/")):
            subjects.setdefault(subject, []).append(decode(text))
    if not subjects:
        return
    items = {name: json.loads(text) for name, text in index.rows("SELECT id, json FROM item")}
    agents: dict[str, str] = dict(index.rows("SELECT id, agent FROM ticket"))
    # An item without a visit is on no way yet.
    found = [j for j in travel.journeys(subjects) if j.stops or j.ended]
    met: set[str] = set()
    rows: dict[str, list[tuple[Any, ...]]] = {"item_trip": [], "item_stay": [], "item_span": []}
    for journey in sorted(found, key=lambda j: (j.ended, j.item)):
        item = items.get(journey.item, {})
        new = set(item.get("needs") or ()) - met if journey.success else set()
        met |= new
        rows["item_trip"].append(_trip(journey, item, len(new)))
        _stays(rows, journey, str(item.get("kind", "")), agents, now)
    index.db.execute("BEGIN")
    for table, lines in rows.items():
        if lines:
            index.db.executemany(f"INSERT INTO temp.{table} VALUES({','.join('?' * len(lines[0]))})", lines)
    index.db.execute("COMMIT")


def _trip(journey: Journey, item: dict[str, Any], needs: int) -> tuple[Any, ...]:
    status = "active" if journey.success is None else "completed" if journey.success else "cancelled"
    here = next((stop for stop in journey.stops if not stop.left), None)
    return (
        *(journey.item, item.get("kind", ""), here.phase if here else "", status),
        *(None if journey.success is None else int(journey.success), item.get("title", ""), journey.created),
        *(journey.begun, here.entered if here else "", journey.ended, item.get("client", "")),
        *(item.get("revenue_value"), needs),
    )


def _stays(
    rows: dict[str, list[tuple[Any, ...]]], journey: Journey, kind: str, agents: dict[str, str], now: str
) -> None:
    number = 0
    for n, stop in enumerate(journey.stops):
        agent = agents.get(stop.ticket, "")
        times = (stop.entered, stop.left, stop.begun, stop.waited(now))
        rows["item_stay"].append((journey.item, n, kind, stop.phase, *times, agent))
        for span in stop.spans:
            times = (span.entered, span.left, span.entered, span.waited(now))
            rows["item_span"].append((journey.item, number, kind, span.status, *times, agent))
            number += 1


def gather(workspace: Workspace, sql: str, values: Sequence[Any]) -> dict[tuple[str, str], list[float]]:
    """Run a query of (template, group, days) and collect the days by group, in order."""
    found: dict[tuple[str, str], list[float]] = {}
    for template, group, days in workspace.index.db.execute(sql, tuple(values)):
        if days is not None:
            found.setdefault((template, group or ""), []).append(days)
    for rows in found.values():
        rows.sort()
    return found
