"""GitHub Copilot: `.github/prompts/<name>.prompt.md`, and a block in `.github/copilot-instructions.md`.

Read from code.visualstudio.com/docs (2026). VS Code's newer Agent Host loads no prompt files any more, but reads
`AGENTS.md` and the skills in `.agents/skills`, which `agents install codex` writes.
"""

from __future__ import annotations

from typing import Any

from agenticops.core.adapters import agents_md
from agenticops.core.adapters.codex import told
from agenticops.core.adapters.kit import Block, Files, Kit, Skill, Whole, front


def files(kit: Kit) -> Files:
    """One prompt file a command, and the block."""
    found: Files = {f".github/prompts/{s.prefixed}.prompt.md": _prompt(s) for s in kit.skills}
    return {**found, **agents_md.files(kit), ".github/copilot-instructions.md": Block(kit.pointer)}


def _prompt(one: Skill) -> Whole:
    fields: dict[str, Any] = {"description": one.description, "agent": "agent"}
    if one.hint:
        fields["argument-hint"] = one.hint
    return Whole(front(fields) + told(one))
