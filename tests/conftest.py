"""Fixtures: an environment of its own, empty repositories, and repositories that adopted a train."""

from __future__ import annotations

import gc
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support import commit_all, new_repo, workspace

# A busy machine is no failure.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

GIT_CONFIG = """\
[user]
\tname = Ada Lovelace
\temail = ada@example.org
[init]
\tdefaultBranch = main
[commit]
\tgpgSign = false
[gc]
\tauto = 0
[advice]
\tdetachedHead = false
"""

MEMORY = "/dev/shm"  # on Linux, a folder that lies in memory


def pytest_configure() -> None:
    """Have tests' folders in memory where it is roomy and lets programs run: they write thousands of commits."""
    try:
        there = os.statvfs(MEMORY)
    except OSError:
        return
    if there.f_bavail * there.f_frsize > 4 << 30 and there.f_favail > 1 << 20 and not there.f_flag & os.ST_NOEXEC:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", MEMORY)


def pytest_xdist_auto_num_workers() -> int:
    """Take one worker more than there are processors: a sixth of the time tests wait, for programs."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Measure no coverage where the same lines run over and over: being measured takes them three times as long."""
    proofs = tuple(str(Path(__file__).parent / name) for name in ("core/sync/test_model.py", "drive", "stress"))
    for item in items:
        turn = max(item.callspec.indices.values(), default=0) if hasattr(item, "callspec") else 0
        drawn = hasattr(getattr(item, "obj", None), "hypothesis")
        if turn >= 10 or drawn or str(item.path).startswith(proofs):
            item.add_marker("no_cover")


def pytest_collection_finish() -> None:
    """Keep what was collected out of the garbage collector's sight: searching it took a third of the tests' time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing of the user's git, home, agent or CI reaches a test, nor the programs that it starts."""
    # A job in the background is deaf to Ctrl-C, and so would be all that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    home = tmp_path_factory.mktemp("home")
    (home / "gitconfig").write_text(GIT_CONFIG)
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            told = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "CLAUDECODE", "CI")
            if name.startswith(("GIT_", "GITHUB_", "PRE_COMMIT_", "AGENTICOPS_")) or name in told:
                patch.delenv(name)
        patch.setenv("HOME", str(home))
        patch.setenv("XDG_CONFIG_HOME", str(home / "config"))
        patch.setenv("GIT_CONFIG_GLOBAL", str(home / "gitconfig"))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        patch.setenv("GIT_TERMINAL_PROMPT", "0")
        # A git repository around the temporary folder must not be found.
        patch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path_factory.getbasetemp()))
        patch.setenv("LC_ALL", "C.UTF-8")
        yield


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """The path of an empty git repository on the unborn branch main."""
    return new_repo(tmp_path / "repo")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, own_environment: None) -> Callable[[str], Path]:
    """Adopt a train once a session; tests get copies."""
    made: dict[str, Path] = {}

    def adopted_once(train: str) -> Path:
        if train not in made:
            from agenticops.flows import adopt

            path = new_repo(tmp_path_factory.mktemp("template") / train)
            adopt.adopt(workspace(path), train, [], dry_run=False, commit=False)
            commit_all(path, f"Adopt the {train} train")
            shutil.rmtree(path / ".git" / "agenticops")
            made[train] = path
        return made[train]

    return adopted_once


@pytest.fixture
def adopted(template: Callable[[str], Path], tmp_path: Path) -> Callable[[str], Path]:
    """Give a fresh repository that adopted the named train and committed it."""

    def copy(train: str) -> Path:
        return Path(shutil.copytree(template(train), tmp_path / f"{train}-train", symlinks=True))

    return copy


@pytest.fixture
def train(adopted: Callable[[str], Path]) -> Path:
    """The path of a repository that adopted the software train and committed it."""
    return adopted("software")
