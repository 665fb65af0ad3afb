"""The folder that the example plays in: a git repository of its own, replaced only if the example made it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

MARKER = "agenticops-example"
README = """# Diagnostics and cellar: a sample train

This repository was made by the example of agenticops.
Look around with `agenticops status`, `agenticops log` and `git log`.
"""
IGNORE = """# Extracts, samples and live records stay outside git; the documents keep their digests.
data/
"""


class SandboxError(Exception):
    """The folder cannot be used."""


class Sandbox:
    """A git repository at a path; its git knows neither the user's settings nor the user's hooks."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "AGENTICOPS_"))},
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "LC_ALL": "C.UTF-8",
        }

    def create(self) -> None:
        """Make the repository afresh. Raises SandboxError for a folder that is not the example's own."""
        if self.path.exists():
            self._remove()
        self.path.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch", "main")
        (self.path / ".git" / MARKER).write_text("made by the value-train example; it may be replaced\n", "utf-8")
        self.git("config", "user.name", "Robin Vale")
        self.git("config", "user.email", "robin@example.org")
        (self.path / "README.md").write_text(README, "utf-8")
        (self.path / ".gitignore").write_text(IGNORE, "utf-8")
        self.save("Begin")

    def _remove(self) -> None:
        empty = self.path.is_dir() and not any(self.path.iterdir())
        if not empty and not (self.path / ".git" / MARKER).is_file():
            raise SandboxError(
                f"{self.path} exists and was not made by this example; it is left alone. Name another folder."
            )
        shutil.rmtree(self.path)

    def git(self, *arguments: str) -> str:
        """Run git and give what it prints."""
        done = subprocess.run(
            ["git", *arguments], cwd=self.path, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SandboxError(f"git {' '.join(arguments)}: {(done.stderr or done.stdout).strip()}")
        return done.stdout.strip()

    def save(self, message: str) -> None:
        """Commit all that is there, if anything is."""
        self.git("add", "--all")
        if self.git("status", "--porcelain"):
            self.git("commit", "--quiet", "--message", message)
