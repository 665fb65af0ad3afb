"""The trunk: the default branch, changed by one at a time, in a detached worktree, with a compare-and-swap at the end.

Nobody works in that worktree: what a change that was cut off left in it is thrown away. ADR 0036.
"""

from __future__ import annotations

import os
import random
import shlex
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from agenticops.core.drive.settings import Settings
from agenticops.errors import ConflictError, TrainError
from agenticops.flows import desks
from agenticops.flows.drive import checkout
from agenticops.flows.drive.desk import Gone, clear_begun, folder, keep, pin, unlock, unstage
from agenticops.flows.drive.ward import Ward
from agenticops.model.layout import PHASE_BRANCH
from agenticops.store.hold import Hold
from agenticops.workspace import Workspace

NAME = "trunk"
TRIES, PAUSE = 8, 0.05
T = TypeVar("T")
# How a new tip comes to a remote: (ref, new, old) → why it was refused, or "".
Push = Callable[[str, str, str], str]


class DirtyCheckout(ConflictError):
    """A person's checkout of the default branch has changes: it cannot follow, so nothing is brought in."""


class Conflict(TrainError):
    """A branch conflicts with the default branch."""


class Trunk:
    """The default branch of a clone. `fetch` gives what a remote has, here by then, `push` sends what is new there."""

    def __init__(
        self, workspace: Workspace, settings: Settings, fetch: Callable[[], str] | None = None, push: Push | None = None
    ) -> None:
        self.main, self.settings = workspace, settings
        self.branch = workspace.train.pipeline.default_branch
        self.place = os.path.join(folder(workspace, settings), NAME)
        self.fetch, self.push = fetch, push
        self.turn, self.hold = (
            threading.Lock(),
            Hold(os.path.join(workspace.git.common_dir, "agenticops", "drive"), NAME),
        )
        # How git had its worktree when the last change had ended; "" when that is not known.
        self.seen = ""
        # What all desks share, and no agent is to change.
        self.ward = Ward(f"refs/heads/{self.branch}")
        # What the remote had when it was last asked, and the newest tip that is known.
        self.theirs = ""
        self.tip = f"refs/heads/{self.branch}"

    def change(self, do: Callable[[Workspace], T], push: Push | None = None) -> T:
        """Do something on the newest default branch; what it commits becomes the new tip, or is done again on a newer.

        With a remote, `push` sends it there together with a lease. Raises DirtyCheckout before anything is done where
        a checkout could not follow.
        """
        with self.turn:
            while not self.hold.take():
                time.sleep(PAUSE)
            try:
                if self.hold.read():
                    checkout.finish(self.hold, self.branch)
                return self._changed(do, push or self.push)
            finally:
                self.hold.release()

    def _changed(self, do: Callable[[Workspace], T], push: Push | None) -> T:
        for at in range(TRIES):
            self.ward.look(self.main.git)
            tip = self._tip()
            self._refuse_dirty()
            here = self._at(tip)
            try:
                found = do(here)
            except BaseException:
                self.seen = ""
                raise
            new, self.seen = here.git.head(), here.git.stamp()
            if new == tip or self._moved(new, tip, push):
                self.tip = new
                self.ward.moved(f"refs/heads/{self.branch}", new)
                return found
            # Drivers of other clones try, too.
            time.sleep(PAUSE * 2**at * random.uniform(0.5, 1))
        raise ConflictError(f"{self.branch} moved {TRIES} times meanwhile", hint="agenticops drive goes on with it")

    def _tip(self) -> str:
        """Give the newest tip: that of the remote where there is one, and the local branch brought up to it."""
        git, ref = self.main.git, f"refs/heads/{self.branch}"
        local = git.run("rev-parse", "--verify", "--quiet", ref, check=False).stdout.strip()
        if not local:
            hint = "commit the train first: git add --all && git commit"
            raise TrainError(f"the branch {self.branch} has no commit yet", hint=hint)
        theirs = self.theirs = self.fetch() if self.fetch is not None else ""
        if not theirs or theirs == local or self._within(theirs, local):
            return local
        if not self._within(local, theirs):
            message = f"{self.branch} and that of {self.settings.remote} went different ways"
            raise TrainError(message, hint=f"git switch {self.branch} && git pull, then drive on")
        return theirs if self._follow(theirs, local) else self._tip()

    def _within(self, old: str, new: str) -> bool:
        return self.main.git.run("merge-base", "--is-ancestor", old, new, check=False).returncode == 0

    def _at(self, tip: str) -> Workspace:
        """Give the worktree at a commit. One that is not as the last change left it is set back."""
        if self.seen == "":
            clear_begun(self.main.git, self.place)
        try:
            pin(self.main.git.common_dir, self.place)
        except Gone:
            keep(self.main.git.common_dir, self.place)
            self.main.git.run("worktree", "prune")
            self.main.git.run("worktree", "add", "--quiet", "--detach", self.place, tip)
        here = Workspace(self.place, self.main.clock, self.branch)
        if here.git.stamp() != self.seen or here.git.run("status", "--porcelain").stdout:
            self._clear(here)
        if here.git.head() != tip or here.git.branch():
            here.git.run("checkout", "--quiet", "--detach", "--force", tip)
        return Workspace(self.place, self.main.clock, self.branch)

    def _clear(self, here: Workspace) -> None:
        """Throw away what a change that was cut off left: its files, its journal, its merge."""
        git = here.git
        for name in ("journal.json", "index.claim"):
            place = os.path.join(here.state_folder, name)
            if os.path.lexists(place):
                os.unlink(place)
        unlock(git)
        unstage(git)
        git.run("reset", "--quiet", "--hard", "HEAD")
        # Temporary files of the tool are ignored ones, and hold their folders.
        git.run("clean", "--quiet", "-ffdX", "--", "*.agenticops~")
        git.run("clean", "--quiet", "-ffd")

    def _refuse_dirty(self) -> None:
        for desk in self._checkouts():
            git = Workspace(desk.path).git
            said = git.run("status", "--porcelain", "--untracked-files=no", "-z").stdout
            if said or git.in_progress():
                path = said.split("\0")[0][3:] or git.in_progress()
                message = f"the checkout of {self.branch} has changes that are not committed: {path}"
                hint = f"commit or stash them in {desk.path}, then agenticops drive"
                raise DirtyCheckout(message, place=desk.path, hint=hint)

    def _checkouts(self) -> list[desks.Desk]:
        """List the checkouts of the branch. Raises DirtyCheckout for one that git was told to take for none."""
        found = desks.desks(self.main)
        common = self.main.git.common_dir
        place = os.path.dirname(common)
        there = os.path.basename(common) == ".git" and os.path.isfile(os.path.join(common, "index"))
        if there and os.path.realpath(place) not in (os.path.realpath(d.path) for d in found):
            message = f"git takes the checkout in {place} for a bare repository (core.bare): it cannot follow"
            hint = f"git --git-dir={shlex.quote(common)} config core.bare false, then agenticops drive"
            raise DirtyCheckout(message, place=os.path.join(common, "config"), hint=hint)
        return [desk for desk in found if desk.branch == self.branch]

    def _moved(self, new: str, old: str, push: Push | None) -> bool:
        """Move the branch to a new tip, at the remote first; False when somebody else moved it meanwhile."""
        if self.fetch is None or push is None:
            return self._follow(new, old)
        if push(f"refs/heads/{self.branch}", new, self.theirs):
            return False
        try:
            self._follow(new, old)
        except DirtyCheckout:
            pass  # the remote has it: this clone follows before the next change, or is told why it cannot
        return True

    def _follow(self, new: str, old: str) -> bool:
        """Let the local branch, and the checkout that it has, follow. False when it stands elsewhere by now."""
        for desk in self._checkouts():
            git = Workspace(desk.path).git
            if why := checkout.follow(git, self.hold, new, old):
                message = f"the checkout of {self.branch} cannot follow: {why}"
                raise DirtyCheckout(message, place=desk.path, hint=f"see to {desk.path}, then agenticops drive")
            return git.head() == new
        ref = f"refs/heads/{self.branch}"
        return self.main.git.run("update-ref", ref, new, old, check=False).returncode == 0


def catch_up(here: Workspace, tip: str) -> bool:
    """Merge a tip of the default branch into a desk's branch, where that goes without a word; tell whether it moved."""
    before = here.git.head()
    done = here.git.run("merge", "--quiet", "--no-edit", tip, check=False)
    if done.returncode:
        here.git.run("merge", "--abort", check=False)
    return here.git.head() != before


def merge(here: Workspace, ticket: str, title: str, commit: str = "") -> None:
    """Merge a ticket's branch, or just a commit of it, into the trunk.

    Raises Conflict, with the files, and leaves nothing behind.
    """
    branch = f"{PHASE_BRANCH}{ticket}"
    message = f"Merge {branch}: {title}"
    done = here.git.run("merge", "--quiet", "--no-ff", "--no-edit", "-m", message, commit or branch, check=False)
    if done.returncode:
        files = here.git.run("diff", "--name-only", "--diff-filter=U", "-z").stdout.split("\0")[:-1]
        here.git.run("merge", "--abort", check=False)
        said = ", ".join(files[:5]) or (done.stderr or done.stdout).strip()
        hint = f"git merge {branch} in the desk, resolve it, commit; then agenticops drive resume {ticket}"
        raise Conflict(f"{branch} conflicts with the default branch: {said}", hint=hint)
