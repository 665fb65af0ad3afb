"""Ingesting: a delivery of the forge becomes events of the log, once. What vouches for it is a signature, or Actions.

ADR 0034 says what is believed of a delivery, and what is kept of it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from agenticops.core import fold, webhook
from agenticops.core.webhook import LIMIT, LINKED, Seen
from agenticops.errors import RemoteError, TrainError, UsageError
from agenticops.flows.forge import opening
from agenticops.model.event import Draft
from agenticops.model.ids import TICKET
from agenticops.model.layout import PHASE_BRANCH
from agenticops.ports import githubauth, vault
from agenticops.store.deliveries import Deliveries
from agenticops.workspace import Workspace

SEEN, OBSERVED, IGNORED = "forge_seen", "issue_observed", "delivery_ignored"
_ID = re.compile(r"[A-Za-z0-9-]{0,80}")
_HOOK = "agenticops github ingest --event NAME --payload FILE --signature sha256=… --secret env:HOOK_SECRET"


class Delivery(Struct, frozen=True):
    """What came in: raw bytes, the name of the event, the delivery's id, and what vouches for it."""

    event: str
    body: bytes
    id: str = ""
    by: str = "signature"


class Ingested(Struct, frozen=True):
    """What became of a delivery: `recorded`, `known` or `ignored`, why, and the events that were written."""

    outcome: str
    seen: Seen
    delivery: str
    why: str = ""
    events: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    ticket: str = ""
    commit: str = ""


def signed(event: str, body: bytes, id: str, signature: str, secret: str) -> Delivery:
    """Take a webhook's delivery. Raises RemoteError (exit 4) when the secret did not sign these very bytes."""
    if not (event and body and signature and secret):
        raise UsageError("nobody vouches for this payload", hint=_HOOK)
    if not webhook.genuine(vault.resolve(secret).encode(), _whole(body), signature):
        hint = "nothing was written; see that hook and receiver have one secret, and that the body came byte for byte"
        raise RemoteError("the signature is not of this payload", hint=hint)
    return Delivery(event, body, id)


def of_actions(environ: Mapping[str, str], event: str = "") -> Delivery:
    """Take the event that a run of GitHub Actions is about."""
    path = environ.get("GITHUB_EVENT_PATH", "")
    if environ.get("GITHUB_ACTIONS") != "true" or not path:
        raise UsageError("this is no run of GitHub Actions, and no payload was given", hint=_HOOK)
    try:
        with open(path, "rb") as file:
            body = file.read(LIMIT + 1)
    except OSError as e:
        message = f"the run's event cannot be read: {os.strerror(e.errno or 0)}"
        raise TrainError(message, place=path, hint="GITHUB_EVENT_PATH names it") from None
    return Delivery(event or environ.get("GITHUB_EVENT_NAME", ""), _whole(body), by="actions")


def ingest(workspace: Workspace, delivery: Delivery, commit: bool = False) -> Ingested:
    """Write down what a delivery says, unless it is known or nothing starts from it. Raises StateError for no JSON."""
    if not _ID.fullmatch(delivery.id):
        raise UsageError(f"{delivery.id[:80]!r} is no delivery's id", hint="take it from X-GitHub-Delivery")
    _ = workspace.train.pipeline
    seen, name = webhook.read(delivery.event, delivery.body), webhook.identity(delivery.body)
    found = Ingested("ignored", seen, delivery.id or name)
    if seen.why:
        return _ignored(workspace, delivery, name, found, seen.why)
    configured = opening.settings(workspace).repository
    ours = githubauth.place(workspace.git, os.environ, configured).repository
    if seen.repository.casefold() != ours.casefold():
        return _ignored(workspace, delivery, name, found, f"it is not about {ours}")
    with workspace.transaction("github ingest") as tx:
        if _known(workspace, delivery, name):
            return replace(found, outcome="known", why="it was taken in before")
        items, ticket = _about(workspace, seen)
        why = "" if items or seen.event not in LINKED else "it is about no work item and no ticket"
        for draft in _drafts(workspace, delivery, name, seen, items, ticket) if not why else ():
            tx.append(draft)
    if why:
        return _ignored(workspace, delivery, name, found, why)
    _deliveries(workspace).note(*_names(delivery, name))
    ids, kinds = tuple(e.id for e in tx.events), tuple(e.kind for e in tx.events)
    found = replace(found, outcome="recorded", items=tuple(items), ticket=ticket, events=ids, kinds=kinds)
    if commit:
        from agenticops.flows import commit as commits

        about = f"{seen.event} {seen.action}".strip()
        found = replace(found, commit=commits.of_step(workspace, [], f"Take in {about} of the forge", tx.events))
    return found


def _drafts(
    workspace: Workspace, delivery: Delivery, name: str, seen: Seen, items: list[str], ticket: str
) -> Iterator[Draft]:
    about = {**webhook.data(seen), "by": delivery.by} | ({"delivery": delivery.id} if delivery.id else {})
    yield Draft(SEEN, f"delivery/{name}", ticket, items[0] if len(items) == 1 else "", about)
    for item in items if seen.observes else ():
        if _news(workspace, item, seen):
            data = {"issue": seen.number, "state": seen.state, "updated_at": seen.at, "delivery": name}
            data |= {"reason": seen.reason} if seen.reason else {}
            yield Draft(OBSERVED, f"item/{item}", item=item, data=data)


def _news(workspace: Workspace, item: str, seen: Seen) -> bool:
    """Tell whether an issue's state is new: deliveries come late and out of order, and the later state counts."""
    known = [e for e in fold.live(workspace.log.of_item(item)) if e.kind == OBSERVED]
    last = next((e for e in reversed(known) if e.data.get("issue") == seen.number), None)
    if last is None:
        return True
    # What was observed without a time of the forge's was so when the event was written.
    known_at = str(last.data.get("updated_at") or last.at)
    return last.data.get("state") != seen.state and (not seen.at or known_at <= seen.at)


def _about(workspace: Workspace, seen: Seen) -> tuple[list[str], str]:
    """Name the items whose issue it is, and the ticket whose branch it is."""
    name = seen.branch.removeprefix(PHASE_BRANCH)
    match = TICKET.fullmatch(name) if seen.branch.startswith(PHASE_BRANCH) else None
    if match and workspace.train.has_ticket(name):
        return [match["item"]], name
    if seen.pull or not seen.number:
        return [], ""
    rows = workspace.index.rows("SELECT id FROM item WHERE issue = ? ORDER BY id", seen.number)
    return [str(row[0]) for row in rows], ""


def _known(workspace: Workspace, delivery: Delivery, name: str) -> bool:
    inside = workspace.index.value("SELECT 1 FROM event WHERE subject = ? LIMIT 1", f"delivery/{name}")
    return bool(inside) or _deliveries(workspace).seen(*_names(delivery, name))


def _ignored(workspace: Workspace, delivery: Delivery, name: str, found: Ingested, why: str) -> Ingested:
    """Note in the clone's own log what is not taken in: once, however often it comes."""
    workspace.refuse_links()
    # Not the name itself: what is ignored today may count when it comes again, once an item is linked.
    deliveries, once = _deliveries(workspace), f"{IGNORED}/{name}"
    if not deliveries.seen(once):
        data = {"event": found.seen.event, "action": found.seen.action, "why": why, "delivery": found.delivery}
        workspace.local.append([Draft(IGNORED, f"delivery/{name}", data=data)], workspace.actor())
        deliveries.note(once)
    return replace(found, outcome="ignored", why=why)


def _names(delivery: Delivery, name: str) -> list[str]:
    return [name, *([delivery.id] if delivery.id else [])]


def _deliveries(workspace: Workspace) -> Deliveries:
    return Deliveries(os.path.join(workspace.git.common_dir, "agenticops"))


def _whole(body: bytes) -> bytes:
    if len(body) > LIMIT:
        raise TrainError(f"a payload of more than {LIMIT // 1_000_000} MB", hint="GitHub sends none that large")
    return body
