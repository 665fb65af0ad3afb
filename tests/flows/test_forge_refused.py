"""What the forge refuses holds up only what it is about: a field, a step, an item. The rest goes on, and it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.core.sync import base
from agenticops.errors import EXIT_REMOTE, EXIT_VERDICT, RemoteError
from agenticops.flows import work
from agenticops.flows.forge import labels
from agenticops.model.finding import Finding
from agenticops.model.forge import Action
from tests import insync
from tests.forge import Forge, graphql, issues, relations, routes
from tests.forge import labels as labelled
from tests.forge.calls import Answer, Call, Refused, invalid
from tests.insync import add, apply, forge, item, made, plan, settled
from tests.stations import cli
from tests.support import workspace, write

__all__ = ["forge"]
SUB_ISSUES = ("POST", f"{relations.ISSUE}/sub_issues")
LONG = "long " * 12


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return insync.tiny(tmp_path / "repo")


def refuse(patch: pytest.MonkeyPatch, route: tuple[str, str], message: str) -> None:
    """Let the forge refuse what is asked for on a route."""

    def handler(call: Call) -> Answer:
        raise Refused(422, message)

    patch.setitem(routes.HANDLERS, route, handler)


def said(repo: Path) -> list[Finding]:
    return [finding for finding in plan(repo, whole=True).plan.findings if finding.code == "VT491"]


def test_a_name_that_is_too_long_waits_alone(repo: Path, forge: Forge) -> None:
    other = add(repo, "Other", kind="CRD")
    name = add(repo, "One", labels=(LONG, "auto"), milestone="m" * 256)
    found = apply(repo)
    assert not found.whole and found.skipped == {}
    assert set(made(forge)) == {other, name}
    assert sorted(forge.labels_of(made(forge)[name])) == ["PRD", "auto", "next"]
    assert set(item(repo, name).labels) == {LONG, "auto"} and item(repo, name).milestone == "m" * 256
    first, second = said(repo)
    assert first.path == second.path == f"docs/work/{name}.md" and "50 characters" in first.message
    assert "255" in second.message and f"agenticops work edit {name} --milestone" in second.hint
    assert apply(repo).done == 0 and plan(repo).plan.actions == ()
    code, out, _ = cli(repo, "github", "apply")
    assert code == EXIT_VERDICT and "VT491" in out
    forge.edit(made(forge)[name], title="Uno")
    assert apply(repo).done == 1 and item(repo, name).title == "Uno"
    work.edit(workspace(repo), name, {"labels": ["auto"], "milestone": "Spring"})
    assert apply(repo).whole
    settled(repo)


def test_a_title_that_is_too_long_holds_up_itself_or_its_new_issue(repo: Path, forge: Forge) -> None:
    known = add(repo, "One")
    below = add(repo, "Below", kind="CRD", parent=known)
    assert apply(repo).whole
    lacking = add(repo, "t" * 257)
    add(repo, "Below it", kind="CRD", parent=lacking)
    work.edit(workspace(repo), known, {"milestone": "Spring", "title": "t" * 257})
    found = apply(repo)
    assert [finding.path for finding in said(repo)] == sorted(f"docs/work/{each}.md" for each in (known, lacking))
    assert lacking not in made(forge) and len(made(forge)) == 3 and below in made(forge)
    assert forge.repo.milestones and forge.issue(made(forge)[known]).milestone
    assert all("needs the issue of" in why for why in found.skipped.values()) and len(found.skipped) == 1
    for each in (known, lacking):
        work.edit(workspace(repo), each, {"title": "Short"})
    assert apply(repo).whole
    settled(repo)


def test_a_phase_with_a_long_name_is_not_told_and_makes_no_label(repo: Path, forge: Forge) -> None:
    text = (repo / "config/pipeline.yml").read_text()
    write(repo, "config/pipeline.yml", text.replace("shape", "shape-" + "x" * 50))
    name = add(repo, "One", start=True)
    assert apply(repo).skipped == {}
    assert [finding.hint for finding in said(repo)] == ["a shorter name for the phase, in config/pipeline.yml"]
    assert sorted(forge.labels_of(1)) == ["PRD", "agent:planner", "next"] and item(repo, name).issue == 1
    labels.apply(workspace(repo))
    assert not [label for label in forge.repo.labels.values() if label.name.startswith("phase:shape")]


@pytest.mark.parametrize("kind", ["label", "milestone"])
def test_a_name_that_is_refused_all_the_same_holds_up_who_uses_it(
    repo: Path, forge: Forge, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    names = [add(repo, "One"), add(repo, "Two")]
    assert apply(repo).whole
    write_to = {"label": {"labels": ["odd"], "title": "Uno"}, "milestone": {"milestone": "odd", "title": "Uno"}}[kind]
    work.edit(workspace(repo), names[0], write_to)
    work.edit(workspace(repo), names[1], {"title": "Due"})
    with monkeypatch.context() as patch:
        refuse(patch, ("POST", f"{labelled.REPO}/{kind}s"), "No such word here")
        found = apply(repo)
    assert list(found.skipped) == [names[0]] and f"the {kind} 'odd' cannot be made" in found.skipped[names[0]]
    assert forge.issue(made(forge)[names[1]]).title == "Due"
    assert apply(repo).whole
    settled(repo)


def test_a_step_that_is_refused_waits_and_its_item_goes_on(
    repo: Path, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    above, below = add(repo, "Above"), add(repo, "Below", kind="CRD")
    assert apply(repo).whole
    work.edit(workspace(repo), below, {"parent": above, "title": "Below it"})
    forge.edit(made(forge)[below], milestone=forge.call("POST", "REPO/milestones", {"title": "Spring"})["number"])
    with monkeypatch.context() as patch:
        refuse(patch, SUB_ISSUES, "Parent cannot have more than 100 sub-issues")
        for done in (2, 0):  # the edit there, what is taken over here
            found = apply(repo)
            assert found.done == done and list(found.skipped) == [below]
            assert found.skipped[below].startswith("sub-issue: ") and "100 sub-issues" in found.skipped[below]
        assert (forge.issue(made(forge)[below]).title, item(repo, below).milestone) == ("Below it", "Spring")
        assert [action.step for action in plan(repo).plan.actions] == ["sub-issue"]
        forge.edit(made(forge)[below], title="Elsewhere")
        apply(repo)
        assert item(repo, below).title == "Elsewhere", "no conflict: the title was agreed"
        assert item(repo, below).parent == above
    assert apply(repo).whole
    settled(repo)


def test_a_new_issue_whose_place_is_refused_is_made(repo: Path, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    above = add(repo, "Above", start=True)
    below = add(repo, "Below", kind="CRD", parent=above, depends=(above,), labels=("auto",))
    with monkeypatch.context() as patch:
        refuse(patch, SUB_ISSUES, "Sub issue may not be nested deeper than 8 levels")
        found = apply(repo)
    assert list(found.skipped) == [below] and len(made(forge)) == 2
    assert forge.issue(made(forge)[below]).blocked_by == [made(forge)[above]]
    assert (item(repo, below).parent, item(repo, below).labels) == (above, ("auto",))
    assert [action.step for action in plan(repo).plan.actions] == ["sub-issue"]
    assert apply(repo).whole
    settled(repo)


def test_of_an_edit_only_the_field_waits_that_is_refused(
    repo: Path, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = add(repo, "One", body="Old")
    assert apply(repo).whole
    work.edit(workspace(repo), name, {"title": "Uno", "priority": "now"}, "# One\n\nSpam")
    real = routes.HANDLERS["PATCH", issues.ISSUE]

    def picky(call: Call) -> Answer:
        if "Spam" in str(call.fields.get("body")):
            raise invalid("Issue", "body", "custom", message="body looks like spam")
        return real(call)

    with monkeypatch.context() as patch:
        patch.setitem(routes.HANDLERS, ("PATCH", issues.ISSUE), picky)
        found = apply(repo)
    assert "body looks like spam" in found.skipped[name] and found.skipped[name].count("edit: ") == 1
    assert forge.issue(1).title == "Uno" and "now" in forge.labels_of(1) and "Old" in (forge.issue(1).body or "")
    assert [list(action.write) for action in plan(repo).plan.actions] == [["body"]]
    assert apply(repo).whole
    settled(repo)


def boarded(repo: Path, forge: Forge, *columns: str) -> None:
    forge.board(*columns)
    write(repo, "config/forge.yml", "schema: 1\n\nboard: acme/1\n")


def test_a_board_without_our_columns_holds_up_only_itself(repo: Path, forge: Forge) -> None:
    boarded(repo, forge, "Todo", "In Progress", "Done")
    names = [add(repo, "One"), add(repo, "Two", kind="CRD", priority="future"), add(repo, "Three", priority="now")]
    found = apply(repo)
    assert found.skipped == {} and not found.whole and len(made(forge)) == 3
    (one,) = said(repo)
    assert "no column Backlog, Ready:" in one.message and one.path == "config/forge.yml"
    assert "Todo, In Progress, Done" in one.hint and "status_field" in one.hint
    boards = {issue.number: issue.board for issue in plan(repo).remote.issues}
    assert [boards[made(forge)[name]] for name in names] == ["", "", "In Progress"]
    forge.edit(made(forge)[names[0]], title="Uno")
    work.edit(workspace(repo), names[2], {"priority": "next"})
    assert apply(repo).done == 2 and item(repo, names[0]).title == "Uno"
    assert [f.code for f in plan(repo).findings if f.severity == "error"] == [], "where it stands is nobody's fault"
    assert plan(repo, offline=True).plan.digest == plan(repo).plan.digest
    for title in ("Ready", "Backlog"):
        project = next(iter(forge.state.projects.values()))
        project.fields[-1].options.append(type(project.fields[-1].options[0])(f"o-{title}", title))
    assert apply(repo).whole
    settled(repo)


@pytest.mark.parametrize(
    ("wrong", "graph"), [("status_field: Stage", True), ("status_field: Stage", False), ("board: acme/9", True)]
)
def test_a_board_or_a_field_that_is_not_there_holds_up_only_itself(
    repo: Path, forge: Forge, monkeypatch: pytest.MonkeyPatch, wrong: str, graph: bool
) -> None:
    if not graph:
        monkeypatch.setattr(graphql, "answer", lambda *_: Answer(200, {"errors": [{"message": "No."}]}))
    boarded(repo, forge, "Backlog", "Ready", "In progress", "In review", "Done")
    text = (repo / "config/forge.yml").read_text()
    write(repo, "config/forge.yml", f"schema: 1\n\n{wrong}\n" if "board" in wrong else f"{text}\n{wrong}\n")
    add(repo, "One")
    found = apply(repo)
    assert found.skipped == {} and not found.whole and len(made(forge)) == 1
    (one,) = said(repo)
    assert "not there" in one.message and "status_field" in one.hint


def test_a_repository_without_issues_stops_before_anything_is_noted(repo: Path, forge: Forge) -> None:
    for title in ("One", "Two"):
        add(repo, title)
    forge.repo.has_issues = False
    with pytest.raises(RemoteError, match="switched off") as told:
        apply(repo)
    assert told.value.exit_code == EXIT_REMOTE and "settings" in told.value.hint
    assert workspace(repo).log.of_kinds(base.INTENDED) == []


def test_issues_that_are_switched_off_meanwhile_stop_it_at_once(repo: Path, forge: Forge) -> None:
    for title in ("One", "Two", "Three"):
        add(repo, title)

    def off(at: int, count: int, action: Action) -> None:
        forge.repo.has_issues = action.step != "issue"

    with pytest.raises(RemoteError, match="switched off"):
        apply(repo, told=off)
    assert len(workspace(repo).log.of_kinds(base.INTENDED)) == 1


def test_a_parent_in_another_repository_is_left_alone(repo: Path, forge: Forge) -> None:
    above = add(repo, "Above")
    below = add(repo, "Below", kind="CRD", parent=above)
    lone = add(repo, "Lone")
    assert apply(repo).whole
    forge.create("There")
    forge.move(4, "acme/other")
    numbers = made(forge)
    child = {"sub_issue_id": forge.issue(numbers[below]).id}
    forge.call("DELETE", f"REPO/issues/{numbers[above]}/sub_issue", child)
    for name in (below, lone):
        forge.issue(made(forge)[name]).above = "acme/other#1"
    writes = len([r for r in forge.writes if r.path != "/graphql"])
    assert plan(repo, whole=True).plan.actions == () and apply(repo).skipped == {}
    assert len([r for r in forge.writes if r.path != "/graphql"]) == writes
    assert (item(repo, below).parent, item(repo, lone).parent) == (above, "")
    (one,) = said(repo)
    assert one.severity == "warning" and "below acme/other#1" in one.message and f"below {above}" in one.message
    work.edit(workspace(repo), below, {"title": "Lower"})
    assert apply(repo).done == 1 and forge.issue(made(forge)[below]).above == "acme/other#1"
