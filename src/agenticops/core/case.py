"""The case: what a check is handed. Before and after are trains, so a check compares trees wherever they come from."""

from __future__ import annotations

from typing import Any

from agenticops.core.train import Train
from agenticops.model.ticket import Ticket


class Case:
    """One ticket in the train `after`, with the train `before` when there is one, and the time of judging."""

    def __init__(
        self,
        after: Train,
        ticket: Ticket,
        *,
        before: Train | None = None,
        parameters: dict[str, Any] | None = None,
        now: str = "",
    ) -> None:
        self.after = after
        self.before = before
        self.ticket = ticket
        self.parameters = parameters or {}
        self.now = now

    def using(self, parameters: dict[str, Any]) -> Case:
        """Give the same case with a check's own parameters."""
        return Case(self.after, self.ticket, before=self.before, parameters=parameters, now=self.now)
