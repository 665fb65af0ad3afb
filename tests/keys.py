"""Keys: real ssh keys for tests that sign, and who may sign with them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import git

needs_ssh = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")


def new_key(folder: Path, name: str = "ada") -> Path:
    """Make a key pair without a pass-phrase; give the private file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name.partition("@")[0]
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)], check=True)
    return path


def public(key: Path) -> str:
    """Give the public half, without its comment."""
    return " ".join(key.with_suffix(".pub").read_text().split()[:2])


def signer(identity: str, key: Path) -> str:
    """Give one line of an allowed signers file."""
    return f"{identity} {public(key)}\n"


def use_key(repo: Path, key: Path | str) -> None:
    """Let git sign with a key in one repository."""
    git(repo, "config", "gpg.format", "ssh")
    git(repo, "config", "user.signingkey", str(key))
