"""Secrets at the command line: refused before anything is written, blacked out in what is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.stations import SHAPE, Board, data, must, refused
from tests.support import cli, commit_all, run_cli, snapshot, write

TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ456789"
PIPELINE = "config/pipeline.yml"


@pytest.mark.parametrize(
    "call",
    [
        ("work", "new", "--title", f"x {TOKEN}"),
        ("session", "note", TOKEN),
        ("ticket", "block", "--reason", TOKEN),
        ("checklist", "add", TOKEN, "--section", "y"),
        ("advance", "--override", "--reason", TOKEN),
    ],
)
def test_a_secret_is_refused_and_nothing_is_written(at: Board, call: tuple[str, ...]) -> None:
    repo = at("tiny-working")
    before = snapshot(repo)
    done = run_cli(repo, *call, check_code=1)
    assert done.stdout == "" and TOKEN not in done.stderr
    assert "looks like a GitHub token; nothing was written" in done.stderr and "env:NAME" in done.stderr
    assert "\n  at    " in done.stderr and snapshot(repo) == before


def test_a_file_that_holds_one_is_not_edited_further(at: Board) -> None:
    repo = at("tiny-working")
    path = repo / f"tickets/{SHAPE}/checklist.md"
    path.write_text(path.read_text() + f"\n- [ ] use {TOKEN}\n")
    line = path.read_text().count("\n")
    err = refused(repo, "checklist", "tick", "1")
    assert f"at    tickets/{SHAPE}/checklist.md:{line}" in err and TOKEN not in err


def test_an_artifact_that_holds_one_is_not_recorded(at: Board) -> None:
    repo = at("tiny-working")
    write(repo, "docs/142/brief.md", f"# Brief\n\n## Goal\n\nWe log in with {TOKEN}.\n")
    code, out, _ = cli(repo, "artifact", "record", "brief", "--json")
    assert code == 3 and TOKEN not in out
    (found,) = json.loads(out)["data"]["findings"]
    assert (found["code"], found["path"], found["line"]) == ("VT216", "docs/142/brief.md", 5)


def test_a_value_of_the_environment_is_known(at: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = at("tiny-working")
    must(repo, "session", "note", "it is rose-garden-7")
    monkeypatch.setenv("MAIL_PASSWORD", "rose-garden-8")
    assert "rose-garden-8" not in refused(repo, "session", "note", "it is rose-garden-8")
    assert "[redacted]" in refused(repo, "ticket", "show", "rose-garden-8", code=2)
    must(repo, "session", "note", "it is env:MAIL_PASSWORD")


@pytest.mark.parametrize("debug", ["", "1"])
def test_a_bug_tells_no_secret(at: Board, monkeypatch: pytest.MonkeyPatch, debug: str) -> None:
    from agenticops.flows import report

    def broken(*_: object) -> None:
        raise RuntimeError(f"{TOKEN}\x1b[31m")

    monkeypatch.setattr(report, "next_step", broken)
    monkeypatch.setenv("AGENTICOPS_DEBUG", debug)
    code, out, err = cli(at("tiny-working"), "next")
    assert (code, out) == (70, "") and TOKEN not in err and "[redacted]" in err


NASTY = "a\x1b[31m\x9b31m\u202e\u2066\u200b\U000e0041z"


def test_json_escapes_what_a_terminal_obeys_and_stays_the_same_text(at: Board) -> None:
    repo = at("tiny")
    must(repo, "work", "new", "--title", f"Größe 💊 {NASTY}", "--issue", "7")
    _, out, _ = cli(repo, "work", "show", "7", "--json")
    assert out.rstrip("\n").isprintable() and "Größe 💊" in out
    title = data(repo, "work", "show", "7")["item"]["title"]
    assert title.startswith("Größe 💊 a\x1b[31m\x9b31m\u202e\u2066") and title.endswith("z")


def test_names_out_of_a_pipeline_are_escaped_too(at: Board) -> None:
    repo = at("tiny")
    path: Path = repo / PIPELINE
    stage = '\n    stages:\n      - name: "s\\e[31m\\u202e"\n        goals: ["g\\e]0;x\\a"]\n'
    path.write_text(path.read_text().replace("    next: [build]\n", "    next: [build]" + stage, 1))
    commit_all(repo)
    for call in (["pipeline", "show", "shape"], ["gate", "show", "shape"], ["pipeline", "graph"], ["check"]):
        _, out, err = cli(repo, *call)
        assert all(c.isprintable() or c == "\n" for c in out + err), call
    assert "\\u001b[31m" in must(repo, "pipeline", "show", "shape")
