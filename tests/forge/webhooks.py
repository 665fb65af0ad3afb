"""Webhooks: signed deliveries of what changes, and GitHub's own examples."""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import urllib.request
import uuid
from dataclasses import dataclass
from typing import Any

from tests.forge import render, repos
from tests.forge.packages import package
from tests.forge.state import CheckRun, Comment, Event, Issue, Label, Milestone, State, Status

SECRET = "a secret of the hook"


@dataclass(frozen=True)
class Delivery:
    """One delivery: its raw body and the headers that go with it."""

    event: str
    action: str
    body: bytes
    headers: dict[str, str]

    @property
    def payload(self) -> dict[str, Any]:
        """The body, read."""
        read: dict[str, Any] = json.loads(self.body)
        return read

    def post(self, url: str) -> int:
        """Send it; give the status of the answer."""
        request = urllib.request.Request(url, self.body, self.headers, method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)


class Webhooks:
    """Keeps a delivery for each change once `listen()` was called."""

    def __init__(self, state: State, secret: str = SECRET) -> None:
        self.secret = secret
        self.deliveries: list[Delivery] = []
        self._state = state

    def listen(self) -> None:
        """Begin to keep deliveries."""
        self._state.listeners.append(self._hear)

    def post_all(self, url: str) -> list[int]:
        """Send what was kept, in its order, and forget it."""
        waiting, self.deliveries = self.deliveries, []
        return [delivery.post(url) for delivery in waiting]

    def _hear(self, event: Event) -> None:
        payload: dict[str, Any] = {"action": event.action}
        for name, thing in event.things.items():
            told = "pull_request" if event.name == "pull_request" and name == "issue" else name
            payload[told] = _payload(event, thing)
        payload["repository"] = repos.payload(event.state, event.repository)
        payload["sender"] = render.user(event.state, event.sender)
        self.deliveries.append(signed(event.name, json.dumps(payload).encode(), self.secret))


def signed(event: str, body: bytes, secret: str, delivery: str = "") -> Delivery:
    """Give a delivery of a body with its signature over the raw bytes."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/fake",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery or str(uuid.uuid4()),
        "X-Hub-Signature-256": f"sha256={digest}",
    }
    return Delivery(event, json.loads(body).get("action", ""), body, headers)


@functools.cache
def examples() -> dict[str, list[dict[str, Any]]]:
    """Give GitHub's example payloads by event; none when their package is not installed."""
    folder = package("@octokit/webhooks-examples")
    if folder is None:
        return {}
    whole = json.loads((folder / "api.github.com" / "index.json").read_bytes())
    return {one["name"]: one["examples"] for one in whole}


def _payload(event: Event, thing: object) -> Any:
    state, repository = event.state, event.repository
    match thing:
        case Issue():
            return render.issue(state, repository, thing)
        case Comment():
            return render.comment(state, repository, thing)
        case Label():
            return render.label(state, repository, thing)
        case Milestone():
            return render.milestone(state, repository, thing)
        case CheckRun():
            return render.check_run(state, repository, thing)
        case Status():
            return render.status(state, repository, thing)
        case dict():
            return thing
    raise TypeError(f"no payload for {thing!r}")
