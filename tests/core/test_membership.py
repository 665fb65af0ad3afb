"""Memberships: the members of one role change, and no other byte does."""

from __future__ import annotations

import difflib

import pytest

from agenticops.core import documents
from agenticops.core.membership import set_members
from agenticops.errors import StateError
from tests.support import TINY

ROLES = """
roles:

  # those who look
  reviewer:

    description: Looks.   # closely

    members:

      - ada@example.org

    may: [approve]

  empty:

  described:
    description: >
      Has no members
      yet.

# the end
"""
TEXT = TINY + ROLES
MEMBERS = ["ada@example.org", "Bob Moog <bob@example.org>", "agent:maker"]


@pytest.mark.parametrize("role", ["reviewer", "empty", "described"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_only_the_members_change(role: str, newline: str) -> None:
    text = TEXT.replace("\n", newline)
    fresh = set_members(text, role, MEMBERS)
    assert documents.read_pipeline(fresh.encode()).roles[role].members == tuple(MEMBERS)
    changed = [row for row in difflib.ndiff(text.split(newline), fresh.split(newline)) if row[0] in "+-"]
    assert all(row[2:].lstrip().startswith(("members:", "- ")) or not row[2:].strip() for row in changed)
    assert fresh.count("\n") == fresh.count(newline)


def test_the_last_member_goes() -> None:
    fresh = set_members(TEXT, "reviewer", [])
    assert "    members: []\n\n    may: [approve]\n" in fresh
    assert set_members(fresh, "reviewer", ["a@b"]).count("a@b") == 1


def test_what_cannot_be_edited_so_is_left_to_hands() -> None:
    with pytest.raises(StateError, match="cannot be edited") as told:
        set_members(f"{TINY}\nroles:\n  reviewer: {{members: [a@b]}}\n", "reviewer", MEMBERS)
    assert told.value.place == f"config/pipeline.yml:{TINY.count(chr(10)) + 3}"
