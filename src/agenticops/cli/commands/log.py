"""`log`, and what keeps it: `log compact`, `log verify`, `log summarize`."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer import _click as click

from agenticops.cli import board
from agenticops.cli.commands.options import Group, Json, example
from agenticops.cli.lines import DIM, STRONG, Line, bad, clean, counted, following, line, ok
from agenticops.cli.output import emit
from agenticops.errors import EXIT_VERDICT
from agenticops.flows import compact as compacting
from agenticops.flows import history, logcheck, summary
from agenticops.model.event import Event
from agenticops.workspace import Workspace

PLAIN: dict[str, Any] = {"rich_markup_mode": None, "add_completion": False}
app = typer.Typer(
    cls=Group,
    invoke_without_command=True,
    **example("agenticops log --ticket t7f3 --since today", "agenticops log --kind gate_refused --limit 5"),
    **PLAIN,
)
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print what would happen; change nothing.")]
SHOWN = (
    "text",
    "words",
    "artifact",
    "path",
    "reason",
    "title",
    "to",
    "gate",
    "mode",
    "agent",
    "train",
    "todo",
    "fields",
    "day",
)


@app.callback()
def log(
    context: click.Context,
    ticket: Annotated[
        str, typer.Option("--ticket", "-t", help="Events of a ticket (start of the id, or of its item).")
    ] = "",
    item: Annotated[str, typer.Option(help="Events of a work item (start of the id).")] = "",
    actor: Annotated[str, typer.Option(help="Events of an operator (part of name or mail) or agent.")] = "",
    kind: Annotated[str, typer.Option(help="Events of one kind, for example gate_passed.")] = "",
    since: Annotated[str, typer.Option(help="today, 2d, 3h, or a date (UTC).")] = "",
    limit: Annotated[int, typer.Option(min=0, help="The last N events; 0 gives all.")] = 0,
    json: Json = False,
) -> None:
    """Show the events, oldest first; compact, verify and summarize keep the log."""
    if context.invoked_subcommand is not None:
        return
    workspace = Workspace()
    events = history.events(workspace, ticket=ticket, item=item, actor=actor, kind=kind, since=since, limit=limit)
    emit("log", events, event_lines(events), json)


@app.command(**example("agenticops log compact --dry-run", "agenticops log compact --retention --commit"))
def compact(
    retention: Annotated[
        bool, typer.Option("--retention", help="Apply config/retention.yml: drop and archive what has expired.")
    ] = False,
    dry_run: DryRun = False,
    commit: Annotated[bool, typer.Option("--commit", help="Commit just what this wrote and deleted.")] = False,
    json: Json = False,
) -> None:
    """Pack the log's sealed shards, once there are 1,000. Works on the default branch only.

    With --retention it applies the policy instead, and prints the plan first. Shards that hold expired events are
    packed then; packs are taken away when they are committed and all in them has expired: with --commit at once.
    """
    workspace = Workspace()
    plan = compacting.planned(workspace, keep=retention)
    if not json:
        emit("log-compact", plan, plan_lines(plan), False)
    done = plan if dry_run else compacting.compact(workspace, keep=retention, commit=commit)
    after = None
    if retention and commit and done.later:
        after = compacting.compact(workspace, keep=True, commit=True)
        if not json:
            emit("log-compact", after, plan_lines(after), False)
    if json:
        emit("log-compact", _data(done, dry_run, after), [], True)
    elif not dry_run:
        emit("log-compact", done, done_lines(done, commit), False)


@app.command(**example("agenticops log verify"))
def verify(json: Json = False) -> None:
    """Verify each line, id and chain of the log, and that nothing vanished that history had. Exits 3 on findings."""
    found = logcheck.verify(Workspace())
    data = {name: getattr(found, name) for name in ("holds", *found.__struct_fields__)}
    emit("log-verify", data, audit_lines(found), json)
    if not found.holds:
        raise typer.Exit(EXIT_VERDICT)


@app.command(**example("agenticops log summarize"))
def summarize(dry_run: DryRun = False, json: Json = False) -> None:
    """Sum up each finished day of this clone's local log as one event. Commits nothing."""
    found = summary.summarize(Workspace(), dry_run)
    rows = [ok(f"{s['day']}  {counted(s['events'], 'event')}", ", ".join(s["kinds"])) for s in found]
    emit("log-summarize", found, rows or [line(("no day to sum up", DIM))], json)


def plan_lines(plan: compacting.Compaction) -> list[Line]:
    """Show what becomes of the log: months that are packed, kinds that expire."""
    rows: list[Line] = []
    for month in plan.months:
        words = f"{counted(month.shards, 'shard')} → {counted(month.packs, 'pack')}"
        rows.append(line(("pack     ", STRONG), month.folder, (f"  {words}, {counted(month.events, 'event')}", DIM)))
    for entry, where in [(e, "") for e in plan.expired] + [(e, " of the local log") for e in plan.local]:
        words = f"{entry.count} {clean(entry.kind)}{where}"
        rows.append(line((f"{entry.then:<9}", STRONG), words, (f"  from before {entry.before[:10]}", DIM)))
    if plan.later:
        rows.append(line(("what expired in these months goes once its packs are committed", DIM)))
    return rows or [line((f"nothing to do: {counted(plan.shards, 'shard')}", DIM))]


def done_lines(done: compacting.Compaction, committed: bool) -> list[Line]:
    """Say what was done, and that it wants a commit."""
    changes = done.plan.changes
    if not changes:
        return []
    written = len(done.plan.of("create"))
    rows = [ok(f"{counted(written, 'file')} written, {counted(len(changes) - written, 'file')} deleted", done.commit)]
    if not committed:
        rows.append(following("git add --all .agenticops docs && git commit"))
    return rows


def _data(found: compacting.Compaction, dry_run: bool, after: compacting.Compaction | None) -> dict[str, Any]:
    data: dict[str, Any] = {
        "dry_run": dry_run,
        **{name: getattr(found, name) for name in ("shards", "months", "expired", "local", "later", "commit")},
        "plan": [{"verb": c.verb, "path": c.path} for c in found.plan.changes],
    }
    return {**data, "after": _data(after, dry_run, None)} if after else data


def audit_lines(found: logcheck.Audit) -> list[Line]:
    """Show the findings, and what was looked at."""
    looked = f"{counted(found.shards, 'shard')}, {counted(found.packs, 'pack')}, {counted(found.events, 'event')}"
    past = f"; {found.archived} archived" if found.archived else ""
    wrong = f"the log does not hold ({counted(len(found.findings), 'finding')})"
    rows = [ok("the log holds") if found.holds else bad(wrong), *board.finding_lines(found.findings)]
    return [*rows, line((f"  {looked}{past}; {counted(found.replaced, 'older content')} in history", DIM))]


def event_lines(events: list[Event]) -> list[Line]:
    """Show events by day: time, who, what, on which ticket, and the words that matter."""
    rows: list[Line] = []
    day = ""
    width = max((len(_who(e)) for e in events), default=0)
    names = max((len(_name(e)) for e in events), default=0)
    for e in events:
        if e.at[:10] != day:
            day = e.at[:10]
            rows.append(line((day + " (UTC)", DIM)))
        words = f"{e.kind.replace('_', ' '):<20}"
        rows.append(
            line(f" {e.at[11:16]}  {_who(e):<{width}}  ", (words, STRONG), f"  {_name(e):<{names}}  ", (_words(e), DIM))
        )
    return rows or [line(("no events", DIM))]


def _name(event: Event) -> str:
    return board.short(event.ticket) or event.item or clean(event.subject)[:30] or "train"


def _who(event: Event) -> str:
    operator = clean(event.actor.operator.split(" <")[0])[:24]
    return f"{operator} ({event.actor.agent})" if event.actor.agent else operator


def _words(event: Event) -> str:
    data = event.data
    if "codes" in data:
        count = data.get("findings", len(data["codes"]))
        return f"{data.get('gate', '')}: {count} findings, {', '.join(map(str, data['codes']))}"
    if event.kind in ("rule_fired", "rule_cut"):
        return clean(f"{data.get('rule')}: {data.get('error') or data.get('outcome') or 'cut'}")[:90]
    if event.kind == "item_moved":
        return f"{data.get('from') or 'start'} → {data.get('to')}"
    found = next((data[k] for k in SHOWN if data.get(k)), "")
    digest = f"  sha256 {str(data['sha256'])[:8]}" if "sha256" in data else ""
    return clean(found if isinstance(found, str) else ", ".join(map(str, found)))[:90] + digest
