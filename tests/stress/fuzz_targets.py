"""Targets of the fuzz harness: every function that reads bytes or words which somebody else wrote."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from agenticops.cli import entry
from agenticops.core import checklist, contract, documents, legacy, markdown, notebook, yamltext
from agenticops.errors import EXIT_CONFLICT, StateError, UsageError
from agenticops.flows import adopt, history
from agenticops.model import ids
from agenticops.model.pipeline import ArtifactType, Contract
from agenticops.model.session import Session
from agenticops.model.ticket import Ticket
from agenticops.model.work import WorkItem
from agenticops.store import journal, log
from tests.stress import fuzz_input

PATH = "docs/a.md"
NOW = 1_767_261_600_000
SCHEMA = {
    "type": "object",
    "required": ["auc"],
    "properties": {"auc": {"type": "number", "maximum": 1}, "rows": {"type": "array", "items": {"type": "integer"}}},
}
# What the validator judges, and not the plain rules.
OPEN_SCHEMA = {**SCHEMA, "additionalProperties": {"anyOf": [{"type": "string"}, {"type": "array", "maxItems": 3}]}}
ALLOWED = (StateError, UsageError)
# Command lines that run to their end: reads, writes, and what only complains.
COMMANDS = (
    "status", "next", "check", "mode show", "ticket list", "ticket show", "ticket block", "work list", "work show",
    "work new --kind PRD --title", "checklist show", "checklist tick", "checklist add --section", "checklist reword",
    "artifact record", "artifact check", "gate show", "explain", "advance", "session note", "session todo", "begin",
    "session show", "log --since", "log --ticket", "log --kind", "log --limit", "log --actor", "pipeline show",
    "pipeline lint", "migrate --dry-run --legacy-file", "handoff --to", "mode enter", "",
)  # fmt: skip
FLAGS = ("--json", "--ticket", "-t", "--help", "--", "--all", "--reason", "--to", "--dry-run", "--status", "-", "--x=y")


class Target(NamedTuple):
    """A parser: its name, the corpus that it reads, how much of all input it gets, and the call."""

    name: str
    corpus: str
    share: int
    call: Callable[[bytes, random.Random], object]
    large: bool = True


def targets(folder: Path) -> list[Target]:
    """List all targets; `folder` is where those that read files find them."""
    types: dict[ArtifactType, str] = {k: k for k in ("csv", "json", "markdown", "notebook", "python", "text", "yaml")}
    return [
        Target("yamltext.load", "yaml", 14, _load),
        Target("yamltext.splice", "yaml", 5, _splice),
        Target("yamltext.convert", "yaml", 5, _convert),
        Target("documents.read_pipeline", "pipeline", 4, lambda d, _: documents.read_pipeline(d)),
        Target("documents.read_item", "documents", 5, lambda d, _: documents.read_item(d, PATH)),
        Target("documents.read_ticket", "documents", 5, lambda d, _: documents.read_ticket(d, PATH)),
        Target("documents.read_session", "documents", 5, lambda d, _: documents.read_session(d, PATH)),
        Target("documents.edit_front", "documents", 3, _edit_front),
        Target("checklist.parse", "checklist", 10, lambda d, _: checklist.parse(_text(d))),
        Target("checklist.tick", "checklist", 4, _tick),
        Target("checklist.add", "checklist", 3, _add),
        Target("checklist.reword", "checklist", 3, _reword),
        Target("markdown.sections", "markdown", 6, lambda d, _: markdown.sections(_text(d))),
        *(Target(f"contract.examine {t}", corpus, 3, _examine(t)) for t, corpus in types.items()),
        Target("notebook.faults", "notebook", 2, lambda d, _: list(notebook.faults(_json(d)))),
        Target("legacy.read", "legacy", 4, lambda d, _: legacy.read(d.decode("utf-8", "surrogateescape"), PATH)),
        Target("log.decode", "events", 8, lambda d, _: log.decode(d, PATH)),
        Target("journal.read", "journal", 2, _reader(folder / "journal.json", lambda: journal.read(str(folder)))),
        Target("manifest", "manifest", 4, lambda d, _: adopt._manifest(d)),
        Target("ids", "ids", 4, _ids),
        Target("history.moment", "time", 3, lambda d, _: history.moment(d.decode("utf-8", "replace"), NOW)),
    ]


def command_line(folder: Path) -> Target:
    """The command line, run in this process in a small repository."""
    return Target("command line", "ids", 1, lambda d, dice: _command(folder, d, dice), large=False)


def _text(data: bytes) -> str:
    return yamltext.decode(data, PATH)


def _load(data: bytes, dice: random.Random) -> object:
    return yamltext.typed(yamltext.load(_text(data), PATH))


def _convert(data: bytes, dice: random.Random) -> object:
    text = _text(data)
    return yamltext.convert(yamltext.load(text, PATH), dice.choice((Ticket, WorkItem, Session)), PATH, text)


def _splice(data: bytes, dice: random.Random) -> object:
    value: Any = dice.choice(
        (fuzz_input.words(dice), ["a", fuzz_input.words(dice)], {"k": fuzz_input.words(dice)}, 7, None)
    )
    text = _text(data)
    fresh = yamltext.splice(text, {dice.choice(("status", "id", "notes", "fresh")): value}, PATH)
    return yamltext.load(fresh, PATH, limit=yamltext.PIPELINE_LIMIT)


def _edit_front(data: bytes, dice: random.Random) -> object:
    changes = {"status": "paused", "notes": [fuzz_input.words(dice)]}
    return documents.edit_front(_text(data), changes, PATH)


def _tick(data: bytes, dice: random.Random) -> object:
    text = _text(data)
    parsed = checklist.parse(text)
    wanted = fuzz_input.words(dice) if dice.random() < 0.3 or not parsed.bullets else dice.choice(parsed.bullets).key
    return checklist.tick(text, [checklist.find(parsed, wanted).key])


def _add(data: bytes, dice: random.Random) -> object:
    text = _text(data)
    sections = [s.title for s in markdown.sections(text[:4000])]
    section = dice.choice(sections) if sections and dice.random() < 0.7 else fuzz_input.words(dice)
    return checklist.add(text, section, fuzz_input.words(dice), dice.random() < 0.5)


def _reword(data: bytes, dice: random.Random) -> object:
    text = _text(data)
    bullets = checklist.parse(text).bullets
    key = dice.choice(bullets).key if bullets else "00000000"
    return checklist.reword(text, key, fuzz_input.words(dice))


def _examine(kind: ArtifactType) -> Callable[[bytes, random.Random], object]:
    common: dict[str, Any] = {"name": "a", "path": PATH, "type": kind}
    open_schema = Contract(**common, schema=OPEN_SCHEMA)
    plain = Contract(**common, schema=SCHEMA, columns=("a",), headings=("Goal", "Scope"))
    front = Contract(**common, front_matter={"type": "object", "required": ["id"]})

    def call(data: bytes, dice: random.Random) -> object:
        chosen = dice.choice((open_schema, plain, front))
        return contract.examine(chosen, PATH, data, data[: len(data) // 2] if dice.random() < 0.3 else None)

    return call


def _json(data: bytes) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return {"cells": [data.decode("utf-8", "replace")], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}


def _reader(file: Path, read: Callable[[], object]) -> Callable[[bytes, random.Random], object]:
    def call(data: bytes, dice: random.Random) -> object:
        file.write_bytes(data)
        return read()

    return call


def _ids(data: bytes, dice: random.Random) -> object:
    text = data.decode("utf-8", "replace")
    ids.resolve(text, ["build_t00000001", "build_142-2", text + "x"], "ticket")
    return ids.split_ticket(text)


def _command(folder: Path, data: bytes, dice: random.Random) -> object:
    words = dice.choice(COMMANDS).split()
    for _ in range(int(dice.random() * 4)):
        words.append(dice.choice(FLAGS) if dice.random() < 0.3 else fuzz_input.words(dice))
    if dice.random() < 0.5:
        words.append(data.decode("utf-8", "surrogateescape"))
    words = [w.replace("\0", "") for w in words]  # no argument can hold one
    with contextlib.chdir(folder), _silent() as (out, err):
        code = entry.main(words)
    if not 0 <= code <= EXIT_CONFLICT:
        raise AssertionError(f"exit code {code}: {words!a}: {err.getvalue()[:200]}")
    return out.getvalue()


@contextlib.contextmanager
def _silent() -> Any:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            yield out, err
        except SystemExit as e:
            if e.code not in (0, None, 2):
                raise AssertionError(f"SystemExit {e.code}") from None
        finally:
            os.environ.pop("AGENTICOPS_DEBUG", None)
