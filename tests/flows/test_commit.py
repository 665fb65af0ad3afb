"""What a commit by the tool takes: one work item's files and events, nothing of others, nothing twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agenticops.store.log import OpenShard
from tests.stations import BUILD, ITEM, SHAPE, Board, codes, data, must, refused, work_through
from tests.support import cli, commit_all, git, run_cli, status, write

EVENTS = ".agenticops/events"
NEW = ("work", "new", "--title", "Other", "--issue", "7", "--start")


def of(repo: Path, revision: str = "HEAD") -> set[str]:
    """Name the items of all events that a revision holds."""
    paths = git(repo, "ls-tree", "-r", "--name-only", revision, EVENTS).split()
    rows = [row for path in paths for row in git(repo, "show", f"{revision}:{path}").splitlines()]
    ids = [json.loads(row)["id"] for row in rows]
    assert len(ids) == len(set(ids)), "an event stands twice in the log"
    return {json.loads(row).get("item", "") for row in rows}


def held(repo: Path) -> list[str]:
    """Give the ids of the events in the working tree, each as often as it is written."""
    rows = [row for path in (repo / EVENTS).rglob("*.jsonl") for row in path.read_text().splitlines()]
    return sorted(json.loads(row)["id"] for row in rows)


def files(repo: Path, revision: str = "HEAD") -> list[str]:
    return git(repo, "show", "--name-only", "--format=", revision).split()


def trailers(repo: Path) -> dict[str, str]:
    rows = git(repo, "log", "-1", "--format=%(trailers:only,unfold)").strip().splitlines()
    return dict(row.split(": ", 1) for row in rows)


def test_an_advance_takes_its_item_and_leaves_the_others_with_their_events(at: Board) -> None:
    repo = at("tiny-ready")
    must(repo, *NEW)
    before = held(repo)
    must(repo, "advance", SHAPE, "--commit")
    assert of(repo) == {ITEM}
    assert not [p for p in files(repo) if "_7" in p or p.endswith("/7.md")]
    left = {p[3:] for p in status(repo).splitlines()}
    shard = next(p for p in left if p.startswith(EVENTS))
    assert left == {
        "docs/work/7.md",
        "tickets/shape_7/ACTIVE_SESSION.md",
        "tickets/shape_7/checklist.md",
        "tickets/shape_7/ticket.yml",
        shard,
    }
    assert set(before) < set(held(repo)) and len(held(repo)) == len(set(held(repo)))
    assert codes(repo, "check") == []
    must(repo, "begin", BUILD)
    must(repo, "ticket", "edit", "shape_7", "--add-hours", "1")
    assert status(repo).count(EVENTS) == 1, "the rest stays the open shard, and takes what comes"
    commit_all(repo)
    assert status(repo) == "" and of(repo) == {ITEM, "7"}


def test_in_a_fresh_clone_what_was_committed_agrees_with_its_log(at: Board, tmp_path: Path) -> None:
    repo = at("tiny-ready")
    must(repo, *NEW)
    must(repo, "advance", SHAPE, "--commit")
    git(tmp_path, "clone", "--quiet", str(repo), str(tmp_path / "clone"))
    assert codes(tmp_path / "clone", "check") == []
    assert [t["id"] for t in data(tmp_path / "clone", "ticket", "list")] == [BUILD]
    must(repo, "ticket", "block", "shape_7", "--reason", "wait")
    commit_all(repo)
    git(tmp_path / "clone", "pull", "--quiet")
    assert codes(tmp_path / "clone", "check") == []


def test_steps_without_a_commit_are_made_good_by_the_next(at: Board) -> None:
    repo = at("tiny-ready")
    must(repo, "advance")
    must(repo, "begin", "--agent", "maker")
    work_through(repo, BUILD)
    must(repo, "advance", "--to", "ship", "--commit")
    assert status(repo) == "" and of(repo) == {ITEM} and codes(repo, "check") == []


def test_a_shard_that_the_users_commit_sealed_is_divided_too(at: Board) -> None:
    repo = at("tiny-ready")
    must(repo, *NEW)
    must(repo, "checklist", "add", "More", "--section", "Core activities", "--ticket", SHAPE)
    write(repo, "code.py", "x = 1\n")
    git(repo, "add", "code.py")
    git(repo, "commit", "--quiet", "-m", "code")
    must(repo, "advance", SHAPE, "--commit")
    assert of(repo) == {ITEM} and len(held(repo)) == len(set(held(repo)))
    assert codes(repo, "check") == []


def test_a_staged_shard_is_not_rewritten(at: Board) -> None:
    repo = at("tiny-ready")
    must(repo, *NEW)
    must(repo, "checklist", "add", "More", "--section", "Core activities", "--ticket", SHAPE)
    git(repo, "add", ".agenticops")
    staged = git(repo, "diff", "--cached", "--name-only").split()
    must(repo, "advance", SHAPE, "--commit")
    assert git(repo, "diff", "--cached", "--name-only").split() == staged
    assert not git(repo, "diff", "--name-only")
    assert of(repo) == {ITEM} and codes(repo, "check") == []
    assert "VT331" not in cli(repo, "doctor")[1], "an event that stands twice has its effect"
    git(repo, "commit", "--quiet", "-m", "what was staged")
    assert codes(repo, "check") == []


def test_a_shard_of_one_item_is_committed_as_it_is(at: Board) -> None:
    repo = at("tiny")
    must(repo, *NEW)
    shard = next((repo / EVENTS).rglob("*.jsonl"))
    before = shard.read_bytes()
    must(repo, "ticket", "edit", "shape_7", "--add-hours", "1")
    must(repo, "work", "new", "--title", "Third", "--issue", "9")
    must(repo, "ticket", "new", "9", "--commit")
    assert not shard.exists() and of(repo) == {"9"}
    rest = next(p for p in (repo / EVENTS).rglob("*.jsonl") if p.read_bytes().startswith(before))
    must(repo, "ticket", "edit", "shape_7", "--add-hours", "1")
    must(repo, "advance", "shape_7", "--override", "--reason", "test", "--commit")
    assert str(rest.relative_to(repo)) in files(repo) and status(repo) == "" and of(repo) == {"7", "9"}


def test_unknown_fields_of_events_are_kept(at: Board) -> None:
    repo = at("tiny-ready")
    must(repo, *NEW)
    must(repo, "checklist", "add", "More", "--section", "Core activities", "--ticket", SHAPE)
    shard = next(p for p in (repo / EVENTS).rglob("*.jsonl") if b'"item":"7"' in p.read_bytes())
    rows = [row.replace(b'{"id"', b'{"later":[1, 2],"id"') for row in shard.read_bytes().splitlines()]
    shard.write_bytes(b"\n".join(rows) + b"\n")
    must(repo, "advance", SHAPE, "--commit")
    found = [r for p in (repo / EVENTS).rglob("*.jsonl") for r in p.read_bytes().splitlines()]
    assert set(rows) <= set(found)


def test_the_message_names_ticket_phase_and_event(at: Board) -> None:
    repo = at("tiny-ready")
    must(repo, "advance", "--commit")
    done = [e for e in data(repo, "log", "--kind", "ticket_done") if e["ticket"] == SHAPE]
    assert trailers(repo) == {"Ticket": SHAPE, "Phase": "shape", "Event": done[0]["id"]}
    assert git(repo, "log", "-1", "--format=%s").strip() == f"{SHAPE}: shape → build"
    must(repo, "work", "new", "--title", "Third", "--issue", "9", "--commit")
    created = [e for e in data(repo, "log", "--kind", "item_created") if e["item"] == "9"]
    assert trailers(repo) == {"Item": "9", "Event": created[0]["id"]}
    must(repo, "ticket", "new", "9", "--commit")
    opened = [e for e in data(repo, "log", "--kind", "ticket_opened") if e["item"] == "9"]
    assert trailers(repo) == {"Ticket": "shape_9", "Phase": "shape", "Event": opened[0]["id"]}


def test_init_takes_only_its_own(repo: Path) -> None:
    write(repo, "mine.md", "x")
    git(repo, "add", "mine.md")
    must(repo, "init", "--train", "ml", "--commit")
    assert "mine.md" not in files(repo) and status(repo) == "A  mine.md\n"
    assert list(trailers(repo)) == ["Event"]


@pytest.mark.parametrize("path", [f"tickets/{SHAPE}/checklist.md", f"docs/{ITEM}/brief.md"])
def test_a_file_that_is_staged_with_another_content_stops_the_step_before_it_writes(at: Board, path: str) -> None:
    repo = at("tiny-ready")
    text = (repo / path).read_text()
    write(repo, path, text + "\n- [ ] One more\n")
    git(repo, "add", path)
    write(repo, path, text)
    before, log = git(repo, "status", "--porcelain"), held(repo)
    said = refused(repo, "advance", "--commit", code=5)
    assert path in said and "nothing was written" in said
    assert (git(repo, "status", "--porcelain"), held(repo)) == (before, log)


def test_what_was_staged_as_the_files_were_is_taken_with_the_step(at: Board) -> None:
    repo = at("tiny-ready")
    must(repo, "checklist", "add", "More", "--section", "Core activities", "--ticket", SHAPE)
    git(repo, "add", "--all")
    must(repo, "advance", "--commit")
    assert status(repo) == "" and codes(repo, "check") == []


def test_the_users_other_staged_changes_stay(at: Board) -> None:
    repo = at("tiny-ready")
    write(repo, "docs/templates/brief.md", "# staged\n")
    git(repo, "add", "docs/templates/brief.md")
    write(repo, "docs/templates/brief.md", "# and edited on\n")
    git(repo, "rm", "--quiet", "docs/templates/plan.md")
    must(repo, "advance", "--commit")
    assert status(repo) == "MM docs/templates/brief.md\nD  docs/templates/plan.md\n"


def test_another_items_root_session_stays(at: Board) -> None:
    repo = at("tiny-working")
    must(repo, "work", "new", "--title", "Other", "--issue", "7", "--start", "--commit")
    must(repo, "session", "note", "only for 142")
    must(repo, "work", "new", "--title", "Third", "--issue", "9", "--start")
    must(repo, "ticket", "edit", "shape_9", "--add-hours", "1")
    run_cli(repo, "advance", "shape_9", "--override", "--reason", "test", "--commit")
    assert " M docs/session-context/ACTIVE_SESSION.md" in status(repo)
    assert of(repo) == {ITEM, "7", "9"}
    rows = git(repo, "log", "--format=", "--name-only", "-1").split()
    assert not [p for p in rows if "session-context" in p]


@pytest.mark.parametrize("broken", [False, True])
def test_the_note_on_the_open_shard_outlives_a_failed_commit(at: Board, broken: bool) -> None:
    repo = at("tiny-ready")
    must(repo, *NEW)
    if broken:
        git(repo, "config", "commit.gpgSign", "true")
        git(repo, "config", "gpg.format", "ssh")
        git(repo, "config", "user.signingKey", str(repo / "none"))
        assert "nothing was committed" in refused(repo, "advance", SHAPE, "--commit")
    else:
        must(repo, "advance", SHAPE, "--commit")
    assert len(held(repo)) == len(set(held(repo))) and codes(repo, "check") == []
    note = json.loads(Path(OpenShard(str(repo / ".git/agenticops")).file).read_text())
    assert b'"item":"7"' in (repo / note["path"]).read_bytes()
