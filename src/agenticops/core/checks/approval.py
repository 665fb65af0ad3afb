"""The gate's review was decided by enough of the right people, for just this content, and their signatures hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta, Struct

from agenticops.core import approval, gate, roles
from agenticops.core.case import Case
from agenticops.model.approval import Approval, Given
from agenticops.model.finding import Finding
from agenticops.model.layout import SIGNERS

# Clocks of honest machines differ by this much.
SKEW = timedelta(minutes=5)
SAID = {"rejected": "rejected it", "requires_revision": "wants a revision"}


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """Who decides, how many of them, and what of theirs counts. Unsigned decisions count only with `signed: false`."""

    role: str = ""
    count: Annotated[int, Meta(ge=1)] = 1
    min_score: Annotated[float, Meta(ge=0, le=10)] = 0
    signed: bool = True
    owner_may: bool = False
    expires_days: Annotated[float, Meta(gt=0)] | None = None
    by: tuple[str, ...] = ()


def check(case: Case) -> Iterator[Finding]:
    """Judge the review of the gate that this call stands in."""
    return _Judging(case).findings()


class _Judging:
    """One judging: the case, the record, the digest of what is judged now, and the base's roles and signers."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.asked: Parameters = case.asked
        self.digest = gate.digest(case.after, case.ticket)
        events = case.after.log.of_subject(approval.subject(case.ticket.id, case.gate.name))
        self.record: Approval = approval.record(case.ticket.id, case.gate.name, events)
        self.owners = approval.owners(case.after.log.of_ticket(case.ticket.id), case.ticket.operator)
        self.pipeline = case.judge.pipeline
        self.signers = case.judge.tree.read(SIGNERS) or b""
        self.decisions = approval.latest(self.record.given, self.asked.role)
        # Evidence that has to be attested is signed, whatever the call says.
        self.signed = self.asked.signed or case.level == "attested"

    def findings(self) -> Iterator[Finding]:
        """Give what contradicts itself, what was refused, and what is still missing."""
        yield from (self._finding("VT440", p) for p in self.record.problems)
        refused = [d for d in self.decisions if self._refuses(d)]
        yield from (self._refusal(d) for d in refused if d.statement.digest == self.digest)
        approved = [d for d in self.decisions if d.statement.decision == "approved"]
        wrong = {d.event: found for d in approved if (found := self._wrong(d)) is not None}
        valid = [d for d in approved if d.event not in wrong]
        if len(valid) < self.asked.count:
            yield from wrong.values()
            old = [d for d in refused if d.statement.digest != self.digest]
            yield from (self._refusal(d) for d in old)
            if len(valid) + len(wrong) + len(refused) < self.asked.count:
                yield self._missing(len(valid))
        escalation = self.record.escalation
        if escalation is not None and valid and not any(approval.answers(escalation, d) for d in valid):
            before = ", ".join(escalation.to) or "a person"
            yield self._finding("VT430", f"the review was put before {before}, who has not approved")

    def _refuses(self, given: Given) -> bool:
        return given.statement.decision != "approved" and not self._not_entitled(given, not self._unproven(given))

    def _wrong(self, given: Given) -> Finding | None:
        """Say why an approval does not count, or None."""
        said = given.statement
        name = f"{said.signer}'s approval"
        if said.digest != self.digest:
            changed = f"{said.digest[:8]} → {self.digest[:8]}"
            return self._finding("VT431", f"{name} is of other content ({changed})")
        if self.signed and not given.signature:
            return self._finding("VT434", f"{name} is not signed")
        unproven = self._unproven(given) if given.signature else ""
        if unproven:
            return self._finding("VT435", f"{name}: {unproven}")
        reasons = (
            ("VT441", self._early(said.at)),
            ("VT432", self._late(said.at)),
            ("VT436", self._not_entitled(given, bool(given.signature))),
            ("VT433", self._owner(given)),
            ("VT438", f"scores {said.score:g}, and {self.asked.min_score:g} is wanted" * self._low(said.score)),
        )
        return next((self._finding(code, f"{name}: {reason}") for code, reason in reasons if reason), None)

    def _unproven(self, given: Given) -> str:
        return self.case.verify(given.payload.encode(), given.signature, given.statement.signer, self.signers)

    def _early(self, at: str) -> str:
        now = self.case.now
        return f"given at {at}, which is not yet" if now and _time(at) > _time(now) + SKEW else ""

    def _late(self, at: str) -> str:
        days, now = self.asked.expires_days, self.case.now
        if days is None or (now and _time(now) <= _time(at) + timedelta(days=days)):
            return ""
        return f"given at {at}, and it counts for {days:g} days"

    def _not_entitled(self, given: Given, proven: bool) -> str:
        """Say which role the reviewer lacks, by the roles of the base; a key counts once its signature was verified."""
        asked, ticket = self.asked, self.case.ticket
        who = approval.who_gave(given) if proven else roles.Who(given.operator, given.agent)
        if asked.by and not any(roles.matches(m, who) for m in asked.by):
            return f"the gate wants it by {', '.join(asked.by)}"
        if asked.role:
            if given.statement.role != asked.role:
                return f"given as {given.statement.role or 'nobody in particular'}, not as {asked.role}"
            missing = roles.lacks(self.pipeline, who, asked.role, ticket.phase)
            if missing:
                return missing
        return roles.allowed(self.pipeline, who, "approve", ticket.phase)

    def _owner(self, given: Given) -> str:
        mine = {given.statement.signer, roles.mail(given.operator)} & self.owners
        return "the reviewer is the owner of the work" if mine and not self.asked.owner_may else ""

    def _low(self, score: float) -> bool:
        return score < self.asked.min_score

    def _refusal(self, given: Given) -> Finding:
        said = given.statement
        words = "; ".join([said.reason, *said.suggestions])
        changed = "" if said.digest == self.digest else " (of earlier content)"
        return self._finding("VT437", f"{said.signer} {SAID[said.decision]}{changed}: {words}")

    def _missing(self, valid: int) -> Finding:
        role = f" by the role {self.asked.role}" if self.asked.role else ""
        return self._finding("VT430", f"wants {self.asked.count} approval(s){role}, has {valid}")

    def _finding(self, code: str, message: str) -> Finding:
        name = self.case.gate.name
        hint = f'agenticops approve {self.case.ticket.id} --gate {name} --score 0..10 --reason "…"'
        if code == "VT440":
            hint = f"agenticops log --ticket {self.case.ticket.id} shows the events; take the forged one back with git"
        return Finding(code, f"gate {name}: {message}", self.case.ticket.path, hint=hint)


def _time(at: str) -> datetime:
    return datetime.fromisoformat(at)
