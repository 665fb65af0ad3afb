"""`trace` and `override`, through the command line."""

from __future__ import annotations

import pytest

from tests.flows.test_override import overridden
from tests.stations import ITEM, SHAPE, Board, data, must, refused


def test_from_need_to_artifact_and_back(at: Board) -> None:
    repo = at("tiny-ready")
    client = data(repo, "client", "new", "--title", "Ward 7")["id"]
    need = data(repo, "need", "new", "--title", "In time", "--client", client, "--item", ITEM)["id"]
    out = must(repo, "trace", need[:5]).splitlines()
    assert out == [
        f"need {need}  In time",
        "comes from",
        f"  client {client}  Ward 7  active",
        "led to",
        f"  item {ITEM}  Forecast refill adherence  PRD",
        f"    ticket {SHAPE}  shape  in_progress",
        "      artifact docs/142/brief.md  brief  recorded",
        f"  next  agenticops need show {need}",
    ]
    found = data(repo, "trace", "docs/142/brief.md")
    way = []
    up = found["up"]
    while up:
        way.append(up[0]["kind"])
        up = up[0]["below"]
    assert (way, found["down"]) == (["ticket", "item", "need", "client"], [])


def test_a_broken_link_is_shown(at: Board) -> None:
    repo = at("tiny-ready")
    (repo / "docs/142/brief.md").unlink()
    assert "artifact docs/142/brief.md  not there" in must(repo, "trace", SHAPE)
    assert not data(repo, "trace", SHAPE)["down"][0]["there"]


@pytest.mark.parametrize("wanted", ["nope", "r00", "item:999"])
def test_what_is_not_there_cannot_be_traced(at: Board, wanted: str) -> None:
    assert "nothing is called" in refused(at("tiny-opened"), "trace", wanted, code=2)


def test_a_start_that_several_share(at: Board) -> None:
    repo = at("tiny-opened")
    for _ in range(2):
        must(repo, "decision", "new", "--title", "Same", "--reasoning", "r")
    day = data(repo, "decision", "list")[0]["id"][:10]
    assert "is the start of 2 ids" in refused(repo, "trace", day, code=2)


def test_open_overrides_are_listed_shown_and_paid_back(at: Board) -> None:
    repo = at("tiny-ready")
    assert "no override is open" in must(repo, "override", "list")
    risk = overridden(repo, "2026-06-01")
    (one,) = data(repo, "override", "list")
    assert (one["ticket"], one["risk"], one["reason"]) == (SHAPE, risk, "the client did it")
    assert f"override  {SHAPE} · until 2026-06-01" in must(repo, "status")
    assert [o["risk"] for o in data(repo, "status")["overrides"]] == [risk]
    assert "the reason is empty" in refused(repo, "override", "repay", SHAPE, code=2)
    out = must(repo, "override", "repay", "--reason", "it holds")
    assert out.startswith(f"✓ 1 override of {SHAPE} paid back")
    assert data(repo, "status")["overrides"] == []
