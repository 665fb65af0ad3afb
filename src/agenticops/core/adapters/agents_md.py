"""`AGENTS.md`: the one page that all coding agents read (agents.md); ours is a block between markers."""

from __future__ import annotations

from agenticops.core.adapters.kit import Block, Files, Kit

PAGE = "AGENTS.md"


def files(kit: Kit) -> Files:
    """The block alone."""
    return {PAGE: Block(kit.guide)}
