"""Assigning: which provider's model works a task of a complexity, why that one, and why not the others. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from agenticops.core.drive.settings import Model, Settings, providers
from agenticops.model.drive import Assignment, AssignmentReason, AssignmentStatus
from agenticops.model.paper import Decision
from agenticops.model.ticket import Ticket

USUAL = 5
HIGHEST = 10
# From here on a task is called complex.
HIGH = 8
BEST = 10.0
LEAST = 1.0
AGENT_ERROR = "agent_error"
# What a decision is about on which runs rest; the others judge, or call for a person.
DECIDES = ("task_assignment", "resource_allocation", "model_assignment")
Refused = Callable[[str, Model], str]


class Passed(Struct, frozen=True):
    """A model that was not taken, and why."""

    provider: str
    model: str
    why: str


class Choice(Struct, frozen=True):
    """The model that is taken, for which complexity, and why it."""

    provider: str
    model: Model
    reason: AssignmentReason
    complexity: int


class _Candidate(Struct, frozen=True):
    provider: str
    model: Model
    # Its place among all: as the providers are preferred, and as they name their models.
    place: int
    fits: bool
    # Whether, at this bullet, another model of its provider failed with an error (1), or this very one (2).
    trouble: int

    @property
    def rank(self) -> tuple[bool, float, int]:
        """Cheapest first of those that fit; of those that do not, the most capable first."""
        return (not self.fits, self.model.money if self.fits else -self.model.complexity, self.place)


def complexity(settings: Settings, phase: str, tried: Sequence[Assignment]) -> int:
    """Assess a task, 1 to 10: as the settings say of its phase, and one more for each run that failed at it."""
    failed = sum(run.assignment_status == "failed" for run in tried)
    return min(HIGHEST, settings.complexity.get(phase, USUAL) + failed)


def choose(
    settings: Settings,
    wanted: int,
    absent: Mapping[str, str],
    tried: Sequence[Assignment],
    refused: Refused,
) -> tuple[Choice | None, tuple[Passed, ...]]:
    """Take the cheapest model that is good for the complexity, and say of each other why it was passed over.

    `absent` says of providers why they cannot run here; `refused` says why a budget does not allow a model, or "".
    Where none is good enough, the most capable counts as such. One that failed with an error comes last, not never.
    """
    known = _candidates(settings, wanted, tried)
    why = {c.place: absent.get(c.provider, "") or refused(c.provider, c.model) for c in known}
    ready = sorted((c for c in known if not why[c.place]), key=lambda c: (c.trouble, *c.rank))
    if not ready:
        return None, tuple(Passed(c.provider, c.model.name, why[c.place]) for c in known)
    taken = ready[0]
    reason = _reason(taken, known, ready, wanted)
    passed = tuple(
        Passed(c.provider, c.model.name, why[c.place] or _why(c, taken, wanted)) for c in known if c is not taken
    )
    return Choice(taken.provider, taken.model, reason, wanted), passed


def _candidates(settings: Settings, wanted: int, tried: Sequence[Assignment]) -> list[_Candidate]:
    named = list(_named(settings))
    enough = min(wanted, max(model.complexity for _, model in named))
    erred = [run for run in tried if run.outcome.partition(":")[0] == AGENT_ERROR]
    ones = {(run.provider_name, run.model_name) for run in erred}
    whole = {run.provider_name for run in erred}
    return [
        _Candidate(
            name, model, place, model.complexity >= enough, 2 if (name, model.name) in ones else int(name in whole)
        )
        for place, (name, model) in enumerate(named)
    ]


def _named(settings: Settings) -> Iterator[tuple[str, Model]]:
    """Give the models of the providers in use; a program that names none is one by itself, good for everything."""
    for name, provider in providers(settings).items():
        for model in provider.models or (Model(name),):
            yield name, model


def _reason(
    taken: _Candidate, known: Sequence[_Candidate], ready: Sequence[_Candidate], wanted: int
) -> AssignmentReason:
    if taken is not min(known, key=lambda c: c.rank):
        return "fallback"
    if any(c.fits and c.model.money > taken.model.money for c in ready):
        return "cost_optimization"
    only = sum(c.fits for c in known) == 1
    return "complexity_high" if wanted >= HIGH and only else "provider_preference"


def _why(other: _Candidate, taken: _Candidate, wanted: int) -> str:
    """Say why one that could have run was not taken."""
    if other.trouble > taken.trouble:
        return "it failed with an error at this bullet"
    if not other.fits:
        return f"it is for tasks up to {other.model.complexity}, this one is {wanted}"
    if other.model.money > taken.model.money:
        return f"it is dearer: {other.model.money:g} instead of {taken.model.money:g}"
    return f"{taken.provider} {taken.model.name} comes before it"


def decided(decisions: Iterable[Decision], ticket: Ticket, execution: str) -> str:
    """Name the newest decision on which a ticket's runs rest, by its `decision_id`; "" without one.

    It is taken (it has an outcome), about tasks, resources or models, and names the ticket, its item or its execution,
    or gives one of these to the ticket's agent.
    """
    names = {ticket.id, ticket.item}
    found = [
        one.decision_id
        for one in decisions
        if one.decision_type in DECIDES
        and one.outcome.strip()
        and (
            names & {*one.tickets, *one.items}
            or (execution and execution in one.executions)
            or one.agent_assignments.get(ticket.agent) in names
        )
    ]
    return max(found, default="")  # made of ULIDs: they go up with time


def score(run: Assignment, status: AssignmentStatus, money: float, milliseconds: int) -> float:
    """Rate a run, 0 to 10. What did not lead to its end gets 0; a success at the first try, within its estimate, 10.

    Two points go for each try before it, up to three for money beyond the estimate (all of them at twice as much), and
    one for more than twice the time that was thought.
    """
    if status != "completed":
        return 0.0
    beyond = max(0.0, money / run.estimated_cost - 1) if run.estimated_cost else 0.0
    late = bool(run.estimated_time) and milliseconds > 2 * run.estimated_time
    return round(max(LEAST, BEST - 2 * (run.attempt - 1) - 3 * min(1.0, beyond) - late), 1)
