"""`work`: items are written, listed, shown, edited, and their forks mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stations import BUILD, ITEM, SHAPE, SHIP, TITLE, Board, codes, data, events, must, refused
from tests.support import cli, commit_all, git, run_cli, snapshot, status, write


def test_new_writes_one_document_and_says_what_is_next(at: Board) -> None:
    repo = at("tiny")
    done = run_cli(repo, "work", "new", "--kind", "PRD", "--title", TITLE)
    item = done.stdout.split()[3]
    assert done.stdout.startswith(f"✓ work item {item} ") and f"next  agenticops ticket new {item}" in done.stdout
    assert len(item) == 9 and item.startswith("t")
    text = (repo / f"docs/work/{item}.md").read_text()
    assert f'id: "{item}"' in text or f"id: {item}" in text
    assert f"# {TITLE}" in text
    assert {line[3:] for line in status(repo).splitlines()} >= {f"docs/work/{item}.md"}


def test_new_with_everything(at: Board) -> None:
    repo = at("tiny")
    must(repo, "work", "new", "--title", "Above", "--issue", "7")
    found = data(
        repo, "work", "new", "--kind", "CRD", "--title", "  Below  the\tline ", "--body", "As a nurse …",
        "--priority", "now", "--parent", "7", "--issue", "8", "--url", "https://example.org/8", "--label", "CRD",
        "--label", "auto", "--client", "Ward 7", "--project", "Refills", "--start", "--commit",
    )  # fmt: skip
    item = found["item"]
    assert (item["id"], item["title"], item["parent"], item["issue"]) == ("8", "Below the line", "7", 8)
    assert (item["labels"], item["priority"], item["client"]) == (["CRD", "auto"], "now", "Ward 7")
    assert found["ticket"]["id"] == "shape_8" and found["commit"]
    assert "As a nurse …" in (repo / "docs/work/8.md").read_text()
    assert git(repo, "log", "-1", "--format=%s") == "Open 8: Below the line\n"


def test_new_says_all_that_edit_and_link_do(at: Board) -> None:
    repo = at("tiny")
    must(repo, "work", "new", "--title", "Above", "--issue", "7", "--start")
    must(repo, "work", "new", "--title", "Other", "--kind", "CRD", "--issue", "8")
    client = data(repo, "client", "new", "--title", "Ward 7")["id"]
    need = data(repo, "need", "new", "--title", "Full boxes", "--client", client)["id"]
    (repo / "text.md").write_text("As a nurse …")
    found = data(
        repo, "work", "new", "--kind", "CRD", "--title", "Below", "--issue", "9", "--parent", "7", "--assignee", "ada",
        "--assignee", "bob", "--milestone", " May ", "--depends", "7", "--blocked-by", "8", "--blocked-by", "7",
        "--needs", need[:5], "--ticket", "shape_7", "--client", client, "--body-file", "text.md",
    )["item"]  # fmt: skip
    shown = data(repo, "work", "show", "9")["item"]
    for item in (found, shown):
        assert (item["parent"], item["depends"], item["needs"]) == ("7", ["7", "8"], [need])
        assert (item["assignees"], item["milestone"]) == (["ada", "bob"], "May")
        assert (item["client"], item["links"]) == (client, {"tickets": ["shape_7"]})
    assert shown["body"].endswith("As a nurse …")
    assert codes(repo, "check") == []


def test_new_does_not_close_a_circle_with_what_names_it_already(at: Board) -> None:
    repo = at("tiny")
    must(repo, "work", "new", "--title", "First", "--issue", "7")
    path = repo / "docs/work/7.md"
    path.write_text(path.read_text().replace("depends: []", 'depends: ["9"]'))
    before = snapshot(repo)
    err = refused(repo, "work", "new", "--title", "Second", "--issue", "9", "--depends", "7", code=2)
    assert "that would close a circle: 7 waits for 9 waits for 7" in err
    assert snapshot(repo) == before


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--kind", "PRD"), 2, "missing option '--title'"),
        (("--title", " "), 2, "needs a title"),
        (("--title", "x", "--kind", "EPIC"), 2, "'EPIC'"),
        (("--title", "x", "--priority", "soon"), 2, "'soon'"),
        (("--title", "x", "--issue", "0"), 2, "--issue"),
        (("--title", "x", "--issue", ITEM), 5, "exists already"),
        (("--title", "x", "--kind", "CRD", "--parent", "999"), 2, "there is no item '999'"),
        (("--title", "x", "--kind", "PRD", "--parent", ITEM), 2, "a PRD belongs below nothing"),
        (("--title", "x", "--kind", "Task", "--start"), 2, "a Task visits one phase: say which"),
        (("--title", "x", "--kind", "Task", "--start", "--phase", "launch"), 1, "unknown phase 'launch'"),
        (("--title", "x", "--start", "--phase", "ship"), 1, "a PRD enters this train at shape, not at ship"),
        (("--title", "x", "--phase", "shape"), 2, "--start --phase shape, or neither"),
        (("--title", "x", "--depends", ITEM, "--depends", "99"), 2, "there is no item '99'"),
        (("--title", "x", "--issue", "9", "--blocked-by", "9"), 2, "there is no item '9'"),
        (("--title", "x", "--needs", "n0000000x"), 2, "there is no need 'n0000000x'"),
        (("--title", "x", "--ticket", "ship_9"), 2, "there is no ticket 'ship_9'"),
        (("--title", "x", "--body", "a", "--body-file", "config/pipeline.yml"), 2, "both give the text"),
    ],
)
def test_new_refuses_what_cannot_be_meant(at: Board, arguments: tuple[str, ...], code: int, words: str) -> None:
    repo = at("tiny-opened")
    err = refused(repo, "work", "new", *arguments, code=code)
    assert words in err
    assert status(repo) == ""


def test_what_could_not_be_read_back_is_not_written(at: Board) -> None:
    repo = at("tiny-opened")
    (repo.parent / "big.md").write_text("ä" * 33_000)
    long = "x" * 40_000  # it stands in the document twice
    for arguments in (("new", "--title", "Big", "--body-file", "../big.md"), ("split", ITEM, "--into", long)):
        assert "at most 65536 are read" in refused(repo, "work", *arguments, code=1)
        assert status(repo) == ""
    must(repo, "work", "tree")


def test_list_sorts_by_urgency_and_filters(at: Board) -> None:
    repo = at("tiny-opened")
    must(repo, "work", "new", "--title", "Later", "--kind", "CRD", "--priority", "future", "--issue", "3")
    must(repo, "work", "new", "--title", "Soon", "--kind", "Task", "--priority", "now", "--issue", "4")
    out = run_cli(repo, "work", "list").stdout
    assert [row.split()[0] for row in out.splitlines()] == ["4", ITEM, "3"]
    assert [w["id"] for w in data(repo, "work", "list", "--kind", "CRD")] == ["3"]
    assert [w["id"] for w in data(repo, "work", "list", "--phase", "shape")] == [ITEM]
    assert [w["id"] for w in data(repo, "work", "list", "--phase", "waiting")] == ["4", "3"]
    assert "no work items" in must(repo, "work", "list", "--phase", "ship")


def test_a_cancelled_item_is_not_called_done(at: Board) -> None:
    repo = at("tiny-opened")
    must(repo, "ticket", "cancel", "--reason", "no budget")
    assert [w["stands"] for w in data(repo, "work", "list")] == ["cancelled"]
    assert "0 of 1 work item" in must(repo, "status")


def test_list_refuses_a_kind_that_does_not_exist(at: Board) -> None:
    assert "'EPIC'" in refused(at("tiny-opened"), "work", "list", "--kind", "EPIC", code=2)


def test_show_tells_the_way(at: Board) -> None:
    repo = at("tiny-build")
    out = run_cli(repo, "work", "show", ITEM).stdout
    assert out.startswith(f"PRD {ITEM}  {TITLE}\n") and f"docs/work/{ITEM}.md" in out
    assert [e["data"]["to"] for e in data(repo, "work", "show", ITEM)["way"]] == ["created", SHAPE, BUILD]
    assert out.index(SHAPE) < out.index(BUILD)


def test_ids_may_be_shortened_to_four(at: Board) -> None:
    repo = at("tiny")
    item = data(repo, "work", "new", "--title", "x")["item"]["id"]
    assert data(repo, "work", "show", item[:4])["item"]["id"] == item
    err = refused(repo, "work", "show", item[:3], code=2)
    assert "there is no item" in err and "four" in err, "it says that three characters are too few"


def test_edit_changes_the_named_fields_and_no_other_byte(at: Board) -> None:
    repo = at("tiny-opened")
    path = repo / f"docs/work/{ITEM}.md"
    before = path.read_text().replace("kind: PRD", "kind: PRD # why\n\ncolour: blue")
    path.write_text(before)
    run_cli(repo, "work", "edit", ITEM, "--priority", "now", "--title", "Refill: “early”")
    assert path.read_text() == before.replace("priority: next", "priority: now").replace(
        f"title: {TITLE}", 'title: "Refill: “early”"'
    )
    must(repo, "work", "edit", ITEM, "--body", "New words.", "--label", "auto", "--client", "Ward 7", "--url", "u")
    text = path.read_text()
    assert text.endswith("---\n\nNew words.\n") and "colour: blue" in text and "# why" in text
    assert events(repo, "item_edited")[-1]["data"]["fields"] == ["body", "client", "labels", "url"]


def test_edit_wants_a_change_and_a_legal_parent(at: Board) -> None:
    repo = at("tiny-opened")
    assert "nothing to change" in refused(repo, "work", "edit", ITEM, code=2)
    assert "not below a PRD" in refused(repo, "work", "edit", ITEM, "--parent", ITEM, code=2)
    assert status(repo) == ""


def forked(at: Board) -> Path:
    """Two branches advance the same ticket to different phases, and are merged."""
    repo = at("tiny-build")
    git(repo, "branch", "other")
    must(repo, "advance", "--to", "ship", "--commit")
    git(repo, "switch", "--quiet", "other")
    # The other operator works on a default branch of their own clone; here it is a branch for a moment.
    git(repo, "branch", "--quiet", "-m", "main", "mine")
    git(repo, "branch", "--quiet", "-m", "other", "main")
    must(repo, "advance", "--to", "shape", "--commit")
    git(repo, "merge", "--quiet", "--no-edit", "mine")
    return repo


def test_a_fork_is_found_and_mended(at: Board) -> None:
    repo = forked(at)
    out = run_cli(repo, "check", check_code=3).stdout
    assert "VT307" in out and f"item/{ITEM} went to shape_142-2 and {SHIP}" in out
    assert f"next  agenticops work resolve {ITEM} --keep" in out
    assert "VT307" in codes(repo, "check", SHIP)
    assert f"agenticops work resolve {ITEM} --keep TICKET" in must(repo, "work", "show", ITEM)
    done = run_cli(repo, "work", "resolve", ITEM, "--keep", SHIP).stdout
    assert done.startswith(f"✓ {SHIP} leads on") and "cancelled: shape_142-2" in done
    assert "✓ the train holds" in must(repo, "check")
    assert data(repo, "ticket", "show", "shape_142-2")["status"] == "cancelled"
    assert [t["id"] for t in data(repo, "ticket", "list")] == [SHIP]
    commit_all(repo)
    must(repo, "begin", SHIP)
    must(repo, "checklist", "tick", "--all-in", "Core activities")
    assert data(repo, "advance")["state"] == "finished"


def test_resolve_keeps_only_what_the_fork_went_to(at: Board) -> None:
    repo = forked(at)
    before = snapshot(repo)
    assert f"the fork went to shape_142-2, {SHIP}, not to {SHAPE}" in refused(
        repo, "work", "resolve", ITEM, "--keep", SHAPE, code=2
    )
    assert "there is no ticket 'ship_9'" in refused(repo, "work", "resolve", ITEM, "--keep", "ship_9", code=2)
    assert snapshot(repo) == before


def test_equal_steps_are_one_and_need_no_mending(at: Board) -> None:
    repo = at("tiny-build")
    git(repo, "branch", "other")
    must(repo, "advance", "--to", "ship", "--commit")
    git(repo, "switch", "--quiet", "other")
    git(repo, "branch", "--quiet", "-m", "main", "mine")
    git(repo, "branch", "--quiet", "-m", "other", "main")
    must(repo, "advance", "--to", "ship", "--commit")
    git(repo, "merge", "--quiet", "--no-edit", "mine")
    assert "✓ the train holds" in must(repo, "check")
    assert "does not fork" in refused(repo, "work", "resolve", ITEM, "--keep", SHIP)


def test_a_forked_status_is_mended_to_what_the_file_says(at: Board) -> None:
    repo = at("tiny-working")
    git(repo, "branch", "other")
    must(repo, "ticket", "block", SHAPE, "--reason", "no data")
    commit_all(repo)
    git(repo, "switch", "--quiet", "other")
    must(repo, "ticket", "cancel", SHAPE, "--reason", "no budget")
    commit_all(repo)
    git(repo, "merge", "--quiet", "--no-edit", "-X", "ours", "main")
    ticket = repo / f"tickets/{SHAPE}/ticket.yml"
    write(repo, f"tickets/{SHAPE}/ticket.yml", ticket.read_text().replace('blocked_by: "no data"', 'blocked_by: ""'))
    assert "status: cancelled" in ticket.read_text()
    assert "VT307" in codes(repo, "check")
    must(repo, "work", "resolve", ITEM, "--keep", SHAPE)
    assert "VT307" not in codes(repo, "check")


def test_an_empty_list_says_how_to_fill_it(at: Board) -> None:
    code, out, err = cli(at("tiny"), "work", "list")
    assert (code, err) == (0, "")
    assert out == 'no work items\n  next  agenticops work new --kind PRD --title "…"\n'
