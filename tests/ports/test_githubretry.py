"""When a request may be sent again: the rules alone."""

from __future__ import annotations

import pytest

from agenticops.errors import EXIT_REMOTE
from agenticops.ports.githubretry import Limited, Patience, delay, limited

SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


@pytest.mark.parametrize(
    ("status", "headers", "message", "found"),
    [
        (429, {}, "", True),
        (403, {"retry-after": "5"}, "", True),
        (403, {}, SECONDARY, True),
        (403, {}, "API rate limit exceeded for user ID 1.", True),
        (403, {"x-ratelimit-remaining": "0"}, "", True),
        (403, {"x-ratelimit-remaining": "9"}, "Resource not accessible by personal access token", False),
        (404, {"x-ratelimit-remaining": "0"}, "Not Found", False),
        (502, {"retry-after": "5"}, "", False),
    ],
)
def test_what_is_a_rate_limit(status: int, headers: dict[str, str], message: str, found: bool) -> None:
    assert limited(status, headers, message) is found


@pytest.mark.parametrize(
    ("headers", "attempt", "seconds"),
    [
        ({"retry-after": "7", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1100"}, 0, 7),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1100"}, 0, 101),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "900"}, 0, 1),
        ({"x-ratelimit-remaining": "12", "x-ratelimit-reset": "1100"}, 0, 60),
        ({}, 2, 240),
        ({"retry-after": "soon"}, 0, 60),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], attempt: int, seconds: float) -> None:
    assert delay(Patience(), headers, attempt, 1000.0) == seconds


def test_a_server_here_is_hurried_and_another_is_not() -> None:
    assert Patience.toward("https://api.github.com") == Patience()
    assert Patience.toward("https://127.0.0.1.example.org/api/v3") == Patience()
    assert Patience.toward("http://127.0.0.1:80").between == 0


def test_a_limit_says_when_it_goes_on() -> None:
    told = Limited(1_767_261_600)
    assert told.exit_code == EXIT_REMOTE and "2026-01-01 10:00:00 UTC" in told.message
