"""Costs: what the runs of agents cost here, and how far budgets are used up."""

from __future__ import annotations

from msgspec import Struct

from agenticops.core import costs
from agenticops.core.costs import By, Row
from agenticops.core.drive import budget, settings
from agenticops.core.drive.budget import Standing
from agenticops.flows import history
from agenticops.flows.drive import ledger
from agenticops.model import ids
from agenticops.model.drive import Assignment
from agenticops.workspace import Workspace


class Report(Struct, frozen=True):
    """Sums of runs since a time ("": all), and the budgets as they are now, the fullest first."""

    by: By
    since: str
    rows: tuple[Row, ...]
    total: Row
    budgets: tuple[Standing, ...]


def report(workspace: Workspace, by: By, since: str = "") -> Report:
    """Sum up what runs cost. Raises UsageError for a time that is none, StateError for settings that cannot be read."""
    _ = workspace.train.pipeline  # tell "no runs" from "no train here"
    known = ledger.known(workspace)
    chosen = _since(workspace, known, since)
    budgets = settings.read(workspace.tree.read(settings.PATH)).budgets
    standings = sorted(budget.standings(budgets, known, workspace.now), key=lambda s: -s.share)
    return Report(by, since, tuple(costs.rows(chosen, by)), costs.total(chosen), tuple(standings))


def runs(workspace: Workspace, ticket: str = "", since: str = "", limit: int = 0) -> list[Assignment]:
    """List the runs, oldest first; with a limit, the last ones."""
    _ = workspace.train.pipeline
    known = ledger.known(workspace)
    # A ticket that is worked on a desk may not be known on this branch yet.
    tickets = sorted({*workspace.train.ticket_ids(), *(run.task_id for run in known)})
    name = ids.resolve(ticket, tickets, "ticket") if ticket else ""
    found = [run for run in _since(workspace, known, since) if name in ("", run.task_id)]
    return found[-limit:] if limit else found


def _since(workspace: Workspace, known: list[Assignment], since: str) -> list[Assignment]:
    start = history.moment(since, workspace.clock.milliseconds()) if since else ""
    return [run for run in known if run.created_at >= start]
