"""Codex CLI: skills in `.agents/skills/<name>/SKILL.md`, called as `$name` (developers.openai.com/codex/skills, 2026).

Its custom prompts are a folder of the home directory and deprecated; they are not used.
"""

from __future__ import annotations

from agenticops.core.adapters import agents_md
from agenticops.core.adapters.kit import Files, Kit, Skill, Whole, front


def files(kit: Kit) -> Files:
    """One skill a command; `AGENTS.md` is read by itself."""
    found: Files = {f".agents/skills/{s.prefixed}/SKILL.md": _skill(s) for s in kit.skills}
    return found | agents_md.files(kit)


def _skill(one: Skill) -> Whole:
    return Whole(front({"name": one.prefixed, "description": one.description}) + told(one))


def told(one: Skill) -> str:
    """Write what a client that runs nothing by itself is told: which commands to run first, then the rest."""
    first = "".join(f"Run `agenticops {command}` first.\n" for command in one.shows)
    return first + one.body
