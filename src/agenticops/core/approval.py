"""Approvals as the log tells them: the review of one gate of one ticket, folded, and what contradicts itself in it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from agenticops.core import fold, roles
from agenticops.model.approval import LIFE_CYCLE, Approval, Escalation, Feedback, Given, Opinion, Statement, Status
from agenticops.model.event import Event
from agenticops.model.pipeline import CheckCall, Gate, Pipeline

CHECK = "approval"
_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def subject(ticket: str, gate: str) -> str:
    """Name the record of a gate's review of a ticket."""
    return f"approval/{ticket}/{gate}"


def calls(gate: Gate) -> list[CheckCall]:
    """List what a gate wants approved."""
    return [c for c in gate.checks if c.check == CHECK]


def payload(statement: Statement) -> str:
    """Write a statement as it is signed: JSON with sorted keys."""
    return msgspec.json.encode(statement, order="sorted").decode()


def fields(statement: Statement) -> dict[str, Any]:
    """Give a statement as an event says it beside what was signed."""
    found: dict[str, Any] = msgspec.json.decode(payload(statement))
    return found


def read(event: Event) -> tuple[Given | None, str]:
    """Read a decision: what was stated, or why the event is none that a command wrote."""
    text, signature = str(event.data.get("payload", "")), str(event.data.get("signature", ""))
    try:
        statement = msgspec.json.decode(text, type=Statement)
    except msgspec.DecodeError as e:
        return None, f"the decision {event.id} cannot be read: {e}"
    who = roles.acting(event.actor)
    given = {k: v for k, v in event.data.items() if k not in ("payload", "signature")}
    if not _AT.fullmatch(statement.at):
        return None, f"the decision {event.id} was given at no time: {statement.at!r}"
    if payload(statement) != text or fields(statement) != given:
        return None, f"the decision {event.id} says other than what was signed"
    if (statement.ticket, subject(statement.ticket, statement.gate)) != (event.ticket, event.subject):
        return None, f"the decision {event.id} was given of {statement.ticket}, gate {statement.gate}"
    if statement.signer != who.principal:
        return None, f"the decision {event.id} was given by {statement.signer}, not by {who.principal}"
    return Given(event.id, statement, text, signature, event.actor.operator, event.actor.agent), ""


def record(ticket: str, gate: str, events: Iterable[Event]) -> Approval:
    """Fold the events of one review. Reviews are told apart by their nonce, so that two at a time do not mix."""
    folding = _Folding(ticket, gate)
    for event in fold.live(events):
        step = folding.steps.get(event.kind)
        if step is not None:
            step(event, roles.acting(event.actor).principal)
    return folding.record()


class _Folding:
    """The record so far: one method for each kind of event."""

    def __init__(self, ticket: str, gate: str) -> None:
        self.ticket, self.gate = ticket, gate
        self.status: Status = "pending"
        self.reviewers: dict[str, None] = {}
        self.requested_at = ""
        self.reviews: dict[str, tuple[str, str]] = {}
        self.given: list[Given] = []
        self.feedback: list[Feedback] = []
        self.problems: list[str] = []
        self.escalation: Escalation | None = None
        self.steps: dict[str, Callable[[Event, str], None]] = {
            "approval_requested": self.requested,
            "approval_begun": self.begun,
            "review_given": self.reviewed,
            "approval_escalated": self.escalated,
            "approval_decided": self.decided,
        }

    def record(self) -> Approval:
        in_hand = {nonce: who for nonce, (who, state) in self.reviews.items() if state == "in_review"}
        return Approval(
            self.ticket,
            self.gate,
            "in_review" if in_hand else self.status,
            tuple(self.reviewers),
            tuple(self.given),
            tuple(self.feedback),
            in_hand,
            self.escalation,
            tuple(self.problems),
            self.requested_at,
        )

    def requested(self, event: Event, who: str) -> None:
        self.reviewers |= dict.fromkeys(_words(event, "reviewers"))
        self.requested_at = self.requested_at or event.at

    def begun(self, event: Event, who: str) -> None:
        self._step(str(event.data.get("nonce", "")), who, "in_review", event)

    def _step(self, nonce: str, who: str, to: str, event: Event) -> bool:
        """Take one review a step on its life-cycle; a step that is none of it, or is somebody else's, is a problem."""
        held, state = self.reviews.get(nonce, (who, LIFE_CYCLE.start))
        if held != who or not LIFE_CYCLE.allows(state, to):
            self.problems.append(f"{event.kind} {event.id}: {who} takes a review of {held} from {state} to {to}")
            return False
        self.reviews[nonce] = (who, to)
        return True

    def reviewed(self, event: Event, who: str) -> None:
        try:
            said = msgspec.convert(event.data, Opinion)
        except msgspec.ValidationError as e:
            self.problems.append(f"the feedback {event.id} cannot be read: {e}")
        else:
            self.feedback.append(Feedback(who, said.verdict, said.score, said.suggestions, said.reason, event.at))

    def escalated(self, event: Event, who: str) -> None:
        self.escalation = Escalation(_words(event, "to"), str(event.data.get("reason", "")), who, event.at, True)

    def decided(self, event: Event, who: str) -> None:
        one, wrong = read(event)
        if one is None:
            self.problems.append(wrong)
            return
        said = one.statement
        if not self._step(said.nonce, who, said.decision, event):
            return
        self.given.append(one)
        self.feedback.append(Feedback(who, said.decision, said.score, said.suggestions, said.reason, said.at))
        self.status = said.decision
        if self.escalation is not None and answers(self.escalation, one):
            self.escalation = msgspec.structs.replace(self.escalation, open=False)


def answers(escalation: Escalation, given: Given) -> bool:
    """Tell whether a decision is by one of those before whom the review was put; without names, by any person."""
    if given.statement.at < escalation.at:
        return False
    if not escalation.to:
        return not given.agent
    return any(given.statement.role == to or roles.matches(to, who_gave(given)) for to in escalation.to)


def latest(given: Iterable[Given], role: str = "") -> list[Given]:
    """Give each reviewer's last decision, in a role when they gave one in it, by the time that was signed."""
    found: dict[str, Given] = {}
    for one in sorted(given, key=lambda g: g.statement.at):
        held = found.get(one.statement.signer)
        if held is None or not role or one.statement.role == role or held.statement.role != role:
            found[one.statement.signer] = one
    return list(found.values())


def who_gave(given: Given) -> roles.Who:
    """Say who decided; the key is told by the signature, so it counts only once that was verified."""
    return roles.Who(given.operator, given.agent, fingerprint(given.signature))


def fingerprint(signature: str) -> str:
    """Name the key that an ssh signature carries (`SHA256:…`), or "" for what is none."""
    body = "".join(row for row in signature.splitlines() if row and not row.startswith("-"))
    try:
        raw = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return ""
    size = int.from_bytes(raw[10:14], "big")
    key = raw[14 : 14 + size]
    if not raw.startswith(b"SSHSIG") or len(key) != size:
        return ""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def owners(events: Iterable[Event], operator: str) -> set[str]:
    """Name those whose work is reviewed: the ticket's operator, and who began it or recorded its artifacts."""
    found = {roles.mail(operator)}
    for event in fold.live(events):
        if event.kind in ("ticket_started", "artifact_recorded", "artifact_kept"):
            who = roles.acting(event.actor)
            found |= {who.mail, who.principal}
    return found - {""}


def wanted(pipeline: Pipeline, gates: Iterable[str]) -> list[Gate]:
    """Give those of the named gates that want an approval."""
    return [pipeline.gates[g] for g in gates if g in pipeline.gates and calls(pipeline.gates[g])]


def _words(event: Event, key: str) -> tuple[str, ...]:
    value = event.data.get(key)
    return tuple(str(v) for v in value) if isinstance(value, list) else ()
