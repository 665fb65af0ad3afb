"""Many transitions at once: lines of JSON, in transactions of some hundreds, each line with its own outcome."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec
from msgspec import Struct, field

from agenticops.errors import EXIT_USAGE, ConflictError, SecretError, TrainError
from agenticops.flows.workflow import instances, reading
from agenticops.model.workflow import Template
from agenticops.store.transaction import Transaction
from agenticops.workspace import Workspace

# Steps in one transaction: a lock and a sync of the disk for all of them; what fails is left out of it.
SIZE = 250


class Move(Struct, frozen=True, forbid_unknown_fields=True):
    """One line: which instance goes where; `source` is where it must stand, `to` may be left out for the only way.

    States are given by name or id, and an id may be a number, as `show --json` writes it.
    """

    id: str
    to: str | int = ""
    data: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    source: str | int = field(default="", name="from")


class Outcome(Struct, frozen=True, omit_defaults=True):
    """What became of a line: the state that was reached, or the error with its hint and exit code."""

    line: int
    id: str = ""
    ok: bool = False
    to: str = ""
    error: str = ""
    hint: str = ""
    exit: int = 0


_Numbered = tuple[int, Move | Outcome]
# Templates by code, version and digest: thousands of instances travel by few of them.
Known = dict[tuple[str, str, str], Template]
_decoder = msgspec.json.Decoder(Move)


def transitions(workspace: Workspace, lines: Iterable[str | bytes]) -> Iterator[Outcome]:
    """Take the steps that lines of JSON ask for; an outcome is given when its transaction has ended, in order."""
    numbered = (_read(number, line) for number, line in enumerate(lines, 1) if line.strip())
    known: Known = {}
    while rows := list(islice(numbered, SIZE)):
        yield from _together(workspace, rows, known)


def _read(number: int, line: str | bytes) -> _Numbered:
    try:
        return number, _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        hint = '{"id": "w…", "to": "quote_sent", "data": {"amount": 1200}}'
        return number, Outcome(number, error=f"not a transition: {e}", hint=hint, exit=EXIT_USAGE)


def _together(workspace: Workspace, rows: list[_Numbered], known: Known) -> list[Outcome]:
    """Take steps in one transaction. Where it is refused for a secret, halves of it are tried."""
    try:
        with workspace.transaction("workflow transition") as tx:
            return [_step(tx, workspace, number, move, known) for number, move in rows]
    except SecretError as e:
        if len(rows) == 1:
            return [_failed(number, move, e) for number, move in rows]
    except ConflictError as e:
        return [_failed(number, move, e) for number, move in rows]
    half = len(rows) // 2
    return _together(workspace, rows[:half], known) + _together(workspace, rows[half:], known)


def _step(tx: Transaction, workspace: Workspace, number: int, move: Move | Outcome, known: Known) -> Outcome:
    if isinstance(move, Outcome):
        return move
    before = len(tx.drafts)
    try:
        now = reading.instance(workspace, move.id, tx)
        if move.source != "":
            instances.refuse_moved(workspace, now, str(move.source))
        key = (now.template, now.version, now.digest)
        if key not in known:
            known[key] = instances.template(workspace, now)
        to = instances.step(tx, workspace, now, str(move.to), move.data, move.reason, known=known[key])
        return Outcome(number, now.id, True, to)
    except TrainError as e:
        del tx.drafts[before:]
        return _failed(number, move, e)


def _failed(number: int, move: Move | Outcome, error: TrainError) -> Outcome:
    return (
        move
        if isinstance(move, Outcome)
        else Outcome(number, move.id, error=error.message, hint=error.hint, exit=error.exit_code)
    )
