"""Hostile repositories × every command: nothing is executed, no path leads out, every exit code is a designed one.

Each repository is walked through all commands in this process, then through some as the console script under `strace`:
whatever starts a program or opens a file for writing outside of the repository is seen by the system calls.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from agenticops.cli import root
from agenticops.errors import TrainError
from agenticops.flows import trust
from agenticops.workspace import Workspace
from tests import stations
from tests.stress.harness import Harness, Row
from tests.stress.hostile_repos import REPOSITORIES, Ground
from tests.support import CONSOLE_SCRIPT, cli, new_repo

GITCONFIG = """\
[user]
\tname = Ada Lovelace
\temail = ada@example.org
[init]
\tdefaultBranch = main
[gc]
\tauto = 0
"""
CALLS = """\
status|next|check|check shape_142|check --base HEAD|check --staged|check --head HEAD|mode show|mode show make|log
doctor|trust show|trust give|trust revoke|gate show shape|explain VT203|pipeline show|pipeline graph|pipeline lint
work list|work show 142|ticket list --all|ticket show|ticket edit --operator x|checklist show|checklist tick 1
checklist add x --section y|checklist reword 2 z|artifact list|artifact check|artifact new brief|artifact record --all
artifact record brief|artifact keep brief --reason x|session show|session list|session note x|session decide x
session step x|session block x|session unblock|session todo add x|session todo done x|session pause|session resume
mode enter plan|handoff --to maker --next x --note y|begin --agent maker|work edit 142 --priority now
work new --title x --start --commit|ticket new 142|ticket block --reason x|ticket unblock|advance|advance --commit
advance --override --reason x --commit|ticket cancel --reason x|work resolve 142 --keep shape_142|session archive
migrate --dry-run|migrate|init --dry-run|init --train software --commit|hooks show|hooks install|hooks uninstall
doctor --fix|status --json|next --json|check --json|log --json|work list --json|session show --json|trust show --json"""
TRACED = (("work", "new", "--title", "y", "--start", "--commit"),)
# The console script, git, and the user's own signing programs.
PROGRAMS = re.compile(r"/(?:python[\d.]*|agenticops|git|git-[\w-]+|env|gpg|gpgsm|gpg-agent|keyboxd|ssh-keygen)$")
WAYS = (0, 1, 2, 3, 4, 5)
SECONDS = 20


class Result(NamedTuple):
    """What one repository did."""

    name: str
    calls: int
    executed: list[str]
    escaped: list[str]
    wrong: list[str]


def every_call() -> list[tuple[str, ...]]:
    """Give the calls of the list, and a bare one for each command that the list does not know yet."""
    calls = [tuple(c.split()) for row in CALLS.split("\n") for c in row.split("|")]
    for name in root.COMMANDS:
        below = getattr(root.load(name), "commands", None) or [""]
        for words in ((name, b) if b else (name,) for b in below):
            if not any(c[: len(words)] == words for c in calls):
                calls.append(words)
    return calls


@contextlib.contextmanager
def room() -> Iterator[Path]:
    """Give a temporary folder, and an environment in which nothing of the user is found."""
    path = Path(tempfile.mkdtemp(prefix="agenticops-hostile-"))
    kept = dict(os.environ)
    for name in list(os.environ):
        if name.startswith(("GIT_", "AGENTICOPS_", "XDG_", "GITHUB_")) or name == "CLAUDECODE":
            del os.environ[name]
    home = path / "home"
    home.mkdir()
    (home / "gitconfig").write_text(GITCONFIG)
    os.environ |= {"HOME": str(home), "GIT_CONFIG_GLOBAL": str(home / "gitconfig"), "GIT_CONFIG_NOSYSTEM": "1"}
    os.environ |= {"GIT_CEILING_DIRECTORIES": str(path), "LC_ALL": "C.UTF-8", "AGENTICOPS_LOCK_WAIT": "1"}
    os.environ |= {"PYTHONDONTWRITEBYTECODE": "1", "AGENTICOPS_HOST": "yard", "GIT_TERMINAL_PROMPT": "0"}
    try:
        yield path
    finally:
        os.environ.clear()
        os.environ.update(kept)
        shutil.rmtree(path, ignore_errors=True)


def template(path: Path) -> Path:
    """Build the ordinary train: a ticket that is worked and ready."""
    repo = new_repo(path / "template")
    for name in ("tiny", "tiny-opened", "tiny-working", "tiny-ready"):
        stations.WAY[name][1](repo)
    return repo


def walk(name: str, base: Path, ordinary: Path, traced: bool) -> Result:
    """Make one hostile repository and run everything in it."""
    spot = Path(tempfile.mkdtemp(prefix="r-", dir=base))
    canary, hits = spot / "canary", spot / "hits"
    canary.write_text(f'#!/bin/sh\necho "$0 $*" >> {hits}\n')
    canary.chmod(0o755)
    (spot / "outside" / "folder").mkdir(parents=True)
    (spot / "outside" / "marker.txt").write_text("do not touch\n")
    repo = Path(shutil.copytree(ordinary, spot / "repo", symlinks=True))
    with contextlib.suppress(subprocess.SubprocessError):
        REPOSITORIES[name](Ground(repo, str(canary), spot / "outside"))
    hits.unlink(missing_ok=True)  # making it may have run it
    before = around(spot)
    calls, wrong = every_call(), []
    for words in calls:
        wrong += served(repo, words)
    wrong += doors(repo)
    executed = hits.read_text().splitlines() if hits.exists() else []
    escaped = changed(before, around(spot))
    if traced:
        for words in TRACED:
            programs, writes = trace(repo, spot, words)
            executed += programs
            escaped += writes
    if (repo / "docs" / "bare").is_dir():
        wrong += served(repo / "docs" / "bare", ("check", "--head", "HEAD"))
        executed += hits.read_text().splitlines() if hits.exists() and not executed else []
    shutil.rmtree(spot, ignore_errors=True)
    return Result(name, len(calls), executed, escaped, [f"{name}: {w}" for w in wrong])


def around(spot: Path) -> dict[str, str]:
    """Describe all that lies around the repository, and git's hooks in it."""
    found = {}
    for folder in (spot / "outside", spot / "repo" / ".git" / "hooks", spot.parent.parent / "home"):
        for file in sorted(p for p in folder.rglob("*") if ".gnupg" not in p.parts):  # the user's own signer keeps it
            text = file.read_bytes().hex() if file.is_file() and not file.is_symlink() else "-"
            found[str(file)] = f"{oct(file.lstat().st_mode)} {text}"
    return found | {str(p): "" for p in spot.iterdir() if p.name != "hits"}


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """List what is not as it was."""
    return [p for p in sorted({*before, *after}) if before.get(p) != after.get(p)]


def served(repo: Path, words: tuple[str, ...]) -> list[str]:
    """Run one command; say what is not as designed."""

    def late(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        code, out, err = cli(repo, *words)
    except (Exception, KeyboardInterrupt) as e:
        return [f"{' '.join(words)}: {type(e).__name__}: {e}"]
    finally:
        signal.alarm(0)
    found = []
    if code not in WAYS or "Traceback" in err or "met a bug" in err:
        found.append(f"exit {code}: {err.strip()[-200:]}")
    if any(not (c.isprintable() or c == "\n") for c in out + err):
        found.append("control characters on the terminal")
    if "--json" in words and code in (0, 3):
        try:
            json.loads(out)
        except ValueError:
            found.append("no JSON")
    return [f"{' '.join(words)}: {f}" for f in found]


def doors(repo: Path) -> list[str]:
    """Knock at the only door through which what a repository declares can run."""
    try:
        workspace = Workspace(str(repo))
        places = [t.executable.place for t in trust.listing(workspace)]
    except TrainError:
        return []
    opened = []
    for place in places:
        with contextlib.suppress(TrainError):
            trust.run(workspace, place)
            opened.append(f"the door opened for {place}")
    return opened


def trace(repo: Path, spot: Path, words: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Run a command under strace; list foreign programs, and files outside that were opened for writing."""
    log = spot / "strace"
    calls = "trace=execve,openat,open,creat,rename,renameat,renameat2,unlink,unlinkat,symlink,symlinkat,link,linkat"
    command = ["strace", "-f", "-qq", "-y", "-s", "400", "-e", calls, "-o", str(log), CONSOLE_SCRIPT, *words]
    subprocess.run(command, cwd=repo, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
    programs, writes = [], []
    for row in log.read_text(errors="replace").splitlines():
        if " = -1 " in row:
            continue
        run = re.search(r'execve\("([^"]*)"', row)
        if run and (not PROGRAMS.search(run[1]) or run[1].startswith(str(spot))):
            programs.append(run[1])
        if "O_WRONLY" in row or "O_RDWR" in row or re.search(r" (?:rename|unlink|symlink|link)", row):
            target = re.search(r"= \d+<([^>]*)>", row)
            place = target[1] if target else ""
            if place and not place.startswith((f"{repo}/", "/dev/", "/proc/", "pipe:")):
                writes.append(place)
    return programs, [w for w in writes if not w.startswith("/tmp/") or str(spot) in w]


def measure(names: list[str], traced: bool) -> list[Result]:
    """Walk through repositories, two at a time."""
    with room() as path:
        ordinary = template(path)
        base = path / "ground"
        base.mkdir()
        work = [(name, base, ordinary, traced) for name in names]
        with multiprocessing.get_context("fork").Pool(2) as pool:
            return pool.starmap(walk, work, chunksize=1)


def chosen(scale: float, seed: int) -> list[str]:
    """Choose the repositories: all at scale 1."""
    names = list(REPOSITORIES)
    count = min(len(names), max(4, round(scale * len(names))))
    return names if count == len(names) else random.Random(seed).sample(names, count)


def run(scale: float, seed: int) -> list[Row]:
    """Walk through the hostile repositories."""
    names = chosen(scale, seed)
    traced = shutil.which("strace") is not None
    found = measure(names, traced)
    calls = sum(r.calls for r in found)
    executed = [f"{r.name}: {e}" for r in found for e in r.executed]
    escaped = [f"{r.name}: {e}" for r in found for e in r.escaped]
    wrong = [w for r in found for w in r.wrong]
    for row in [*executed, *escaped, *wrong][:12]:
        print(f"    {row}", file=sys.stderr)
    how = f"{len(TRACED) * len(found)} calls under strace" if traced else "no strace here"
    enough = len(found) >= 50 or scale < 1
    return [
        Row("hostile repositories × all commands", f"{len(found)} × {calls // len(found)}", "≥ 50", enough, how),
        Row("  programs executed", str(len(executed)), "0", not executed),
        Row("  paths escaped", str(len(escaped)), "0", not escaped),
        Row("  tracebacks, odd exit codes, control characters", str(len(wrong)), "0", not wrong),
    ]


def mutant(scale: float, seed: int) -> list[Row]:
    """Take each protection away: the shield around git, the refusal of links, the question of trust."""
    rows = []
    for what, name, off, caught in (
        ("without the shield", "core.fsmonitor", _no_shield, lambda r: r.executed),
        ("without overrides", "filter clean", _no_overrides, lambda r: r.executed),
        ("following links", "a linked work folder", _follow, lambda r: r.escaped),
        ("trusting all", "a gate command", _trust_all, lambda r: r.executed),
    ):
        with off():
            (result,) = measure([name], False)
        alive = not caught(result)
        rows.append(Row(f"  {what}: {name}", "lives" if alive else "caught", "caught", alive))
    # A harness is sound when every one of its mutants is caught: then no row holds.
    missed = [r for r in rows if r.holds]
    return missed or [Row("mutants of hostile", f"{len(rows)} caught", "caught", False)]


@contextlib.contextmanager
def _patched(*changes: tuple[Any, str, Any]) -> Iterator[None]:
    kept = [(owner, name, getattr(owner, name)) for owner, name, _ in changes]
    try:
        for owner, name, value in changes:
            setattr(owner, name, value)
        yield
    finally:
        for owner, name, value in kept:
            setattr(owner, name, value)


def _no_shield() -> contextlib.AbstractContextManager[None]:
    from agenticops.ports import shield

    return _patched((shield, "OPTIONS", ()), (shield, "ENVIRONMENT", {"GIT_TERMINAL_PROMPT": "0"}))


def _no_overrides() -> contextlib.AbstractContextManager[None]:
    from agenticops.ports import shield

    return _patched((shield, "overrides", lambda found, trusted: []))


def _follow() -> contextlib.AbstractContextManager[None]:
    from agenticops.store import paths

    folder, file = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    return _patched((paths, "_FOLDER", folder), (paths, "_FILE", file))


def _trust_all() -> contextlib.AbstractContextManager[None]:
    from agenticops.model.trust import Trusted

    everything: Callable[..., Trusted] = lambda one, known, based: Trusted(one, "trusted")  # noqa: E731
    return _patched((trust, "_standing", everything))


HARNESS = Harness("hostile", run, mutant)
