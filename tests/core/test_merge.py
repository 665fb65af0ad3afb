"""Merging documents: fields, lists, ticks, bodies; what disagrees is shown, what is foreign or broken is refused."""

from __future__ import annotations

import pytest

from agenticops.core import checklist, yamltext
from agenticops.core.documents import edit_front, write_item, write_ticket
from agenticops.core.merge import Merged, merge
from agenticops.errors import StateError
from tests.support import item, ticket

TICKET, SESSION = "tickets/shape_t00000001/ticket.yml", "docs/session-context/ACTIVE_SESSION.md"
BULLETS = "# C\n\n## A\n\n- [ ] one *\n\n- [x] two\n\n## B\n\n- [ ] three\n"


def merged(base: str, ours: str, theirs: str, path: str = "t.yml") -> Merged:
    return merge(base.encode(), ours.encode(), theirs.encode(), path)


def clean(base: str, ours: str, theirs: str, path: str = "t.yml") -> str:
    found = merged(base, ours, theirs, path)
    assert not found.conflicts, found.content.decode()
    return found.content.decode()


def test_different_fields_merge_and_every_other_byte_stays() -> None:
    base = write_ticket(ticket(exit=("It works.",)))
    ours = yamltext.splice(base, {"status": "done"}, "t")
    theirs = yamltext.splice(base, {"x-team": "blue"}, "t").replace("# One", "# Our own words. One")
    assert clean(base, ours, theirs) == theirs.replace("status: todo", "status: done")


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "wanted"),
    [
        ("[a, b]", "[a, b, c]", "[b, d]", ["b", "c", "d"]),
        ("[]", "[z]", "[y]", ["y", "z"]),
        ("[1, 1.10]", "[1]", "[1, 1.10, 2]", ["1", "2"]),
        ("[a]", "[a, null]", "[a, b]", ["a", None, "b"]),
        ("{a: 1}", "{a: 1, b: 2}", "{a: 3}", {"a": "3", "b": "2"}),
        ("{a: 1, b: 2}", "{b: 2}", "{a: 1, b: 3}", {"b": "3"}),
    ],
)
def test_lists_are_sets_and_mappings_go_by_key(base: str, ours: str, theirs: str, wanted: object) -> None:
    texts = [f"f: {side}\n" for side in (base, ours, theirs)]
    for sides in (texts[1:], texts[:0:-1]):
        assert yamltext.load(clean(texts[0], *sides), "t") == {"f": wanted}


def test_entries_with_ids_merge_field_by_field() -> None:
    def todos(*entries: tuple[str, str]) -> str:
        return yamltext.dump({"todos": [{"id": i, "content": i, "status": s} for i, s in entries]})

    base = todos(("a1", "pending"), ("b2", "pending"))
    gone = merged(base, todos(("a1", "completed"), ("b2", "pending")), todos(("b2", "pending"), ("c3", "pending")))
    assert b"todos:\n<<<<<<< ours\n  - id: a1\n" in gone.content and gone.content.endswith(
        todos(("c3", "pending"))[7:].encode()
    )
    both = clean(base, todos(("a1", "completed"), ("b2", "pending")), todos(("a1", "pending"), ("b2", "in_progress")))
    assert both == todos(("a1", "completed"), ("b2", "in_progress"))


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "shown"),
    [
        ("s: a\n", "s: b\n", "s: c\n", "<<<<<<< ours\ns: b\n=======\ns: c\n>>>>>>> theirs\n"),
        ("s: a\n", "z: 1\n", "s: c\n", "z: 1\n<<<<<<< ours\n=======\n\ns: c\n>>>>>>> theirs\n"),
        ("", "s: b\n", "s: c\n", "<<<<<<< ours\ns: b\n=======\ns: c\n>>>>>>> theirs\n"),
        ("p:\n  a: 1\n", "p:\n  a: 2\n", "p:\n  a: 3\n", "p:\n<<<<<<< ours\n  a: 2\n=======\n  a: 3\n>>>>>>> theirs\n"),
        ("s: a\n", "# x\ns: a\n", "# y\ns: a\n", "<<<<<<< ours\n# x\n=======\n# y\n>>>>>>> theirs\ns: a\n"),
    ],
)
def test_two_values_stand_in_a_block(base: str, ours: str, theirs: str, shown: str) -> None:
    found = merged(f"k: 1\n\n{base}", f"k: 1\n\n{ours}", f"k: 1\n\n{theirs}")
    assert found.content.decode().replace("k: 1\n\n", "") == shown
    assert len(found.conflicts) == 1


def test_a_comment_inside_a_list_is_shown_rather_than_lost() -> None:
    found = merged("f:\n  - a\n", "f:\n  - a # why\n  - b\n", "f:\n  - a\n  - c\n")
    assert found.conflicts and b"# why" in found.content


def test_the_size_of_the_markers_is_gits() -> None:
    assert merge(b"a: 1\n", b"a: 2\n", b"a: 3\n", "t.yml", 12).content.startswith(b"<<<<<<<<<<<< ours\n")


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "wanted"), [(" ", "x", " ", "x"), ("x", " ", "x", "x"), ("x", " ", " ", " ")]
)
def test_ticks_are_monotone(base: str, ours: str, theirs: str, wanted: str) -> None:
    texts = [BULLETS.replace("- [ ] one", f"- [{mark}] one") for mark in (base, ours, theirs)]
    texts[2] = texts[2].replace("three", "Three!")
    assert clean(*texts, "c.md") == BULLETS.replace("- [ ] one", f"- [{wanted}] one").replace("three", "Three!")


def test_bullets_that_both_sides_add_are_all_kept() -> None:
    ours = checklist.add(checklist.add(BULLETS, "B", "ours", True), "B", "both", False)
    theirs = checklist.add(checklist.add(BULLETS, "B", "both", False), "B", "theirs", False)
    there, back = clean(BULLETS, ours, theirs, "c.md"), clean(BULLETS, theirs, ours, "c.md")
    assert there == back
    assert sorted(b.text for b in checklist.parse(there).bullets) == ["both", "one", "ours", "theirs", "three", "two"]


def test_a_bullet_that_one_side_reworded_and_the_other_ticked_is_shown() -> None:
    key = checklist.parse(BULLETS).bullets[0].key
    found = merged(BULLETS, checklist.reword(BULLETS, key, "uno"), checklist.tick(BULLETS, [key]), "c.md")
    assert b"- [ ] uno *\n=======\n- [x] one *\n" in found.content


def test_front_matter_and_body_merge_apart() -> None:
    base = write_item(item(body="First.\n\nSecond."))
    ours = edit_front(base, {"labels": ["a"]}, "i").replace("First", "FIRST")
    theirs = edit_front(base, {"labels": ["b"], "x-new": 1}, "i").replace("Second", "SECOND")
    found = clean(base, ours, theirs, "docs/work/t00000001.md")
    assert edit_front(base, {"labels": ["a", "b"], "x-new": 1}, "i") == found.replace("FIRST", "First").replace(
        "SECOND", "Second"
    )
    dispute = merged(base, base.replace("First", "A"), base.replace("First", "B"), "docs/work/t00000001.md")
    assert b"<<<<<<< ours\nA.\n=======\nB.\n>>>>>>> theirs\n" in dispute.content


@pytest.mark.parametrize(
    ("base", "ours", "theirs"),
    [
        ("id: a_1\n", "id: a_1\n", "id: b_1\nx: 1\n"),
        ("", 'id: "1"\n', "id: 2\n"),
        ("id: a\n", "id: b # moved\nx: 1\n", "id: b\n"),
        ("id: a\n", "id: a\nx: 'broken\n", "id: b\n"),
    ],
)
def test_documents_with_other_ids_are_refused(base: str, ours: str, theirs: str) -> None:
    found = merged(base, ours, theirs)
    assert found.conflicts[0].what == "id"
    assert found.content.decode() == f"<<<<<<< ours\n{ours}=======\n{theirs}>>>>>>> theirs\n"


def test_sessions_of_two_tickets_are_refused_also_before_they_have_an_id() -> None:
    sides = [f"---\nstatus: init\n\nticket: {name}\n---\nbody {name}\n" for name in ("a_1", "a_1", "b_1")]
    assert merged(*sides, SESSION).conflicts[0].what == "ticket"
    begun = sides[0].replace("status: init\n", "id: s-1\n\nstatus: active\n")
    assert clean(sides[0], begun, sides[0].replace("body", "BODY"), SESSION) == begun.replace("body", "BODY")


@pytest.mark.parametrize(
    "broken",
    [b"a: [1\n", b"a: 1\na: 2\n", b"- 1\n", b"a: \xff\n", b"<<<<<<< x\n", b"a: 1\r\nb: 2\n", b"{a: 1, b: 2}\n", b"?"],
)
def test_what_cannot_be_read_is_left_to_the_line_merge(broken: bytes) -> None:
    for sides in ((broken, b"a: 2\n", b"a: 3\n"), (b"a: 1\n", broken, b"a: 3\n"), (b"a: 1\n", b"a: 2\n", broken)):
        with pytest.raises(StateError):
            merge(*sides, "t.yml")


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "wanted"),
    [
        (b"a: 1\r\n\r\nb: 1\r\n", b"a: 2\r\n\r\nb: 1\r\n", b"a: 1\r\n\r\nb: 2\r\n", b"a: 2\r\n\r\nb: 2\r\n"),
        (b"a: 1\n\nb: 1\n", b"a: 2\n\nb: 1\n", b"a: 1\r\n\r\nb: 2\r\n", b"a: 2\r\n\r\nb: 2\r\n"),
        (b"a: 1\n\nb: 1", b"a: 2\n\nb: 1", b"a: 1\n\nb: 2", b"a: 2\n\nb: 2"),
        (b"\xef\xbb\xbfa: 1\n\nb: 1\n", b"a: 1\n\nb: 1\n", b"\xef\xbb\xbfa: 1\n\nb: 2\n", b"a: 1\n\nb: 2\n"),
    ],
)
def test_line_ends_and_byte_order_marks_are_kept(base: bytes, ours: bytes, theirs: bytes, wanted: bytes) -> None:
    assert merge(base, ours, theirs, "t.yml") == merge(base, theirs, ours, "t.yml") == Merged(wanted, ())
