"""Piloting: what the auto-pilot takes beside its agents, and what several workers gain."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import ground
from figures import Figure, absolute
from timing import once

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = os.path.join(os.path.dirname(sys.executable), "agenticops")
# An agent that takes no time of its own: it notes something, and writes the artifact that the last bullet owes.
WORK = """\
#!/bin/sh
sleep %s
item=${AGENTICOPS_TICKET##*_}
mkdir -p tickets/$AGENTICOPS_TICKET/artifacts docs/$item
echo "$AGENTICOPS_BULLET: looked at by hand." >> tickets/$AGENTICOPS_TICKET/artifacts/notes.md
printf '# Report\\n\\n## Goal\\n\\nRefills arrive before the box is empty.\\n' > docs/$item/report.md
"""
FEW, MANY = 2, 12


def figures(folder: Path, rounds: int, seconds: float) -> list[Figure]:
    """Measure the time of a bullet, of a ticket, and of eight tickets by one worker and by four."""
    one = Path(folder, "one")
    one.mkdir(parents=True)
    with _known(folder):
        own = median(_timed([_agent(folder, 0)], one) for _ in range(rounds * 4))
        few = min(_driven(folder, 1, FEW, 0, 1) for _ in range(rounds))
        many = min(_driven(folder, 1, MANY, 0, 1) for _ in range(rounds))
        four = min(_driven(folder, 4, FEW, 0, 1) for _ in range(rounds))
        alone, together = (_driven(folder, 8, 1, seconds, workers) for workers in (1, 4))
    bullet = (many - few) / (MANY - FEW) - own
    # Agents that are too quick leave nothing to share.
    goal = 1 / 3.2 if seconds >= 5 else None
    what = f"drive --parallel 4, 8 tickets, agents of {seconds:g} s"
    return [
        absolute("drive, a bullet beside its agent", bullet, 0.25, "s", f"agent {own * 1000:.1f} ms"),
        absolute("drive, a ticket beside its bullets", (four - few) / 3 - (FEW + 1) * (bullet + own), None, "s"),
        Figure(what, f"{together:.1f} s", f"{alone:.1f} s one worker", together / alone, together / alone, goal, "×"),
    ]


@contextmanager
def _known(folder: Path) -> Iterator[None]:
    """Let git know who commits, whoever measures."""
    config = Path(folder, "gitconfig")
    config.write_text("[user]\n\tname = Ada Lovelace\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n")
    os.environ["GIT_CONFIG_GLOBAL"] = str(config)
    try:
        yield
    finally:
        del os.environ["GIT_CONFIG_GLOBAL"]


def _agent(folder: Path, seconds: float) -> str:
    file = Path(folder, "agent.sh")
    file.write_text(WORK % seconds)
    file.chmod(0o755)
    return str(file)


def _driven(folder: Path, tickets: int, bullets: int, seconds: float, workers: int) -> float:
    """Drive a new train to its end; give the wall time in seconds."""
    sys.path.insert(0, str(ROOT))
    from tests.drive.rig import train

    place = Path(folder, "train")
    provider = {"command": [_agent(folder, seconds)], "models": [{"name": "shell"}]}
    repo = train(place / "repo", ["good"] * tickets, bullets=bullets, more={"providers": {"shell": provider}})
    try:
        wall = _timed([SCRIPT, "drive", "--local", "--parallel", str(workers)], repo)
        done = ground.git(repo, "log", "--oneline", "--first-parent", "--grep", "→ done").splitlines()
        assert len(done) == tickets, done
    finally:
        shutil.rmtree(place)
    return wall


def _timed(command: list[str], folder: Path) -> float:
    here = os.getcwd()
    os.chdir(folder)
    try:
        sample = once(command, {**os.environ, "AGENTICOPS_TICKET": "build_0", "AGENTICOPS_BULLET": "none"})
    finally:
        os.chdir(here)
    assert sample.code == 0, (sample, command)
    return sample.wall
