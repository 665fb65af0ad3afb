"""The judge over history: what a commit closes is judged again on its own files, by the gates of the base."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agenticops.flows import trust
from tests.stations import BUILD, ITEM, SHAPE, Board, codes, data, filled, must, work_through
from tests.support import commit_all, git, workspace, write

BRIEF = f"docs/{ITEM}/brief.md"
GATE = "\ngates:\n  default:\n    checks: [{}]\n"


def found(repo: Path, base: str, *options: str, code: int = 3) -> list[dict[str, Any]]:
    """Give the findings of the judge, those of other rules left out."""
    all_of = data(repo, "check", "--base", base, *options, code=code)["findings"]
    return [f for f in all_of if f["code"] in ("VT810", "VT811")]


def edit(repo: Path, path: str, old: str, new: str) -> None:
    file = repo / path
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def without_artifact(repo: Path) -> None:
    git(repo, "rm", "--quiet", "--cached", BRIEF)
    git(repo, "commit", "--quiet", "--amend", "--no-edit")


def other_artifact(repo: Path) -> None:
    write(repo, BRIEF, "# Brief\n\n## Goal\n\nSomething else.\n")
    git(repo, "commit", "--quiet", "--amend", "--no-edit", "--all")


def link_for_artifact(repo: Path) -> None:
    (repo / BRIEF).unlink()
    (repo / BRIEF).symlink_to("../../README.md")
    git(repo, "add", BRIEF)
    git(repo, "commit", "--quiet", "--amend", "--no-edit")


@pytest.mark.parametrize(
    ("forge", "words"),
    [(without_artifact, "VT201 missing"), (other_artifact, "VT211 changed"), (link_for_artifact, "symbolic link")],
)
def test_what_the_commit_does_not_hold_was_not_proven(at: Board, forge: Callable[[Path], None], words: str) -> None:
    repo = at("tiny-ready")
    base = git(repo, "rev-parse", "HEAD").strip()
    must(repo, "advance", "--commit")
    assert codes(repo, "check", "--base", base, "--head", "HEAD", "--replay") == []
    forge(repo)
    (finding,) = found(repo, base, "--head", "HEAD", "--replay")
    assert finding["code"] == "VT810" and words in finding["message"]
    assert finding["commit"] == git(repo, "rev-parse", "HEAD").strip()
    assert [f["code"] for f in found(repo, base, "--head", "HEAD")] == ["VT810"], "in one long step too"


def test_the_working_tree_and_the_index_are_judged_as_they_are(at: Board) -> None:
    repo = at("tiny-ready")
    must(repo, "advance")
    assert codes(repo, "check", "--base", "HEAD") == []
    git(repo, "add", "--all")
    assert codes(repo, "check", "--base", "HEAD", "--staged") == []
    (repo / BRIEF).unlink()
    assert [f["code"] for f in found(repo, "HEAD")] == ["VT810"]
    assert codes(repo, "check", "--base", "HEAD", "--staged") == [], "the index still holds it"
    git(repo, "rm", "--quiet", "--cached", BRIEF)
    assert [f["code"] for f in found(repo, "HEAD", "--staged")] == ["VT810"]


def test_the_gate_of_the_base_judges(at: Board) -> None:
    repo = at("tiny-working")
    filled(repo, "brief")
    must(repo, "artifact", "record", "--all")
    write(repo, "config/pipeline.yml", (repo / "config/pipeline.yml").read_text() + GATE.format("ticket, artifacts"))
    must(repo, "advance")
    commit_all(repo)
    shown = found(repo, "HEAD~1", "--head", "HEAD", "--replay")
    assert shown and all("VT101 required and not checked" in f["message"] for f in shown)


def test_a_contract_that_was_made_weaker_does_not_count(at: Board) -> None:
    repo = at("tiny-working")
    edit(repo, "config/pipeline.yml", "    headings: [Goal]\n", "")
    work_through(repo, SHAPE)
    write(repo, BRIEF, "# Brief\n\nNo goal at all, but words enough.\n")
    must(repo, "artifact", "record", "--all", "--ticket", SHAPE)
    must(repo, "advance")
    commit_all(repo)
    (finding,) = found(repo, "HEAD~1", "--head", "HEAD", "--replay")
    assert "Goal" in finding["message"]


def test_a_stricter_gate_counts_once_it_is_in_the_base(at: Board) -> None:
    repo = at("tiny-ready")
    stricter = (repo / "config/pipeline.yml").read_text() + GATE.format("checklist, {check: size, max_bytes: 1}")
    must(repo, "advance")
    write(repo, "config/pipeline.yml", stricter)
    commit_all(repo)
    assert found(repo, "HEAD~1", "--head", "HEAD", "--replay", code=0) == []
    git(repo, "reset", "--quiet", "--hard", "HEAD~1")
    write(repo, "config/pipeline.yml", stricter)
    commit_all(repo)
    edit(repo, "config/pipeline.yml", GATE.format("checklist, {check: size, max_bytes: 1}"), "")
    must(repo, "advance")
    commit_all(repo)
    assert {f["code"] for f in found(repo, "HEAD~1", "--head", "HEAD", "--replay")} == {"VT810"}


def test_a_phase_that_the_base_does_not_know_is_judged_by_this_change_and_shown(at: Board) -> None:
    repo = at("tiny-ready")
    new = "  trial:\n    mode: make\n    owner: maker\n    next: [ship]\n\n  ship:\n"
    edit(repo, "config/pipeline.yml", "  ship:\n", new)
    edit(repo, "config/pipeline.yml", "next: [build]", "next: [build, trial]")
    base = git(repo, "rev-parse", "HEAD").strip()
    must(repo, "advance", "--to", "trial")
    commit_all(repo)
    must(repo, "begin", "--agent", "maker")
    work_through(repo, f"trial_{ITEM}")
    must(repo, "advance")
    commit_all(repo)
    shown = found(repo, base, "--head", "HEAD", "--replay")
    assert [(f["code"], f["severity"]) for f in shown] == [("VT811", "info")] and "trial" in shown[0]["message"]


def test_an_override_is_let_through_and_covers_nothing_else(at: Board) -> None:
    repo = at("tiny-working")
    must(repo, "advance", "--override", "--reason", "the ward waits")
    commit_all(repo)
    assert "VT810" not in codes(repo, "check", "--base", "HEAD~1", "--head", "HEAD", "--replay")
    shard = max((repo / ".agenticops/events").rglob("*.jsonl"))
    rows = [json.loads(row) for row in shard.read_text().splitlines()]
    for row in rows:
        if row["kind"] == "ticket_done":
            row["data"]["digest"] = "0" * 64
    shard.write_text("".join(json.dumps(row) + "\n" for row in rows))
    git(repo, "commit", "--quiet", "--amend", "--no-edit", "--all")
    assert {"VT803", "VT810"} <= set(codes(repo, "check", "--base", "HEAD~1", "--head", "HEAD", "--replay"))


def test_later_visits_do_not_break_what_was_closed(at: Board) -> None:
    repo = at("tiny-build")
    base = git(repo, "rev-list", "--max-parents=0", "HEAD").strip()
    must(repo, "advance", "--to", "shape", "--commit")
    must(repo, "begin")
    work_through(repo, f"{SHAPE}-2", words="New measurements.")
    must(repo, "advance", "--commit")
    for options in (["--replay"], []):
        assert codes(repo, "check", "--base", base, "--head", "HEAD", *options) == []


def test_what_was_kept_by_a_later_visit_is_no_copy_of_it(at: Board) -> None:
    repo = at("tiny-build")
    base = git(repo, "rev-list", "--max-parents=0", "HEAD").strip()
    must(repo, "advance", "--to", "shape", "--commit")
    must(repo, "begin")
    must(repo, "artifact", "keep", "brief", "--reason", "it still holds", "--ticket", f"{SHAPE}-2")
    commit_all(repo)
    assert codes(repo, "check", "--base", base, "--head", "HEAD") == []


@pytest.mark.parametrize("how", ["--no-ff", "--squash"])
def test_a_review_on_a_phase_branch_holds_however_it_is_merged(at: Board, how: str) -> None:
    repo = at("tiny-opened")
    base = git(repo, "rev-parse", "HEAD").strip()
    git(repo, "switch", "--quiet", "-c", f"phase/{SHAPE}")
    must(repo, "begin")
    work_through(repo, SHAPE)
    commit_all(repo)
    must(repo, "advance", "--commit")
    git(repo, "switch", "--quiet", "main")
    write(repo, "notes.md", "main moved on\n")
    commit_all(repo)
    git(repo, "merge", "--quiet", how, *(["--no-edit"] if how == "--no-ff" else []), f"phase/{SHAPE}")
    commit_all(repo)
    must(repo, "advance", "--commit")
    for options in (["--replay"], []):
        assert codes(repo, "check", "--base", base, "--head", "HEAD", *options) == []


def test_a_review_that_was_taken_up_again_is_no_closing(at: Board) -> None:
    repo = at("tiny-opened")
    base = git(repo, "rev-parse", "HEAD").strip()
    git(repo, "switch", "--quiet", "-c", f"phase/{SHAPE}")
    must(repo, "begin")
    work_through(repo, SHAPE)
    must(repo, "advance")
    must(repo, "begin", SHAPE)
    must(repo, "checklist", "add", "One more", "--required", "--section", "Core activities")
    filled(repo, "brief", words="Other words.")
    commit_all(repo)
    assert codes(repo, "check", "--base", base, "--head", "HEAD", "--replay") == []


def test_a_merge_that_closes_is_judged_on_both_sides_together(at: Board) -> None:
    repo = at("tiny-ready")
    git(repo, "branch", "side")
    must(repo, "advance", "--commit")
    git(repo, "switch", "--quiet", "side")
    write(repo, "notes.md", "side\n")
    commit_all(repo)
    git(repo, "merge", "--quiet", "--no-ff", "--no-commit", "main")
    other = "# Brief\n\n## Goal\n\nSlipped in with the merge.\n"
    write(repo, BRIEF, other)
    commit_all(repo, "Merge main, with more")
    base = git(repo, "merge-base", "side", "main~1").strip()
    assert "VT810" not in codes(repo, "check", "--base", base, "--head", "side", "--replay"), "judged where it closed"
    assert found(repo, "side~1", "--head", "side", "--replay", code=0) == [], "it closed on main"
    assert BUILD in must(repo, "status")


GATES = """
gates:
  default:
    checks:
      - checklist
      - artifacts
      - check: command
        name: unit-tests
        command: [scripts/prove.sh]
        covers: [{}]
"""


@pytest.fixture
def proven(at: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Give a train whose gate wants a command that its owner trusts, with the work done and the gate not yet judged."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def make(covers: str) -> Path:
        repo = at("tiny-ready")
        write(repo, "scripts/prove.sh", "#!/bin/sh\ntest ! -e src/broken\n").chmod(0o755)
        write(repo, "src/app.py", "print(1)\n")
        write(repo, "config/pipeline.yml", (repo / "config/pipeline.yml").read_text() + GATES.format(covers))
        commit_all(repo, "A gate that wants proof")
        here = workspace(repo)
        trust.give(here, [t.executable for t in trust.listing(here)])
        return repo

    return make


@pytest.mark.parametrize("covers", ["src", ""])
def test_evidence_holds_in_the_commit_that_closes(proven: Callable[[str], Path], covers: str) -> None:
    repo = proven(covers)
    must(repo, "advance", "--commit")
    for options in (["--head", "HEAD", "--replay"], ["--head", "HEAD"], ["--replay"], []):
        assert codes(repo, "check", "--base", "HEAD~1", *options) == []
    write(repo, "src/app.py", "print(2)\n")
    git(repo, "commit", "--quiet", "--amend", "--no-edit", "--all")
    (finding,) = found(repo, "HEAD~1", "--head", "HEAD", "--replay")
    assert "VT406" in finding["message"]


def test_evidence_about_files_that_are_not_committed_is_none(proven: Callable[[str], Path]) -> None:
    repo = proven("src")
    write(repo, "src/more.py", "print(2)\n")
    must(repo, "advance", "--commit")
    assert {f["code"] for f in found(repo, "HEAD~1", "--head", "HEAD", "--replay")} == {"VT810"}
    assert codes(repo, "check", "--base", "HEAD~1") == [], "in the working tree the file is there"


def test_a_dry_run_names_the_commands_that_it_does_not_run(proven: Callable[[str], Path]) -> None:
    repo = proven("src")
    before = git(repo, "status", "--porcelain")
    shown = data(repo, "advance", "--dry-run", code=3)
    assert shown["runs"] == ["unit-tests"] and git(repo, "status", "--porcelain") == before
    must(repo, "gate", "run", "--verify")
    assert data(repo, "advance", "--dry-run")["runs"] == []
