"""A lease: who alone may do something, until when, and for the how-manieth time it was taken."""

from __future__ import annotations

import re
from typing import Literal

import msgspec
from msgspec import Struct

from agenticops.errors import UsageError

SCHEMA = 1
# How long a lease holds without a sign of life, and how far the clocks of two machines may be apart (milliseconds).
HOLDS = 300_000
SKEW = 30_000
NAME = re.compile(r"[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*")

Standing = Literal["free", "mine", "held", "expired"]


class Lease(Struct, frozen=True):
    """A lease as it is written down. Times are milliseconds since 1970 by the clock of its holder.

    `key` is one acquisition's own: a person may hold a lease in one clone and wait for it in another. `epoch` grows by
    each acquisition and never falls, so that what an earlier holder does late can be told from what the present one
    does. `renewed` is the holder's last sign of life, `holds` how long that counts.
    """

    name: str
    owner: str
    host: str
    purpose: str
    key: str
    epoch: int
    renewed: int
    holds: int = HOLDS
    released: bool = False
    schema: int = SCHEMA

    @property
    def expires(self) -> int:
        """Until when it holds without another sign of life."""
        return self.renewed + self.holds

    def due(self, now: int) -> bool:
        """Tell whether it is time for a sign of life: after a third, so that two may fail."""
        return not 0 <= now - self.renewed < self.holds // 3


def named(name: str) -> str:
    """Give a name that can be part of a ref. Raises UsageError for another."""
    if len(name) > 100 or not NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name of a lease", hint="small letters, digits, - and _: sync, training_142")
    return name


def standing(lease: Lease | None, key: str, now: int) -> Standing:
    """Say how a lease stands for one who has `key`, or none. Another's has expired once no clock can say otherwise."""
    if lease is None or lease.released:
        return "free"
    if lease.key == key:
        return "mine"
    return "held" if now <= lease.expires + SKEW else "expired"


def taken(before: Lease | None, wanted: Lease, now: int) -> Lease:
    """Give the lease that is `wanted` as it stands once it is taken: the epoch is the next one."""
    return msgspec.structs.replace(wanted, epoch=before.epoch + 1 if before else 1, renewed=now, released=False)


def renewed(lease: Lease, now: int) -> Lease:
    """Give a lease with a sign of life; it differs from the last one, so that moving the ref to it moves it."""
    return msgspec.structs.replace(lease, renewed=now if now != lease.renewed else now + 1)


def released(lease: Lease, now: int) -> Lease:
    """Give a lease that is given back. It stays as a note, for its epoch."""
    return msgspec.structs.replace(lease, renewed=now, released=True)
