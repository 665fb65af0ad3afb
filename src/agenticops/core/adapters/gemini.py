"""Gemini CLI: `.gemini/commands/<name>.toml` with `prompt` and `description`; `GEMINI.md` imports `AGENTS.md`.

Read from geminicli.com/docs (2026): `!{command}` puts in what a command prints, `{{args}}` what was typed.
"""

from __future__ import annotations

import json

from agenticops.core.adapters import agents_md
from agenticops.core.adapters.kit import Block, Files, Kit, Skill, Whole


def files(kit: Kit) -> Files:
    """One command file a command, and the import."""
    found: Files = {f".gemini/commands/{s.prefixed}.toml": _command(s) for s in kit.skills}
    return {**found, **agents_md.files(kit), "GEMINI.md": Block("@./AGENTS.md")}


def _command(one: Skill) -> Whole:
    shown = "".join(f"!{{agenticops {command}}}\n\n" for command in one.shows)
    asked = "\nWhat was asked: {{args}}\n" if one.hint else ""
    return Whole(f"description = {_string(one.description)}\nprompt = {_string(shown + one.body + asked)}\n")


def _string(words: str) -> str:
    """Write a TOML string: more than one line as a multi-line one, in which only backslash and quote are escaped."""
    if "\n" not in words:
        return json.dumps(words, ensure_ascii=False)
    escaped = words.replace("\\", "\\\\").replace('"""', '""\\"')
    return f'"""\n{escaped}"""'
