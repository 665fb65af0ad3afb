"""The outbox: what may stand in it, what an answer means, how long is waited, what is kept."""

from __future__ import annotations

from typing import Any

import pytest

from agenticops.core import outbox, records
from agenticops.core.automation import Retries
from agenticops.core.outbox import Fault, Webhook
from agenticops.errors import UsageError
from agenticops.model.event import Draft
from tests.support import event


def hook(**more: Any) -> dict[str, Any]:
    return {"url": "https://crm.example.org/x", **more}


def test_what_is_added_is_named_by_what_makes_it_and_folds_to_a_delivery() -> None:
    draft = outbox.add("webhook", hook(body={"a": 1}), "f1", 2, due="2026-01-01T12:00:00.000Z")
    assert draft == outbox.add("webhook", hook(body={"a": 1}), "f1", 2, due="2026-01-01T12:00:00.000Z")
    assert draft.subject != outbox.add("webhook", hook(), "f1", 3).subject
    assert isinstance(draft, Draft)
    found = records.delivery([event(draft.kind, draft.subject, data=draft.data)])
    assert found is not None
    assert (found.id, found.key, found.firing, found.action) == (draft.subject[7:], draft.subject[7:], "f1", "2")
    assert (found.due, found.status) == ("2026-01-01T12:00:00.000Z", "queued")


@pytest.mark.parametrize(
    ("channel", "payload"),
    [
        ("pigeon", {}),
        ("webhook", {"method": "POST"}),
        ("email", {"subject": "nobody"}),
        ("webhook", hook(headers={"Authorization": "Bearer abc"})),
        ("webhook", hook(headers={"X-Api-Key": "abc"})),
        ("webhook", hook(secret="abc")),
    ],
)
def test_what_could_never_be_delivered_or_tells_a_secret_is_not_added(channel: str, payload: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        outbox.add(channel, payload, "f1", 1)


def test_secrets_are_named_and_put_in_last() -> None:
    headers = {"Authorization": "Bearer env:TOKEN", "X-Key": "keyring:crm/ada", "X-Plain": "env: no"}
    payload = outbox.read("webhook", hook(headers=headers, secret="env:SIGN"))
    assert outbox.references(payload) == ("env:TOKEN", "keyring:crm/ada", "env:SIGN")
    assert isinstance(payload, Webhook)
    found = outbox.resolved(payload, {"env:TOKEN": "t", "keyring:crm/ada": "k", "env:SIGN": "s"})
    assert found.headers == {"Authorization": "Bearer t", "X-Key": "k", "X-Plain": "env: no"} and found.secret == "s"


@pytest.mark.parametrize(
    ("url", "goal"),
    [
        ("https://crm.example.org/{{entity.id}}", "https://crm.example.org"),
        ("http://CRM.example.org:8443/x?y=1", "http://crm.example.org:8443"),
        ("https://{{customer.host}}/x", ""),
        ("https://a.{{b}}.org/", ""),
        ("env:SLACK_URL", "env:SLACK_URL"),
        ("https://x:99999/", ""),
        ("nowhere", ""),
    ],
)
def test_to_whom_a_request_goes(url: str, goal: str) -> None:
    assert outbox.goal(url) == goal


@pytest.mark.parametrize(("status", "final"), [(302, True), (400, True), (404, True), (422, True)])
def test_what_no_other_try_would_change(status: int, final: bool) -> None:
    found = outbox.judged(status)
    assert found is not None and found.final is final


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 503])
def test_what_may_go_better_later(status: int) -> None:
    found = outbox.judged(status, 7.0)
    assert found is not None and not found.final and found.wait == 7.0
    assert outbox.judged(204) is None


def test_how_long_is_waited() -> None:
    retries = Retries(attempts=3, first=10, factor=3)
    later = Fault("busy")
    assert [outbox.next_wait(later, retries, n) for n in (1, 2, 3)] == [10, 30, None]
    assert outbox.next_wait(Fault("no", final=True), retries, 1) is None
    assert outbox.next_wait(Fault("busy", wait=25), retries, 1) == 25
    assert outbox.next_wait(Fault("busy", wait=5), retries, 1) == 10
    assert outbox.next_wait(Fault("busy", wait=9e9), retries, 1) == outbox.PATIENCE


def test_of_an_answer_the_declared_fields_are_kept() -> None:
    text = b'{"id": 7, "a": {"b": [1, 2], "c": "x"}, "long": "' + b"y" * 5000 + b'", "key": "ghp_%s"}' % (b"a" * 36)
    assert outbox.picked(("id", "a.b", "none", "long"), text) == {"id": 7, "a": {"b": [1, 2]}}
    assert outbox.picked({"number": "id", "first": "a.c"}, text) == {"number": 7, "first": "x"}
    assert outbox.picked(("key",), text) == {"key": "[redacted]"}
    assert outbox.picked(("a", "a.b"), b'{"a": 1}') == {"a": 1}
    assert outbox.picked(("id",), b"<html>") == {} and outbox.picked((), text) == {}
