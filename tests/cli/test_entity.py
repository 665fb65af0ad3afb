"""`entity`: what its commands print, and how they end."""

from __future__ import annotations

from tests.stations import Board, data, must, refused


def test_a_customer_from_its_first_word_to_its_last(at: Board) -> None:
    repo = at("tiny")
    made = data(repo, "entity", "new", "customer", "--name", "Mrs Hart", "--status", "Lead", "--field", "visits=2")
    name = made["entity"]["id"]
    assert made["entity"]["fields"] == {"visits": 2} and made["moved"] == ""
    out = must(repo, "entity", "set", name[:6], "status=Active", "email=hart@example.org")
    assert f"customer {name} changed" in out and f"next  agenticops entity show {name}" in out
    below = data(repo, "entity", "new", "quote", "--parent", name)["entity"]["id"]
    shown = must(repo, "entity", "show", name)
    for words in ("status   Active", "visits = 2", f"below    {below}", "status: Lead → Active", "entity_created"):
        assert words in shown
    told = data(repo, "entity", "show", name)
    assert told["below"] == [below] and [e["kind"] for e in told["history"]] == ["entity_created", "entity_updated"]
    assert data(repo, "entity", "list", "--kind", "customer", "--status", "Active")["total"] == 1
    assert "… 1 more" in must(repo, "entity", "list", "--limit", "1")
    assert f"customer {name} deleted" in must(repo, "entity", "delete", name, "--reason", "twice")
    assert data(repo, "entity", "list")["total"] == 1 and name in must(repo, "entity", "list", "--deleted")
    assert "is deleted" in refused(repo, "entity", "set", name, "a=1")


def test_a_status_moves_the_instance(at: Board) -> None:
    repo = at("tiny")
    flow = data(repo, "workflow", "start", "HS_STD")["id"]
    quote = data(repo, "entity", "new", "quote", "--status", "Draft", "--instance", flow[:6])
    assert quote["moved"] == "quote_generation" and quote["entity"]["instance"] == flow
    assert f"moved    {flow} → quote_sent" in must(repo, "entity", "set", quote["entity"]["id"], "status=Sent")
    assert data(repo, "entity", "list", "--instance", flow)["total"] == 2


def test_what_cannot_be_meant(at: Board) -> None:
    repo = at("tiny")
    assert "there is no entity 'e0000'" in refused(repo, "entity", "show", "e0000", code=2)
    assert "is no kind" in refused(repo, "entity", "new", "A b", code=2)
    assert "takes KEY=VALUE" in refused(repo, "entity", "set", "e0000", "status", code=2)
    assert "the reason is empty" in refused(repo, "entity", "delete", "e0000", "--reason", " ", code=2)
    assert "no entities" in must(repo, "entity", "list")
