"""Memberships: the members of one role, set in a pipeline's text, with every other byte kept."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from agenticops.core import documents, vouch, yamltext
from agenticops.errors import StateError
from agenticops.model.layout import PIPELINE


def set_members(text: str, role: str, members: Sequence[str]) -> str:
    """Write the members of a role. Raises StateError where that would change anything else."""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.split(newline)
    line = yamltext.locate(text, ("roles", role))
    depth = _depth(lines[line - 1])
    end = next((n for n in range(line, len(lines)) if lines[n].strip() and _depth(lines[n]) <= depth), len(lines))
    while end > line and not lines[end - 1].strip():
        end -= 1
    block = lines[line:end]
    wide = min((_depth(row) for row in block if row.strip()), default=depth + 2)
    try:
        body = yamltext.splice(
            textwrap.dedent("".join(f"{row}\n" for row in block)), {"members": list(members)}, PIPELINE
        )
        fresh = newline.join([*lines[:line], *_indented(body, wide), *lines[end:]])
        proven = _says_only(text, fresh, role, members)
    except StateError:
        proven = False
    if not proven:
        hint = "write its members by hand, then agenticops role vouch"
        raise StateError(
            f"the role {role} cannot be edited without touching more", place=f"{PIPELINE}:{line}", hint=hint
        )
    return fresh


def _depth(row: str) -> int:
    return len(row) - len(row.lstrip())


def _indented(body: str, wide: int) -> list[str]:
    return textwrap.indent(body.rstrip("\n"), " " * wide).split("\n")


def _says_only(text: str, fresh: str, role: str, members: Sequence[str]) -> bool:
    """Tell whether the edited text reads back as it was meant, and as before in all else."""
    before, after = (documents.read_pipeline(t.encode()) for t in (text, fresh))
    others = {m for m in vouch.members(before) ^ vouch.members(after) if m[0] != role}
    same = vouch.definitions(before) == vouch.definitions(after) and vouch.rest(before) == vouch.rest(after)
    return same and not others and after.roles[role].members == tuple(members)
