"""Findings: what checks report. They are values; an exception means that nothing could be judged."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Severity = Literal["error", "warning", "info"]


class Finding(Struct, frozen=True):
    """One thing that holds a gate: a stable code (`agenticops explain CODE`), a place, a message, what to do."""

    code: str
    message: str
    path: str = ""
    line: int = 0
    severity: Severity = "error"
    hint: str = ""
    commit: str = ""

    @property
    def place(self) -> str:
        """`path:line`, or the path alone; of a commit as git writes it, `commit:path`."""
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{self.commit[:10]}:{place}" if self.commit else place


class Verdict(Struct, frozen=True):
    """What a gate says of a ticket: it holds when no finding is an error. `digest` names what was judged."""

    gate: str
    ticket: str
    findings: tuple[Finding, ...]
    checks: int
    digest: str = ""
    commits: int = 0

    @property
    def holds(self) -> bool:
        """Whether the transition may happen."""
        return not any(f.severity == "error" for f in self.findings)
