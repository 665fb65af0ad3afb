"""What GitHub drops without a word is neither agreed on nor taken away here, and it is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agenticops.errors import RemoteError
from agenticops.flows import work
from tests import insync
from tests.forge import Forge, issues
from tests.githubs import connected
from tests.insync import add, apply, forge, item, plan, settled
from tests.support import workspace, write

__all__ = ["forge"]

CHANGES = issues._changes


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return insync.tiny(tmp_path / "repo")


def only_texts(call: Any) -> dict[str, Any]:
    """Do what GitHub does for who may open issues, but has no right to triage."""
    return {name: value for name, value in CHANGES(call).items() if name not in ("labels", "assignees", "milestone")}


def outsiders(patch: pytest.MonkeyPatch, *known: str) -> None:
    """Let only these be assigned; others are left out."""
    patch.setattr(issues, "_assignees", lambda call, logins: [login for login in logins if login in known])


def test_what_an_issue_did_not_get_stays_here_until_it_can(
    repo: Path, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"labels": ("auto", "bug"), "assignees": ("grace",), "milestone": "v1"}
    name = add(repo, "One", priority="next", **said)
    with monkeypatch.context() as patch:
        patch.setattr(issues, "_changes", only_texts)
        found = apply(repo)
        assert item(repo, name).issue == 1 and not found.whole
        assert "dropped its labels and assignees and milestone" in found.skipped[name]
        for _ in range(2):
            assert not [a for a in plan(repo, whole=True).plan.actions if a.side == "local"]
            with pytest.raises(RemoteError, match="dropped labels and milestone"):
                apply(repo)
    kept = item(repo, name)
    assert {"labels": kept.labels, "assignees": kept.assignees, "milestone": kept.milestone} == said
    assert apply(repo).whole
    settled(repo)
    assert forge.issue(1).assignees == ["grace"] and {"auto", "bug"} <= set(forge.labels_of(1))
    assert item(repo, name).labels == said["labels"]


@pytest.mark.parametrize("born", [True, False])
def test_who_cannot_be_assigned_is_said_once_and_not_sent_again(
    repo: Path, forge: Forge, monkeypatch: pytest.MonkeyPatch, born: bool
) -> None:
    outsiders(monkeypatch, "ada")
    name = add(repo, "One", priority="next", assignees=("ada", "grace") if born else ())
    found = apply(repo)
    if not born:
        work.edit(workspace(repo), name, {"assignees": ["ada", "grace"]})
        found = apply(repo)
    assert [f.code for f in found.planned.findings] == ["VT490"] and "grace" in found.planned.findings[0].message
    assert forge.issue(1).assignees == ["ada"]
    settled(repo)
    for _ in range(2):
        found = apply(repo)
        assert (found.done, found.whole) == (0, True)
        assert [f.code for f in found.planned.plan.findings] == ["VT490"]
    assert item(repo, name).assignees == ("ada", "grace")
    forge.edit(1, title="Edited there")
    assert apply(repo).whole and item(repo, name).title == "Edited there"
    monkeypatch.undo()
    insync.reach(monkeypatch, forge)
    assert not plan(repo).plan.actions
    work.edit(workspace(repo), name, {"assignees": ["ada"]})
    apply(repo)
    work.edit(workspace(repo), name, {"assignees": ["ada", "grace"]})
    assert apply(repo).whole and forge.issue(1).assignees == ["ada", "grace"]
    assert not plan(repo).plan.findings
    settled(repo)


def test_an_eleventh_assignee_stays_here(repo: Path, forge: Forge) -> None:
    people = tuple(f"u{at:02}" for at in range(12))
    for login in people:
        forge.state.user(login)
    name = add(repo, "One", priority="next", assignees=people)
    assert [f.code for f in apply(repo).planned.findings] == ["VT490"]
    settled(repo)
    assert apply(repo).whole and item(repo, name).assignees == people
    forge.edit(1, assignees=list(people[1:11]))
    assert apply(repo).whole
    assert item(repo, name).assignees == people[1:], "who was taken away there is taken away here, and nobody else"


def test_a_card_in_done_of_an_open_item_goes_back_with_a_word(repo: Path, forge: Forge) -> None:
    forge.board("Backlog", "Ready", "In progress", "In review", "Done")
    write(repo, "config/forge.yml", "schema: 1\n\nboard: acme/1\n")
    add(repo, "One", priority="now")
    assert apply(repo).whole
    assert not plan(repo).plan.findings
    with connected(forge, board="acme/1") as github:
        assert github.board is not None
        github.board.move(github.issues.get(1), "Done")
    (found,) = plan(repo).plan.findings
    assert (found.code, found.severity) == ("VT488", "warning") and "Done" in found.message
    assert apply(repo).whole and not plan(repo).plan.findings


def test_a_label_is_renamed_by_its_alias_and_nobody_is_out_of_step(repo: Path, forge: Forge) -> None:
    forge.call("POST", "REPO/labels", {"name": "P1"})
    write(repo, "config/forge.yml", "schema: 1\n\naliases:\n  P1: next\n")
    old = forge.create("Old", labels=["P1"])
    first = add(repo, "Old", priority="next", kind="CRD", issue=old)
    add(repo, "Second", priority="next", kind="CRD")
    assert apply(repo).whole
    settled(repo)
    names = {label.name for label in forge.repo.labels.values()}
    assert "next" in names and "P1" not in names and "next" in forge.labels_of(old)
    assert item(repo, first).priority == "next"
