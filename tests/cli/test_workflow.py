"""`workflow`: what its commands print, and how they end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.stations import Board, data, events, must, refused
from tests.support import cli, run_cli, write


def began(repo: Path, *arguments: str) -> str:
    return str(data(repo, "workflow", "start", "HS_STD", *arguments)["id"])


def test_an_instance_from_its_start_to_its_end(at: Board) -> None:
    repo = at("tiny")
    out = must(repo, "workflow", "start", "HS_STD", "--name", "Roof", "--data", "amount=1200", "--client", "c1")
    name = events(repo, "workflow_started")[0]["subject"].partition("/")[2]
    assert f"{name} began in lead_generation" in out and f"next  agenticops workflow show {name}" in out
    out = must(repo, "workflow", "transition", name[:6], "--to", "quote_generation", "--reason", "asked  for")
    assert "lead_generation → quote_generation" in out and "quote e" in out and "Draft" in out
    shown = must(repo, "workflow", "show", name)
    assert "can go   quote_sent, quote_accepted" in shown and "amount = 1200" in shown and "client   c1" in shown
    assert f"next  agenticops workflow transition {name} --to quote_sent" in shown
    for to in ("4", "6", "7", "8"):
        must(repo, "workflow", "transition", name, "--to", to)
    assert f"next  agenticops workflow transition {name} --next" in must(repo, "workflow", "show", name)
    assert "invoice_sent → payment_received  completed" in must(repo, "workflow", "transition", name, "--next")
    told = data(repo, "workflow", "show", name)
    assert (told["workflow_status"], told["current_state_id"], told["data"]) == ("completed", 9, {"amount": 1200})
    assert [s["to"] for s in told["state_history"]] == [0, 2, 4, 6, 7, 8, 9] and told["completed_ts"]
    assert [e["entity"] for e in told["created_entities"]] == ["customer", "quote", "order", "task", "invoice"]
    assert "has ended: completed in payment_received" in refused(repo, "workflow", "transition", name, "--next")


def test_the_history_and_the_graph(at: Board) -> None:
    repo = at("tiny")
    name = began(repo)
    must(repo, "workflow", "transition", name, "--to", "quote_generation")
    must(repo, "workflow", "pause", name, "--reason", "permit")
    told = must(repo, "workflow", "history", name)
    assert "lead_generation → quote_generation" in told and "workflow_paused" in told and "(permit)" in told
    assert [e["kind"] for e in data(repo, "workflow", "history", name)["events"]][-1] == "workflow_paused"
    picture = must(repo, "workflow", "graph", name)
    assert picture.startswith("flowchart TD") and "class s0 been" in picture and "class s2 here" in picture
    assert data(repo, "workflow", "graph", name)["path"] == ["0", "2"]


def test_an_instance_is_held_and_given_up(at: Board) -> None:
    repo = at("tiny")
    name = began(repo)
    assert f"next  agenticops workflow resume {name}" in must(repo, "workflow", "pause", name)
    assert "is paused" in refused(repo, "workflow", "transition", name, "--to", "2")
    assert "is active" in must(repo, "workflow", "resume", name)
    assert "the reason is empty" in refused(repo, "workflow", "cancel", name, "--reason", " ", code=2)
    assert data(repo, "workflow", "cancel", name, "--reason", "off")["workflow_status"] == "cancelled"


def test_they_are_listed_and_the_rest_counted(at: Board) -> None:
    repo = at("tiny")
    assert "no instances" in must(repo, "workflow", "list")
    names = [began(repo, "--name", f"n{n} [/x]", "--client", "c1") for n in range(3)]
    must(repo, "workflow", "transition", names[0], "--to", "2")
    told = must(repo, "workflow", "list", "--limit", "2", "--client", "c1")
    assert "… 1 more" in told and "[/x]" in told and told.count("lead_generation") + told.count("quote_gen") == 2
    found = data(repo, "workflow", "list", "--state", "quote_generation", "--status", "active")
    assert found["total"] == 1 and found["instances"][0]["id"] == names[0]
    assert found["instances"][0]["current_state"] == "quote_generation"
    assert found["instances"][0]["current_state_id"] == 2, "as show says it"


def test_what_cannot_be_meant(at: Board) -> None:
    repo = at("tiny")
    name = began(repo)
    for arguments, words, code in (
        ((name,), "say where", 2),
        ((name, "--to", "2", "--next"), "say where", 2),
        (("--next",), "say which instance", 2),
        ((name, "--stdin"), "--stdin takes all", 2),
        ((name, "--to", "9"), "no way from lead_generation to payment_received", 1),
        ((name, "--to", "nowhere"), "no state 'nowhere'", 2),
        ((name, "--next"), "can go to customer_onboarding, quote_generation", 2),
        ((name, "--to", "2", "--from", "quote_sent"), "stands in lead_generation, not in quote_sent", 5),
        ((name, "--to", "2", "--data", "amount"), "--data takes KEY=VALUE", 2),
    ):
        assert words in refused(repo, "workflow", "transition", *arguments, code=code)
    assert len(events(repo, "state_transition")) == 0


def test_lines_of_json_move_many(at: Board) -> None:
    repo = at("tiny")
    names = [began(repo) for _ in range(3)]
    lines = [json.dumps({"id": name, "to": "quote_generation"}) for name in (*names, "wnone")]
    done = run_cli(repo, "workflow", "transition", "--stdin", input="\n".join(lines), check_code=2)
    found = [json.loads(row) for row in done.stdout.splitlines()]
    assert [row.get("ok", False) for row in found] == [True, True, True, False]
    assert found[0] == {"line": 1, "id": names[0], "ok": True, "to": "2"} and found[3]["exit"] == 2
    assert data(repo, "workflow", "list", "--state", "2")["total"] == 3
    line = json.dumps({"id": names[0], "to": 3, "from": 2})  # as `show --json` writes them
    assert json.loads(run_cli(repo, "workflow", "transition", "--stdin", input=line).stdout)["to"] == "3"


INNER = """\
code: INNER
name: Inner
sector: S
phases:
  x: {entity: task, status: Open, days: 1, next: [y]}
  y: {entity: task, status: Done, done: true, success: true}
"""
OUTER = """\
code: OUTER
name: Outer
sector: S
phases:
  a: {template: INNER, days: 1, next: [{to: b, when: {field: child.status, eq: completed}}, c]}
  b: {entity: order, status: Good, done: true, success: true}
  c: {entity: order, status: Bad, done: true, success: false}
"""


def test_who_waits_says_for_whom_and_its_end_says_who_goes_on(at: Board) -> None:
    repo = at("tiny")
    write(repo, "config/workflows/inner.yml", INNER)
    write(repo, "config/workflows/outer.yml", OUTER)
    outer = str(data(repo, "workflow", "start", "OUTER")["id"])
    inner = str(data(repo, "workflow", "show", outer)["waits_for"])
    shown = must(repo, "workflow", "show", outer)
    assert f"nowhere before {inner} has ended" in shown and f"next  agenticops workflow show {inner}" in shown
    assert f"next  agenticops workflow show {outer}" in must(repo, "workflow", "transition", inner, "--next")
    told = data(repo, "workflow", "show", outer)
    assert (told["next"], told["waits_for"]) == (["b", "c"], None)


@pytest.mark.parametrize("arguments", [(), ("template",)])
def test_the_templates_are_a_group_of_it(at: Board, arguments: tuple[str, ...]) -> None:
    code, out, _ = cli(at("tiny"), "workflow", *arguments, "--help")
    assert code == 0 and ("lint" if arguments else "template") in out
