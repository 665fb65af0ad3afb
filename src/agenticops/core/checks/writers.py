"""A session has one writer: two sides of a merge do not both change it."""

from __future__ import annotations

from collections.abc import Iterator

from agenticops.core.span import Span, ticket_of
from agenticops.model.finding import Finding
from agenticops.model.layout import ROOT_SESSION


def check(span: Span) -> Iterator[Finding]:
    """Judge the sessions that differ from one of the trees before."""
    for path in sorted(span.paths):
        ticket = ticket_of(path)
        if (path == ROOT_SESSION or (ticket and path == f"tickets/{ticket}/ACTIVE_SESSION.md")) and span.writers(path):
            hint = "one side works on a branch of its own: git switch -c phase/TICKET, then agenticops begin"
            yield Finding("VT805", "both sides changed the session since they parted", path, hint=hint)
