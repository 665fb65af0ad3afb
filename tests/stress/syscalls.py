"""Faults in system calls: `strace` kills, interrupts or fails each call by which a command changes the disk."""

from __future__ import annotations

import ctypes
import gc
import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from agenticops.errors import EXIT_BUG, EXIT_INTERRUPTED, TrainError
from agenticops.ports.git import Git
from agenticops.store import journal
from tests.stress import yard
from tests.stress.crash import Crashes, Point, Scene, scenes
from tests.stress.harness import Harness, Row
from tests.stress.tripwire import begin, ended
from tests.support import OPERATOR

CALLS = ("write", "pwrite64", "rename", "renameat", "renameat2", "fsync", "fdatasync", "openat")
FAULTS = {"KILL": "signal=KILL", "INT": "signal=INT", "ENOSPC": "error=ENOSPC", "EIO": "error=EIO"}
LINE = re.compile(r"^(\d+) +(\w+)\((.*)")
MARK = re.compile(r"INJECTED|SIGKILL|SIGINT")
PR_SET_PTRACER = 0x59616D61
COUNTS = 101
WORKERS = 2


class Fault(NamedTuple):
    """One call of one command, and what befalls it."""

    scene: int
    call: str
    number: int
    fault: str


class Faults(Crashes):
    """Lets faults happen, and looks what became of the state."""

    child = 0

    @property
    def notes(self) -> Path:
        """What strace says."""
        return self.repo.parent / "strace.txt"

    def traced(self, scene: Scene, *options: str) -> int:
        """Run a command in a child under strace."""
        repo = yard.fresh(scene.template, self.repo)
        read, write = os.pipe()
        self.child = child = begin(lambda: _act(read, scene, repo, self.broken))
        command = ["strace", "-f", "-p", str(child), *options]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as tracer:
            assert tracer.stderr is not None
            line = tracer.stderr.readline()
            os.write(write, b"." if "attached" in line else b"!")
            code = ended(child)
            tracer.stderr.read()
        os.close(read)
        os.close(write)
        if "attached" not in line:
            raise OSError(line.strip() or "strace does not attach")
        return code

    def calls(self, scene: Scene) -> list[tuple[str, int]]:
        """List the calls by which a command changes the disk: name, and the how-manyth of that name."""
        self.traced(scene, "-o", str(self.notes), "-e", f"trace={','.join(CALLS)}")
        rows = [m.groups() for m in map(LINE.match, self.notes.read_text(errors="replace").splitlines()) if m]
        counts: Counter[str] = Counter()
        found = []
        for process, call, rest in rows:
            if process == rows[0][0]:
                counts[call] += 1
                if call != "openat" or "O_CREAT" in rest:
                    found.append((call, counts[call]))
        return found

    def at_fault(self, fault: Fault) -> None:
        """Let one fault happen, look, let the next writer settle it, look again."""
        scene = self.scenes[fault.scene]
        inject = f"inject={fault.call}:{FAULTS[fault.fault]}:when={fault.number}"
        code = self.traced(scene, "-o", str(self.notes), "-e", f"trace={fault.call}", "-e", inject)
        # How often a young file is read again depends on the time, so another open than the one meant may be hit;
        # then the state must be whole all the same, but an error in reading may come after the write.
        rows = self.notes.read_text(errors="replace").splitlines()
        hit = [row for row in rows if "INJECTED" in row]
        # git runs below the command and counts its own calls: one that is killed there is an error here.
        below = any(row.split(" ", 1)[0] != str(self.child) for row in rows if MARK.search(row))
        reading = fault.call == "openat" and any("O_CREAT" not in row for row in hit)
        self.counts["faults"] += 1
        self.counts[f"exit {code}"] += 1
        point = Point(fault.scene, fault.number, -1, f"{fault.call} {fault.fault}")
        seen = yard.look(self.repo)
        if seen not in (scene.before, scene.after):
            return self._blame(point, "wrong", f"exit {code}: a reader sees neither the old nor the new state")
        wanted = {0: [scene.after], COUNTS: [scene.after], 1: [scene.before]}.get(code, [scene.before, scene.after])
        if seen not in wanted and not reading:
            return self._blame(point, "wrong", f"exit {code} does not tell what happened")
        allowed = {"KILL": (-9,), "INT": (0, EXIT_INTERRUPTED)}.get(fault.fault, (0, 1, COUNTS))
        if code not in {*allowed, *([EXIT_BUG] if reading else []), *([1] if below else [])}:
            return self._blame(point, "wrong", f"exit {code}")
        if yard.indexed(self.repo) != seen.events:
            return self._blame(point, "wrong", "the index disagrees with the log")
        return self._settled(point, seen)

    def _blame(self, point: Point, what: str, why: str) -> None:
        super()._blame(point, "wrong", why)


def _act(gate: int, scene: Scene, repo: Path, broken: Callable[[], None]) -> None:
    """Do a command as the command line does, and exit with its code."""
    broken()
    ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)
    if os.read(gate, 1) != b".":
        os._exit(0)
    try:
        scene.command.act(yard.open_at(repo, scene.number))
        code = 0
    except TrainError as e:
        code = COUNTS if "the change counts" in e.message else e.exit_code
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
    except Exception as e:
        sys.stderr.write(f"{type(e).__name__}: {e}\n")
        code = EXIT_BUG
    os._exit(code)


def missing() -> str:
    """Say why strace cannot be used here, or ""."""
    if sys.platform != "linux" or shutil.which("strace") is None:
        return "strace is not installed"
    done = subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True, text=True, check=False)
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""


def _share(number: int, scale: float, seed: int, folder: Path, broken: Callable[[], None]) -> None:
    """One worker's share: every second command."""
    sys.modules["agenticops.workspace"].WAITS = 0  # type: ignore[attr-defined]
    Git.identity = lambda self: OPERATOR  # type: ignore[method-assign]
    gc.disable()
    gc.freeze()
    dice = random.Random(seed * 100 + number)
    folder.mkdir()
    made = scenes(folder, committed=False)
    faults = Faults(made, folder, broken)
    mine = [s for s in made[number::WORKERS] if s.command.name != "init"]
    every = []
    for scene in dice.sample(mine, max(1, round(len(mine) * min(1.0, scale * 4)))):
        calls = faults.calls(scene)
        every += [Fault(scene.number, *call, fault) for call in calls for fault in FAULTS]
    chosen = every if scale >= 1 else dice.sample(every, min(len(every), max(16, int(len(every) * scale))))
    for fault in chosen:
        faults.at_fault(fault)
    result = {"counts": faults.counts, "wrong": faults.wrong, "calls": len(every) // len(FAULTS)}
    (folder / "result.json").write_text(json.dumps(result))


def run(scale: float, seed: int, broken: Callable[[], None] = lambda: None) -> list[Row]:
    """Let every fault happen to every call."""
    goal = "each write/rename/fsync/create call × {KILL, INT, ENOSPC, EIO}"
    why = missing()
    if why:
        return [Row(goal, "not run", "0 violations", False, why)]
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    calls = 0
    with yard.room() as room:
        children = [begin(partial(_share, n, scale, seed, room / str(n), broken)) for n in range(WORKERS)]
        codes = [ended(child) for child in children]
        if any(codes):
            raise AssertionError(f"the workers of the syscalls harness ended with {codes}")
        for number in range(WORKERS):
            share = json.loads((room / str(number) / "result.json").read_text())
            counts.update(share["counts"])
            wrong += share["wrong"]
            calls += share["calls"]
    measured = f"{counts['faults']:,} faults in {calls:,} calls, {counts['wrong']} violations"
    exits = ", ".join(f"{k}: {n}" for k, n in sorted(counts.items()) if k.startswith("exit"))
    return [Row(goal, measured, "0 violations", not counts["wrong"], "; ".join(wrong[:4]) or exits)]


def mutant(scale: float, seed: int) -> list[Row]:
    """No journal."""

    def broken() -> None:
        journal.write = lambda *a, **k: None  # type: ignore[assignment]
        journal.close = lambda folder: None

    return run(scale, seed, broken)


HARNESS = Harness("syscalls", run, mutant)
