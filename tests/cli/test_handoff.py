"""`handoff` and `session packet`: what is required, what is handed, and that it can be shown again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agenticops.core import documents
from tests.gated import trusted
from tests.stations import FIRST, Board, data, events, must, refused
from tests.support import cli, commit_all, git, replace_file, run_cli, status, write
from tests.tokenizer import counted

ROOT = "docs/session-context/ACTIVE_SESSION.md"
TO = ("handoff", "--to", "evaluator")


def requiring(repo: Path, *names: str) -> Path:
    """Let the evaluator require other things."""
    text = (repo / documents.PIPELINE).read_text()
    head, _, tail = text.partition("\n  evaluator:\n")
    before, _, rest = tail.partition("    requires: ")
    listed = ", ".join(names)
    fresh = f"{head}\n  evaluator:\n{before}    requires: [{listed}]\n" + rest.partition("\n")[2]
    write(repo, documents.PIPELINE, fresh)
    commit_all(repo, "Ask for more")
    return repo


def test_the_packet_is_one_page_of_all_that_counts(at: Board) -> None:
    repo = at("working")
    must(repo, "session", "decide", "measure weekly")
    must(repo, "session", "block", "no access to ward 7")
    must(repo, "session", "todo", "add", "profile the export")
    must(repo, "risk", "new", "--title", "Data arrives late", "--item", "142")
    bullet = data(repo, "checklist", "show", FIRST)["bullets"][0]
    must(repo, "checklist", "tick", bullet["key"])
    found = data(repo, "session", "packet")
    page, sections = found["page"], {s["title"]: s for s in found["packet"]["sections"]}
    assert counted(page) <= 1200 and page == run_cli(repo, "session", "packet").stdout
    assert sections["Decisions"]["lines"] == ["measure weekly"]
    assert sections["Blockers"]["lines"] == ["no access to ward 7"]
    assert sections["Open to-dos"]["lines"][0].endswith("profile the export")
    assert sections["Done in this session"]["lines"] == [bullet["text"]]
    assert "Data arrives late" in sections["Open risks"]["lines"][0]
    assert not any(line.startswith("VT504") for line in sections["Gate findings"]["lines"])
    assert any(line.endswith(": missing") for line in sections["Artifacts"]["lines"])
    assert found == data(repo, "session", "packet"), "the same state gives the same page"


def test_each_section_names_a_command_that_exists(at: Board) -> None:
    repo = at("working")
    must(repo, "session", "decide", "go")
    must(repo, "risk", "new", "--title", "Late", "--item", "142")
    for section in data(repo, "session", "packet")["packet"]["sections"]:
        words = section["more"].split()
        assert words[0] == "agenticops" and cli(repo, *words[1:])[0] in (0, 3), section["more"]


def test_what_was_handed_is_shown_again_word_by_word(at: Board) -> None:
    repo = at("working")
    done = data(repo, *TO, "--note", "leak in age", "--next", "Review A1")
    must(repo, "begin", "--agent", "evaluator")
    must(repo, "session", "note", "much later")
    (event,) = events(repo, "handed_off")
    assert event["data"]["requirements"] == done["session"]["handoff"]["requirements"]
    for name in ("last", event["id"], event["id"].lower()[:20]):
        shown = data(repo, "session", "packet", "--handoff", name)
        assert shown["packet"] == done["packet"] and shown["sha256"] == event["data"]["packet"]["sha256"]
        assert shown["handoff"] == event["id"] and "much later" not in shown["page"]
    assert "there is no hand-off" in refused(repo, "session", "packet", "--handoff", "01AAAAAAAA", code=2)


def test_a_packet_that_was_forged_is_not_shown(at: Board) -> None:
    repo = at("working")
    must(repo, *TO, "--note", "leak in age", "--next", "Review A1")
    (shard,) = [p for p in repo.glob(".agenticops/events/**/*.jsonl") if "leak in age" in p.read_text()]
    rows = []
    for row in shard.read_text().splitlines():
        event = json.loads(row)
        if event["kind"] == "handed_off":
            event["data"]["packet"]["title"] = "Nothing to see"
        rows.append(json.dumps(event))
    replace_file(shard, "\n".join(rows) + "\n")
    git(repo, "add", "--all")
    assert "is not what its digest says" in refused(repo, "session", "packet", "--handoff", "last")


def test_nothing_was_handed_yet(at: Board) -> None:
    repo = at("working")
    assert "nothing was handed off yet" in refused(repo, "session", "packet", "--handoff", "last", code=2)
    assert "no session is open" in refused(at("opened"), "session", "packet")


def test_the_page_is_written_to_a_new_file_only(at: Board, tmp_path: Path) -> None:
    repo, target = at("working"), tmp_path / "packet.md"
    must(repo, "session", "packet", "--output", str(target))
    assert target.read_text() == data(repo, "session", "packet")["page"]
    assert "not overwritten" in refused(repo, "session", "packet", "--output", str(target), code=5)
    assert "cannot be written" in refused(repo, "session", "packet", "--output", str(tmp_path / "no" / "x"), code=2)


CASES: list[tuple[str, tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...], str]] = [
    ("blockers", (("session", "block", "no key"),), (("session", "unblock"),), "the session is blocked: no key"),
    ("clean", (), (), "uncommitted changes: stray.txt"),
    ("artifacts", (), (), "is neither recorded nor named in a next step"),
]


@pytest.mark.parametrize(("name", "before", "after", "words"), CASES, ids=[c[0] for c in CASES])
def test_a_requirement_holds_the_hand_off(
    at: Board, name: str, before: tuple[tuple[str, ...], ...], after: tuple[tuple[str, ...], ...], words: str
) -> None:
    repo = requiring(at("working"), name)
    write(repo, "stray.txt", "x")
    for call in before:
        must(repo, *call)
    then = status(repo)
    findings = data(repo, *TO, code=3)["findings"]
    assert {f["code"] for f in findings} == {"VT505"} and words in findings[0]["message"]
    assert status(repo) == then, "a hand-off that does not take place writes nothing"
    for call in after:
        must(repo, *call)
    steps: tuple[str, ...] = ()
    if name == "clean":
        commit_all(repo)
    if name == "artifacts":
        steps = ("--next", "write the requirements and the acceptance-criteria")
    must(repo, *TO, *steps)


def test_what_the_session_itself_writes_is_clean(at: Board) -> None:
    repo = requiring(at("working"), "clean")
    must(repo, "session", "note", "x")
    must(repo, "checklist", "tick", data(repo, "checklist", "show", FIRST)["bullets"][0]["key"])
    must(repo, "artifact", "new", "requirements")
    assert status(repo) != ""
    must(repo, *TO)


def test_evidence_must_be_fresh(at: Board) -> None:
    repo = at("working")
    call = "{check: command, name: unit, command: [git, version], covers: [src]}"
    text = (repo / documents.PIPELINE).read_text()
    assert text.count("    checks:\n      - check: checklist\n") >= 1
    fresh = text.replace("    checks:\n      - check: checklist\n", f"    checks:\n      - {call}\n", 1)
    write(repo, documents.PIPELINE, fresh)
    write(repo, "src/a.py", "a = 1\n")
    requiring(repo, "evidence")
    trusted(repo)
    assert "no fresh evidence of: unit" in data(repo, *TO, code=3)["findings"][0]["message"]
    sections = {s["title"]: s["lines"] for s in data(repo, "session", "packet")["packet"]["sections"]}
    assert sections["Evidence"] == ["unit: never run"]
    must(repo, "gate", "run", FIRST)
    sections = {s["title"]: s["lines"] for s in data(repo, "session", "packet")["packet"]["sections"]}
    assert sections["Evidence"] == ["unit: passed, recorded, fresh"]
    write(repo, "src/a.py", "a = 2\n")
    assert "no fresh evidence" in data(repo, *TO, code=3)["findings"][0]["message"]
    must(repo, "gate", "run", FIRST)
    must(repo, *TO)


def test_an_unknown_requirement_is_linted_and_stops_the_hand_off(at: Board) -> None:
    repo = requiring(at("working"), "next_step")
    found: list[dict[str, Any]] = data(repo, "pipeline", "lint", code=3)["findings"]
    (finding,) = [f for f in found if f["code"] == "VT506"]
    assert finding["line"] > 0 and "unknown requirement 'next_step'" in finding["message"]
    assert [f["code"] for f in data(repo, *TO, "--next", "x", code=3)["findings"]] == ["VT506"]


def test_begin_tells_the_essence(at: Board) -> None:
    repo = at("working")
    must(repo, "session", "decide", "measure weekly")
    must(repo, "session", "block", "no access")
    for n in range(5):
        must(repo, "session", "todo", "add", f"look at case {n}")
    must(repo, *TO, "--note", "leak in age", "--next", "Review A1")
    out = run_cli(repo, "begin", "--agent", "evaluator").stdout
    for words in ("leak in age", "Review A1", "measure weekly", "no access", "look at case 0", "2 more to-dos"):
        assert words in out
    (event,) = events(repo, "handed_off")
    assert f"agenticops session packet --handoff {event['id']}" in out


def test_control_characters_of_a_note_are_harmless(at: Board) -> None:
    repo = at("working")
    must(repo, "session", "note", "\x1b[31mred\u202e ::set-output")
    out = run_cli(repo, "session", "packet").stdout
    assert "\x1b" not in out and "\u202e" not in out and "red" in out
