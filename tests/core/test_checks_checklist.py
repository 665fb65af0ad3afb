"""The checks `checklist` and `ticks`: what is owed is checked, and what was checked stays so."""

from __future__ import annotations

from agenticops.core.case import Case
from agenticops.core.checklist import parse
from agenticops.core.checks import run
from agenticops.core.train import Train
from agenticops.model.event import Event
from agenticops.model.finding import Finding
from tests.support import event, ticket, tiny_train

LIST = "# Checklist\n\n- [ ] Ask the nurses *\n\n- [x] Draw a sketch\n\n- [ ] Tell the team <!-- id: tell -->\n"
ASK, SKETCH, TELL = parse(LIST).bullets
SUBJECT = f"ticket/{ticket().id}"


def train(text: str, *events: Event) -> Train:
    return tiny_train(ticket(), events=events, files={ticket().checklist_path: text})


def found(name: str, text: str, *events: Event, before: str | None = None) -> list[Finding]:
    case = Case(train(text, *events), ticket(), before=None if before is None else train(before))
    return run(name, case)


def tick(key: str, number: int = 1) -> Event:
    return event("bullet_ticked", SUBJECT, number, data={"bullet": key, "text": "what it said"})


def test_only_required_bullets_are_owed_when_some_are_marked() -> None:
    (finding,) = found("checklist", LIST)
    assert (finding.code, finding.line, finding.path) == ("VT101", 3, ticket().checklist_path)
    assert finding.hint.endswith(f"do it, then: agenticops checklist tick {ASK.key} --ticket {ticket().id}")


def test_all_are_owed_when_none_is_marked() -> None:
    assert [f.line for f in found("checklist", LIST.replace(" *", ""))] == [3, 7]


def test_a_checklist_without_bullets_or_no_file_at_all() -> None:
    assert [f.code for f in found("checklist", "# Nothing to do\n")] == ["VT102"]
    gone = tiny_train(ticket())
    del gone.tree.files[ticket().checklist_path]  # type: ignore[attr-defined]
    assert [f.code for f in run("checklist", Case(gone, ticket()))] == ["VT102"]


def test_a_tick_that_was_taken_back() -> None:
    (finding,) = found("ticks", LIST, tick(ASK.key), tick(SKETCH.key, 2))
    assert (finding.code, finding.line) == ("VT103", 3)
    assert [f.code for f in found("checklist", LIST, tick(TELL.key))] == ["VT101", "VT103"]


def test_a_checked_bullet_that_vanished() -> None:
    (finding,) = found("ticks", LIST, tick("gone"))
    assert (finding.code, finding.message) == ("VT104", "checked, and vanished: what it said")


def test_rewording_with_the_command_is_no_loss_and_by_hand_it_is() -> None:
    reworded = event("bullet_reworded", SUBJECT, 2, data={"bullet": "old", "now": SKETCH.key})
    assert found("ticks", LIST, tick("old"), reworded) == []
    by_hand = LIST.replace("Draw a sketch", "Draw a fine sketch")
    assert [f.code for f in found("ticks", by_hand, tick(SKETCH.key))] == ["VT104"]


def test_a_bullet_with_an_id_may_be_reworded_and_moved() -> None:
    text = "## Later\n\n- [x] Tell everybody <!-- id: tell -->\n"
    assert found("ticks", text, tick(TELL.key)) == []


def test_two_bullets_with_one_id() -> None:
    text = LIST + "\n- [x] Tell the boss <!-- id: tell -->\n"
    assert [(f.code, f.line) for f in found("ticks", text)] == [("VT105", 9)]


def test_the_tree_before_counts_like_the_log() -> None:
    unticked = LIST.replace("[x]", "[ ]")
    assert [(f.code, f.line) for f in found("ticks", unticked, before=LIST)] == [("VT103", 5)]
    assert [f.code for f in found("ticks", "- [ ] Other\n", before=LIST)] == ["VT104"]
    assert found("ticks", LIST, before=unticked) == []
    assert run("ticks", Case(train(LIST), ticket(), before=tiny_train())) == []


def opened(*owed: str) -> Event:
    return event("ticket_opened", SUBJECT, 1, prev="", data={"to": "todo", "owed": list(owed)})


def reworded(was: str, now: str, number: int) -> Event:
    return event("bullet_reworded", SUBJECT, number, data={"bullet": was, "now": now, "text": "old words"})


def test_what_was_owed_at_the_start_stays_owed() -> None:
    assert found("ticks", LIST, opened(ASK.key)) == []
    assert [f.code for f in found("ticks", LIST, opened("gone"))] == ["VT106"]
    unmarked = LIST.replace("nurses *", "nurses")
    (finding,) = found("ticks", unmarked, opened(parse(unmarked).bullets[0].key))
    assert (finding.code, finding.line, finding.severity) == ("VT106", 3, "error")
    assert [f.code for f in found("ticks", LIST, opened("gone"), tick("gone", 2))] == ["VT104"]


def test_other_words_for_what_is_owed_are_shown_and_hold_nothing() -> None:
    (finding,) = found("ticks", LIST, opened("k1"), reworded("k1", "k2", 2), reworded("k2", ASK.key, 3))
    assert (finding.code, finding.severity, finding.line) == ("VT107", "info", 3)
    assert finding.message == "reworded: old words → Ask the nurses"


def test_words_that_were_given_and_taken_back_come_to_an_end() -> None:
    back = (opened("k1"), reworded("k1", "k2", 2), reworded("k2", "k1", 3))
    assert [f.code for f in found("ticks", LIST, *back)] == ["VT106"]
