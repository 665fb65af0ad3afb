"""Sticky comments: what the train says at the forge of a ticket, kept up to date in one comment each. Pure texts.

What people wrote stays text: no markup of theirs, no mention, no link, no word that closes an issue. Nothing in them is
a time, so that a text changes only with what it tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from msgspec import Struct

from agenticops.core.formats import github
from agenticops.model.finding import Verdict

PROGRESS = "<!-- agenticops:comment=progress -->"
VERDICT = "<!-- agenticops:comment=verdict -->"
# Characters that a comment, and the summary of a check, may have at most, with something to spare.
LONGEST = 60_000
CUT = "\n\n… and more; `agenticops check` tells all of it.\n"
WORDS = 300
# The other way to write the number of an issue: GH-5.
_SHORT = re.compile(r"(?i)\b(GH)(\\?-)(?=\d)")
_TICKET = re.compile(r"^[ \t]*<!-- agenticops:ticket=\S+ -->[ \t]*\r?$", re.MULTILINE)


class Progress(Struct, frozen=True):
    """How far a ticket is. `session` says who works it, `blockers` what holds it."""

    ticket: str
    phase: str
    agent: str
    status: str
    ticked: int
    owed: int
    recorded: int
    artifacts: int
    session: str = ""
    blockers: tuple[str, ...] = ()


def marker(ticket: str) -> str:
    """Give the hidden line that finds the issue, or the pull request, of a ticket again."""
    return f"<!-- agenticops:ticket={ticket} -->"


def marked(body: str) -> bool:
    """Tell whether a ticket's marker stands in a body, on a line of its own."""
    return _TICKET.search(body) is not None


def plain(text: object) -> str:
    """Make text of people harmless in a comment, cut where it is long.

    A forge finds mentions and numbers of issues also in what is escaped; a sign that has no width parts them.
    """
    words = " ".join(str(text).split())
    words = words if len(words) <= WORDS else f"{words[: WORDS - 1]}…"
    return _parted(github.escape(words))


def title(text: str) -> str:
    """Make a title harmless where nothing is markup, as the title of an issue: it may end in a commit's message."""
    parted = " ".join(text.split()).replace("#", "#\u200b").replace("@", "@\u200b").replace("://", ":\u200b//")
    return _SHORT.sub("\\1\u200b\\2", parted)


def progress(told: Progress) -> str:
    """Write the comment at an item's issue."""
    rows = [
        PROGRESS,
        f"**{plain(told.ticket)}** · {plain(told.phase)} · {plain(told.status.replace('_', ' '))}",
        "",
        f"- {told.ticked} of {told.owed} bullets ticked",
        f"- {told.recorded} of {told.artifacts} artifacts recorded",
        f"- session: {plain(told.session) or f'nobody works it; it is for {plain(told.agent)}'}",
        *(f"- blocked: {plain(words)}" for words in told.blockers),
    ]
    return bounded("\n".join(rows) + "\n")


def verdict(found: Verdict, sha: str, pages: Mapping[str, str]) -> str:
    """Write the comment at a pull request: what the gate says of a commit."""
    return bounded(f"{VERDICT}\n{summary(found, pages)}Judged at {sha[:10]}.\n")


def summary(found: Verdict, pages: Mapping[str, str]) -> str:
    """Write a verdict with its findings as a table."""
    return _parted(github.summary(found, pages))


def headline(found: Verdict) -> str:
    """Say a verdict in the few words that a commit status has room for."""
    errors = [f for f in found.findings if f.severity == "error"]
    if not errors:
        return f"the gate {found.gate} holds: {found.checks} checks"
    codes = ", ".join(dict.fromkeys(f.code for f in errors))
    return f"{len(errors)} finding{'s' if len(errors) > 1 else ''}: {codes}"


def bounded(text: str) -> str:
    """Cut a text at the end of a line, when a forge would refuse it."""
    return text if len(text) <= LONGEST else text[:LONGEST].rpartition("\n")[0] + CUT


def listed(heading: str, rows: Iterable[str], nothing: str = "") -> list[str]:
    """Write a section: a heading and a list, or the words for nothing; without either no section."""
    found = [f"- {row}" for row in rows] or ([nothing] if nothing else [])
    return ["", f"## {heading}", "", *found] if found else []


def _parted(escaped: str) -> str:
    return _SHORT.sub("\\1\u200b\\2", escaped.replace("\\@", "@\u200b").replace("\\#", "#\u200b"))
