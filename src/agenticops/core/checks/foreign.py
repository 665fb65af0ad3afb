"""A phase branch keeps to its own ticket: others' folders, the root session and config/ are the default branch's."""

from __future__ import annotations

from collections.abc import Iterator

from agenticops.core.span import Span
from agenticops.model.finding import Finding
from agenticops.model.layout import ROOT_SESSION

BRANCH = "phase/"


def check(span: Span) -> Iterator[Finding]:
    """Judge what the step itself changed; what a merge brings was judged where it was made."""
    if not span.branch.startswith(BRANCH):
        return
    own = span.branch.removeprefix(BRANCH)
    for path in sorted(span.changes):
        if is_foreign(own, path):
            hint = "do it on the default branch"
            yield Finding("VT806", f"branch {span.branch} does not touch {path}", path, hint=hint)


def is_foreign(own: str, path: str) -> bool:
    """Tell whether the branch of one ticket must leave a path alone."""
    other = path.startswith("tickets/") and not path.startswith(f"tickets/{own}/")
    return other or path == ROOT_SESSION or path.startswith("config/")
