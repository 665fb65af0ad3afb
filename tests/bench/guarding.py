"""Guarding: what a coding agent waits for before every tool call, with a fresh table and without one."""

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

from agenticops import guard
from agenticops.flows import session
from agenticops.workspace import Workspace

SCRIPT = os.path.join(os.path.dirname(sys.executable), "agenticops-guard")
WAYS = {
    "agenticops-guard": ([SCRIPT], 2.0),
    "python -I -S guard.py": ([sys.executable, "-I", "-S", guard.__file__], 1.6),
}


def figures(repo: Path, rounds: int) -> list[Figure]:
    """Measure calls that are refused and calls that are not, by both ways, in turns with the interpreter."""
    here = Workspace(str(repo))
    if not here.active_session():
        session.begin(here, ground.ticket(repo), "")
    calls = _calls(repo)
    commands: dict[str, list[str]] = {"base": [sys.executable, "-c", "pass"]}
    goals: dict[str, float | None] = {}
    stdin = {}
    for way, (command, goal) in WAYS.items():
        if not os.path.exists(command[-1]):
            continue  # said below
        for what, file in calls.items():
            name = f"{way}, {what}"
            commands[name], stdin[name], goals[name] = command, file, goal
    table = repo / ".git/agenticops/limits.tbl"
    cold = "python -I -S guard.py, refused, no table yet"
    commands[cold], stdin[cold], goals[cold] = WAYS["python -I -S guard.py"][0], calls["refused"], None
    samples = in_turns(commands, str(repo), os.environ, rounds, {cold: lambda: table.unlink(missing_ok=True)}, stdin)
    for name, runs in samples.items():
        if any(s.code for s in runs):
            sys.exit(f"{name} failed: nothing to measure")
    base = median(s.cpu for s in samples["base"])
    found = [
        relative(name, median(s.cpu for s in samples[name]), base, goal, "python -c pass")
        for name, goal in goals.items()
    ]
    if not os.path.exists(SCRIPT):
        found.append(Figure("agenticops-guard", "", "no such script: pip install -e . again", goal=2.0, unit="×"))
    return found


def _calls(repo: Path) -> dict[str, str]:
    """Write down what the client would send, and see that it is answered as it is called; gives the files."""
    fine = next(path for path in _open(repo) if "*" not in path)
    calls = {
        "refused": ("deny", "Write", {"file_path": str(repo / "config/pipeline.yml"), "content": "a" * 2000}),
        "let through": ("", "Edit", {"file_path": str(repo / fine), "old_string": "a" * 2000, "new_string": "b"}),
        "a command": ("", "Bash", {"command": "cd docs && git log --oneline | head -20 && ls -l 2>/dev/null"}),
    }
    found = {}
    for what, (decision, tool, arguments) in calls.items():
        call = {"session_id": "0f6c", "cwd": str(repo), "hook_event_name": "PreToolUse", "tool_name": tool}
        file = repo.parent / f"{repo.name}-{what.replace(' ', '-')}.json"
        file.write_text(json.dumps({**call, "tool_input": arguments}))
        with open(file, "rb") as stdin:
            done = subprocess.run(WAYS["python -I -S guard.py"][0], stdin=stdin, capture_output=True, check=True)
        said = json.loads(done.stdout)["hookSpecificOutput"]["permissionDecision"] if done.stdout else ""
        assert said == decision, f"{what}: {done.stdout!r}"
        found[what] = str(file)
    return found


def _open(repo: Path) -> list[str]:
    from agenticops.flows import limits

    return list(getattr(limits.table(str(repo), str(repo / ".git")).limits, "own", ()))
