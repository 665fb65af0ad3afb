"""Reviews: a tiny train whose gate wants a signed approval, people with real keys, and a log that can be forged."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agenticops.core import gate
from agenticops.flows import approval, case
from agenticops.model.finding import Finding
from agenticops.model.ids import ulid
from tests.keys import signer, use_key
from tests.stations import SHAPE
from tests.support import NOW, TINY, commit_all, git, replace_file, workspace, write

ADA, GRACE, BOB, MALLORY = (f"{name}@example.org" for name in ("ada", "grace", "bob", "mallory"))
NAMES = {ADA: "Ada Lovelace", GRACE: "Grace Hopper", BOB: "Bob Moog", MALLORY: "Mallory"}
PEOPLE = """
roles:
  # who reviews
  reviewer:
    may: [approve]
    members: [grace@example.org, bob@example.org, "agent:maker"]
  keeper:
    may: [override, assign, configure]
    members: ["Ada Lovelace <ada@example.org>"]
"""
DAY = 86_400_000
Change = Callable[[dict[str, Any]], Any]


def pipeline(call: str = "{check: approval, role: reviewer}", people: str = PEOPLE) -> str:
    """Give the tiny pipeline with a gate that wants nothing but an approval."""
    text = TINY.replace("  shape:\n    mode: plan\n", "  shape:\n    gate: review\n    mode: plan\n", 1)
    return f"{text}\ngates:\n  review:\n    type: technical_review\n    checks: [{call}]\n{people}"


def prepare(repo: Path, keys: dict[str, Path], call: str = "{check: approval, role: reviewer}") -> Path:
    """Commit a pipeline whose gate wants an approval, and who may sign."""
    write(repo, "config/pipeline.yml", pipeline(call))
    write(repo, "config/allowed_signers", "".join(signer(who, key) for who, key in keys.items()))
    commit_all(repo, "Ask for reviews")
    return repo


def become(repo: Path, who: str, keys: dict[str, Path] | None = None) -> None:
    """Let somebody else be at work in a clone, with their key when they have one."""
    git(repo, "config", "user.name", NAMES[who])
    git(repo, "config", "user.email", who)
    if keys:
        use_key(repo, keys[who])


def decide(repo: Path, decision: str = "approved", at: int = NOW, score: float = 8, **more: Any) -> approval.Decided:
    """Decide the review of the first ticket as whoever is at work."""
    call = approval.Call(decision, score, more.pop("reason", "I looked at it"), **more)  # type: ignore[arg-type]
    return approval.decide(workspace(repo, at), SHAPE, call)


def judged(repo: Path, at: int = NOW + 1000) -> list[Finding]:
    """Judge the gate of the first ticket as it is now, by the roles and signers of HEAD."""
    ground = workspace(repo, at)
    return list(gate.judge(case.of_ticket(ground, ground.train.ticket(SHAPE))).findings)


def codes(repo: Path, at: int = NOW + 1000) -> list[str]:
    """Give the codes of the judging."""
    return [f.code for f in judged(repo, at)]


def lines(repo: Path, kind: str) -> list[tuple[Path, int, dict[str, Any]]]:
    """Find the events of a kind in the working tree's log: shard, line, event."""
    found = []
    for shard in sorted((repo / ".agenticops/events").rglob("*.jsonl")):
        for number, row in enumerate(shard.read_text().splitlines()):
            event = json.loads(row)
            if event["kind"] == kind:
                found.append((shard, number, event))
    return found


def forge(repo: Path, kind: str, change: Change) -> None:
    """Edit the last event of a kind by hand, as somebody with an editor would."""
    shard, number, event = lines(repo, kind)[-1]
    change(event)
    rows = shard.read_text().splitlines()
    rows[number] = json.dumps(event, separators=(",", ":"))
    replace_file(shard, "\n".join(rows) + "\n")


def append(repo: Path, kind: str, change: Change) -> None:
    """Write a copy of the last event of a kind behind it, with a new id and what is changed."""
    shard, _, event = lines(repo, kind)[-1]
    last = max(e["lamport"] for _, _, e in lines(repo, kind))
    event["id"], event["lamport"] = ulid(NOW, os.urandom(10)), last + 50
    change(event)
    replace_file(shard, shard.read_text() + json.dumps(event, separators=(",", ":")) + "\n")


def restate(event: dict[str, Any], **fields: Any) -> None:
    """Change what an event states, in its fields and in what was signed alike."""
    data = event["data"]
    stated = {**json.loads(data["payload"]), **fields}
    data |= fields
    data["payload"] = json.dumps(stated, sort_keys=True, separators=(",", ":"))
