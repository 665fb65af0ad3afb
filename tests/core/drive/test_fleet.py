"""The file of a fleet is read with the line of what is wrong; who is next is fair by weight over what was used."""

from __future__ import annotations

import pytest

from agenticops.core.drive.fleet import Fleet, Project, Shares, read
from agenticops.errors import StateError


def test_the_file_is_read() -> None:
    text = b"schema: 1\n\nparallel: 3\n\nprojects:\n  - path: ../shop\n    weight: 2\n  - {path: desk/, name: till}\n"
    assert read(text, "f.yml") == Fleet((Project("../shop", "", 2), Project("desk/", "till")), 1, 3)
    assert [p.title for p in read(text, "f.yml").projects] == ["shop", "till"]
    assert Project("desk/").title == "desk"


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("schema: 1\nprojects: []\n", "f.yml:2", "without projects"),
        ("schema: 2\nprojects: [{path: a}]\n", "f.yml:1", "schema 2"),
        ("schema: 1\nparallel: 0\nprojects: [{path: a}]\n", "f.yml:2", "at least 1"),
        ("schema: 1\nprojects: [{path: a, weight: 0}]\n", "f.yml:2", "weight"),
        ("schema: 1\nprojects: [{path: x/a}, {path: y/a}]\n", "f.yml:2", "two projects are called a"),
        ("schema: 1\nprojects: [{path: a, speed: 3}]\n", "f.yml", "speed"),
        ("- a\n", "f.yml:1", "mapping"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, place: str, words: str) -> None:
    with pytest.raises(StateError, match=words) as e:
        read(text.encode(), "f.yml")
    assert e.value.place.startswith(place)


def served(shares: Shares, ready: list[str], count: int, turns: dict[str, int] | None = None) -> dict[str, int]:
    """Let tickets be worked one after the other, each of so many turns; give the turns of each project."""
    found = dict.fromkeys(ready, 0)
    for _ in range(count):
        name = shares.next(ready)
        used = (turns or {}).get(name, 1)
        shares.pay(name, used - 1)
        found[name] += used
    return found


def test_shares_are_by_weight() -> None:
    assert served(Shares({"a": 2, "b": 1}), ["a", "b"], 30) == {"a": 20, "b": 10}


def test_long_tickets_are_owed_for() -> None:
    found = served(Shares({"a": 1, "b": 1}), ["a", "b"], 120, {"a": 5})
    assert abs(found["a"] - found["b"]) <= 5


def test_who_has_no_work_saves_nothing_up_and_owes_what_it_owed() -> None:
    shares = Shares({"a": 1, "b": 1})
    assert served(shares, ["a"], 10) == {"a": 10}
    shares.rest("b")
    assert served(shares, ["a", "b"], 10) == {"a": 5, "b": 5}
    shares.pay("a", 3)
    shares.rest("a")
    assert served(shares, ["a", "b"], 9)["b"] == 6


def test_nobody_is_starved_whatever_the_weights() -> None:
    shares = Shares({"a": 100, "b": 1})
    order = [shares.next(["a", "b"]) for _ in range(202)]
    assert order.count("b") == 2
