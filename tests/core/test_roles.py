"""Roles: who is meant by a member, what an action takes, and what a pipeline says wrongly of them."""

from __future__ import annotations

from typing import Any

import pytest

from agenticops.core import roles
from agenticops.core.roles import Who, allowed, holder, lacks, matches, parse
from agenticops.errors import UsageError
from agenticops.model.pipeline import Agent, CheckCall, Gate, Phase, Pipeline, Role, Stage, WorkflowStep

ADA = "Ada Lovelace <ada@example.org>"
KEY = "SHA256:" + "a" * 43


def pipeline(*found: Role, **more: Any) -> Pipeline:
    return Pipeline("tiny", roles={r.name: r for r in found}, **more)


@pytest.mark.parametrize(
    ("member", "who", "meant"),
    [
        ("ada@example.org", Who(ADA), True),
        ("ADA@Example.org", Who(ADA), True),
        ("ada@example.org", Who("Bob <ada@example.org>"), True),
        (ADA, Who(ADA), True),
        (ADA, Who("ada@example.org"), True),
        (ADA, Who("Bob <ada@example.org>"), False),
        ("bob@example.org", Who(ADA), False),
        ("ada@example.org", Who("Ada <evil@x.org> <ada@example.com>"), False),
        ("ada@example.org", Who(ADA, "lab"), False),
        ("agent:lab", Who(ADA, "lab"), True),
        ("agent:lab", Who(ADA, "Lab"), False),
        ("agent:", Who(ADA), False),
        (f"key:{KEY}", Who(ADA, key=KEY), True),
        (f"key:{KEY}", Who(ADA), False),
        ("key:", Who(ADA), False),
        ("", Who(""), False),
    ],
)
def test_who_is_meant_by_a_member(member: str, who: Who, meant: bool) -> None:
    assert matches(member, who) is meant


def test_what_is_not_personal_an_agent_does_for_its_operator() -> None:
    assert matches("ada@example.org", Who(ADA, "lab"), personal=False)
    keeper = Role("keeper", may=("advance", "override"), members=("ada@example.org",))
    assert allowed(pipeline(keeper), Who(ADA, "lab"), "advance") == ""
    assert "agent:lab has not got it" in allowed(pipeline(keeper), Who(ADA, "lab"), "override")


def test_an_action_that_no_role_names_is_open_and_a_named_one_is_closed() -> None:
    found = pipeline(Role("keeper", may=("override",), members=(ADA,)), Role("lead", may=("override",)))
    assert allowed(found, Who("Bob <b@x.org>"), "approve") == ""
    assert holder(found, Who(ADA), "override") == "keeper"
    assert allowed(found, Who(ADA), "override") == ""
    reason = allowed(found, Who("Bob <b@x.org>"), "override", "build")
    assert reason == "to override in phase build takes one of the roles keeper, lead, and b@x.org has not got it"
    assert "'bless' is no action" in allowed(found, Who(ADA), "bless")


def test_phases_and_steps_bound_a_role() -> None:
    here = Role("release", may=("approve",), members=(ADA,), phases=("ship",), steps=("sign",))
    found = pipeline(here)
    assert allowed(found, Who(ADA), "approve", "ship", "sign") == ""
    assert "no role may approve in phase build in step sign" in allowed(found, Who(ADA), "approve", "build", "sign")
    assert allowed(found, Who(ADA), "approve", "ship", "pack") and allowed(found, Who(ADA), "approve")
    assert lacks(found, Who(ADA), "release", "ship") == ""
    assert "does not reach to phase build" in lacks(found, Who(ADA), "release", "build")
    assert lacks(found, Who("Bob <b@x.org>"), "release", "ship").endswith("b@x.org has not got it")
    assert lacks(found, Who(ADA), "keeper") == "there is no role keeper"


def test_how_somebody_is_written() -> None:
    assert parse(ADA) == Who(ADA) and parse("a@b") == Who("a@b")
    assert parse("agent:lab") == Who(agent="lab") and parse(f"key:{KEY}=").key == KEY
    assert parse(f"key:{KEY}").principal == f"key:{KEY}" and parse("agent:lab").principal == "agent:lab"


@pytest.mark.parametrize(
    "words", ["", "Ada", "ada@", "Ada a@b", "Ada <a@b", "key:MD5:abc", "agent:", "<a@b>", "a@b\nc@d"]
)
def test_what_names_nobody(words: str) -> None:
    with pytest.raises(UsageError, match="names nobody"):
        parse(words)


def test_what_a_pipeline_says_wrongly_of_roles() -> None:
    step = Phase(name="ship", stages=(Stage("s", steps=(WorkflowStep("sign"),)),))
    good = Role("good", may=("assign",), members=(ADA, "agent:lab"), phases=("ship",), steps=("sign",))
    sound = pipeline(good, phases={"ship": step}, agents={"lab": Agent("lab")})
    assert list(roles.lint(sound)) == []
    bad = Role("bad", may=("aprove",), members=("Ada", "agent:x"), phases=("shop",), steps=("sing",))
    gate = Gate("g", checks=(CheckCall("approval", parameters={"role": "nobody", "by": ["Bob"]}), CheckCall("size")))
    said = [(f.code, f.severity, f.message) for f in roles.lint(pipeline(bad, phases={}, gates={"g": gate}))]
    assert said == [
        ("VT604", "error", "role 'bad': unknown action 'aprove'"),
        ("VT604", "error", "role 'bad': unknown phase 'shop'"),
        ("VT604", "error", "role 'bad': unknown step 'sing'"),
        ("VT604", "error", "role 'bad': unknown agent 'agent:x'"),
        ("VT604", "error", "role 'bad': 'Ada' names nobody"),
        ("VT604", "error", "gate 'g': unknown role 'nobody'"),
        ("VT604", "error", "gate 'g': 'Bob' names nobody"),
        ("VT604", "warning", "roles: none names the action assign, so everybody may change them"),
    ]
