"""`check --base … --replay`: every commit since the base, merges included, each finding with its commit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.stations import BUILD, ITEM, SHAPE, Board, codes, data, must, refused
from tests.support import cli, commit_all, git, run_cli, write


@pytest.fixture
def board(at: Board) -> Path:
    """The tiny train with one item: its first ticket is done, the second is worked, all committed."""
    repo = at("tiny-build")
    commit_all(repo)
    return repo


def base(repo: Path) -> str:
    return git(repo, "rev-list", "--max-parents=0", "HEAD").strip()


def untick(repo: Path, ticket: str) -> None:
    file = repo / "tickets" / ticket / "checklist.md"
    file.write_text(file.read_text().replace("[x]", "[ ]", 1))


def test_an_honest_history_holds_and_is_counted(board: Path) -> None:
    found = data(board, "check", "--base", base(board), "--head", "HEAD", "--replay")
    assert (found["holds"], found["findings"]) == (True, [])
    assert found["commits"] == int(git(board, "rev-list", "--count", f"{base(board)}..HEAD"))
    assert "commits replayed" in must(board, "check", "--base", base(board), "--replay")
    assert codes(board, "check", "--base", base(board)) == []


def test_what_was_mended_later_is_refused_with_its_commit(board: Path) -> None:
    untick(board, BUILD)
    culprit = commit_all(board)
    git(board, "checkout", "HEAD~1", "--", "tickets")
    commit_all(board)
    done = run_cli(board, "check", "--base", "HEAD~2", "--head", "HEAD", "--replay", check_code=3)
    assert f"{culprit[:10]}:tickets/{BUILD}/checklist.md" in done.stdout and "VT103" in done.stdout
    found = data(board, "check", "--base", "HEAD~2", "--head", "HEAD", "--replay", code=3)["findings"]
    assert [(f["code"], f["commit"]) for f in found] == [("VT103", culprit)]
    assert codes(board, "check", "--base", "HEAD~2") == []


def test_what_is_not_committed_yet_is_judged_last(board: Path) -> None:
    untick(board, BUILD)
    found = data(board, "check", "--base", base(board), "--replay", code=3)["findings"]
    assert [(f["code"], f["commit"]) for f in found] == [("VT103", "")]
    git(board, "add", "-A")
    assert codes(board, "check", "--base", "HEAD", "--staged") == ["VT103"]


def test_a_file_that_was_only_touched_is_not_changed(board: Path) -> None:
    file = board / "tickets" / SHAPE / "ticket.yml"
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(content)
    assert codes(board, "check", "--base", "HEAD") == []


def test_a_merge_that_drops_a_side_is_refused(board: Path) -> None:
    git(board, "switch", "-q", "-c", "side")
    must(board, "checklist", "add", "One more", "--section", "Core activities", "--ticket", BUILD)
    must(board, "checklist", "tick", "One more", "--ticket", BUILD)
    commit_all(board)
    git(board, "switch", "-q", "main")
    write(board, "notes.md", "main moved on\n")
    before = commit_all(board)
    git(board, "merge", "-q", "-s", "ours", "-m", "Merge side", "side")
    head = git(board, "rev-parse", "HEAD").strip()
    found = data(board, "check", "--base", before, "--head", "HEAD", "--replay", code=3)["findings"]
    assert {"VT104", "VT705"} <= {f["code"] for f in found} and {f["commit"] for f in found} == {head}


def test_words_given_by_the_command_are_no_vanished_bullet(board: Path) -> None:
    must(board, "checklist", "reword", "1", "Do it well", "--ticket", BUILD)
    assert codes(board, "check", "--base", "HEAD") == []
    commit_all(board)
    assert codes(board, "check", "--base", "HEAD~1", "--head", "HEAD", "--replay") == []


def test_a_branch_that_is_behind_its_base_lost_nothing(board: Path) -> None:
    git(board, "switch", "-q", "-c", f"phase/{BUILD}")
    must(board, "checklist", "add", "One more", "--section", "Core activities", "--ticket", BUILD)
    commit_all(board)
    git(board, "switch", "-q", "main")
    must(board, "work", "new", "--kind", "PRD", "--title", "Beds", "--issue", "150", "--start")
    commit_all(board)
    for options in ([], ["--replay"]):
        assert codes(board, "check", "--base", "main", "--head", f"phase/{BUILD}", *options) == []


@pytest.mark.parametrize("how", ["option", "ci", "head", "present"])
def test_the_branch_is_told_or_found(board: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    git(board, "switch", "-q", "-c", "phase/shape_999" if how in ("head", "present") else "other")
    must(board, "checklist", "add", "Not mine", "--section", "Core activities", "--ticket", BUILD) if how in (
        "option",
        "ci",
    ) else write(board, f"tickets/{BUILD}/note.md", "Not mine\n")
    commit_all(board)
    options = ["--base", "main", "--head", "HEAD", "--replay"]
    if how == "option":
        options += ["--branch", "phase/shape_999"]
    if how == "ci":
        monkeypatch.setenv("GITHUB_HEAD_REF", "phase/shape_999")
    if how == "head":
        git(board, "switch", "-q", "main")
        options[3] = "phase/shape_999"
    assert set(codes(board, "check", *options)) == {"VT806"}


def test_a_changed_pipeline_is_shown_and_the_base_judges(board: Path) -> None:
    file = board / "config/pipeline.yml"
    file.write_text(file.read_text().replace("title: Tiny train", "title: Small train"))
    commit_all(board)
    found = data(board, "check", "--base", "HEAD~1", "--head", "HEAD", "--replay")
    assert [(f["code"], f["severity"], f["message"]) for f in found["findings"]] == [
        ("VT808", "info", "pipeline changed")
    ]


def test_an_override_leaves_the_edges(at: Board) -> None:
    repo = at("tiny-working")
    must(repo, "advance", SHAPE, "--to", "ship", "--override", "--reason", "the ward waits")
    commit_all(repo)
    assert "VT312" not in codes(repo, "check", "--base", "HEAD~1", "--head", "HEAD", "--replay")


@pytest.mark.parametrize(("size", "severity"), [(1_000_001, "warning"), (5_000_001, "error"), (900_000, "")])
def test_big_blobs(board: Path, size: int, severity: str) -> None:
    write(board, "data.bin", b"x" * size)
    commit_all(board)
    done = cli(board, "check", "--base", "HEAD~1", "--head", "HEAD", "--replay", "--json")
    found = json.loads(done[1])["data"]["findings"]
    assert [(f["code"], f["severity"]) for f in found] == ([("VT807", severity)] if severity else [])
    git(board, "mv", "data.bin", "moved.bin")
    commit_all(board)
    assert codes(board, "check", "--base", "HEAD~1", "--head", "HEAD", "--replay") == []


def test_a_shallow_clone_is_an_error_that_says_what_to_fetch(board: Path, tmp_path: Path) -> None:
    for name, depth in (("one", "1"), ("two", "2")):
        git(board, "clone", "-q", "--depth", depth, f"file://{board}", str(tmp_path / name))
    git(tmp_path / "two", "fetch", "-q", "--depth", "1", "origin", base(board))
    for repo, revision in ((tmp_path / "one", base(board)), (tmp_path / "two", base(board))):
        for options in ([], ["--replay"]):
            assert "fetch-depth: 0" in refused(repo, "check", "--base", revision, "--head", "HEAD", *options)


def test_a_bare_repository_replays_commits(board: Path, tmp_path: Path) -> None:
    git(board, "clone", "-q", "--bare", str(board), str(tmp_path / "bare.git"))
    assert codes(tmp_path / "bare.git", "check", "--base", base(board), "--head", "main", "--replay") == []


def test_it_says_what_cannot_be_meant(board: Path) -> None:
    refused(board, "check", "--replay", code=2)
    refused(board, "check", "--branch", f"phase/{BUILD}", code=2)
    refused(board, "check", "--base", "HEAD", "--staged", "--replay", code=2)
    assert "fetch-depth: 0" in refused(board, "check", "--base", "nope", "--replay")
    assert ITEM in must(board, "work", "list")
