"""Packs: the same events give the same files, lines are kept as bytes, and no pack looks like its shards."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenticops.core import pack
from agenticops.core.pack import Line
from agenticops.core.retention import Judge
from agenticops.model.retention import Rule
from agenticops.store import log
from tests.support import event

FOLDER = ".agenticops/events/2026/01"


def lines(*numbers: int, kind: str = "noted") -> list[Line]:
    found = [event(kind, number=n, data={"text": "x" * 100}) for n in numbers]
    return [(e, log.encode([e]).strip()) for e in found]


@given(st.permutations(range(1, 20)))
def test_a_pack_does_not_depend_on_the_order_of_the_shards(numbers: list[int]) -> None:
    assert pack.packs(FOLDER, lines(*numbers)) == pack.packs(FOLDER, lines(*range(1, 20)))


def test_a_pack_is_in_order_and_reads_like_a_shard() -> None:
    ((path, content),) = pack.packs(FOLDER, lines(3, 1, 2)).items()
    assert path.startswith(f"{FOLDER}/pack-") and pack.is_pack(path) and not pack.is_pack(f"{FOLDER}/01a.jsonl")
    assert [e.lamport for e in log.decode(content, path)] == [1, 2, 3]
    assert pack.raw_lines(content) == [raw for _, raw in lines(1, 2, 3)]


def test_every_line_is_indented_and_the_archive_differently() -> None:
    (one,) = pack.packs(FOLDER, lines(1, 2)).values()
    (past,) = pack.packs(FOLDER, lines(1, 2), archive=True).values()
    indents = [{len(row) - len(row.lstrip()) for row in content.split(b"\n") if row} for content in (one, past)]
    assert len(indents[0]) == len(indents[1]) == 1 and 0 not in indents[0] and indents[0] != indents[1]


def test_what_this_version_does_not_know_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = log.encode([event("noted")]).strip()[:-1] + b',"mood":"fine"}'
    (content,) = pack.packs(FOLDER, [(log.decode(raw, "x")[0], raw)]).values()
    assert content.strip() == raw


def test_packs_are_cut_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack, "LIMIT", 1000)
    found = pack.packs(FOLDER, lines(*range(1, 20)))
    assert len(found) > 3 and max(map(len, found.values())) <= 1000
    assert sum(content.count(b"\n") for content in found.values()) == 19


def test_events_are_parted_by_the_rule_that_limits_them() -> None:
    judge = Judge({"metrics": Rule(("resource_*",), 90)}, "2026-01-01T10:00:00.000Z")
    parts = pack.classes([*lines(1), *lines(2, kind="resource_sampled"), *lines(3)], judge)
    assert [[e.lamport for e, _ in part] for part in parts] == [[1, 3], [2]]


def test_an_event_that_is_known_is_not_packed_again() -> None:
    known = {lines(1)[0][0].id}
    assert [e.lamport for e, _ in pack.distinct(lines(1, 2, 2), known)] == [2]
    assert len(known) == 2
