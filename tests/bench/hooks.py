"""Hooks: what a coding agent waits for at its session's start, with each prompt and after each tool call."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

import ground
from figures import Figure, relative
from timing import in_turns

from agenticops.flows import session
from agenticops.workspace import Workspace

SCRIPT = os.path.join(os.path.dirname(sys.executable), "agenticops")
GOALS = {"SessionStart": 8, "UserPromptSubmit": 5, "PostToolUse": 6}
# What fills the context when everything is told.
WORDS = ("Regions differ in their calendars", "The export of March has gaps", "Ask the second reader")


def figures(repo: Path, rounds: int) -> list[Figure]:
    """Measure each hook in turns with the interpreter, where an agent is at work and nothing new is to be noted."""
    known = _at_work(repo)
    stdin = {name: _call(repo, name, known) for name in GOALS}
    commands = {"base": [sys.executable, "-c", "pass"]}
    commands |= {name: [SCRIPT, "agents", "hook", name] for name in GOALS}
    samples = in_turns(commands, str(repo), os.environ, rounds, stdin=stdin)
    for name, runs in samples.items():
        if any(s.code for s in runs):
            sys.exit(f"{name} failed: nothing to measure")
    base = median(s.cpu for s in samples["base"])
    return [
        relative(f"hook {name}", median(s.cpu for s in samples[name]), base, goal, "python -c pass")
        for name, goal in GOALS.items()
    ]


def _at_work(repo: Path) -> str:
    """Have an active session that holds something, and give a file that is noted in it."""
    here = Workspace(str(repo))
    if not here.active_session():
        session.begin(here, ground.ticket(repo), "")
    for field in ("blockers", "next_steps", "decisions"):
        for words in WORDS:
            session.append(Workspace(str(repo)), field, words, "session_noted")
    (repo / "docs/known.md").write_text("Known.\n")
    call = _call(repo, "PostToolUse", "docs/known.md")
    with open(call, "rb") as stdin:
        subprocess.run([SCRIPT, "agents", "hook", "PostToolUse"], cwd=repo, stdin=stdin, check=True)
    _ = Workspace(str(repo)).index
    return "docs/known.md"


def _call(repo: Path, event: str, path: str) -> str:
    """Write down what the client would send; gives the file."""
    call = {
        "session_id": "0f6c",
        "cwd": str(repo),
        "hook_event_name": event,
        "source": "startup",
        "prompt": "Go on with the ticket",
        "tool_name": "Edit",
        "tool_input": {"file_path": str(repo / path), "old_string": "a" * 2000, "new_string": "b" * 2000},
        "tool_response": {"filePath": str(repo / path), "originalFile": "a" * 20_000},
    }
    file = repo.parent / f"{repo.name}-{event}.json"
    file.write_text(json.dumps(call))
    return str(file)
