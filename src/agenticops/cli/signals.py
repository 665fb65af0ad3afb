"""Signals that ask a long command to end: they are heard, not died of."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def hearing(hear: Callable[[int, bool], None]) -> Iterator[list[int]]:
    """Call `hear(number, again)` at SIGINT, SIGTERM and SIGHUP, unless they are ignored; gives what was heard.

    Outside the main thread none is heard: whoever called from there sees to the end.
    """
    heard: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        hear(number, bool(heard))
        heard.append(number)

    before: dict[signal.Signals, Any] = {}
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            try:
                before[number] = signal.signal(number, handle)
            except ValueError:
                break  # not the main thread
    try:
        yield heard
    finally:
        for known, handler in before.items():
            signal.signal(known, handler)
