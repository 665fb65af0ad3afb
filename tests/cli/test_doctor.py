"""`doctor`: it shows what it would mend, and mends only when told; nothing is thrown away."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from agenticops.store import journal
from tests.stations import FIRST, SHAPE, Board, codes, data, events, must
from tests.support import cli, commit_all, git, run_cli, snapshot, status, write


def ill(repo: Path) -> list[str]:
    found = data(repo, "doctor", code=1)["symptoms"]
    return [s["what"] for s in found if not s["well"]]


def test_a_healthy_train(at: Board) -> None:
    out = run_cli(at("ready"), "doctor").stdout
    assert all(row.startswith("✓ ") for row in out.splitlines())
    for what in ("python", "git", "identity", "branch", "pipeline", "documents"):
        assert f"✓ {what}" in out


def test_before_init_it_says_how_to_begin(repo: Path) -> None:
    done = run_cli(repo, "doctor", check_code=1)
    assert "this repository is no train yet" in done.stdout and "agenticops init --train ml" in done.stdout


def test_a_hand_edited_status_is_shown_and_set_back(at: Board) -> None:
    repo = at("tiny-working")
    path = repo / f"tickets/{SHAPE}/ticket.yml"
    good = path.read_text()
    path.write_text(good.replace("status: in_progress", "status: done"))
    before = snapshot(repo)
    out = run_cli(repo, "doctor", check_code=1).stdout
    assert "status done was edited by hand; the log says in_progress" in out
    assert "would set it back to in_progress" in out and "agenticops doctor --fix" in out
    assert snapshot(repo) == before, "a look changes nothing"
    out = run_cli(repo, "doctor", "--fix").stdout
    assert "mended: set it back to in_progress" in out or "mended: status done" in out
    assert path.read_text() == good and codes(repo, "check") == []
    assert events(repo, "status_restored")[0]["data"] == {"status": "in_progress"}


def unfinished(repo: Path, path: str, new: bytes) -> None:
    """Leave a journal as a crash does: durable, and nothing applied."""
    folder = repo / ".git" / "agenticops"
    folder.mkdir(exist_ok=True)
    old = (repo / path).read_bytes() if (repo / path).exists() else None
    journal.write(str(folder), [journal.Entry(path, journal.digest(old), new)], "", "checklist tick")


def test_an_unfinished_transaction_is_seen_by_readers_and_finished_by_fix(at: Board) -> None:
    repo = at("tiny-working")
    path = f"tickets/{SHAPE}/checklist.md"
    old = (repo / path).read_text()
    unfinished(repo, path, old.replace("- [ ] Ask", "- [x] Ask").encode())
    assert data(repo, "checklist", "show")["bullets"][0]["checked"], "readers see what was acknowledged"
    assert data(repo, "status")["tickets"][0]["ticked"] == 1
    assert (repo / path).read_text() == old, "a read finishes nothing"
    out = run_cli(repo, "doctor", check_code=1).stdout
    assert "a transaction of 1 file was not finished" in out and "would finish it" in out
    run_cli(repo, "doctor", "--fix")
    assert "- [x] Ask" in (repo / path).read_text() and not (repo / ".git/agenticops/journal.json").exists()


def test_an_unfinished_transaction_over_changed_files_is_kept_aside(at: Board) -> None:
    repo = at("tiny-working")
    path = f"tickets/{SHAPE}/checklist.md"
    unfinished(repo, path, b"- [ ] theirs *\n")
    write(repo, path, "- [ ] mine *\n")
    assert "would keep it aside: the files changed since" in run_cli(repo, "doctor", check_code=1).stdout
    cli(repo, "doctor", "--fix")
    assert (repo / path).read_text() == "- [ ] mine *\n"
    (aside,) = (repo / ".git/agenticops").glob("journal-aside-*")
    assert b"files" in aside.read_bytes()
    done = run_cli(repo, "doctor", check_code=1)
    assert str(aside.name) in done.stdout and "need a person" in done.stdout
    must(repo, "checklist", "tick", "1")


def test_leftovers_are_removed(at: Board) -> None:
    repo = at("tiny-working")
    left = write(repo, "tickets/.ticket.yml.agenticops~", "half")
    assert "leftovers" in ill(repo)
    must(repo, "doctor", "--fix")
    assert not left.exists() and status(repo) == ""


@pytest.mark.parametrize(
    ("path", "content", "what"),
    [
        (f"tickets/{FIRST}/ticket.yml", "id: [\n", "documents"),
        ("docs/work/142.md", "---\nid: 142\nkind: EPIC\n---\n", "documents"),
        (".agenticops/events/2026/01/x.jsonl", "{\n", "documents"),
        (".gitignore", "", "layout"),
    ],
)
def test_what_needs_a_person(at: Board, path: str, content: str, what: str) -> None:
    repo = at("opened")
    write(repo, path, content)
    assert what in ill(repo)
    before = (repo / path).read_bytes()
    run_cli(repo, "doctor", "--fix", check_code=1)
    assert (repo / path).read_bytes() == before, "a file that cannot be parsed is never rewritten"


def test_ids_that_differ_in_case(at: Board) -> None:
    repo = at("tiny-opened")
    write(repo, "docs/work/T0000000a.md", "---\nid: T0000000a\nkind: PRD\ntitle: x\n---\n")
    write(repo, "docs/work/t0000000a.md", "---\nid: t0000000a\nkind: PRD\ntitle: x\n---\n")
    assert "ids" in ill(repo)


def test_an_operation_in_progress(at: Board) -> None:
    repo = at("tiny-opened")
    for branch in ("a", "b"):
        git(repo, "switch", "--quiet", "-c", branch, "main")
        write(repo, "note.txt", branch)
        commit_all(repo)
    git(repo, "merge", "--quiet", "a", check=False)
    out = run_cli(repo, "doctor", check_code=1).stdout
    assert "b, a merge is in progress" in out and "git merge --continue" in out


def test_events_whose_effect_is_gone_are_reported(at: Board) -> None:
    repo = at("tiny-working")
    must(repo, "checklist", "tick", "1")
    git(repo, "checkout", "--quiet", "--", f"tickets/{SHAPE}/checklist.md")
    assert codes(repo, "check") == ["VT331"]
    told = run_cli(repo, "doctor", check_code=1).stdout
    assert "1 uncommitted event has no effect here any more: bullet_ticked" in told
    run_cli(repo, "doctor", "--fix")
    assert codes(repo, "check") == []


def test_the_index_is_only_a_cache(at: Board) -> None:
    repo = at("ready")
    before = data(repo, "status")
    folder = repo / ".git" / "agenticops"
    for file in folder.glob("index*"):
        file.write_bytes(b"\0 not a database " + hashlib.sha256(b"x").digest())
    assert json.loads(run_cli(repo, "status", "--json").stdout)["data"] == before
    for file in folder.glob("index*"):
        file.unlink()
    assert data(repo, "status") == before
