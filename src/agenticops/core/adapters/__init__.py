"""Adapters: one file a coding agent, which says what is written for it and where."""

from __future__ import annotations

from collections.abc import Callable

from agenticops.core.adapters import agents_md, claude, codex, copilot, cursor, gemini, opencode
from agenticops.core.adapters.kit import Files, Kit

# Agent → form → what it is given. The first form is the usual one.
ADAPTERS: dict[str, dict[str, Callable[[Kit], Files]]] = {
    "claude": {"repo": claude.repo, "plugin": claude.plugin},
    "codex": {"repo": codex.files},
    "gemini": {"repo": gemini.files},
    "copilot": {"repo": copilot.files},
    "cursor": {"repo": cursor.files},
    "opencode": {"repo": opencode.files},
    "agents-md": {"repo": agents_md.files},
}
