"""Signatures: made with git's ssh key by the real ssh-keygen, and refused for each thing that is not as it was."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agenticops.errors import TrainError
from agenticops.ports import signature
from agenticops.ports.git import Git
from agenticops.ports.signature import sign, verify
from tests.keys import needs_ssh, new_key, public, signer, use_key
from tests.support import git, write

pytestmark = needs_ssh
ADA = "ada@example.org"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return new_key(tmp_path / "keys")


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A real ssh agent, which ends with the test."""
    socket = str(tmp_path / "agent.sock")
    with subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None and b"SSH_AUTH_SOCK" in running.stdout.readline()
        monkeypatch.setenv("SSH_AUTH_SOCK", socket)
        yield
        running.terminate()


@pytest.mark.parametrize("half", ["", ".pub"])
def test_a_signature_holds_for_its_bytes_and_its_signer(repo: Path, key: Path, half: str) -> None:
    use_key(repo, f"{key}{half}")
    signed = sign(Git.discover(str(repo)), b"content")
    assert signed.signer == ADA and signed.signature.startswith("-----BEGIN SSH SIGNATURE-----\n")
    assert verify(b"content", signed.signature, ADA, signer(ADA, key).encode()) == ""


def test_what_is_not_as_it_was_does_not_hold(repo: Path, key: Path, tmp_path: Path) -> None:
    use_key(repo, key)
    made = sign(Git.discover(str(repo)), b"content").signature
    other = new_key(tmp_path / "keys", "bob")
    allowed = signer(ADA, key).encode()
    assert "not one of this content" in verify(b"contents", made, ADA, allowed)
    assert "not one of this content" in verify(b"content", made.replace("\n", "\nA", 1), ADA, allowed)
    assert "not one of this content" in verify(b"content", "horse", ADA, allowed)
    assert "not one of this content" in verify(b"content", made, ADA, allowed, "other")
    assert "not among the allowed signers for bob@" in verify(b"content", made, "bob@example.org", allowed)
    assert "not among the allowed signers" in verify(b"content", made, ADA, signer(ADA, other).encode())
    assert "not among the allowed signers" in verify(b"content", made, ADA, b"\xff\0 broken")
    assert verify(b"content", made, ADA, b" \n") == "no signers are allowed"
    assert verify(b"content", "", ADA, allowed) == "there is no signature"
    for nobody in ("", " ada", "a\nb"):
        assert "names nobody" in verify(b"content", made, nobody, allowed)


def test_a_namespace_keeps_a_signed_commit_from_being_an_approval(repo: Path, key: Path) -> None:
    use_key(repo, key)
    made = sign(Git.discover(str(repo)), b"content", "git").signature
    assert "not one of this content" in verify(b"content", made, ADA, signer(ADA, key).encode())


@pytest.mark.parametrize("prefix", ["key::", ""])
def test_a_key_that_only_the_agent_holds(repo: Path, key: Path, agent: None, prefix: str) -> None:
    subprocess.run(["ssh-add", "-q", str(key)], check=True, capture_output=True)
    use_key(repo, f"{prefix}{public(key)}")
    line = signer(ADA, key).encode()
    key.unlink()
    assert verify(b"x", sign(Git.discover(str(repo)), b"x").signature, ADA, line) == ""


def test_without_a_key_the_hint_sets_one_up(repo: Path, key: Path) -> None:
    ground = Git.discover(str(repo))
    with pytest.raises(TrainError, match=r"gpg\.format is openpgp") as told:
        sign(ground, b"x")
    assert "git config gpg.format ssh" in told.value.hint
    git(repo, "config", "gpg.format", "ssh")
    with pytest.raises(TrainError, match="names no key"):
        sign(ground, b"x")
    git(repo, "config", "user.signingkey", str(key.with_name("gone")))
    with pytest.raises(TrainError, match="not there"):
        sign(ground, b"x")


def test_a_locked_key_is_an_error_and_no_question(repo: Path, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "pass-phrase", "-f", str(locked)], check=True)
    use_key(repo, locked)
    with pytest.raises(TrainError, match="did not sign") as told:
        sign(Git.discover(str(repo)), b"x")
    assert "ssh-add" in told.value.hint


def test_the_clone_does_not_choose_the_program(repo: Path, key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_key(repo, key)
    trap = write(repo, "bin/ssh-keygen", "#!/bin/sh\ntouch trapped\n")
    trap.chmod(0o755)
    git(repo, "config", "gpg.ssh.program", str(trap))
    monkeypatch.setenv("PATH", f"{trap.parent}:{os.environ['PATH']}")
    monkeypatch.chdir(repo)
    made = sign(Git.discover(str(repo)), b"x").signature
    assert verify(b"x", made, ADA, signer(ADA, key).encode(), root=str(repo)) == ""
    assert not (repo / "trapped").exists()


def test_a_program_that_hangs_is_ended(repo: Path, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_key(repo, key)
    slow = write(tmp_path, "slow/ssh-keygen", "#!/bin/sh\nexec sleep 30\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(signature, "SIGN_SECONDS", 0.2)
    monkeypatch.setattr(signature, "VERIFY_SECONDS", 0.2)
    with pytest.raises(TrainError, match="did not end within"):
        sign(Git.discover(str(repo)), b"x")
    assert "did not end within" in verify(b"hang", "signature", ADA, b"x")


def test_where_there_is_no_program_nothing_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert "no program 'ssh-keygen'" in verify(b"nothing here", "signature", ADA, b"x")
