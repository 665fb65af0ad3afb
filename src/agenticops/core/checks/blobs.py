"""The history stays small: what was once committed is fetched by everybody, for ever."""

from __future__ import annotations

from collections.abc import Iterator

from agenticops.core.span import Span
from agenticops.model.finding import Finding

MOST, MUCH, MOST_OF_AN_ARTIFACT = 5_000_000, 1_000_000, 500_000
HINT = "keep it outside, or in Git LFS (a pointer is small), and take it out of the commit"


def check(span: Span) -> Iterator[Finding]:
    """Judge the blobs that the step itself brought; a file that only moved is no new blob."""
    old = {c.old for s in span.sides for c in s.changes.values()}
    for path, change in sorted(span.changes.items()):
        size = span.sizes.get(change.new, 0)
        parts = path.split("/")
        artifact = len(parts) > 3 and parts[0] == "tickets" and parts[2] == "artifacts"
        if size <= (MOST_OF_AN_ARTIFACT if artifact else MUCH) or change.new in old:
            continue
        if artifact:
            message = f"{size:,} bytes; an artifact of a ticket has at most {MOST_OF_AN_ARTIFACT:,}"
            yield Finding("VT807", message, path, hint=HINT)
        elif size > MOST:
            yield Finding("VT807", f"{size:,} bytes; at most {MOST:,} are committed", path, hint=HINT)
        else:
            yield Finding("VT807", f"{size:,} bytes are much for a commit", path, severity="warning", hint=HINT)
