"""Architecture decision records: both forms are read, and both sides of a chain agree."""

from __future__ import annotations

import pytest

from agenticops.core import adrs
from agenticops.errors import StateError
from agenticops.model.tree import MemoryTree


def tree(**texts: str) -> MemoryTree:
    return MemoryTree({f"{adrs.FOLDER}/{n.replace('_', '-').strip('-')}.md": t.encode() for n, t in texts.items()})


def record(status: str = "accepted, 2026-01-01", more: str = "") -> str:
    return f"# 0001 · A title\n\nStatus: {status}\n{more}\n## Decision\n"


OLD = record("superseded by [0002-new](0002-new.md), 2026-01-02")
NEW = record(more="\nSupersedes: [0001-old](0001-old.md)\n")


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("# 0001. The truth", "The truth"),
        ("# 0018 · Gates", "Gates"),
        ("# Use one queue", "Use one queue"),
        ("# 2026 was a year", "2026 was a year"),
    ],
)
def test_titles_with_and_without_numbers(head: str, title: str) -> None:
    found = adrs.read(tree(_0001_a=f"{head}\n\nStatus: accepted, 2026-01-01\n"), "0001-a")
    assert (found.title, found.status, found.line) == (title, "accepted, 2026-01-01", 3)


def test_other_pages_of_the_folder_are_none() -> None:
    assert adrs.ids(tree(_0001_a="", _2026_01_01_b="", README="", template="", _01_c="")) == ["0001-a", "2026-01-01-b"]


def test_a_chain_that_both_sides_know_is_whole() -> None:
    assert list(adrs.findings(tree(_0001_old=OLD, _0002_new=NEW))) == []


@pytest.mark.parametrize(
    ("old", "new", "path", "words"),
    [
        (OLD, record(), "0002-new", "0001-old is superseded by 0002-new, which does not say so"),
        (record(), NEW, "0001-old", "0002-new supersedes 0001-old, whose status does not say so"),
        (record("superseded by 0009-gone"), record(), "0001-old", "'0009-gone', which is not there"),
        (record(), record(more="\nSupersedes: 0009\n"), "0002-new", "'0009', which is not there"),
    ],
)
def test_a_chain_with_one_side_is_a_finding(old: str, new: str, path: str, words: str) -> None:
    (one,) = adrs.findings(tree(_0001_old=old, _0002_new=new))
    assert (one.code, one.path, one.line) == ("VT905", f"{adrs.FOLDER}/{path}.md", 3)
    assert words in one.message


def test_a_chain_that_goes_round_is_a_finding() -> None:
    one = record("superseded by 0002", "\nSupersedes: 0002\n")
    two = record("superseded by 0001", "\nSupersedes: 0001\n")
    found = list(adrs.findings(tree(_0001_a=one, _0002_b=two)))
    assert {f.path for f in found} == {f"{adrs.FOLDER}/0001-a.md", f"{adrs.FOLDER}/0002-b.md"}
    assert all("by itself" in f.message for f in found)


@pytest.mark.parametrize(
    ("names", "name"),
    [
        ([], "2026-01-01-one-queue"),
        (["0001-a", "0009-b"], "0010-one-queue"),
        (["2026-01-01-a"], "2026-01-01-one-queue"),
        (["2026-01-01-one-queue"], "2026-01-01-one-queue-2"),
        (["0001-a", "2025-01-01-b", "2025-01-02-c"], "2026-01-01-one-queue"),
    ],
)
def test_a_new_record_follows_the_folder(names: list[str], name: str) -> None:
    assert adrs.next_id(names, "One queue", "2026-01-01") == name


def test_only_the_status_line_of_the_older_one_changes() -> None:
    assert adrs.superseded(record(), "0002-new", "2026-01-02", "p") == OLD
    with pytest.raises(StateError):
        adrs.superseded("# No status\n", "0002-new", "2026-01-02", "p")


@pytest.mark.parametrize(
    ("wanted", "found"), [("0001", "0001-old"), ("0001-old", "0001-old"), ("000", ""), ("9999", "")]
)
def test_a_record_is_found_by_its_number(wanted: str, found: str) -> None:
    assert adrs.find(["0001-old", "0002-new"], wanted) == found


def test_what_is_no_text_is_a_finding() -> None:
    files = MemoryTree({f"{adrs.FOLDER}/0001-a.md": b"\xff"})
    assert [f.code for f in adrs.findings(files)] == ["VT901"]
