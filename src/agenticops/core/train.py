"""The train: all that one tree holds, read when it is asked for."""

from __future__ import annotations

from copy import copy
from typing import Protocol, Self, TypeVar

from agenticops.core import checklist as checklists
from agenticops.core import contract as contracts
from agenticops.core import documents, fold, yamltext
from agenticops.errors import StateError, TrainError
from agenticops.model.checklist import Checklist
from agenticops.model.event import Event
from agenticops.model.finding import Finding
from agenticops.model.ids import TICKET, ticket_id
from agenticops.model.layout import CHECKLISTS, PIPELINE, ROOT_SESSION, TEMPLATES
from agenticops.model.pipeline import Agent, Contract, Mode, Phase, Pipeline
from agenticops.model.session import Session
from agenticops.model.ticket import Ticket
from agenticops.model.tree import Tree
from agenticops.model.work import WorkItem

T = TypeVar("T")


class Log(Protocol):
    """The log of a tree, in order."""

    def of_ticket(self, ticket: str) -> list[Event]:
        """Events that name a ticket."""

    def of_item(self, item: str) -> list[Event]:
        """Events that name a work item."""

    def of_subject(self, subject: str) -> list[Event]:
        """Events of one subject."""

    def of_kinds(self, *kinds: str) -> list[Event]:
        """Events of some kinds, whatever they are about; what was voided is left out."""


class Train:
    """Typed access to one tree and its log. `packaged` gives what the project did not write itself."""

    def __init__(self, tree: Tree, log: Log, packaged: Tree) -> None:
        self.tree = tree
        self.log = log
        self.packaged = packaged
        self._pipeline: Pipeline | None = None

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline. Raises StateError when it is missing or broken."""
        if self._pipeline is None:
            data = self.tree.read(PIPELINE)
            if data is None:
                raise StateError("this repository is no train yet", place=PIPELINE, hint="agenticops init --train ml")
            self._pipeline = documents.read_pipeline(data)
        return self._pipeline

    def under(self, pipeline: Pipeline, log: Log | None = None) -> Self:
        """Give the same train with another pipeline, and with another log when there is one."""
        found = copy(self)
        found._pipeline, found.log = pipeline, log or self.log
        return found

    def phase(self, name: str) -> Phase:
        """Give a phase. Raises TrainError for an unknown one."""
        return self._known(self.pipeline.phases, name, "phase")

    def mode(self, name: str) -> Mode:
        """Give a mode. Raises TrainError for an unknown one."""
        return self._known(self.pipeline.modes, name, "mode")

    def agent(self, name: str) -> Agent:
        """Give an agent. Raises TrainError for an unknown one."""
        return self._known(self.pipeline.agents, name, "agent")

    def contract(self, name: str) -> Contract:
        """Give an artifact's contract. Raises TrainError for an unknown one."""
        return self._known(self.pipeline.artifacts, name, "artifact")

    def item_ids(self) -> list[str]:
        """List the work items."""
        return [n.removesuffix(".md") for n in self.tree.names("docs/work") if n.endswith(".md")]

    def has_item(self, name: str) -> bool:
        """Tell whether a work item's document is there."""
        return name in self.item_ids()

    def item(self, name: str) -> WorkItem:
        """Give a work item. Raises StateError when it is missing or broken."""
        path = f"docs/work/{name}.md"
        data = self.tree.read(path)
        if data is None:
            raise StateError(f"work item {name} is missing", place=path, hint="agenticops work list")
        return documents.read_item(data, path)

    def items(self) -> list[WorkItem]:
        """Give the work items; those that cannot be read are left out."""
        found = []
        for name in self.item_ids():
            try:
                found.append(self.item(name))
            except StateError:
                continue
        return found

    def ticket_ids(self) -> list[str]:
        """List the tickets: the folders whose name is a ticket id."""
        return [n for n in self.tree.names("tickets") if TICKET.fullmatch(n)]

    def has_ticket(self, name: str) -> bool:
        """Tell whether a ticket is there."""
        return name in self.ticket_ids()

    def ticket(self, name: str) -> Ticket:
        """Give a ticket. Raises StateError when it is missing or broken."""
        return documents.ticket_in(self.tree, name)

    def checklist_text(self, ticket: Ticket) -> str | None:
        """Give the text of a ticket's checklist, or None when there is none."""
        data = self.tree.read(ticket.checklist_path)
        return None if data is None else yamltext.decode(data, ticket.checklist_path)

    def checklist(self, ticket: Ticket) -> Checklist:
        """Give a ticket's bullets; none when there is no file."""
        text = self.checklist_text(ticket)
        return Checklist(()) if text is None else checklists.parse(text)

    def session(self, path: str = ROOT_SESSION) -> Session | None:
        """Give a session, or None when there is no file. Raises StateError when it is broken."""
        data = self.tree.read(path)
        return None if data is None else documents.read_session(data, path)

    def artifact_path(self, contract: Contract, item: str) -> str:
        """Where an item's artifact is."""
        return contract.path.replace("{item}", item)

    def template(self, contract: Contract) -> bytes | None:
        """Give an artifact's template: the project's own, else the packaged one."""
        name = contract.template or contract.path.rsplit("/", 1)[-1]
        own = self.tree.read(f"{TEMPLATES}/{name}")
        return own if own is not None else self.packaged.read(f"trains/{self.pipeline.name}/templates/{name}")

    def checklist_template(self, mode: Mode) -> str:
        """Give a mode's checklist template. Raises StateError when there is none."""
        name = mode.checklist or f"{mode.name}-checklist.md"
        path = f"{CHECKLISTS}/{name}"
        data = self.tree.read(path) or self.packaged.read(f"trains/{self.pipeline.name}/checklists/{name}")
        if data is None:
            raise StateError(
                f"mode {mode.name} has no checklist template",
                place=path,
                hint="write one, or run agenticops init again",
            )
        return yamltext.decode(data, path)

    def values(self, ticket: Ticket, title: str = "") -> dict[str, str]:
        """What placeholders in templates stand for."""
        if not title and self.has_item(ticket.item):  # a missing item is the ticket check's to report
            title = self.item(ticket.item).title
        return {
            "item": ticket.item,
            "title": title,
            "phase": ticket.phase,
            "ticket": ticket.id,
            "train": self.pipeline.name,
        }

    def rendered(self, contract: Contract, ticket: Ticket) -> bytes | None:
        """Give the template as it is for one ticket."""
        raw = self.template(contract)
        if raw is None:
            return None
        return documents.render(raw.decode("utf-8", "replace"), self.values(ticket)).encode()

    def examine(self, contract: Contract, ticket: Ticket) -> list[Finding]:
        """Judge an artifact against its contract."""
        path = self.artifact_path(contract, ticket.item)
        size = self.tree.size(path)
        if size is not None and size > contract.max_bytes:
            hint = "keep large data outside, and record where it is"
            return [Finding("VT209", f"{size} bytes; at most {contract.max_bytes} are taken", path, hint=hint)]
        return contracts.examine(contract, path, self.tree.read(path), self.rendered(contract, ticket))

    def status_chain(self, ticket: str) -> fold.Chain:
        """What the log says of a ticket's status."""
        return fold.chain(self.log.of_subject(f"ticket/{ticket}"))

    def item_chain(self, item: str) -> fold.Chain:
        """What the log says of a work item's way: its states are ticket ids, and `done`."""
        return fold.chain(self.log.of_subject(f"item/{item}"))

    def next_visit(self, phase: str, item: str) -> str:
        """Name the next ticket of an item in a phase; ids are never used twice."""
        taken = set(self.ticket_ids())
        visit = 1
        while ticket_id(phase, item, visit) in taken:
            visit += 1
        return ticket_id(phase, item, visit)

    def _known(self, table: dict[str, T], name: str, noun: str) -> T:
        try:
            return table[name]
        except KeyError:
            known = ", ".join(table) or "none"
            raise TrainError(f"unknown {noun} {name!r}", place=PIPELINE, hint=f"the pipeline knows: {known}") from None
