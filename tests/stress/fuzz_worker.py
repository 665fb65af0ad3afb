"""A worker of the fuzz harness, run as a program of its own: so little memory, and a crash is one worker's.

Reads its orders as one JSON argument, prints its account as one JSON line. The number of the input that is being read
stands in a file, so that an input which kills the interpreter is known too.
"""

from __future__ import annotations

import json
import mmap
import os
import random
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from agenticops.core import yamltext
from tests.stress import fuzz_input
from tests.stress.fuzz_targets import ALLOWED, Target, command_line, targets

SECONDS = 0.250
MEGABYTES = 256
PATIENCE, HASTE = 2.0, 0.6
RETRIES = 4
SHOWN = 6


class Endless(BaseException):
    """An input took too long; no handler of the code under test takes this for its own."""


class Never(set[int]):
    """A memory that forgets: with it, the aliases of YAML are followed."""

    def __contains__(self, thing: object) -> bool:
        return False


def main() -> None:
    """Read the inputs of one share and say how it went."""
    orders: dict[str, Any] = json.loads(sys.argv[1])
    os.environ.update({"GIT_CONFIG_GLOBAL": os.devnull, "AGENTICOPS_LOCK_WAIT": "0.2"})
    switch_off(orders["off"])
    folder = Path(orders["folder"])
    seeds = fuzz_input.corpora()
    known = [command_line(Path(orders["repository"]))] if orders["commands"] else targets(folder)
    chosen = [t for t in known for _ in range(t.share) if not orders["only"] or t.name in orders["only"]]
    warm_up(known, seeds)
    limit = MEGABYTES * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    signal.signal(signal.SIGPROF, too_long)
    account = Account(folder / "number")
    if orders["off"]:
        account.patience, account.retries = HASTE, 0
    parent = os.getppid()
    for number in range(orders["start"], orders["stop"], orders["step"]):
        if number % 64 == 0 and (os.getppid() != parent or time.time() > orders["until"]):
            break
        account.note(number)
        account.count += 1
        target = chosen[number % len(chosen)]
        dice = random.Random(orders["seed"] * 1_000_003 + number)
        data = fuzz_input.make(dice, seeds[target.corpus], target.large)
        once(account, target, data, number)
        if account.failures and orders["off"]:
            break
    print(json.dumps(account.told()), flush=True)


def switch_off(protection: str) -> None:
    """Take one protection away, to see whether the harness would notice."""
    if protection == "depth":
        yamltext._refuse_depth = lambda text, path, line: None
        yamltext.MAX_DEPTH = 1 << 30
    elif protection == "aliases":
        build = yamltext._Builder.__init__

        def forgetful(self: Any, path: str, first_line: int) -> None:
            build(self, path, first_line)
            self.seen = Never()

        yamltext._Builder.__init__ = forgetful  # type: ignore[method-assign]
    elif protection == "size":
        decode, compose = yamltext.decode, yamltext._compose
        yamltext.decode = lambda data, path, limit=0: decode(data, path, 1 << 30)
        yamltext._compose = lambda text, path, line, limit: compose(text, path, line, 1 << 30)
        yamltext.MAX_MARKS = 1 << 30


def warm_up(known: list[Target], seeds: dict[str, list[bytes]]) -> None:
    """Load what is loaded at first use; the files as they are must be read too."""
    for target in known:
        for data in seeds[target.corpus][:4]:
            try:
                target.call(data, random.Random(1))
            except ALLOWED:
                pass


def too_long(number: int, frame: object) -> NoReturn:
    """End an input that does not end."""
    raise Endless


class Account:
    """What happened so far."""

    def __init__(self, file: Path) -> None:
        self.patience, self.retries = PATIENCE, RETRIES
        file.write_bytes(bytes(8))
        with file.open("r+b") as f:
            self.place = mmap.mmap(f.fileno(), 8)
        self.count = 0
        self.refused = 0
        self.slowest = (0.0, "")
        self.failures: list[str] = []

    def note(self, number: int) -> None:
        """Say which input is read now."""
        self.place[:8] = number.to_bytes(8, "little")

    def told(self) -> dict[str, Any]:
        """Everything, for the one who asked."""
        return {
            "count": self.count,
            "refused": self.refused,
            "slowest": self.slowest,
            "failures": len(self.failures),
            "shown": self.failures[:SHOWN],
            "peak": peak(),
        }


def peak() -> int:
    """Give the most memory that this program held, in megabytes; `ru_maxrss` counts the one that started it too."""
    try:
        rows = Path("/proc/self/status").read_text().splitlines()
        return next(int(row.split()[1]) // 1024 for row in rows if row.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def once(account: Account, target: Target, data: bytes, number: int) -> None:
    """Read one input and take its CPU time, since others use the machine too. A slow input is slow each time."""
    took = account.patience
    where = f"{target.name}, input {number} ({len(data)} bytes)"
    for _ in range(1 + account.retries):
        again = random.Random(number)
        begun = time.process_time()
        try:
            signal.setitimer(signal.ITIMER_PROF, account.patience)
            target.call(data, again)
        except ALLOWED:
            account.refused += 1
        except Endless:
            account.failures.append(f"{where}: more than {account.patience} s")
            return
        except (Exception, SystemExit) as e:  # anything else is what is looked for
            account.failures.append(f"{where}: {type(e).__name__}: {str(e)[:200]}")
            return
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        took = min(took, time.process_time() - begun)
        if took <= SECONDS:
            break
    else:
        account.failures.append(f"{where}: {took * 1000:.0f} ms")
    if took > account.slowest[0]:
        account.slowest = (took, where)


if __name__ == "__main__":
    main()
