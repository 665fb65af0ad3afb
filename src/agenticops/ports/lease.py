"""Leases by git refs: `refs/agenticops/leases/<name>` names a note, and is moved only by who knows what it named.

With a remote the ref is there, and a push that names the old value (`--force-with-lease`) is the compare-and-swap;
without one it is in the clone's common folder, for all its worktrees. ADR 0035.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence

import msgspec

from agenticops.errors import ConflictError, RemoteError, StateError, TrainError
from agenticops.model import ids
from agenticops.model.lease import HOLDS, Lease, named, released, renewed, standing, taken
from agenticops.ports.clock import Clock, timestamp
from agenticops.ports.git import Git
from agenticops.ports.transport import Declined, Transport, Update, declined

REFS = "refs/agenticops/leases/"
# A note is a commit without parents: servers take commits below any ref. Whose it is stands in its message only.
IDENT = "agenticops <agenticops@localhost>"
# Two who write at once: the server may refuse both. Tries, and the pause before the second one in seconds.
TRIES, PAUSE = 6, 0.1


class Leases:
    """The leases of one repository, at its `remote` or, with "", in this clone.

    `seconds` bounds each exchange with the remote. Raises RemoteError when it does not answer or does not let us in.
    """

    def __init__(self, git: Git, clock: Clock, remote: str = "", seconds: float = 30) -> None:
        self.git, self.clock, self.remote = git, clock, remote
        self.transport = Transport(git, remote, seconds) if remote else None

    def key(self) -> str:
        """Make a key for one acquisition."""
        return ids.ulid(self.clock.milliseconds(), self.clock.entropy(10))

    def acquire(
        self, name: str, owner: str, host: str, purpose: str, holds: int = HOLDS, known: str = "", key: str = ""
    ) -> Held:
        """Take a lease for `holds` milliseconds. Raises ConflictError while somebody else has it.

        The lease of a key that is `known` is free: whoever knows it knows that its holder is dead. `key` is the one of
        this acquisition, when it had to be written down before.
        """
        key = key or self.key()
        wanted = Lease(named(name), owner, host, purpose, key, 0, 0, holds)

        def next_one(there: Lease | None) -> Lease:
            now = self.clock.milliseconds()
            if there is not None and there.key != known and standing(there, key, now) == "held":
                raise self._taken(there)
            return taken(there, wanted, now)

        return Held(self, *self._moved(name, next_one, *self.read(name)))

    def read(self, name: str) -> tuple[str, Lease | None]:
        """Give what the ref names, and the lease that is; ("", None) when nobody ever took it."""
        ref = REFS + named(name)
        for _ in range(TRIES):
            note = self._named_by(ref)
            if not note:
                return "", None
            if self.git.run("cat-file", "-e", note, check=False).returncode == 0:
                return note, self._lease(note, ref)
            if self.transport is None:
                raise StateError(f"{ref} names {note[:12]}, which is not there", hint=f"git update-ref -d {ref}")
            # It may be moved between the two questions: then what it named is not what comes, and it is asked again.
            self.transport.fetch(ref)
        raise RemoteError(f"{ref} changes faster than it can be read", hint="run it again")

    def _named_by(self, ref: str) -> str:
        if self.transport is not None:
            return self.transport.names(ref)
        return self.git.run("rev-parse", "--verify", "--quiet", ref, check=False).stdout.strip()

    def swap(self, updates: Sequence[Update]) -> str:
        """Move refs together, if each still names what is said; say why it was refused, or "": then none moved."""
        if self.transport is not None:
            return self.transport.swap(updates)
        rows = [_row(*update) for update in updates]
        said = "\n".join(("start", *rows, "prepare", "commit", ""))
        done = self.git.run("update-ref", "--no-deref", "--stdin", input=said, check=False)
        return (done.stderr.strip() or "git update-ref failed") if done.returncode else ""

    def elsewhere(self, updates: Sequence[Update]) -> str:
        """Name the first ref that is neither where it was thought to be nor where it is to go, or ""."""
        for ref, new, old in updates:
            now = self._named_by(ref)
            # A remote leaves a ref alone that is there already.
            if now != old and (now != new or self.transport is None):
                return f"{ref} moved meanwhile: it names {now[:12] or 'nothing'}, not {old[:12] or 'nothing'}"
        return ""

    def _moved(
        self,
        name: str,
        next_one: Callable[[Lease | None], Lease],
        old: str,
        there: Lease | None,
        updates: Sequence[Update] = (),
    ) -> tuple[str, Lease]:
        """Move the ref from what it named to the next lease; who was faster is looked at and judged anew.

        `updates` are moved with it. Raises _Elsewhere when one of them cannot be, and the lease is not lost.
        """
        refused = ""
        for at in range(TRIES):
            lease = next_one(there)
            note = self._note(lease)
            lost: RemoteError | None = None
            try:
                refused = self.swap([*updates, (REFS + name, note, old)])
            except RemoteError as e:
                lost = e
            if lost is None and not refused:
                return note, lease
            # An answer may be lost on the way back: only what stands there says whether it was done.
            before, (old, there) = old, self.read(name)
            if old == note and (lost is not None or not updates):
                return note, lease
            if old == note:
                break  # a server that is not atomic, as git's is not where a ref is hidden
            if lost is not None and old == before:
                raise lost
            if old == before and (moved := self.elsewhere(updates)):
                raise _Elsewhere(moved)
            if old == before and declined(refused):
                break
            time.sleep(PAUSE * 2**at * random.uniform(0.5, 1))
        if updates and declined(refused):
            branch = updates[0][0].removeprefix("refs/heads/")
            raise Declined(f"{self.remote or 'this clone'} does not take a push to {branch}", refused, self.remote)
        hint = f"it wants the right to push below {REFS}; git ls-remote {self.remote} shows what is there"
        message, place = f"the lease {name} cannot be written", self.remote or REFS + name
        if declined(refused):
            raise Declined(message, refused, place, hint)
        raise RemoteError(f"{message}: {refused}", place=place, hint=hint)

    def _note(self, lease: Lease) -> str:
        tree = self.git.run("hash-object", "-w", "-t", "tree", "--stdin", input="").stdout.strip()
        said = msgspec.json.encode(lease).decode()
        when = f"{IDENT} {lease.renewed // 1000} +0000"
        text = f"tree {tree}\nauthor {when}\ncommitter {when}\n\nLease {lease.name}\n\n{said}\n"
        return self.git.run("hash-object", "-w", "-t", "commit", "--stdin", input=text).stdout.strip()

    def _lease(self, note: str, ref: str) -> Lease:
        text = self.git.run("cat-file", "commit", note, check=False).stdout
        try:
            lease = msgspec.json.decode(text.rstrip("\n").rpartition("\n")[2].encode(), type=Lease)
        except (msgspec.DecodeError, UnicodeEncodeError):
            lease = None
        if lease is None or REFS + lease.name != ref:
            hint = f"git push {self.remote} :{ref}" if self.remote else f"git update-ref -d {ref}"
            raise StateError(f"{ref} is no lease that this version knows", hint=f"upgrade agenticops, or {hint}")
        return lease

    def _taken(self, there: Lease) -> ConflictError:
        until = timestamp(there.expires)
        message = f"the lease {there.name} is held by {there.owner} on {there.host} ({there.purpose}) until {until}"
        return ConflictError(message, hint="try again then, or when it has been given back")


class Held:
    """A lease that was taken. Whoever holds it asks `keep` before each thing that only the holder may do."""

    def __init__(self, leases: Leases, note: str, lease: Lease) -> None:
        self.leases, self.note, self.lease = leases, note, lease

    def keep(self) -> None:
        """Give a sign of life when it is time for one. Raises ConflictError when the lease was lost."""
        if self.lease.due(self.leases.clock.milliseconds()):
            self.renew()

    def renew(self) -> None:
        """Give a sign of life, also after the lease has expired: nobody had it in between if the ref did not move."""
        self._move(renewed)

    def release(self) -> None:
        """Give the lease back. Raises ConflictError when it is another's by now."""
        self._move(released)

    def push(self, updates: Sequence[Update]) -> str:
        """Move refs with a sign of life in one go; say which of them moved meanwhile, or "" when it is done.

        Raises ConflictError when the lease was lost. Either way nothing moved then.
        """
        try:
            self._move(renewed, updates)
        except _Elsewhere as e:
            return str(e)
        return ""

    def _move(self, change: Callable[[Lease, int], Lease], updates: Sequence[Update] = ()) -> None:
        def next_one(there: Lease | None) -> Lease:
            now = self.leases.clock.milliseconds()
            if standing(there, self.lease.key, now) != "mine":
                raise _lost(self.lease, there)
            return change(self.lease, now)

        name = self.lease.name
        self.note, self.lease = self.leases._moved(name, next_one, self.note, self.lease, updates)


class _Elsewhere(Exception):
    """A ref that was to be moved with the lease is not where it was thought to be."""


def _row(ref: str, new: str, old: str) -> str:
    """Write an update for `git update-ref --stdin`; an id of zeros is that of nothing."""
    zeros = "0" * len(new or old)
    return f"update {ref} {new or zeros} {old or zeros}"


def _lost(lease: Lease, there: Lease | None) -> TrainError:
    by = f"{there.owner} on {there.host} took it over" if there and there.key != lease.key else "it was taken away"
    message = f"the lease {lease.name} was lost: {by} (epoch {there.epoch if there else 0}, ours was {lease.epoch})"
    return ConflictError(message, hint="nothing more was done; bring in what the other did, and run it again")
