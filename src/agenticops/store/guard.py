"""The guard before the journal: no file and no event becomes state while it holds what looks like a secret."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from agenticops.core import secrets
from agenticops.model.event import Event
from agenticops.model.layout import EVENTS, PAST_EVENTS


def refuse_secrets(files: Mapping[str, bytes | None], events: Iterable[Event]) -> None:
    """Raise SecretError for the first secret in the files, or in the events that are new."""
    known = secrets.known_values(os.environ)
    for path, content in sorted(files.items()):
        secrets.refuse(path, path, known, noun="name")
        if content and not path.startswith(
            (f"{EVENTS}/", f"{PAST_EVENTS}/")
        ):  # what the log held already was looked at when it was new
            secrets.refuse(content.decode("utf-8", "replace"), path, known)
    looked_at: set[str] = set()  # the events of one step say the same of actor, item and ticket
    for event in events:
        actor = {"operator": event.actor.operator, "agent": event.actor.agent, "host": event.actor.host}
        about = {"subject": event.subject, "ticket": event.ticket, "item": event.item, "actor": actor}
        for way, text in secrets.strings({**about, **event.data}):
            if text not in looked_at:
                secrets.refuse(text, f"event {event.kind}: {way}", known, noun="event")
                looked_at.add(text)
