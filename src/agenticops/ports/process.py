"""Processes: the one way to run a program that is not git. Words, no shell; values by environment or after `--`."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from agenticops.errors import RemoteError, TrainError

# What a program needs to start at all. Tokens of the caller are not handed on: name them with `env:NAME` where wanted.
PASSED = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR", "TERM", "SYSTEMROOT")
PREFIX = "AGENTICOPS_VALUE_"
SECONDS = 600.0
KEPT = 1_000_000


class Done(NamedTuple):
    """What a program gave back; output is cut at a megabyte."""

    code: int
    out: str
    err: str


def run(
    argv: Sequence[str],
    root: str,
    values: Mapping[str, str] | None = None,
    operands: Sequence[str] = (),
    seconds: float = SECONDS,
) -> Done:
    """Run a program in the repository's root. `values` become AGENTICOPS_VALUE_<NAME>; `operands` stand after `--`."""
    words = [program(argv[0], root), *argv[1:], *(("--", *operands) if operands else ())]
    env = {n: os.environ[n] for n in PASSED if n in os.environ}
    env |= {f"{PREFIX}{re.sub(r'[^A-Z0-9]', '_', n.upper())}": v for n, v in (values or {}).items()}
    try:
        process = subprocess.Popen(
            words,
            cwd=root,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as e:
        raise RemoteError(f"{argv[0]} cannot be started: {os.strerror(e.errno or 0)}", place=words[0]) from None
    try:
        out, err = process.communicate(timeout=seconds)
    except BaseException as e:  # whatever ends the wait ends the program and its children
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if isinstance(e, subprocess.TimeoutExpired):
            raise RemoteError(f"{argv[0]} did not end within {seconds:g} s", place=words[0]) from None
        raise
    return Done(process.returncode, _text(out), _text(err))


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


def _text(data: bytes) -> str:
    return data[:KEPT].decode("utf-8", "replace")
