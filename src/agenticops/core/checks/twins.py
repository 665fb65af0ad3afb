"""An id is used once: no second folder for a ticket, no second work item under the id of another."""

from __future__ import annotations

from collections.abc import Iterator

from agenticops.core import yamltext
from agenticops.core.span import Span, ticket_of
from agenticops.errors import StateError
from agenticops.model.finding import Finding


def check(span: Span) -> Iterator[Finding]:
    """Find copies of a ticket among the changed paths, and works that were created twice."""
    for path, blob in span.paths.items():
        if blob and path.startswith("tickets/") and path.endswith("/ticket.yml"):
            name = _id(span, path)
            twin = name.casefold()
            folder = path.removesuffix("/ticket.yml")
            if folder != f"tickets/{twin}" and span.after.has_ticket(twin):
                hint = "delete the copy; more work is a new visit, which advance opens"
                yield Finding("VT804", f"two tickets are {name}: tickets/{twin} and {folder}", path, hint=hint)
    for event in span.arrived:
        if event.kind == "item_created":
            said = {_facts(e.data) for e in span.after.log.of_subject(event.subject) if e.kind == "item_created"}
            if len(said) > 1:
                titles = " and ".join(sorted(repr(title) for _, title in said))
                path = f"docs/work/{event.item}.md"
                hint = "create the later one again under an id of its own: agenticops work new"
                yield Finding("VT804", f"two work items are {event.item}: {titles}", path, hint=hint)


def _facts(data: dict[str, object]) -> tuple[str, str]:
    return str(data.get("kind", "")), str(data.get("title", ""))


def _id(span: Span, path: str) -> str:
    """Read only the id: a copy need not be a whole ticket."""
    try:
        text = yamltext.decode(span.after.tree.read(path) or b"", path)
        raw = yamltext.load(text, path)
    except StateError:
        return ticket_of(path)
    return str(raw.get("id", "")) if isinstance(raw, dict) else ""
