"""What an agent does now, in words for a person who looks on."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenticops.core.drive import activity
from agenticops.core.drive.settings import Reads


def claude(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "assistant", "message": {"content": list(parts)}}


def tool(name: str, **given: Any) -> dict[str, Any]:
    return claude({"type": "tool_use", "name": name, "input": given})


def started(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": "item.started", "item": {"type": kind, **more}}


@pytest.mark.parametrize(
    ("reads", "row", "shown"),
    [
        ("claude", {"type": "system", "subtype": "init"}, "begins"),
        ("claude", {"type": "system", "subtype": "status"}, ""),
        ("claude", tool("Edit", file_path="/desk/src/x.py", old_string="a"), "edits src/x.py"),
        ("claude", tool("Bash", command="pytest -q", description="Run tests"), "runs pytest -q"),
        ("claude", tool("mcp__x__y", level=3), "uses mcp__x__y"),
        ("claude", tool("Grep", pattern="def x", path="src"), "searches for def x"),
        ("claude", claude({"type": "text", "text": "\nI look.\nThen more"}), "says: I look."),
        ("claude", {"type": "result"}, "ends"),
        ("codex", {"type": "thread.started"}, "begins"),
        ("codex", started("command_execution", command="bash -lc 'ls'"), "runs bash -lc 'ls'"),
        (
            "codex",
            {"type": "item.completed", "item": {"type": "file_change", "changes": [{"path": "a"}, {"path": "b"}]}},
            "edits a, b",
        ),
        ("codex", {"type": "item.completed", "item": {"type": "agent_message", "text": "Done."}}, "says: Done."),
        ("codex", {"type": "turn.completed"}, "ends"),
        (
            "gemini",
            {"type": "tool_use", "tool_name": "run_shell_command", "parameters": {"command": "make"}},
            "runs make",
        ),
        ("gemini", {"type": "message", "role": "assistant", "content": "Hello"}, "says: Hello"),
        ("gemini", {"type": "init"}, "begins"),
        ("plain", {"money": 1}, ""),
    ],
)
def test_a_line_of_an_agent_in_words(reads: Reads, row: dict[str, Any], shown: str) -> None:
    assert activity.of_line(reads, json.dumps(row), "/desk") == shown


def test_a_plain_line_is_its_own_words_without_secrets_and_signs() -> None:
    said = "token ghp_0123456789abcdefghijABCDEFGHIJ456789\x1b[2J"
    assert activity.of_line("plain", said) == "token [redacted]\\u001b[2J"
    long = activity.of_line("plain", "x" * 300)
    assert len(long) == activity.MOST and long.endswith("…")


@given(st.sampled_from(get_args(Reads)), st.text() | st.dictionaries(st.text(max_size=4), st.text()).map(json.dumps))
def test_whatever_is_printed_is_one_harmless_line(reads: Reads, line: str) -> None:
    shown = activity.of_line(reads, line)
    assert shown == "" or (shown.isprintable() and len(shown) <= activity.MOST)
