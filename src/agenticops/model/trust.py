"""Trust: what a repository can make the tool execute, and how the owner of the clone stands to it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Standing = Literal["trusted", "changed", "untrusted", "refused"]


class Executable(Struct, frozen=True):
    """A command that the repository, or the clone's git configuration, names.

    `digest` is over the words, the content of `files`, and what else it is `given` (its environment, what stands in for
    a word); `refused` says why it can never run.
    """

    place: str
    argv: tuple[str, ...]
    digest: str
    files: tuple[str, ...] = ()
    refused: str = ""
    given: tuple[str, ...] = ()


class Trusted(Struct, frozen=True):
    """An executable and whether it may run here."""

    executable: Executable
    standing: Standing
    why: str = ""
