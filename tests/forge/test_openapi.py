"""The fake against GitHub's OpenAPI description, and what the check finds."""

from __future__ import annotations

from typing import Any

import pytest
from github import Github
from github.GithubException import GithubException

from tests.forge import Forge, render, routes
from tests.forge.openapi import Description


def test_each_route_is_one_of_githubs(described: Description) -> None:
    assert [route for route in routes.ROUTES if not described.knows(*route)] == []


def test_bare_array_of_set_labels_is_found(described: Description, forge: Forge, client: Github) -> None:
    client.get_repo("acme/train").create_issue("One").set_labels("now")
    assert "PUT /repos/acme/train/issues/1/labels" in forge.violations.pop()
    assert forge.labels_of(1) == ["now"], "GitHub takes it all the same"


def test_date_of_a_milestone_is_found(described: Description, forge: Forge, client: Github) -> None:
    from datetime import date

    client.get_repo("acme/train").create_milestone("Spring").edit("Spring", due_on=date(2026, 4, 1))
    assert "due_on" in forge.violations.pop()


@pytest.mark.parametrize(
    ("method", "path", "body", "problem"),
    [
        ("POST", "/issues", {"title": "One", "label": ["now"]}, "label"),
        ("POST", "/issues", {"title": "One", "labels": "now"}, "labels"),
        ("PATCH", "/issues/1", {"state": "done"}, "state"),
        ("GET", "/issues?state=closed&sorted=updated", None, "sorted"),
        ("GET", "/issues?state=finished", None, "state"),
        ("POST", "/labels", {"color": "ff0000"}, "name"),
        ("POST", "/issues", None, "lacks its body"),
        ("GET", "/discussions/1", None, "no such path"),
    ],
)
def test_wrong_request_is_found(
    described: Description, forge: Forge, client: Github, method: str, path: str, body: Any, problem: str
) -> None:
    forge.create("One")
    headers = {"Content-Type": "application/json"}
    client.requester.requestJson(method, f"/repos/acme/train{path}", input=body, headers=headers)
    found = "\n".join(forge.violations)
    forge.violations.clear()
    assert problem in found


def test_wrong_answer_is_found(
    described: Description, forge: Forge, client: Github, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = render.issue

    def wrong(*arguments: Any) -> dict[str, Any]:
        return right(*arguments) | {"number": "1", "state_reason": "finished", "created_at": "yesterday"}

    monkeypatch.setattr(render, "issue", wrong)
    client.requester.requestJson("POST", "/repos/acme/train/issues", input={"title": "One"})
    found = "\n".join(forge.violations)
    forge.violations.clear()
    assert all(f"the fake {name}:" in found for name in ("number", "state_reason", "created_at"))


def test_what_breaks_the_fake_is_answered_and_told(forge: Forge, client: Github) -> None:
    status, _, _ = client.requester.requestJson(
        "POST", "/repos/acme/train/pulls", input={"title": "One", "base": "main"}
    )
    found = "\n".join(forge.violations)
    forge.violations.clear()
    assert status == 500 and "KeyError: 'head'" in found


def test_null_where_an_enum_may_be_null_is_right(described: Description) -> None:
    with Forge() as forge:
        forge.create("One")
        assert described.fits("issue", forge.call("GET", "REPO/issues/1")) == []


def test_leaving_the_fake_fails_on_a_violation(described: Description) -> None:
    with pytest.raises(AssertionError, match="nonsense"), Forge() as forge:
        forge.violations.append("nonsense")


def test_without_validation_nothing_is_held_against_anything() -> None:
    from tests.forge.conftest import connect

    with Forge(validate=False) as forge, connect(forge) as client:
        client.get_repo("acme/train").create_issue("One").set_labels("now")
        with pytest.raises(GithubException):
            client.get_repo("acme/other")
