"""The fake with PyGithub: pull requests over names of commits and over a real repository, checks and statuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from github import Github, GithubException

from tests.forge import Forge
from tests.forge.access import APP
from tests.forge.conftest import connect
from tests.forge.refs import MemoryRefs
from tests.support import git, new_repo


def topic(forge: Forge, name: str = "topic") -> str:
    """A branch with one commit on top of main, in memory."""
    refs = forge.repo.refs
    base = refs.get("refs/heads/main")
    assert base is not None
    made = refs.make(f"Work on {name}", "t" * 40, (base,))
    refs.put(f"refs/heads/{name}", made.sha)
    return made.sha


def test_pull_request_is_opened_and_merged(forge: Forge, client: Github) -> None:
    forge.create("Refill")
    sha = topic(forge)
    repo = client.get_repo("acme/train")
    pull = repo.create_pull(base="main", head="topic", title="Refill", body="Closes #1")
    assert (pull.number, pull.head.sha, pull.mergeable, pull.commits) == (2, sha, True, 1)
    assert [one.pull_request is not None for one in repo.get_issues(direction="asc")] == [False, True]
    assert [one.number for one in repo.get_pulls(head="acme:topic")] == [2]
    with pytest.raises(GithubException, match="already exists"):
        repo.create_pull(base="main", head="topic", title="Again")
    with pytest.raises(GithubException) as stale:
        pull.merge(sha="0" * 40)
    assert stale.value.status == 409 and not pull.is_merged()
    merged = pull.merge(sha=sha)
    assert merged.merged and pull.is_merged() and repo.get_branch("main").commit.sha == merged.sha
    assert (forge.issue(1).state, forge.issue(1).state_reason) == ("closed", "completed")
    with pytest.raises(GithubException) as twice:
        pull.merge()
    assert twice.value.status == 405


def test_conflict_does_not_merge(forge: Forge, client: Github) -> None:
    sha = topic(forge)
    assert isinstance(forge.repo.refs, MemoryRefs)
    forge.repo.refs.conflicts.add(sha)
    pull = client.get_repo("acme/train").create_pull(base="main", head="topic", title="Refill")
    assert (pull.mergeable, pull.mergeable_state) == (False, "dirty")
    with pytest.raises(GithubException) as refused:
        pull.merge()
    assert refused.value.status == 405


@pytest.mark.parametrize("head", ["main", "nowhere"])
def test_nothing_to_merge(client: Github, head: str) -> None:
    with pytest.raises(GithubException) as refused:
        client.get_repo("acme/train").create_pull(base="main", head=head, title="Refill")
    assert refused.value.status == 422


def test_merge_in_a_real_repository(forge: Forge, client: Github, tmp_path: Path) -> None:
    work, bare = new_repo(tmp_path / "work"), tmp_path / "bare.git"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    for branch, name in (("main", "one"), ("topic", "two")):
        git(work, "checkout", "--quiet", "-B", branch)
        (work / name).write_text(f"{name}\n")
        git(work, "add", name)
        git(work, "commit", "--quiet", "-m", f"Add {name}")
        git(work, "push", "--quiet", str(bare), branch)
    forge.use_git(bare)
    pull = client.get_repo("acme/train").create_pull(base="main", head="topic", title="Two", body="Text")
    merged = pull.merge(sha=pull.head.sha)
    git(work, "fetch", "--quiet", str(bare), "main")
    assert git(work, "rev-parse", "FETCH_HEAD").strip() == merged.sha
    assert git(work, "ls-tree", "--name-only", "FETCH_HEAD").split() == ["one", "two"]


def test_checks_are_for_apps_and_statuses_for_all(forge: Forge, client: Github) -> None:
    sha = topic(forge)
    repo = client.get_repo("acme/train")
    with pytest.raises(GithubException, match="GitHub App"):
        repo.create_check_run("gate", sha)
    commit = repo.get_commit(sha)
    commit.create_status("pending", context="gate")
    commit.create_status("success", context="gate", description="all held")
    assert commit.get_combined_status().state == "success"
    # PyGithub's get_statuses() asks an older path, which the description has no more.
    _, statuses = client.requester.requestJsonAndCheck("GET", f"/repos/acme/train/commits/{sha}/statuses")
    assert [one["state"] for one in statuses] == ["success", "pending"]
    with connect(forge, APP) as app:
        repo = app.get_repo("acme/train")
        run = repo.create_check_run("gate", sha, status="in_progress", external_id="r1")
        run.edit(status="completed", conclusion="failure", output={"title": "Gate", "summary": "One finding"})
        assert [one.conclusion for one in repo.get_commit(sha).get_check_runs()] == ["failure"]
    with pytest.raises(GithubException, match="No commit found"):
        repo.get_commit("f" * 40)


def test_refs(forge: Forge, client: Github) -> None:
    repo = client.get_repo("acme/train")
    main = repo.get_git_ref("heads/main")
    made = repo.create_git_ref("refs/heads/item/t1", main.object.sha)
    made.edit(topic(forge))
    with pytest.raises(GithubException, match="fast forward"):
        made.edit(main.object.sha)
    made.delete()
    with pytest.raises(GithubException):
        repo.get_git_ref("heads/item/t1")
