"""Webhooks: what is genuine, what is read of GitHub's own examples, and what hostile payloads do: nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from agenticops.core import webhook
from agenticops.errors import StateError
from agenticops.model.event import Event
from tests.forge import packages
from tests.forge.webhooks import SECRET, examples, signed
from tests.support import THOROUGH

BODY = b'{"action": "closed"}'
AT = "2026-01-01T10:00:00Z"


def issues(**fields: Any) -> bytes:
    issue = {"number": 7, "state": "closed", "state_reason": "completed", "updated_at": AT, **fields}
    said = {"action": "closed", "issue": issue, "repository": {"full_name": "acme/train"}, "sender": {"login": "ada"}}
    return json.dumps(said).encode()


def read(event: str, **said: Any) -> webhook.Seen:
    return webhook.read(event, json.dumps({"repository": {"full_name": "acme/train"}, **said}).encode())


def test_what_the_secret_signed_is_genuine() -> None:
    headers = signed("issues", BODY, SECRET).headers
    assert webhook.genuine(SECRET.encode(), BODY, headers["X-Hub-Signature-256"])


# GitHub's own example for whoever writes a receiver.
def test_the_documented_example() -> None:
    wanted = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert webhook.genuine(b"It's a Secret to Everybody", b"Hello, World!", wanted)


@pytest.mark.parametrize(
    ("secret", "body", "change"),
    [
        (b"other", BODY, lambda s: s),
        (SECRET.encode(), BODY + b"\n", lambda s: s),
        (SECRET.encode(), BODY, lambda s: s.removeprefix("sha256=")),
        (SECRET.encode(), BODY, lambda s: s.replace("sha256", "sha1")),
        (SECRET.encode(), BODY, lambda s: s[:-1]),
        (SECRET.encode(), BODY, lambda s: s.upper()),
        (SECRET.encode(), BODY, lambda s: ""),
        (SECRET.encode(), BODY, lambda s: "sha256="),
        (SECRET.encode(), BODY, lambda s: "sha256=ü\ud800"),
    ],
)
def test_anything_else_is_not(secret: bytes, body: bytes, change: Any) -> None:
    assert not webhook.genuine(secret, body, change(signed("issues", BODY, SECRET).headers["X-Hub-Signature-256"]))


def test_an_empty_secret_signs_nothing() -> None:
    assert not webhook.genuine(b"", BODY, signed("issues", BODY, "").headers["X-Hub-Signature-256"])


def test_an_issue_is_read() -> None:
    seen = webhook.read("issues", issues())
    assert (seen.number, seen.state, seen.reason, seen.at) == (7, "closed", "completed", AT)
    assert (seen.action, seen.sender, seen.repository, seen.why) == ("closed", "ada", "acme/train", "")
    assert seen.observes and not seen.pull


@pytest.mark.parametrize("action", ["deleted", "transferred"])
def test_an_issue_that_is_gone_has_no_state(action: str) -> None:
    assert not read("issues", action=action, issue={"number": 7, "state": "open"}).observes


def test_a_comment_at_a_pull_request_is_about_no_issue() -> None:
    seen = read("issue_comment", issue={"number": 7, "state": "open", "pull_request": {"url": "x"}})
    assert seen.pull and not seen.observes


def test_a_branch_of_a_fork_is_none_of_ours() -> None:
    head = {"ref": "phase/shape_142", "sha": "a" * 40, "repo": {"full_name": "evil/train"}}
    assert read("pull_request", pull_request={"number": 9, "head": head}).branch == ""
    head["repo"] = {"full_name": "acme/train"}
    assert read("pull_request", pull_request={"number": 9, "head": head}).branch == "phase/shape_142"
    assert read("workflow_run", workflow_run={"head_branch": "phase/shape_142"}).branch == ""


def test_what_runs_on_a_commit_is_read() -> None:
    run = {"name": "tests", "conclusion": "failure", "head_sha": "a" * 40, "check_suite": {"head_branch": "topic"}}
    seen = read("check_run", action="completed", check_run=run)
    assert (seen.name, seen.state, seen.sha, seen.branch) == ("tests", "failure", "a" * 40, "topic")
    branches = [{"name": "topic"}, {"name": "phase/shape_142"}]
    seen = read("status", state="success", context="ci", sha="b" * 40, branches=branches)
    assert (seen.name, seen.state, seen.branch) == ("ci", "success", "phase/shape_142")


def test_our_own_verdict_starts_nothing() -> None:
    assert "our own" in read("check_run", check_run={"name": "agenticops/gate"}).why
    assert "our own" in read("status", context="agenticops/gate", state="success").why


@pytest.mark.parametrize(
    ("action", "number"), [("sub_issue_added", 1), ("parent_issue_added", 2), ("sub_issue_removed", 1)]
)
def test_a_relation_is_told_of_our_side(action: str, number: int) -> None:
    said = {"parent_issue": {"number": 1, "state": "open"}, "sub_issue": {"number": 2, "state": "open"}}
    assert read("sub_issues", action=action, **said).number == number


@pytest.mark.parametrize(("action", "number"), [("blocked_by_added", 1), ("blocking_removed", 2)])
def test_a_dependency_is_told_of_our_side(action: str, number: int) -> None:
    said = {"blocked_issue": {"number": 1}, "blocking_issue": {"number": 2}}
    assert read("issue_dependencies", action=action, **said).number == number


def test_of_a_pull_request_target_it_is_the_same() -> None:
    assert read("pull_request_target", pull_request={"number": 3}).event == "pull_request"


def test_unknown_events_are_ignored_by_a_harmless_name() -> None:
    assert (read("star").event, read("star").why) == ("star", "nothing here starts from it")
    assert read("no\u202eevent\n").event == "unknown"


@pytest.mark.parametrize("body", [b"", b"payload=%7B%7D", b"{", b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000])
def test_what_is_no_json_is_an_error_with_a_hint(body: bytes) -> None:
    with pytest.raises(StateError) as refused:
        webhook.read("issues", body)
    assert "application/json" in refused.value.hint


@pytest.mark.parametrize("body", [b"[]", b"7", b"null", b'"x"', b"{}"])
def test_what_has_another_shape_says_nothing(body: bytes) -> None:
    for event in (*webhook.ALWAYS, *webhook.LINKED):
        seen = webhook.read(event, body)
        assert (seen.number, seen.state, seen.branch, seen.repository) == (0, "", "", "")


def test_names_are_kept_harmless_and_without_secrets() -> None:
    token = "ghp_" + "a1B2" * 9
    seen = read("issues", action="labeled", issue={"number": 7}, label={"name": f"\x1b[31m {token}\u202e"})
    assert token not in seen.name and seen.name.isprintable() and "[redacted]" in seen.name
    assert len(read("issues", label={"name": "x" * 5000}).name) == 200


def test_every_example_of_github_is_read() -> None:
    if not examples():
        pytest.skip(packages.missing())
    known = set()
    for event, payloads in examples().items():
        for payload in payloads:
            seen = webhook.read(event, json.dumps(payload).encode())
            assert seen.sender or "sender" not in payload
            Event("x", 1, AT, None, "forge_seen", "delivery/x", data=webhook.data(seen))  # type: ignore[arg-type]
            if not seen.why:
                known.add(event)
                if event in ("issues", "issue_comment"):
                    issue = payload["issue"]
                    assert (seen.number, seen.state) == (issue["number"], issue.get("state", ""))
    assert known >= {"issues", "issue_comment", "pull_request", "check_run", "status", "workflow_run"}


JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False, allow_infinity=False) | some.text(),
    lambda below: some.lists(below, max_size=4) | some.dictionaries(some.text(max_size=8), below, max_size=4),
    max_leaves=12,
)
TOP = ("action", "issue", "pull_request", "check_run", "workflow_run", "repository", "sender", "label", "branches")
BELOW = (
    "head",
    "repo",
    "number",
    "state",
    "login",
    "full_name",
    "ref",
    "sha",
    "name",
    "context",
    "updated_at",
    "merged",
)
NAMES = some.sampled_from(TOP + BELOW)


@settings(max_examples=100 if THOROUGH else 30)
@given(
    some.sampled_from([*webhook.ALWAYS, *webhook.LINKED]),
    some.dictionaries(NAMES, some.dictionaries(NAMES, some.dictionaries(NAMES, JSON) | JSON) | JSON),
)
def test_no_payload_breaks_it(event: str, said: dict[str, Any]) -> None:
    body = json.dumps(said).encode("utf-8", "surrogatepass")
    try:
        seen = webhook.read(event, body)
    except StateError:
        return
    kept = json.dumps(webhook.data(seen), ensure_ascii=False)
    assert kept.encode() and kept.isprintable() and 0 <= seen.number < 2**53
