"""The fake with PyGithub: issues, labels, milestones and comments."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from github import Github, GithubException
from github.GithubObject import NotSet

from tests.forge import Forge
from tests.forge.state import START


def test_issue_is_made_read_and_edited(forge: Forge, client: Github) -> None:
    repo = client.get_repo("acme/train")
    milestone = repo.create_milestone("Spring", description="Until April")
    made = repo.create_issue("Refill", body="Line\r\nline\r\n", labels=["now"], assignees=["ada"], milestone=milestone)
    assert forge.issue(1).body == "Line\r\nline\r\n"
    made.edit(title="Refill early", labels=["next", "kind/Task"], assignees=[], milestone=None, state="closed")
    again = repo.get_issue(1)
    assert (again.title, again.state, again.state_reason) == ("Refill early", "closed", "completed")
    assert [label.name for label in again.labels] == ["next", "kind/Task"]
    assert (again.assignees, again.milestone, again.closed_by.login) == ([], None, "ada")
    again.edit(state="open")
    again.edit(state="closed", state_reason="not_planned")
    assert repo.get_issue(1).state_reason == "not_planned"
    assert repo.get_milestone(1).open_issues == 0


def test_edit_that_changes_nothing_leaves_the_time(forge: Forge, client: Github) -> None:
    made = client.get_repo("acme/train").create_issue("One", body="Text")
    before = forge.issue(1).updated_at
    made.edit(title="One", body="Text", state="open")
    assert forge.issue(1).updated_at == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 257}, "title"),
        ({"body": "x" * 65_537}, "body"),
        ({"assignees": ["nobody-here"]}, "assignees"),
        ({"labels": ["x" * 51]}, "name"),
    ],
)
def test_what_github_refuses(forge: Forge, client: Github, change: dict[str, object], field: str) -> None:
    forge.create("One")
    kept = forge.state.snapshot().repositories["acme/train"].issues[1]
    with pytest.raises(GithubException) as refused:
        client.get_repo("acme/train").get_issue(1).edit(**change)  # type: ignore[arg-type]
    assert refused.value.status == 422
    assert refused.value.data["errors"][0]["field"] == field
    assert forge.issue(1) == kept


def test_labels_are_unique_whatever_their_case(forge: Forge, client: Github) -> None:
    repo = client.get_repo("acme/train")
    repo.create_label("Now", "ff0000", "at once")
    with pytest.raises(GithubException) as refused:
        repo.create_label("nOW", "00ff00")
    assert refused.value.data["errors"][0]["code"] == "already_exists"
    issue = repo.create_issue("One", labels=["NOW"])
    before = forge.issue(1).updated_at
    repo.get_label("now").edit("phase/make it", "00ff00")
    assert [label.name for label in repo.get_issue(issue.number).labels] == ["phase/make it"]
    assert forge.issue(1).updated_at == before
    repo.get_label("phase/make it").delete()
    assert forge.labels_of(1) == []


def test_list_is_filtered_sorted_and_paged(forge: Forge, client: Github) -> None:
    forge.seed(250)
    forge.edit(7, labels=["now"])
    forge.edit(9, state="closed")
    repo = client.get_repo("acme/train")
    assert len(list(repo.get_issues(state="all"))) == 250
    assert len(forge.requests) == 1 + 3
    assert [one.number for one in repo.get_issues(labels=["now"])] == [7]
    assert [one.number for one in repo.get_issues(state="closed")] == [9]
    since = datetime.fromtimestamp(forge.issue(7).updated_at, UTC)
    found = repo.get_issues(state="all", since=since, sort="updated", direction="asc")
    assert [one.number for one in found] == [7, 9]
    assert repo.get_issues(state="all").totalCount == 250


def test_two_changes_in_one_second_are_both_found_since_it(forge: Forge, client: Github) -> None:
    forge.state.clock.step = 0  # type: ignore[attr-defined]
    forge.create("One")
    forge.create("Two")
    since = datetime.fromtimestamp(forge.issue(1).updated_at, UTC)
    assert since.timestamp() >= START
    assert client.get_repo("acme/train").get_issues(state="all", since=since).totalCount == 2


def test_comments(forge: Forge, client: Github) -> None:
    issue = client.get_repo("acme/train").create_issue("One")
    comment = issue.create_comment("Progress: 1 of 3")
    comment.edit("Progress: 2 of 3")
    assert [one.body for one in issue.get_comments()] == ["Progress: 2 of 3"]
    assert issue.get_comment(comment.id).user.login == "ada"
    comment.delete()
    assert list(issue.get_comments()) == [] and forge.issue(1).comments == []


def test_milestone_titles_are_unique(client: Github) -> None:
    repo = client.get_repo("acme/train")
    milestone = repo.create_milestone("Spring")
    with pytest.raises(GithubException):
        repo.create_milestone("Spring")
    milestone.edit("Summer", state="closed", description="Later")
    assert [one.title for one in repo.get_milestones(state="closed")] == ["Summer"]
    assert repo.get_milestone(1).closed_at is not None
    assert milestone.due_on in (None, NotSet)


def test_snapshot_brings_back_what_was(forge: Forge, client: Github) -> None:
    forge.create("One")
    kept = forge.state.snapshot()
    forge.edit(1, title="Two")
    forge.state.restore(kept)
    assert client.get_repo("acme/train").get_issue(1).title == "One"


@pytest.mark.parametrize(("validated", "limit"), [(False, 0.05), (True, 0.2)])
def test_page_of_ten_thousand_issues_is_quick(validated: bool, limit: float) -> None:
    with Forge(validate=validated) as forge:
        forge.seed(10_000)
        headers = {"Authorization": "Bearer token-of-ada"}
        from http.client import HTTPConnection

        connection = HTTPConnection("127.0.0.1", int(forge.url.rsplit(":", 1)[1]))
        took = []
        for page in range(1, 9):
            begun = time.perf_counter()
            connection.request("GET", f"/repos/acme/train/issues?state=all&per_page=100&page={page}", headers=headers)
            assert connection.getresponse().read().count(b'"sub_issues_summary"') == 100
            took.append(time.perf_counter() - begun)
        connection.close()
        # The quickest of some: a busy machine is no failure.
        assert min(took) < limit
