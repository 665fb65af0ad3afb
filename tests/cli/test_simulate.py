"""`advance --dry-run`, `pipeline diff` and `gate replay`, as people and programs read them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.stations import BUILD, SHAPE, Board, data, must, refused
from tests.support import cli, commit_all, run_cli, status, write


def weaker(repo: Path, old: str, new: str) -> None:
    file = repo / "config/pipeline.yml"
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))


def test_a_dry_run_shows_files_and_events(at: Board) -> None:
    repo = at("tiny-ready")
    out = run_cli(repo, "advance", "--dry-run", "--commit").stdout.splitlines()
    assert out[0] == "dry run: nothing is written, no command is run" and out[1].startswith("✓ gate holds")
    assert f"  ~ tickets/{SHAPE}/ticket.yml" in out and f"  + tickets/{BUILD}/checklist.md" in out
    assert any(row.split()[:2] == ["event", "ticket_done"] for row in out)
    assert out[-1] == f"  next  agenticops advance {SHAPE}" and status(repo) == ""
    found = data(repo, "advance", "--dry-run")
    assert found["outcome"]["state"] == "advanced" and found["files"][f"tickets/{BUILD}/ticket.yml"] == "create"


def test_a_dry_run_of_what_is_refused_exits_as_the_real_one(at: Board) -> None:
    repo = at("tiny-working")
    out = run_cli(repo, "advance", "--dry-run", check_code=3).stdout
    assert "VT201" in out and "gate_refused" in out and status(repo) == ""
    found, text, _ = cli(repo, "advance", "--dry-run", "--json")
    assert (found, json.loads(text)["kind"]) == (3, "advance-dry-run")


def test_pipeline_diff_in_words(at: Board) -> None:
    repo = at("tiny-build")
    assert must(repo, "pipeline", "diff").startswith("✓ the pipeline did not change")
    weaker(repo, "next: [shape, ship]", "next: [ship]")
    weaker(repo, "title: Tiny train", 'title: "[/red] ‮x"')
    out = run_cli(repo, "pipeline", "diff", "HEAD").stdout
    assert "  - edge      build → shape" in out and "VT812" in out and "\\u202e" in out
    assert out.endswith("  next  agenticops explain VT812\n")
    assert run_cli(repo, "pipeline", "diff", "--check", check_code=3).stdout
    commit_all(repo)
    found = data(repo, "pipeline", "diff", "HEAD~1..HEAD")
    assert (found["base"], found["head"], found["hurts"]) == ("HEAD~1", "HEAD", True)
    assert data(repo, "pipeline", "diff", "HEAD", "--check")["changes"] == []


def test_pipeline_diff_of_what_is_no_commit(at: Board) -> None:
    repo = at("tiny")
    assert "names no commit" in refused(repo, "pipeline", "diff", "nope")
    assert "two dots" in refused(repo, "pipeline", "diff", "HEAD...HEAD", code=2)
    weaker(repo, "schema: 1", "schema: 9")
    assert "schema 9 is not known" in refused(repo, "pipeline", "diff")


def test_gate_replay_is_a_table(at: Board, tmp_path: Path) -> None:
    repo = at("tiny-build")
    out = run_cli(repo, "gate", "replay", "--last", "50").stdout.splitlines()
    assert out[0].split() == ["ticket", "commit", "then", "now"]
    assert out[1].split()[0] == SHAPE and out[1].split()[2:] == ["passed", "holds"]
    assert out[2].startswith("1 ticket closed in ") and out[2].endswith(": 0 would not get through today")
    file = write(tmp_path, "gate.yml", "gates:\n  strict:\n    checks: [{check: size, max_bytes: 1}]\n")
    out = run_cli(repo, "gate", "replay", "--gate-file", str(file)).stdout.splitlines()
    assert "does not hold" in out[1] and out[-1].startswith("  next  agenticops explain VT")
    found = data(repo, "gate", "replay", "shape", "--gate-file", str(file))
    assert (found["closed"], found["held"], found["tickets"][0]["gate"]) == (1, 1, "strict")
    assert "no ticket was closed" in must(repo, "gate", "replay", "ship")


def test_gate_replay_of_what_is_not_there(at: Board) -> None:
    repo = at("tiny")
    assert "there is no phase or gate 'nope'" in refused(repo, "gate", "replay", "nope", code=2)
    assert "cannot be read" in refused(repo, "gate", "replay", "--gate-file", "nope.yml", code=2)
    refused(repo, "gate", "replay", "--last", "0", code=2)
