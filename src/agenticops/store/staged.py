"""The staged train: documents by way of git's index, the log by way of ours as far as it has read the same shards.

A shard's events are taken from the index when it read them from the very blob that is staged. So the index need not be
fresh, and a log of a thousand shards costs a look at their ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Protocol

import msgspec

from agenticops.core import documents, fold
from agenticops.core.train import Train
from agenticops.errors import StateError
from agenticops.model.event import Event
from agenticops.model.history import ODD, Changes
from agenticops.model.layout import PIPELINE, WORK
from agenticops.model.pipeline import Pipeline
from agenticops.model.tree import Tree
from agenticops.model.work import WorkItem
from agenticops.store import journal, log
from agenticops.store.index import Index
from agenticops.store.voids import MARK

_event = msgspec.json.Decoder(Event)
_item = msgspec.json.Decoder(WorkItem)
# A work item is kept by its blob, beside what the working file gave.
_STAGED = "staged:"


class Stage(Tree, Protocol):
    """A tree of which git knows the blobs."""

    def has(self, path: str) -> bool:
        """Tell whether a regular file is there."""

    def content(self, blob: str) -> bytes:
        """Give a blob."""

    def before(self, changed: Changes) -> Stage:
        """Give the tree as it was before these changes."""


class StagedLog:
    """The log of what is staged."""

    def __init__(self, index: Index, tree: Stage, shards: Mapping[str, str]) -> None:
        self.index = index
        self._broken: dict[str, StateError] = {}
        shards = {p: blob for p, blob in shards.items() if not blob.startswith(ODD)}
        # Where an event stands in two shards, the index keeps one of them: then it is no witness of the other.
        doubled = index.value("SELECT 1 FROM shard WHERE doubled LIMIT 1")
        known = {} if doubled else dict(index.rows("SELECT path, blob FROM shard"))
        self._known = {p for p, blob in shards.items() if known.get(p) == blob}
        self.unknown = {p: blob for p, blob in shards.items() if p not in self._known}
        self._tree = tree
        self._others: list[Event] | None = None

    def of_ticket(self, ticket: str) -> list[Event]:
        """Events that name a ticket, in order."""
        return self._joined("ticket=?", (ticket,), (e for e in self._read() if e.ticket == ticket))

    def of_item(self, item: str) -> list[Event]:
        """Events that name a work item, in order."""
        return self._joined("item=?", (item,), (e for e in self._read() if e.item == item))

    def of_subject(self, subject: str) -> list[Event]:
        """Events of one subject, in order."""
        return self._joined("subject=?", (subject,), (e for e in self._read() if e.subject == subject))

    def of_kinds(self, *kinds: str) -> list[Event]:
        """Events of some kinds that count, in order."""
        wanted = ("voided", *kinds)
        rows = (*wanted, *(MARK + k for k in wanted))
        where = f"kind IN ({','.join('?' * len(rows))})"
        found = self._joined(where, rows, (e for e in self._read() if e.kind in wanted))
        return [e for e in fold.live(found) if e.kind in kinds]

    def _joined(self, where: str, values: tuple[str, ...], others: Iterable[Event]) -> list[Event]:
        rows = self.index.rows(
            f"SELECT s.path, e.json FROM event e JOIN shard s ON s.n = e.shard WHERE e.{where}", *values
        )
        found = {e.id: e for e in (_event.decode(text) for shard, text in rows if shard in self._known)}
        for event in others:
            found.setdefault(event.id, event)
        return sorted(found.values(), key=lambda e: e.order)

    def _read(self) -> list[Event]:
        """Read the shards that the index does not know."""
        if self._others is None:
            self._others = []
            for path, blob in self.unknown.items():
                try:
                    self._others += log.decode(self._tree.content(blob), path)
                except StateError as e:
                    self._broken[path] = e
        return self._others

    def broken(self) -> dict[str, StateError]:
        """Give the shards that cannot be read."""
        self._read()
        return self._broken


class StagedTrain(Train):
    """The train that the next commit would hold. `log` is a `StagedLog`."""

    def __init__(self, tree: Stage, log: StagedLog, packaged: Tree) -> None:
        super().__init__(tree, log, packaged)
        self.stage = tree
        self.staged_log = log

    def at(self, tree: Stage) -> StagedTrain:
        """Give the train of another tree with the same log."""
        return StagedTrain(tree, self.staged_log, self.packaged)

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline; the same bytes are parsed once. Raises StateError when it is missing or broken."""
        data = self.tree.read(PIPELINE) if self._pipeline is None else None
        if data is not None:
            text = self.staged_log.index.value(
                "SELECT json FROM parsed WHERE path=? AND digest=?", PIPELINE, journal.digest(data)
            )
            self._pipeline = msgspec.json.decode(text, type=Pipeline) if text else documents.read_pipeline(data)
            if not text:
                self._remember([(PIPELINE, journal.digest(data), msgspec.json.encode(self._pipeline).decode())])
        return super().pipeline

    def _remember(self, rows: list[tuple[str, str, str]]) -> None:
        import sqlite3

        if not rows:
            return
        db = self.staged_log.index.db
        with suppress(sqlite3.OperationalError):  # a busy or read-only cache only costs the next reader the same work
            db.execute("BEGIN IMMEDIATE")
            with db:
                db.executemany("INSERT OR REPLACE INTO parsed VALUES(?,?,?)", rows)

    def items(self) -> list[WorkItem]:
        """Give the work items; those that cannot be read are left out. The same blob is read once."""
        rows = self.staged_log.index.rows("SELECT path, digest, json FROM parsed WHERE path GLOB ?", f"{_STAGED}*")
        known = {(path, blob): text for path, blob, text in rows}
        found, fresh = [], []
        for name in self.item_ids():
            path = f"{WORK}/{name}.md"
            try:
                key = (_STAGED + path, self.stage.ids([path]).get(path, ""))
                text = known.get(key)
                item = _item.decode(text) if text else self.item(name)
            except StateError:
                continue
            found.append(item)
            if not text:
                fresh.append((*key, msgspec.json.encode(item).decode()))
        self._remember(fresh)
        return found

    def has_item(self, name: str) -> bool:
        """Tell whether a work item's document is there."""
        return self.stage.has(f"docs/work/{name}.md")

    def has_ticket(self, name: str) -> bool:
        """Tell whether a ticket's file is there."""
        return self.stage.has(f"tickets/{name}/ticket.yml")
