"""The fake with PyGithub: sub-issues and dependencies."""

from __future__ import annotations

import pytest
from github import Github, GithubException
from github.Issue import Issue

from tests.forge import Forge, relations


@pytest.fixture
def three(forge: Forge, client: Github) -> list[Issue]:
    for title in ("PRD", "CRD", "Task"):
        forge.create(title)
    repo = client.get_repo("acme/train")
    return [repo.get_issue(number) for number in (1, 2, 3)]


def test_sub_issues_have_one_parent_and_an_order(forge: Forge, client: Github, three: list[Issue]) -> None:
    prd, crd, task = three
    prd.add_sub_issue(crd)
    prd.add_sub_issue(task.id)
    assert [one.number for one in prd.get_sub_issues()] == [2, 3]
    prd.prioritize_sub_issue(crd, task)
    assert forge.issue(1).sub_issues == [3, 2]
    again = client.get_repo("acme/train").get_issue(1)
    assert (again.sub_issues_summary.total, again.sub_issues_summary.completed) == (2, 0)
    with pytest.raises(GithubException, match="duplicate"):
        prd.add_sub_issue(crd)
    with pytest.raises(GithubException, match="only have one parent"):
        crd.add_sub_issue(task)
    moved = {"sub_issue_id": task.id, "replace_parent": True}
    client.requester.requestJsonAndCheck("POST", f"{crd.url}/sub_issues", input=moved)
    assert (forge.issue(1).sub_issues, forge.issue(2).sub_issues, forge.issue(3).parent) == ([2], [3], 2)
    with pytest.raises(GithubException, match="circular"):
        task.add_sub_issue(prd)
    _, above = client.requester.requestJsonAndCheck("GET", f"{task.url}/parent")
    assert above["number"] == 2
    crd.remove_sub_issue(task)
    assert forge.issue(3).parent is None


def test_parent_has_at_most_a_hundred(forge: Forge, client: Github) -> None:
    forge.seed(relations.CHILDREN_LIMIT + 2)
    for number in range(2, relations.CHILDREN_LIMIT + 2):
        forge.call("POST", "REPO/issues/1/sub_issues", {"sub_issue_id": forge.issue(number).id})
    repo = client.get_repo("acme/train")
    with pytest.raises(GithubException, match="more than 100"):
        repo.get_issue(1).add_sub_issue(repo.get_issue(relations.CHILDREN_LIMIT + 2))


def test_dependencies(forge: Forge, client: Github, three: list[Issue]) -> None:
    prd, crd, task = three
    task.add_blocked_by(crd)
    assert [one.number for one in task.get_blocked_by()] == [2]
    assert [one.number for one in crd.get_blocking()] == [3]
    with pytest.raises(GithubException, match="already been taken"):
        task.add_blocked_by(crd)
    with pytest.raises(GithubException, match="circular"):
        crd.add_blocked_by(task)
    crd.edit(state="closed")
    summary = client.get_repo("acme/train").get_issue(3).issue_dependencies_summary
    assert (summary.blocked_by, summary.total_blocked_by) == (0, 1)
    task.remove_blocked_by(crd)
    assert forge.issue(3).blocked_by == [] and forge.issue(2).blocking == []
    assert prd.number == 1


@pytest.mark.parametrize("touch", [True, False])
def test_relations_may_or_may_not_change_the_time(forge: Forge, three: list[Issue], touch: bool) -> None:
    forge.state.relations_touch = touch
    before = forge.issue(1).updated_at
    three[0].add_sub_issue(three[1])
    assert (forge.issue(1).updated_at > before) is touch


def test_number_is_no_id(client: Github, three: list[Issue]) -> None:
    with pytest.raises(GithubException) as refused:
        client.requester.requestJsonAndCheck("POST", f"{three[0].url}/sub_issues", input={"sub_issue_id": 2})
    assert refused.value.status == 404
