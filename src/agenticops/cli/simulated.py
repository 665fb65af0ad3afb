"""Simulated: what would happen, as lines: a dry run, two pipelines, and a gate over what was closed."""

from __future__ import annotations

from agenticops.cli import board
from agenticops.cli.lines import BAD, DIM, GOOD, STRONG, WARN, Line, clean, counted, following, line, ok
from agenticops.flows import simulate

MARKS = {"added": ("+", GOOD), "removed": ("-", BAD), "changed": ("~", WARN)}
FILES = {"create": ("+", GOOD), "delete": ("-", BAD), "update": ("~", WARN)}
SEVERITY = {"error": BAD, "warning": WARN}


def rehearsal_lines(found: simulate.Rehearsed, rows: list[Line], command: str) -> list[Line]:
    """Show what an advance would do, below `rows`, which tell its outcome."""
    told = [line(("dry run: nothing is written, no command is run", STRONG)), *rows]
    told += [line(("  runs   ", DIM), f"{clean(name)} first; its evidence does not hold") for name in found.runs]
    for path, how in found.files.items():
        told.append(line("  ", FILES[how], f" {clean(path)}"))
    for draft in found.events:
        told.append(line(("  event  ", DIM), f"{draft.kind:<18} ", (clean(draft.subject), DIM)))
    return told if found.outcome.state == "refused" else [*told, following(command)]


def difference_lines(found: simulate.Difference) -> list[Line]:
    """Show what changed in the pipeline, then each ticket that is touched."""
    head = line((counted(len(found.changes), "change"), STRONG), (f"  {found.base} → {found.head or 'here'}", DIM))
    rows = [head] if found.changes else [ok("the pipeline did not change")]
    for change in found.changes:
        what = f" {change.noun:<9} {clean(change.name)}"
        rows.append(line("  ", MARKS[change.change], what, (f"  {clean(change.words)}", DIM)))
    if not found.tickets:
        return [*rows, ok(f"no ticket in flight is touched: {counted(found.in_flight, 'ticket')} judged")]
    for hurt in found.tickets:
        rows.append(line((hurt.ticket, STRONG)))
        for f in hurt.findings:
            rows.append(line("  ", (f.code, SEVERITY.get(f.severity, DIM)), f"  {clean(f.message)}"))
    first = next((f for h in found.tickets for f in h.findings if f.severity != "info"), found.tickets[0].findings[0])
    return [*rows, following(f"agenticops explain {first.code}")]


def replayed_lines(found: simulate.Replayed) -> list[Line]:
    """Show the tickets that were closed, one a line, and how many would be held."""
    commits = counted(found.commits, "commit")
    if not found.rows:
        return [ok(f"no ticket was closed in {commits}"), following("agenticops gate replay --last 1000")]
    width = max(len(board.short(r.ticket)) for r in found.rows)
    rows = [line((f"  {'ticket':<{width}}  {'commit':<10}  {'then':<10}  now", DIM))]
    for r in found.rows:
        now = ("holds", GOOD) if r.holds else (f"does not hold  {', '.join(r.codes)}", BAD)
        rows.append(line(f"  {board.short(r.ticket):<{width}}  {r.commit[:10]}  {r.then:<10}  ", now))
    closed = f"{counted(len(found.rows), 'ticket')} closed in {commits}"
    rows.append(line((f"{closed}: {found.held} would not get through today", STRONG)))
    caught = next((r for r in found.rows if not r.holds), None)
    return [*rows, following(f"agenticops explain {caught.codes[0]}" if caught else "agenticops pipeline diff")]
