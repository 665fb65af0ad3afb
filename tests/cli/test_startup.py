"""Start-up is a budget: what the commands that are called all the time must not load. `make bench` has the figures."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agenticops.cli import root
from agenticops.flows import work
from agenticops.model.work import WorkItem
from tests.support import ITEM, cli, commit_all, run_cli, workspace

HEAVY = ("typer", "yaml", "msgspec", "jsonschema", "rich", "subprocess")
LOOK = """
import sys
before = set(sys.modules)
from agenticops.cli.entry import main
code = main(sys.argv[1:])
print(*sorted(set(sys.modules) - before), file=sys.stderr)
sys.exit(code)
"""


def loaded(repo: Path, *arguments: str) -> set[str]:
    """Run a command in a process of its own, and give the modules that it loaded."""
    environment = {n: v for n, v in os.environ.items() if not n.startswith(("COVERAGE", "AGENTICOPS_"))}
    command = [sys.executable, "-c", LOOK, *arguments]
    done = subprocess.run(command, cwd=repo, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in (0, 3), done.stderr
    assert done.stdout
    return set(done.stderr.split())


@pytest.fixture
def warm(train: Path) -> Path:
    """A repository with an open ticket, and an index that knows it."""
    item = WorkItem(ITEM, "PRD", "Refill in time")
    work.new(workspace(train), item, start=True)
    commit_all(train)
    assert cli(train, "status")[0] == 0
    return train


@pytest.mark.parametrize(
    "arguments",
    [
        ("--version",),
        ("status",),
        ("status", "--json"),
        ("next",),
        ("next", "--json"),
        ("mode", "show"),
        ("ticket", "list"),
        ("ticket", "list", "--all", "--json"),
    ],
    ids=" ".join,
)
def test_a_hot_read_loads_nothing_heavy(warm: Path, arguments: tuple[str, ...]) -> None:
    assert loaded(warm, *arguments).isdisjoint(HEAVY)


def test_the_version_loads_almost_nothing(warm: Path) -> None:
    assert {name for name in loaded(warm, "--version") if not name.startswith("agenticops")} <= {"__future__"}


def test_a_check_loads_neither_typer_nor_a_validator(warm: Path) -> None:
    names = loaded(warm, "check", f"requirements_{ITEM}")
    assert "agenticops.flows.judge" in names
    assert names.isdisjoint({"typer", "rich", "jsonschema"})


def test_a_second_check_parses_no_yaml(warm: Path) -> None:
    assert "yaml" in loaded(warm, "check", f"requirements_{ITEM}")
    assert "yaml" not in loaded(warm, "check", f"requirements_{ITEM}")


def test_a_change_is_taken_in_and_then_the_reads_are_hot_again(warm: Path) -> None:
    with open(warm / f"tickets/requirements_{ITEM}/checklist.md", "a") as file:
        file.write("\n- [ ] Ask once more\n")
    assert "msgspec" in loaded(warm, "status")
    assert "msgspec" not in loaded(warm, "status")


@pytest.mark.parametrize(
    "call", [("status",), ("checklist", "tick", "1"), ("checklist", "tick", "no such"), ("advance",)]
)
def test_a_command_leaves_the_cache_closed(warm: Path, call: tuple[str, ...]) -> None:
    run_cli(warm, *call, check_code=None)
    assert [p.name for p in (warm / ".git/agenticops").glob("index.sqlite*")] == ["index.sqlite"]


def test_a_tick_parses_no_yaml_once_the_ticket_is_known(warm: Path) -> None:
    assert cli(warm, "checklist", "tick", "1")[0] == 0
    assert "yaml" not in loaded(warm, "checklist", "tick", "2")


def test_of_a_group_only_the_command_that_is_called_is_built() -> None:
    assert set(root.load("checklist", "tick").commands) == {"tick"}  # type: ignore[attr-defined]
    everything = set(root.load("checklist").commands)  # type: ignore[attr-defined]
    assert everything > {"tick"} and set(root.load("checklist", "tik").commands) == everything  # type: ignore[attr-defined]
    assert "advance" not in root.load("gate", "advance").commands  # type: ignore[attr-defined]
