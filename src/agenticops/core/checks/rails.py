"""A change of the pipeline is shown: it counts once it is in the base, and is judged by the base until then."""

from __future__ import annotations

from collections.abc import Iterator

from agenticops.core.span import Span
from agenticops.errors import StateError
from agenticops.model.finding import Finding
from agenticops.model.layout import PIPELINE


def check(span: Span) -> Iterator[Finding]:
    """Show a changed pipeline; one that vanished or cannot be read is refused."""
    change = span.changes.get(PIPELINE)
    if change is None or not change.old:
        return
    try:
        _ = span.after.pipeline
    except StateError as e:
        place, _, line = e.place.rpartition(":")
        number = int(line) if place and line.isdecimal() else 0
        yield Finding("VT304", e.message, PIPELINE, number, hint=e.hint)
        return
    hint = "the base judges this change; agenticops pipeline diff says what it means for open tickets"
    yield Finding("VT808", "pipeline changed", PIPELINE, severity="info", hint=hint)
