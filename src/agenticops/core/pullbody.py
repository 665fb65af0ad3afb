"""The body of a pull request: what it is, what its gate says, what was done and proven, and the risks. A pure text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from agenticops.core import evidence, fold, sticky
from agenticops.core.risks import Standing
from agenticops.core.sticky import Progress, listed, plain
from agenticops.core.sync import body as bodies
from agenticops.model.event import Event
from agenticops.model.finding import Verdict
from agenticops.model.ticket import Ticket
from agenticops.model.work import WorkItem

# Of the item's text, its first words: the rest stands at the issue.
FIRST = 3


class Facts(Struct, frozen=True):
    """What there is to tell. `events` are the ticket's; `last` tells that the item is delivered when this is merged."""

    item: WorkItem
    ticket: Ticket
    verdict: Verdict
    progress: Progress
    events: Sequence[Event] = ()
    risks: Sequence[Standing] = ()
    last: bool = False


def title(facts: Facts) -> str:
    """Give the title: phase and item."""
    return f"{facts.ticket.phase}: {sticky.title(facts.item.title)}"


def write(facts: Facts, pages: Mapping[str, str]) -> str:
    """Write the body. It closes the item's issue only where the journey ends."""
    item, ticket, told = facts.item, facts.ticket, facts.progress
    issue = f"{'Closes' if facts.last else 'Part of'} #{item.issue}" if item.issue else f"Work item {plain(item.id)}"
    rows = [
        f"**{plain(item.title)}**",
        "",
        *_first(item),
        f"{issue} · ticket {plain(ticket.id)} · phase {plain(ticket.phase)} · agent {plain(ticket.agent)}",
        "",
        sticky.summary(facts.verdict, pages).rstrip(),
        *listed("Done", [f"{told.ticked} of {told.owed} bullets ticked", *_artifacts(facts.events)]),
        *listed("Evidence", _evidence(facts.events), "No command was run for this ticket, and nobody vouched."),
        *listed("Risks", _risks(facts.risks), "No risk is written down for this item."),
        "",
        sticky.marker(ticket.id),
        "",
    ]
    return sticky.bounded("\n".join(rows))


def _first(item: WorkItem) -> Iterable[str]:
    said = [row for row in bodies.of_document(item.body).splitlines() if row.strip() and not row.startswith("#")]
    return [row for words in said[:FIRST] for row in (plain(words), "")]


def _artifacts(events: Sequence[Event]) -> Iterable[str]:
    for name, event in fold.recorded(events).items():
        kept = " (kept)" if event.kind == "artifact_kept" else ""
        yield f"{plain(name)}: {plain(event.data.get('path', ''))}{kept}"


def _evidence(events: Sequence[Event]) -> Iterable[str]:
    """Tell the last run, or attestation, of each check of a gate."""
    latest = {(str(e.data.get("gate")), str(e.data.get("check"))): e for e in evidence.every(events)}
    for (gate, check), event in latest.items():
        by = "attested" if event.kind == evidence.ATTESTED else str(event.data.get("level", "recorded"))
        who = str(event.data.get("by") or event.actor.operator.partition(" <")[0])
        yield f"{plain(gate)} › {plain(check)}: {plain(evidence.outcome(event))}, {plain(by)} by {plain(who)}"


def _risks(risks: Iterable[Standing]) -> Iterable[str]:
    for one in risks:
        answers = ", ".join(f"{m.title} ({m.state.replace('_', ' ')})" for m in one.answers)
        state = "open" if one.open else one.risk.status
        cover = f"answered by {answers}" if answers else "nothing answers it"
        yield f"{plain(one.risk.title)}: {one.level}, {plain(state)}; {plain(cover)}"
