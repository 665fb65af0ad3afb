"""Agents: a program that works for minutes, is listened to all the time, and is ended with all that it started.

What an agent starts may leave its group; it keeps the name of the desk in its environment, and is found by it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from agenticops.ports import pid as pids
from agenticops.ports import process

if TYPE_CHECKING:
    import psutil

# The variable that names the folder in which an agent works: all that it starts inherits it.
DESK = "AGENTICOPS_DESK"
# The raw output that is kept, and the end of it that is given back.
LOGGED = 20_000_000
KEPT = 1_000_000
CUT = b"\n[cut: the log holds no more than 20 MB]\n"
# What an agent that is told to end may still do.
GRACE = 2.0
# How often one looks for what is left: it may start more of itself while it is ended.
ROUNDS = 5


class Ended(NamedTuple):
    """How an agent ended: its exit code (below 0: a signal), why it was `ended` early, the end of what it printed."""

    code: int
    milliseconds: int
    ended: str = ""
    out: str = ""
    err: str = ""


class _Log:
    """Keeps raw output in a file, up to a size."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.left = LOGGED

    def write(self, data: bytes) -> None:
        if self.left > 0:
            self.file.write(data[: self.left])
            self.left -= len(data)
            if self.left <= 0:
                self.file.write(CUT)


class _Stream:
    """Takes in one output: to the log, by lines to `line`, its end is kept."""

    def __init__(self, log: _Log, most: int, line: Callable[[str], None] | None = None) -> None:
        self.log, self.most, self.line = log, most, line
        self.size = 0
        self.kept = bytearray()
        self.open = bytearray()

    def take(self, data: bytes) -> bool:
        self.log.write(data)
        self.kept += data
        if len(self.kept) > 2 * KEPT:
            del self.kept[:-KEPT]
        if self.line is not None:
            self._split(data, self.line)
        was, self.size = self.size, self.size + len(data)
        return not was <= self.most < self.size  # said once: what it prints while it ends is taken in

    def _split(self, data: bytes, line: Callable[[str], None]) -> None:
        *whole, rest = data.split(b"\n")
        for part in whole:
            self.open += part[: KEPT - len(self.open)]
            self.close(line)
        self.open += rest[: KEPT - len(self.open)]

    def close(self, line: Callable[[str], None]) -> None:
        """Hand over the line that is open."""
        text = self.open.decode("utf-8", "replace").rstrip("\r")
        self.open.clear()
        line(text)

    @property
    def text(self) -> str:
        return bytes(self.kept[-KEPT:]).decode("utf-8", "replace")


def run(
    argv: Sequence[str],
    root: str,
    *,
    log: str | os.PathLike[str],
    note: Callable[[int, float], None],
    line: Callable[[str], None],
    stop: threading.Event,
    beat: Callable[[], None],
    every: float,
    seconds: float,
    prompt: str = "",
    environment: Mapping[str, str] | None = None,
) -> Ended:
    """Run an agent in its desk until it ends, takes too long, prints a flood, or `stop` is set.

    `note` is told its number and when it began, `line` each line of its standard output; `beat` is called every
    `every` seconds. What these raise ends the agent, too. Raises TrainError or RemoteError when it cannot be started.
    """
    env = process.passed() | dict(environment or {}) | {DESK: os.path.realpath(root)}
    began = time.monotonic()
    path = Path(log)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb", buffering=0) as file:
        kept = _Log(file)
        out, err = _Stream(kept, process.FLOOD, line), _Stream(kept, process.FLOOD)
        with tempfile.TemporaryFile() as words:  # a file, for a pipe has an end that somebody must write to
            words.write(prompt.encode())
            words.seek(0)
            started = process.start(argv, root, env, subprocess.PIPE, words)
        tick = _ticking(started.pid, note, stop, beat, every)
        try:
            pairs = [(started.stdout, out), (started.stderr, err)]
            ended = process.pump(started, pairs, began + seconds, tick, GRACE)
        finally:
            end_strays(root)
    if out.open:
        out.close(line)
    taken = int((time.monotonic() - began) * 1000)
    return Ended(started.returncode, taken, ended, out.text, err.text[-process.TAIL :])


def _ticking(
    pid: int, note: Callable[[int, float], None], stop: threading.Event, beat: Callable[[], None], every: float
) -> Callable[[], str]:
    """Make what is called all the time: it notes the agent first, beats, and sees that it has to stop."""
    due = 0.0

    def tick() -> str:
        nonlocal due
        if not due:
            note(pid, pids.born(pid) or time.time())  # it may have ended already
            due = time.monotonic() + every
        if stop.is_set():
            return "stopped"
        if time.monotonic() >= due:
            due = time.monotonic() + every
            beat()
        return ""

    return tick


def orphan(pid: int, started: float) -> bool:
    """Tell whether this process is still the agent that began at that time: the leader of its group, as we start it."""
    return pids.alive(pid, started) and _group(pid) == pid


def end_orphan(pid: int, started: float) -> bool:
    """End an agent whose driver was killed, with its group; never another process. Tell whether it was there."""
    if not orphan(pid, started):
        return False
    until = time.monotonic() + GRACE
    process.signalled(pid, signal.SIGTERM)
    while time.monotonic() < until and orphan(pid, started):
        time.sleep(0.02)
    # Its number is a group's as long as anybody of the group lives: only an empty one could have become another's.
    if orphan(pid, started) or _members(pid, started):
        process.signalled(pid, signal.SIGKILL)
    return True


def _members(group: int, since: float) -> bool:
    return any(_group(found.pid) == group for found in _younger(since))


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def end_strays(root: str) -> int:
    """Kill what agents left behind that had this folder as their desk; give how many there were.

    For who holds the ticket: there is one agent a desk at a time. This process and those above it are spared.
    """
    import psutil

    desk = os.path.realpath(root)
    me = psutil.Process()
    spared = {me.pid, *(above.pid for above in me.parents())}
    ended: set[int] = set()
    for _ in range(ROUNDS):
        # One that was killed may be seen again while it dies.
        new = {one.pid for one in _younger(0.0) if one.pid not in spared | ended and _killed(one, desk)}
        ended |= new
        if not new:
            break
    return len(ended)


def _killed(found: psutil.Process, desk: str) -> bool:
    import psutil

    try:
        if found.environ().get(DESK) != desk:
            return False
        found.kill()
    except (psutil.Error, OSError):
        return False  # it has ended, or is another user's
    return True


def _younger(since: float) -> Iterator[psutil.Process]:
    import psutil

    for pid in psutil.pids():
        try:
            found = psutil.Process(pid)
            if found.create_time() >= since - pids.TOLERANCE:
                yield found
        except psutil.Error:
            continue
