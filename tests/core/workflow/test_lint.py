"""What is wrong with a template, and with several together."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from agenticops.core import condition
from agenticops.core.train import Train
from agenticops.core.workflow import lint
from agenticops.core.workflow.templates import read
from agenticops.model.finding import Finding
from agenticops.model.layout import PIPELINE
from agenticops.model.tree import MemoryTree
from agenticops.model.workflow import Edge, State, Template
from agenticops.workspace import RESOURCES
from tests.support import TINY, EventLog

PATH = "config/workflows/x.yml"
PACK = Path(RESOURCES, "workflows/hs_std.yml").read_bytes()


def state(id: str, *ways: str, **fields: Any) -> State:
    """A state with an entity that leads somewhere, or an end."""
    usual: dict[str, Any] = {"entity": "task", "status": id, "next": tuple(Edge(w) for w in ways)}
    usual |= {"days": 1.0} if ways else {"terminal": True, "success": True}
    return State(**{"id": id, "name": id, **usual, **fields})


def template(*states: State, **fields: Any) -> Template:
    """A template of these states; it begins in the first."""
    usual = {"code": "X", "name": "X", "sector": "S", "start": states[0].id if states else "", "path": PATH}
    return Template(**{**usual, "states": {s.id: s for s in states}, **fields})


def said(*states: State, **fields: Any) -> list[tuple[str, str]]:
    """Lint a template: codes and messages."""
    return [(f.code, f.message) for f in lint.lint(template(*states, **fields), {"X", "Y"})]


SOUND = (state("a", "b", "c"), state("b", "c"), state("c"))


def test_a_sound_template() -> None:
    assert said(*SOUND) == []
    assert said(state("a", "b", template="Y"), state("b")) == []


@pytest.mark.parametrize(
    ("states", "code", "words"),
    [
        ((state("a", "b"), state("b", "c", "d"), state("c", "b"), state("d")), "VT508", "circle: b → c → b"),
        ((state("a", "a", "b"), state("b")), "VT508", "circle: a → a"),
        ((state("a", "b"), state("b"), state("z", "b")), "VT509", "state 'z': nothing leads to it"),
        ((state("a", "b"), state("b", "a")), "VT510", "no state is an end"),
        (
            (state("a", "b", "c"), state("b"), state("c", terminal=False, success=None, days=1.0)),
            "VT510",
            "leads nowhere",
        ),
        ((state("a", "b"), state("b", "c", terminal=True, success=True), state("c")), "VT510", "leads on to 'c'"),
        ((state("a", "b"), state("b", success=None)), "VT511", "without success"),
        ((state("a", "b", success=True), state("b")), "VT511", "is no end"),
        ((state("a", "b", days=None), state("b")), "VT512", "has no duration"),
        ((state("a", "b", days=0.0), state("b")), "VT512", "lasts 0 days"),
        ((state("a", "b", days=-2.0), state("b")), "VT512", "lasts -2 days"),
        ((state("a", "b", days=float("nan")), state("b")), "VT512", "lasts nan days"),
        ((state("a", "b", days=float("inf")), state("b")), "VT512", "lasts inf days"),
        ((state("a", "b", "z"), state("b")), "VT513", "unknown state 'z'"),
        ((state("a", "b"), state("b", parents=("a", "b"))), "VT514", "its parents are [a], not [a, b]"),
        ((state("a", "b", parents=("7",)), state("b")), "VT514", "its parents are [], not [7]"),
        ((state("a", "b", template="Z"), state("b")), "VT516", "no template 'Z'"),
        ((state("a", "b", name="c d"), state("b")), "VT519", "'c d' is no name"),
        ((state("a", "b", name="b"), state("b")), "VT519", "the same name 'b'"),
        ((state("a", "b", "b"), state("b")), "VT519", "leads to 'b' twice"),
        ((state("a", "b", entity="a task"), state("b")), "VT519", "no kind of entity"),
        ((state("a", "b", status=""), state("b")), "VT500", "'task' has no status"),
        ((state("a", "b", entity=""), state("b")), "VT500", "the status 'a' is nobody's"),
        ((), "VT519", "no states"),
    ],
)
def test_each_fault_is_named(states: tuple[State, ...], code: str, words: str) -> None:
    found = said(*states)
    assert [m for c, m in found if c == code and words in m], found


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"code": "no code"}, "'no code' is no code"),
        ({"code": "X" * 51}, "is no code"),
        ({"version": "one two"}, "'one two' is none"),
        ({"name": " "}, "name is empty"),
        ({"sector": ""}, "sector is empty"),
    ],
)
def test_the_head(fields: dict[str, str], words: str) -> None:
    assert [(c, words in m) for c, m in said(*SOUND, **fields)] == [("VT517", True)]


def test_an_unknown_start_says_what_there_is() -> None:
    found = lint.lint(template(*SOUND, start="z"))
    assert [(f.code, f.hint) for f in found] == [("VT513", "known: a, b, c")]


def test_guards() -> None:
    some = condition.read({"field": "amount", "gt": 1})
    moved = condition.read({"any": [{"not": {"field": "amount", "changed_to": 1}}]})
    split = state("a", next=(Edge("b", some), Edge("c", some)), days=1.0, terminal=False, success=None)
    (held,) = lint.lint(template(split, state("b"), state("c")))
    assert (held.code, held.severity) == ("VT515", "warning") and "every way is guarded" in held.message
    asks = state("a", next=(Edge("b", moved), Edge("c")), days=1.0, terminal=False, success=None)
    (wrong,) = lint.lint(template(asks, state("b"), state("c")))
    assert (wrong.code, wrong.severity) == ("VT515", "error") and "asks what changed" in wrong.message


def test_warnings_are_no_errors() -> None:
    found = lint.lint(template(state("a", "b", status=""), state("b", parents=())))
    assert {f.code for f in found} == {"VT500", "VT514"} and lint.errors(found) == []


def several(*found: Template, packs: dict[str, Template] | None = None) -> list[Finding]:
    return lint.together(found, lambda: packs or {})


def test_codes_and_versions_are_unique() -> None:
    one, other = template(*SOUND), template(*SOUND, path="config/workflows/y.yml")
    (twin,) = several(one, other)
    assert (twin.code, twin.path) == ("VT517", other.path) and PATH in twin.message
    assert several(one, template(*SOUND, version="2")) == []


def test_one_default_a_sector() -> None:
    first, second = template(*SOUND, default=True), template(*SOUND, code="Y", sector="s", default=True)
    assert [(f.code, f.message) for f in several(first, second)] == [("VT518", "Y: X is the default of s too")]
    assert several(first, template(*SOUND, code="Y", default=True, active=False)) == []
    older = template(*SOUND, code="Y", default=True, version="1.9")
    assert several(first, older, template(*SOUND, code="Y", version="1.10")) == []


def test_templates_do_not_nest_in_a_circle() -> None:
    def starts(code: str, inner: str) -> Template:
        return template(state("a", "b", template=inner), state("b"), code=code)

    assert [f.message for f in several(starts("X", "X"))] == ["X: starts itself on its way: X → X"]
    found = several(starts("X", "Y"), starts("Y", "P"), packs={"P": starts("P", "X")})
    assert [f.message for f in found] == [
        "X: starts itself on its way: X → Y → P → X",
        "Y: starts itself on its way: Y → P → X → Y",
    ]
    assert several(starts("X", "Y"), template(*SOUND, code="Y")) == []


def test_a_train_with_files_good_broken_and_none() -> None:
    def judged(files: dict[str, str]) -> list[Finding]:
        tree = MemoryTree({path: text.encode() for path, text in {PIPELINE: TINY, **files}.items()})
        return lint.findings(Train(tree, EventLog(), MemoryTree({"workflows/hs_std.yml": PACK})))

    assert judged({}) == []
    text = "code: A\nname: A\nsector: S\nphases:\n  a: {days: 1, next: [b], template: HS_STD}\n  b: {done: true}\n"
    (found,) = judged({"config/workflows/a.yml": text.replace(", template: HS_STD", "")})
    assert (found.code, found.place) == ("VT511", "config/workflows/a.yml:6")
    broken = {"config/workflows/b.yml": "code: [\n", "config/workflows/c.json": "{", "config/workflows/readme.md": "x"}
    assert [(f.code, f.place) for f in judged(broken)] == [
        ("VT304", "config/workflows/b.yml:2"),
        ("VT304", "config/workflows/c.json:1"),
    ]
    unknown = judged(
        {"config/workflows/a.yml": text.replace("HS_STD", "NONE").replace("done: true", "done: true, success: true")}
    )
    assert [(f.code, f.line) for f in unknown] == [("VT516", 5)]


@pytest.mark.parametrize("shape", ["line", "fan", "back", "lost"])
def test_ten_thousand_states_take_linear_time(shape: str) -> None:
    size = 10_000
    names = [f"s{n}" for n in range(size)]
    rows = [state(name, *names[n + 1 : n + 2]) for n, name in enumerate(names)]
    if shape == "fan":
        rows = [state("s0", *names[1:]), *(state(name) for name in names[1:])]
    elif shape == "back":
        rows = [state(name, *names[n + 1 : n + 2], *names[max(n - 1, 0) : n]) for n, name in enumerate(names)]
        rows[-1] = state(names[-1], "s0")
    elif shape == "lost":
        rows = [state(name) for name in names]
    begun = time.process_time()
    found = lint.lint(template(*rows))
    assert time.process_time() - begun < 5
    assert {"line": 0, "fan": 0, "back": lint.CIRCLES + 1, "lost": size - 1}[shape] == len(found)


def test_a_long_circle_is_cut_short() -> None:
    names = [f"s{n}" for n in range(100)]
    rows = [state(name, names[(n + 1) % 100]) for n, name in enumerate(names)]
    (circle, _) = lint.lint(template(*rows))
    assert circle.message.endswith("s8 → s9 → … 90 more … → s0") and len(circle.message) < 150


def test_the_parents_that_the_automation_domain_wrote() -> None:
    """Its template says that 3 comes after 2 only, and 4 after 3 only; its child_ids say more."""
    children = {0: [1, 2], 1: [2, 3], 2: [3, 4], 3: [4, 5], 4: [6], 5: [], 6: []}
    parents = {0: [], 1: [0], 2: [0, 1], 3: [2], 4: [3], 5: [3], 6: [4]}
    states = [
        {"id": n, "name": f"s{n}", "parent_ids": parents[n], "child_ids": to}
        | ({"avg_duration_days": 1} if to else {"terminal_flag": True, "success": n == 6})
        for n, to in children.items()
    ]
    text = json.dumps({"states": states})
    (found,) = read(text.encode(), "x.json", {"code": "X", "name": "X", "sector": "S"})
    assert [(f.code, f.message) for f in lint.lint(found)] == [
        ("VT514", "X: state 3 (s3): its parents are [1, 2], not [2]"),
        ("VT514", "X: state 4 (s4): its parents are [2, 3], not [3]"),
    ]
