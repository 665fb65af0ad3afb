"""The outbox: what is to be delivered outside, over which channel, and what follows from how it went. ADR 0039.

An `outbox_added` event holds all that a delivery needs, filled in; of secrets only references, which are resolved just
before. The id of a delivery is its idempotency key: a receiver that gets it twice knows it by that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct, field

from agenticops.core import secrets
from agenticops.core.automation import Retries
from agenticops.core.condition import MISSING, place
from agenticops.core.workflow import moves
from agenticops.errors import UsageError
from agenticops.model.event import Draft

# More of one field of an answer than this is not kept.
LONGEST = 4096
# A receiver may ask for no more patience than this (seconds).
PATIENCE = 86_400.0
# Answers of the web that may be others the next time: too slow, the same key is at work, too early, too many.
LATER = (408, 409, 425, 429)
# Which fields of an answer are kept: their dotted places, or names for them.
Fields = tuple[str, ...] | dict[str, str]
_SECRET_HEADER = re.compile(r"authorization|cookie|token|secret|password|api[-_]?key", re.IGNORECASE)


class Payload(Struct, frozen=True, omit_defaults=True):
    """Base of what is delivered. Fields that are not known are passed over: the log may be a newer version's."""


class Email(Payload, frozen=True):
    """Mail to addresses."""

    to: tuple[str, ...]
    subject: str = ""
    text: str = ""


class Webhook(Payload, frozen=True):
    """A request. A header's value may be a reference, or end with one: `Bearer env:TOKEN`; so may the whole URL."""

    url: str
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    secret: str = ""
    answer: Fields = ()


class Script(Payload, frozen=True):
    """A script that `config/automation.yml` declares; `input` reaches it as JSON."""

    script: str
    input: dict[str, Any] = field(default_factory=dict)
    answer: Fields = ()


class Agent(Payload, frozen=True):
    """A question to an agent; the text of its answer is kept."""

    prompt: str
    agent: str = ""
    ticket: str = ""
    provider: str = ""


class Message(Payload, frozen=True):
    """Words over a channel that `config/automation.yml` names."""

    name: str
    text: str
    subject: str = ""


PAYLOADS: dict[str, type[Payload]] = {
    "email": Email,
    "webhook": Webhook,
    "script": Script,
    "agent": Agent,
    "slack": Message,
    "telegram": Message,
}


class Fault(Struct, frozen=True):
    """Why a delivery did not succeed. `final`: no other try would; `wait`: the seconds that the receiver asks for."""

    words: str
    final: bool = False
    wait: float | None = None


class Sent(Struct, frozen=True):
    """What the receiver made of it."""

    status: str = ""
    answer: dict[str, Any] = field(default_factory=dict)


def key(firing: str, action: int | str) -> str:
    """Name the delivery of an action of a firing: the same on every clone."""
    return moves.derived("o", firing, str(action))


def add(
    channel: str,
    payload: Payload | Mapping[str, Any],
    firing: str,
    action: int | str,
    due: str = "",
    **more: Any,
) -> Draft:
    """Put something into the outbox: the event to append. `due` says from when on it may be tried.

    `firing` and `action` name it: by a rule its firing and the action's number; by anything else what is unique of it.
    `more` is kept beside it. Raises UsageError for what could never be delivered, and for a secret that stands open.
    """
    given = msgspec.to_builtins(payload) if isinstance(payload, Payload) else dict(payload)
    refuse(read(channel, given))
    id = key(firing, action)
    data = {"channel": channel, "payload": given, "key": id, "firing": firing, "action": str(action), **more}
    return Draft("outbox_added", f"outbox/{id}", data={**data, "due": due} if due else data)


def read(channel: str, payload: Any) -> Payload:
    """Read what is to be delivered. Raises UsageError for a channel or fields that are not known."""
    kind = PAYLOADS.get(channel)
    if kind is None:
        raise UsageError(f"nothing is delivered over {channel!r}", hint=f"channels: {', '.join(PAYLOADS)}")
    try:
        return msgspec.convert(payload, kind, strict=False)
    except msgspec.ValidationError as e:
        raise UsageError(f"this is no {channel}: {e}") from None


def refuse(payload: Payload) -> None:
    """Raise UsageError where a secret stands in what goes into the log: it names secrets, and holds none."""
    if not isinstance(payload, Webhook):
        return
    if payload.secret and secrets.reference(payload.secret) is None:
        raise UsageError("the secret that signs is named, not written down", hint="secret: env:NAME")
    for name, value in payload.headers.items():
        if _SECRET_HEADER.search(name) and _split(value) is None:
            hint = f"{name}: env:NAME, or {name}: Bearer env:NAME"
            raise UsageError(f"the header {name} holds a secret, which does not stand in the log", hint=hint)


def references(payload: Payload) -> tuple[str, ...]:
    """List the secrets that a delivery names."""
    if not isinstance(payload, Webhook):
        return ()
    found = [parts[1] for value in payload.headers.values() if (parts := _split(value))]
    return tuple(dict.fromkeys([*found, *(v for v in (payload.url, payload.secret) if secrets.reference(v))]))


def resolved(payload: Webhook, values: Mapping[str, str]) -> Webhook:
    """Give a request with the values of its secrets in their places."""
    headers = {}
    for name, value in payload.headers.items():
        parts = _split(value)
        headers[name] = parts[0] + values[parts[1]] if parts else value
    url, secret = (values.get(text, text) for text in (payload.url, payload.secret))
    return msgspec.structs.replace(payload, url=url, headers=headers, secret=secret)


def goal(url: str) -> str:
    """Say to whom a request goes: scheme, host and port; a secret URL by its name. "" where look-ups say it."""
    if secrets.reference(url):
        return url
    try:
        found = urlsplit(url)
        port = found.port
    except ValueError:
        return ""
    if not found.hostname or "{" in found.netloc:
        return ""
    return f"{found.scheme}://{found.hostname}{f':{port}' if port else ''}"


def secret_of(value: str) -> str:
    """Give the secret that a header's value names, or ""."""
    parts = _split(value)
    return parts[1] if parts else ""


def _split(value: str) -> tuple[str, str] | None:
    """Take a header apart: what stands before the reference, and it."""
    before, blank, last = value.rpartition(" ")
    return (before + blank, last) if secrets.reference(last) else None


def judged(status: int, wait: float | None = None) -> Fault | None:
    """Say what an answer of the web means: None when it was taken."""
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return Fault(f"it answers {status}, a redirect, which is not followed", final=True)
    return Fault(f"it answers {status}", final=status < 500 and status not in LATER, wait=wait)


def next_wait(fault: Fault, retries: Retries, attempt: int) -> float | None:
    """Give the seconds until the next try; None when it is given up."""
    wait = None if fault.final else retries.wait(attempt)
    if wait is None or fault.wait is None:
        return wait
    return min(max(wait, fault.wait), PATIENCE)


def picked(fields: Fields, text: bytes | str) -> dict[str, Any]:
    """Take the declared fields out of an answer in JSON; what is not there, or too long, is left out."""
    if not fields:
        return {}
    try:
        data = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return {}
    named = fields if isinstance(fields, dict) else {dotted: dotted for dotted in fields}
    found: dict[str, Any] = {}
    for name, dotted in named.items():
        value = place({"answer": data}, f"answer.{dotted}")
        if value is not MISSING and len(msgspec.json.encode(value)) <= LONGEST:
            _put(found, name.split("."), clean(value))
    return found


def _put(found: dict[str, Any], names: list[str], value: Any) -> None:
    """Set a field where its dotted name is looked up."""
    for name in names[:-1]:
        inner = found.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        found = inner
    found[names[-1]] = value


def clean(value: Any) -> Any:
    """Black out what looks like a secret: an answer goes into the log."""
    if isinstance(value, str):
        return secrets.redact(value)
    if isinstance(value, dict):
        return {str(name): clean(one) for name, one in value.items()}
    return [clean(one) for one in value] if isinstance(value, list) else value
