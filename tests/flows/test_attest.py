"""Attestations with real ssh keys: who may vouch, for what, and that nothing of it can be changed or carried away."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agenticops.core import gate
from agenticops.core.case import Case
from agenticops.flows import verify
from agenticops.model.event import Draft
from agenticops.model.layout import SIGNERS
from agenticops.ports import signature
from agenticops.workspace import Workspace
from tests.keys import needs_ssh, new_key, signer, use_key
from tests.stations import SHAPE, Board, events, must, refused
from tests.support import cli, commit_all, replace_file, workspace, write

pytestmark = needs_ssh
GATES = """
gates:
  default:
    checks:
      - check: command
        name: field-trial
        level: attested
        covers: [src]
"""
ATTEST = ("evidence", "attest", "field-trial", "--reason", "Ward 7 ran it for two weeks")


@pytest.fixture
def repo(at: Board, tmp_path: Path) -> Path:
    found = at("tiny-working")
    write(found, "src/app.py", "print(1)\n")
    path = found / "config/pipeline.yml"
    path.write_text(path.read_text() + GATES)
    key = new_key(tmp_path / "keys")
    use_key(found, key)
    write(found, SIGNERS, signer("ada@example.org", key))
    commit_all(found)
    return found


def codes(repo: Path) -> list[str]:
    """Judge as a step does: with what verifies signatures."""
    at = Workspace(str(repo))
    case = Case(at.train, at.train.ticket(SHAPE), now=at.now, verify=signature.verify)
    return [f.code for f in gate.judge(case).findings]


def test_a_signature_of_an_allowed_signer_holds_until_the_files_change(repo: Path) -> None:
    assert codes(repo) == ["VT405"]
    assert "✓ field-trial is attested" in must(repo, *ATTEST)
    assert codes(repo) == []
    (event,) = events(repo, "evidence_attested")
    said = json.loads(event["data"]["payload"])
    assert (said["ticket"], said["check"], said["signer"]) == (SHAPE, "field-trial", "ada@example.org")
    assert said["tree"] == event["data"]["tree"] and len(said["nonce"]) == 32
    shown = must(repo, "evidence", "show", event["id"])
    assert "Ward 7 ran it for two weeks" in shown and "signer   ada@example.org" in shown
    write(repo, "src/app.py", "print(2)\n")
    assert codes(repo) == ["VT406"]


def test_another_key_does_not_count(repo: Path, tmp_path: Path) -> None:
    use_key(repo, new_key(tmp_path / "keys", "eve"))
    must(repo, *ATTEST)
    assert codes(repo) == ["VT421", "VT408"]
    (repo / SIGNERS).unlink()
    assert codes(repo) == ["VT421", "VT408"]


def test_what_was_signed_cannot_be_changed(repo: Path) -> None:
    must(repo, *ATTEST)
    (shard,) = [p for p in (repo / ".agenticops/events").rglob("*.jsonl") if b"attested" in p.read_bytes()]
    whole = shard.read_text()
    replace_file(shard, whole.replace("Ward 7 ran it", "Nobody at all ran it"))
    assert codes(repo) == ["VT421", "VT408"], "event and payload alike, and the signature is of neither"
    replace_file(shard, whole)
    assert codes(repo) == []


def test_no_agent_vouches_and_nothing_without_a_reason(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "the reason is empty" in refused(repo, *ATTEST[:3], "--reason", " ", code=2)
    assert "has no command 'nope'" in refused(repo, "evidence", "attest", "nope", "--reason", "x", code=2)
    code, out, _ = cli(repo, "gate", "run")
    assert code == 3 and "VT422" in out and "there is nothing to run" in out
    monkeypatch.setenv("AGENTICOPS_AGENT", "planner")
    assert "an agent (planner) cannot attest" in refused(repo, *ATTEST)
    assert events(repo, "evidence_attested") == []


def test_ci_verifies_it_by_the_signers_of_the_base(repo: Path) -> None:
    base = commit_all(repo)
    must(repo, *ATTEST)
    at = workspace(repo)
    with at.transaction("gate") as tx:
        tx.append(Draft("gate_passed", f"ticket/{SHAPE}", SHAPE, "142", {"gate": "default", "digest": "x"}))
    commit_all(repo)
    assert verify.verify(workspace(repo), base).findings == ()
    write(
        repo,
        SIGNERS,
        "ada@example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOtherKeyOtherKeyOtherKeyOtherKeyOtherKeyOt\n",
    )
    later = commit_all(repo, "Other signers")
    assert verify.verify(workspace(repo), base).findings == (), "the base says whose key counts"
    assert verify.verify(workspace(repo), later).gates == ()
