"""Paying for runs: a model is chosen, and its estimate reserved under the lock, before an agent starts. ADR 0036."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from agenticops.core import executables, papers
from agenticops.core.drive import assign, budget, progress
from agenticops.core.drive.assign import Choice, Passed
from agenticops.core.drive.budget import Amounts, Standing
from agenticops.core.drive.settings import PATH, Model, Settings, providers
from agenticops.errors import StateError, TrainError
from agenticops.model.drive import ASSIGNMENT, Assignment, AssignmentStatus, Usage
from agenticops.model.event import Draft
from agenticops.model.ids import ulid
from agenticops.model.paper import SHELVES
from agenticops.model.ticket import Ticket
from agenticops.ports import process
from agenticops.store.runs import Runs
from agenticops.store.transaction import Transaction
from agenticops.workspace import Workspace

KINDS = (progress.ASSIGNED, progress.ACTIVE, progress.ENDED)
SUBJECT = "assignment/"
# So many of a model's last runs say how long the next one will take.
LAST = 20
# The budget of each ticket, as the settings call it.
TICKET = "budgets.ticket"


class BudgetRefused(TrainError):
    """No model's run fits into the budgets. `ticket` tells whether it is the ticket's own that stands in the way."""

    ticket = False


class NoProgram(TrainError):
    """Of the providers in use, none has a program on this machine."""


def known(workspace: Workspace) -> list[Assignment]:
    """Give the runs that this clone knows of, oldest first: of all its desks, and what others' branches brought."""
    found = {run.assignment_id: run for run in progress.assignments(_events(workspace))}
    for name, run in _runs(workspace).read().items():
        logged = found.get(name)
        # A desk's log may be ahead of the ledger where the line of its end was torn.
        if logged is None or _stage(run) >= _stage(logged):
            found[name] = run
    return [found[name] for name in sorted(found)]


def over(workspace: Workspace, name: str) -> bool:
    """Tell whether the ledger has the end of a run: then what it left was looked at."""
    run = _runs(workspace).read().get(name)
    return run is not None and run.over


def _events(workspace: Workspace) -> list[Any]:
    # By subject there is an index, by kind there is none.
    marks = ",".join("?" * len(KINDS))
    where = f"subject >= '{SUBJECT}' AND subject < 'assignment0' AND kind IN ({marks})"
    return workspace.log.select(where, KINDS)


def _runs(workspace: Workspace) -> Runs:
    return Runs(os.path.join(workspace.git.common_dir, "agenticops"))


def _stage(run: Assignment) -> int:
    return 2 if run.over else int(run.assignment_status == "active")


def decision(here: Workspace, ticket: Ticket, execution: str) -> str:
    """Name the decision on which a ticket's runs rest, as its desk or the default branch has it; "" without one."""
    folder = SHELVES["decision"].folder
    found = papers.shelved(here.tree, "decision")[0]
    trunk = f"refs/heads/{here.train.pipeline.default_branch}"
    # Alerts are told there while the ticket is worked. Most repositories have no decisions: then git is asked no more.
    if here.git.run("ls-tree", "--name-only", trunk, f"{folder}/", check=False).stdout:
        found += papers.shelved(here.train_at(trunk).tree, "decision")[0]
    return assign.decided(found, ticket, execution)


def reserve(
    workspace: Workspace,
    settings: Settings,
    ticket: Ticket,
    bullet: str,
    attempt: int,
    tried: Sequence[Assignment],
    decision_id: str = "",
    execution_id: str = "",
) -> Assignment:
    """Choose a model for a bullet, reserve what its run is thought to cost, and note that it begins.

    To be called before the agent is started; `tried` are the bullet's runs before this one.
    Raises BudgetRefused when no model's run fits into the budgets, NoProgram when none can run here.
    """
    wanted = assign.complexity(settings, ticket.phase, tried)
    absent = _absent(workspace, settings)
    with workspace.transaction("drive reserve") as tx:
        before, now = known(workspace), workspace.now
        choice, passed = _chosen(settings, before, (ticket.id, ticket.phase), now, wanted, absent, tried)
        run = _assigned(workspace, choice, ticket, bullet, attempt, _estimate(settings, before, *_named(choice)))
        run = msgspec.structs.replace(run, created_at=now, decision_id=decision_id, execution_id=execution_id)
        data = {**msgspec.to_builtins(run), **({"passed": msgspec.to_builtins(passed)} if passed else {})}
        tx.append(_draft(progress.ASSIGNED, run, data))
        run = _moved(run, "active")
        tx.append(_draft(progress.ACTIVE, run, {"assignment_status": run.assignment_status}))
        # The line comes when the event is on the disk, and the lock is ours until both are.
        tx.flush()
        _runs(workspace).append(run)
    return run


def planned(workspace: Workspace, settings: Settings, ticket: str, phase: str) -> Choice:
    """Choose a model as `reserve` would for a first run, and write nothing. Raises what `reserve` raises."""
    wanted, absent = assign.complexity(settings, phase, ()), _absent(workspace, settings)
    return _chosen(settings, known(workspace), (ticket, phase), workspace.now, wanted, absent, ())[0]


def _chosen(
    settings: Settings,
    before: Sequence[Assignment],
    work: tuple[str, str],
    now: str,
    wanted: int,
    absent: Mapping[str, str],
    tried: Sequence[Assignment],
) -> tuple[Choice, tuple[Passed, ...]]:
    """Choose a model for a ticket of a phase (`work`); `before` are the runs that count for the budgets."""
    refused: list[tuple[Standing, float]] = []

    def fits(provider: str, model: Model) -> str:
        asked = _estimate(settings, before, provider, model)
        found = budget.exceeded(settings.budgets, before, *work, model.name, now, asked)
        if found is None:
            return ""
        refused.append((found, asked.of(found.unit)))
        return budget.sentence(*refused[-1])

    choice, passed = assign.choose(settings, wanted, absent, tried, fits)
    if choice is None:
        raise _nothing(refused, passed)
    return choice, passed


def _absent(workspace: Workspace, settings: Settings) -> dict[str, str]:
    """Say which providers cannot run here, since their program is not there."""
    found = {}
    for name, provider in providers(settings).items():
        try:
            there = os.access(process.program(provider.command[0], workspace.root), os.X_OK)
        except TrainError:
            there = False
        if not there:
            found[name] = f"its program {provider.command[0]} cannot be run here"
    return found


def _estimate(settings: Settings, before: Sequence[Assignment], provider: str, model: Model) -> Amounts:
    """Say what a run will use: money and tokens as the settings have it, time as the last runs took.

    A model that has not run here is thought to take as long as the others; before the first run nobody knows.
    """
    ended = [run for run in before if run.over and run.processing_time]
    own = [run for run in ended if (run.provider_name, run.model_name) == (provider, model.name)]
    last = [run.processing_time for run in own or ended][-LAST:]
    seconds = min(sum(last) / len(last) / 1000, settings.seconds) if last else 0.0
    return Amounts(model.money, model.tokens, seconds / 60, 1)


def _named(choice: Choice) -> tuple[str, Model]:
    return choice.provider, choice.model


def _nothing(refused: Sequence[tuple[Standing, float]], passed: Sequence[Passed]) -> TrainError:
    """Say why no model is taken: the first budget that stands in the way, or that nothing is installed."""
    if refused:
        standing, asked = refused[0]
        hint = f"raise {standing.field}.{standing.unit} in {PATH}; agenticops cost report shows what was spent"
        refusal = BudgetRefused(budget.sentence(standing, asked), place=PATH, hint=hint)
        refusal.ticket = all(one.field == TICKET for one, _ in refused)
        return refusal
    why = "; ".join(dict.fromkeys(f"{one.provider}: {one.why}" for one in passed))
    return NoProgram(f"no agent can run here: {why}", place=PATH, hint="install it, or name another under prefer:")


def _assigned(
    workspace: Workspace, choice: Choice, ticket: Ticket, bullet: str, attempt: int, estimate: Amounts
) -> Assignment:
    return Assignment(
        assignment_id=ulid(workspace.clock.milliseconds(), workspace.clock.entropy(10)),
        agent_id=ticket.agent,
        task_id=ticket.id,
        provider_name=choice.provider,
        model_name=choice.model.name,
        assignment_reason=choice.reason,
        task_complexity=choice.complexity,
        estimated_cost=estimate.money,
        estimated_tokens=estimate.tokens,
        estimated_time=round(estimate.minutes * 60_000),
        bullet=bullet,
        attempt=attempt,
        phase=ticket.phase,
        item=ticket.item,
    )


def ended(
    tx: Transaction,
    workspace: Workspace,
    assignment: Assignment,
    status: AssignmentStatus,
    usage: Usage,
    milliseconds: int,
    outcome: str,
    score: float | None = None,
) -> Assignment:
    """Note how a run ended, in a transaction that does more; its ledger line is on the disk at once.

    It costs what the agent says, and its estimate when the agent does not say. One that was cancelled costs at least
    its estimate, and what an earlier line says: the transaction that was to tell its end may have been lost. Without a
    score it is rated by `assign.score`. Raises StateError for a run that has ended.
    """
    run = _moved(assignment, status)
    runs = _runs(workspace)
    cost = run.estimated_cost if usage.money is None else max(usage.money, 0.0)
    taken, tokens = max(milliseconds, 0), max(usage.tokens, 0)
    if status == "cancelled":
        line = runs.read().get(run.assignment_id, run)
        cost = max(cost, run.estimated_cost, line.money)
        taken, tokens = max(taken, line.processing_time), max(tokens, line.tokens_used)
    rated = assign.score(run, status, cost, taken) if score is None else score
    run = msgspec.structs.replace(
        run,
        actual_cost=cost,
        performance_score=min(max(rated, 0.0), assign.BEST),
        processing_time=taken,
        tokens_used=tokens,
        completed_at=workspace.now,
        outcome=outcome,
    )
    tx.append(_end(run))
    runs.append(run)
    return run


def place(provider: str) -> str:
    """Name the place by which a provider of the repository is trusted."""
    return executables.provider_place(provider)


def _moved(run: Assignment, status: AssignmentStatus) -> Assignment:
    if not ASSIGNMENT.allows(run.assignment_status, status):
        message = f"run {run.assignment_id} is {run.assignment_status}; it cannot become {status}"
        raise StateError(message, place=f"tickets/{run.task_id}", hint="agenticops cost runs")
    return msgspec.structs.replace(run, assignment_status=status)


def _end(run: Assignment) -> Draft:
    fields = ("assignment_status", "actual_cost", "performance_score", "processing_time", "tokens_used")
    said = (*fields, "completed_at", "outcome")
    return _draft(progress.ENDED, run, {name: getattr(run, name) for name in said})


def _draft(kind: str, run: Assignment, data: dict[str, Any]) -> Draft:
    return Draft(kind, f"{SUBJECT}{run.assignment_id}", run.task_id, run.item, data)
