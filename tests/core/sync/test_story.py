"""The story of an item: of agreements that did not see each other, no field counts in which they differ."""

from __future__ import annotations

import random

import msgspec
import pytest

from agenticops.core.sync import base
from agenticops.core.sync import plan as plans
from agenticops.model.event import Event
from agenticops.model.forge import Agreed, Issue, Local, Rules, Value
from tests.core.sync.world import ME, Forge, World, event
from tests.support import THOROUGH

replace = msgspec.structs.replace
ONE = "t00000001"
TITLES = ("A", "B", "C")


def agree(log: list[Event], fields: dict[str, Value], issue: int = 7, clone: str = "") -> list[Event]:
    """Add an agreement to what a clone has."""
    before = base.bases(log).get(ONE)
    old = before.fields if before and before.issue == issue else {}
    draft = base.agreed_draft(before, Agreed(ONE, issue, fields={**old, **fields}))
    return [*log, event(draft, max((e.lamport for e in log), default=0) + 1, clone)]


def merged(*logs: list[Event]) -> list[Event]:
    """Bring logs together, as git does."""
    return sorted({e.id: e for log in logs for e in log}.values(), key=lambda e: e.order)


def test_what_only_one_of_two_changed_is_as_it_says() -> None:
    start = agree([], {"title": "A", "milestone": "M", "flags": ("auto", "risk")})
    one = agree(agree(start, {"title": "B"}, clone="1"), {"flags": ("meta", "risk")}, clone="1")
    two = agree(start, {"milestone": "N", "flags": ("auto",)}, clone="2")
    found = base.bases(merged(one, two))[ONE]
    assert found.fields == {"title": "B", "milestone": "N", "flags": ("meta",)}
    assert (found.disputed, len(found.heads)) == ((), 2)


@pytest.mark.parametrize("longer", [0, 1, 5])
def test_of_two_that_say_different_things_neither_counts_however_long_its_chain(longer: int) -> None:
    one = start = agree([], {"title": "A"})
    for at in range(longer):
        one = agree(one, {"milestone": f"M{at}"}, clone="1")
    one, two = agree(one, {"title": "B"}, clone="1"), agree(start, {"title": "C"}, clone="2")
    found = base.bases(merged(one, two))[ONE]
    assert "title" not in found.fields and found.disputed == ("title",)
    settled = base.bases(agree(merged(one, two), {"title": "D"}, clone="1"))[ONE]
    assert (settled.fields["title"], settled.disputed, len(settled.heads)) == ("D", (), 1)


def test_two_that_say_the_same_are_no_dispute_and_three_may_meet() -> None:
    start = agree([], {"title": "A", "kind": "PRD"})
    logs = [agree(start, {"title": title}, clone=str(at)) for at, title in enumerate("BBC")]
    assert base.bases(merged(*logs[:2]))[ONE].fields["title"] == "B"
    found = base.bases(merged(*logs))[ONE]
    assert (found.disputed, found.fields) == (("title",), {"kind": "PRD"})
    again = agree(merged(*logs[:2]), {"title": "D"}, clone="1")
    assert base.bases(merged(again, logs[2]))[ONE].disputed == ("title",), "the third saw neither"


def test_each_issue_has_a_story_of_its_own() -> None:
    one, two = agree([], {"title": "A"}, issue=7, clone="1"), agree([], {"title": "B"}, issue=8, clone="2")
    found = base.bases(merged(one, two))[ONE]
    assert (found.issue, found.fields, found.disputed) == (8, {"title": "B"}, ())


def test_a_birth_does_not_hide_an_agreement_that_it_did_not_know() -> None:
    made = agree([], {"title": "B"}, clone="1")
    cut_off = [event(base.intended_draft(None, ONE, "<!-- -->", {"title": ("A",)}), 9, "2")]
    assert base.bases(cut_off)[ONE].fields["title"] == "A"
    found = base.bases(merged(made, cut_off))[ONE]
    assert (found.issue, found.fields["title"]) == (7, "B")


def test_logs_of_before_follow_each_other_in_order() -> None:
    drafts = [base.agreed_draft(None, Agreed(ONE, 7, fields={"title": title})) for title in TITLES]
    old = [replace(d, data={k: v for k, v in d.data.items() if k != "after"}) for d in drafts]
    found = base.bases([event(draft, at) for at, draft in enumerate(old, 1)])[ONE]
    assert (found.fields, found.disputed, len(found.heads)) == ({"title": "C"}, (), 1)


class Clone(World):
    """One of two clones that sync with the same forge and do not hear of each other until they merge."""

    def __init__(self, name: str, forge: Forge) -> None:
        super().__init__(random.Random(0), Rules())
        self.clone, self.forge = name, forge
        self.locals[ONE] = Local(ONE, "PRD", "A", issue=1)


def one_said(dice: random.Random) -> None:
    """Let the forge be edited and two clones follow; then merge, edit one side once, and see that it is not lost."""
    forge = Forge()
    forge.make(Issue(0, "A", labels=("PRD", "next"), author=ME))
    clones = [Clone(name, forge) for name in "12"]
    clones[0].sync()
    clones[1].events = list(clones[0].events)
    for _ in range(dice.randint(1, 6)):
        clone = dice.choice(clones)
        if dice.random() < 0.6:
            forge.issues[1] = replace(forge.issues[1], title=dice.choice(TITLES))
        elif not clone.plan().actions:
            clone.locals[ONE] = replace(clone.locals[ONE], title=dice.choice(TITLES))
        if not clone.plan().conflicts:
            clone.sync()
    if any(clone.plan().conflicts or clone.plan().actions for clone in clones[dice.randrange(2) :]):
        return  # what is not in step yet has edits of its own to ask about
    both = clones[0]
    both.events = merged(clones[0].events, clones[1].events)
    titles = {c.locals[ONE].title for c in clones} - {"A"} or {"A"}  # as git merges; a person decides between two
    both.locals[ONE] = replace(both.locals[ONE], title=dice.choice(sorted(titles)))
    own, said = both.locals[ONE].title, forge.issues[1].title
    if own == said:
        assert not both.plan().conflicts and not both.plan().actions, "both say the same"
        both.sync()
    side = dice.choice(("here", "there", "nobody"))
    if side == "here":
        both.locals[ONE] = replace(both.locals[ONE], title="new")
    elif side == "there":
        forge.issues[1] = replace(forge.issues[1], title="new")
    plan: plans.Plan = both.plan()
    if own == said:
        assert not plan.conflicts, "one side alone edited what both had agreed on"
    if not plan.conflicts:
        both.sync()
        wanted = said if side == "nobody" else "new"
        assert both.locals[ONE].title == forge.issues[1].title == wanted, f"{own} {said} {side}"


def test_what_one_side_says_after_a_merge_is_never_lost() -> None:
    for seed in range(3000 if THOROUGH else 200):
        try:
            one_said(random.Random(seed))
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
