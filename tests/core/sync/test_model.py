"""The model test: two sides that edit at random and a sync that dies at random always end in the same place."""

from __future__ import annotations

import random
from typing import Any

import pytest

from agenticops.core.sync import actions, base, body, fields, labels, merge
from agenticops.core.sync.fields import Links
from agenticops.model.event import Draft
from agenticops.model.forge import Action, Agreed, Issue, Rules
from tests.core.sync.people import People
from tests.core.sync.world import Crash, World
from tests.support import THOROUGH

SEEDS, PARTS, MUTANT_SEEDS = 400 if THOROUGH else 160, 4, 400


def story(seed: int, kind: type[World] = World) -> None:
    """Edit, sync and crash for a while; then let both come to rest and judge what is there."""
    dice = random.Random(seed)
    world = kind(dice, Rules(board=dice.random() < 0.5))
    people = People(world, dice)
    world.fail, world.refuse = dice.choice((0.0, 0.1, 0.4)), dice.choice((0.0, 0.0, 0.3))
    deaf = dice.choice((0.0, 0.0, 0.5))
    world.forge.deaf = lambda: dice.random() < deaf
    for _ in range(dice.randint(2, 4)):
        people.new()
    for _ in range(dice.randint(3, 7)):
        for _ in range(dice.randint(0, 5)):
            dice.choice((people.here, people.there))()
        world.meanwhile = (lambda: dice.choice((people.here, people.there))()) if dice.random() < 0.5 else lambda: None
        attempt(world, people)
    world.fail = world.refuse = 0.0
    world.meanwhile = lambda: None
    for _ in range(12):
        if not attempt(world, people):
            break
    else:
        raise AssertionError("it never comes to rest")
    people.judge()


def attempt(world: World, people: People) -> bool:
    """Sync once and decide some of what is asked; tell whether anything was left to do."""
    conflicts = world.plan().conflicts
    for conflict in conflicts:
        assert people.fair(conflict), f"spurious: {conflict}"
        if world.fail == 0.0 or people.dice.random() < 0.5:
            people.decide(conflict)
    try:
        plan = world.sync()
    except Crash:
        return True
    return bool(conflicts or plan.actions or plan.agreements or plan.conflicts)


@pytest.mark.parametrize("part", range(PARTS))
def test_both_sides_end_alike_whatever_happens(part: int) -> None:
    for seed in range(part, SEEDS, PARTS):
        try:
            story(seed)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error


def caught(kind: type[World] = World) -> str:
    """Tell what the first story says that a mutant does not survive."""
    for seed in range(MUTANT_SEEDS):
        try:
            story(seed, kind)
        except AssertionError as error:
            return str(error).split("\n")[0]
    raise RuntimeError("the mutant lives")


class NoBase(World):
    """Merges as if nothing had ever been agreed."""

    def bases(self) -> dict[str, Agreed]:
        return {}


class NoIntents(World):
    """Writes without saying so before."""

    def append(self, draft: Draft) -> None:
        if draft.kind != base.INTENDED:
            super().append(draft)


class EarlyBase(World):
    """Notes what is going to be agreed before it is done."""

    def do(self, action: Action, numbers: dict[str, int]) -> Issue:
        merged = {x.id: x for x in self.plan().merged}[action.item]
        own = fields.ours(merged, Links.of(self.locals.values(), self.rules), {})
        number = numbers.get(action.item)
        self.append(base.agreed_draft(self.agreed(action.item), Agreed(action.item, number, fields=own)))
        return super().do(action, numbers)


class SendsTwice(World):
    """Sends again what got no answer, as PyGithub does by default."""

    def do(self, action: Action, numbers: dict[str, int]) -> Issue:
        if self.dice.random() < self.fail:
            super().do(action, numbers)
        return super().do(action, numbers)


@pytest.mark.parametrize("mutant", [NoBase, NoIntents, EarlyBase, SendsTwice])
def test_a_sync_that_cuts_a_corner_is_caught(mutant: type[World]) -> None:
    assert caught(mutant)


def drops_foreign(names: Any, wanted: Any, aliases: Any = None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    add, remove = EDITS(names, wanted, aliases)
    return add, (*remove, *(x for x in names if labels.meaning(x)[0] == "foreign" and not x.startswith("tag")))


def younger_wins(before: Any, own: Any, said: Any, default: Any = "") -> Any:
    return said


def only_grows(before: Any, own: Any, said: Any) -> tuple[str, ...]:
    return tuple(sorted({*own, *said}))


EDITS = labels.edits


@pytest.mark.parametrize(
    ("place", "mutant"),
    [
        ((labels, "edits"), drops_foreign),
        ((merge, "_one_sided"), younger_wins),
        ((merge, "united"), only_grows),
        ((body, "marked"), lambda text: ""),
        ((body, "text"), lambda text: text.strip()),
        ((fields, "seen_issue"), lambda issue: ""),
        ((base, "_born"), lambda intended: {}),
        ((base, "digest"), lambda comment: ""),
        ((actions, "_told"), lambda local, merged: ()),
    ],
    ids=lambda x: x[1] if isinstance(x, tuple) else "",
)
def test_a_broken_part_is_caught(place: tuple[Any, str], mutant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*place, mutant)
    assert caught()
