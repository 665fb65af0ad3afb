"""`agents hook`: what a coding agent's hooks get, write and never break."""

from __future__ import annotations

import fcntl
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agenticops.cli import agenthook
from agenticops.core import documents, tokens
from agenticops.workspace import Workspace
from tests.stations import SHAPE, Board, data, events, must
from tests.support import CONSOLE_SCRIPT, cli, commit_all, git, new_repo, snapshot, status, write
from tests.tokenizer import counted

EVENTS = ("session-start", "prompt", "post-tool", "pre-compact", "stop", "subagent-stop", "session-end")
SESSION = "docs/session-context/ACTIVE_SESSION.md"
# It must not stand in a file as one word: our own check for secrets would find it.
SECRET = "ghp_" + "a1B2" * 9


def raw(repo: Path, event: str, content: bytes) -> tuple[Any, str]:
    """Call a hook in this process: what it answers (None: nothing), and what it says on the error stream."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        code, out, err = cli(repo, "agents", "hook", event)
    assert code == 0 and "Traceback" not in err
    assert not err or err.count("\n") == 1
    return (json.loads(out) if out else None), err


def hook(repo: Path, event: str, **payload: Any) -> Any:
    """Call a hook that has nothing to complain of, and give its answer."""
    found, err = raw(repo, event, json.dumps({"cwd": str(repo), "session_id": "abc", **payload}).encode())
    assert err == ""
    return found


def tool(repo: Path, name: str, answer: Any = None, **given: Any) -> Any:
    return hook(repo, "post-tool", tool_name=name, tool_input=given, tool_response=answer)


def context(answer: Any) -> str:
    assert set(answer) == {"hookSpecificOutput"}
    return str(answer["hookSpecificOutput"]["additionalContext"])


def touched(repo: Path) -> list[tuple[str, str]]:
    return [(e["data"]["verb"], e["data"]["path"]) for e in events(repo, "artifact_touched")]


def shown(repo: Path) -> Any:
    return data(repo, "session", "show")["session"]


def local(repo: Path) -> list[str]:
    found = Workspace(str(repo)).local.events()
    return [str(e.data.get("event") or e.kind) for e in found]


@pytest.fixture
def repo(at: Board) -> Path:
    """The tiny train with an active session."""
    return at("tiny-working")


def test_the_session_starts_with_train_session_and_next_command(repo: Path) -> None:
    answer = hook(repo, "SessionStart", source="startup")
    assert answer["hookSpecificOutput"]["hookEventName"] == "SessionStart"
    words = context(answer)
    for told in (
        "# Tiny train · main",
        "agenticops mode show",
        f"planner works {SHAPE} in mode plan",
        "Run: agenticops",
    ):
        assert told in words
    assert status(repo) == ""


def test_each_of_the_clients_names_is_known(repo: Path) -> None:
    assert set(agenthook.NAMES.values()) == set(EVENTS)
    for theirs, ours in agenthook.NAMES.items():
        assert hook(repo, theirs) == hook(repo, ours)


def test_a_prompt_gets_one_short_line_and_is_not_repeated(repo: Path) -> None:
    words = context(hook(repo, "prompt", prompt="Do it \x1b[31m now\u202e"))
    assert words == f"Train: {SHAPE} in mode plan, as planner. Next: {data(repo, 'next')['command']}"
    assert tokens.estimate(words) <= tokens.BUDGET["prompt line"]


@pytest.mark.parametrize("name", ["A1b" * 999, "病棟の係" * 99, "\x1b[31m\n\u202e" * 9, "👩🚑🏥" * 60])
def test_the_line_stays_short_whatever_the_session_says(repo: Path, name: str) -> None:
    file = repo / SESSION
    file.write_text(documents.edit_front(file.read_text(), {"agent": name, "mode": name}, SESSION))
    words = context(hook(repo, "prompt"))
    assert words.startswith("Train: ") and "agenticops " in words
    assert words.isprintable() and counted(words) <= tokens.BUDGET["prompt line"]


def test_a_session_without_a_ticket_is_no_error(repo: Path) -> None:
    file = repo / SESSION
    file.write_text(documents.edit_front(file.read_text(), {"ticket": ""}, SESSION))
    assert "no ticket in mode plan" in context(hook(repo, "prompt"))
    assert hook(repo, "stop") is None
    write(repo, "docs/new.md", "new")
    tool(repo, "Write", file_path="docs/new.md")
    assert touched(repo) == [("created", "docs/new.md")]


def test_a_file_is_noted_once_with_what_git_knows_of_it(repo: Path) -> None:
    write(repo, "docs/new.md", "new")
    for name in (str(repo / "docs/new.md"), "docs/new.md", str(repo / "docs/../docs/new.md")):
        tool(repo, "Write", file_path=name)
    tool(repo, "Edit", file_path=str(repo / "config/pipeline.yml"))
    write(repo, "book.ipynb", "{}")
    tool(repo, "NotebookEdit", notebook_path=str(repo / "book.ipynb"))
    assert touched(repo) == [("created", "docs/new.md"), ("modified", "config/pipeline.yml"), ("created", "book.ipynb")]
    event = events(repo, "artifact_touched")[0]
    assert event["actor"]["agent"] == "planner" and event["ticket"] == SHAPE and event["data"]["tool"] == "Write"
    assert event["data"]["assistant"] == "Claude Code"


def test_after_a_save_what_is_known_is_not_noted_again(repo: Path) -> None:
    write(repo, "docs/new.md", "new")
    tool(repo, "Write", file_path="docs/new.md")
    hook(repo, "pre-compact", trigger="auto")
    assert "docs/new.md" in (repo / SESSION).read_text()
    before = snapshot(repo)
    tool(repo, "Write", file_path="docs/new.md")
    hook(repo, "pre-compact")
    assert snapshot(repo) == before and len(events(repo, "session_saved")) == 1


def test_a_sweeping_change_does_not_fill_the_session(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from agenticops.flows import agenthooks

    monkeypatch.setattr(agenthooks, "ROOM", 25)
    for name in ("docs/one.md", "docs/two.md", "docs/three.md"):
        write(repo, name, "x")
        tool(repo, "Write", file_path=name)
    assert [path for _, path in touched(repo)] == ["docs/one.md", "docs/two.md"]


def test_files_elsewhere_are_not_noted(repo: Path, tmp_path: Path) -> None:
    new_repo(repo / "inner")
    write(repo, "inner/a.txt", "a")
    write(repo, ".gitignore", "*.agenticops~\n*.log\n")
    write(repo, "out.log", "a")
    os.symlink(tmp_path, repo / "out")
    git(repo, "worktree", "add", "--quiet", "-b", "side", str(repo / "trees/side"))
    before = snapshot(repo)
    elsewhere = (
        "/etc/passwd",
        "../x",
        "inner/a.txt",
        "out.log",
        "out/x",
        "trees/side/a",
        ".git/config",
        "",
        "a\0b",
        ".",
    )
    for name in (*elsewhere, ".agenticops/events/x.jsonl", "\ud800"):
        tool(repo, "Write", file_path=name)
    tool(repo, "Write", file_path=5)
    tool(repo, "Bash", command="touch x")
    assert snapshot(repo) == before


def test_a_name_with_control_characters_is_noted_and_saved(repo: Path) -> None:
    name = "docs/a\x1b[31m\nb\u202e é.md"
    write(repo, name, "x")
    tool(repo, "Write", file_path=name)
    hook(repo, "stop")
    assert shown(repo)["artifacts"]["created"] == [name]


def test_a_to_do_list_is_mirrored_when_it_differs(repo: Path) -> None:
    must(repo, "session", "todo", "add", "Mine")
    todos = [{"content": "Read", "status": "in_progress", "activeForm": "Reading"}, {"content": "Write", "status": "x"}]
    for _ in range(3):
        tool(repo, "TodoWrite", todos=todos)
    assert len(events(repo, "todos_noted")) == 1
    assert "to-do (in_progress): Read" in context(hook(repo, "session-start"))
    hook(repo, "stop")
    found = shown(repo)["todos"]
    assert [(t["content"], t["status"]) for t in found] == [
        ("Mine", "pending"),
        ("Read", "in_progress"),
        ("Write", "pending"),
    ]
    tool(repo, "TodoWrite", todos=todos)
    tool(repo, "TodoWrite", todos="none")
    tool(repo, "TodoWrite", todos=todos[:1])
    assert len(events(repo, "todos_noted")) == 2
    tool(repo, "TodoWrite", todos=[])
    hook(repo, "session-end", reason="other")
    assert [t["content"] for t in shown(repo)["todos"]] == ["Mine"]


def test_a_list_that_looks_nested_can_be_saved(repo: Path) -> None:
    tool(repo, "TodoWrite", todos=[{"content": "[{" * 40, "status": "pending"}] * 20)
    hook(repo, "stop")
    assert len(shown(repo)["todos"]) == 20


def test_tasks_are_mirrored_one_by_one(repo: Path) -> None:
    for number, words in enumerate(("Read", "Write", "Count"), 1):
        tool(repo, "TaskCreate", {"task": {"id": str(number), "subject": words}}, subject=words, description="…")
    tool(repo, "TaskUpdate", {"success": True}, taskId="2", status="completed")
    tool(repo, "TaskUpdate", {"success": True}, taskId="3", status="deleted")
    tool(repo, "TaskUpdate", {"success": True}, taskId="9", status="completed")
    assert len(events(repo, "todos_noted")) == 5
    hook(repo, "stop")
    found = shown(repo)["todos"]
    assert [(t["id"], t["content"], t["status"]) for t in found] == [
        ("m1", "Read", "pending"),
        ("m2", "Write", "completed"),
    ]


def test_the_list_of_a_helper_is_its_own(repo: Path) -> None:
    todos = [{"content": "Search", "status": "pending"}]
    hook(repo, "post-tool", tool_name="TodoWrite", tool_input={"todos": todos}, agent_id="a1", agent_type="Explore")
    assert status(repo) == ""


def test_a_secret_is_not_noted_and_the_agent_goes_on(repo: Path) -> None:
    call = {"tool_name": "TodoWrite", "tool_input": {"todos": [{"content": f"use {SECRET}", "status": "pending"}]}}
    answer, err = raw(repo, "post-tool", json.dumps(call).encode())
    assert answer is None and "GitHub token" in err and SECRET not in err
    assert status(repo) == ""


def test_the_end_of_a_turn_names_open_bullets_and_next_command(repo: Path) -> None:
    words = hook(repo, "stop", stop_hook_active=False)["systemMessage"]
    assert words.startswith(f"{SHAPE}: ") and "required bullets open" in words and "- Ask the nurses" in words
    assert words.endswith(f"Next: {data(repo, 'next')['command']}")


def test_a_driver_can_have_the_agent_go_on_once(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTICOPS_STOP", "block")
    answer = hook(repo, "stop", stop_hook_active=False)
    assert answer["decision"] == "block" and "- Ask the nurses" in answer["reason"]
    assert "decision" not in hook(repo, "stop", stop_hook_active=True)


def test_a_ticket_that_is_ready_does_not_hold_the_agent(at: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTICOPS_STOP", "block")
    answer = hook(at("tiny-ready"), "stop")
    assert answer == {"systemMessage": f"{SHAPE}: no required bullet is open. Next: agenticops advance {SHAPE}"}


def test_a_clones_own_log_says_who_was_there(repo: Path) -> None:
    for _ in range(4):
        hook(repo, "prompt")
    hook(repo, "subagent-stop", agent_id="a1", agent_type="Explore")
    hook(repo, "session-end", reason="logout")
    assert local(repo) == ["heartbeat", "subagent-stop", "session-end"]
    assert status(repo) == ""


def test_without_an_open_session_nothing_is_written(at: Board) -> None:
    repo = at("tiny-opened")
    write(repo, "docs/new.md", "new")
    before = snapshot(repo)
    calls = {"tool_name": "Write", "tool_input": {"file_path": "docs/new.md"}}
    assert [hook(repo, e, **calls) for e in EVENTS[1:]] == [None] * 6
    assert "No session is open" in context(hook(repo, "session-start"))
    assert snapshot(repo) == before and local(repo) == []


def test_a_paused_session_is_shown_and_not_worked(repo: Path) -> None:
    must(repo, "session", "pause")
    assert hook(repo, "prompt") is None and hook(repo, "stop") is None
    assert "(paused)" in context(hook(repo, "session-start"))


GARBAGE = {
    "empty": b"",
    "no JSON": b"no",
    "NUL": b"\0" * 1000,
    "list": b"[]",
    "deep": b'{"a":' + b"[" * 100_000,
    "bytes": b'{"cwd": "\xff", "tool_name": "Write", "tool_input": {"file_path": "\xfe"}}',
    "surrogate": b'{"cwd": "\\ud800", "tool_name": "Write", "tool_input": {"file_path": "\\udfff\\u0000"}}',
    "types": b'{"cwd": [], "session_id": {}, "tool_name": 1, "tool_input": "x", "tool_response": [], "source": 1}',
    "todos": b'{"tool_name": "TodoWrite", "tool_input": {"todos": [1, {}, {"content": 2}, {"content": null}]}}',
    "tasks": b'{"tool_name": "TaskCreate", "tool_input": {"subject": "x"}, "tool_response": {"task": {"id": 3}}}',
    "folder": b'{"cwd": "/nowhere/at/all", "tool_name": "Write", "tool_input": {"file_path": "a/../../b"}}',
    "long": b'{"tool_name": "Write", "tool_input": {"file_path": "' + b"a/" * 5000 + b'"}}',
}


@pytest.mark.parametrize("what", GARBAGE)
def test_garbage_never_breaks_the_agent(repo: Path, what: str) -> None:
    before = snapshot(repo)
    for event in EVENTS:
        raw(repo, event, GARBAGE[what])
    assert snapshot(repo) == before


def test_a_call_of_many_megabytes_is_read_to_its_end(repo: Path) -> None:
    write(repo, "docs/big.md", "big")
    tool(repo, "Write", file_path="docs/big.md", content="x" * 10_000_000)
    assert touched(repo) == [("created", "docs/big.md")]


def test_what_is_too_long_is_no_call(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agenthook, "LIMIT", 100)
    answer, err = raw(repo, "prompt", b'{"prompt": "' + b"x" * 2_000_000 + b'"}')
    assert answer is None and "no JSON object" in err


def test_an_unknown_hook_is_named_and_harmless(repo: Path) -> None:
    for name in ("PreToolUse", "nonsense", "\x1b[31m"):
        answer, err = raw(repo, name, b"{}")
        assert answer is None and "no hook is called" in err and "\x1b" not in err


def test_outside_a_train_there_is_silence_and_no_trace(tmp_path: Path) -> None:
    plain, bare = new_repo(tmp_path / "plain"), new_repo(tmp_path / "bare.git", "--bare")
    folder = tmp_path / "folder"
    folder.mkdir()
    gone = tmp_path / "gone"
    write(gone, ".git", "gitdir: /nowhere/at/all\n")
    for place in (plain, bare, folder, gone):
        before = sorted(place.rglob("*"))
        assert [hook(place, e, tool_name="Write", tool_input={"file_path": "x"}) for e in EVENTS] == [None] * 7
        assert sorted(place.rglob("*")) == before


def test_from_elsewhere_the_project_counts(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDE_PROJECT_DIR", str(repo))
    answer, _ = raw(tmp_path, "prompt", json.dumps({"cwd": str(tmp_path)}).encode())
    assert SHAPE in context(answer)


BROKEN = {
    "pipeline": ("config/pipeline.yml", "phases: [\n"),
    "session": (SESSION, "---\nstatus: [\n---\n"),
    "ticket": (f"tickets/{SHAPE}/ticket.yml", "id: {\n"),
    "log": (".agenticops/events/2026/01/01aaaaaaaaaaaaaaaaaaaaaaaa.jsonl", "no event\n"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_train_says_what_is_broken_and_where(repo: Path, what: str) -> None:
    path, text = BROKEN[what]
    write(repo, path, text)
    before = snapshot(repo)
    words = context(hook(repo, "session-start"))
    assert path in words
    if what == "pipeline":
        assert words.count("\n") == 2 and words.startswith("The train in this repository is broken")
    for event in EVENTS[1:]:
        raw(repo, event, b'{"tool_name": "Write", "tool_input": {"file_path": "a.txt"}}')
    assert snapshot(repo) == before


def test_a_broken_session_of_a_branch_is_named(repo: Path) -> None:
    git(repo, "switch", "--quiet", "-c", f"phase/{SHAPE}")
    must(repo, "begin", SHAPE, "--agent", "planner")
    path = f"tickets/{SHAPE}/ACTIVE_SESSION.md"
    assert path in context(hook(repo, "session-start"))
    write(repo, path, "---\nstatus: [\n---\n")
    words = context(hook(repo, "session-start"))
    assert words.count("\n") == 2 and path in words and "First:" in words


@pytest.mark.parametrize("branch", ["other", ""])
def test_on_other_branches_no_session_is_invented(repo: Path, branch: str) -> None:
    git(repo, "switch", "--quiet", *(["-c", branch] if branch else ["--detach"]))
    assert hook(repo, "prompt") is None
    assert "No session is open" in context(hook(repo, "session-start"))


def test_on_another_branch_the_session_of_its_ticket_counts(at: Board) -> None:
    repo = at("tiny-opened")
    git(repo, "switch", "--quiet", "-c", "other")
    must(repo, "begin", SHAPE, "--agent", "planner")
    assert f"Train: {SHAPE} in mode plan" in context(hook(repo, "prompt"))
    write(repo, "docs/new.md", "new")
    tool(repo, "Write", file_path="docs/new.md")
    hook(repo, "stop")
    assert [e["actor"]["agent"] for e in events(repo, "artifact_touched")] == ["planner"]
    assert "docs/new.md" in (repo / f"tickets/{SHAPE}/ACTIVE_SESSION.md").read_text()


def test_a_linked_worktree_has_a_session_of_its_own(at: Board, tmp_path: Path) -> None:
    repo, tree = at("tiny-opened"), tmp_path / "tree"
    git(repo, "worktree", "add", "--quiet", "-b", f"phase/{SHAPE}", str(tree))
    must(tree, "begin", SHAPE, "--agent", "planner")
    write(tree, "docs/new.md", "new")
    tool(tree, "Write", file_path=str(tree / "docs/new.md"))
    hook(tree, "stop")
    assert "docs/new.md" in (tree / f"tickets/{SHAPE}/ACTIVE_SESSION.md").read_text()
    assert status(repo) == ""


def test_another_writer_is_waited_for_and_then_left_alone(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTICOPS_LOCK_WAIT", "0.05")
    write(repo, "docs/new.md", "new")
    call = json.dumps({"tool_name": "Write", "tool_input": {"file_path": "docs/new.md"}}).encode()
    with open(repo / ".git/agenticops/lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        answer, err = raw(repo, "post-tool", call)
        assert answer is None and "is writing" in err
    assert raw(repo, "post-tool", call) == (None, "")
    with open(repo / ".git/agenticops/lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        answer, err = raw(repo, "stop", b"{}")
        assert "required bullets open" in answer["systemMessage"] and "is writing" in err
    assert touched(repo) == [("created", "docs/new.md")]


def test_a_bug_of_ours_is_one_line(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from agenticops.flows import prime

    def fail(*_: object) -> None:
        raise LookupError("first\nsecond")

    monkeypatch.setattr(prime, "fit", fail)
    answer, err = raw(repo, "session-start", b"{}")
    assert answer is None and "LookupError" in err


def test_eight_agents_at_once_lose_nothing(repo: Path) -> None:
    names = [f"docs/{n}.md" for n in range(8)]
    for name in names:
        write(repo, name, name)
    calls = [{"tool_name": "Write", "tool_input": {"file_path": n}, "cwd": str(repo)} for n in names]
    calls += [{"tool_name": "Write", "tool_input": {"file_path": "docs/0.md"}, "cwd": str(repo)}] * 2
    running = [start(repo, "post-tool", call) for call in calls] + [start(repo, "stop", {}), start(repo, "prompt", {})]
    for process in running:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, b"")
        assert not out or json.loads(out)
    assert sorted(touched(repo)) == [("created", n) for n in names]
    hook(repo, "stop")
    assert sorted(shown(repo)["artifacts"]["created"]) == names
    assert local(repo) == ["heartbeat"]


def start(repo: Path, event: str, payload: dict[str, Any], **options: Any) -> subprocess.Popen[bytes]:
    """Start a hook as a client does."""
    process = subprocess.Popen(
        [CONSOLE_SCRIPT, "agents", "hook", event],
        cwd=repo,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )
    assert process.stdin
    process.stdin.write(json.dumps(payload).encode())
    process.stdin.close()
    process.stdin = None
    return process


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", "| true"])
def test_closed_streams_are_no_error(repo: Path, closed: str) -> None:
    command = f"'{CONSOLE_SCRIPT}' agents hook session-start {closed}"
    done = subprocess.run(["sh", "-c", command], cwd=repo, input=b"{}", capture_output=True, check=False)
    assert done.returncode == 0 and b"Traceback" not in done.stderr + done.stdout
    assert not done.stdout or json.loads(done.stdout)


@pytest.mark.parametrize("branch", ["main", f"phase/{SHAPE}"])
def test_hooks_load_nothing_heavy(at: Board, branch: str) -> None:
    repo = at("tiny-opened")
    git(repo, "switch", "--quiet", *(["-c", branch] if branch != "main" else [branch]))
    must(repo, "begin", SHAPE, "--agent", "planner")
    look = (
        "import sys; before = set(sys.modules); from agenticops.cli.entry import main; main(sys.argv[1:]);"
        "print(*sorted(set(sys.modules) - before), file=sys.stderr)"
    )
    hook(repo, "prompt")  # the heartbeat is noted, and the session parsed
    for event in ("session-start", "prompt", "post-tool"):
        call = {"tool_name": "Edit", "tool_input": {"file_path": "/etc/hosts"}}
        done = subprocess.run(
            [sys.executable, "-c", look, "agents", "hook", event],
            cwd=repo,
            input=json.dumps(call),
            capture_output=True,
            text=True,
            check=True,
        )
        assert {"typer", "yaml", "msgspec", "jsonschema", "rich", "subprocess"}.isdisjoint(done.stderr.split())


def test_what_was_committed_stays_committed(repo: Path) -> None:
    commit_all(repo)
    for event in EVENTS:
        hook(repo, event)
    assert status(repo) == ""
