"""Every command, once, through the installed console script, in one real repository and in the order of a day."""

from __future__ import annotations

from pathlib import Path

from agenticops.cli import root
from tests.cli.test_help import leaves
from tests.stations import filled
from tests.support import git, run_cli, write

# The commands that no day of a train uses; each has a test of its own beside this one.
ELSEWHERE = {("work", "resolve"), ("artifact", "keep")}

MORNING = """
init --train software --with make --commit
doctor
pipeline show
pipeline show design
pipeline graph
pipeline lint
work new --kind PRD --title Pumps --issue 7
work new --kind Task --title Notes --issue 8 --parent 7
work list --kind PRD
work show 7
work edit 7 --priority now
ticket new 7 --commit
ticket list
ticket show requirements_7
ticket edit requirements_7 --estimate-days 2
ticket block requirements_7 --reason waiting
ticket unblock requirements_7 --reason arrived
gate show requirements
explain VT101
status
next
begin requirements_7 --agent onboarder
mode show
mode enter design
mode enter scope
session show
session list
session note noted
session decide decided
session step later
session todo add read
session todo done read
session block stuck
session unblock stuck
session pause
session resume
handoff --to evaluator --next go --note on
begin requirements_7 --agent evaluator
checklist show
checklist add Extra --section Deliverables
checklist reword Extra More
checklist tick More --all-in Deliverables
artifact new requirements
artifact list
check
log --limit 3
log verify
log compact
log summarize
hooks install
hooks show
hooks uninstall
trust show
trust give
trust revoke
"""
EVENING = """
artifact check requirements
artifact record requirements
session archive
ticket cancel requirements_7 --reason enough
migrate
"""


def test_every_command_runs_from_the_console_script(repo: Path) -> None:
    used: set[tuple[str, ...]] = set()

    def play(lines: str) -> None:
        for row in lines.strip().splitlines():
            words = row.split()
            done = run_cli(repo, *words)
            assert done.stdout and "Traceback" not in done.stderr, row
            # A group that lists when it is called alone is no leaf.
            used.add(next((path for path in leaves_ if tuple(words[: len(path)]) == path), (words[0],)))

    leaves_ = sorted(leaves(), key=len, reverse=True)
    play(MORNING)
    refused = run_cli(repo, "advance", "requirements_7", check_code=3)
    assert "VT203" in refused.stdout
    used.add(("advance",))
    filled(repo, "requirements", item="7")
    play(EVENING)
    assert {path for path in leaves_ if path not in ELSEWHERE} - used - hidden() == set()
    write(repo, "mine.txt", "kept")
    git(repo, "add", "mine.txt")
    assert "the train holds" in run_cli(repo, "check").stdout


def hidden() -> set[tuple[str, ...]]:
    """Commands that only programs call."""
    return {path for path in leaves() if getattr(root.load(path[0]), "hidden", False)}
