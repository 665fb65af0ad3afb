"""Processes: the one way to run a program that is not git. Words, no shell; values by environment or after `--`.

Output is read while it comes and only its end, or its start, is kept: it fills neither memory nor disk.
"""

from __future__ import annotations

import hashlib
import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO, NamedTuple, Protocol

from agenticops.errors import RemoteError, TrainError

# What a program needs to start at all. Tokens of the caller are not handed on: name them with `env:NAME` where wanted.
# That an agent is at work is handed on, so that what it starts is its work too.
PASSED = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR", "TERM", "SYSTEMROOT")
AGENTS = ("AGENTICOPS_AGENT", "CLAUDECODE")
PREFIX = "AGENTICOPS_VALUE_"
SECONDS = 600.0
KEPT = 1_000_000
# What `watch` keeps of the end, and the output at which a program is ended.
TAIL = 16_384
FLOOD = 100_000_000
CHUNK = 1 << 16
# How long what a program left behind may hold its output open once the program itself has ended.
GRACE = 0.5


class Done(NamedTuple):
    """What a program gave back; output is cut at a megabyte."""

    code: int
    out: str
    err: str


class Watched(NamedTuple):
    """How a program ended: its exit code (below 0: a signal), why it was `ended` early, and what it printed."""

    code: int
    milliseconds: int
    sha256: str
    size: int
    tail: str
    ended: str = ""


class Sink(Protocol):
    """Where output goes."""

    def take(self, data: bytes) -> bool:
        """Take in output; tell whether more is wanted."""


class _Head:
    """Keeps the start of an output."""

    def __init__(self) -> None:
        self.kept = b""

    def take(self, data: bytes) -> bool:
        self.kept += data[: KEPT - len(self.kept)]
        return True

    @property
    def text(self) -> str:
        return self.kept.decode("utf-8", "replace")


class _Tail:
    """Keeps the end of an output and the digest of all of it."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = 0
        self.kept = b""
        self.digest = hashlib.sha256()

    def take(self, data: bytes) -> bool:
        self.size += len(data)
        self.digest.update(data)
        self.kept = (self.kept + data)[-TAIL:]
        return self.size <= self.most


def run(
    argv: Sequence[str],
    root: str,
    values: Mapping[str, str] | None = None,
    operands: Sequence[str] = (),
    seconds: float = SECONDS,
) -> Done:
    """Run a program in the repository's root. `values` become AGENTICOPS_VALUE_<NAME>; `operands` stand after `--`."""
    words = [*argv, *(("--", *operands) if operands else ())]
    process = start(words, root, _environment(values), subprocess.PIPE)
    out, err = _Head(), _Head()
    if pump(process, [(process.stdout, out), (process.stderr, err)], time.monotonic() + seconds):
        raise RemoteError(f"{argv[0]} did not end within {seconds:g} s", place=argv[0])
    return Done(process.returncode, out.text, err.text)


def watch(
    argv: Sequence[str],
    root: str,
    values: Mapping[str, str] | None = None,
    seconds: float = SECONDS,
    most: int = FLOOD,
) -> Watched:
    """Run a program and tell how it ended; one that takes too long, or prints more than `most` bytes, is ended."""
    began = time.monotonic()
    process = start(argv, root, _environment(values), subprocess.STDOUT)
    tail = _Tail(most)
    ended = pump(process, [(process.stdout, tail)], began + seconds)
    taken = int((time.monotonic() - began) * 1000)
    text = tail.kept.decode("utf-8", "replace")
    return Watched(process.returncode, taken, tail.digest.hexdigest(), tail.size, text, ended)


def passed(names: Sequence[str] = PASSED) -> dict[str, str]:
    """Give what a program is told of the caller's environment."""
    return {name: os.environ[name] for name in names if name in os.environ}


def _environment(values: Mapping[str, str] | None) -> dict[str, str]:
    named = {f"{PREFIX}{re.sub(r'[^A-Z0-9]', '_', n.upper())}": v for n, v in (values or {}).items()}
    return passed((*PASSED, *AGENTS)) | named


def start(
    argv: Sequence[str], root: str, env: Mapping[str, str], errors: int, stdin: IO[bytes] | None = None
) -> subprocess.Popen[bytes]:
    """Start a program in a session, and so in a group, of its own; `errors` says where its error output goes.

    It hears SIGINT, also where the thread that starts it does not.
    """
    words = [program(argv[0], root), *argv[1:]]
    mask = signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    try:
        return subprocess.Popen(
            words,
            cwd=root,
            env=env,
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    except OSError as e:
        raise RemoteError(f"{argv[0]} cannot be started: {os.strerror(e.errno or 0)}", place=words[0]) from None
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def pump(
    process: subprocess.Popen[bytes],
    pairs: Sequence[tuple[IO[bytes] | None, Sink]],
    until: float,
    tick: Callable[[], str] = str,
    grace: float = 0.0,
) -> str:
    """Read until the program has ended. Gives `timeout`, `flood`, or what `tick` said, when it had to be ended.

    `tick` is called all the time; a word from it ends the program. For `grace` seconds it may end by itself, then it
    is killed, with its group.
    """
    with selectors.DefaultSelector() as selector:
        for stream, sink in pairs:
            if stream is not None:
                selector.register(stream, selectors.EVENT_READ, sink)
        try:
            ended = tick() or _read(process, selector, until, tick)
            if ended and grace:
                signalled(process.pid, signal.SIGTERM)
                _read(process, selector, time.monotonic() + grace, str)
        finally:  # whatever ends the wait ends the program and its children
            _kill(process)
            for stream, _ in pairs:
                if stream is not None:
                    stream.close()
    return ended


def _read(
    process: subprocess.Popen[bytes], selector: selectors.BaseSelector, until: float, tick: Callable[[], str]
) -> str:
    while True:
        if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            until = min(until, time.monotonic() + GRACE)
            break
        if time.monotonic() >= until:
            return "timeout"
        if said := tick():
            return said
        if not _more(selector, until):
            return "flood"
    # The program is gone, and so is its time limit; what it left behind may say a little more.
    while selector.get_map() and time.monotonic() < until:
        if not _more(selector, until):
            return "flood"
    return ""


def _more(selector: selectors.BaseSelector, until: float) -> bool:
    """Take in what is there, or wait a moment for it; False when a sink wants no more."""
    if not selector.get_map():
        time.sleep(0.01)  # it closed its output and goes on
    for key, _ in selector.select(min(max(until - time.monotonic(), 0), 0.05)):
        data = os.read(key.fd, CHUNK)
        if not data:
            selector.unregister(key.fileobj)
        elif not key.data.take(data):
            return False
    return True


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the whole group. The program is waited for afterwards: until then nobody else gets its number."""
    signalled(process.pid, signal.SIGKILL)
    process.wait()


def signalled(group: int, number: int) -> bool:
    """Send a signal to a group; tell whether somebody of it is there."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False  # nobody of the group is left
    return True


def program(name: str, root: str) -> str:
    """Find a program: below the root when it is a path there, else in the absolute folders of PATH outside of it."""
    if name.startswith("/"):
        return name
    if "/" in name:
        return os.path.join(root, name.removeprefix("./"))
    inside = os.path.realpath(root) + os.sep
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        file = os.path.join(folder, name)
        if os.path.isabs(folder) and os.path.isfile(file) and os.access(file, os.X_OK):
            if os.path.realpath(file).startswith(inside):
                continue  # a folder of the repository on the PATH must not choose what a bare name means
            return file
    raise TrainError(f"there is no program {name!r}", hint="install it, or name it by its path in the repository")
