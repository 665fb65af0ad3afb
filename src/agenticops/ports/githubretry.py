"""When a request to GitHub may be sent again, and after how long. Rules over values; nothing here waits or sends.

PyGithub's own retry is switched off: it sends a POST again after a 502, which may have been done, and knows nothing of
PATCH, of a 429 without Retry-After, or of an answer that broke off.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from agenticops.errors import RemoteError

# What went wrong there: it may have been done, or not.
SHAKY = (500, 502, 503, 504)
MESSAGES = ("rate limit exceeded", "secondary rate limit", "wait a few minutes", "retry your request again later")
# How GraphQL names the same, and how it says that it gave up: an error without a type.
SPENT = ("RATE_LIMITED", "RATE_LIMIT", "graphql_rate_limit")
BROKE = "something went wrong while executing your query"
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Patience(Struct, frozen=True):
    """How long we bear with a forge, in seconds.

    `most` for rate limits in one request; `pause`, doubled each time, before each of `tries`; `between` two writes, as
    GitHub asks for. `settle` before we look whether a lost request was done: GitHub ends what takes longer than 10 s.
    `secondary` when it does not say how long to wait: a minute at least, and longer each time.
    """

    most: float = 60.0
    tries: int = 3
    pause: float = 1.0
    between: float = 1.0
    settle: float = 11.0
    secondary: float = 60.0

    @classmethod
    def toward(cls, url: str) -> Patience:
        """Give what fits an address: a server on this machine is a fake, and needs no consideration."""
        if urlsplit(url).hostname in LOOPBACK:
            return cls(pause=0.02, between=0.0, settle=0.02, secondary=0.05)
        return cls()


class Limited(RemoteError):
    """The rate limit holds us up longer than we wait; `until` is when it goes on, in seconds since 1970."""

    def __init__(self, until: float) -> None:
        at = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(until))
        super().__init__(f"GitHub's rate limit is used up until {at}", hint="run it again then: what was done is kept")
        self.until = until


def limited(status: int, headers: Mapping[str, str], message: str) -> bool:
    """Tell whether an answer means that we ask too often: then nothing was done."""
    if status == 429:
        return True
    told = "retry-after" in headers or any(words in message.casefold() for words in MESSAGES)
    return status == 403 and (told or headers.get("x-ratelimit-remaining") == "0")


def spent(errors: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether errors of GraphQL mean that we ask too often."""
    return any(
        {error.get("type"), error.get("code"), _extended(error, "code")}.intersection(SPENT)
        or any(words in str(error.get("message")).casefold() for words in MESSAGES)
        for error in errors
    )


def broke(errors: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether errors of GraphQL mean that something went wrong there, and not that it refuses."""
    return any(not error.get("type") and str(error.get("message")).casefold().startswith(BROKE) for error in errors)


def _extended(error: Mapping[str, Any], name: str) -> object:
    more = error.get("extensions")
    return more.get(name) if isinstance(more, dict) else None


def delay(patience: Patience, headers: Mapping[str, str], attempt: int, now: float) -> float:
    """Give the seconds that an answer of that kind asks us to wait; `attempt` counts from 0."""
    asked = headers.get("retry-after", "")
    if asked.isdecimal():
        return float(asked)
    reset = headers.get("x-ratelimit-reset", "")
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        return max(float(reset) - now, 0.0) + 1.0  # it is not told when in that second
    return patience.secondary * float(2**attempt)
