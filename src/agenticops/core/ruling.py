"""Ruling: what the guard says to one tool call: nothing, `ask` or `deny`, with the reason and the way out.

Where no mode counts, because no session is open or the train cannot be read, reading passes and writing is asked.
It is handed a ground, which knows where paths lead; loads no more than `limits` does (ADR 0025).
"""

from __future__ import annotations

from agenticops.core import limits as limiting
from agenticops.core import tools

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    from agenticops.core.limits import Limits

    class Ground(Protocol):
        """Knows the files around a call."""

        def place(self, path: str, base: str = "") -> tuple[str, str]:
            """Say where a path leads: INSIDE with its path from the root, TEMPORARY, or OUTSIDE."""

        def folder(self, path: str, base: str = "") -> bool:
            """Tell whether a folder is there."""


INSIDE, TEMPORARY, OUTSIDE = "inside", "temporary", "outside"
DENY, ASK = "deny", "ask"
Answer = tuple[str, str]
NOTHING: Answer = ("", "")


class Absent:
    """Why no limits are known: what is the matter, what to do, and the broken file that may be mended."""

    __slots__ = ("broken", "reason", "way")

    def __init__(self, reason: str, way: str, broken: str = "") -> None:
        self.reason, self.way, self.broken = reason, way, broken


def decide(limits: Limits | Absent, name: str, arguments: Mapping[str, object], ground: Ground) -> Answer:
    """Judge one call of a tool."""
    if tools.own(name):
        return NOTHING
    tool = tools.canonical(name)
    if tool == "Bash":
        return _command(limits, arguments.get("command"), ground)
    if tool in tools.EDITING:
        return _edit(limits, tool, arguments.get(tools.EDITING[tool]), ground)
    if isinstance(limits, Absent):
        return NOTHING if tool in tools.READING or tool in tools.NEUTRAL else unknown(limits)
    path = _path(arguments.get(tools.PATHS[tool]), ground)[1] if tool in tools.PATHS else ""
    return denied(limits, limiting.tool_refusal(limits, tool, path))


def _path(path: object, ground: Ground) -> tuple[str, str]:
    """Say where a path leads; ("", "") for what is none."""
    try:
        return ground.place(path) if isinstance(path, str) and path else ("", "")
    except ValueError:
        return "", ""


def _edit(limits: Limits | Absent, tool: str, path: object, ground: Ground) -> Answer:
    where, place = _path(path, ground)
    if not where:
        return ASK, f"the call of {tool} names no file that can be read"
    if isinstance(limits, Absent):
        return absent(limits, where, place)
    refusal = limiting.tool_refusal(limits, tool, "" if where == TEMPORARY else place)
    return denied(limits, refusal) if refusal else written(limits, where, place)


def _command(limits: Limits | Absent, text: object, ground: Ground) -> Answer:
    if text is None:
        return NOTHING  # a Monitor that listens to a socket
    if not isinstance(text, str):
        return ASK, "the call of Bash names no command that can be read"
    # Only here, because what takes a command line apart is most of the code, and most calls are none.
    from agenticops.core import commandruling

    return commandruling.decide(limits, text, ground)


def written(limits: Limits, where: str, path: str, removes: bool = False) -> Answer:
    """Judge a path that would be written in a mode."""
    if where == TEMPORARY:
        return NOTHING
    if where == OUTSIDE:
        return ASK, f"{path} is outside of this repository, where mode {limits.mode} says nothing"
    closed = limiting.sealed(path)  # to this no mode is a way
    return (DENY, closed) if closed else denied(limits, limiting.write_refusal(limits, path, removes))


def absent(why: Absent, where: str, path: str) -> Answer:
    """Judge a path that would be written while no mode counts. The file that is broken may be mended."""
    if where == TEMPORARY or (where == INSIDE and why.broken and path == why.broken):
        return NOTHING
    refusal = limiting.sealed(path) if where == INSIDE else ""
    return (DENY, refusal) if refusal else unknown(why)


def unknown(why: Absent) -> Answer:
    """Leave it to the person: silence would be a yes."""
    return ASK, f"{why.reason}. {why.way}"


def denied(limits: Limits, refusal: str) -> Answer:
    """Refuse with the way out, or say nothing when there is nothing to refuse."""
    return (DENY, f"{refusal}. {limiting.way_out(limits)}") if refusal else NOTHING
