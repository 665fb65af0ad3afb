"""Cursor: `.cursor/commands/<name>.md`, plain Markdown, and one rule that always applies.

Read from cursor.com/docs and what quotes it (2026); not tried on the program itself. What is typed behind a command is
added to it by Cursor.
"""

from __future__ import annotations

from agenticops.core.adapters import agents_md
from agenticops.core.adapters.codex import told
from agenticops.core.adapters.kit import Files, Kit, Whole, front


def files(kit: Kit) -> Files:
    """One file a command, and the rule."""
    found: Files = {f".cursor/commands/{s.prefixed}.md": Whole(f"{s.description}\n\n{told(s)}") for s in kit.skills}
    rule = front({"description": "This repository is a value train", "alwaysApply": True}) + kit.pointer
    return {**found, **agents_md.files(kit), ".cursor/rules/agenticops.mdc": Whole(rule)}
