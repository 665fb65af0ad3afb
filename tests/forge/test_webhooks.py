"""The fake: signed deliveries of changes, and GitHub's examples of payloads."""

from __future__ import annotations

import hashlib
import hmac
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.forge import Forge, packages
from tests.forge.openapi import WEBHOOKS, Description
from tests.forge.webhooks import SECRET, examples, signed


@pytest.fixture
def told(forge: Forge) -> Forge:
    """A fake in which somebody changed this and that."""
    forge.webhooks.listen()
    forge.create("One", labels=["now"])
    forge.call("POST", "REPO/milestones", {"title": "Spring"})
    forge.edit(1, title="Two", body="Text", milestone=1, assignees=["ada"], labels=["next"])
    forge.edit(1, state="closed")
    forge.edit(1, state="open")
    comment = forge.call("POST", "REPO/issues/1/comments", {"body": "Hi"})
    forge.call("PATCH", f"REPO/issues/comments/{comment['id']}", {"body": "Ho"})
    forge.call("POST", "REPO/labels", {"name": "risk", "color": "ff0000"})
    forge.call("PATCH", "REPO/labels/risk", {"new_name": "risks"})
    forge.call("DELETE", "REPO/labels/risks")
    return forge


def test_changes_are_told_in_order(told: Forge) -> None:
    found = [f"{one.event}.{one.action}" for one in told.webhooks.deliveries]
    assert found[:2] == ["issues.opened", "milestone.created"]
    assert found[-7:] == [
        "issues.closed",
        "issues.reopened",
        "issue_comment.created",
        "issue_comment.edited",
        "label.created",
        "label.edited",
        "label.deleted",
    ]
    edited = next(one for one in told.webhooks.deliveries if one.action == "edited")
    assert edited.payload["changes"] == {"title": {"from": "One"}, "body": {"from": ""}}
    one = told.webhooks.deliveries[0]
    digest = hmac.new(SECRET.encode(), one.body, hashlib.sha256).hexdigest()
    assert one.headers["X-Hub-Signature-256"] == f"sha256={digest}"
    assert (one.payload["issue"]["title"], one.payload["sender"]["login"]) == ("One", "grace")


def test_payloads_are_what_github_describes(described: Description, told: Forge) -> None:
    checked = 0
    for one in told.webhooks.deliveries:
        name = f"{one.event}-{one.action}".replace("_", "-")
        if name in WEBHOOKS:
            assert described.fits(f"webhook-{name}", one.payload) == [], name
            checked += 1
    assert checked >= 8


def test_deliveries_are_posted(told: Forge) -> None:
    heard: list[tuple[str, bytes]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append((self.headers["X-GitHub-Event"], self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(202)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    kept = list(told.webhooks.deliveries)
    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        statuses = told.webhooks.post_all(f"http://127.0.0.1:{server.server_address[1]}")
        server.shutdown()
        thread.join()
    assert set(statuses) == {202} and told.webhooks.deliveries == []
    assert heard == [(one.event, one.body) for one in kept]


def test_examples_of_github_can_be_signed() -> None:
    if not examples():
        pytest.skip(packages.missing())
    assert {"issues", "issue_comment", "pull_request", "check_run", "label", "milestone"} <= set(examples())
    one = examples()["issues"][0]
    import json

    delivery = signed("issues", json.dumps(one).encode(), "other", delivery="d1")
    assert (delivery.payload, delivery.headers["X-GitHub-Delivery"]) == (one, "d1")
