"""`migrate`: an older session file becomes today's; nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stations import Board, data, events, must, refused
from tests.support import run_cli, snapshot, status, write

ROOT = "docs/session-context/ACTIVE_SESSION.md"
LEGACY = Path(__file__).parent.parent / "fixtures" / "legacy"


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("sections.md", "sections"),
        ("sections-crlf.md", "sections"),
        ("front-matter.md", "front-matter"),
        ("markdown.md", "markdown"),
        ("markdown-de.md", "markdown"),
        ("session.json", "json"),
        ("pairs.env", "key-value"),
        ("pairs.txt", "key-value"),
    ],
)
def test_every_older_layout(at: Board, name: str, layout: str) -> None:
    repo = at("software")
    old = (LEGACY / name).read_bytes()
    write(repo, ROOT, old)
    found = data(repo, "migrate")
    assert found["layout"] == layout
    assert (repo / found["kept"]).read_bytes() == old and found["kept"].startswith("docs/session-context/_legacy/")
    assert data(repo, "session", "show")["session"]["id"]
    assert events(repo, "session_migrated")[0]["data"]["kept"] == found["kept"]
    assert "today's form already" in must(repo, "migrate")


def test_a_dry_run_shows_the_text_and_writes_nothing(at: Board) -> None:
    repo = at("software")
    write(repo, ROOT, (LEGACY / "sections.md").read_bytes())
    before = snapshot(repo)
    out = run_cli(repo, "migrate", "--dry-run").stdout
    assert "would be migrated" in out and "\nid: " in out and out.endswith("  next  agenticops migrate\n")
    assert snapshot(repo) == before


def test_a_file_from_elsewhere(at: Board) -> None:
    repo = at("software")
    write(repo, "docs/OLD.md", (LEGACY / "sections.md").read_bytes())
    out = run_cli(repo, "migrate", "--legacy-file", "docs/OLD.md").stdout
    assert f"✓ docs/OLD.md (sections) migrated" in out and "next  agenticops session show" in out  # noqa: F541
    assert (repo / "docs/OLD.md").exists(), "the source is the user's"


def test_a_fresh_train_has_nothing_to_migrate(at: Board) -> None:
    repo = at("software")
    assert "today's form already" in run_cli(repo, "migrate").stdout
    assert status(repo) == ""


def test_an_open_session_is_not_overwritten(at: Board) -> None:
    repo = at("working")
    write(repo, "docs/OLD.md", (LEGACY / "sections.md").read_bytes())
    err = refused(repo, "migrate", "--legacy-file", "docs/OLD.md", code=5)
    assert "it is not overwritten" in err and f"at    {ROOT}" in err and "agenticops session archive" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--legacy-file", "docs/none.md"), "there is no session file to migrate"),
        (("--legacy-file", "../outside.md"), "leaves the repository"),
        (("--legacy-file", "/etc/passwd"), "leaves the repository"),
        (("--legacy-file", "README.md"), "no field of a session was found"),
        (("--legacy-file", "broken.md"), "at    broken.md:"),
    ],
)
def test_what_cannot_be_migrated(at: Board, arguments: tuple[str, ...], words: str) -> None:
    repo = at("software")
    write(repo, "README.md", "# Read me\n\nWords.\n")
    write(repo, "broken.md", (LEGACY / "sections-broken.md").read_bytes())
    before = snapshot(repo)
    assert words in refused(repo, "migrate", *arguments)
    assert snapshot(repo) == before


def test_a_train_with_an_older_session_says_how_to_go_on(at: Board) -> None:
    repo = at("opened")
    write(repo, ROOT, (LEGACY / "sections.md").read_bytes())
    assert "agenticops migrate --dry-run" in must_fail(repo, "check")
    assert "agenticops migrate" in refused(repo, "begin")


def must_fail(repo: Path, *arguments: str) -> str:
    return run_cli(repo, *arguments, check_code=3).stdout
