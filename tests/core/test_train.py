"""The train: typed access to one tree."""

from __future__ import annotations

import pytest

from agenticops.core.train import Train
from agenticops.errors import StateError, TrainError
from agenticops.model.tree import MemoryTree
from tests.support import BRIEF, ITEM, EventLog, item, state, ticket, tiny_files, tiny_train


def test_a_repository_without_a_pipeline_says_how_to_begin() -> None:
    with pytest.raises(StateError, match="no train yet") as caught:
        _ = Train(MemoryTree({}), EventLog(), MemoryTree({})).pipeline
    assert "agenticops init" in caught.value.hint


@pytest.mark.parametrize(
    ("noun", "known"), [("phase", "shape"), ("mode", "plan"), ("agent", "maker"), ("contract", "brief")]
)
def test_names_are_looked_up_and_unknown_ones_listed(noun: str, known: str) -> None:
    train = tiny_train()
    assert getattr(train, noun)(known).name == known
    with pytest.raises(TrainError, match=r"unknown \w+ 'nope'") as caught:
        getattr(train, noun)("nope")
    assert known in caught.value.hint


def test_tickets_and_items_are_found_by_their_names() -> None:
    train = tiny_train(ticket(), ticket("build"), files={"tickets/README.md": "x", "tickets/not-one/ticket.yml": "x"})
    assert train.ticket_ids() == ["build_t00000001", "shape_t00000001"]
    assert train.item_ids() == [ITEM]
    assert train.ticket("shape_t00000001") == ticket()
    assert train.item(ITEM).title == item().title


def test_a_missing_item_or_ticket_names_its_file() -> None:
    with pytest.raises(StateError, match="work item 7 is missing") as caught:
        tiny_train().item("7")
    assert caught.value.place == "docs/work/7.md"
    with pytest.raises(StateError, match=r"has no ticket\.yml"):
        tiny_train().ticket("shape_7")


def test_a_ticket_in_another_ones_folder_is_refused() -> None:
    files = {"tickets/shape_7/ticket.yml": tiny_files(ticket())[ticket().path]}
    with pytest.raises(StateError, match="calls itself shape_t00000001, but its folder is shape_7"):
        tiny_train(files=files).ticket("shape_7")


def test_the_projects_template_goes_before_the_packaged_one() -> None:
    files = tiny_files(ticket())
    packaged = {"trains/tiny/templates/brief.md": b"packaged {{item}} {{title}} {{train}} {{other}}"}
    train = Train(MemoryTree(files), EventLog(), MemoryTree(packaged))
    brief = train.contract("brief")
    assert train.rendered(brief, ticket()) == f"packaged {ITEM} Refills tiny {{{{other}}}}".encode()
    files["docs/templates/brief.md"] = b"own"
    assert train.template(brief) == b"own"
    assert train.rendered(train.contract("plan"), ticket()) is None


def test_a_checklist_template_is_wanted_for_each_mode() -> None:
    train = tiny_train(files={"docs/rules/checklists/plan-checklist.md": "- [ ] x\n"})
    assert train.checklist_template(train.mode("plan")) == "- [ ] x\n"
    with pytest.raises(StateError, match="mode make has no checklist template") as caught:
        train.checklist_template(train.mode("make"))
    assert caught.value.place == "docs/rules/checklists/make-checklist.md"


def test_an_artifact_is_judged_where_its_contract_puts_it() -> None:
    train = tiny_train(ticket(), files={f"docs/{ITEM}/brief.md": BRIEF})
    assert train.artifact_path(train.contract("brief"), ITEM) == f"docs/{ITEM}/brief.md"
    assert train.examine(train.contract("brief"), ticket()) == []
    assert [f.code for f in train.examine(train.contract("plan"), ticket())] == ["VT201"]


def test_a_large_artifact_is_not_read() -> None:
    train = tiny_train(ticket(), files={f"docs/{ITEM}/brief.md": b"x" * 5_000_001})
    found = train.examine(train.contract("brief"), ticket())
    assert [(f.code, f.path) for f in found] == [("VT209", f"docs/{ITEM}/brief.md")]


def test_ids_of_visits_are_never_used_twice() -> None:
    assert tiny_train().next_visit("shape", ITEM) == f"shape_{ITEM}"
    assert tiny_train(ticket()).next_visit("shape", ITEM) == f"shape_{ITEM}-2"
    both = tiny_train(ticket(), ticket(id=f"shape_{ITEM}-2"))
    assert both.next_visit("shape", ITEM) == f"shape_{ITEM}-3"


def test_histories_come_from_the_log() -> None:
    events = [
        state(f"item/{ITEM}", "created", 1, kind="item_created"),
        state(f"ticket/{ticket().id}", "todo", 2, kind="ticket_opened"),
        state(f"ticket/{ticket().id}", "done", 3, "01AAAAAAAAAAAAAAAAAAAA0002", kind="ticket_done"),
    ]
    train = tiny_train(ticket(), events=events)
    assert train.status_chain(ticket().id).state == "done"
    assert train.item_chain(ITEM).state == "created"


def test_a_ticket_without_checklist_or_session_has_none() -> None:
    train = Train(MemoryTree({}), EventLog(), MemoryTree({}))
    assert train.checklist_text(ticket()) is None
    assert train.checklist(ticket()).bullets == ()
    assert train.session() is None
