"""Timing: runs commands many times, one after the other in turns, and keeps what the kernel says each of them cost.

This module is also run as a program, without site and with nothing but `os` and `sys` loaded: Linux counts the memory
of the process that forks towards the peak of the child, so the one that starts a measured command must be small.
"""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import NamedTuple

    class Sample(NamedTuple):
        """One run: CPU seconds (user and system, git below it too), wall seconds, peak memory in MB, exit code."""

        cpu: float
        wall: float
        peak: float
        code: int

    Samples = dict[str, list[Sample]]
else:
    from collections import namedtuple

    Sample = namedtuple("Sample", "cpu wall peak code")

SILENT = [
    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
    (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
]


def once(command: list[str], environment: Mapping[str, str], stdin: str = os.devnull) -> Sample:
    """Run a command in the current folder with its output thrown away, as a hook or a script does."""
    streams = [(os.POSIX_SPAWN_OPEN, 0, stdin, os.O_RDONLY, 0), *SILENT]
    before = time.perf_counter()
    child = os.posix_spawn(command[0], command, environment, file_actions=streams)
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - before
    peak = usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)
    return Sample(usage.ru_utime + usage.ru_stime, wall, peak, os.waitstatus_to_exitcode(status))


def in_turns(
    commands: Mapping[str, list[str]],
    folder: str,
    environment: Mapping[str, str],
    rounds: int,
    before: Mapping[str, Callable[[], object]] | None = None,
    stdin: Mapping[str, str] | None = None,
) -> Samples:
    """Run every command once a round, so that a slow moment of the machine hits all; the first round does not count.

    `before` names what is done ahead of each run of a command, outside its time; `stdin` the file that it reads.
    """
    found: Samples = {name: [] for name in commands}
    here = os.getcwd()
    os.chdir(folder)
    try:
        for turn in range(rounds + 1):
            for name, command in commands.items():
                if before and name in before:
                    before[name]()
                sample = once(command, environment, (stdin or {}).get(name, os.devnull))
                if turn:
                    found[name].append(sample)
    finally:
        os.chdir(here)
    return found


def peak_memory(command: list[str], folder: str, environment: Mapping[str, str], rounds: int) -> float:
    """Give the highest peak of a command in MB, started by a process that is smaller than any Python command."""
    import subprocess

    launcher = [sys.executable, "-I", "-S", os.path.abspath(__file__), str(rounds), *command]
    done = subprocess.run(launcher, cwd=folder, env=dict(environment), capture_output=True, text=True, check=True)
    return float(done.stdout)


if __name__ == "__main__":
    print(max(once(sys.argv[2:], os.environ).peak for _ in range(int(sys.argv[1]))))
