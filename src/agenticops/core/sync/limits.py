"""Limits: what the forge cannot take of an item. Only that field waits, and it is said what and where."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec
from msgspec import Struct

from agenticops.core.sync import body, labels
from agenticops.core.sync.merge import Merged
from agenticops.model.finding import Finding
from agenticops.model.forge import Local

# What GitHub takes, in characters.
TITLE, BODY, MILESTONE = 256, 65_536, 255
CODE = "VT491"


class Fitted(Struct, frozen=True):
    """A merge without what the forge cannot take; `column` is the one that its board lacks for the item, or ""."""

    merged: Merged
    column: str = ""


def fit(local: Local, merged: Merged, columns: Collection[str] | None) -> Fitted:
    """Leave out what the forge would refuse; what it says stays there. `columns` are the board's, if it was asked."""
    remote, notes, column = dict(merged.remote), list(merged.notes), ""
    for name, message, hint in _long(local, merged):
        del remote[name]
        notes.append(_finding(local, message, hint))
    for name in ("phase", "agent"):
        new = set(remote[name]) - set(merged.said[name])
        if long := [value for value in new if labels.too_long(labels.label(name, value))]:
            del remote[name]
            hint = f"a shorter name for the {name}, in config/pipeline.yml"
            message = f"the label of its {name} {labels.cut(long[0])} would be {labels.TOO_LONG}"
            notes.append(_finding(local, message, hint))
    kept = tuple(name for name in remote["labels"] if not labels.too_long(name))
    for name in sorted(set(remote["labels"]) - set(kept)):
        hint = "shorten it in `labels`, or take it out"
        notes.append(_finding(local, f"its label {labels.cut(name)} is {labels.TOO_LONG}", hint))
    remote["labels"] = kept
    if columns is not None and "board" in remote and remote["board"] != merged.said["board"]:
        there = {name.casefold() for name in columns}
        if (wanted := str(remote["board"])) and wanted.casefold() not in there:
            del remote["board"]
            column = wanted
    return Fitted(msgspec.structs.replace(merged, remote=remote, notes=tuple(notes)), column)


def _long(local: Local, merged: Merged) -> Iterator[tuple[str, str, str]]:
    """Give the texts that are too long to be written, each with what is to be said of it."""
    for name, most in (("title", TITLE), ("body", BODY), ("milestone", MILESTONE)):
        text = str(merged.remote.get(name, ""))
        size = len(body.outgoing(text, local.id) if name == "body" else text)
        if size > most and text != merged.said[name]:
            message = f"its {name} has {size:,} characters at the forge, which takes {most:,}"
            yield name, message, f"shorten it: agenticops work edit {local.id} --{name} …"


def _finding(local: Local, message: str, hint: str) -> Finding:
    return Finding(CODE, f"{local.id}: {message}", f"docs/work/{local.id}.md", hint=hint)


def unplaced(missing: Collection[str], columns: Collection[str]) -> Finding:
    """Say which columns items need that the board in sync has not: what belongs there stays where it is."""
    names = ", ".join(sorted(missing))
    if not columns:
        message = f"the board, or its field with the columns, is not there: nothing is put into {names}"
        return Finding(CODE, message, "config/forge.yml", hint="name both here: board, and status_field (Status)")
    hint = f"add them at the board, which has {', '.join(columns)}; or name another field of it here: status_field"
    return Finding(
        CODE, f"the board has no column {names}: what belongs there stays where it is", "config/forge.yml", hint=hint
    )
