"""Faults by plan: at the n-th request, where a test says so, or by dice."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

# What happens before the change is made, and what happens although it was made.
BEFORE = ("502 before", "503", "403", "403 wait", "429", "429 wait", "rate", "reset before", "call before")
AFTER = ("502 after", "reset after", "slow", "truncated", "malformed", "call after")
# What only GraphQL answers: with status 200, in words.
GRAPH = ("graph limit", "graph code", "graph secondary", "graph words", "graph broke")
RETRY_AFTER = 1  # seconds; kept short because clients really wait
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
# Status, message and headers of the answers that are given in place of the right one.
ANSWERS = {
    "502 before": (502, "Server Error", {}),
    "502 after": (502, "Server Error", {}),
    "503": (503, "Service Unavailable", {}),
    "403": (403, SECONDARY, {}),
    "403 wait": (403, SECONDARY, {"Retry-After": str(RETRY_AFTER)}),
    "429": (429, SECONDARY, {}),
    "429 wait": (429, SECONDARY, {"Retry-After": str(RETRY_AFTER)}),
}


BROKE = "Something went wrong while executing your query. Please include `ABCD:1234` when reporting this issue."
LIMIT = "API rate limit already exceeded for user ID 1."
BODIES: dict[str, dict[str, Any]] = {
    "graph limit": {"errors": [{"type": "RATE_LIMIT", "message": LIMIT}]},
    "graph code": {"errors": [{"code": "graphql_rate_limit", "message": "No more today."}]},
    "graph secondary": {"data": None, "errors": [{"message": SECONDARY}]},
    "graph words": {"message": SECONDARY, "documentation_url": "https://docs.github.com/graphql"},
    "graph broke": {"data": None, "errors": [{"message": BROKE}]},
}


@dataclass
class Request:
    """One line of the log of requests; the status is 0 while no answer was sent."""

    number: int
    method: str
    path: str
    query: str
    writes: bool
    operation: str = ""  # of GraphQL
    status: int = 0
    fault: str = ""


@dataclass(frozen=True)
class Fault:
    """What goes wrong; `call` is what the `call` kinds do, as killing the client."""

    kind: str
    call: Callable[[Request], None] | None = None


@dataclass
class _Rule:
    match: Callable[[Request], bool]
    fault: Fault
    times: int


class Faults:
    """The plan of what goes wrong; each planned fault happens once unless said otherwise."""

    def __init__(self) -> None:
        self.pause = 0.05  # seconds between the pieces of a slow body
        self._seen = 0
        self._at: dict[int, Fault] = {}
        self._rules: list[_Rule] = []
        self._dice: tuple[random.Random, float, Sequence[str], bool] | None = None

    def at(self, number: int, kind: str, call: Callable[[Request], None] | None = None) -> None:
        """Let the n-th request from now fail, counted from 1."""
        self._at[self._seen + number] = _fault(kind, call)

    def when(
        self,
        match: Callable[[Request], bool],
        kind: str,
        times: int = 1,
        call: Callable[[Request], None] | None = None,
    ) -> None:
        """Let the next requests that match fail."""
        self._rules.append(_Rule(match, _fault(kind, call), times))

    def randomly(self, seed: int, rate: float, kinds: Sequence[str], writes_only: bool = False) -> None:
        """Let this share of the requests fail, the same ones for the same seed."""
        for kind in kinds:
            _fault(kind, None)
        self._dice = (random.Random(seed), rate, kinds, writes_only)

    def clear(self) -> None:
        """Let nothing fail any more."""
        self._at.clear()
        self._rules.clear()
        self._dice = None

    def take(self, request: Request) -> Fault | None:
        """Tell what goes wrong with this request."""
        self._seen += 1
        if fault := self._at.pop(self._seen, None):
            return fault
        for rule in self._rules:
            if rule.times > 0 and rule.match(request):
                rule.times -= 1
                return rule.fault
        if self._dice:
            dice, rate, kinds, writes_only = self._dice
            if (request.writes or not writes_only) and dice.random() < rate:
                return Fault(dice.choice(list(kinds)))
        return None


def _fault(kind: str, call: Callable[[Request], None] | None) -> Fault:
    if kind not in BEFORE + AFTER + GRAPH:
        raise ValueError(f"{kind!r} is no fault: {', '.join(BEFORE + AFTER + GRAPH)}")
    if kind.startswith("call") != (call is not None):
        raise ValueError("the faults “call before” and “call after” need a call, and the others have none")
    return Fault(kind, call)
