"""The trace: from client and need by work items, tickets, artifacts, evidence and approvals to decisions, both ways.

A link leads from what asked for something to what came of it: need → PRD → CRD → Task → ticket → artifact, evidence,
approval → decision; work item → risk → mitigation → the work item that implements it; and ticket → another item that
names it.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterator

from msgspec import Struct

from agenticops.core import papers
from agenticops.core.train import Train
from agenticops.errors import StateError
from agenticops.model.event import Event
from agenticops.model.ids import TICKET
from agenticops.model.paper import SHELVES, Paper

ARTIFACT = ("artifact_recorded", "artifact_kept")
EVIDENCE = ("evidence_recorded", "evidence_attested")
APPROVAL = {"approval_requested": "pending", "approval_begun": "in_review", "approval_decided": ""}
# Of what a paper names, what comes of the paper; all else it came from. So do all links of a work item.
_CAME_OF = {("need", "items"), ("risk", "decision"), ("mitigation", "items")}
Key = tuple[str, str]


class Node(Struct, frozen=True):
    """One thing of the trace. `there` is False for what something names and nobody can find."""

    kind: str
    id: str
    title: str = ""
    state: str = ""
    path: str = ""
    there: bool = True


class Branch(Struct, frozen=True):
    """A node with what follows in one direction; `again`: what follows stands elsewhere in the same tree."""

    node: Node
    below: tuple[Branch, ...] = ()
    again: bool = False


class Web:
    """All nodes of a train, and the links between them in their order."""

    def __init__(self, train: Train) -> None:
        self.train = train
        self.nodes: dict[Key, Node] = {}
        self.down: dict[Key, dict[Key, None]] = defaultdict(dict)
        self.up: dict[Key, dict[Key, None]] = defaultdict(dict)
        self._items()
        self._papers()
        self._tickets()
        self._events()
        for missing in {*self.down, *self.up} - set(self.nodes):
            self.nodes[missing] = Node(*missing, there=False)

    def tree(self, key: Key, links: dict[Key, dict[Key, None]]) -> Branch:
        """Give what follows from a node along links; what is met twice is followed where it is nearest."""
        nearest, queue = {key: key}, deque([key])
        while queue:
            here = queue.popleft()
            for k in links.get(here, ()):
                if nearest.setdefault(k, here) == here and k != key:
                    queue.append(k)
        return self._grown(key, links, nearest)

    def _grown(self, key: Key, links: dict[Key, dict[Key, None]], nearest: dict[Key, Key]) -> Branch:
        below = []
        for k in links.get(key, ()):
            first = nearest[k] == key and nearest[key] != k and k != key
            below.append(self._grown(k, links, nearest) if first else Branch(self.nodes[k], again=True))
        return Branch(self.nodes[key], tuple(below))

    def _link(self, above: Key, below: Key) -> None:
        self.down[above][below] = None
        self.up[below][above] = None

    def _items(self) -> None:
        for name in self.train.item_ids():
            key, path = ("item", name), f"docs/work/{name}.md"
            try:
                item = self.train.item(name)
            except StateError as e:
                self.nodes[key] = Node("item", name, e.message, "unreadable", path)
                continue
            self.nodes[key] = Node("item", name, item.title, item.kind, path)
            if item.parent:
                self._link(("item", item.parent), key)
            if re.fullmatch(SHELVES["client"].id, item.client):
                self._link(("client", item.client), key)
            for need in item.needs:
                self._link(("need", need), key)
            for ticket in item.tickets:
                own = TICKET.fullmatch(ticket)
                if own is None or own["item"] != name:  # its own come of it
                    self._link(("ticket", ticket), key)

    def _papers(self) -> None:
        for shelf in SHELVES.values():
            for name in papers.ids(self.train.tree, shelf.noun):
                key = (shelf.noun, name)
                try:
                    paper = papers.get(self.train.tree, shelf.noun, name)
                except StateError as e:
                    self.nodes[key] = Node(*key, e.message, "unreadable", shelf.path(name))
                    continue
                self.nodes[key] = Node(*key, paper.title, _state(paper), shelf.path(name))
                for field, nouns in shelf.links.items():
                    for target in papers.named(paper, field):
                        other = (_noun(target, nouns), target)
                        self._link(*((key, other) if (shelf.noun, field) in _CAME_OF else (other, key)))
        for gate in papers.known(self.train, "gate"):
            if self.down.get(("gate", gate)):
                self.nodes["gate", gate] = Node("gate", gate)

    def _tickets(self) -> None:
        for name in self.train.ticket_ids():
            match = TICKET.fullmatch(name)
            if match is None:
                continue
            path = f"tickets/{name}"
            try:
                status: str = self.train.ticket(name).status
            except StateError as e:
                status, path = "unreadable", e.place or path
            self.nodes["ticket", name] = Node("ticket", name, match["phase"], status, path)
            self._link(("item", match["item"]), ("ticket", name))

    def _events(self) -> None:
        for event in self.train.log.of_kinds(*ARTIFACT, *EVIDENCE, *APPROVAL):
            for key, node in self._proven(event):
                self.nodes[key] = node
                self._link(("ticket", event.ticket), key)

    def _proven(self, event: Event) -> Iterator[tuple[Key, Node]]:
        said = event.data
        if event.kind in ARTIFACT:
            path = str(said.get("path", ""))
            there = bool(path) and self.train.tree.size(path) is not None
            title = str(said.get("artifact", ""))
            yield ("artifact", path), Node("artifact", path, title, "recorded" if there else "", path, there)
        elif event.kind in EVIDENCE:
            title = f"{said.get('gate', '')} {said.get('check', '')}"
            state = str(said.get("outcome") or ("attested" if event.kind == EVIDENCE[1] else ""))
            yield ("evidence", event.id), Node("evidence", event.id, title, state)
        else:
            name = event.subject.partition("/")[2]
            state = APPROVAL[event.kind] or str(said.get("decision", ""))
            yield ("approval", name), Node("approval", name, "", state)
            if said.get("record"):
                self._link(("approval", name), ("decision", str(said["record"])))


def _state(paper: Paper) -> str:
    return str(next(getattr(paper, n) for n in ("status", "state", "result") if hasattr(paper, n)))


def _noun(name: str, nouns: tuple[str, ...]) -> str:
    """Tell a ticket from a work item where a link may name either."""
    return "ticket" if "ticket" in nouns and TICKET.fullmatch(name) else nouns[0]
