from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.flows.forge import importing, labels, status
from agenticops.flows.forge.importing import Imported, Wanted
from tests import insync
from tests.forge import Forge
from tests.forge.test_pulls import topic
from tests.insync import add, apply, forge, item, plan, settled
from tests.support import workspace, write

__all__ = ["forge"]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return insync.tiny(tmp_path / "repo")


def adopt(repo: Path, *issues: int, dry_run: bool = False, **wanted: object) -> Imported:
    return importing.adopt(workspace(repo), Wanted(issues, **wanted), dry_run)  # type: ignore[arg-type]


def test_issues_become_items_that_agree_with_them(repo: Path, forge: Forge) -> None:
    forge.create("Refills", labels=["PRD", "now", "bug"], body="Before the box is empty.", assignees=["ada"])
    forge.create("Ask", labels=["CRD"])
    forge.create("Done", state="closed")
    forge.edit(3, state="closed")
    first, second = forge.issue(1), forge.issue(2)
    forge.call("POST", "REPO/issues/1/sub_issues", {"sub_issue_id": second.id}, login="ada")
    forge.call("POST", "REPO/issues/2/dependencies/blocked_by", {"issue_id": first.id}, login="ada")
    found = adopt(repo)
    assert [(name, kind) for name, kind, _ in found.items] == [("1", "PRD"), ("2", "CRD")]
    above, below = item(repo, "1"), item(repo, "2")
    assert (above.priority, above.issue, above.assignees, above.labels) == ("now", 1, ("ada",), ())
    assert above.body.endswith("Before the box is empty.")
    assert (below.parent, below.depends) == ("1", ("1",))
    assert [a.add for a in plan(repo).plan.actions if a.item] == [{"labels": ("next",)}]
    assert apply(repo).whole
    assert sorted(forge.labels_of(1)) == ["PRD", "bug", "now"]
    settled(repo)
    assert adopt(repo).items == ()


def test_only_what_is_wanted_is_written_down(repo: Path, forge: Forge) -> None:
    for number in range(1, 5):
        forge.create(f"Issue {number}", labels=["bug", "ward"] if number % 2 else ["bug"])
    assert [name for name, *_ in adopt(repo, dry_run=True).items] == ["1", "2", "3", "4"]
    assert workspace(repo).train.item_ids() == []
    assert [name for name, *_ in adopt(repo, labels=("Ward", "bug")).items] == ["1", "3"]
    assert [(name, kind) for name, kind, _ in adopt(repo, 4, kind="PRD").items] == [("4", "PRD")]
    assert item(repo, "4").kind == "PRD"


def test_what_cannot_be_kept_is_left_out_and_said(repo: Path, forge: Forge) -> None:
    forge.create("Secret", body="ghp_" + "R4nD0mT0k3nR4nD0mT0k3nR4nD0mT0k3nR4nD")
    forge.create("Long", body="word " * 13_080)
    forge.create("Fine")
    found = adopt(repo)
    assert [name for name, *_ in found.items] == ["3"]
    assert set(found.left) == {1, 2} and "ghp_" not in str(found.left)
    assert workspace(repo).train.item_ids() == ["3"]


def test_an_item_of_ours_is_not_written_down_twice(repo: Path, forge: Forge) -> None:
    add(repo, "Mine")
    apply(repo)
    forge.create("Theirs")
    assert [name for name, *_ in adopt(repo).items] == ["2"]
    add(repo, "Another", issue=7)
    for _ in range(5):
        forge.create("More")
    found = adopt(repo, 7)
    assert (found.items, [f.code for f in found.findings if f.code == "VT489"]) == ((), [])


def test_the_issue_of_a_ticket_is_no_item(repo: Path, forge: Forge) -> None:
    forge.create("Refills: shape", body="Ticket shape_7.\r\n\r\n<!-- agenticops:ticket=shape_7 -->\r\n")
    forge.create("About it", body="It says `<!-- agenticops:ticket=shape_7 -->` at its end")
    assert [name for name, *_ in adopt(repo).items] == ["2"]
    assert adopt(repo, 1).items == () and adopt(repo).items == ()


def test_many_are_written_in_batches(repo: Path, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "BATCH", 3)
    forge.seed(8)
    seen: list[tuple[int, int]] = []
    importing.adopt(workspace(repo), Wanted(), told=lambda at, count: seen.append((at, count)))
    assert seen == [(0, 8), (3, 8), (6, 8)]
    assert len(workspace(repo).train.item_ids()) == 8
    settled(repo)


def test_labels_are_made_renamed_and_removed_where_nothing_carries_them(repo: Path, forge: Forge) -> None:
    write(repo, "config/forge.yml", "schema: 1\n\naliases:\n  urgent: now\n")
    forge.create("Refills", labels=["urgent", "phase:gone", "bug"])
    forge.create("Old", labels=["agent:nobody"])
    forge.edit(2, labels=[])
    first = labels.apply(workspace(repo))
    assert {(a.verb, a.name) for a in first} >= {("update", "urgent"), ("create", "phase:shape")}
    assert sorted(forge.labels_of(1)) == ["bug", "now", "phase:gone"]
    assert labels.plan(workspace(repo)) == []
    assert [(a.verb, a.name) for a in labels.apply(workspace(repo), prune=True)] == [("delete", "agent:nobody")]
    assert labels.plan(workspace(repo), prune=True) == []
    names = {label.name for label in forge.repo.labels.values()}
    assert {"bug", "phase:gone"} <= names and "agent:nobody" not in names


def test_a_label_that_only_a_pull_request_carries_stays(repo: Path, forge: Forge) -> None:
    topic(forge)
    forge.call("POST", "REPO/pulls", {"base": "main", "head": "topic", "title": "Work"}, login="ada")
    forge.edit(1, labels=["agent:nobody"])
    forge.call("POST", "REPO/labels", {"name": "agent:nobody-else", "color": "ededed"}, login="ada")
    gone = [a.name for a in labels.plan(workspace(repo), prune=True) if a.verb == "delete"]
    assert gone == ["agent:nobody-else"]


def test_status_tells_what_waits(repo: Path, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (status.status(workspace(repo)).waiting, status.status(workspace(repo)).agreed) == (None, "")
    add(repo, "Refills")
    apply(repo)
    add(repo, "Another")
    found = status.status(workspace(repo))
    assert (found.repository, found.items, found.offline) == ("acme/train", 1, "")
    assert found.waiting and found.limit and found.limit.remaining < 5000
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:9")
    assert "cannot be reached" in status.status(workspace(repo)).offline


@pytest.mark.parametrize("boarded", [False, True])
def test_first_labels_and_columns_of_what_was_imported_do_not_count_for_the_brake(
    repo: Path, forge: Forge, boarded: bool
) -> None:
    if boarded:
        forge.board("Backlog", "Ready", "In progress", "In review", "Done")
        write(repo, "config/forge.yml", "schema: 1\n\nboard: acme/1\n")
    for number in range(12):
        forge.create(f"Old {number}")
    assert len(adopt(repo).items) == 12
    assert len(plan(repo).plan.actions) == 12 * (1 + boarded) + 2
    assert plan(repo).held == "" and apply(repo).whole
    settled(repo)
    for number in range(1, 6):
        forge.edit(number, labels=[])
    assert "changes 5 of 12" in plan(repo).held, "now the labels are no first ones"


def test_what_else_is_changed_of_what_was_imported_counts(repo: Path, forge: Forge) -> None:
    for number in range(12):
        forge.create(f"Old {number}")
    assert len(adopt(repo).items) == 12
    for number in range(1, 5):
        forge.edit(number, title=f"New {number}")
    assert "changes 4 of 12" in plan(repo).held
