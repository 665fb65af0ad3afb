"""Budgets: what runs have spent and reserved, and whether one more fits. Pure: the flow that asks holds the lock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from agenticops.core.drive.settings import Budget, Budgets
from agenticops.model.drive import Assignment

Unit = Literal["money", "tokens", "minutes", "runs"]
Level = Literal["fine", "warning", "over"]
UNITS: tuple[Unit, ...] = ("money", "tokens", "minutes", "runs")
OTHERS = "*"
WARNING = 0.8
# Sums of decimal fractions are not exact: ten times 0.1 is within a budget of 1.
GRAIN = 1e-9
_MINUTE = 60_000


class Amounts(Struct, frozen=True):
    """What runs use, in the units of budgets."""

    money: float = 0.0
    tokens: int = 0
    minutes: float = 0.0
    runs: int = 0

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(
            self.money + other.money,
            self.tokens + other.tokens,
            self.minutes + other.minutes,
            self.runs + other.runs,
        )

    def of(self, unit: Unit) -> float:
        """Give the amount in one unit."""
        return {"money": self.money, "tokens": self.tokens, "minutes": self.minutes, "runs": self.runs}[unit]


class Scope(Struct, frozen=True):
    """What one budget is about; `field` is where the settings say it."""

    noun: Literal["ticket", "day", "phase", "model"]
    name: str
    budget: Budget
    field: str

    @property
    def title(self) -> str:
        """Name it for people."""
        per = "" if self.noun == "day" or self.budget.per == "ever" else f" (per {self.budget.per})"
        return f"{self.noun} {self.name}{per}"

    def covers(self, run: Assignment, now: str) -> bool:
        """Tell whether a run counts here; it counts for the day (UTC) on which it was reserved."""
        if self.noun == "day":
            return run.created_at.startswith(self.name)
        mine = {"ticket": run.task_id, "phase": run.phase, "model": run.model_name}[self.noun]
        span = {"ever": 0, "month": 7, "day": 10}[self.budget.per]
        return mine == self.name and run.created_at.startswith(now[:span])


class Spent(Struct, frozen=True):
    """What ended runs used, and what the others reserve: a run that was cut off counts with its estimate."""

    used: Amounts = Amounts()
    reserved: Amounts = Amounts()


class Standing(Struct, frozen=True):
    """How far one limit is used up. `share` is of 1; a limit of 0 is always used up."""

    scope: str
    field: str
    unit: Unit
    used: float
    reserved: float
    limit: float

    @property
    def share(self) -> float:
        """The part of the limit that is spent or reserved."""
        return (self.used + self.reserved) / self.limit if self.limit else 1.0

    @property
    def level(self) -> Level:
        """Whether there is reason to look: from four fifths on it is a warning."""
        if self.used + self.reserved > self.limit + GRAIN:
            return "over"
        return "warning" if self.share >= WARNING - GRAIN else "fine"

    def allows(self, asked: float) -> bool:
        """Tell whether as much more fits; once the limit is reached nothing does, whatever it is thought to cost."""
        total = self.used + self.reserved
        return total < self.limit - GRAIN and total + asked <= self.limit + GRAIN


def amounts(run: Assignment) -> Amounts:
    """Give what a run used, or is thought to use while it has not ended."""
    taken = run.processing_time if run.over else max(run.estimated_time, run.processing_time)
    return Amounts(run.money, run.tokens, taken / _MINUTE, 1)


def spent(assignments: Iterable[Assignment], scope: Scope, now: str) -> Spent:
    """Sum up what counts for a scope. `now` is a time as events write it."""
    used, reserved = Amounts(), Amounts()
    for run in assignments:
        if scope.covers(run, now):
            if run.over:
                used += amounts(run)
            else:
                reserved += amounts(run)
    return Spent(used, reserved)


def scopes(budgets: Budgets, ticket: str, phase: str, model: str, now: str) -> Iterator[Scope]:
    """Give the budgets that a run of a model for a ticket has to fit into."""
    yield Scope("ticket", ticket, budgets.ticket, "budgets.ticket")
    yield Scope("day", now[:10], budgets.day, "budgets.day")
    yield from _named("phase", phase, budgets.phases)
    yield from _named("model", model, budgets.models)


def _named(noun: Literal["phase", "model"], name: str, table: dict[str, Budget]) -> Iterator[Scope]:
    key = name if name in table else OTHERS
    if key in table:
        yield Scope(noun, name, table[key], f"budgets.{noun}s.{key}")


def exceeded(
    budgets: Budgets,
    assignments: Sequence[Assignment],
    ticket: str,
    phase: str,
    model: str,
    now: str,
    estimate: Amounts,
) -> Standing | None:
    """Find the first limit into which a run with this estimate does not fit."""
    for scope in scopes(budgets, ticket, phase, model, now):
        for standing in _standings(scope, assignments, now):
            if not standing.allows(estimate.of(standing.unit)):
                return standing
    return None


def refusal(
    budgets: Budgets,
    assignments: Sequence[Assignment],
    ticket: str,
    phase: str,
    model: str,
    now: str,
    estimate: Amounts,
) -> str:
    """Say which budget does not allow a run, how far it is used up, and what was asked; "" when all allow it."""
    found = exceeded(budgets, assignments, ticket, phase, model, now, estimate)
    return "" if found is None else sentence(found, estimate.of(found.unit))


def sentence(standing: Standing, asked: float) -> str:
    """Say why a limit does not allow as much more."""
    limit, used, reserved, more = (
        figure(n, standing.unit) for n in (standing.limit, standing.used, standing.reserved, asked)
    )
    return (
        f"the budget of {standing.scope} is {limit} {standing.unit}: "
        f"{used} spent, {reserved} reserved, {more} asked for"
    )


def figure(amount: float, unit: Unit) -> str:
    """Write an amount: money to the cent, and finer where it is less than one."""
    if unit == "money":
        return f"{amount:.2f}" if amount >= 0.01 or not amount else f"{amount:.4f}"
    return f"{amount:.1f}" if unit == "minutes" else f"{amount:.0f}"


def standings(budgets: Budgets, assignments: Sequence[Assignment], now: str) -> list[Standing]:
    """Say how far each limit is used up: of this day, of each ticket, phase and model that has runs or is named."""
    found = [Scope("day", now[:10], budgets.day, "budgets.day")]
    tickets = sorted({run.task_id for run in assignments})
    found += [Scope("ticket", name, budgets.ticket, "budgets.ticket") for name in tickets]
    for phase in sorted({run.phase for run in assignments} | budgets.phases.keys() - {OTHERS}):
        found += _named("phase", phase, budgets.phases)
    for model in sorted({run.model_name for run in assignments} | budgets.models.keys() - {OTHERS}):
        found += _named("model", model, budgets.models)
    return [standing for scope in found for standing in _standings(scope, assignments, now)]


def _standings(scope: Scope, assignments: Iterable[Assignment], now: str) -> Iterator[Standing]:
    limits = {unit: getattr(scope.budget, unit) for unit in UNITS}
    if all(limit is None for limit in limits.values()):
        return
    sums = spent(assignments, scope, now)
    for unit, limit in limits.items():
        if limit is not None:
            yield Standing(scope.title, scope.field, unit, sums.used.of(unit), sums.reserved.of(unit), float(limit))
