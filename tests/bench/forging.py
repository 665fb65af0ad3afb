"""Forging: what the sync with a forge costs, against the fake of the tests on loopback; its own time counts too."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import ground
from figures import Figure, absolute
from timing import once, peak_memory

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = os.path.join(os.path.dirname(sys.executable), "agenticops")
PLAN = [SCRIPT, "github", "plan", "--whole"]
IMPORT = [SCRIPT, "github", "import"]


def figures(folder: Path, rounds: int, many: int, issues: int = 1_000) -> list[Figure]:
    """Measure a plan of issues that nobody changed, and the import of `many`."""
    sys.path.insert(0, str(ROOT))
    from tests.forge import Forge, access

    with Forge(validate=False) as forge, _reached(forge.url, access.WRITE):
        repo = ground.adopt(folder / "plan")
        forge.seed(issues)
        once_in(repo, IMPORT)
        before = len(forge.requests)
        walls = [once_in(repo, PLAN) for _ in range(rounds)]
        asked = (len(forge.requests) - before) / rounds
    with Forge(validate=False) as forge, _reached(forge.url, access.WRITE):
        repo = ground.adopt(folder / "import")
        forge.seed(many)
        memory = peak_memory(IMPORT, str(repo), os.environ, 1)
    return [
        absolute(f"github plan, {issues:,} unchanged issues", median(walls), 2.0, "s"),
        absolute("the same, requests", asked, 15, "requests"),
        absolute(f"github import, {many:,} issues, peak memory", memory, 200, "MB"),
    ]


def once_in(repo: Path, command: list[str]) -> float:
    """Run a command in a repository; give its wall time in seconds."""
    here = os.getcwd()
    os.chdir(repo)
    try:
        sample = once(command, os.environ)
    finally:
        os.chdir(here)
    assert sample.code == 0, command
    return sample.wall


@contextmanager
def _reached(url: str, token: str) -> Iterator[None]:
    names = {"GITHUB_API_URL": url, "GITHUB_REPOSITORY": "acme/train", "GITHUB_TOKEN": token}
    os.environ.update(names)
    try:
        yield
    finally:
        for name in names:
            del os.environ[name]
