"""`agents register`, `list`, `state`, `turn`, `tell`."""

from __future__ import annotations

import json
from typing import Any

from tests.stations import SHAPE, Board, must
from tests.support import cli


def data(text: str) -> Any:
    return json.loads(text)["data"]


def test_an_agent_from_its_registration_to_its_messages(at: Board) -> None:
    repo = at("tiny-working")
    said = must(
        repo, "agents", "register", "john-pm", "--name", "John \x1b[2J", "--role", "pm", "--capability", "roadmap"
    )
    assert "john-pm is registered" in said and "next  agenticops agents state john-pm" in said
    must(repo, "agents", "register", "john-pm", "--update", "--config", "size=3", "--config", '{"a": [1]}')
    listed = must(repo, "agents", "list")
    assert SHAPE in listed and "planner-specialist" in listed and "offline" in listed
    must(repo, "agents", "turn", "john-pm", "idle", "--reason", "back")
    told = data(must(repo, "agents", "tell", "planner", "john-pm", "The plan is [ready]", "--json"))
    assert (told["from"], told["to"]) == ("planner-specialist", "john-pm")
    shown = must(repo, "agents", "state", "john-pm")
    assert "planner-specialist → john-pm: The plan is [ready]" in shown and "\x1b" not in shown
    found = data(must(repo, "agents", "state", "john", "--json"))
    assert (found["agent_id"], found["agent_role"], found["status"]) == ("john-pm", "pm", "idle")
    assert found["extension_config"] == {"size": 3, "a": [1]} and found["capabilities"] == ["roadmap"]
    assert [s["agent_id"] for s in data(must(repo, "agents", "list", "--json"))] == [
        "john-pm",
        "maker-specialist",
        "planner-specialist",
    ]


def test_what_is_wrong_has_its_code_and_its_hint(at: Board) -> None:
    repo = at("tiny-working")
    code, _, err = cli(repo, "agents", "register", "john")
    assert code == 2 and "for example john-pm" in err
    must(repo, "agents", "register", "john-pm")
    code, _, err = cli(repo, "agents", "register", "john-pm")
    assert code == 5 and "--update" in err
    code, _, err = cli(repo, "agents", "turn", "planner", "idle")
    assert code == 2 and "--reason" in err
    must(repo, "agents", "turn", "planner", "error", "--reason", "disk is full")
    code, _, err = cli(repo, "agents", "turn", "planner", "active", "--reason", "x")
    assert code == 2 and "from error on it may be: idle, offline" in err
    assert "disk is full" in must(repo, "agents", "list")
