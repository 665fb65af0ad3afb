"""Several clones, or one without its log: no issue is made twice, and what one noted is not the other's edit."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.flows import work
from agenticops.flows.forge import importing, planning
from tests import insync
from tests.forge import Forge, access
from tests.insync import add, apply, forge, item, made, plan, settled
from tests.support import commit_all, git, workspace

__all__ = ["forge"]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return insync.tiny(tmp_path / "one")


def clone(repo: Path, name: str = "two") -> Path:
    """Clone what is committed."""
    commit_all(repo, "As it is")
    path = repo.parent / name
    git(repo.parent, "clone", "-q", str(repo), str(path))
    return path


def merge(repo: Path, other: Path, *options: str) -> None:
    """Merge what another clone committed."""
    for path in (repo, other):
        commit_all(path, "As it is")
    git(repo, "pull", "-q", "--no-edit", "--no-rebase", *options, str(other), "main")


def test_runs_whose_events_are_never_pushed_make_one_issue(repo: Path, forge: Forge) -> None:
    name = add(repo, "One")
    for run in range(3):
        fresh = clone(repo, f"run{run}")
        assert apply(fresh).whole and item(fresh, name).issue == 1
        settled(fresh)
    assert made(forge) == {name: 1}


def test_two_clones_that_sync_before_they_merge_agree_silently(repo: Path, forge: Forge) -> None:
    name = add(repo, "One")
    two = clone(repo)
    assert apply(repo).whole and apply(two).whole
    merge(repo, two, "-Xours")
    settled(repo)
    assert made(forge) == {name: 1}


@pytest.mark.parametrize("as_import", [False, True])
def test_what_somebody_else_made_holds_the_item(repo: Path, forge: Forge, as_import: bool) -> None:
    name = add(repo, "One")
    two = clone(repo)
    apply(repo)
    forge.issue(1).user = "grace"
    for _ in range(2):
        found = apply(two)
        assert not found.whole and not found.planned.plan.actions and item(two, name).issue is None
        assert [f.code for f in found.planned.plan.findings] == ["VT489"]
        assert [f.code for f in plan(two, offline=True).plan.findings] == ["VT489"]
    if as_import:
        assert importing.adopt(workspace(two), importing.Wanted()).items, "a person may want just that"
    else:
        work.edit(workspace(two), name, {"issue": 1})
    apply(two)
    assert list(forge.repo.issues) == ([1, 2] if as_import else [1])


def test_an_app_finds_what_it_made(repo: Path, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    name = add(repo, "One")
    forge.gate.tokens["token-of-a-bot"] = access.Access("train[bot]", app=True)
    insync.reach(monkeypatch, forge, "token-of-a-bot")
    two = clone(repo)
    assert apply(repo).whole and apply(two).whole
    assert made(forge) == {name: 1} and forge.issue(1).user == "train[bot]"


def forked(repo: Path, forge: Forge) -> tuple[str, Path]:
    """Let one clone take a title over, and another a later one; the first has the longer log. Merge them."""
    name = add(repo, "T0", priority="next")
    assert apply(repo).whole
    two = clone(repo)
    for at in range(6):
        add(repo, f"Noise {at}", kind="CRD")
    forge.edit(1, title="T1")
    assert apply(repo, force=True).whole
    forge.edit(1, title="T3")
    assert apply(two, force=True).whole
    merge(repo, two, "-Xtheirs")
    return name, two


def test_what_two_branches_agreed_on_in_different_ways_overwrites_nobody(repo: Path, forge: Forge) -> None:
    name, _ = forked(repo, forge)
    assert item(repo, name).title == "T3" and "title" in planning.bases(workspace(repo))[name].disputed
    assert not plan(repo).plan.conflicts, "both sides say the same"
    forge.edit(1, title="T1")  # as the clone with the longer log had agreed
    found = plan(repo).plan
    assert [(c.field, c.local, c.remote) for c in found.conflicts] == [("title", "T3", "T1")]
    assert not [a for a in found.actions if a.item == name]


def test_one_apply_after_a_merge_settles_it(repo: Path, forge: Forge) -> None:
    name, _ = forked(repo, forge)
    assert apply(repo).whole
    settled(repo)
    work.edit(workspace(repo), name, {"title": "T4"})
    assert apply(repo).whole and forge.issue(1).title == "T4"
    forge.edit(1, title="T1")
    assert apply(repo).whole and item(repo, name).title == "T1"


def test_a_document_that_is_gone_leaves_a_word(repo: Path, forge: Forge) -> None:
    name = add(repo, "One", priority="next")
    assert apply(repo).whole
    (repo / item(repo, name).path).unlink()
    found = apply(repo)
    assert [(f.code, f.severity) for f in found.planned.plan.findings] == [("VT489", "warning")] and found.whole
    forge.edit(1, state="closed")
    assert not plan(repo).plan.findings
