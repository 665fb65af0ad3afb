"""The redo journal: what a transaction is about to write, made durable before the first file is touched.

A transaction counts from the moment its journal is on disk. The next writer applies it again when every file is at one
of its two digests; else (the user switched branch in between) it is kept aside and `doctor` shows it. ADR 0006.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from typing import NamedTuple

from agenticops.errors import StateError, TrainError
from agenticops.model.digest import sha256
from agenticops.model.layout import JOURNAL
from agenticops.store import paths

ASIDE = "journal-aside-"


def digest(content: bytes | None) -> str:
    """Give the SHA-256 of a content, or "" for an absent file."""
    return "" if content is None else sha256(content)


class Entry(NamedTuple):
    """One file: its digest before ("" when it was not there) and its content after (None: it goes)."""

    path: str
    before: str
    content: bytes | None

    @property
    def after(self) -> str:
        """The digest after."""
        return digest(self.content)


class Note(NamedTuple):
    """Where and why a transaction was written: its worktree, HEAD, git's position, the command."""

    worktree: str = ""
    head: str = ""
    position: str = ""
    purpose: str = ""


def write(folder: str, entries: list[Entry], head: str, purpose: str, worktree: str = "", position: str = "") -> None:
    """Make a journal durable."""
    rows = [{"path": e.path, "before": e.before, "after": e.after, "content": _text(e.content)} for e in entries]
    note = Note(worktree, head, position, purpose)._asdict()
    text = json.dumps({"schema": 1, **note, "files": rows})
    temporary = os.path.join(folder, JOURNAL + "~")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    with os.fdopen(handle, "wb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(handle)
    # The folder may be as new as the journal, and the journal is lost with it.
    _sync(os.path.dirname(folder))
    os.replace(temporary, os.path.join(folder, JOURNAL))
    _sync(folder)


def _text(content: bytes | None) -> str | None:
    return None if content is None else base64.b64encode(content).decode()


def load(folder: str, name: str = JOURNAL) -> tuple[Note, list[Entry]]:
    """Give an unfinished transaction, or one kept aside; no entries when there is none."""
    try:
        with open(os.path.join(folder, name), "rb") as file:
            found = json.load(file)
        note = Note(*(str(found.get(field, "")) for field in Note._fields))
        return note, [_entry(row) for row in found["files"]]
    except FileNotFoundError:
        return Note(), []
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        hint = "move it away, then see what is missing: git status, agenticops check"
        message = "the journal of an unfinished change cannot be read"
        raise StateError(message, place=os.path.join(folder, name), hint=hint) from None


def _entry(row: dict[str, str | None]) -> Entry:
    text = row["content"]
    entry = Entry(str(row["path"]), str(row["before"]), None if text is None else base64.b64decode(text))
    if row.get("after", entry.after) != entry.after:
        raise ValueError("the content is not the one that was meant")
    return entry


def read(folder: str) -> list[Entry]:
    """Give the entries of an unfinished transaction; none when there is no journal."""
    return load(folder)[1]


def applies(root: int, entries: list[Entry]) -> bool:
    """Tell whether every file is as it was before, or as it will be. Raises StateError for a path that leaves."""
    for entry in entries:
        paths.parts(entry.path)
    try:
        return all(digest(paths.read(root, e.path)) in (e.before, e.after) for e in entries)
    except StateError:
        return False  # a link or a folder stands where a file was


def untouched(root: int, entries: list[Entry]) -> bool:
    """Tell whether no file has been changed yet."""
    return all(digest(paths.read(root, e.path)) == e.before for e in entries)


def apply(root: int, entries: list[Entry]) -> None:
    """Write every file; doing it twice does no harm."""
    for entry in entries:
        if entry.content is None:
            paths.remove(root, entry.path, sync=False)
        else:
            paths.replace(root, entry.path, entry.content, folder_too=False)
    # A folder may have been made by a process that died before it was durable: all above are flushed, each once.
    paths.settle(root, [e.path for e in entries])


def close(folder: str) -> None:
    """Remove the journal: the transaction is in the files now."""
    os.unlink(os.path.join(folder, JOURNAL))
    _sync(folder)


def commit(folder: str, root: int, entries: list[Entry], note: Note) -> None:
    """Make a change durable, and do it. Raises TrainError that says what became of it when the disk fails."""
    # What the change rests on may itself be young: after a power loss it must be at its digest too.
    try:
        paths.settle(root, [e.path for e in entries], files=True)
        write(folder, entries, note.head, note.purpose, note.worktree, note.position)
    except OSError as e:
        raise _failed(folder, e, _withdrawn(folder)) from e
    try:
        apply(root, entries)
    except (OSError, StateError) as e:
        raise _failed(folder, e, untouched(root, entries) and _withdrawn(folder)) from e
    try:
        close(folder)
    except OSError:
        # Every file is written and durable. A journal that stays, or comes back, says just that once more.
        pass


def _withdrawn(folder: str) -> bool:
    """Take the journal back; tell whether that worked."""
    for name in (JOURNAL + "~", JOURNAL):
        try:
            os.unlink(os.path.join(folder, name))
        except FileNotFoundError:
            pass
        except OSError:
            return not os.path.exists(os.path.join(folder, JOURNAL))
    try:
        _sync(folder)
    except OSError:
        pass
    return True


def _failed(folder: str, error: OSError | StateError, withdrawn: bool) -> TrainError:
    why = error.message if isinstance(error, StateError) else os.strerror(error.errno or 0)
    if withdrawn:
        return TrainError(f"nothing was written: {why}", hint="see to the disk, then try again")
    return TrainError(
        f"the change counts, but it is not in all of its files yet: {why}",
        place=os.path.join(folder, JOURNAL),
        hint="see to the disk; then the next command that writes finishes it, or agenticops doctor --fix",
    )


def recover(
    folder: str, root: int, name: str, adapt: Callable[[Note, list[Entry]], list[Entry]] = lambda note, found: found
) -> str:
    """Finish what a crash left. Gives "", "applied", or the name of the file under which it was kept aside.

    `adapt` may turn the entries into others that say the same, where the ground has moved since.
    """
    note, entries = load(folder)
    if not entries:
        return ""
    if applies(root, entries):
        # Its writer may have died before the journal's name was durable; no file may be sooner than the journal.
        _sync(os.path.dirname(folder))
        _sync(folder)
        apply(root, adapt(note, entries))
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
