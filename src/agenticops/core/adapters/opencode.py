"""OpenCode: `.opencode/commands/<name>.md` (opencode.ai/docs/commands, 2026; the singular folder is the older name)."""

from __future__ import annotations

from agenticops.core.adapters import agents_md
from agenticops.core.adapters.kit import Files, Kit, Skill, Whole, front


def files(kit: Kit) -> Files:
    """One command file a command; `AGENTS.md` is read by itself."""
    found: Files = {f".opencode/commands/{s.prefixed}.md": _command(s) for s in kit.skills}
    return found | agents_md.files(kit)


def _command(one: Skill) -> Whole:
    shown = "".join(f"!`agenticops {command}`\n\n" for command in one.shows)
    asked = "\nWhat was asked: $ARGUMENTS\n" if one.hint else ""
    return Whole(front({"description": one.description}) + shown + one.body + asked)
