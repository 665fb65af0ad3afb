"""Identifiers: how they look, how they are made, and what they say.

A work item without a forge issue is `t` + 8 random Crockford base32 characters; with one, the issue number. A ticket
is `<phase>_<item>`, a later visit `<phase>_<item>-2`. An event's id is a ULID, which never collides. ADR 0004.
"""

from __future__ import annotations

import os
import re

from agenticops.errors import UsageError

CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
ITEM = re.compile(r"t[0-9a-hjkmnp-tv-z]{8}|[1-9][0-9]{0,9}")
TICKET = re.compile(
    r"(?P<phase>[a-z][a-z0-9-]*)_(?P<item>t[0-9a-hjkmnp-tv-z]{8}|[1-9][0-9]{0,9})(?:-(?P<visit>[2-9]|[1-9][0-9]{1,3}))?"
)
NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")
MIN_PREFIX = 4


def base32(number: int, length: int) -> str:
    """Write a number in Crockford's base 32 with a fixed length."""
    letters = []
    for _ in range(length):
        number, digit = divmod(number, 32)
        letters.append(CROCKFORD[digit])
    return "".join(reversed(letters))


def ulid(milliseconds: int, entropy: bytes) -> str:
    """Make a ULID (26 characters, upper case) of a time in ms since 1970 and 10 random bytes."""
    return (base32(milliseconds, 10) + base32(int.from_bytes(entropy, "big"), 16)).upper()


def as_uuid(name: str) -> str:
    """Write a ULID's 128 bits as a UUID, where a data model wants one."""
    number = 0
    for letter in name.lower():
        number = number * 32 + CROCKFORD.index(letter)
    digits = f"{number % (1 << 128):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def new_item_id() -> str:
    """Make an id for a work item that no forge numbers."""
    return "t" + base32(int.from_bytes(os.urandom(5), "big"), 8)


def ticket_id(phase: str, item: str, visit: int = 1) -> str:
    """Name the ticket of one visit."""
    return f"{phase}_{item}" if visit == 1 else f"{phase}_{item}-{visit}"


def split_ticket(ticket: str) -> tuple[str, str, int]:
    """Take a ticket id apart: phase, item, visit. Raises UsageError when it is none."""
    match = TICKET.fullmatch(ticket)
    if not match:
        raise UsageError(
            f"{ticket!r} is no ticket id", hint="a ticket is named <phase>_<item>, for example training_142"
        )
    return match["phase"], match["item"], int(match["visit"] or 1)


def resolve(wanted: str, known: list[str], noun: str) -> str:
    """Find the one id that is `wanted` or starts with it (four characters or more). Raises UsageError."""
    if wanted in known:
        return wanted
    hits = [k for k in known if k.startswith(wanted)] if len(wanted) >= MIN_PREFIX else []
    if len(hits) == 1:
        return hits[0]
    if hits:
        raise UsageError(
            f"{wanted!r} is the start of {len(hits)} {noun}s: {', '.join(sorted(hits)[:4])}",
            hint="write more of the id",
        )
    hint = f"agenticops {noun if noun == 'ticket' else 'work'} list"
    if 0 < len(wanted) < MIN_PREFIX and any(k.startswith(wanted) for k in known):
        hint = f"write at least four characters of the id; {hint}"
    raise UsageError(f"there is no {noun} {wanted!r}", hint=hint)
