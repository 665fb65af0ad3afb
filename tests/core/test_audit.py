"""The audit: each way in which a log can be wrong has its code, and what is right has none."""

from __future__ import annotations

from agenticops.core import audit, pack
from agenticops.core.audit import Gone
from agenticops.core.pack import Line
from agenticops.model.event import Event
from agenticops.store import log
from tests.support import event, state


def lines(*events: Event) -> list[Line]:
    return [(e, log.encode([e]).strip()) for e in events]


def test_a_line_that_is_no_event_is_named_and_the_rest_is_read() -> None:
    data = log.encode([event("a", number=1)]) + b"{broken\n" + log.encode([event("b", number=2)])
    found, findings = audit.parse(data, "x.jsonl")
    assert [e.kind for e, _ in found] == ["a", "b"]
    assert [(f.code, f.line) for f in findings] == [("VT701", 2)]


def test_order_within_a_file() -> None:
    _, findings = audit.parse(log.encode([event("a", number=2), event("b", number=1)]), "x.jsonl")
    assert [(f.code, f.line) for f in findings] == [("VT704", 2)]
    _, findings = audit.parse(log.encode([event("a", number=1, lamport=2**41)]), "x.jsonl")
    assert [f.code for f in findings] == ["VT701"]


def test_an_id_twice_is_right_when_both_say_the_same() -> None:
    one = lines(event("a"))
    spaced = [(one[0][0], one[0][1].replace(b'","', b'", "'))]
    assert list(audit.identities({"x": one, "y": spaced})) == []
    (finding,) = audit.identities({"x": one, "y": lines(event("b"))})
    assert (finding.code, finding.path) == ("VT702", "y")


def test_chains() -> None:
    first = state("item/7", "a", 1)
    second = state("item/7", "b", 2, first)
    assert list(audit.chains({"x": lines(second, first)})) == []
    assert [f.code for f in audit.chains({"x": lines(second)})] == ["VT703"]
    assert [f.code for f in audit.chains({"x": lines(first, state("item/8", "b", 2, first))})] == ["VT703"]
    assert [f.code for f in audit.chains({"x": lines(first, state("item/7", "b", 2, first, lamport=1))})] == ["VT704"]


def kept(*entries: dict[str, object]) -> list[Event]:
    return [event("log_retained", number=90, data={"dropped": list(entries)})]


def test_what_vanished_is_covered_by_a_file_or_by_a_record() -> None:
    held = lines(*(event("resource_sampled", number=n) for n in (1, 2, 3)))
    shard, packed = Gone("a.jsonl", "c0ffee", held[:2]), Gone("pack-1.jsonl", "c0ffee", held)
    names = {e.id for e, _ in held}
    assert list(audit.vanished([shard], names, [])) == []
    (finding,) = audit.vanished([shard], names - {held[0][0].id}, [])
    assert finding.code == "VT705" and finding.path == "a.jsonl" and "c0ffee^" in finding.hint
    record = pack.record("pack-1.jsonl", held, [])
    assert list(audit.vanished([shard, packed], set(), kept(record))) == []
    assert list(audit.vanished([shard, packed], set(), kept({**record, "ids": "0" * 64}))) != []
    assert list(audit.vanished([shard, packed], set(), kept({"pack": 3, "archived": None}))) != []


def test_a_record_covers_what_was_dropped_and_not_what_was_archived() -> None:
    held = lines(*(event("error_logged", number=n) for n in (1, 2, 3)))
    record = pack.record("pack-1.jsonl", held[:2], held[2:])
    gone = [Gone("pack-1.jsonl", "c0ffee", held)]
    assert list(audit.vanished(gone, {held[2][0].id}, kept(record))) == []
    (finding,) = audit.vanished(gone, set(), kept(record))
    assert held[2][0].id in finding.message


def test_a_squash_that_hides_the_pack_is_no_loss() -> None:
    held = lines(*(event("resource_sampled", number=n) for n in (1, 2, 3)))
    shards = [Gone("a.jsonl", "c0ffee", held[:2]), Gone("b.jsonl", "c0ffee", held[2:])]
    assert list(audit.vanished(shards, set(), kept(pack.record("pack-1.jsonl", held, [])))) == []
