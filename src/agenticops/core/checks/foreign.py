"""A phase branch keeps to its own ticket: others' folders, the root session and config/ are the default branch's."""

from __future__ import annotations

from collections.abc import Iterator

from agenticops.core.span import Span
from agenticops.model.finding import Finding
from agenticops.model.layout import PHASE_BRANCH, foreign


def check(span: Span) -> Iterator[Finding]:
    """Judge what the step itself changed; what a merge brings was judged where it was made."""
    if not span.branch.startswith(PHASE_BRANCH):
        return
    own = span.branch.removeprefix(PHASE_BRANCH)
    for path in sorted(span.changes):
        if foreign(own, path):
            hint = "do it on the default branch"
            yield Finding("VT806", f"branch {span.branch} does not touch {path}", path, hint=hint)
