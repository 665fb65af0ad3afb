"""The watch: while tickets are worked it tells which agents are busy, and what that costs the machine. ADR 0036."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Protocol

from agenticops.core.drive.agentstate import Status
from agenticops.core.drive.settings import Settings
from agenticops.errors import TrainError
from agenticops.flows.drive import ledger, states
from agenticops.flows.drive.sampling import Change, Sampler
from agenticops.workspace import Workspace


class AtWork(Protocol):
    """A ticket that is worked: its agent's process, 0 while none runs, and its desk."""

    process: int

    @property
    def here(self) -> Workspace:
        """The desk as it is now."""


class Watch:
    """Looks at what is worked every few seconds, in a thread of its own. What cannot be told hinders nobody."""

    def __init__(
        self, main: Workspace, settings: Settings, change: Change, works: Callable[[], Mapping[str, AtWork]]
    ) -> None:
        self.main, self.every, self.works = main, settings.heartbeat, works
        self.sampler = Sampler(main, settings, change)
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run, name="watch")

    def start(self) -> None:
        """Begin."""
        self.thread.start()

    def stop(self) -> None:
        """End, once the present look is over."""
        self.over.set()
        self.thread.join()

    def _run(self) -> None:
        seen: dict[str, str] = {}
        while not self.over.wait(self.every):
            busy = {name: work for name, work in self.works().items() if work.process}
            agents = {name: sign(partial(_desk, work), name, "busy") for name, work in busy.items()}
            for name in seen.keys() - agents.keys():
                sign(self._fresh, name, "idle")
            seen = agents
            with suppress(TrainError, OSError):
                runs = ledger.known(self._fresh())
                self.sampler.sample({agents[n]: w.process for n, w in busy.items() if agents[n]}, runs, len(busy))
        for name in seen:
            sign(self._fresh, name, "idle")

    def _fresh(self) -> Workspace:
        return Workspace(self.main.root, self.main.clock)


def _desk(work: AtWork) -> Workspace:
    return work.here


def sign(look: Callable[[], Workspace], ticket: str, status: Status) -> str:
    """Give a sign of life of a ticket's agent; its name, or "" where that cannot be told: its desk may just go."""
    with suppress(TrainError, OSError):
        here = look()
        agent = here.train.ticket(ticket).agent
        states.beat(here, agent, status, ticket)
        return agent
    return ""
