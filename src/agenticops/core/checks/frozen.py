"""A done ticket's files do not change any more; more work is a new visit (value train, rule 3)."""

from __future__ import annotations

from collections.abc import Iterator

from agenticops.core import fold
from agenticops.core.case import Case
from agenticops.model.digest import sha256
from agenticops.model.finding import Finding


def check(case: Case) -> Iterator[Finding]:
    """Compare the files of a closed ticket with the digests that its last event holds."""
    if not case.ticket.closed:
        return
    end = fold.last(case.after.log.of_subject(f"ticket/{case.ticket.id}"), "ticket_done", "ticket_cancelled")
    files = end.data.get("files") if end else None
    for path, digest in (files if isinstance(files, dict) else {}).items():
        content = case.after.tree.read(str(path))
        now = "" if content is None else sha256(content)
        if now != digest:
            what = "changed" if now else "is gone"
            yield Finding(
                "VT310",
                f"{what} after the ticket was closed",
                str(path),
                hint="restore it from git; open a new visit for more work",
            )
