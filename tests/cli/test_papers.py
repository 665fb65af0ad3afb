"""`risk`, `mitigation`, `client` and `need`: new, list, show and edit, by one form for each type."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.model.paper import SHELVES
from tests.stations import ITEM, SHAPE, Board, codes, data, events, must, refused
from tests.support import cli, commit_all, git, snapshot, write

FORMS = ("client", "need", "risk", "mitigation")


def new(repo: Path, noun: str, *arguments: str) -> str:
    found: str = data(repo, noun, "new", "--title", f"A {noun}", *arguments)["id"]
    return found


@pytest.mark.parametrize("noun", FORMS)
def test_a_paper_is_written_listed_shown_and_changed(at: Board, noun: str) -> None:
    repo = at("tiny-opened")
    name = new(repo, noun, "--body", "Some text.")
    path = SHELVES[noun].path(name)
    assert name[0] == noun[0] and len(name) == 9 and (repo / path).is_file()
    listed = data(repo, noun, "list")
    assert [p["id"] for p in (listed["risks"] if noun == "risk" else listed)] == [name]
    must(repo, noun, "edit", name[:5], "--title", "Another")
    shown = data(repo, noun, "show", name[:5])
    assert (shown["title"], shown["description"]) == ("Another", "Some text.")
    assert shown["created_at"] and shown["updated_at"] >= shown["created_at"]
    kinds = [(e["kind"], e["data"]["path"]) for e in events(repo) if e["subject"] == f"{noun}/{name}"]
    assert kinds == [("document_created", path), ("document_edited", path)]
    assert f"  next  agenticops trace {name}\n" in must(repo, noun, "show", name)
    assert codes(repo, "check") == []


def test_all_fields_of_the_registry_can_be_given(at: Board) -> None:
    repo = at("tiny-opened")
    given = {
        "type": "data",
        "cause": "a form",
        "impact": "late",
        "signal": "low",
        "owner": "Grace",
        "likelihood": "high",
        "severity": "medium",
        "status": "open",
        "ticket": SHAPE,
    }
    options = [word for k, v in given.items() for word in (f"--{k}", v)]
    name = new(repo, "risk", *options, "--item", ITEM)
    shown = data(repo, "risk", "show", name)
    assert {k: shown[k] for k in given} == given
    assert (shown["items"], shown["level"], shown["open"], shown["covered"]) == ([ITEM], "high", True, False)


def test_links_are_found_by_their_start_and_refused_when_there_is_none(at: Board) -> None:
    repo = at("tiny-opened")
    risk = new(repo, "risk", "--item", ITEM)
    answer = new(repo, "mitigation", "--risk", risk[:4], "--item", "shape")
    assert data(repo, "mitigation", "show", answer)["risks"] == [risk]
    assert data(repo, "mitigation", "show", answer)["items"] == [SHAPE]
    before = snapshot(repo)
    err = refused(repo, "mitigation", "new", "--title", "x", "--risk", "rzzzz", code=2)
    assert "there is no risk 'rzzzz'" in err and "agenticops risk list" in err
    refused(repo, "need", "new", "--title", "x", "--client", risk, code=2)
    assert snapshot(repo) == before


def test_a_list_is_given_as_a_whole_and_emptied(at: Board) -> None:
    repo = at("tiny-opened")
    name = new(repo, "need", "--acceptance", "one", "--acceptance", "two: of three")
    assert data(repo, "need", "show", name)["acceptance"] == ["one", "two: of three"]
    must(repo, "need", "edit", name, "--acceptance", "")
    assert data(repo, "need", "show", name)["acceptance"] == []


def test_the_list_of_risks_shows_coverage_and_blind_spots(at: Board) -> None:
    repo = at("tiny-opened")
    bare, covered = new(repo, "risk"), new(repo, "risk", "--likelihood", "high", "--severity", "high")
    done, planned = (new(repo, "mitigation", "--risk", covered) for _ in range(2))
    must(repo, "mitigation", "edit", done, "--state", "implemented")
    found = data(repo, "risk", "list")
    assert found["blind_spots"] == {
        "risks_without_mitigation": [bare],
        "mitigations_without_implementation": [planned],
    }
    rows = {r["id"]: r for r in found["risks"]}
    assert rows[covered]["covered"] and rows[covered]["level"] == "critical" and not rows[bare]["covered"]
    out = must(repo, "risk", "list").splitlines()
    assert out[0].startswith(f"{covered}  critical") and "1 of 2 risks answered" in "\n".join(out)
    assert out[-1] == f'  next  agenticops mitigation new --risk {bare} --title "…"'


def test_branches_that_edit_different_fields_merge(at: Board) -> None:
    repo = at("tiny-opened")
    name = new(repo, "risk")
    commit_all(repo)
    git(repo, "switch", "--quiet", "-c", "other")
    must(repo, "risk", "edit", name, "--cause", "a form", "--status", "accepted")
    commit_all(repo)
    git(repo, "switch", "--quiet", "main")
    must(repo, "risk", "edit", name, "--impact", "late", "--severity", "high")
    commit_all(repo)
    git(repo, "merge", "--quiet", "--no-edit", "other")
    shown = data(repo, "risk", "show", name)
    told = (shown["cause"], shown["status"], shown["impact"], shown["severity"])
    assert told == ("a form", "accepted", "late", "high")


def test_a_broken_paper_is_told_by_list_and_check(at: Board) -> None:
    repo = at("tiny-opened")
    name, other = new(repo, "risk"), new(repo, "risk")
    path = repo / SHELVES["risk"].path(name)
    path.write_text(path.read_text().replace("status: open", "status: gone"))
    code, out, err = cli(repo, "risk", "list")
    assert code == 1 and other in out and name not in out.split("without mitigation")[0]
    assert f"at    docs/risks/{name}.md:20" in err
    assert codes(repo, "check") == ["VT901"]


def test_a_document_that_git_took_back_is_told_and_voided(at: Board) -> None:
    repo = at("tiny-opened")
    name = new(repo, "risk")
    (repo / SHELVES["risk"].path(name)).unlink()
    assert codes(repo, "check") == ["VT331"]
    must(repo, "doctor", "--fix")
    assert codes(repo, "check") == []


def test_a_committed_paper_is_not_deleted(at: Board) -> None:
    repo = at("tiny-opened")
    name = new(repo, "risk")
    commit_all(repo)
    git(repo, "rm", "--quiet", SHELVES["risk"].path(name))
    commit_all(repo)
    assert codes(repo, "check") == ["VT904"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("risk", "new", "--title", " "),
        ("risk", "new"),
        ("risk", "new", "--title", "x", "--severity", "awful"),
        ("risk", "edit", "r0000"),
        ("risk", "show", "r0000"),
        ("need", "new", "--title", "x", "--body", "a", "--body-file", "-"),
    ],
)
def test_calls_that_cannot_be_meant(at: Board, arguments: tuple[str, ...]) -> None:
    refused(at("tiny-opened"), *arguments, code=2)


def test_an_edit_that_leaves_no_title_is_refused(at: Board) -> None:
    repo = at("tiny-opened")
    name = new(repo, "risk")
    before = snapshot(repo)
    assert "title" in refused(repo, "risk", "edit", name, "--title", "")
    assert snapshot(repo) == before


def test_a_secret_is_refused(at: Board) -> None:
    repo = at("tiny-opened")
    token = "ghp_" + "a1B2" * 9
    assert "GitHub token" in refused(repo, "client", "new", "--title", "Ward", "--contact", token)
    assert not (repo / "docs/value").exists()


def test_no_train_is_told_from_no_papers(repo: Path) -> None:
    assert "no train yet" in refused(repo, "risk", "list")


def test_hostile_text_stays_text(at: Board) -> None:
    repo = at("tiny-opened")
    title = "[/nope] \u202e: - # {x}"
    name = data(repo, "risk", "new", "--title", title, "--cause", "---\nid: 1\n---")["id"]
    shown = data(repo, "risk", "show", name)
    assert (shown["title"], shown["cause"]) == (title, "---\nid: 1\n---")
    assert "\u202e" not in must(repo, "risk", "list")
    write(repo, "docs/risks/README.md", "# What we fear\n")
    assert codes(repo, "check") == []


def test_a_link_on_a_shelf_is_told_and_not_followed(at: Board) -> None:
    repo = at("tiny-opened")
    new(repo, "risk")
    for name in ("r00000001.md", "page.md"):
        (repo / "docs/risks" / name).symlink_to(repo / "config/pipeline.yml")
    assert codes(repo, "check") == ["VT901", "VT903"]
