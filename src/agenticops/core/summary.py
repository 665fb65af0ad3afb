"""The summary of a session that is put to rest: what came of it, told from the log and its front-matter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from agenticops.core import fold
from agenticops.core.sessions import BEGAN
from agenticops.model.event import Event
from agenticops.model.session import Session

TICKED = ("bullet_ticked", "bullet_observed")
RECORDED = ("artifact_recorded", "artifact_kept")
LONGEST = 2_000
_MARK = "<!-- agenticops wrote this summary -->"
_OURS = re.compile(rf"\r?\n## Summary\r?\n\r?\n{re.escape(_MARK)}.*?(?=\r?\n#|\Z)", re.S)


class Facts(Struct, frozen=True):
    """What the log tells of a session's run. Times are RFC 3339, `hours` are those that were noted for its ticket."""

    began: str = ""
    last: str = ""
    hours: float = 0.0
    ticked: int = 0
    recorded: tuple[str, ...] = ()
    handed: tuple[str, ...] = ()


def since_begun(own: Sequence[Event], ticket: Iterable[Event]) -> list[Event]:
    """Give the ticket's events from the session's beginning on; `own` are the session's events."""
    begun = next((e for e in own if e.kind == BEGAN), None)
    return [e for e in fold.live(ticket) if begun is not None and e.order >= begun.order]


def facts(own: Sequence[Event], ticket: Iterable[Event]) -> Facts:
    """Gather what happened in a session."""
    events = since_begun(own, ticket)
    if not events:
        return Facts()
    return Facts(
        began=events[0].at,
        last=events[-1].at,
        hours=sum(float(h) for e in events if e.kind == "effort_spent" and (h := _number(e.data.get("hours")))),
        ticked=len({str(e.data.get("bullet")) for e in events if e.kind in TICKED}),
        recorded=tuple(dict.fromkeys(str(e.data.get("artifact")) for e in events if e.kind in RECORDED)),
        handed=tuple(str(e.data.get("to")) for e in events if e.kind == "handed_off"),
    )


def text(session: Session, found: Facts, timed: bool) -> str:
    """Write the summary, a list; without times where two clones that take the same step must write the same."""
    who = session.agent or session.operator
    rows = [f"{who} worked {session.ticket} in mode {session.mode}"]
    if timed and found.began:
        hours = f", {found.hours:g} hours noted" if found.hours else ""
        began, last = (at[:16].replace("T", " ") for at in (found.began, found.last))
        rows.append(f"from {began} to {last} (UTC){hours}")
    if found.handed:
        rows.append(f"handed on to {', '.join(found.handed)}")
    done = [f"{found.ticked} bullets ticked"] if found.ticked else []
    done += [f"recorded {', '.join(found.recorded)}"] if found.recorded else []
    touched = session.artifacts
    done += [f"{len(touched.created)} files created"] if touched.created else []
    done += [f"{len(touched.modified)} files modified"] if touched.modified else []
    rows += ["; ".join(done)] if done else []
    rows += [f"decided: {words}" for words in session.decisions]
    still = [t for t in session.todos if t.status != "completed"]
    rows += [f"left open: {t.content}" for t in still]
    rows += [f"blocked by: {words}" for words in session.blockers]
    return "\n".join(f"- {' '.join(row.split())}" for row in rows)


def placed(document: str, summary: str) -> str:
    """Put a summary at the end of a session's text, in the place of an earlier one of ours."""
    newline = "\r\n" if "\r\n" in document else "\n"
    body = _OURS.sub("", document).rstrip()
    section = f"\n\n## Summary\n\n{_MARK}\n\n{summary}\n"
    return body + section.replace("\n", newline)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
