"""Older sessions: every layout is read, nothing is lost, nothing broken is guessed at."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from agenticops.core import documents, legacy, yamltext
from agenticops.core.legacy_page import leaves
from agenticops.errors import StateError
from agenticops.model.session import Session

FIXTURES = Path(__file__).parents[1] / "fixtures" / "legacy"
LAYOUTS = {
    "sections.md": "sections",
    "sections-odd.md": "sections",
    "sections-crlf.md": "sections",
    "session.json": "json",
    "front-matter.md": "front-matter",
    "markdown.md": "markdown",
    "markdown-de.md": "markdown",
    "pairs.env": "key-value",
    "pairs.txt": "key-value",
    "pairs.yml": "key-value",
    "current.md": "current",
}
BROKEN = {
    "sections-broken.md": (14, "not YAML"),
    "sections-unclosed.md": (3, "not closed"),
    "sections-conflict.md": (5, "conflict markers"),
    "json-broken.json": (4, "not JSON"),
    "json-twice.json": (4, "stands twice"),
    "front-matter-broken.md": (4, "not YAML"),
    "front-matter-unclosed.md": (1, "not closed"),
}


def migrate(name: str) -> legacy.Migrated:
    return legacy.read((FIXTURES / name).read_bytes().decode(), name)


@pytest.mark.parametrize(("name", "layout"), LAYOUTS.items())
def test_layout_is_recognised_and_fits_the_type(name: str, layout: str) -> None:
    migrated = migrate(name)
    assert migrated.layout == layout
    msgspec.convert(migrated.session, Session)


@pytest.mark.parametrize("name", [name for name, layout in LAYOUTS.items() if layout != "current"])
def test_what_is_written_is_a_session_of_today(name: str) -> None:
    migrated = migrate(name)
    text = f"---\n{yamltext.dump(migrated.session)}---\n{migrated.body}"
    assert documents.read_session(text.encode(), name) == msgspec.convert(migrated.session, Session)
    assert yamltext.split(text)[1] == migrated.body


@pytest.mark.parametrize("name", [name for name, layout in LAYOUTS.items() if "id" in migrate(name).session])
def test_a_second_migration_changes_nothing(name: str) -> None:
    first = migrate(name)
    second = legacy.read(f"---\n{yamltext.dump(first.session)}---\n{first.body}", name)
    assert (second.layout, second.body, second.session) == ("current", first.body, first.session)


@pytest.mark.parametrize(("name", "line", "message"), [(n, *what) for n, what in BROKEN.items()])
def test_broken_file_is_named_with_its_line(name: str, line: int, message: str) -> None:
    with pytest.raises(StateError, match=message) as caught:
        migrate(name)
    assert caught.value.place == f"{name}:{line}"


@pytest.mark.parametrize("name", ["empty.md", "letter.md"])
def test_what_is_no_session_is_refused(name: str) -> None:
    with pytest.raises(StateError, match="no field of a session"):
        migrate(name)


def test_sections() -> None:
    migrated = migrate("sections.md")
    session = msgspec.convert(migrated.session, Session)
    assert (session.id, session.status, session.started_at) == ("sess-2024-03-11-a", "active", "2024-03-11 09:15")
    assert (session.mode, session.phase, session.agent) == ("build", "feature-engineering", "lab")
    assert session.ticket == "feature-engineering_142"
    assert (session.parents.prd, session.parents.crd) == ("#12", "#57")
    assert [(t.id, t.status, t.priority) for t in session.todos] == [
        ("1", "completed", "medium"),
        ("T2", "in_progress", "high"),
        ("3", "pending", "medium"),
    ]
    assert session.artifacts.created == ("delivery/features/feature-map.md",)
    assert session.decisions == ("Keep rare categories together", "Use target encoding")
    assert session.notes == ("The sample is from May", "Two columns are constant")
    assert session.allowed_tools == ("Read", "Bash(git diff, git log)")


def test_what_has_no_place_stays_in_the_body_word_for_word() -> None:
    body = migrate("sections.md").body
    assert "## Session Metadata\n\n```yaml\nversion: 1.10\n```\n" in body
    assert "last_commit: 2_7\n" in body
    assert "rationale: few rows per level" in body
    assert "  - task: Write the feature map\n    estimate: 2h\n" in body
    assert "The client prefers short words." in body
    assert "## Tool Access" not in body
    assert "session_id" not in body


def test_notes_say_what_became_of_each_key() -> None:
    notes = migrate("sections.md").notes
    assert "session_id → id" in notes
    assert "current_mode → mode: 'Build Mode' is 'build' here" in notes
    assert "version → body: no field has this name" in notes


def test_unknown_status_is_not_guessed() -> None:
    migrated = migrate("sections-odd.md")
    assert "status" not in migrated.session
    assert "status: waiting for Bob   # not in any list\n" in migrated.body
    assert "status → body: unknown status 'waiting for Bob'" in migrated.notes


def test_comments_and_code_are_neither_headings_nor_values() -> None:
    migrated = migrate("sections-odd.md")
    assert "mode" not in migrated.session
    for kept in ("<!--\n## Session Metadata", "# written by hand", "issue: #142", 'echo "status: done"', "mode: rain"):
        assert kept in migrated.body


def test_artifact_of_unknown_state_stays() -> None:
    migrated = migrate("sections-odd.md")
    assert migrated.session["artifacts"] == {"created": ["delivery/data/extract.py"]}
    assert "- path: delivery/data/extraction-log.md\n  status: lost\n" in migrated.body


def test_line_ends_are_kept() -> None:
    assert b"\r\n" in (FIXTURES / "sections-crlf.md").read_bytes()
    migrated = migrate("sections-crlf.md")
    assert migrated.session == {"id": "crlf-1", "operator": "jo", "decisions": ["Keep the line ends"]}
    assert "mood: bright\r\n" in migrated.body
    assert migrated.body.count("\n") == migrated.body.count("\r\n")


def test_json() -> None:
    migrated = migrate("session.json")
    assert migrated.session["ticket"] == "validation_88"
    assert migrated.session["handoff"] == {"to": "ops", "requirements": ["report signed"], "notes": "mind the quota"}
    assert [t["status"] for t in migrated.session["todos"]] == ["completed", "pending"]
    assert '"threshold": 0.70' in migrated.body
    assert '"Talk to sales", "status": "someday"' in migrated.body
    assert "todos → body: unknown status 'someday'" in migrated.notes


def test_prose_behind_json_is_kept() -> None:
    migrated = legacy.read('{"mode": "build"}\n\nCall Eve.\n', "s.json")
    assert migrated.body == "Call Eve.\n"


def test_deep_json_is_an_error_with_a_place() -> None:
    with pytest.raises(StateError, match="nested") as caught:
        legacy.read('{"mode": ' + "[" * 100_000, "s.json")
    assert caught.value.place == "s.json:1"


def test_front_matter_leaves_the_page_below_alone() -> None:
    migrated = migrate("front-matter.md")
    page = yamltext.split((FIXTURES / "front-matter.md").read_text())[1]
    assert migrated.body.startswith(page)
    assert migrated.body.endswith("budget_eur: 1_500   # asked twice\n```\n")
    assert [t["status"] for t in migrated.session["todos"]] == ["completed", "in_progress", "pending"]
    assert migrated.session["handoff"] == {"to": "evaluator"}
    assert "decisions" not in migrated.session


def test_front_matter_that_means_nothing_does_not_hide_the_page() -> None:
    migrated = legacy.read("---\ntitle: Tuesday\n---\n## Mode\n\nbuild\n", "s.md")
    assert (migrated.layout, migrated.session) == ("markdown", {"mode": "build"})
    assert "title: Tuesday" in migrated.body


def test_fence_in_front_matter_does_not_end_the_kept_block() -> None:
    migrated = legacy.read("---\nsession_id: a\nsnippet: |\n  ```\n  x\n  ```\n---\n", "s.md")
    assert migrated.body.endswith("````yaml\nsnippet: |\n  ```\n  x\n  ```\n````\n")


def test_plain_markdown() -> None:
    migrated = migrate("markdown.md")
    assert migrated.session["operator"] == "Ana"
    assert migrated.session["branch"] == "phase/scope_t5k2m9qxz"
    assert migrated.session["ticket"] == "scope_t5k2m9qxz"
    assert [(t["content"], t["status"]) for t in migrated.session["todos"]] == [
        ("Draft the statement of work", "completed"),
        ("Have it read by legal", "pending"),
        ("Price agreed", "completed"),
    ]
    assert migrated.session["decisions"][1] == "Fixed price\nbecause the budget is fixed\n- and the scope is small"
    assert "blockers" not in migrated.session
    assert "## Blockers\n\nNone\n" in migrated.body
    assert "## Decisions\n\n\nThe rest was left open.\n" in migrated.body
    assert "## Lunch\n\n- soup\n" in migrated.body


def test_other_languages_stay_as_they_are() -> None:
    migrated = migrate("markdown-de.md")
    assert migrated.session["next_steps"] == ["Größen prüfen — bis Freitag", "Проверить источники", "اتصل بالعميل"]
    assert "## Entscheidungen\n\n- Wir nehmen die Schnittstelle des Händlers\n- 価格は後で決める\n" in migrated.body


def test_pairs() -> None:
    migrated = migrate("pairs.env")
    assert migrated.session["ticket"] == "training_77"
    assert migrated.session["decisions"] == ["stop early at epoch 20", "keep seed 7"]
    assert migrated.session["allowed_tools"] == ["Read", "Grep", "Bash(git log, git diff)"]
    assert migrated.body == "# session of the night shift\nLEARNING_RATE=1e-4\nSTATUS=failed\n"


def test_pairs_with_colons_and_lists() -> None:
    migrated = migrate("pairs.txt")
    assert migrated.session["notes"] == ["client: two teams, one budget"]
    assert migrated.session["next_steps"] == ["send the questionnaire", "read the policy"]
    assert migrated.body == "temperature: warm\n"


def test_current_layout_is_not_changed() -> None:
    migrated = migrate("current.md")
    assert migrated.body == "# Session\n\nText.\n"
    assert migrated.session["extra"] == {"colour": "blue"}
    assert migrated.notes == ()


@pytest.mark.parametrize(
    ("said", "ticket"),
    [("142", "training_142"), ("'#142'", "training_142"), ("training_142-2", "training_142-2"), ("Issue 142", None)],
)
def test_ticket_of_an_issue(said: str, ticket: str | None) -> None:
    migrated = legacy.read(f"---\nissue: {said}\nphase: training\nmode: build\n---\n", "s.md")
    assert migrated.session.get("ticket") == ticket
    assert ticket or said in migrated.body


def test_issue_without_a_phase_stays() -> None:
    migrated = legacy.read("---\nissue: 142\nmode: build\n---\n", "s.md")
    assert "ticket" not in migrated.session
    assert "issue: 142" in migrated.body


def test_second_value_for_a_field_stays() -> None:
    migrated = legacy.read('{"mode": "build", "current_mode": "design", "active_mode": "Build"}', "s.json")
    assert migrated.session == {"mode": "build"}
    assert '"current_mode": "design"' in migrated.body
    assert "active_mode" not in migrated.body


@pytest.mark.parametrize("word", ["none", "N/A", "(none)", "TBD", "-"])
def test_words_for_nothing_are_no_blocker(word: str) -> None:
    migrated = legacy.read(json.dumps({"mode": "build", "blockers": [word]}), "s.json")
    assert "blockers" not in migrated.session
    assert word in migrated.body


def test_two_todos_with_one_id_both_stay_addressable() -> None:
    todos = [{"id": "2", "content": "a"}, {"content": "b"}, {"id": "2", "content": "c"}]
    migrated = legacy.read(json.dumps({"todos": todos}), "s.json")
    ids = [t["id"] for t in migrated.session["todos"]]
    assert len(set(ids)) == 3
    assert ids[0] == "2"
    assert "todos → body: two to-dos have the id '2'" in migrated.notes


def test_counts_are_no_todos() -> None:
    migrated = legacy.read('{"mode": "build", "progress": {"completed": 3, "remaining": "40 %"}}', "s.json")
    assert "todos" not in migrated.session
    assert '"completed": 3' in migrated.body


def test_nul_is_refused_with_its_line() -> None:
    with pytest.raises(StateError, match="NUL") as caught:
        legacy.read("mode: build\n\0", "s.md")
    assert caught.value.place == "s.md:2"


FIELD_KEYS = st.sampled_from(
    ["session_id", "status", "current_mode", "phase", "agent", "issue", "prd", "todo_list", "decisions", "blockers"]
)
GROUP_KEYS = st.sampled_from(
    ["next_steps", "notes", "artifacts", "handoff", "allowed_tools", "WorkProgress", "currentWork", "git", "branch"]
)
OTHER_KEYS = st.sampled_from(
    ["completed", "id", "title", "to", "colour", "größe", "path", "content", "priority", "x-1"],
)
KEYS = FIELD_KEYS | GROUP_KEYS | OTHER_KEYS
STATED = st.sampled_from(
    ["done", "in progress", "Paused", "someday", "high", "none", "[x] sent", "build", "#7", "2_7", "0.70"]
)
# A number that hardly comes twice, so that a value cannot be found by accident.
WORDS = st.builds(
    lambda before, number, after: f"{before}{number}{after}".strip(),
    st.text(alphabet="abcXYäßжд価 #:-*`", max_size=6),
    st.integers(10_000, 99_999_999),
    st.text(alphabet="abcXYäßжд価 #:-*`", max_size=6),
)
SCALARS = STATED | WORDS
VALUES = st.recursive(SCALARS, lambda v: st.lists(v, max_size=3) | st.dictionaries(KEYS, v, max_size=4), max_leaves=8)
HEADINGS = st.sampled_from(["Mode", "Decisions", "Next Steps", "Tasks", "Wetter", "Notes"])
SESSIONS = st.dictionaries(KEYS, VALUES, min_size=1, max_size=6)


def said_values(value: Any) -> list[str]:
    """Scalars of a source, without its keys."""
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in said_values(part)]
    if isinstance(value, list):
        return [leaf for part in value for leaf in said_values(part)]
    return [str(value)]


def lost(source: dict[str, Any], text: str, path: str) -> list[str]:
    """Scalars of the source that stand neither in the session, nor in the body, nor in the note on their mapping."""
    try:
        migrated = legacy.read(text, path)
    except StateError as e:
        assert "no field of a session" in e.message
        return []
    shown = "\n".join([*leaves(migrated.session), migrated.body, *migrated.notes])
    return [leaf for leaf in said_values(source) if letters(leaf.removeprefix("[x] ")) not in letters(shown)]


def letters(text: str) -> str:
    """Letters and digits only: bullets, marks, emphasis and case may go."""
    return re.sub(r"[\W_]+", "", text.casefold())


@settings(max_examples=100, deadline=None)
@given(SESSIONS)
def test_json_loses_nothing(source: dict[str, Any]) -> None:
    assert not lost(source, json.dumps(source, ensure_ascii=False), "s.json")


@settings(max_examples=100, deadline=None)
@given(SESSIONS)
def test_front_matter_loses_nothing(source: dict[str, Any]) -> None:
    text = yaml.safe_dump(source, allow_unicode=True, sort_keys=False, width=10_000, default_style='"')
    assert not lost(source, f"---\n{text}---\n\nProse.\n", "s.md")


@settings(max_examples=100, deadline=None)
@given(SESSIONS, st.sampled_from(["Session Metadata", "Work Progress", "Artifacts", "Session Notes", "Tool Access"]))
def test_sections_lose_nothing(source: dict[str, Any], title: str) -> None:
    text = yaml.safe_dump(source, allow_unicode=True, sort_keys=False, width=10_000)
    assert not lost(source, f"# S\n\n## {title}\n\nBefore.\n\n```yaml\n{text}```\n", "s.md")


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["Mode", "Decisions", "Next Steps", "Tasks", "Wetter"]), WORDS, st.lists(WORDS)))
)
def test_markdown_keeps_every_line(sections: list[tuple[str, str, list[str]]]) -> None:
    text = "# Page\n\n**Mode:** build\n\n"
    for title, prose, items in sections:
        text += f"## {title}\n\n" + "".join(f"- {item}\n" for item in items) + f"\n{prose}\n\n"
    wanted = {"all": [leaf for _, prose, items in sections for leaf in [prose, *items]]}
    assert not lost(wanted, text, "s.md")


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_its_place(text: str) -> None:
    try:
        migrated = legacy.read("mode: build\n" + text, "s.md")
    except StateError as e:
        assert e.place.startswith("s.md")
    else:
        # The line that follows may go on with the value.
        assert str(migrated.session.get("mode")).startswith("build") or "mode: build" in migrated.body


SLOW = {
    "blanks in a value": "MODE=a" + " " * 200_000 + "b\n",
    "blanks before a colon": "# Session\n\n## Status\n\n```yaml\na" + " " * 200_000 + "b\n```\n",
    "blanks in a heading": "# a" + " " * 200_000 + "b\n\n**Mode**: x\n",
    "blanks in an entry": "## Notes\n\n- a" + " " * 200_000 + "b\n",
    "commas": "## Allowed tools\n\n" + "a," * 100_000 + "\n",
    "notes": "## Notes\n\n" + "".join(f"- {n}x\n" for n in range(25_000)),
    "to-dos": "## Todos\n\n" + "".join(f"- [ ] {n}x\n" for n in range(16_000)),
}


@pytest.mark.parametrize("text", SLOW.values(), ids=list(SLOW))
def test_hostile_repetition_stays_linear(text: str) -> None:
    begun = time.process_time()
    try:
        legacy.read(text, "x.md")
    except StateError:
        pass
    assert time.process_time() - begun < 6  # half a second where it is quiet; a quadratic scan takes ten and more


def test_json_that_python_can_parse_but_not_walk_is_refused() -> None:
    text = '{"mode": "build", "notes": ' + "[" * 500 + "]" * 500 + "}"
    with pytest.raises(StateError, match="too deeply"):
        legacy.read(text, "x.json")


@pytest.mark.parametrize(
    ("value", "tools"),
    [("Read, Bash(git *, ls), Edit", ["Read", "Bash(git *, ls)", "Edit"]), ("a (b, c, d", ["a (b", "c", "d"])],
)
def test_commas_in_parentheses_do_not_part(value: str, tools: list[str]) -> None:
    assert legacy.read(f"---\nmode: build\nallowed_tools: {value}\n---\n", "x.md").session["allowed_tools"] == tools
