"""The trace: every link is followed both ways, once, and one that leads nowhere is shown."""

from __future__ import annotations

from typing import Any

import pytest

from agenticops.core import documents
from agenticops.core.trace import Branch, Key, Web
from agenticops.model.event import Event
from agenticops.model.paper import SHELVES
from tests.core.test_papers import CLIENT, DAY, MITIGATION, NEED, RISK, text
from tests.support import ITEM, event, item, ticket, tiny_train

CRD, TASK = "t00000002", "t00000003"
TICKET = ticket().id
BRIEF = f"docs/{ITEM}/brief.md"
EVENTS = (
    event("artifact_recorded", f"ticket/{TICKET}", 1, data={"artifact": "brief", "path": BRIEF}),
    event("evidence_recorded", f"ticket/{TICKET}", 2, data={"gate": "g", "check": "tests", "outcome": "passed"}),
    event("approval_requested", f"approval/{TICKET}/g", 3, ticket=TICKET, item=ITEM),
    event(
        "approval_decided",
        f"approval/{TICKET}/g",
        4,
        ticket=TICKET,
        item=ITEM,
        data={"decision": "approved", "record": DAY},
    ),
)


def web(*events: Event, files: dict[str, str] | None = None, **fields: Any) -> Web:
    laid = {
        SHELVES["client"].path(CLIENT): text("client", CLIENT),
        SHELVES["need"].path(NEED): text("need", NEED, client=CLIENT, items=[ITEM]),
        SHELVES["risk"].path(RISK): text("risk", RISK, **{"items": [ITEM], **fields}),
        SHELVES["mitigation"].path(MITIGATION): text("mitigation", MITIGATION, risks=[RISK], items=[TASK]),
        SHELVES["decision"].path(DAY): text("decision", DAY),
        f"docs/work/{CRD}.md": documents.write_item(item(CRD, kind="CRD", parent=ITEM)),
        f"docs/work/{TASK}.md": documents.write_item(item(TASK, kind="Task", parent=CRD)),
        BRIEF: "# Brief\n",
        **(files or {}),
    }
    return Web(tiny_train(ticket(), events=events or EVENTS, files=laid))  # type: ignore[arg-type]


def ids(branch: Branch) -> list[Key]:
    return [(branch.node.kind, branch.node.id), *(k for b in branch.below for k in ids(b))]


def below(branch: Branch) -> list[str]:
    return sorted(b.node.id for b in branch.below)


def test_from_client_to_decision() -> None:
    found = web()
    down = found.tree(("client", CLIENT), found.down)
    assert below(down) == [NEED] and below(down.below[0]) == [ITEM]
    prd = down.below[0].below[0]
    assert below(prd) == sorted([CRD, RISK, TICKET])
    of = {b.node.id: b for b in prd.below}
    assert below(of[CRD]) == [TASK] and below(of[RISK]) == [MITIGATION]
    assert below(of[TICKET]) == sorted([EVENTS[1].id, BRIEF, f"{TICKET}/g"])
    proofs = {b.node.kind: b for b in of[TICKET].below}
    assert (proofs["artifact"].node.state, proofs["evidence"].node.state) == ("recorded", "passed")
    assert proofs["approval"].node.state == "approved" and below(proofs["approval"]) == [DAY]


def test_from_decision_to_client() -> None:
    found = web()
    way, up = [], found.tree(("decision", DAY), found.up)
    while up.below:
        (up,) = up.below
        way.append(up.node.kind)
    assert way == ["approval", "ticket", "item", "need", "client"]


def test_from_a_feature_to_the_risk_that_it_mitigates() -> None:
    found = web()
    up = found.tree(("item", TASK), found.up)
    assert below(up) == sorted([CRD, MITIGATION])
    assert ("risk", RISK) in ids(up) and ("need", NEED) in ids(up)


def test_what_is_met_twice_is_followed_once_where_it_is_nearest() -> None:
    found = web()
    down = found.tree(("item", ITEM), found.down)
    assert ids(down).count(("item", TASK)) == 2
    crd = next(b for b in down.below if b.node.id == CRD)
    mitigation = next(b for b in down.below if b.node.id == RISK).below[0]
    assert sorted([crd.below[0].again, mitigation.below[0].again]) == [False, True]


def test_a_ring_ends() -> None:
    found = web(items=[TASK])  # the task is threatened by the risk whose mitigation it implements
    down = found.tree(("item", TASK), found.down)
    assert [k[1] for k in ids(down)] == [TASK, RISK, MITIGATION, TASK]
    assert down.below[0].below[0].below[0].again


def test_links_that_lead_nowhere_are_shown_as_such() -> None:
    found = web(decision="2026-09-09-gone")
    gone = found.nodes["decision", "2026-09-09-gone"]
    assert not gone.there
    assert ("risk", RISK) in found.up["decision", "2026-09-09-gone"]
    moved = web(event("artifact_recorded", f"ticket/{TICKET}", 1, data={"artifact": "brief", "path": "docs/x.md"}))
    assert not moved.nodes["artifact", "docs/x.md"].there


def test_a_linked_ticket_leads_to_the_item_that_names_it() -> None:
    named = item(CRD, kind="CRD", parent=ITEM, needs=(NEED,), client=CLIENT, links={"tickets": [TICKET, "shape_9"]})
    own = item(ITEM, links={"tickets": [TICKET], "page": "x"})
    found = web(files={i.path: documents.write_item(i) for i in (named, own)})
    assert set(found.up["item", CRD]) == {
        ("item", ITEM), ("need", NEED), ("client", CLIENT), ("ticket", TICKET), ("ticket", "shape_9"),
    }  # fmt: skip
    assert ("item", CRD) in found.down["ticket", TICKET]
    assert not found.nodes["ticket", "shape_9"].there, "it is not there, and shown"
    assert set(found.up["ticket", TICKET]) == {("item", ITEM)}, "an item's own ticket came of it, whoever links it"
    up, down = found.tree(("item", CRD), found.up), found.tree(("item", ITEM), found.down)
    assert ("ticket", TICKET) in ids(up) and ids(down).count(("item", CRD)) == 2


@pytest.mark.parametrize("links", [{}, {"tickets": None}, {"tickets": "shape_9"}, {"tickets": {"a": 1}}])
def test_what_is_no_list_of_tickets_links_nothing(links: dict[str, Any]) -> None:
    found = web(files={item(CRD).path: documents.write_item(item(CRD, kind="CRD", parent=ITEM, links=links))})
    assert set(found.up["item", CRD]) == {("item", ITEM)}


def test_what_cannot_be_read_is_a_node_that_says_so() -> None:
    files = {SHELVES["risk"].path(RISK): "---\n{\n---\n", f"docs/work/{CRD}.md": "no front-matter"}
    found = Web(tiny_train(ticket(), files=files))  # type: ignore[arg-type]
    assert found.nodes["risk", RISK].state == found.nodes["item", CRD].state == "unreadable"
