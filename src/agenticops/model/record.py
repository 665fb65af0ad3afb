"""Records of automation that live in the log alone: firings, deliveries, notices, meetings. ADR 0040."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

DeliveryStatus = Literal["queued", "trying", "delivered", "dead"]
MeetingStatus = Literal["called", "held", "off"]


class Firing(Struct, frozen=True, omit_defaults=True):
    """A rule met an event: it handled it, or was cut with the reason. `event` is the id of what it met."""

    id: str
    rule: str = ""
    event: str = ""
    at: str = ""
    depth: int = 0
    cut: str = ""


class Delivery(Struct, frozen=True, omit_defaults=True):
    """What is to be delivered outside. `due` says from when on it may be tried; "" when it is over."""

    id: str
    channel: str = ""
    status: DeliveryStatus = "queued"
    due: str = ""
    attempts: int = 0
    error: str = ""
    key: str = ""
    firing: str = ""
    action: str = ""
    added: str = ""
    ended: str = ""
    payload: Any = None
    answer: dict[str, Any] = field(default_factory=dict)


class Notice(Struct, frozen=True, omit_defaults=True):
    """Somebody was told something; `id` is that of the event. `read` says when it was seen, "" while it was not."""

    id: str
    who: str
    at: str
    read: str = ""
    data: dict[str, Any] = field(default_factory=dict)


class Meeting(Struct, frozen=True, omit_defaults=True):
    """People are to meet, or met. `data` is all that was said of it, the last word counting."""

    id: str
    status: MeetingStatus = "called"
    purpose: str = ""
    starts: str = ""
    called: str = ""
    data: dict[str, Any] = field(default_factory=dict)
