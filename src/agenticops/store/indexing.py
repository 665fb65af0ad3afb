"""Indexing: brings the index up to date with the files; only what changed is read again."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from agenticops.core import checklist as checklists
from agenticops.core import documents, fold, yamltext
from agenticops.core.train import Train
from agenticops.errors import StateError
from agenticops.model.event import Event
from agenticops.model.finding import Finding
from agenticops.model.ids import TICKET, split_ticket
from agenticops.model.layout import ASSETS, PIPELINE, ROOT_SESSION
from agenticops.model.pipeline import Contract, Pipeline
from agenticops.model.session import Session
from agenticops.model.ticket import CLOSED, Ticket
from agenticops.model.tree import Tree
from agenticops.model.work import WorkItem
from agenticops.store import journal, shards
from agenticops.store.index import Index

if TYPE_CHECKING:  # what most commands never ask for is loaded where it is asked for
    from agenticops.model.workflow import Entity, Instance

D = TypeVar("D")
Reader = Callable[[bytes, str], Any]
_encode = msgspec.json.encode
_event = msgspec.json.Decoder(Event)
# Nothing that was voided.
COUNTS = "kind NOT GLOB 'voided:*'"
# A work item is watched while it may still move: it has an open ticket, or none yet.
_HEAT = """UPDATE watch SET hot = NOT EXISTS(SELECT 1 FROM ticket WHERE item = :item)
  OR EXISTS(SELECT 1 FROM ticket WHERE item = :item AND closed = 0)
WHERE path = 'docs/work/' || :item || '.md'"""
# A first build writes the whole log in one transaction: with less room, pages are written twice.
CACHE_KB = 65_536
TICKET_FILES = ("ticket.yml", "checklist.md", "ACTIVE_SESSION.md")


class Indexed:
    """The log and the documents by way of the index; `refresh` first."""

    def __init__(self, index: Index, tree: Tree) -> None:
        self.index = index
        self.tree = tree

    def refresh(self) -> None:
        """Take in what changed on disk."""
        refresh(self.index, self.tree)

    def restart(self) -> None:
        """Forget what was seen through an unfinished transaction: its files may have changed again since."""
        self.index.reopen()
        refresh(self.index, self.tree)

    def of_ticket(self, ticket: str) -> list[Event]:
        """Events that name a ticket, in order."""
        return self._events("ticket=?", ticket)

    def of_item(self, item: str) -> list[Event]:
        """Events that name a work item, in order."""
        return self._events("item=?", item)

    def of_subject(self, subject: str) -> list[Event]:
        """Events of one subject, in order."""
        return self._events("subject=?", subject)

    def of_kinds(self, *kinds: str) -> list[Event]:
        """Events of some kinds that count, in order."""
        return self.select(f"kind IN ({','.join('?' * len(kinds))})", kinds)

    def instance(self, name: str) -> Instance | None:
        """Give a workflow instance with its whole history, or None."""
        from agenticops.core.workflow import record

        found = record.instance(self._events(f"subject=? AND {COUNTS}", f"instance/{name}"))
        return found if found.template else None

    def entity(self, name: str) -> Entity | None:
        """Give an entity, a deleted one too, or None."""
        found = self.entities("id=?", (name,))
        return found[0] if found else None

    def instances(
        self, where: str = "1", values: tuple[object, ...] = (), limit: int = 0, order: str = "started DESC, id"
    ) -> list[Instance]:
        """Give instances by condition, as they stand: `history` and `created` are left out; `visit` has them."""
        from agenticops.model.workflow import Instance

        decoder = msgspec.json.Decoder(Instance)
        return [decoder.decode(text) for text in self._records("instance", where, values, limit, order)]

    def entities(
        self, where: str = "deleted=0", values: tuple[object, ...] = (), limit: int = 0, order: str = "created DESC, id"
    ) -> list[Entity]:
        """Give entities by condition."""
        from agenticops.model.workflow import Entity

        decoder = msgspec.json.Decoder(Entity)
        return [decoder.decode(text) for text in self._records("entity", where, values, limit, order)]

    def _records(self, table: str, where: str, values: tuple[object, ...], limit: int, order: str) -> list[str]:
        sql = f"SELECT json FROM {table} WHERE {where} ORDER BY {order}" + (f" LIMIT {int(limit)}" if limit else "")
        return [row[0] for row in self.index.rows(sql, *values)]

    def last_lamport(self) -> int:
        """Give the highest Lamport number."""
        return int(self.index.value("SELECT MAX(lamport) FROM event") or 0)

    def last_state(self, subject: str) -> str:
        """Give the id of a subject's last state event, or ""."""
        return fold.chain(self._events(f"subject=? AND prev IS NOT NULL AND {COUNTS}", subject)).last

    def select(self, where: str, values: tuple[object, ...], limit: int = 0) -> list[Event]:
        """Give events by condition, in order; with a limit, the last ones."""
        if not limit:
            return [_event.decode(j) for j in self.index.events(where, values)]
        rows = self.index.events(where, values, order=f"lamport DESC, id DESC LIMIT {int(limit)}")
        return [_event.decode(j) for j in reversed(rows)]

    def _events(self, where: str, value: str) -> list[Event]:
        return [_event.decode(j) for j in self.index.events(where, (value,))]


class IndexedTrain(Train):
    """The train of the working tree: ids, tickets and pipeline come from the index, contents from the files."""

    def __init__(self, tree: Tree, log: Indexed, packaged: Tree) -> None:
        super().__init__(tree, log, packaged)
        self.index = log.index
        self._decoded: tuple[str, Pipeline] | None = None

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline, from the index when it is there."""
        if self._pipeline is None:
            text = self.index.value("SELECT json FROM part WHERE key='pipeline'")
            if text and (self._decoded is None or self._decoded[0] != text):
                self._decoded = (text, msgspec.json.decode(text, type=Pipeline))
            self._pipeline = self._decoded[1] if text and self._decoded else super().pipeline
        return self._pipeline

    def forget(self) -> None:
        """Drop what is remembered of the pipeline: the files may have changed."""
        self._pipeline = None

    def item_ids(self) -> list[str]:
        """List the work items, broken ones too."""
        broken = [p[10:-3] for p, *_ in self.index.problems() if p.startswith("docs/work/")]
        return sorted([r[0] for r in self.index.rows("SELECT id FROM item")] + broken)

    def ticket_ids(self) -> list[str]:
        """List the tickets, broken ones too."""
        broken = [p.split("/")[1] for p, *_ in self.index.problems() if p.startswith("tickets/")]
        return sorted({r[0] for r in self.index.rows("SELECT id FROM ticket")} | set(broken))

    def ticket(self, name: str) -> Ticket:
        """Give a ticket; the same bytes are parsed once."""
        return self._parsed(f"tickets/{name}/ticket.yml", Ticket, lambda: Train.ticket(self, name))

    def item(self, name: str) -> WorkItem:
        """Give a work item; the same bytes are parsed once."""
        return self._parsed(f"docs/work/{name}.md", WorkItem, lambda: Train.item(self, name))

    def items(self) -> list[WorkItem]:
        """Give the work items as the index has them; ten thousand files are not opened for it."""
        return [msgspec.json.decode(row[0], type=WorkItem) for row in self.index.rows("SELECT json FROM item")]

    def session(self, path: str = ROOT_SESSION) -> Session | None:
        """Give a session, or None; the same bytes are parsed once."""
        return self._parsed(path, Session, lambda: Train.session(self, path))

    def _parsed(self, path: str, kind: type[Any], parse: Callable[[], D]) -> D:
        """Parse a document, or take what its very bytes gave the last time: loading YAML is a tenth of a check."""
        content = self.tree.read(path)
        digest = journal.digest(content)
        known = self.index.value("SELECT json FROM parsed WHERE path=? AND digest=?", path, digest)
        if known is not None:
            return msgspec.json.decode(known, type=kind)  # type: ignore[no-any-return]
        found = parse()
        if found is not None:
            self._remember("INSERT OR REPLACE INTO parsed VALUES(?,?,?)", path, digest, _encode(found).decode())
        return found

    def _remember(self, sql: str, *values: str) -> None:
        try:
            self.index.db.execute(sql, values)
        except sqlite3.OperationalError:
            pass  # a busy or read-only cache only costs the next reader the same work

    def examine(self, contract: Contract, ticket: Ticket) -> list[Finding]:
        """Judge an artifact; a verdict on the same bytes, template and contract is remembered."""
        path = self.artifact_path(contract, ticket.item)
        size = self.tree.size(path)
        if size is None or size > contract.max_bytes:
            return super().examine(contract, ticket)
        content, template = self.tree.read(path), self.rendered(contract, ticket)
        key = f"{path}:{journal.digest(content)}:{journal.digest(template)}:{journal.digest(_encode(contract))}"
        known = self.index.value("SELECT json FROM verdict WHERE key=?", key)
        if known is not None:
            return msgspec.json.decode(known, type=list[Finding])
        findings = super().examine(contract, ticket)
        self._remember("INSERT OR REPLACE INTO verdict VALUES(?,?)", key, _encode(findings).decode())
        return findings


def refresh(index: Index, tree: Tree) -> None:
    """Bring the index up to date. A cache that cannot be written is replaced by one in memory."""
    while not index.fresh():
        try:
            _refresh(index, tree)
            if index.place():
                return
        except sqlite3.OperationalError:
            index.leave_disk()
            _refresh(index, tree)
            return
        except sqlite3.DatabaseError:
            index.discard()
            _refresh(index, tree)
            index.place()
            return


def _refresh(index: Index, tree: Tree) -> None:
    git = index.git_stamp()
    index.db.execute(f"PRAGMA cache_size=-{CACHE_KB}")
    index.db.execute("BEGIN IMMEDIATE")
    try:
        everything = index.value("SELECT value FROM meta WHERE key='git'") != git
        changed = set(index.changed(f"SELECT path, stamp, crc, racy FROM watch {'' if everything else 'WHERE hot=1'}"))
        _part(index, tree, changed, PIPELINE, "pipeline", documents.read_pipeline)
        _part(index, tree, changed, ASSETS, "assets", documents.read_assets)
        shards.refresh(index, tree, changed)
        tickets = _tickets(index, tree, changed)
        _items(index, tree, changed, tickets)
        _part(index, tree, changed, ROOT_SESSION, "session", documents.read_session)
        index.db.execute("INSERT OR REPLACE INTO meta VALUES('git', ?)", (git,))
        index.db.execute("COMMIT")
    except BaseException:
        index.db.execute("ROLLBACK")
        raise


def _known(index: Index, path: str) -> bool:
    return index.value("SELECT 1 FROM watch WHERE path=?", path) is not None


def _due(index: Index, changed: set[str], path: str) -> bool:
    return path in changed or not _known(index, path)


def _read(index: Index, path: str, take: Callable[[], None]) -> None:
    """Take one file in; a broken one becomes a problem that is shown wherever it matters."""
    index.db.execute("DELETE FROM problem WHERE path=?", (path,))
    try:
        take()
    except StateError as e:
        index.db.execute("INSERT OR REPLACE INTO problem VALUES(?,?,?,?)", (path, e.message, e.place, e.hint))


def _part(
    index: Index, tree: Tree, changed: set[str], path: str, key: str, reader: Callable[[bytes, str], Any]
) -> None:
    """Take in a file that there is once: the pipeline, the assets, the root session."""
    if not _due(index, changed, path):
        return
    index.watch(path, hot=True)
    index.db.execute("DELETE FROM part WHERE key=?", (key,))

    def take() -> None:
        data = tree.read(path)
        if data is not None:
            index.db.execute("INSERT INTO part VALUES(?, ?)", (key, _encode(reader(data, path)).decode()))

    _read(index, path, take)


def _tickets(index: Index, tree: Tree, changed: set[str]) -> set[str]:
    """Take in the tickets that changed, came or went; gives their ids."""
    known = {p.split("/")[1] for p in changed if p.startswith("tickets/")}
    fresh: set[str] = set()
    if _due(index, changed, "tickets"):
        index.watch("tickets", hot=True)
        now = {n for n in tree.names("tickets") if TICKET.fullmatch(n)}
        old = {r[0] for r in index.rows("SELECT id FROM ticket")}
        old |= {p.split("/")[1] for p, *_ in index.problems() if p.startswith("tickets/")}
        known |= old - now
        fresh = now - old
    for name in known:
        _forget(index, name)
    for name in sorted(known | fresh):
        _ticket(index, tree, name)
    return known | fresh


def _forget(index: Index, name: str) -> None:
    index.db.execute("DELETE FROM ticket WHERE id=?", (name,))
    for table in ("watch", "problem"):
        index.db.execute(f"DELETE FROM {table} WHERE path IN (?,?,?)", _files(name))


def _files(name: str) -> tuple[str, ...]:
    return tuple(f"tickets/{name}/{file}" for file in TICKET_FILES)


def _ticket(index: Index, tree: Tree, name: str) -> None:
    path = f"tickets/{name}/ticket.yml"
    # Stamps are taken before the files are read: a change in between is seen the next time.
    looks = [index.look(file) for file in _files(name)]
    if not os.path.isdir(os.path.join(index.root, "tickets", name)):
        return
    status = ""

    def take() -> None:
        nonlocal status
        ticket = _same(index, tree, path) or documents.ticket_in(tree, name)
        status = ticket.status
        raw = tree.read(ticket.checklist_path)
        bullets = checklists.parse(yamltext.decode(raw or b"", ticket.checklist_path))
        owed, left = len(bullets.owed), len(bullets.open)
        shown = [(b.key, b.text, b.section, int(b.checked), int(b.required), b.line) for b in bullets.bullets]
        row = (ticket.id, ticket.item, ticket.phase, ticket.mode, ticket.agent, ticket.status, int(ticket.closed))
        rest = (
            ticket.blocked_by,
            owed,
            owed - left,
            len(ticket.artifacts),
            _encode(ticket).decode(),
            _encode(shown).decode(),
        )
        index.db.execute("INSERT INTO ticket VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)", row + rest)

    _read(index, path, take)
    index.keep(looks, hot=status not in CLOSED)


def _same(index: Index, tree: Tree, path: str) -> Ticket | None:
    """Give the ticket that these very bytes gave the last time: a tick changes the checklist next to it only."""
    digest = journal.digest(tree.read(path))
    known = index.value("SELECT json FROM parsed WHERE path=? AND digest=?", path, digest)
    return None if known is None else msgspec.json.decode(known, type=Ticket)


def _items(index: Index, tree: Tree, changed: set[str], tickets: set[str]) -> None:
    """Take in the work items; those of the tickets that changed may cool down or warm up."""
    due = {p for p in changed if p.startswith("docs/work/")}
    if _due(index, changed, "docs/work"):
        index.watch("docs/work", hot=True)
        now = {f"docs/work/{n}" for n in tree.names("docs/work") if n.endswith(".md")}
        old = {r[0] for r in index.rows("SELECT path FROM watch WHERE path GLOB 'docs/work/*'")}
        for path in old - now:
            index.db.execute("DELETE FROM item WHERE id=?", (path[10:-3],))
            index.db.execute("DELETE FROM watch WHERE path=?", (path,))
            index.db.execute("DELETE FROM problem WHERE path=?", (path,))
        due |= now - old
    for path in sorted(due):
        index.db.execute("DELETE FROM item WHERE id=?", (path[10:-3],))

        def take(path: str = path) -> None:
            data = tree.read(path)
            if data is None:
                return
            item = documents.read_item(data, path)
            row = (path[10:-3], item.kind, item.title, item.priority, item.parent, item.issue, _encode(item).decode())
            index.db.execute("INSERT OR REPLACE INTO item VALUES(?,?,?,?,?,?,?)", row)

        index.watch(path, hot=True)
        _read(index, path, take)
    items = {path[10:-3] for path in due} | {split_ticket(name)[1] for name in tickets}
    index.db.executemany(_HEAT, [{"item": item} for item in items])
