"""What a ticket's branch changed, one of the ticket's modes writes: who has no guard is caught here (ADR 0025)."""

from __future__ import annotations

from collections.abc import Iterator

from agenticops.core import globs, limits
from agenticops.core.limits import Limits
from agenticops.core.span import Span
from agenticops.errors import StateError
from agenticops.model.finding import Finding
from agenticops.model.ids import TICKET, split_ticket
from agenticops.model.layout import AGENTS_MANIFEST, MANIFEST, PHASE_BRANCH, REASONS, WORK, foreign

# These events say in which mode the ticket was worked.
ENTERED = ("ticket_opened", "session_began", "session_resumed", "mode_entered")
# What the tool writes by itself: the log, documents of their own kinds, the lines of the merge driver.
WRITTEN = (".agenticops", "docs/session-context", WORK, *REASONS, ".gitattributes")
# What it writes when it installs something, which its manifest tells.
INSTALLED = {
    MANIFEST: ("config", "docs/rules/checklists", "docs/templates", ".gitignore"),
    AGENTS_MANIFEST: (
        *limits.STEERING, "AGENTS.md", "CLAUDE.md", ".claude", ".codex", ".cursor", ".gemini", ".github", ".opencode",
        "plugins",
    ),
}  # fmt: skip


def check(span: Span) -> Iterator[Finding]:
    """Judge what the step itself changed; a mode without `writable` writes everything, so nothing is asked then."""
    own = span.branch.removeprefix(PHASE_BRANCH)
    if own == span.branch or not TICKET.fullmatch(own) or not span.after.has_ticket(own):
        return
    found = _limits(span, own)
    if not found or any(not each.writable for each in found):
        return
    fine = (*written(span), f"tickets/{own}")
    for path in sorted(span.changes):
        if foreign(own, path) or any(globs.fits(path, glob) for glob in fine):
            continue
        refusals = [limits.write_refusal(each, path) for each in found]
        if all(refusals):
            modes = ", ".join(each.mode for each in found)
            message = f"{path} was changed for {own}, whose modes ({modes}) do not write it"
            hint = "enter a mode that may (agenticops mode enter MODE), or take it out of the branch: git restore"
            yield Finding("VT470", message, path, hint=hint)


def written(span: Span) -> tuple[str, ...]:
    """Patterns of what the tool itself writes in a step like this."""
    installed = [path for manifest, paths in INSTALLED.items() if manifest in span.changes for path in paths]
    return (*WRITTEN, *installed)


def _limits(span: Span, own: str) -> list[Limits]:
    """The limits of the modes that the base's pipeline gives the ticket's phase, and that the log names."""
    try:
        ticket = span.after.ticket(own)
    except StateError:
        return []  # that is said by another rule
    phase = span.judge.phases.get(split_ticket(own)[0])
    named = [str(e.data.get("mode", "")) for e in span.after.log.of_ticket(own) if e.kind in ENTERED]
    modes = dict.fromkeys([phase.mode if phase else "", *named])
    return [limits.of(span.judge, span.judge.modes[m], ticket) for m in modes if m in span.judge.modes]
