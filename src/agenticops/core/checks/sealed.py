"""The folder of a closed ticket does not change, whatever its files say afterwards; artifacts are another matter."""

from __future__ import annotations

from collections.abc import Iterator

from agenticops.core.span import Span, ticket_of
from agenticops.core.train import Train
from agenticops.errors import StateError
from agenticops.model.finding import Finding
from agenticops.model.ticket import CLOSED


def check(span: Span) -> Iterator[Finding]:
    """Find paths that are as in none of the trees in which their ticket was closed."""
    for path in sorted(span.paths):
        ticket = ticket_of(path)
        if not ticket or path.startswith(f"tickets/{ticket}/artifacts/"):
            continue
        closed = [s for s in span.sides if _closed(s.train, ticket)]
        if closed and all(path in s.changes for s in closed):
            what = "changed" if span.paths[path] else "is gone"
            hint = f"git restore --source {closed[0].name} -- {path}; open a new visit for more work"
            yield Finding("VT310", f"{what} after the ticket was closed", path, hint=hint)


def _closed(train: Train, ticket: str) -> bool:
    try:
        return train.has_ticket(ticket) and train.ticket(ticket).status in CLOSED
    except StateError:
        return train.status_chain(ticket).state in CLOSED
