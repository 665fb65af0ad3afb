"""Evidence: what the log says that a command proved, for which content, and how far to believe it. ADR 0019."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from agenticops.core import covers, fold
from agenticops.core.case import Case
from agenticops.core.train import Train
from agenticops.model.event import Event
from agenticops.model.layout import SIGNERS
from agenticops.model.pipeline import LEVELS, CheckCall

COMMAND = "command"
RUN, ATTESTED = "evidence_recorded", "evidence_attested"
# Two clocks may differ by this much; what is further ahead is not from now.
SKEW = timedelta(minutes=5)


# How a command ends that is not let finish.
ENDED = {"timeout": "did not end in time", "flood": "printed without end"}
LONGEST = 86_400


class Command(Struct, frozen=True, forbid_unknown_fields=True):
    """What a gate says of a command. Without one, only an attestation can prove the check."""

    command: tuple[str, ...] = ()
    version: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    seconds: Annotated[float, Meta(gt=0, le=LONGEST)] = 600
    report: str | tuple[str, ...] = ()

    @property
    def reports(self) -> tuple[str, ...]:
        """The reports that the command writes."""
        return (self.report,) * bool(self.report) if isinstance(self.report, str) else self.report


def command(call: CheckCall) -> Command:
    """Read a gate's call; of one that cannot be meant, nothing. What is wrong is told where that call is judged."""
    try:
        return msgspec.convert(call.parameters, Command, strict=False) if call.check == COMMAND else Command()
    except msgspec.ValidationError:
        return Command()


def of(events: Iterable[Event], gate: str, check: str) -> list[Event]:
    """Give the runs and the attestations of one check of a gate, in order."""
    return [e for e in every(events) if e.data.get("gate") == gate and e.data.get("check") == check]


def every(events: Iterable[Event]) -> list[Event]:
    """Give all runs and attestations, in order."""
    return [e for e in fold.live(events) if e.kind in (RUN, ATTESTED)]


def covered(train: Train, item: str, asked: Command) -> list[str]:
    """List the files that a proof is about: what it covers and what it runs, without the reports that it writes."""
    patterns = (*asked.covers, *(f"!{r}" for r in asked.reports))
    return covers.paths(train.tree, patterns, item, (*asked.command, *asked.files))


def outcome(event: Event) -> str:
    """Say how a run ended: `passed`, `failed`, `timeout` or `flood`; what is attested has passed."""
    return "passed" if event.kind == ATTESTED else str(event.data.get("outcome"))


def fresh(events: Sequence[Event], tree: str, argv: Sequence[str]) -> list[Event]:
    """Give what is about this very content and, for a run, these very words."""
    return [e for e in events if e.data.get("tree") == tree and (e.kind == ATTESTED or _words(e) == list(argv))]


def why_stale(event: Event, argv: Sequence[str]) -> str:
    """Say why a run is not about what is there now."""
    changed = event.data.get("changed")
    if event.kind == RUN and _words(event) != list(argv):
        return "the command is another one now"
    if isinstance(changed, list) and changed:
        return f"it changed while it ran: {', '.join(map(str, changed))}"
    return "what it covers has changed since"


def rank(event: Event) -> int:
    """Give the place of a run's level among LEVELS; an agent's word counts as recorded, whatever it says."""
    if event.data.get("by") != "agent" and event.data.get("level") == "verified":
        return LEVELS.index("verified")
    return LEVELS.index("recorded")


def carries(tick: Event | None, check: str, events: Iterable[Event]) -> bool:
    """Tell whether a bullet's tick rests on a run of its check that passed before."""
    if tick is None or tick.kind != "bullet_ticked":
        return False
    gate, tree = tick.data.get("gate"), tick.data.get("tree")
    runs = of(events, str(gate), check)
    return any(e.data.get("tree") == tree and outcome(e) == "passed" and e.order < tick.order for e in runs)


def from_the_future(event: Event, now: str) -> bool:
    """Tell whether an event's time is ahead of the time of judging, or is no time at all."""
    if not now:
        return False
    try:
        return datetime.fromisoformat(event.at) > datetime.fromisoformat(now) + SKEW
    except (ValueError, TypeError):
        return True


def payload(ticket: str, gate: str, check: str, tree: str, reason: str, signer: str, nonce: str) -> str:
    """Write down what an attestation signs, the same for the same values."""
    about = {"ticket": ticket, "gate": gate, "check": check, "tree": tree}
    said = {"attests": "evidence", **about, "reason": reason, "signer": signer, "nonce": nonce}
    return json.dumps(said, sort_keys=True, ensure_ascii=True, separators=(",", ":"))


def forged(case: Case, event: Event) -> str:
    """Say why an attestation does not hold, or ""."""
    text, signature, signer = (str(event.data.get(k, "")) for k in ("payload", "signature", "signer"))
    try:
        said = json.loads(text)
    except ValueError:
        said = None
    if not isinstance(said, dict) or said.get("attests") != "evidence":
        return "what was signed is no attestation"
    told = {**event.data, "ticket": event.ticket}
    for name in ("ticket", "gate", "check", "tree", "reason", "signer"):
        if said.get(name) != told.get(name):
            return f"the event says another {name} than what was signed"
    signers = case.judge.tree.read(SIGNERS)
    if signers is None:
        return f"there is no {SIGNERS} that says whose key counts"
    return case.verify(text.encode(), signature, signer, signers)


def _words(event: Event) -> list[str]:
    argv = event.data.get("argv")
    return [str(w) for w in argv] if isinstance(argv, list) else []
