"""The command line as its users have it: one process a call, `--json` to read, the exit code to know."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from sandbox import Sandbox

REFUSED = 3


class UnexpectedAnswer(Exception):
    """The command did not answer as the story says that it must."""


class Train:
    """Calls `agenticops` in the sandbox as one agent, or as the operator."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.command = _command()
        self.calls = 0
        self.refusals = 0

    def run(self, *words: str, agent: str = "", expect: int = 0) -> str:
        """Run a command and give its output. Raises UnexpectedAnswer for any other exit code than expected."""
        environment = {**self.sandbox.environment, "AGENTICOPS_AGENT": agent} if agent else self.sandbox.environment
        self.calls += 1
        done = subprocess.run(
            [self.command, *words],
            cwd=self.sandbox.path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode != expect:
            said = (done.stdout + done.stderr).strip()
            raise UnexpectedAnswer(f"agenticops {' '.join(words)}\nexit {done.returncode}, expected {expect}\n{said}")
        return done.stdout

    def read(self, *words: str, agent: str = "", expect: int = 0) -> Any:
        """Run a command with --json and give its data."""
        return json.loads(self.run(*words, "--json", agent=agent, expect=expect))["data"]

    def refused(self, *words: str, code: str, agent: str = "") -> list[dict[str, Any]]:
        """Run a command that the gate must refuse with a finding of this code; give the findings."""
        data = self.read(*words, agent=agent, expect=REFUSED)
        findings = list(data["verdict"]["findings"] if "verdict" in data else data["findings"])
        if code not in {finding["code"] for finding in findings}:
            raise UnexpectedAnswer(f"agenticops {' '.join(words)} was refused without {code}: {findings}")
        self.refusals += 1
        return findings


def _command() -> str:
    beside = Path(sys.executable).with_name("agenticops")
    found = str(beside) if beside.is_file() else shutil.which("agenticops")
    if not found:
        raise UnexpectedAnswer("agenticops is not installed here: pip install agenticops, or use the project's .venv")
    return found
