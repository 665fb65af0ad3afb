"""The guard as the client calls it: a program of its own, JSON on stdin, in real repositories."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from agenticops import guard
from tests.stations import ITEM, SHAPE, Board, at, depot, must
from tests.support import commit_all, git, new_repo, some, write

__all__ = ["at", "depot"]
CALL = [sys.executable, "-c", "from agenticops.guard import main; main()"]
SCRIPT = [sys.executable, "-I", "-S", guard.__file__]
# What must not be loaded while the table is fresh: each costs more than the guard itself.
HEAVY = {"json", "re", "typing", "dataclasses", "hashlib", "subprocess", "msgspec", "yaml", "tempfile", "fnmatch"}
BOUNDED = (
    "  plan:\n    title: Plan\n",
    "  plan:\n    title: Plan\n    allowed_tools: [Read, Edit, Write, Bash]\n    restricted_tools: [WebSearch]\n"
    '    writable: ["src/**", "docs/{item}/**"]\n    transitions: [make]\n',
)


def payload(tool: str, cwd: Path | str, **arguments: Any) -> bytes:
    call = {"session_id": "s", "hook_event_name": "PreToolUse", "cwd": str(cwd), "tool_name": tool}
    return json.dumps({**call, "tool_input": arguments}).encode()


def run(raw: bytes, cwd: Path, command: list[str] | None = None, **environment: str) -> tuple[str, str]:
    """Call the program; give decision and reason ("" for no objection)."""
    done = subprocess.run(
        command or CALL, input=raw, cwd=cwd, env={**os.environ, **environment}, capture_output=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, b""), done
    if not done.stdout:
        return "", ""
    said = json.loads(done.stdout)["hookSpecificOutput"]
    assert said["hookEventName"] == "PreToolUse" and said["permissionDecisionReason"].isprintable()
    return said["permissionDecision"], said["permissionDecisionReason"]


def asked(repo: Path, tool: str, cwd: Path | None = None, **arguments: Any) -> str:
    """Judge a call in this process, in a working tree; give the decision."""
    return guard.answer(payload(tool, cwd or repo, **arguments))[0]


def bound(repo: Path) -> Path:
    """Give the mode of the first phase limits."""
    file = repo / "config/pipeline.yml"
    text = file.read_text()
    file.write_text(text if "writable" in text else text.replace(*BOUNDED))
    return repo


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder on the disk: what is below /dev, also in memory, counts as a device."""
    with tempfile.TemporaryDirectory() as place:
        yield Path(place)


@pytest.fixture
def busy(at: Board) -> Path:
    """The tiny train with a session in its first phase, whose mode has limits."""
    return bound(at("tiny-working"))


@pytest.mark.parametrize("command", [CALL, SCRIPT], ids=["console", "script"])
def test_it_refuses_with_the_reason_and_the_way_out(busy: Path, command: list[str]) -> None:
    for _ in ("builds its table", "has it"):
        decision, reason = run(payload("Write", busy, file_path=str(busy / "README.md"), content="x"), busy, command)
        assert decision == "deny" and "README.md" in reason and "agenticops mode enter make" in reason
        assert run(payload("Write", busy, file_path=str(busy / "src/x.py"), content="x"), busy, command) == ("", "")
        assert run(payload("WebSearch", busy, query="x"), busy, command)[0] == "deny"
        assert run(payload("Bash", busy, command="rm -rf .git"), busy, command)[0] == "deny"


def test_a_fresh_table_is_read_with_next_to_nothing(busy: Path) -> None:
    look = (
        "import os, sys; before = set(sys.modules); end = os._exit\n"
        "def told(code): print(*set(sys.modules) - before, file=sys.stderr, flush=True); end(code)\n"
        "os._exit = told; from agenticops.guard import main; main()"
    )
    for arguments in ({"tool": "Write", "file_path": "README.md"}, {"tool": "Bash", "command": "ls > x"}):
        for _ in range(2):
            done = subprocess.run(
                [sys.executable, "-I", "-c", look], input=payload(**arguments, cwd=busy), cwd=busy, capture_output=True
            )
            assert b"deny" in done.stdout
        loaded = {m.partition(".")[0] for m in done.stderr.decode().split()}
        assert not loaded & HEAVY and len(done.stderr.split()) < 24, done.stderr


def test_the_ticket_s_own_files_and_protected_ones(busy: Path) -> None:
    for path in (f"docs/{ITEM}/brief.md", f"tickets/{SHAPE}/checklist.md", "docs/session-context/ACTIVE_SESSION.md"):
        assert asked(busy, "Edit", file_path=str(busy / path)) == "", path
    for path in (f"tickets/{SHAPE}/ticket.yml", ".git/config", ".agenticops/x", "config/pipeline.yml", ".mcp.json"):
        assert asked(busy, "Edit", file_path=str(busy / path)) == "deny", path


def test_links_lead_where_they_lead(busy: Path) -> None:
    (busy / "src").mkdir()
    (busy / "src/easy").symlink_to("../config")
    (busy / "src/own.yml").symlink_to(f"../tickets/{SHAPE}/ticket.yml")
    assert asked(busy, "Edit", file_path=str(busy / "src/easy/pipeline.yml")) == "deny"
    assert asked(busy, "Write", file_path=str(busy / "src/own.yml")) == "deny"
    assert asked(busy, "Bash", command="echo x > src/own.yml") == "deny"
    assert asked(busy, "Write", file_path=str(busy / "src/../config/x")) == "deny"
    assert asked(busy, "Write", cwd=busy / "src", file_path="x.py") == ""
    assert asked(busy, "Write", cwd=busy / "docs", file_path="../src/x.py") == ""


def test_the_table_follows_session_pipeline_ticket_and_branch(busy: Path) -> None:
    readme = {"file_path": str(busy / "README.md")}
    assert asked(busy, "Write", **readme) == "deny"
    must(busy, "mode", "enter", "make")
    assert asked(busy, "Write", **readme) == ""
    must(busy, "mode", "enter", "plan")
    assert asked(busy, "Write", **readme) == "deny"
    must(busy, "session", "pause")
    assert guard.answer(payload("Write", busy, **readme)) == (
        "ask",
        f"the session of {SHAPE} is paused. agenticops session resume",
    )
    must(busy, "session", "resume")
    file = busy / "config/pipeline.yml"
    file.write_text(file.read_text().replace('"src/**"', '"**"'))
    assert asked(busy, "Write", **readme) == ""
    git(busy, "switch", "-q", "--detach")
    assert "detached" in guard.answer(payload("Write", busy, **readme))[1]


def test_without_a_session_reading_passes_and_writing_is_asked(at: Board) -> None:
    repo = at("tiny-opened")
    decision, reason = guard.answer(payload("Write", repo, file_path=str(repo / "x")))
    assert decision == "ask" and "no session is open" in reason and "agenticops begin" in reason
    assert asked(repo, "Read", file_path="x") == asked(repo, "Bash", command="agenticops begin --agent x") == ""
    assert asked(repo, "Bash", command="make all") == asked(repo, "Write", file_path="/etc/x") == "ask"
    must(repo, "begin", "--agent", "planner")
    assert asked(repo, "Write", file_path=str(repo / "x")) == ""
    must(repo, "session", "archive")
    assert asked(repo, "Write", file_path=str(repo / "x")) == "ask"


def test_a_phase_branch_and_a_branch_of_its_own(at: Board) -> None:
    repo = bound(at("tiny-opened"))
    commit_all(repo, "Limits")
    for branch in (f"phase/{SHAPE}", "side"):
        git(repo, "switch", "-q", "-c", branch, "main")
        assert asked(repo, "Write", file_path=str(repo / "README.md")) == "ask"
        must(repo, "begin", SHAPE, "--agent", "planner")
        assert asked(repo, "Write", file_path=str(repo / "README.md")) == "deny"
        assert asked(repo, "Write", file_path=str(repo / f"tickets/{SHAPE}/ACTIVE_SESSION.md")) == ""
        assert asked(repo, "Write", file_path=str(repo / "docs/session-context/ACTIVE_SESSION.md")) == "deny"
        commit_all(repo, "Begin")
        git(repo, "switch", "-q", "main")
        assert asked(repo, "Write", file_path=str(repo / "README.md")) == "ask"


def test_each_worktree_has_its_own_limits(busy: Path, tmp_path: Path) -> None:
    commit_all(busy, "Limits")
    second = tmp_path / "second"
    git(busy, "worktree", "add", "-q", str(second), "-b", f"phase/{SHAPE}")
    assert asked(busy, "Write", file_path=str(busy / "README.md")) == "deny"
    assert asked(second, "Write", file_path=str(second / "README.md")) == "ask"
    assert asked(second, "Write", file_path=str(busy / "src/x")) == "ask", "another worktree is outside"
    assert (busy / ".git/worktrees/second/agenticops/limits.tbl").is_file()
    assert asked(second, "Write", file_path=str(second / ".git")) == "deny"


def test_outside_of_a_train_it_is_silent(at: Board, tmp_path: Path) -> None:
    plain = new_repo(tmp_path / "plain")
    for folder in (tmp_path, plain, plain / "gone"):
        assert asked(folder, "Write", file_path="/etc/x") == "", folder
    bare = tmp_path / "bare.git"
    git(at("tiny"), "clone", "-q", "--bare", ".", str(bare))
    assert asked(bare, "Write", file_path="x") == ""
    assert run(payload("Write", tmp_path, file_path="/etc/x"), tmp_path) == ("", "")


def test_whoever_steps_outside_still_works_for_the_project(busy: Path, tmp_path: Path) -> None:
    inner = new_repo(busy / "vendor/lib")
    file = str(busy / "config/pipeline.yml")
    assert asked(busy, "Write", cwd=inner, file_path=file) == "deny"
    assert run(payload("Write", tmp_path, file_path=file), tmp_path, CLAUDE_PROJECT_DIR=str(busy))[0] == "deny"
    assert run(b'{"tool_name": "Write", "x', tmp_path, CLAUDE_PROJECT_DIR=str(busy))[0] == "ask"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("config/pipeline.yml", "modes: [\n"),
        ("docs/session-context/ACTIVE_SESSION.md", "---\nid: [\n---\n"),
        (f"tickets/{SHAPE}/ticket.yml", "<<<<<<< ours\n"),
    ],
)
def test_in_a_broken_train_reading_passes_and_the_broken_file_may_be_mended(busy: Path, path: str, text: str) -> None:
    write(busy, path, text)
    decision, reason = guard.answer(payload("Write", busy, file_path=str(busy / "src/x")))
    assert decision == "ask" and path in reason
    assert asked(busy, "Read", file_path="x") == asked(busy, "Edit", file_path=str(busy / path)) == ""
    assert asked(busy, "Bash", command="git diff") == ""
    assert asked(busy, "Bash", command=f"git restore {path}") == "ask"
    git(busy, "restore", path)
    bound(busy)
    assert asked(busy, "Write", file_path=str(busy / "src/x")) == ""


def test_a_train_without_its_pipeline_asks(busy: Path) -> None:
    (busy / "config/pipeline.yml").unlink()
    decision, reason = guard.answer(payload("Write", busy, file_path=str(busy / "src/x")))
    assert decision == "ask" and "git restore config/pipeline.yml" in reason


def test_a_link_in_the_state_folder_is_not_followed(busy: Path, tmp_path: Path) -> None:
    assert asked(busy, "Write", file_path=str(busy / "README.md")) == "deny"
    table = busy / ".git/agenticops/limits.tbl"
    forged = table.read_text().replace("writable\tsrc/**", "writable\t**")
    (tmp_path / "forged").write_text(forged)
    table.unlink()
    table.symlink_to(tmp_path / "forged")
    assert asked(busy, "Write", file_path=str(busy / "README.md")) == "deny"
    assert (tmp_path / "forged").read_text() == forged


DEEP = b'{"tool_name": "Write", "tool_input": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}"
GARBAGE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", ""),
    "blank": (b" \n\t", ""),
    "NUL": (b"\0" * 100, ""),
    "no JSON": (b"{{{", ""),
    "no UTF-8": (b'{"a": "\xff\xfe"}', ""),
    "a list": (b"[1, 2]", ""),
    "a number": (b"7", ""),
    "another event": (b'{"hook_event_name": "Stop"}', ""),
    "cut off": (b'{"tool_name": "Write", "tool_input": {"file_path": "/x', "ask"),
    "cut off, reading": (b'{"tool_name" : "Read", "tool_input": {"file_path": "/x', ""),
    "deep": (DEEP, "ask"),
    "deep, reading": (DEEP.replace(b"Write", b"Grep"), ""),
    "a tool that is no text": (b'{"tool_name": [7], "tool_input": {}}', "ask"),
    "no tool": (b'{"tool_input": {"file_path": "/x"}}', "ask"),
    "an unknown tool": (b'{"tool_name": "Frobnicate", "tool_input": {}}', "deny"),
    "no input": (b'{"tool_name": "Write"}', "ask"),
    "input that is a list": (b'{"tool_name": "Write", "tool_input": [1]}', "ask"),
    "a path that is a list": (b'{"tool_name": "Edit", "tool_input": {"file_path": ["a"]}}', "ask"),
    "NUL in the path": (b'{"tool_name": "Edit", "tool_input": {"file_path": "a\\u0000b"}}', "ask"),
    "half a character": (b'{"tool_name": "Edit", "tool_input": {"file_path": "a\\ud800b"}}', "ask"),
    "control characters": (b'{"tool_name": "Edit", "tool_input": {"file_path": "a\\u001b[2J\\u202eb\\n"}}', "deny"),
    "raw control characters": (b'{"tool_name": "Edit", "tool_input": {"file_path": "a\x1b\nb"}}', "deny"),
    "a byte order mark": (b'\xef\xbb\xbf{"tool_name": "Edit", "tool_input": {"file_path": "a"}}', "deny"),
    "a folder that is none": (b'{"tool_name": "Edit", "cwd": "\\u0000", "tool_input": {"file_path": "a"}}', "deny"),
    "a very long number": (b'{"x": ' + b"9" * 9_000 + b', "tool_name": "WebSearch"}', "deny"),
    "ten megabytes": (
        b'{"tool_input": {"content": "' + b"x" * 10_000_000 + b'", "file_path": "a"}, "tool_name": "Write"}',
        "deny",
    ),
    "a folder of a megabyte": (
        b'{"tool_name": "Write", "tool_input": {"file_path": "a"}, "cwd": "' + b"a/" * 500_000 + b'"}',
        "deny",
    ),
    "a path of a megabyte": (b'{"tool_name": "Write", "tool_input": {"file_path": "' + b"a/" * 500_000 + b'"}}', "ask"),
}  # fmt: skip


@pytest.mark.parametrize("name", some(GARBAGE, 3))
def test_garbage_neither_breaks_the_agent_nor_waves_a_call_through(busy: Path, name: str) -> None:
    raw, wanted = GARBAGE[name]
    assert run(raw, busy)[0] == wanted
    assert run(raw, busy.parent)[0] in ("", "ask")


def test_a_closed_stdin_is_nothing_and_a_closed_stdout_refuses(busy: Path) -> None:
    shell = ["/bin/sh", "-c", '"$@" <&-', "sh", *CALL]
    assert subprocess.run(shell, cwd=busy, capture_output=True).returncode == 0
    shell = ["/bin/sh", "-c", '"$@" >&-', "sh", *CALL]
    done = subprocess.run(shell, cwd=busy, input=payload("Edit", busy, file_path="README.md"), capture_output=True)
    assert (done.returncode, done.stderr) == (2, b"")


def test_a_bug_of_ours_is_asked_and_lets_reading_pass(busy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(git: str) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(guard.limitstable, "read", broken)
    decision, reason = guard.answer(payload("Write", busy, file_path="x"))
    assert decision == "ask" and "ZeroDivisionError" in reason
    assert asked(busy, "Read", file_path="x") == ""


def test_a_long_reason_is_cut(busy: Path) -> None:
    said = guard.spoken(guard.answer(payload("Write", busy, file_path="b/" * 1_500 + "x")))
    assert len(said) < 2_000 and json.loads(said)["hookSpecificOutput"]["permissionDecision"] == "deny"


def test_many_agents_at_once_are_each_told_the_truth(busy: Path) -> None:
    """Half of them write where they may not, while the session that the table rests on changes all the time."""
    session = busy / "docs/session-context/ACTIVE_SESSION.md"
    text = session.read_text()

    def once(number: int) -> tuple[str, str]:
        if number % 8 == 0:
            fresh = session.with_name(f".{number}")
            fresh.write_text(f"{text}\nNote {number}\n")
            os.replace(fresh, session)
        path = "src/x.py" if number % 2 else "README.md"
        return path, run(payload("Write", busy, file_path=path), busy, SCRIPT)[0]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(once, range(48)))
    assert {(p, a) for p, a in answers} == {("src/x.py", ""), ("README.md", "deny")}
    assert not [p for p in (busy / ".git/agenticops").iterdir() if p.name.startswith("limits.tbl.")]
