"""Issues: read in pages by both APIs, made exactly once whatever breaks, changed after asking again, related."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from graphql import build_schema

from agenticops.core.sync.fields import seen_issue
from agenticops.errors import EXIT_CONFLICT, ConflictError, RemoteError
from agenticops.model.forge import Action
from agenticops.ports.forge import Edit, Milestone, Moved, New
from agenticops.ports.github import GitHub
from agenticops.ports.githubcalls import Off, Refused, Unclear
from tests.forge import Forge, access, graphql, issues, render
from tests.forge.faults import AFTER, BEFORE, Request
from tests.githubs import MARKER, PATIENCE, Waits, connected, forge, github, new
from tests.support import THOROUGH, some

__all__ = ["forge", "github"]

FAULTS = [kind for kind in BEFORE + AFTER if "call" not in kind]


def marked(forge: Forge, marker: str = MARKER) -> list[int]:
    return [number for number, one in forge.repo.issues.items() if marker in (one.body or "")]


def crowd(forge: Forge) -> None:
    """Issues with everything that an issue can have."""
    forge.seed(3)
    forge.call("POST", "REPO/milestones", {"title": "Spring"})
    forge.create("All", body="Line\r\nline\r\n", labels=["PRD", "odd one"], assignees=["ada", "grace"], milestone=1)
    forge.edit(2, state="closed", state_reason="not_planned")
    forge.edit(3, state="closed", state_reason="duplicate")
    forge.call("POST", "REPO/issues/4/sub_issues", {"sub_issue_id": forge.issue(1).id})
    for number in (1, 2):
        forge.call("POST", "REPO/issues/4/dependencies/blocked_by", {"issue_id": forge.issue(number).id})
    forge.edit(1, state="closed")
    forge.edit(1, state="open")
    forge.create("By an app", login="train[bot]")


def on_board(forge: Forge) -> str:
    board = forge.board("Backlog", "Ready")
    path, field = f"/orgs/acme/projectsV2/{board.number}", board.fields[-1]
    item = forge.call("POST", f"{path}/items", {"type": "Issue", "id": forge.issue(4).id})["id"]
    ready = next(option.id for option in field.options if option.name == "Ready")
    forge.call("PATCH", f"{path}/items/{item}", {"fields": [{"id": field.id, "value": ready}]})
    return str(board.number)


@pytest.mark.parametrize("boarded", [False, True])
def test_both_apis_say_the_same(forge: Forge, boarded: bool) -> None:
    crowd(forge)
    with connected(forge, board=on_board(forge) if boarded else "") as github:
        graph = list(github.issues.all())
        singles = [github.issues.get(issue.number) for issue in graph]
        asked = {request.path for request in forge.requests}
        assert asked == {"/graphql"}
        github.issues._graph = False
        assert list(github.issues.all()) == singles == graph
        assert [github.issues.get(issue.number) for issue in graph] == graph
    full = graph[3]
    assert (full.number, full.parent, full.blocked_by, full.milestone) == (4, None, (1, 2), "Spring")
    assert (full.labels, full.assignees, full.body) == (("PRD", "odd one"), ("ada", "grace"), "Line\r\nline\r\n")
    assert (full.board, full.author) == ("Ready" if boarded else "", "grace")
    assert [issue.state_reason for issue in graph[:3]] == ["reopened", "not_planned", "duplicate"]
    assert (graph[0].parent, graph[0].id, graph[4].author) == (4, forge.issue(1).id, "train[bot]")


def test_pull_requests_are_no_issues(forge: Forge, github: GitHub) -> None:
    base = forge.repo.refs.get("refs/heads/main")
    assert base is not None
    forge.repo.refs.put("refs/heads/topic", forge.repo.refs.make("Work", "t" * 40, (base,)).sha)
    forge.call("POST", "REPO/pulls", {"head": "topic", "base": "main", "title": "P", "body": MARKER})
    forge.create("I")
    assert [issue.number for issue in github.issues.all()] == [2]
    assert github.issues.find(MARKER) is None
    github.issues._graph = False
    assert [issue.number for issue in github.issues.all()] == [2]
    assert github.issues.get(1).is_pull_request


def test_a_thousand_unchanged_issues_take_few_requests(forge: Forge, tmp_path: Path) -> None:
    forge.seed(1000)
    with connected(forge, cache=str(tmp_path), board=str(forge.board("Ready").number)) as github:
        begun = time.monotonic()
        assert len(list(github.issues.all())) == 1000
        github.labels.all(), github.milestones.all()
        assert len(forge.requests) == 12 and time.monotonic() - begun < 10  # `make bench` holds it to 2
        github.issues._graph = False
        list(github.issues.all())
        before, spent = len(forge.requests), forge.limits.used["core"]
        assert len(list(github.issues.all())) == 1000
        assert len(forge.requests) - before <= 15 and forge.limits.used["core"] == spent


@pytest.mark.parametrize("graph", [True, False])
def test_only_what_changed_since(forge: Forge, github: GitHub, graph: bool) -> None:
    github.issues._graph = graph
    forge.seed(120)
    last = max(issue.updated_at for issue in github.issues.all())
    forge.edit(7, title="New")
    assert [issue.number for issue in github.issues.all(since=last)] == [7, 120], "a second belongs to both"


@pytest.fixture
def older(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server whose GraphQL knows no dependencies, as an enterprise's may."""
    known = graphql.SCHEMA.read_text()
    schema = build_schema("\n".join(row for row in known.splitlines() if not row.startswith("  blockedBy(")))
    graphql._read.cache_clear()
    monkeypatch.setattr(graphql, "schema", lambda: schema)
    yield
    graphql._read.cache_clear()


@pytest.mark.parametrize("page", [1, 2, 3])
def test_where_graphql_gives_up_the_rest_is_read_by_rest(forge: Forge, page: int) -> None:
    forge.seed(250)
    asked: list[Request] = []

    def later(request: Request) -> bool:
        if request.path == "/graphql" and request not in asked:
            asked.append(request)
        return len(asked) >= page and request.path == "/graphql"

    forge.faults.when(later, "graph broke", times=9)
    waits = Waits()
    with connected(forge, waits=waits) as github:
        assert [issue.number for issue in github.issues.all()] == list(range(1, 251))
        assert github.issues.get(7).number == 7
    assert waits.slept == [1, 2, 4] and forge.faults.take(asked[0]) is not None, "GraphQL is asked no more"


def test_a_repository_without_issues_stops_all(forge: Forge, github: GitHub) -> None:
    forge.seed(2)
    forge.repo.has_issues = False
    with pytest.raises(Off, match="switched off"):
        list(github.issues.all())
    with pytest.raises(Off, match="switched off"):
        github.issues.create(new())


def test_an_older_server_is_read_by_rest(forge: Forge, older: None) -> None:
    crowd(forge)
    with connected(forge) as github:
        found = list(github.issues.all())
        assert len(found) == 5 and found[3].blocked_by == (1, 2) and found[0].parent == 4
        assert github.issues.get(4) == found[3]
        assert sum(request.path == "/graphql" for request in forge.requests) == 1
        assert github.issues.lacks == frozenset()
    assert forge.violations and all("blockedBy" in one for one in forge.violations)
    forge.violations.clear()


def test_a_server_without_dependencies_is_told(forge: Forge, github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    forge.create("One")
    whole = render.issue

    def without(*arguments: Any) -> dict[str, Any]:
        return {name: value for name, value in whole(*arguments).items() if not name.endswith("_summary")}

    monkeypatch.setattr(render, "issue", without)
    github.issues._graph = False
    assert len(list(github.issues.all())) == 1
    assert github.issues.lacks == {"depends", "parent"}


@pytest.mark.parametrize("graph", [True, False])
def test_an_issue_that_is_gone(forge: Forge, github: GitHub, graph: bool) -> None:
    forge.seed(2)
    forge.delete(2)
    github.issues._graph = graph
    for number, status in ((404, 404), (2, 410)):
        with pytest.raises(Refused) as told:
            github.issues.get(number)
        assert told.value.status == status
    assert [issue.number for issue in github.issues.all()] == [1]


@pytest.mark.parametrize(("graph", "follows"), [(True, True), (True, False), (False, False)])
def test_an_issue_that_was_moved_is_not_taken_for_another(
    forge: Forge, github: GitHub, graph: bool, follows: bool
) -> None:
    forge.seed(3)
    seen = github.issues.get(2)
    forge.state.graph_follows = follows
    for number in (1, 2):  # the second keeps its number
        forge.move(number, "acme/other")
        github.issues._graph = graph
        with pytest.raises(Moved, match=rf"#{number} was moved to https://.*/acme/other/issues/{number}") as told:
            github.issues.get(number)
        assert told.value.status == 301 and told.value.to.endswith(f"/acme/other/issues/{number}")
    assert [issue.number for issue in github.issues.all()] == [3]
    with pytest.raises(Moved):
        github.issues.edit(seen, Edit("New"))
    assert forge.state.repositories["acme/other"].issues[2].title == "Issue 2"
    assert github.issues.get(3).number == 3


def test_a_repository_may_be_given_another_name(forge: Forge, github: GitHub) -> None:
    forge.create("One")
    github.issues._graph = False
    forge.state.repositories["acme/train"].name = "railway"
    assert github.issues.get(1).title == "One" == github.issues.get(1).title
    assert [r.path for r in forge.requests].count("/repos/acme/train") == 1


def test_names_are_put_beside_each_other(forge: Forge, github: GitHub) -> None:
    forge.create("One", assignees=["grace"])
    for kind in (None, "call after"):
        if kind:
            forge.faults.at(1, kind, lambda r: forge.edit(1, title="Meanwhile"))
        github.issues.assign(1, "ada")
        assert forge.issue(1).assignees == ["grace", "ada"]
    github.issues.assign(1, "nobody-there")
    assert forge.issue(1).assignees == ["grace", "ada"]
    for _ in range(2):
        github.issues.unassign(1, "ada")
        assert forge.issue(1).assignees == ["grace"]


def test_made_whole_in_one_request(forge: Forge, github: GitHub) -> None:
    github.milestones.create(Milestone("Spring"))
    before = len(forge.writes)
    made = github.issues.create(new(labels=("now", "CRD"), assignees=("ada",), milestone="Spring"))
    assert len(forge.writes) - before == 1
    assert (made.labels, made.assignees, made.milestone) == (("now", "CRD"), ("ada",), "Spring")
    assert made == github.issues.get(1)


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("at", some((2, 1, 3), 3))
@pytest.mark.parametrize("known", [False, True])
def test_one_issue_whatever_breaks(forge: Forge, github: GitHub, kind: str, at: int, known: bool) -> None:
    """The n-th request of it all breaks: the one that makes the issue, or one that looks for it."""
    forge.seed(150)
    if known:
        assert len(list(github.issues.all())) == 150
    if at > 1:
        forge.faults.at(1, "reset after" if at == 2 else "502 before")
    forge.faults.at(at, kind)
    made = github.issues.create(new())
    assert marked(forge) == [made.number] and made.title == "Refill"


def test_an_issue_that_cannot_be_made_is_unclear_and_found_later(forge: Forge, github: GitHub) -> None:
    forge.faults.when(lambda request: request.method == "POST" and request.path.endswith("/issues"), "502 before", 9)
    with pytest.raises(Unclear):
        github.issues.create(new())
    forge.faults.clear()
    assert github.issues.find(MARKER) is None and github.issues.create(new()).number == 1


def test_looking_waits_until_a_lost_request_has_ended(forge: Forge) -> None:
    waits = Waits()
    with connected(forge, waits=waits) as github:
        forge.faults.at(1, "reset before")
        github.issues.create(new())
    assert PATIENCE.settle > 10 and waits.slept.count(PATIENCE.settle) == 1


def test_a_marker_of_somebody_else_is_none_of_ours(forge: Forge, github: GitHub) -> None:
    forge.create("Copied", body=f"x\n{MARKER}\n")
    forge.call("POST", "REPO/issues", {"title": "Quoted", "body": f"see `{MARKER}`"}, login="ada")
    assert github.issues.find(MARKER) is None
    forge.faults.at(1, "reset before")
    assert github.issues.create(new()).number == 3
    found = github.issues.find(MARKER)
    assert found is not None and found.number == 3
    assert github.issues.find(MARKER, above=3) is None


def test_a_search_ends_at_what_was_known(forge: Forge, github: GitHub) -> None:
    forge.seed(350)
    before = len(forge.requests)
    assert github.issues.find(MARKER, above=340) is None
    assert len(forge.requests) - before == 1
    assert github.issues.find(MARKER) is None
    assert len(forge.requests) - before == 1 + 4


def test_an_issue_without_its_marker_is_not_made(forge: Forge, github: GitHub) -> None:
    with pytest.raises(ValueError, match="marker"):
        github.issues.create(New("Refill", MARKER, "Text"))
    assert forge.requests == []


KILLED = """
import sys
from agenticops.ports.githubauth import Login, Place, connect
from tests.githubs import MARKER, new
github = connect(Place(sys.argv[1], "127.0.0.1", "acme/train"), Login("a test", sys.argv[2]))
made = github.issues.find(MARKER) or github.issues.create(new())
github.labels.create(__import__("agenticops.model.forge").model.forge.Label("now"))
from agenticops.ports.forge import Edit
made = github.issues.edit(made, Edit(add_labels=("now",), title="Early"))
github.comments.stick(made.number, MARKER, MARKER + " done")
"""

# That is how many it sends when nobody kills it.
REQUESTS = 8


@pytest.mark.parametrize("kind", ["call before", "call after"])
@pytest.mark.parametrize("at", range(1, 10) if THOROUGH else (5,))
def test_a_process_that_is_killed_at_any_request_ends_up_the_same(forge: Forge, kind: str, at: int) -> None:
    words = [sys.executable, "-c", KILLED, forge.url, access.WRITE]

    def kill(request: Request) -> None:
        process.kill()
        process.wait()

    forge.faults.at(at, kind, kill)
    process = subprocess.Popen(words)
    code = process.wait(20)
    forge.faults.clear()
    assert code == (-signal.SIGKILL if at <= REQUESTS else 0)
    until = time.monotonic() + 5
    # The server has the request by then, and carries it out.
    while any(request.status == 0 for request in forge.requests) and time.monotonic() < until:
        time.sleep(0.01)
    subprocess.run(words, check=True, timeout=20)
    (number,) = marked(forge)
    assert (forge.issue(number).title, forge.labels_of(number)) == ("Early", ["now"])
    assert [one.body for one in forge.repo.comments.values()] == [f"{MARKER} done"]


def test_an_edit_is_one_request_with_whole_sets(forge: Forge, github: GitHub) -> None:
    forge.seed(1, labels=("Task", "next", "people's own"))
    forge.edit(1, assignees=["grace"])
    seen = github.issues.get(1)
    edit = Edit("New", "Body", "", "completed", ("now", "auto"), ("NEXT",), ("ada",), ("grace",))
    done = github.issues.edit(seen, edit)
    assert len(forge.writes) == 1 and done == github.issues.get(1)
    assert (done.title, done.body, done.state, done.state_reason) == ("New", "Body", "closed", "completed")
    assert (done.labels, done.assignees) == (("Task", "people's own", "now", "auto"), ("ada",))
    again = github.issues.edit(done, Edit(state="open"))
    assert (again.state, again.state_reason) == ("open", "reopened")


def test_a_milestone_is_set_and_taken_away(forge: Forge, github: GitHub) -> None:
    forge.seed(1)
    github.milestones.create(Milestone("Spring"))
    done = github.issues.edit(github.issues.get(1), Edit(milestone="Spring"))
    assert forge.issue(1).milestone == 1 and done.milestone == "Spring"
    done = github.issues.edit(done, Edit(milestone=""))
    assert done.milestone == "" and forge.issue(1).milestone is None
    with pytest.raises(RemoteError, match="no milestone 'Autumn'"):
        github.issues.edit(done, Edit(milestone="Autumn"))


def test_what_is_so_already_is_not_written(forge: Forge, github: GitHub) -> None:
    forge.seed(1)
    forge.edit(1, body="a\r\nb\r\n")
    seen = github.issues.get(1)
    assert github.issues.edit(seen, Edit(title=seen.title, body="a\nb\n", add_labels=("Next",), state="open")) == seen
    assert forge.writes == []


@pytest.mark.parametrize(
    ("theirs", "ours", "clash"),
    [
        ({"title": "Theirs"}, Edit(title="Ours"), True),
        ({"title": "Ours"}, Edit(title="Ours"), False),
        ({"body": "Theirs"}, Edit(title="Ours"), False),
        ({"labels": ["Task", "future"]}, Edit(add_labels=("now",), remove_labels=("next",)), True),
        ({"labels": ["Task", "next", "new"]}, Edit(title="Ours"), False),
        ({"state": "closed"}, Edit(state="not_planned"), True),
        ({"state": "closed", "state_reason": "not_planned"}, Edit(state="not_planned"), False),
        ({"assignees": ["reader"]}, Edit(add_assignees=("ada",)), True),
    ],
)
def test_somebody_was_faster(forge: Forge, github: GitHub, theirs: dict[str, Any], ours: Edit, clash: bool) -> None:
    forge.seed(1)
    seen = github.issues.get(1)
    forge.edit(1, **theirs)
    if clash:
        with pytest.raises(ConflictError, match="changed since it was read") as told:
            github.issues.edit(seen, ours)
        assert told.value.exit_code == EXIT_CONFLICT and forge.writes == []
    else:
        done = github.issues.edit(seen, ours)
        assert done == github.issues.get(1) and len(forge.writes) == (ours.title is not None and "title" not in theirs)


@pytest.mark.parametrize("kind", FAULTS)
def test_an_edit_is_made_once_whatever_breaks(forge: Forge, github: GitHub, kind: str) -> None:
    forge.seed(1)
    seen = github.issues.get(1)
    forge.faults.when(lambda request: request.method == "PATCH", kind)
    done = github.issues.edit(seen, Edit(title="New", add_labels=("now",), remove_labels=("next",)))
    assert (done.title, done.labels) == ("New", ("Task", "now")) and seen_issue(done) == seen_issue(
        github.issues.get(1)
    )


def test_an_edit_in_between_is_not_lost(forge: Forge, github: GitHub) -> None:
    """Ours was lost, somebody wrote the same field, and it is not sent again over theirs."""
    forge.seed(1)
    seen = github.issues.get(1)
    forge.faults.when(lambda request: request.method == "PATCH", "502 before")
    forge.faults.when(lambda request: len(forge.writes) == 1, "call before", 1, lambda _: forge.edit(1, title="Theirs"))
    with pytest.raises(ConflictError):
        github.issues.edit(seen, Edit(title="Ours"))
    assert forge.issue(1).title == "Theirs"


def test_labels_that_were_dropped_without_a_word(forge: Forge, github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    forge.seed(1)
    seen = github.issues.get(1)
    # What GitHub does for who may write issues, but not sort them.
    kept = issues._changes
    monkeypatch.setattr(issues, "_changes", lambda call: {k: v for k, v in kept(call).items() if k != "labels"})
    with pytest.raises(RemoteError, match="dropped labels of #1") as told:
        github.issues.edit(seen, Edit(add_labels=("now",)))
    assert "right to triage" in told.value.hint


@pytest.mark.parametrize("kind", [None, *FAULTS])
def test_relations_hold_whatever_breaks(forge: Forge, github: GitHub, kind: str | None) -> None:
    forge.seed(4)
    first, second, third, fourth = list(github.issues.all())

    def breaks() -> None:
        if kind:
            forge.faults.at(1, kind)

    breaks()
    first = github.issues.set_parent(first, third)
    breaks()
    first = github.issues.set_parent(first, fourth)
    breaks()
    first = github.issues.set_parent(first, fourth)
    breaks()
    second = github.issues.set_parent(second, fourth)
    breaks()
    first = github.issues.block(first, third)
    breaks()
    first = github.issues.block(first, third)
    assert first.parent == 4 and first.blocked_by == (3,)
    assert (first.parent, first.blocked_by) == (github.issues.get(1).parent, github.issues.get(1).blocked_by)
    breaks()
    github.issues.place(first, after=second)
    assert forge.issue(4).sub_issues == [2, 1]
    for _ in range(2):
        breaks()
        gone = github.issues.unblock(first, third)
        breaks()
        gone = github.issues.set_parent(msgspec.structs.replace(gone, parent=4), None)
    assert (gone.parent, gone.blocked_by) == (None, ()) and forge.issue(1).parent is None
    assert forge.issue(1).blocked_by == [] and forge.issue(4).sub_issues == [2]


def test_a_relation_that_cannot_be_is_refused(forge: Forge, github: GitHub) -> None:
    forge.seed(2)
    first, second = list(github.issues.all())
    github.issues.set_parent(second, first)
    with pytest.raises(Refused, match="circular"):
        github.issues.set_parent(first, second)
    with pytest.raises(ConflictError, match="not the same parent"):
        github.issues.place(first, after=second)


def test_actions_become_what_is_sent() -> None:
    made = Action(
        "issue",
        "create",
        item="7",
        write={"title": "T", "body": MARKER, "milestone": "M"},
        add={"labels": ("now",), "assignees": ("ada",)},
        marker=MARKER,
    )
    assert New.of(made) == New("T", MARKER, MARKER, ("now",), ("ada",), "M")
    edit = Action(
        "edit", "update", write={"title": "T", "milestone": ""}, add={"labels": ("a",)}, remove={"labels": ("b",)}
    )
    assert Edit.of(edit) == Edit("T", milestone="", add_labels=("a",), remove_labels=("b",))
    assert Edit.of(Action("close", "update", write={"state": "not_planned"})) == Edit(state="not_planned")
