"""The table of limits: what is written is read again, and nothing else is believed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenticops.core.limits import Limits
from agenticops.core.ruling import Absent
from agenticops.store import limitstable
from agenticops.store.limitstable import Table, digest, read, write

WORDS = st.text(st.characters(exclude_categories=[]), max_size=8)
LISTS = st.lists(WORDS, max_size=3)
LIMITS = st.builds(
    Limits, WORDS, WORDS, allowed=LISTS, restricted=LISTS, writable=LISTS, own=LISTS, ways=LISTS
) | st.builds(Absent, WORDS, WORDS)
FIELDS = ("mode", "ticket", "allowed", "restricted", "writable", "own", "ways", "reason", "way")


def shown(table: Table | None) -> object:
    assert table is not None
    return {f: getattr(table.limits, f) for f in FIELDS if hasattr(table.limits, f)}, [tuple(r) for r in table.rests]


@given(LIMITS, st.lists(st.tuples(st.just("0" * 40), WORDS.map(lambda w: f"work:{w}")), max_size=3))
def test_what_is_written_is_read_again(limits: Limits | Absent, rests: list[tuple[str, str]]) -> None:
    table = Table(limits, rests)
    assert shown(limitstable._parsed(limitstable._rendered(table))) == shown(table)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[str, str]:
    (tmp_path / "git").mkdir()
    return str(tmp_path), str(tmp_path / "git")


def test_it_is_fresh_until_a_file_is_another(folders: tuple[str, str], tmp_path: Path) -> None:
    root, git = folders
    names = ["work:a", "work:none", "git:HEAD", "names:src"]
    (tmp_path / "a").write_text("1")
    (tmp_path / "src").mkdir()
    table = Table(Limits("plan"), [(digest(root, git, n), n) for n in names])
    write(git, table)
    again = read(git)
    assert again is not None and again.fresh(root, git)
    for change, undo in (
        ((tmp_path / "a", "2"), (tmp_path / "a", "1")),
        ((tmp_path / "none", ""), None),
        ((tmp_path / "git/HEAD", "x"), None),
        ((tmp_path / "src/new", ""), None),
    ):
        change[0].write_text(change[1])
        assert not again.fresh(root, git), change
        change[0].unlink()
        if undo:
            undo[0].write_text(undo[1])
        assert again.fresh(root, git)


def test_nothing_and_what_another_version_wrote_is_no_table(folders: tuple[str, str], tmp_path: Path) -> None:
    _, git = folders
    assert read(git) is None
    write(git, Table(Limits("plan"), []))
    file = tmp_path / "git/agenticops/limits.tbl"
    whole = file.read_bytes()
    assert read(git) is not None
    for text in (b"", b"\xff\0", whole[:-5], whole.replace(b" limits ", b" limits 9"), whole[: len(whole) // 2]):
        file.write_bytes(text)
        assert read(git) is None, text


def test_links_are_neither_read_nor_written(folders: tuple[str, str], tmp_path: Path) -> None:
    _, git = folders
    write(git, Table(Limits("plan"), []))
    file = tmp_path / "git/agenticops/limits.tbl"
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    assert read(git) is None
    write(git, Table(Limits("make"), []))
    assert not file.is_symlink() and b"make" not in (tmp_path / "elsewhere").read_bytes()
    (tmp_path / "git/agenticops").rename(tmp_path / "moved")
    (tmp_path / "git/agenticops").symlink_to(tmp_path / "moved")
    before = sorted(p.name for p in (tmp_path / "moved").iterdir())
    write(git, Table(Limits("ship"), []))
    assert read(git) is None and sorted(p.name for p in (tmp_path / "moved").iterdir()) == before


def test_a_link_in_its_place_is_another_file(folders: tuple[str, str], tmp_path: Path) -> None:
    root, git = folders
    (tmp_path / "a").write_text("1")
    plain = digest(root, git, "work:a")
    (tmp_path / "a").rename(tmp_path / "b")
    (tmp_path / "a").symlink_to("b")
    assert digest(root, git, "work:a") != plain


def test_where_it_cannot_be_written_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "git").write_text("a file")
    write(str(tmp_path / "git"), Table(Limits("plan"), []))
    assert read(str(tmp_path / "git")) is None


def test_many_writers_leave_one_whole_table(folders: tuple[str, str], tmp_path: Path) -> None:
    _, git = folders

    def once(number: int) -> bool:
        write(git, Table(Limits("plan", writable=[f"{number}/{i}/**" for i in range(200)]), []))
        found = read(git)
        return found is not None and isinstance(found.limits, Limits) and len(found.limits.writable) == 200

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(once, range(64)))
