"""`work tree|split|move|link|ready|triage|except`: the tree of work items, and the rules over it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from agenticops.cli.commands.options import ItemArgument, Json, example
from agenticops.cli.hot import unread
from agenticops.cli.lines import DIM, STRONG, WARN, Line, clean, counted, cut, following, line, ok
from agenticops.cli.output import emit
from agenticops.errors import UsageError
from agenticops.workspace import Workspace

if TYPE_CHECKING:
    from agenticops.flows.workrules import Proposed
    from agenticops.flows.worktree import Row

OptionalItem = Annotated[str, typer.Argument(metavar="[ITEM]", help="The work item's id, or its start; default: all.")]
WAITS = "A work item that it waits for."
Needs = Annotated[list[str], typer.Option("--needs", metavar="NEED", help="A client's need that it answers.")]
Tickets = Annotated[list[str], typer.Option("--ticket", metavar="TICKET", help="Another item's ticket to look at.")]
WIDTH = 58
# What a linked field is called.
LINKS = {"depends": "waits for", "needs": "needs", "client": "client", "links": "tickets"}


class Kind(StrEnum):
    """What a work item is."""

    PRD = "PRD"
    CRD = "CRD"
    Task = "Task"


class Priority(StrEnum):
    """How urgent it is."""

    now = "now"
    next = "next"
    future = "future"


class Rule(StrEnum):
    """A flow rule, by the code of its finding."""

    prd = "VT480"
    crd = "VT481"
    task = "VT482"
    aligned = "VT483"


def register(app: typer.Typer) -> None:
    """Add these commands to the group `work`."""
    app.command(**example("agenticops work tree", "agenticops work tree 142"))(tree)
    app.command(**example("agenticops work ready --kind Task"))(ready)
    app.command(**example('agenticops work split 142 --into "Read the ward\'s form" --into "Forecast a day"'))(split)
    app.command(**example("agenticops work move 143 --under 142"))(move)
    app.command(**example("agenticops work link 143 --blocked-by 141", "agenticops work link 143 --needs n4f2kq7z1"))(
        link
    )
    app.command(**example("agenticops work triage", "agenticops work triage 143 --apply"))(triage)
    app.command("except", **example('agenticops work except 142 --rule VT480 --reason "Two launches in May"'))(except_)


def tree(
    item: OptionalItem = "",
    everything: Annotated[bool, typer.Option("--all", help="What has ended, too.")] = False,
    json: Json = False,
) -> None:
    """Show the tree of work items, where each stands, and what holds it up."""
    from agenticops.flows import worktree

    workspace = Workspace()
    found = worktree.tree(workspace, item, everything)
    rows = _told(found)
    emit("work-tree", found, [*rows, following("agenticops work ready")] if rows else _none(), json)
    raise typer.Exit(unread(workspace, "docs/work/"))


def _none() -> list[Line]:
    return [line(("no open work items", DIM)), following('agenticops work new --kind PRD --title "…"')]


def _told(rows: list[Row]) -> list[Line]:
    """Show items one below the other, what is said of them in a column."""
    heads = [("  " * row.depth + f"{row.kind} ", row.id, f"  {cut(row.title, WIDTH)}") for row in rows]
    wide = max((sum(map(len, head)) for head in heads), default=0)
    return [_row(row, head, wide) for row, head in zip(rows, heads, strict=True)]


def _row(row: Row, head: tuple[str, str, str], wide: int) -> Line:
    kind, name, title = head
    stands = "no ticket yet" if row.stands == "waiting" else row.stands  # `waits` is another matter
    said = (row.priority, stands, ", ".join(row.assignees))
    return line(
        (kind, DIM),
        (name, STRONG),
        f"{title:<{wide - len(kind) - len(name)}}  ",
        (clean(" · ".join(filter(None, said))), DIM),
        (f"  {clean(row.waits)}" if row.waits else "", WARN),
    )


def ready(kind: Annotated[Kind | None, typer.Option(help="Only PRD, CRD or Task.")] = None, json: Json = False) -> None:
    """List the work items that nothing holds up, most urgent first; then those that wait, and for what."""
    from agenticops.flows import worktree

    workspace = Workspace()
    free, waiting = worktree.ready(workspace, kind.value if kind else "")
    rows = _told([*free, *waiting])
    if not free:
        rows.insert(0, line(("nothing is ready", DIM)))
    elif waiting:
        rows.insert(len(free), line(("not ready", DIM)))
    if not free and not waiting:
        rows = _none()
    elif fresh := next((row for row in free if row.stands == "waiting"), None):
        phase = " --phase PHASE" if fresh.kind == "Task" else ""
        rows.append(following(f"agenticops ticket new {fresh.id}{phase}"))
    else:
        rows.append(following("agenticops next"))
    emit("work-ready", {"ready": free, "waiting": waiting}, rows, json)
    raise typer.Exit(unread(workspace, "docs/work/"))


def split(
    item: ItemArgument,
    into: Annotated[list[str], typer.Option(metavar="TITLE", help="A part's title; may be given more than once.")],
    kind: Annotated[Kind | None, typer.Option(help="What the parts are; default: what is right below.")] = None,
    priority: Annotated[Priority | None, typer.Option(help="How urgent they are.")] = None,
    json: Json = False,
) -> None:
    """Split a work item: write its parts as items below it."""
    from agenticops.flows import worktree

    above, parts = worktree.split(
        Workspace(), item, into, kind.value if kind else None, priority.value if priority else None
    )
    rows = [ok(f"{part.kind} {part.id}  {cut(part.title, WIDTH)}", part.path) for part in parts]
    rows.append(following(f"agenticops work tree {above.id}"))
    emit("work-split", {"item": above, "parts": parts}, rows, json)


def move(
    item: ItemArgument,
    under: Annotated[str, typer.Option(metavar="ITEM", help="The PRD or CRD to stand below.")] = "",
    top: Annotated[bool, typer.Option("--top", help="Below nothing.")] = False,
    json: Json = False,
) -> None:
    """Put a work item below another one, or at the top. What is below it goes along."""
    if bool(under) == top:
        raise UsageError("say where to: --under ITEM or --top", hint="agenticops work move --help")
    from agenticops.flows import worktree

    found = worktree.move(Workspace(), item, under)
    where = f"below {found.parent}" if found.parent else "at the top"
    emit("work", {"item": found}, [ok(f"{found.id} stands {where}"), following("agenticops work tree")], json)


def link(
    item: ItemArgument,
    needs: Needs = [],  # noqa: B006
    blocked_by: Annotated[list[str], typer.Option(metavar="ITEM", help=WAITS)] = [],  # noqa: B006
    client: Annotated[str, typer.Option(metavar="CLIENT", help="The client that it is for.")] = "",
    ticket: Tickets = [],  # noqa: B006
    remove: Annotated[bool, typer.Option("--remove", help="Take these links away.")] = False,
    json: Json = False,
) -> None:
    """Link a work item with needs, the items that block it, its client, or tickets."""
    from agenticops.flows import worktree
    from agenticops.flows.worktree import Links

    links = Links(tuple(needs), tuple(blocked_by), tuple(ticket), client)
    found, fields = worktree.link(Workspace(), item, links, remove)
    said = {"depends": found.depends, "needs": found.needs, "client": (found.client,), "links": found.tickets}
    names = {field: ", ".join(filter(None, said[field])) or "none" for field in fields}
    words = " · ".join(f"{LINKS[field]}: {value}" for field, value in names.items())
    rows = [ok(f"{found.id}  {clean(words)}", found.path)]
    rows.append(following("agenticops work ready" if "depends" in fields else f"agenticops trace {found.id}"))
    emit("work", {"item": found}, rows, json)


def triage(
    item: OptionalItem = "",
    apply: Annotated[bool, typer.Option("--apply", help="Write it into the documents; an operator's word.")] = False,
    json: Json = False,
) -> None:
    """Propose priority, phase, agent and labels by the rules of config/triage.yml; --apply confirms.

    Without ITEM it looks at what nobody has triaged: no ticket yet, priority and labels as they were written down.
    """
    workspace = Workspace()
    from agenticops.flows import workrules

    found = (workrules.apply if apply else workrules.proposals)(workspace, item)
    rows = [row for proposed in found for row in _proposal(proposed)]
    if not found:
        rows = [ok("the rules propose nothing new")]
    elif apply:
        rows.append(ok(f"{counted(len(found), 'work item')} triaged"))
    else:
        rows.append(following(f"agenticops work triage{f' {found[0].item}' if len(found) == 1 else ''} --apply"))
    if not found or apply:
        rows.append(following("agenticops work ready"))
    emit("work-triage", {"applied": apply, "items": found}, rows, json)


def _proposal(proposed: Proposed) -> list[Line]:
    said = [("priority", f"{proposed.was} → {proposed.priority}", "priority")] if proposed.priority else []
    said += [(field, value, field) for field in ("phase", "agent") if (value := getattr(proposed, field))]
    said += [("label", label, label) for label in proposed.labels]
    head = line((proposed.item, STRONG), f"  {cut(proposed.title, WIDTH)}")
    return [head, *(_because(what, value, proposed.because[key]) for what, value, key in said)]


def _because(what: str, value: str, rule: str) -> Line:
    return line((f"  {what:<9}", DIM), clean(value), (f"  rule {clean(rule)}", DIM))


def except_(
    item: ItemArgument,
    rule: Annotated[Rule, typer.Option(help="The rule, by its code; agenticops explain CODE says what it asks.")],
    reason: Annotated[str, typer.Option(help="Why it must be so.")],
    until: Annotated[str, typer.Option(metavar="WHEN", help="A time from now (14d, 2w) or a date.")] = "",
    end: Annotated[bool, typer.Option("--end", help="Put it back under the rule.")] = False,
    json: Json = False,
) -> None:
    """Let a work item off a flow rule, with the reason; only an operator can. The log keeps it."""
    from agenticops.flows import workrules

    found = workrules.allow(Workspace(), item, rule.value, reason, until, end)
    last = "" if end else f" until {found.until[:10]}" if found.until else " without an end"
    what = f"{found.item} is under {found.code} again" if end else f"{found.item} is let off {found.code}{last}"
    emit("work-except", found, [ok(what), following("agenticops check")], json)
