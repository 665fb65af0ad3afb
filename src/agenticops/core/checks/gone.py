"""What was opened stays where it is: no ticket folder, no file of one and no work item is moved or deleted."""

from __future__ import annotations

from collections.abc import Iterator

from agenticops.core.span import Side, Span, ticket_of
from agenticops.model.finding import Finding

OWN = ("checklist.md", "ACTIVE_SESSION.md")


def check(span: Span) -> Iterator[Finding]:
    """Compare with every tree before."""
    for side in span.sides:
        for path in sorted(p for p, c in side.changes.items() if c.old and not c.new):
            yield from _missed(span, side, path)


def _missed(span: Span, side: Side, path: str) -> Iterator[Finding]:
    ticket, back = ticket_of(path), f"bring it back: git restore --source {side.name} -- "
    file = path.rpartition("/")[2]
    if ticket and path == f"tickets/{ticket}/ticket.yml":
        folder = f"tickets/{ticket}"
        yield Finding("VT313", f"ticket {ticket} was moved or deleted", folder, hint=back + folder)
    elif ticket and file in OWN and path == f"tickets/{ticket}/{file}" and span.after.has_ticket(ticket):
        yield Finding("VT313", f"{file} of {ticket} was moved or deleted", path, hint=back + path)
    elif path.startswith("docs/work/") and path.endswith(".md"):
        item = file.removesuffix(".md")
        if side.train.log.of_subject(f"item/{item}"):
            yield Finding("VT309", f"work item {item} was moved or deleted", path, hint=back + path)
