"""The MCP Inspector's CLI, from npm, as one more client: set TRAIN_INSPECTOR to its program."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import pytest

from tests.served import needs_sdk
from tests.stations import SHAPE, Board
from tests.support import CONSOLE_SCRIPT

needs_sdk()

INSPECTOR = os.environ.get("TRAIN_INSPECTOR", "")
pytestmark = pytest.mark.skipif(
    not INSPECTOR, reason="TRAIN_INSPECTOR does not name it: npm install @modelcontextprotocol/inspector"
)


def test_the_inspector_lists_calls_and_reads(at: Board) -> None:
    repo = at("tiny-working")

    def inspect(*arguments: str) -> Any:
        command = [INSPECTOR, "--cli", CONSOLE_SCRIPT, "mcp", *arguments]
        done = subprocess.run(command, cwd=repo, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    assert len(inspect("--method", "tools/list")["tools"]) == 8
    called = ("--method", "tools/call", "--tool-name")
    note = inspect(*called, "session_note", "--tool-arg", "kind=note", "--tool-arg", "text=by the inspector")
    assert note["structuredContent"]["session"]["notes"] == ["by the inspector"]
    refused = inspect(*called, "check", "--tool-arg", f"ticket={SHAPE}")
    assert refused["structuredContent"]["holds"] is False
    assert len(inspect("--method", "resources/list")["resources"]) == 3
    assert len(inspect("--method", "resources/templates/list")["resourceTemplates"]) == 2
    read = inspect("--method", "resources/read", "--uri", f"train://ticket/{SHAPE}")
    assert json.loads(read["contents"][0]["text"])["id"] == SHAPE
    assert [p["name"] for p in inspect("--method", "prompts/list")["prompts"]] == ["plan", "make"]
    prompt = inspect("--method", "prompts/get", "--prompt-name", "make")
    assert "mode make" in prompt["messages"][0]["content"]["text"]
