"""`checklist`: ticks are facts; what was checked stays checked, and bullets keep their identity."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.stations import SHAPE, Board, codes, data, events, must, refused
from tests.support import CONSOLE_SCRIPT, commit_all, git, run_cli, status

PATH = f"tickets/{SHAPE}/checklist.md"


def bullets(repo: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = data(repo, "checklist", "show")["bullets"]
    return found


def retype(repo: Path, old: str, new: str) -> None:
    """Edit the checklist as a person does in an editor."""
    text = (repo / PATH).read_text()
    assert text.count(old) == 1
    (repo / PATH).write_text(text.replace(old, new))


def test_show_numbers_the_bullets_and_names_the_next(at: Board) -> None:
    repo = at("tiny-working")
    out = run_cli(repo, "checklist", "show").stdout
    first = bullets(repo)[0]
    assert out.startswith(f"{SHAPE}  0/3 required  {PATH}\n")
    assert f"    1 · {first['key']}  Ask the nurses *\n" in out
    assert f"next  agenticops checklist tick {first['key']} --ticket {SHAPE}" in out


@pytest.mark.parametrize("name", ["1", "Ask the nurses", "NURSES", "{key}", "{key6}"])
def test_tick_by_number_words_or_key(at: Board, name: str) -> None:
    repo = at("tiny-working")
    key = str(bullets(repo)[0]["key"])
    out = run_cli(repo, "checklist", "tick", name.format(key=key, key6=key[:6])).stdout
    assert out == f"✓ Ask the nurses\n  next  agenticops next {SHAPE}\n"
    assert "- [x] Ask the nurses *" in (repo / PATH).read_text()
    (event,) = events(repo, "bullet_ticked")
    assert (event["data"]["bullet"], event["actor"]["agent"]) == (key, "planner")
    assert event["actor"]["operator"] == "Ada Lovelace <ada@example.org>"


def test_ticking_twice_says_so_and_writes_nothing(at: Board) -> None:
    repo = at("tiny-working")
    must(repo, "checklist", "tick", "1")
    commit_all(repo)
    assert must(repo, "checklist", "tick", "1").startswith("✓ nothing to do: checked already")
    assert status(repo) == ""


def test_tick_a_section(at: Board) -> None:
    repo = at("tiny-working")
    out = must(repo, "checklist", "tick", "--all-in", "core activities")
    assert out.count("✓") == 2
    assert [b["checked"] for b in bullets(repo)] == [False, True, True, False]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nothing like it",), "no bullet fits"),
        (("a",), "fits"),
        (("99",), "no bullet fits '99'"),
        ((), "no bullet is named"),
        (("--all-in", "Epilogue"), "has no section 'Epilogue'"),
        (("1", "nothing like it"), "no bullet fits"),
    ],
)
def test_tick_refuses_what_it_cannot_find_and_ticks_nothing(at: Board, arguments: tuple[str, ...], words: str) -> None:
    repo = at("tiny-working")
    assert words in refused(repo, "checklist", "tick", *arguments, code=2)
    assert status(repo) == ""


def test_a_tick_by_hand_is_observed_with_the_author_of_its_commit(at: Board) -> None:
    repo = at("tiny-working")
    retype(repo, "- [ ] Ask the nurses *", "- [x] Ask the nurses *")
    git(repo, "-c", "user.name=Grace Hopper", "-c", "user.email=grace@example.org", "commit", "-qam", "Asked them")
    retype(repo, "- [ ] Draw a sketch", "- [X] Draw a sketch")
    must(repo, "checklist", "tick", "Name the goal")
    found = {e["data"]["text"]: e["actor"]["operator"] for e in events(repo, "bullet_observed")}
    assert found == {
        "Ask the nurses": "Grace Hopper <grace@example.org>",
        "Draw a sketch": "Ada Lovelace <ada@example.org>",
    }
    must(repo, "checklist", "tick", "1")
    assert len(events(repo, "bullet_observed")) == 2, "it is observed once"


def test_what_was_checked_must_stay_checked(at: Board) -> None:
    repo = at("tiny-working")
    must(repo, "checklist", "tick", "1", "2")
    retype(repo, "- [x] Ask the nurses *", "- [ ] Ask the nurses *")
    retype(repo, "- [x] Draw a sketch\n", "")
    found = data(repo, "check", code=3)["findings"]
    assert [(f["code"], f["line"]) for f in found] == [("VT103", 5), ("VT104", 0)]
    assert "was checked, and is not any more: Ask the nurses" in found[0]["message"]
    assert "checked, and vanished: Draw a sketch" in found[1]["message"]
    must(repo, "checklist", "tick", "1")
    assert codes(repo, "check") == ["VT104"]


def test_rewording_by_hand_is_refused_and_by_command_is_not(at: Board) -> None:
    repo = at("tiny-working")
    must(repo, "checklist", "tick", "1")
    out = run_cli(repo, "checklist", "reword", "1", "Ask the nurses of ward 7").stdout
    assert out.startswith("✓ reworded: Ask the nurses\n") and "Ask the nurses of ward 7 *" in out
    assert codes(repo, "check") == []
    assert "VT107" in {f["code"] for f in data(repo, "check", SHAPE, code=3)["findings"]}
    retype(repo, "Ask the nurses of ward 7", "Ask the doctors")
    assert set(codes(repo, "check")) == {"VT104"}


def test_add_puts_a_bullet_at_the_end_of_its_section(at: Board) -> None:
    repo = at("tiny-working")
    out = run_cli(repo, "checklist", "add", "Load-test it", "--section", "Core activities", "--required").stdout
    assert out.startswith("✓ added to Core activities\n") and "Load-test it *" in out
    assert "- [ ] Name the goal *\n\n- [ ] Load-test it *\n" in (repo / PATH).read_text()
    assert data(repo, "checklist", "add", "Think", "--section", "Afterthoughts")["bullet"]["section"] == "Afterthoughts"
    assert "already says" in refused(repo, "checklist", "add", " Load-test  it", "--section", "Core activities", code=2)
    assert "missing option '--section'" in refused(repo, "checklist", "add", "x", code=2)


def test_user_text_stays_text(at: Board) -> None:
    repo = at("tiny-working")
    must(repo, "checklist", "add", "Check [/nope] <!-- id: x --> `a*` and *b*", "--section", "Core activities")
    assert "[/nope]" in must(repo, "checklist", "show")
    assert codes(repo, "check") == []


def test_bytes_that_are_not_meant_stay(at: Board) -> None:
    repo = at("tiny-working")
    text = (repo / PATH).read_bytes().replace(b"\n", b"\r\n") + b"\r\n<!-- mine -->  \r\n\ttail"
    (repo / PATH).write_bytes(text)
    must(repo, "checklist", "tick", "1")
    assert (repo / PATH).read_bytes() == text.replace(b"[ ] Ask", b"[x] Ask")


def test_a_ticket_without_checklist(at: Board) -> None:
    repo = at("tiny-working")
    (repo / PATH).unlink()
    assert f"at    {PATH}" in refused(repo, "checklist", "tick", "1")
    assert "VT102" in codes(repo, "check", SHAPE)


def test_two_bullets_with_one_id(at: Board) -> None:
    repo = at("tiny-working")
    retype(repo, "Ask the nurses *", "Ask the nurses * <!-- id: a -->")
    retype(repo, "Name the goal *", "Name the goal * <!-- id: a -->")
    assert "VT105" in codes(repo, "check")


def test_eight_processes_tick_at_once_and_none_is_lost(at: Board) -> None:
    repo = at("tiny-working")
    for number in range(6):
        must(repo, "checklist", "add", f"Step {number}", "--section", "Core activities")
    keys = [str(b["key"]) for b in bullets(repo)][:8]
    writers = [
        subprocess.Popen([CONSOLE_SCRIPT, "checklist", "tick", key], cwd=repo, env=dict(os.environ), stdout=-3)
        for key in keys
    ]
    assert [w.wait(60) for w in writers] == [0] * 8
    assert [b["key"] for b in bullets(repo) if b["checked"]] == keys
    ticked = events(repo, "bullet_ticked")
    assert sorted(e["data"]["bullet"] for e in ticked) == sorted(keys)
    assert len({e["lamport"] for e in ticked}) == 8
