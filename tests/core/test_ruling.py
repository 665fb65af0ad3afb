"""Ruling: what is said to a tool call, with limits and without."""

from __future__ import annotations

import posixpath
from typing import Any

import pytest

from agenticops.core.limits import Limits
from agenticops.core.ruling import Absent, decide
from tests.support import ITEM

TICKET = f"shape_{ITEM}"
BOUND = Limits(
    "plan",
    TICKET,
    allowed=["Read", "Edit", "Write", "Bash(agenticops *)", "Bash(npm test)", "Bash(make *)"],
    restricted=["Bash(make clean *)"],
    writable=["src/**"],
    ways=["make"],
)
FREE = Limits("make", TICKET, restricted=["Bash(git push *)"], writable=["src/**"])
NONE = Absent("no session is open", "agenticops begin TICKET --agent AGENT")
BROKEN = Absent("the limits cannot be known: line 3", "mend it", "config/pipeline.yml")


class Paper:
    """A ground of paths alone: the repository is /repo, and src a folder in it."""

    def place(self, path: str, base: str = "") -> tuple[str, str]:
        if "\0" in path:
            raise ValueError
        if path.startswith("~"):
            return "outside", path
        full = posixpath.normpath(posixpath.join("/repo", base, path))
        if full == "/repo" or full.startswith("/repo/"):
            return "inside", full[6:]
        return ("temporary" if full.startswith(("/tmp/", "/dev/")) else "outside"), full

    def folder(self, path: str, base: str = "") -> bool:
        return posixpath.normpath(posixpath.join("/repo", base, path)) in ("/repo", "/repo/src", "/repo/config")


def said(limits: Limits | Absent, name: str, **arguments: Any) -> str:
    return decide(limits, name, arguments, Paper())[0]


def ran(limits: Limits | Absent, command: str) -> str:
    return said(limits, "Bash", command=command)


@pytest.mark.parametrize(
    ("name", "arguments", "wanted"),
    [
        ("Write", {"file_path": "/repo/src/x"}, ""),
        ("MultiEdit", {"file_path": "src/x"}, ""),
        ("Edit", {"file_path": "/repo/README.md"}, "deny"),
        ("Edit", {"file_path": "/repo/src/../config/x"}, "deny"),
        ("NotebookEdit", {"notebook_path": "/repo/src/x"}, "deny"),
        ("Write", {"file_path": "/tmp/x"}, ""),
        ("Write", {"file_path": "/home/x"}, "ask"),
        ("Write", {"file_path": 7}, "ask"),
        ("Write", {"file_path": ""}, "ask"),
        ("Write", {"file_path": "a\0b"}, "ask"),
        ("Write", {}, "ask"),
        ("Read", {"file_path": "/etc/passwd"}, ""),
        ("Read", {"file_path": 7}, ""),
        ("LS", {}, "deny"),
        ("WebSearch", {}, "deny"),
        ("Skill", {}, ""),
        ("mcp__agenticops__advance", {}, ""),
        ("Bash", {}, ""),
        ("Bash", {"command": ["ls"]}, "ask"),
    ],
)
def test_tools_in_a_mode(name: str, arguments: dict[str, Any], wanted: str) -> None:
    assert said(BOUND, name, **arguments) == wanted


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ("agenticops next", ""),
        ("NO_COLOR=1 timeout 5 agenticops next | agenticops session note -", ""),
        ("cd src && make all", ""),
        ("npm test", ""),
        ("npm test --all", "deny"),
        ("make", ""),
        ("make clean all", "deny"),
        ("timeout 5 make clean x", "deny"),
        ("agenticops next; ls", "deny"),
        ("agenticops next $(ls)", "deny"),
        ("agenticops next `ls`", "deny"),
        ("agenticops next & ls", "deny"),
        ("make all\nls", "deny"),
        ("PATH=/tmp agenticops next", "deny"),
        ("PATH=/tmp; agenticops next", "deny"),
        ("env make all", "deny"),
        ("$MAKE all", "deny"),
        ("'make x' all", "deny"),
        ("bash -c 'make all'", "deny"),
        ("make all > src/log", ""),
        ("make all > log", "deny"),
        ("make all > /tmp/log 2>&1", ""),
        ("make all > ~/log", "ask"),
        ("make 'all", "ask"),
        ("AGENTICOPS_AGENT= agenticops next", "deny"),
    ],
)
def test_commands_of_a_mode_that_names_them(command: str, wanted: str) -> None:
    assert ran(BOUND, command) == wanted


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ("ls && pytest -q | head", ""),
        ("git push origin main", "deny"),
        ("timeout 5 git push", "deny"),
        ("git commit --no-verify -m x", "deny"),
        ("touch src/x", ""),
        ("touch x", "deny"),
        ("cd src && touch x", ""),
        ("cd src; cd ..; touch x", "deny"),
        ("cd /tmp && touch x", ""),
        ("cp /etc/hosts src", ""),
        ("cp x config", "deny"),
        ("cp x src/y", ""),
        ("mv src/a lib/a", "deny"),
        ("mv lib/a src/a", "deny"),
        ("rm -rf .git", "deny"),
        ("rm -rf tickets", "deny"),
        ("rm tickets/*/ticket.yml", "deny"),
        ("bash -c 'rm -rf .git'", "deny"),
        ("eval 'echo > config/x'", "deny"),
        ("git checkout -- .", "deny"),
        ("echo x > a\x00b", "ask"),
        ("echo x | sudo tee -a /etc/hosts", "ask"),
    ],
)
def test_commands_of_a_mode_that_runs_any(command: str, wanted: str) -> None:
    assert ran(FREE, command) == wanted


def test_what_is_refused_goes_before_what_is_asked() -> None:
    assert ran(FREE, "touch ~/x config/x") == "deny"


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ("agenticops begin x --agent lab", ""),
        ("git status && cat a | grep b", ""),
        ("cat a > /dev/null", ""),
        ("cat a > /tmp/x", ""),
        ("make all", "ask"),
        ("cat a > b", "ask"),
        ("cat a > .git/config", "deny"),
        ("unset CLAUDECODE", "deny"),
    ],
)
def test_commands_without_a_session(command: str, wanted: str) -> None:
    assert ran(NONE, command) == wanted


@pytest.mark.parametrize(
    ("name", "arguments", "wanted"),
    [
        ("Read", {"file_path": "x"}, ""),
        ("Task", {}, ""),
        ("TaskUpdate", {}, ""),
        ("ExitPlanMode", {}, ""),
        ("mcp__agenticops__next", {}, ""),
        ("mcp__forge__close", {}, "ask"),
        ("SomethingNew", {}, "ask"),
        ("Edit", {"file_path": "src/x"}, "ask"),
        ("Edit", {"file_path": "/tmp/x"}, ""),
        ("Edit", {"file_path": ".git/config"}, "deny"),
        ("Edit", {"file_path": f"tickets/{TICKET}/ticket.yml"}, "deny"),
        ("Edit", {"file_path": "config/pipeline.yml"}, "ask"),
    ],
)
def test_tools_without_a_session(name: str, arguments: dict[str, Any], wanted: str) -> None:
    assert said(NONE, name, **arguments) == wanted


def test_what_is_broken_may_be_mended() -> None:
    assert said(BROKEN, "Edit", file_path="config/pipeline.yml") == ""
    assert said(BROKEN, "Edit", file_path="config/roles.yml") == "ask"
    broken = Absent("x", "y", f"tickets/{TICKET}/ticket.yml")
    assert said(broken, "Edit", file_path=f"tickets/{TICKET}/ticket.yml") == ""


def test_the_reason_says_what_why_and_the_way_out() -> None:
    decision, reason = decide(BOUND, "Write", {"file_path": "/repo/README.md", "content": "s3cret"}, Paper())
    assert decision == "deny" and "README.md" in reason and "src/**" in reason
    assert "agenticops mode enter make" in reason and "s3cret" not in reason
    _, asked = decide(NONE, "Write", {"file_path": "/repo/README.md"}, Paper())
    assert "no session is open" in asked and "agenticops begin" in asked
    _, told = decide(BOUND, "Bash", {"command": "curl -H 'token: s3cret' x"}, Paper())
    assert "curl" in told and "Bash(npm test)" in told and "s3cret" not in told


def test_a_command_as_long_as_a_book_is_judged() -> None:
    assert ran(FREE, "echo x; " * 20_000 + "rm -rf .git") == "deny"
    assert ran(FREE, "bash -c " * 9) == ""
    assert ran(FREE, "eval " * 9 + "'rm -rf .git'") in ("deny", "ask")
