"""The redo journal: what a transaction is about to write, made durable before the first file is touched.

A transaction counts from the moment its journal is on disk. The next writer applies it again when every file is at one
of its two digests; else (the user switched branch in between) it is kept aside and `doctor` shows it. ADR 0006.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from typing import NamedTuple

from agenticops.errors import StateError
from agenticops.model.layout import JOURNAL
from agenticops.store import paths

ASIDE = "journal-aside-"


def digest(content: bytes | None) -> str:
    """Give the SHA-256 of a content, or "" for an absent file."""
    return "" if content is None else hashlib.sha256(content).hexdigest()


class Entry(NamedTuple):
    """One file: its digest before ("" when it was not there) and its content after."""

    path: str
    before: str
    content: bytes


def write(folder: str, entries: list[Entry], head: str, purpose: str) -> None:
    """Make a journal durable."""
    rows = [{"path": e.path, "before": e.before, "content": base64.b64encode(e.content).decode()} for e in entries]
    text = json.dumps({"schema": 1, "head": head, "purpose": purpose, "files": rows})
    temporary = os.path.join(folder, JOURNAL + "~")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    with os.fdopen(handle, "wb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(handle)
    os.replace(temporary, os.path.join(folder, JOURNAL))
    _sync(folder)


def read(folder: str) -> list[Entry]:
    """Give the entries of an unfinished transaction; none when there is no journal."""
    try:
        with open(os.path.join(folder, JOURNAL), "rb") as file:
            rows = json.load(file)["files"]
        return [Entry(r["path"], r["before"], base64.b64decode(r["content"])) for r in rows]
    except FileNotFoundError:
        return []
    except (ValueError, KeyError, TypeError):
        hint = "move it away, then see what is missing: git status, agenticops check"
        message = "the journal of an unfinished change cannot be read"
        raise StateError(message, place=os.path.join(folder, JOURNAL), hint=hint) from None


def applies(root: int, entries: list[Entry]) -> bool:
    """Tell whether every file is as it was before, or as it will be."""
    for entry in entries:
        now = digest(paths.read(root, entry.path))
        if now not in (entry.before, digest(entry.content)):
            return False
    return True


def apply(root: int, entries: list[Entry]) -> None:
    """Write every file; doing it twice does no harm."""
    for entry in entries:
        paths.replace(root, entry.path, entry.content)


def close(folder: str) -> None:
    """Remove the journal: the transaction is in the files now."""
    os.unlink(os.path.join(folder, JOURNAL))
    _sync(folder)


def recover(folder: str, root: int, name: str) -> str:
    """Finish what a crash left. Gives "", "applied", or the name of the file under which it was kept aside."""
    entries = read(folder)
    if not entries:
        return ""
    if applies(root, entries):
        apply(root, entries)
        close(folder)
        return "applied"
    aside = f"{ASIDE}{name}.json"
    os.replace(os.path.join(folder, JOURNAL), os.path.join(folder, aside))
    _sync(folder)
    return aside


def overlay(folder: str, root: int) -> dict[str, bytes | None]:
    """What readers must see instead of the files while a committed transaction is not applied."""
    if not os.path.exists(os.path.join(folder, JOURNAL)):
        return {}
    entries = read(folder)
    return {e.path: e.content for e in entries} if applies(root, entries) else {}


def _sync(folder: str) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
