"""The prompt of a turn: one bullet, what shows that it is done, what may be written, and what went wrong before.

It is one short page: an agent that needs more asks the train (`agenticops mode show`). Words of people and of earlier
runs are facts to it, no instructions; they are cut, so that a long issue does not push the task out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from msgspec import Struct

from agenticops.core.prime import shorten
from agenticops.model.checklist import Bullet
from agenticops.model.pipeline import Contract, Mode
from agenticops.model.plain import clean
from agenticops.model.ticket import Ticket
from agenticops.model.work import WorkItem

BODY = 4000
FINDINGS = 12
NOTE = 200


class Task(Struct, frozen=True):
    """What a turn is about: a bullet, or the repair of what a gate or the forge's checks found.

    `key` is the bullet's, or `gate` or `ci`. `contract` is the artifact that a bullet owes, `proof` the command whose
    success ticks it. `failures` are what earlier attempts ended with, the last one last. `notes` are the operator's.
    """

    key: str
    text: str
    section: str = ""
    contract: Contract | None = None
    path: str = ""
    proof: str = ""
    findings: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def of_bullet(bullet: Bullet, contract: Contract | None, path: str, failures: Sequence[str]) -> Task:
    """Make the task of a bullet."""
    return Task(bullet.key, bullet.text, bullet.section, contract, path, bullet.proof, failures=tuple(failures))


def write(task: Task, item: WorkItem, ticket: Ticket, mode: Mode, writable: Sequence[str]) -> str:
    """Write the page."""
    rows = [f"# {shorten(task.text, 200)}", "", *_about(task, item, ticket, mode)]
    rows += ["", "## Done when", "", *_done(task, ticket)]
    if task.findings or task.failures:
        rows += ["", "## What is wrong", "", *_wrong(task)]
    if task.notes:
        rows += ["", "## From the operator", "", *(f"- {shorten(note, NOTE)}" for note in task.notes)]
    rows += ["", "## Bounds", "", *_bounds(ticket, mode, writable)]
    if item.body.strip():
        rows += ["", "## The work item, in its author's words", "", clean_text(item.body)]
    return "\n".join(rows) + "\n"


def clean_text(text: str) -> str:
    """Cut a text of people, and take out of it what is no text."""
    kept = text.strip()[:BODY]
    shown = "\n".join(clean(row) for row in kept.splitlines())
    return shown + ("\n…" if len(text.strip()) > BODY else "")


def _about(task: Task, item: WorkItem, ticket: Ticket, mode: Mode) -> list[str]:
    section = f", section {shorten(task.section)}" if task.section else ""
    return [
        f"Ticket {ticket.id} ({ticket.phase}){section} of the {item.kind} {item.id}: {shorten(item.title, 80)}",
        f"You are the agent {ticket.agent} in mode {mode.name}: {shorten(mode.purpose or mode.title, 80)}",
        "Do this one thing, in this folder, and stop. The next thing is asked of you afterwards.",
    ]


def _done(task: Task, ticket: Ticket) -> list[str]:
    notes = f"{ticket.folder}/artifacts/notes.md"
    if task.contract is not None:
        rows = [f"- `{task.path}` is there and holds its contract: {_owed(task.contract)}"]
        return [*rows, "- Its template's own words are replaced by yours."] if task.contract.template else rows
    if task.proof:
        return [f"- The check `{task.proof}` passes; the train runs it, not you."]
    if task.key in ("gate", "ci"):
        return ["- What is wrong below is mended, at its cause."]
    return [
        "- A file shows it. When the work itself changes no file, write what you found, with its proof, below a heading"
        f" of these words into `{notes}`.",
    ]


def _owed(contract: Contract) -> str:
    said = [contract.title or contract.name]
    if contract.type:
        said.append(contract.type)
    if contract.headings:
        said.append("headings " + ", ".join(contract.headings))
    if contract.columns:
        said.append("columns " + ", ".join(contract.columns))
    for noun, schema in (("front-matter", contract.front_matter), ("content", contract.schema)):
        if schema:
            said.append(f"{noun} by this JSON Schema: {shorten(json.dumps(schema), 300)}")
    said.append(f"at most {contract.max_bytes} bytes")
    return "; ".join(shorten(s, 320) for s in said)


def _wrong(task: Task) -> list[str]:
    rows = [f"- {shorten(f, 120)}" for f in task.findings[:FINDINGS]]
    if len(task.findings) > FINDINGS:
        rows.append(f"- … {len(task.findings) - FINDINGS} more: agenticops check")
    return rows + [f"- Attempt {n} failed: {shorten(f, 160)}" for n, f in enumerate(task.failures, 1)]


def _bounds(ticket: Ticket, mode: Mode, writable: Sequence[str]) -> list[str]:
    rows = [f"- {shorten(rule, 80)}" for rule in mode.rules]
    if writable:
        rows.append("- You may write: " + ", ".join(f"`{w}`" for w in writable[:20]))
    return [
        *rows,
        "- Tick no bullet, commit nothing, advance nothing: the train does that when it has looked at your work.",
        "- When only a person can help, say so on the last line: `NEEDS-PERSON: what for`.",
        f"- `agenticops mode show` and `agenticops checklist show {ticket.id}` tell more.",
    ]
