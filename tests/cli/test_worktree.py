"""`work tree|split|move|link|ready|triage|except`: the tree of items is planned by commands, all without a forge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agenticops.model.event import Draft
from agenticops.model.paper import SHELVES
from tests.stations import ITEM, Board, codes, data, events, must, refused
from tests.support import cli, commit_all, git, snapshot, some, workspace, write

RULES = """\
schema: 1

rules:

  - name: pumps
    when: {words: [pump]}
    priority: now
    phase: build
    agent: maker
    labels: [auto]

  - name: people
    when: {authors: [ada@example.org]}
    labels: [ward]
"""


def new(repo: Path, number: int, kind: str = "Task", *more: str) -> None:
    must(repo, "work", "new", "--kind", kind, "--title", f"Item {number}", "--issue", str(number), *more)


def item(repo: Path, name: object) -> Any:
    return data(repo, "work", "show", str(name))["item"]


@pytest.fixture
def grown(at: Board) -> Path:
    """A PRD 1 with the CRD 2, below it the Tasks 3 and 4; a PRD 5; all of it committed."""
    repo = at("tiny")
    for number, kind, more in ((1, "PRD", ()), (2, "CRD", ("--parent", "1")), (5, "PRD", ())):
        new(repo, number, kind, *more)
    for number in (3, 4):
        new(repo, number, "Task", "--parent", "2")
    commit_all(repo)
    return repo


def test_the_tree_shows_parents_where_each_stands_and_what_waits(grown: Path) -> None:
    must(grown, "work", "link", "4", "--blocked-by", "3")
    must(grown, "work", "edit", "4", "--assignee", "ada")
    must(grown, "ticket", "new", "1")
    out = must(grown, "work", "tree")
    assert out.splitlines() == [
        "PRD 1  Item 1       next · shape",
        "  CRD 2  Item 2     next · no ticket yet",
        "    Task 3  Item 3  next · no ticket yet",
        "    Task 4  Item 4  next · no ticket yet · ada  it depends on 3",
        "PRD 5  Item 5       next · no ticket yet",
        "  next  agenticops work ready",
    ]
    below = data(grown, "work", "tree", "2")
    assert [(row["depth"], row["id"], row["waits"]) for row in below] == [
        (0, "2", ""),
        (1, "3", ""),
        (1, "4", "it depends on 3"),
    ]


def test_what_has_ended_leaves_the_tree_unless_something_open_is_below(grown: Path) -> None:
    for name in ("5", "3"):
        must(grown, "ticket", "new", name, *(("--phase", "build") if name == "3" else ()))
        ticket = data(grown, "ticket", "list")[0]["id"]
        must(grown, "ticket", "cancel", ticket, "--reason", "no budget")
    must(grown, "ticket", "new", "1")
    must(grown, "ticket", "cancel", "shape_1", "--reason", "no budget")
    assert [row["id"] for row in data(grown, "work", "tree")] == ["1", "2", "4"]
    rows = {row["id"]: row["stands"] for row in data(grown, "work", "tree", "--all")}
    assert rows == {"1": "cancelled", "2": "waiting", "3": "cancelled", "4": "waiting", "5": "cancelled"}


def test_ready_is_what_nothing_holds_up(grown: Path) -> None:
    must(grown, "work", "link", "2", "--blocked-by", "3", "--blocked-by", "5")
    must(grown, "work", "edit", "4", "--priority", "now")
    must(grown, "ticket", "new", "3", "--phase", "build")
    must(grown, "ticket", "block", "build_3", "--reason", "no data")
    found = data(grown, "work", "ready")
    assert [row["id"] for row in found["ready"]] == ["4", "1", "5"]
    assert [(row["id"], row["waits"]) for row in found["waiting"]] == [
        ("2", "it depends on 3"),
        ("3", "it is blocked"),
    ]
    out = must(grown, "work", "ready", "--kind", "Task")
    assert out.splitlines() == [
        "Task 4  Item 4  now · no ticket yet",
        "not ready",
        "Task 3  Item 3  next · build  it is blocked",
        "  next  agenticops ticket new 4 --phase PHASE",
    ]
    must(grown, "work", "link", "4", "--blocked-by", "3")
    assert must(grown, "work", "ready", "--kind", "Task").splitlines()[0] == "nothing is ready"


def test_an_empty_train_has_no_tree(at: Board) -> None:
    repo = at("tiny")
    for command in ("tree", "ready"):
        assert must(repo, "work", command).startswith("no open work items\n  next  agenticops work new")


def test_a_broken_document_is_told_beside_the_tree(grown: Path) -> None:
    write(grown, "docs/work/5.md", "---\nkind: Epic\n---\n")
    for command in ("tree", "ready"):
        code, out, err = cli(grown, "work", command)
        assert code == 1 and "docs/work/5.md" in err and "Task 3" in out
    assert "cannot be read" in refused(grown, "work", "tree", "5")


def test_split_writes_parts_that_take_over_what_they_are_for(grown: Path) -> None:
    must(grown, "work", "edit", "5", "--client", "Ward 7", "--milestone", "May", "--priority", "now")
    found = data(grown, "work", "split", "5", "--into", "Read  the form", "--into", "Forecast a day")
    assert [p["title"] for p in found["parts"]] == ["Read the form", "Forecast a day"]
    for part in found["parts"]:
        assert (part["kind"], part["parent"], part["priority"]) == ("CRD", "5", "next")
        assert (part["client"], part["milestone"]) == ("Ward 7", "May")
        assert item(grown, part["id"])["parent"] == "5"
    assert len(events(grown, "item_created")) == 7
    (task,) = data(grown, "work", "split", "5", "--into", "Ask", "--kind", "Task", "--priority", "future")["parts"]
    assert (task["kind"], task["priority"]) == ("Task", "future")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    some(
        [
            (("split", "3", "--into", "x"), 2, "nothing stands below a Task"),
            (("split", "1", "--into", " "), 2, "needs a title"),
            (("split", "1", "--into", "x", "--into", " x "), 2, "given twice"),
            (("split", "1", "--into", "Item 2"), 5, "2 below 1 has the title 'Item 2' already"),
            (("split", "2", "--into", "x", "--kind", "PRD"), 2, "a PRD belongs below nothing, not below a CRD"),
            (("split", "1"), 2, "--into"),
            (("move", "3"), 2, "--under ITEM or --top"),
            (("move", "3", "--under", "5", "--top"), 2, "--under ITEM or --top"),
            (("move", "3", "--under", "4"), 2, "not below a Task"),
            (("move", "3", "--under", "2"), 1, "3 stands below 2 already"),
            (("move", "1", "--top"), 1, "1 stands at the top already"),
            (("move", "3", "--under", "99"), 2, "there is no item '99'"),
            (("link", "3"), 2, "nothing to link"),
            (("link", "3", "--blocked-by", "3"), 2, "a circle: 3 waits for 3"),
            (("link", "3", "--blocked-by", "99"), 2, "there is no item '99'"),
            (("link", "3", "--needs", "n0000000x"), 2, "there is no need 'n0000000x'"),
            (("link", "3", "--client", "nobody"), 2, "there is no client 'nobody'"),
            (("link", "3", "--ticket", "shape_9"), 2, "there is no ticket 'shape_9'"),
            (("link", "3", "--blocked-by", "4", "--remove"), 2, "3 has no link to '4'"),
            (("triage",), 1, "no rules of triage"),
            (("except", "1", "--rule", "VT481", "--reason", "x"), 2, "VT481 is no rule for a PRD"),
            (("except", "1", "--rule", "VT999", "--reason", "x"), 2, "VT999"),
            (("except", "1", "--rule", "VT480", "--reason", " "), 2, "the reason is empty"),
            (("except", "1", "--rule", "VT480", "--reason", "x", "--until", "soon"), 2, "cannot end at 'soon'"),
            (("except", "1", "--rule", "VT480", "--reason", "x", "--until", "2w", "--end"), 2, "say two things"),
            (("except", "1", "--rule", "VT480", "--reason", "x", "--end"), 1, "1 is not let off VT480"),
        ],
        3,
    ),
)
def test_what_cannot_be_meant_changes_nothing(grown: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    before = snapshot(grown)
    assert words in refused(grown, "work", *arguments, code=code)
    assert snapshot(grown) == before


def test_an_item_that_ended_is_not_split(grown: Path) -> None:
    must(grown, "ticket", "new", "5")
    must(grown, "ticket", "cancel", "shape_5", "--reason", "no budget")
    assert "5 has ended" in refused(grown, "work", "split", "5", "--into", "x")


def test_move_takes_what_is_below_along_and_keeps_every_other_byte(grown: Path) -> None:
    path = grown / "docs/work/2.md"
    path.write_text(path.read_text().replace("kind: CRD", "kind: CRD # why"))
    before = path.read_text()
    must(grown, "work", "move", "2", "--under", "5")
    assert path.read_text() == before.replace('parent: "1"', 'parent: "5"')
    assert [row["id"] for row in data(grown, "work", "tree", "5")] == ["5", "2", "3", "4"]
    must(grown, "work", "move", "2", "--top")
    assert item(grown, 2)["parent"] == ""
    assert [e["data"]["fields"] for e in events(grown, "item_edited")] == [["parent"], ["parent"]]


def test_a_circle_of_waiting_is_refused_however_long(grown: Path) -> None:
    must(grown, "work", "link", "3", "--blocked-by", "4")
    must(grown, "work", "link", "4", "--blocked-by", "5")
    err = refused(grown, "work", "link", "5", "--blocked-by", "3", code=2)
    assert "that would close a circle: 3 waits for 4 waits for 5 waits for 3" in err
    assert "circle" in refused(grown, "work", "edit", "5", "--depends", "1", "--depends", "4", code=2)
    must(grown, "work", "edit", "4", "--depends", "1")
    must(grown, "work", "link", "5", "--blocked-by", "3")


def test_links_come_and_go_and_lead_the_trace(grown: Path) -> None:
    client = data(grown, "client", "new", "--title", "Ward 7")["id"]
    need = data(grown, "need", "new", "--title", "Full boxes", "--client", client)["id"]
    must(grown, "ticket", "new", "1")
    must(grown, "work", "link", "2", "--needs", need[:5], "--client", client, "--ticket", "shape_1")
    must(grown, "work", "link", "2", "--ticket", "shape_1", "--blocked-by", "5")
    found = item(grown, 2)
    assert (found["needs"], found["client"], found["depends"]) == ([need], client, ["5"])
    assert found["links"] == {"tickets": ["shape_1"]}
    assert "Item 2" in must(grown, "trace", need) and need in must(grown, "work", "show", "2")
    above = {(node["kind"], node["id"]) for node in data(grown, "trace", "2")["up"]}
    assert above == {("need", need), ("client", client), ("ticket", "shape_1"), ("item", "1")}
    assert "linked so already" in refused(grown, "work", "link", "2", "--blocked-by", "5")
    (grown / SHELVES["need"].path(need)).unlink()
    must(grown, "work", "link", "2", "--needs", need, "--client", client, "--ticket", "shape_1", "--remove")
    found = item(grown, 2)
    assert (found["needs"], found["client"], found["links"]) == ([], "", {"tickets": []})


def test_what_is_linked_is_told_and_shown(grown: Path) -> None:
    client = data(grown, "client", "new", "--title", "Ward 7")["id"]
    must(grown, "ticket", "new", "1")
    out = must(grown, "work", "link", "2", "--blocked-by", "5", "--client", client, "--ticket", "shape_1")
    assert out.startswith(f"✓ 2  client: {client} · waits for: 5 · tickets: shape_1 ")
    assert must(grown, "work", "link", "2", "--blocked-by", "5", "--remove").startswith("✓ 2  waits for: none ")
    shown = must(grown, "work", "show", "2")
    assert f"client    {client}\n" in shown and "tickets   shape_1\n" in shown


def test_show_says_what_leads_on(grown: Path) -> None:
    def last(name: str) -> str:
        return must(grown, "work", "show", name).splitlines()[-1]

    assert last("2") == "  next  agenticops ticket new 2"
    assert last("3") == "  next  agenticops ticket new 3 --phase PHASE"
    must(grown, "work", "link", "3", "--blocked-by", "5")
    assert last("3") == "  next  agenticops work ready"
    must(grown, "ticket", "new", "1")
    assert last("1") == "  next  agenticops ticket show shape_1"
    must(grown, "ticket", "cancel", "shape_1", "--reason", "no budget")
    assert last("1") == "  next  agenticops trace 1"


def test_other_links_of_the_document_keep_their_values(grown: Path) -> None:
    path = grown / "docs/work/3.md"
    path.write_text(path.read_text().replace("needs: []\n", "needs: []\n\nlinks:\n  ratio: 1.50\n  open: true\n"))
    must(grown, "ticket", "new", "1")
    must(grown, "work", "link", "3", "--ticket", "shape_1")
    assert "ratio: 1.5\n" in path.read_text() and "open: true\n" in path.read_text()


def test_edit_sets_and_empties_lists(grown: Path) -> None:
    must(grown, "work", "edit", "3", "--assignee", "ada", "--assignee", "bob", "--milestone", "May", "--depends", "5")
    found = item(grown, 3)
    assert (found["assignees"], found["milestone"], found["depends"]) == (["ada", "bob"], "May", ["5"])
    out = must(grown, "work", "show", "3")
    assert "assigned  ada, bob" in out and "milestone May" in out and "depends   5" in out
    must(grown, "work", "edit", "3", "--assignee", "", "--milestone", "", "--depends", "")
    found = item(grown, 3)
    assert (found["assignees"], found["milestone"], found["depends"]) == ([], "", [])


def test_check_judges_the_tree_and_the_flow(grown: Path) -> None:
    assert codes(grown, "check") == []
    for name in ("1", "5"):
        must(grown, "work", "edit", name, "--priority", "now")
    must(grown, "work", "move", "3", "--top")
    assert codes(grown, "check") == ["VT487", "VT480"]
    code, out, _ = cli(grown, "check")
    assert code == 3 and "2 PRDs are now for one project: 1, 5" in out
    commit_all(grown)
    assert codes(grown, "check", "--head", "HEAD") == ["VT487", "VT480"], "of a commit just so"
    must(grown, "work", "edit", "5", "--priority", "next")
    assert cli(grown, "check")[0] == 0, "a Task without a parent is a warning"


def test_who_works_an_item_counts(grown: Path) -> None:
    for name in ("3", "4"):
        must(grown, "work", "edit", name, "--priority", "now")
    assert codes(grown, "check") == ["VT482"]
    must(grown, "work", "edit", "4", "--assignee", "bob")
    assert codes(grown, "check") == []
    must(grown, "work", "edit", "3", "--assignee", "bob")
    assert codes(grown, "check") == ["VT482"]
    must(grown, "ticket", "new", "3", "--phase", "build")
    must(grown, "ticket", "edit", "build_3", "--operator", "Ada")
    assert codes(grown, "check") == []


def test_circles_that_were_made_by_hand_are_found(grown: Path) -> None:
    for name, other in (("3", "4"), ("4", "3")):
        path = grown / f"docs/work/{name}.md"
        path.write_text(path.read_text().replace("depends: []", f'depends:\n  - "{other}"'))
    assert codes(grown, "check") == ["VT485"]
    assert [row["id"] for row in data(grown, "work", "ready")["ready"]] == ["1", "2", "5"]
    must(grown, "work", "link", "3", "--blocked-by", "4", "--remove")
    assert codes(grown, "check") == []


def test_an_item_that_cannot_be_read_does_not_count_as_gone(grown: Path) -> None:
    write(grown, "docs/work/2.md", "---\nid: [\n---\n")
    assert codes(grown, "check") == ["VT304"]
    commit_all(grown)
    assert codes(grown, "check", "--head", "HEAD") == ["VT304"]


def test_an_operator_lets_an_item_off_a_rule_for_a_time(grown: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("1", "5"):
        must(grown, "work", "edit", name, "--priority", "now")
    ask = ("work", "except", "5", "--rule", "VT480", "--reason", "two launches")
    monkeypatch.setenv("CLAUDECODE", "1")
    assert "an agent (Claude Code) cannot let an item off a flow rule" in refused(grown, *ask)
    monkeypatch.delenv("CLAUDECODE")
    found = data(grown, *ask, "--until", "2w")
    (event,) = events(grown, "flow_excepted")
    assert event["data"] == {"code": "VT480", "reason": "two launches", "until": found["until"]}
    assert (event["item"], event["subject"]) == ("5", "item/5")
    assert codes(grown, "check") == []
    assert "let off   VT480  two launches" in must(grown, "work", "show", "5")
    must(grown, "work", "except", "5", "--rule", "VT480", "--reason", "one came early", "--end")
    assert codes(grown, "check") == ["VT480"] and data(grown, "work", "show", "5")["excepted"] == []


def test_an_exception_that_an_agent_wrote_is_found_in_review(grown: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTICOPS_AGENT", "maker")
    with workspace(grown).transaction("forge") as tx:
        tx.append(Draft("flow_excepted", "item/5", item="5", data={"code": "VT480", "reason": "x"}))
    commit_all(grown)
    assert codes(grown, "check", "--base", "HEAD~1") == ["VT451"]
    git(grown, "reset", "--quiet", "--hard", "HEAD~1")
    monkeypatch.delenv("AGENTICOPS_AGENT")
    must(grown, "work", "except", "5", "--rule", "VT480", "--reason", "x")
    commit_all(grown)
    assert codes(grown, "check", "--base", "HEAD~1") == []


def test_a_role_that_may_override_is_asked(grown: Path) -> None:
    path = grown / "config/pipeline.yml"
    path.write_text(
        path.read_text() + "\nroles:\n  lead:\n    may: [override, assign]\n    members: [grace@example.org]\n"
    )
    commit_all(grown)
    assert "VT450" in refused(grown, "work", "except", "5", "--rule", "VT480", "--reason", "x")


def test_triage_proposes_and_only_the_operator_applies(grown: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(grown, "config/triage.yml", RULES)
    must(grown, "work", "edit", "5", "--body", "The PUMP is loud.", "--label", "phase:ship")
    before = snapshot(grown)
    out = must(grown, "work", "triage", "5")
    assert out.splitlines() == [
        "5  Item 5",
        "  priority next → now  rule pumps",
        "  phase    build  rule pumps",
        "  agent    maker  rule pumps",
        "  label    auto  rule pumps",
        "  label    ward  rule people",
        "  next  agenticops work triage 5 --apply",
    ]
    assert snapshot(grown) == before
    monkeypatch.setenv("AGENTICOPS_AGENT", "maker")
    assert "an agent (maker) cannot confirm a triage" in refused(grown, "work", "triage", "5", "--apply")
    assert snapshot(grown) == before
    monkeypatch.delenv("AGENTICOPS_AGENT")
    must(grown, "work", "triage", "5", "--apply")
    found = item(grown, 5)
    assert (found["priority"], found["labels"]) == ("now", ["phase:build", "agent:maker", "auto", "ward"])
    assert events(grown, "item_edited")[-1]["data"] == {"fields": ["labels", "priority"], "rules": ["people", "pumps"]}
    assert "nothing new" in must(grown, "work", "triage", "5")


def test_triage_leaves_alone_what_somebody_decided(grown: Path) -> None:
    write(grown, "config/triage.yml", RULES)
    must(grown, "work", "edit", "3", "--priority", "future")
    must(grown, "ticket", "new", "1")
    assert [p["item"] for p in data(grown, "work", "triage")["items"]] == ["2", "4", "5"]
    found = data(grown, "work", "triage", "--apply")
    assert found["applied"] and item(grown, 4)["labels"] == ["ward"] and item(grown, 3)["labels"] == []
    assert data(grown, "work", "triage")["items"] == []


def test_phase_and_agent_of_a_ticket_are_the_logs(grown: Path) -> None:
    write(grown, "config/triage.yml", RULES)
    must(grown, "work", "edit", "3", "--body", "A pump.")
    must(grown, "ticket", "new", "3", "--phase", "ship")
    (found,) = data(grown, "work", "triage", "3")["items"]
    assert (found["priority"], found["phase"], found["agent"], found["labels"]) == ("now", "", "", ["auto", "ward"])


@pytest.mark.parametrize(
    ("text", "words", "code"),
    [
        (RULES.replace("phase: build", "phase: launch"), "unknown phase 'launch'", "VT301"),
        (RULES.replace("agent: maker", "agent: robot"), "unknown agent 'robot'", "VT303"),
        (RULES.replace("    labels: [ward]", "    label: [ward]"), "unknown field", "VT304"),
        (RULES.replace("schema: 1", "schema: 7"), "schema 7 is not known", "VT304"),
        ("rules: [", "not YAML", "VT304"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused_and_found(grown: Path, text: str, words: str, code: str) -> None:
    write(grown, "config/triage.yml", text)
    err = refused(grown, "work", "triage")
    (found,) = data(grown, "check", code=3)["findings"]
    assert words in err and f"config/triage.yml:{found['line']}" in err
    assert found["code"] == code and found["path"] == "config/triage.yml" and found["line"] and found["hint"]


def test_an_item_that_travels_stands_where_its_ticket_is(at: Board) -> None:
    assert [row["stands"] for row in data(at("tiny-build"), "work", "tree", ITEM)] == ["build"]
