"""The past: trees of many commits at once. Each blob is read and parsed once, however many commits hold it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Hashable, Iterable, Mapping
from typing import Any, TypeVar

from agenticops.core import documents, fold
from agenticops.core.train import Train
from agenticops.errors import StateError
from agenticops.model.checklist import Checklist
from agenticops.model.event import Event
from agenticops.model.history import ODD
from agenticops.model.layout import EVENTS, PIPELINE, ROOT_SESSION
from agenticops.model.pipeline import Pipeline
from agenticops.model.session import Session
from agenticops.model.ticket import Ticket
from agenticops.model.tree import Tree
from agenticops.store import log

T = TypeVar("T")
# What is kept of a commit in memory; all else is judged by its difference only.
FOLDERS = ("tickets", ".agenticops/events", "docs/work", "docs/session-context", "config")
WITHIN = tuple(f"{folder}/" for folder in FOLDERS)
# Stands before the path of a working file, in place of a blob's id.
WORK = "work:"


class Past:
    """What has been read so far, by blob id. `content` reads a blob that is met for the first time.

    `names` gives the ids that working files would have.
    """

    def __init__(
        self, content: Callable[[str], bytes], packaged: Tree, names: Callable[[Iterable[str]], dict[str, str]]
    ) -> None:
        self.content = content
        self.names = names
        self.packaged = packaged
        self.sizes: dict[str, int] = {}
        self.broken: dict[str, StateError] = {}
        self._shards: dict[str, dict[str, Event]] = {}
        self._named: dict[tuple[str, str], dict[str, list[Event]]] = defaultdict(dict)
        self._parsed: dict[Hashable, Any] = {}

    def read(self, blob: str, path: str) -> bytes:
        """Give the content of a blob. Raises StateError for a link."""
        if blob.startswith(ODD):
            raise StateError("a symbolic link; links are not followed", place=path)
        found: bytes = self.once(("content", blob), lambda: self.content(blob))
        return found

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Make a value, or give what was made of the same key before."""
        if key not in self._parsed:
            try:
                self._parsed[key] = make()
            except StateError as e:
                self._parsed[key] = e
        found = self._parsed[key]
        if isinstance(found, StateError):
            raise found
        return found  # type: ignore[no-any-return]

    def shard(self, blob: str, path: str) -> Mapping[str, Event]:
        """Give the events of a shard by id; none when it cannot be read, which `broken` remembers."""
        found = self._shards.get(blob)
        if found is None:
            try:
                events = log.decode(self.content(blob) if not blob.startswith(ODD) else b"!", path)
            except StateError as e:
                self.broken[blob] = e
                events = []
            found = self._shards[blob] = {}
            for event in events:
                if found.setdefault(event.id, event) is event:
                    self._file(event, blob)
        return found

    def _file(self, event: Event, blob: str) -> None:
        names = (("ticket", event.ticket), ("item", event.item), ("subject", event.subject), ("kind", event.kind))
        for key in names:
            if key[1]:
                self._named[key].setdefault(blob, []).append(event)

    def events(self, noun: str, name: str, blobs: Container[str]) -> list[Event]:
        """Give the events of one ticket, item, subject or kind that some blobs hold, in order, each once."""
        found: dict[str, Event] = {}
        for blob, events in self._named.get((noun, name), {}).items():
            if blob in blobs:
                for event in events:
                    found.setdefault(event.id, event)
        return sorted(found.values(), key=lambda e: e.order)


class Rest:
    """What lies outside of FOLDERS: a listing, and what has changed since. It is put together where it is asked for."""

    def __init__(self, listing: Callable[[], Mapping[str, str]]) -> None:
        self._listing = listing
        self._before: Rest | None = None
        self._changes: list[tuple[str, str]] = []
        self._files: Mapping[str, str] | None = None

    def after(self, changes: list[tuple[str, str]]) -> Rest:
        """Give what follows when these paths get these blobs; nothing is read for that."""
        if not changes:
            return self
        found = Rest(self._listing)
        found._before, found._changes = self, changes
        return found

    def files(self) -> Mapping[str, str]:
        """Give the paths with their blobs."""
        way: list[Rest] = []
        here = self
        while here._files is None and here._before is not None:
            way.append(here)
            here = here._before
        found = here._files
        if found is None:
            found = here._files = {p: b for p, b in here._listing().items() if not is_kept(p)}
        if way:
            found = _laid(found, [change for rest in reversed(way) for change in rest._changes])
            # What came before is not needed any more, and would stay in memory.
            self._files, self._before, self._changes = found, None, []
        return found


class Version:
    """The tree and the log of one commit: paths and blobs, taken from another version and what has changed since."""

    def __init__(
        self, past: Past, files: dict[str, str], shards: dict[str, str] | None = None, rest: Rest | None = None
    ) -> None:
        self.past = past
        self.files = files
        self.rest = rest or Rest(dict)
        self.shards = {p: b for p, b in files.items() if is_shard(p)} if shards is None else shards
        self.alive = frozenset(self.shards.values())
        for path, blob in self.shards.items() if shards is None else ():
            past.shard(blob, path)

    def after(self, changes: Iterable[tuple[str, str]]) -> Version:
        """Give the version that follows when these paths get these blobs ("" removes one)."""
        mine: list[tuple[str, str]] = []
        others: list[tuple[str, str]] = []
        for path, blob in changes:
            (mine if is_kept(path) else others).append((path, blob))
        files, shards = self.files, self.shards
        if mine:
            files = _laid(files, mine)
        moved = [(p, b) for p, b in mine if is_shard(p)]
        if moved:
            shards = _laid(shards, moved)
        for path, blob in moved:
            if blob:
                self.past.shard(blob, path)
        return Version(self.past, files, shards, self.rest.after(others))

    def read(self, path: str) -> bytes | None:
        """Give the content of a regular file, or None. Links raise StateError."""
        blob = self._blob(path)
        return None if blob is None else self.past.read(blob, path)

    def names(self, path: str) -> list[str]:
        """Give the sorted entries of a folder."""
        start = path.rstrip("/") + "/" if path else ""
        files = self.files if is_kept(start) else self.whole()
        return sorted({f[len(start) :].split("/", 1)[0] for f in files if f.startswith(start)})

    def size(self, path: str) -> int | None:
        """Give the size of a file in bytes, or None."""
        blob = self._blob(path)
        if blob is None or blob.startswith(ODD):
            return None
        return self.past.sizes[blob] if blob in self.past.sizes else len(self.past.read(blob, path))

    def paths(self) -> list[str]:
        """List every file."""
        return sorted(self.whole())

    def ids(self, paths: Iterable[str]) -> dict[str, str]:
        """Name contents as git does; a working file is asked for anew."""
        whole = self.whole()
        found = {p: whole[p] for p in paths if p in whole}
        loose = [p for p, blob in found.items() if blob.startswith(WORK)]
        return {**found, **self.past.names(loose)} if loose else found

    def whole(self) -> Mapping[str, str]:
        """Give every path with its blob, those outside of what is kept in memory too."""
        return {**self.rest.files(), **self.files}

    def _blob(self, path: str) -> str | None:
        return (self.files if is_kept(path) else self.rest.files()).get(path)

    def of_ticket(self, ticket: str) -> list[Event]:
        """Events that name a ticket, in order."""
        return self.past.events("ticket", ticket, self.alive)

    def of_item(self, item: str) -> list[Event]:
        """Events that name a work item, in order."""
        return self.past.events("item", item, self.alive)

    def of_subject(self, subject: str) -> list[Event]:
        """Events of one subject, in order."""
        return self.past.events("subject", subject, self.alive)

    def of_kinds(self, *kinds: str) -> list[Event]:
        """Events of some kinds that count, in order."""
        found = [e for kind in (*kinds, "voided") for e in self.past.events("kind", kind, self.alive)]
        return sorted((e for e in fold.live(found) if e.kind in kinds), key=lambda e: e.order)

    def found(self, event: Event) -> Event | None:
        """Give the event with this id as this version has it, or None."""
        return next((e for e in self.of_subject(event.subject) if e.id == event.id), None)


class VersionTrain(Train):
    """The train of a version; equal blobs are parsed once."""

    def __init__(self, version: Version) -> None:
        super().__init__(version, version, version.past.packaged)
        self.version = version

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline. Raises StateError when it is missing or broken."""
        if self._pipeline is None:
            self._pipeline = self._once(PIPELINE, "pipeline", lambda: super(VersionTrain, self).pipeline)
        return self._pipeline

    def item_ids(self) -> list[str]:
        """List the work items."""
        blobs = [p for p in self.version.files if p.startswith("docs/work/") and p.endswith(".md")]
        return sorted(p[10:-3] for p in blobs if "/" not in p[10:])

    def has_item(self, name: str) -> bool:
        """Tell whether a work item's document is there."""
        return f"docs/work/{name}.md" in self.version.files

    def has_ticket(self, name: str) -> bool:
        """Tell whether a ticket's file is there."""
        return f"tickets/{name}/ticket.yml" in self.version.files

    def ticket(self, name: str) -> Ticket:
        """Give a ticket. Raises StateError when it is missing or broken."""
        return self._once(f"tickets/{name}/ticket.yml", name, lambda: documents.ticket_in(self.tree, name))

    def checklist(self, ticket: Ticket) -> Checklist:
        """Give a ticket's bullets."""
        return self._once(ticket.checklist_path, "checklist", lambda: Train.checklist(self, ticket))

    def session(self, path: str = ROOT_SESSION) -> Session | None:
        """Give a session, or None when there is no file. Raises StateError when it is broken."""
        return self._once(path, "session", lambda: Train.session(self, path))

    def _once(self, path: str, kind: str, make: Callable[[], T]) -> T:
        blob = self.version.files.get(path)
        # The path is part of the key: a message names it.
        return make() if blob is None else self.version.past.once((kind, path, blob), make)


def _laid(table: Mapping[str, str], changes: Iterable[tuple[str, str]]) -> dict[str, str]:
    found = {**table}
    for path, blob in changes:
        if blob:
            found[path] = blob
        else:
            found.pop(path, None)
    return found


def is_kept(path: str) -> bool:
    """Tell whether a path lies in one of the folders that are kept in memory."""
    return path.startswith(WITHIN) or path in FOLDERS


def is_shard(path: str) -> bool:
    """Tell whether a path is one of the log's files; what lies elsewhere is read by nobody, and counts as gone."""
    return path.startswith(f"{EVENTS}/") and path.endswith(".jsonl") and path.count("/") == EVENTS.count("/") + 3
