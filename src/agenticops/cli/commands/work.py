"""`work`: items that travel the pipeline."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from agenticops.cli import board
from agenticops.cli.commands import worktree
from agenticops.cli.commands.options import Commit, ItemArgument, Json, example, group
from agenticops.cli.commands.worktree import WAITS, Kind, Needs, Priority, Tickets
from agenticops.cli.hot import unread
from agenticops.cli.lines import DIM, STRONG, Line, clean, cut, following, line, ok
from agenticops.cli.output import emit
from agenticops.core.fold import Chain
from agenticops.errors import UsageError
from agenticops.flows import commit as commits
from agenticops.flows import work
from agenticops.model.ticket import Ticket
from agenticops.model.work import TICKETS, WorkItem
from agenticops.workspace import Workspace

app = group(
    "Work items: PRD → CRD → Task, one Markdown document each.",
    'agenticops work new --kind PRD --title "Forecast refill adherence" --start',
)

BodyFile = Annotated[typer.FileText | None, typer.Option(help="A file with the text; - reads standard input.")]


def _body(text: str, file: typer.FileText | None) -> str:
    """Take the text from the option, or from the file."""
    if text and file:
        raise UsageError("--body and --body-file both give the text", hint="leave one out")
    return file.read() if file else text


@app.command(
    **example(
        'agenticops work new --kind PRD --title "Forecast refill adherence" --start',
        'agenticops work new --kind Task --title "Read the form" --parent 143 --blocked-by 141 --assignee ada',
    )
)
def new(
    title: Annotated[str, typer.Option(help="What is wanted, in one line.")],
    kind: Annotated[Kind, typer.Option(help="PRD, CRD or Task.")] = Kind.PRD,
    body: Annotated[str, typer.Option(help="The text of the document (Markdown).")] = "",
    body_file: BodyFile = None,
    priority: Annotated[Priority, typer.Option(help="How urgent it is.")] = Priority.next,
    parent: Annotated[str, typer.Option(metavar="ITEM", help="The PRD or CRD above it.")] = "",
    issue: Annotated[int | None, typer.Option(min=1, help="The forge's issue number; it becomes the id.")] = None,
    url: Annotated[str, typer.Option(help="The forge's page.")] = "",
    label: Annotated[list[str], typer.Option(help="A label; may be given more than once.")] = [],  # noqa: B006
    assignee: Annotated[list[str], typer.Option(metavar="LOGIN", help="Who works it, at the forge.")] = [],  # noqa: B006
    milestone: Annotated[str, typer.Option(help="The milestone that it belongs to.")] = "",
    depends: Annotated[list[str], typer.Option("--depends", "--blocked-by", metavar="ITEM", help=WAITS)] = [],  # noqa: B006
    needs: Needs = [],  # noqa: B006
    linked: Tickets = [],  # noqa: B006
    client: Annotated[str, typer.Option(help="For whom.")] = "",
    project: Annotated[str, typer.Option(help="The project that it belongs to.")] = "",
    start: Annotated[bool, typer.Option("--start", help="Open its first ticket too.")] = False,
    phase: Annotated[str, typer.Option(help="With --start: the one phase that a Task visits.")] = "",
    commit: Commit = False,
    json: Json = False,
) -> None:
    """Write a new work item."""
    workspace = Workspace()
    draft = WorkItem(
        "",
        kind.value,
        title,
        priority.value,
        parent,
        issue,
        url,
        tuple(filter(None, label)),
        tuple(filter(None, assignee)),
        milestone.strip(),
        tuple(depends),
        tuple(needs),
        client=client,
        project=project,
        links={TICKETS: linked} if linked else {},
        body=_body(body, body_file),
    )
    item, ticket = work.new(workspace, draft, start, phase)
    name = ticket.id if ticket else ""
    done = commits.of_item(workspace, item.id, f"Open {item.id}: {item.title}", name) if commit else ""
    rows = [ok(f"work item {item.id}", item.path)]
    if ticket:
        rows += opened(ticket)
    else:
        rows.append(following(_first(item)))
    if done:
        rows.insert(-1, ok(f"committed {done}"))
    emit("work", {"item": item, "ticket": ticket, "commit": done}, rows, json)


def _first(item: WorkItem) -> str:
    """Name the command that opens an item's first ticket, or that says whether what it waits for is done."""
    if item.depends:
        return "agenticops work ready"
    return f"agenticops ticket new {item.id}{' --phase PHASE' if item.kind == 'Task' else ''}"


def _next(item: WorkItem, chain: Chain) -> str:
    """Name what leads on from an item: its fork, its ticket, or the first one."""
    if chain.forks:
        return f"agenticops work resolve {item.id} --keep TICKET"
    if "_" in chain.state:
        return f"agenticops ticket show {chain.state}"
    return f"agenticops trace {item.id}" if chain.state not in ("", "created") else _first(item)


def opened(ticket: Ticket) -> list[Line]:
    """Show a ticket that was just opened."""
    begin = f"agenticops begin {board.short(ticket.id)} --agent {ticket.agent}"
    return [ok(f"ticket {ticket.id} opened", f"mode {ticket.mode} · agent {ticket.agent}"), following(begin)]


@app.command("list", **example("agenticops work list --kind PRD"))
def list_(
    kind: Annotated[Kind | None, typer.Option(help="Only PRD, CRD or Task.")] = None,
    phase: Annotated[str, typer.Option(help="Only those in a phase, or waiting, done, cancelled.")] = "",
    json: Json = False,
) -> None:
    """List the work items and where they stand."""
    workspace = Workspace()
    found = work.listing(workspace, kind.value if kind else "", phase)
    rows = [
        line(
            f"{r['id']:<10} ",
            (f"{r['kind']:<5}", DIM),
            f" {cut(r['title'], 52):<52} {r['priority']:<7} ",
            (r["stands"], STRONG),
        )
        for r in found
    ]
    emit(
        "work-list",
        found,
        rows or [line(("no work items", DIM)), following('agenticops work new --kind PRD --title "…"')],
        json,
    )
    raise typer.Exit(unread(workspace, "docs/work/"))


@app.command(**example("agenticops work show 142"))
def show(item: ItemArgument, json: Json = False) -> None:
    """Show a work item and its way through the pipeline."""
    workspace = Workspace()
    found, chain, below = work.show(workspace, item)
    from agenticops.flows import workrules

    allowed = workrules.excepted(workspace, found.id)
    rows: list[Line] = [line((f"{found.kind} {found.id}", STRONG), f"  {clean(found.title)}")]
    pairs = {
        "priority": found.priority,
        "parent": found.parent,
        "depends": ", ".join(found.depends),
        "needs": ", ".join(found.needs),
        "client": found.client,
        "project": found.project,
        "tickets": ", ".join(found.tickets),
        "labels": ", ".join(found.labels),
        "assigned": ", ".join(found.assignees),
        "milestone": found.milestone,
        "issue": found.url or (f"#{found.issue}" if found.issue else ""),
        "file": found.path,
    }
    rows += [line((f"  {k:<10}", DIM), clean(v)) for k, v in pairs.items() if v]
    rows += [
        line(("  below     ", DIM), f"{r['kind']} {r['id']}  {cut(r['title'], 60)}", (f"  {r['stands']}", DIM))
        for r in below
    ]
    rows += [line(("  let off   ", DIM), e.code, (f"  {cut(e.reason, 60)}  {e.until[:10]}", DIM)) for e in allowed]
    rows += [line("  ", clean(text)) for text in ["", *found.body.split("\n"), ""]] if found.body else []
    for event in chain.events:
        to = str(event.data.get("to", ""))
        what = event.kind.replace("_", " ")
        rows.append(
            line((f"  {event.at[:16].replace('T', ' ')}  ", DIM), f"{what:<14}  ", clean(to if "_" in to else ""))
        )
    rows.append(following(_next(found, chain)))
    data = {
        "item": found,
        "way": chain.events,
        "stands": chain.state,
        "forks": chain.forks,
        "below": below,
        "excepted": allowed,
    }
    emit("work", data, rows, json)


@app.command(**example("agenticops work edit 142 --priority now"))
def edit(
    item: ItemArgument,
    title: Annotated[str, typer.Option(help="The new title.")] = "",
    priority: Annotated[Priority | None, typer.Option(help="How urgent it is now.")] = None,
    parent: Annotated[str, typer.Option(metavar="ITEM", help="The PRD or CRD above it.")] = "",
    client: Annotated[str, typer.Option(help="For whom.")] = "",
    url: Annotated[str, typer.Option(help="The forge's page.")] = "",
    issue: Annotated[int | None, typer.Option(min=1, help="The forge's issue number, as a link.")] = None,
    milestone: Annotated[str | None, typer.Option(help="The milestone that it belongs to.")] = None,
    label: Annotated[list[str], typer.Option(help="The labels, all of them.")] = [],  # noqa: B006
    assignee: Annotated[list[str], typer.Option(metavar="LOGIN", help="Who works it, all of them.")] = [],  # noqa: B006
    depends: Annotated[list[str], typer.Option(metavar="ITEM", help="What it waits for, all of it.")] = [],  # noqa: B006
    body: Annotated[str, typer.Option(help="The new text of the document.")] = "",
    body_file: BodyFile = None,
    json: Json = False,
) -> None:
    """Change a work item; every byte that is not meant stays. An empty label, assignee or depends means none."""
    changes: dict[str, Any] = {"title": title, "parent": parent, "client": client, "url": url, "issue": issue}
    changes = {k: v for k, v in changes.items() if v}
    if priority:
        changes["priority"] = priority.value
    if milestone is not None:
        changes["milestone"] = milestone.strip()
    lists = {"labels": label, "assignees": assignee, "depends": depends}
    changes |= {field: [name for name in names if name] for field, names in lists.items() if names}
    found = work.edit(Workspace(), item, changes, _body(body, body_file) or None)
    rows = [ok(f"work item {found.id} changed", found.path), following(f"agenticops work show {found.id}")]
    emit("work", {"item": found}, rows, json)


@app.command(**example("agenticops work resolve 142 --keep validation_142-2"))
def resolve(
    item: ItemArgument,
    keep: Annotated[str, typer.Option(metavar="TICKET", help="The ticket that leads on.")],
    json: Json = False,
) -> None:
    """Mend a forked history: one ticket is kept, the others are cancelled."""
    cancelled = work.resolve(Workspace(), item, keep)
    rows = [ok(f"{keep} leads on", f"cancelled: {', '.join(cancelled) or 'nothing'}"), following("agenticops check")]
    emit("work-resolve", {"kept": keep, "cancelled": cancelled}, rows, json)


worktree.register(app)
