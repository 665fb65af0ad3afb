"""The watch: while tickets are worked it tells which agents are busy, and what that costs the machine. ADR 0036."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Protocol

from agenticops.core.drive.agentstate import Status
from agenticops.core.drive.settings import Settings
from agenticops.errors import ConflictError, RemoteError, TrainError
from agenticops.flows.drive import ledger, states
from agenticops.flows.drive.sampling import Change, Running, Sampler
from agenticops.flows.drive.turn import Result, told
from agenticops.workspace import Workspace

# By these the agent itself failed, not what it made.
FAULTS = ("agent_error", "timeout")


class AtWork(Protocol):
    """A ticket that is worked: its agent's process, 0 while none runs, the run that it is of, and its desk."""

    name: str
    process: int
    assignment: str

    @property
    def here(self) -> Workspace:
        """The desk as it is now."""


class Signs:
    """Tells what becomes of agents: what is critical when it happens, the rest when the watch looks. One for a drive.

    What cannot be told hinders nobody: a desk may just go.
    """

    def __init__(self, main: Workspace) -> None:
        self.main = main
        # The agents that were at work, each with its last ticket.
        self.agents: dict[str, str] = {}

    def begin(self, work: AtWork) -> None:
        """The agent of a ticket runs: it is busy."""
        self._told(work, lambda here, agent: states.begin(here, agent, work.name))

    def rest(self, work: AtWork) -> None:
        """It has ended: it is idle."""
        self._told(work, lambda here, agent: states.beat(here, agent, "idle", work.name))

    def fail(self, work: AtWork, reason: str) -> None:
        """It failed by itself, or cannot run: it is in error."""
        self._told(work, lambda here, agent: states.fail(here, agent, work.name, reason))

    def during(self, work: AtWork, turn: Callable[[], Result]) -> Result:
        """Make a turn. By a crash, a time-out or a program that is not there it is the agent that failed."""
        work.assignment = ""
        try:
            result = turn()
        except (ConflictError, RemoteError):
            raise
        except (TrainError, OSError) as e:
            if work.assignment or isinstance(e, ledger.NoProgram):
                self.fail(work, told(e))
            raise
        if result.reason in FAULTS:
            self.fail(work, f"{result.reason}: {result.words}")
        return result

    def look(self, works: Mapping[str, AtWork]) -> dict[str, str]:
        """Give a sign of life of each agent; gives those that are busy: ticket → agent."""
        busy: dict[str, str] = {}
        for name, work in works.items():
            status: Status = "busy" if work.process else "idle"
            agent = self._told(work, partial(_beat, status=status, ticket=name))
            busy |= {name: agent} if agent and status == "busy" else {}
        for agent, name in list(self.agents.items()):
            if name not in works:
                with suppress(TrainError, OSError):
                    states.beat(self.fresh, agent, "idle", name)
        return busy

    def leave(self, reason: str) -> None:
        """The drive is over: who worked for it is away."""
        for agent in self.agents:
            with suppress(TrainError, OSError):
                states.leave(self.fresh, agent, reason)

    @property
    def fresh(self) -> Workspace:
        """The clone as it is now, for whichever thread asks."""
        return Workspace(self.main.root, self.main.clock)

    def _told(self, work: AtWork, tell: Callable[[Workspace, str], object]) -> str:
        """Tell something of a ticket's agent; gives its name, or "" where that cannot be told."""
        with suppress(TrainError, OSError):
            here = work.here
            agent = here.train.ticket(work.name).agent
            self.agents[agent] = work.name
            tell(here, agent)
            return agent
        return ""


def _beat(here: Workspace, agent: str, status: Status, ticket: str) -> None:
    states.beat(here, agent, status, ticket)


class Watch:
    """Looks at what is worked every few seconds, in a thread of its own."""

    def __init__(
        self, signs: Signs, settings: Settings, change: Change, works: Callable[[], Mapping[str, AtWork]]
    ) -> None:
        self.signs, self.every, self.works = signs, settings.heartbeat, works
        self.sampler = Sampler(signs.main, settings, change)
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run, name="watch")

    def start(self) -> None:
        """Begin."""
        self.thread.start()

    def stop(self) -> None:
        """End, once the present look is over."""
        self.over.set()
        self.thread.join()
        self.signs.leave("the drive is over")

    def _run(self) -> None:
        while not self.over.wait(self.every):
            works = self.works()
            agents = self.signs.look(works)
            with suppress(TrainError, OSError):
                runs = ledger.known(self.signs.fresh)
                found = {run.assignment_id: run for run in runs}
                running = [
                    Running(agent, work.process, found.get(work.assignment))
                    for name, agent in agents.items()
                    if (work := works[name]).process
                ]
                self.sampler.sample(running, runs)
