"""Delivering: a branch goes to its remote with the lease, and comes into the default branch there. ADR 0035, 0036.

`Local` is a clone without a remote, where nothing of this is to be done.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from agenticops.core.drive.settings import Settings
from agenticops.errors import RemoteError, TrainError
from agenticops.flows.drive import desk
from agenticops.flows.drive.trunk import Conflict, Trunk
from agenticops.model.layout import PHASE_BRANCH
from agenticops.ports import agent
from agenticops.ports.transport import Declined, Transport, declined
from agenticops.workspace import Workspace

if TYPE_CHECKING:
    from agenticops.flows.drive.work import Work

# An exchange with the remote takes no longer. One that does not answer is asked again after a pause, twice as long each
# time, and not for ever.
SECONDS = 60.0
PAUSE, LONGEST, AWAY = 0.5, 30.0, 600.0
TRIES = 6
# Words of git for a remote that answers, and lets us not in: waiting does not help.
_SHUT = re.compile(r"denied|\b40[134]\b|authenticat|could not read (?:user|pass)|not found", re.IGNORECASE)
T = TypeVar("T")


class Local:
    """A clone that drives for itself: branches stay here, and come in here."""

    name = ""

    def ready(self) -> None:
        """Raise RemoteError, before anything is worked, for what is missing to bring it in."""

    def bring(self, ticket: str) -> None:
        """Let the branch of a ticket be what whoever worked it last pushed."""

    def send(self, work: Work) -> None:
        """Push the branch of a ticket, when the remote can be reached."""

    def deliver(self, work: Work) -> bool:
        """Get a branch that is in review ready to be merged; False when it is to be looked at anew."""
        return True

    def drop(self, work: Work) -> None:
        """Take a branch that was merged away from the remote."""

    def trunk(self, workspace: Workspace, settings: Settings) -> Trunk:
        """Make the trunk of this side."""
        return Trunk(workspace, settings)


class Remote(Local):
    """A remote. Only branches of tickets and the default branch move there, the latter never backward."""

    def __init__(self, workspace: Workspace, settings: Settings, name: str) -> None:
        self.main, self.settings, self.name = workspace, settings, name
        self.branch = workspace.train.pipeline.default_branch
        self.transport = Transport(workspace.git, name, SECONDS)

    def ready(self) -> None:
        """Raise RemoteError when it cannot be reached, or the forge is to merge and nobody is logged in there."""
        self.tip()
        if self.settings.merge == "forge":
            from agenticops.flows.forge import opening

            with opening.opened(self.main):
                pass

    def trunk(self, workspace: Workspace, settings: Settings) -> Trunk:
        """Make the trunk whose newest tip is that of the remote."""
        return Trunk(workspace, settings, self.tip, self._push)

    def tip(self) -> str:
        """Give the newest commit of the default branch at the remote, which is here by then; "" when it has none."""
        return self._fetched(self.branch)

    def bring(self, ticket: str) -> None:
        """Let the branch of a ticket be what whoever worked it last pushed.

        What this clone did not push before another went on is superseded: it is kept aside, below a ref of its own.
        """
        branch = f"{PHASE_BRANCH}{ticket}"
        theirs, ours = self._fetched(branch), self._named(f"refs/heads/{branch}")
        if not theirs or (ours and self._within(theirs, ours)):
            return
        if ours:
            self._put_aside(ticket, theirs, ours)
        self.main.git.run("branch", "--quiet", "--force", "--no-track", branch, theirs)

    def _put_aside(self, ticket: str, theirs: str, ours: str) -> None:
        if not self._within(ours, theirs):
            self.main.git.run("update-ref", f"{desk.ASIDE}{ticket}/{ours[:12]}", ours)
        place = os.path.join(desk.folder(self.main, self.settings), ticket)
        if os.path.isdir(place):
            agent.end_strays(place)
            git = Workspace(place, self.main.clock).git
            tree = desk.snapshot(git)
            if desk.changes(git, f"{ours}^{{tree}}", tree):
                desk.put_aside(git, f"{ticket}/{tree[:12]}", tree, tree, ())
            self.main.git.run("worktree", "remove", "--force", place)

    def send(self, work: Work) -> None:
        """Push the branch of a ticket together with its lease; without an answer it goes with the next one.

        Raises ConflictError when another clone took the ticket over: nothing was pushed then.
        """
        try:
            self._send(work)
        except Declined:
            raise
        except RemoteError as e:
            work.tell(work.name, said=f"{e.message}; it goes on here, and is pushed later")

    def _send(self, work: Work) -> None:
        branch = f"{PHASE_BRANCH}{work.name}"
        ref, noted = f"refs/heads/{branch}", f"refs/remotes/{self.name}/{branch}"
        for _ in range(TRIES):
            new, old = self._named(ref), self._named(noted)
            if new == old:
                return
            if not work.claim.push(ref, new, old):
                self.main.git.run("update-ref", noted, new)
                return
            theirs = self._fetched(branch)
            if theirs and not self._within(theirs, new):
                self._join(work, branch, theirs)
        raise RemoteError(f"{branch} changes faster at {self.name} than it can be pushed", hint="agenticops drive")

    def _join(self, work: Work, branch: str, theirs: str) -> None:
        """Take in what a person pushed to the branch of a ticket that is worked here."""
        git = work.here.git
        if git.run("merge", "--quiet", "--no-edit", theirs, check=False).returncode:
            git.run("merge", "--abort", check=False)
            message = f"{branch} was changed at {self.name}, and conflicts with what was done here"
            raise Conflict(message, hint=f"git merge {self.name}/{branch} in the desk, resolve it, commit")

    def deliver(self, work: Work) -> bool:
        """Push what is in review, and let the forge merge it when that is how it comes in here."""
        patiently(lambda: self._sent_whole(work), work)
        head = self._named(f"refs/heads/{PHASE_BRANCH}{work.name}")
        if self.settings.merge == "forge":
            from agenticops.flows.drive import byforge

            def done() -> bool:
                return self._within(head, self.tip())

            # It may have been merged before the driver died that asked for it.
            return patiently(done, work) or byforge.merge(work, head, done)
        if self.settings.pulls:
            self._request(work)
        return True

    def _sent_whole(self, work: Work) -> None:
        """Push a branch, with what a person put on it there."""
        branch = f"{PHASE_BRANCH}{work.name}"
        theirs = self._fetched(branch)
        if theirs and not self._within(theirs, f"refs/heads/{branch}"):
            self._join(work, branch, theirs)
        self._send(work)

    def _request(self, work: Work) -> None:
        """Open a pull request for people to read; nothing hangs on it."""
        from agenticops.flows import pulls

        try:
            pulls.request(work.here, work.name)
        except TrainError as e:
            work.tell(work.name, said=f"no pull request: {e.message}")

    def drop(self, work: Work) -> None:
        """Take a branch that was merged away, if it still is what was merged and the lease is ours; else it stays."""
        ref = f"refs/heads/{PHASE_BRANCH}{work.name}"
        noted = f"refs/remotes/{self.name}/{PHASE_BRANCH}{work.name}"
        old = self._named(noted)
        try:
            if old and not work.claim.push(ref, "", old):
                self.main.git.run("update-ref", "-d", noted, check=False)
        except TrainError as e:
            work.tell(work.name, said=f"its branch stays at {self.name}: {e.message}")

    def _push(self, ref: str, new: str, old: str) -> str:
        """Push a ref that no lease is about; say that it moved meanwhile, or ""."""
        words = self.transport.swap([(ref, new, old)])
        if words and declined(words) and self.transport.names(ref) == old:
            raise Declined(f"{self.name} does not take a push to {self.branch}", words, self.name)
        return words

    def _fetched(self, branch: str) -> str:
        """Bring in what a branch of the remote names, and note it as git does; "" when there is none."""
        ref, noted = f"refs/heads/{branch}", f"refs/remotes/{self.name}/{branch}"
        for _ in range(TRIES):
            theirs = self.transport.names(ref)
            if not theirs:
                self.main.git.run("update-ref", "-d", noted, check=False)
                return ""
            # It may move between the two questions: then what it named may not be what comes.
            if self._named(f"{theirs}^{{commit}}"):
                self.main.git.run("update-ref", noted, theirs, check=False)
                return theirs
            self.transport.fetch(ref)
        raise RemoteError(f"{branch} changes faster at {self.name} than it can be fetched", hint="agenticops drive")

    def _named(self, revision: str) -> str:
        return self.main.git.run("rev-parse", "--verify", "--quiet", revision, check=False).stdout.strip()

    def _within(self, old: str, new: str) -> bool:
        return self.main.git.run("merge-base", "--is-ancestor", old, new, check=False).returncode == 0


def side(workspace: Workspace, settings: Settings, remote: str) -> Local:
    """Give the side to which a drive delivers: a remote, or "": this clone."""
    return Remote(workspace, settings, remote) if remote else Local()


def known(workspace: Workspace, settings: Settings) -> str:
    """Name the remote of a clone's drive: that of the settings, or "" when the clone has none at all.

    Raises TrainError when it has others only.
    """
    names = workspace.git.run("remote").stdout.split()
    if names and settings.remote not in names:
        hint = "name one of them in config/drive.yml (remote: NAME), or agenticops drive --local"
        raise TrainError(f"there is no remote {settings.remote}, only {', '.join(names)}", hint=hint)
    return settings.remote if names else ""


class Patience:
    """Waits for a remote that does not answer, until it does, too much time has passed, or somebody stops it."""

    def __init__(self, wait: Callable[[float], bool], tell: Callable[[str], None]) -> None:
        self.wait, self.tell = wait, tell
        self.pause, self.ends = PAUSE, time.monotonic() + AWAY

    def once_more(self, error: RemoteError) -> bool:
        """Wait a little; False when it is not to be tried again."""
        if isinstance(error, Declined) or _SHUT.search(error.message) or time.monotonic() > self.ends:
            return False
        self.tell(f"{error.message}; it is asked again")
        pause, self.pause = self.pause, min(2 * self.pause, LONGEST)
        return not self.wait(pause)

    def during(self, do: Callable[[], T]) -> T:
        """Do something as often as it takes. Raises the last RemoteError when patience ends."""
        while True:
            try:
                return do()
            except RemoteError as e:
                if not self.once_more(e):
                    raise


def patiently(do: Callable[[], T], work: Work) -> T:
    """Do something for a ticket that wants the remote, as soon as it answers."""
    return Patience(work.pause, lambda said: work.tell(work.name, said=said)).during(do)
