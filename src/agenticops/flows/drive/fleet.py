"""A fleet: several repositories driven by the same workers, fairly, each with its own state. ADR 0036."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Literal

from msgspec import Struct

from agenticops.core.drive import fleet as files
from agenticops.core.drive.fleet import Project, Shares
from agenticops.errors import StateError, TrainError
from agenticops.flows.drive import deliver
from agenticops.flows.drive.driver import WAIT, Driver, deaf, read_settings
from agenticops.flows.drive.work import Outcome
from agenticops.workspace import Workspace

State = Literal["ended", "paused", "failed", "refused"]


class ProjectReport(Struct, frozen=True):
    """What was done in a repository. `refused`: nothing could be driven there; `words` and `hint` say why it ended."""

    name: str
    path: str
    state: State
    words: str = ""
    place: str = ""
    hint: str = ""
    outcomes: tuple[Outcome, ...] = ()
    passed: dict[str, str] = {}


class FleetReport(Struct, frozen=True):
    """What a fleet did, by project in the order of its file."""

    projects: tuple[ProjectReport, ...]

    @property
    def wrong(self) -> bool:
        """Whether a project could not be driven to its end."""
        return any(p.state != "ended" for p in self.projects)


class Fleet:
    """The repositories of a file, each with a driver of its own; one that is broken does not hold the others up.

    Made in the main thread. Raises StateError when the file itself cannot be read.
    """

    def __init__(self, path: str, parallel: int = 0, local: bool = False) -> None:
        self.path = os.path.abspath(path)
        said = files.read(_read(path), path)
        self.projects, self.parallel, self.local = said.projects, parallel or said.parallel, local
        self.drivers: dict[str, Driver] = {}
        self.refused: dict[str, TrainError] = {}
        for project in said.projects:
            try:
                self.drivers[project.title] = self._driver(project)
            except TrainError as e:
                self.refused[project.title] = e
        self.shares = Shares({p.title: p.weight for p in said.projects})
        # Projects that have no ticket to take until one of theirs is over.
        self.idle: set[str] = set()
        self.active = 0
        self.stopped = threading.Event()
        self.changed = threading.Condition()

    def run(self, tick: Callable[[], None] = lambda: None) -> FleetReport:
        """Drive them all; `tick` is called a few times a second."""
        workers = [threading.Thread(target=self._worker, name=f"worker {n}") for n in range(1, self.parallel + 1)]
        with ExitStack() as awake:
            for name, driver in list(self.drivers.items()):
                try:
                    awake.enter_context(driver.awake())
                except TrainError as e:
                    self.refused[name] = e
                    del self.drivers[name]
            for worker in workers:
                worker.start()
            try:
                while any(worker.is_alive() for worker in workers):
                    for driver in self.drivers.values():
                        driver.look()
                    tick()
                    for worker in workers:
                        worker.join(WAIT / len(workers))
            except BaseException:
                self.stop()
                raise
            finally:
                for worker in workers:
                    worker.join()
        return FleetReport(tuple(self._report(project) for project in self.projects))

    def stop(self, now: bool = False) -> None:
        """Let the present turns end, or, with `now`, end the agents too."""
        self.stopped.set()
        for driver in list(self.drivers.values()):
            driver.stop(now)

    def _driver(self, project: Project) -> Driver:
        place = os.path.normpath(os.path.join(os.path.dirname(self.path), project.path))
        if not os.path.isdir(place):
            raise TrainError(f"there is no folder {place}", place=self.path, hint="clone it, or mend its path:")
        workspace = Workspace(place)
        common = os.path.realpath(workspace.git.common_dir)
        for name, other in self.drivers.items():
            if os.path.realpath(other.main.git.common_dir) == common:
                raise TrainError(f"it is the same repository as {name}", place=self.path, hint="name it once")
        remote = "" if self.local else deliver.known(workspace, read_settings(workspace))
        return Driver(workspace, parallel=self.parallel, remote=remote)

    def _worker(self) -> None:
        deaf()
        while not self.stopped.is_set():
            with self.changed:
                ready = [n for n, d in self.drivers.items() if n not in self.idle and not d.stops.after.is_set()]
                if not ready and not self.active:
                    self.changed.notify_all()
                    return
                if not ready:
                    self.changed.wait(1.0)
                    continue
                name = self.shares.next(ready)
                self.active += 1
            self._stepped(name)

    def _stepped(self, name: str) -> None:
        """Work a ticket of a project, if it has one. What fails there is its own affair."""
        driver, outcome = self.drivers[name], None
        try:
            outcome = driver.step()
        except Exception as e:
            driver.fail(e)
        with self.changed:
            self.active -= 1
            if outcome is None:
                self.shares.pay(name, -1)
                self.shares.rest(name)
                self.idle.add(name)
            else:
                self.shares.pay(name, max(outcome.turns - 1, 0))
                self.idle.discard(name)
            self.changed.notify_all()

    def _report(self, project: Project) -> ProjectReport:
        name, path = project.title, project.path
        if name in self.refused:
            e = self.refused[name]
            return ProjectReport(name, path, "refused", e.message, e.place, e.hint)
        driver = self.drivers[name]
        found = driver.report()
        wrong = driver.failed or driver.paused
        state: State = "failed" if driver.failed is not None else "paused" if driver.paused is not None else "ended"
        place, hint = (wrong.place, wrong.hint) if isinstance(wrong, TrainError) else ("", "")
        words = str(wrong) if wrong is not None else driver.ended or ("stopped" if self.stopped.is_set() else "empty")
        return ProjectReport(name, path, state, words, place, hint, found.outcomes, found.passed)


def drive_fleet(
    path: str, parallel: int = 0, local: bool = False, tick: Callable[[], None] = lambda: None
) -> FleetReport:
    """Drive the repositories of a file until there is no more to do."""
    return Fleet(path, parallel, local).run(tick)


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError as e:
        message = f"the fleet cannot be read: {os.strerror(e.errno or 0)}"
        raise StateError(message, place=path, hint=f"write one: projects: [{{path: ../shop}}] in {files.NAME}") from e
