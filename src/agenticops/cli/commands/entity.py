"""`entity`: records that workflows and rules work on."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from agenticops.cli.commands.options import Json, example, group
from agenticops.cli.lines import DIM, Line, clean, following, line, ok
from agenticops.cli.output import emit
from agenticops.flows.workflow import reading, records
from agenticops.model.workflow import Entity
from agenticops.workspace import Workspace

app = group("Records that workflows and rules work on: customer, quote, order …", "agenticops entity list --kind quote")
EntityArgument = Annotated[str, typer.Argument(metavar="ID", help="The entity's id, or its start.")]
LIMIT = 50


@app.command(**example('agenticops entity new customer --name "Mrs Hart" --status Lead --field email=hart@example.org'))
def new(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="customer, quote, order, task, invoice …")],
    name: Annotated[str, typer.Option(help="Its name, in one line.")] = "",
    status: Annotated[str, typer.Option(help="Its status.")] = "",
    field: Annotated[list[str], typer.Option(metavar="KEY=VALUE", help="A field; may be repeated.")] = [],  # noqa: B006
    instance: Annotated[str, typer.Option(metavar="ID", help="The workflow instance that it belongs to.")] = "",
    parent: Annotated[str, typer.Option(metavar="ID", help="The entity above it.")] = "",
    json: Json = False,
) -> None:
    """Create an entity; its instance moves along when that is what its next state has."""
    workspace = Workspace()
    with_fields = _pairs("--field", field)
    found, moved = records.new(workspace, kind, name, status, with_fields, instance, parent)
    _told(f"{clean(found.kind)} {found.id} created", found, moved, json)


@app.command("set", **example("agenticops entity set e7k2 status=Sent amount=1200"))
def set_(
    wanted: EntityArgument,
    field: Annotated[list[str], typer.Argument(metavar="KEY=VALUE…", help="name, status, parent, or any other field.")],
    json: Json = False,
) -> None:
    """Set fields; when the status changes, the instance moves to the state that has it."""
    workspace = Workspace()
    found, moved = records.set_fields(workspace, wanted, _pairs("agenticops entity set ID", field))
    _told(f"{clean(found.kind)} {found.id} changed", found, moved, json)


def _pairs(flag: str, words: list[str]) -> dict[str, Any]:
    if not words:
        return {}
    from agenticops.cli.forms import pairs

    return pairs(flag, words)


def _told(done: str, found: Entity, moved: str, json: bool) -> None:
    rows: list[Line] = [ok(done, clean(found.status))]
    if moved:
        rows.append(line(("  moved    ", DIM), f"{found.instance} → {clean(moved)}"))
    rows.append(following(f"agenticops entity show {found.id}"))
    emit("entity", {"entity": _data(found), "moved": moved}, rows, json)


def _data(entity: Entity) -> dict[str, Any]:
    names = ("id", "kind", "name", "status", "fields", "instance", "state", "parent", "created", "updated", "deleted")
    return {name: getattr(entity, name) for name in names}


@app.command("list", **example("agenticops entity list --kind quote --status Sent"))
def list_(
    kind: Annotated[str, typer.Option(help="Only those of this kind.")] = "",
    status: Annotated[str, typer.Option(help="Only those with this status.")] = "",
    instance: Annotated[str, typer.Option(metavar="ID", help="Only those of a workflow instance.")] = "",
    parent: Annotated[str, typer.Option(metavar="ID", help="Only those below an entity.")] = "",
    deleted: Annotated[bool, typer.Option("--deleted", help="Those that were deleted.")] = False,
    limit: Annotated[int, typer.Option(min=0, help="So many, the youngest first; 0 gives all.")] = LIMIT,
    json: Json = False,
) -> None:
    """List entities, the youngest first."""
    from agenticops.cli import workflowlines
    from agenticops.flows.workflow import listing

    filters = {"kind": kind, "status": status, "instance": instance, "parent": parent}
    found, total = listing.records(Workspace(), limit, deleted, **filters)
    rows: list[Line] = workflowlines.entity_rows(found) or [line(("no entities", DIM))]
    rows += workflowlines.more(len(found), total)
    rows.append(following(f"agenticops entity show {found[0].id}" if found else "agenticops entity new --help"))
    emit("entity-list", {"total": total, "entities": [_data(e) for e in found]}, rows, json)


@app.command(**example("agenticops entity show e7k2"))
def show(wanted: EntityArgument, json: Json = False) -> None:
    """Show an entity with its links and its history."""
    from agenticops.cli import workflowlines
    from agenticops.flows.workflow import listing

    workspace = Workspace()
    found = reading.entity(workspace, wanted)
    below, _ = listing.records(workspace, 0, parent=found.id)
    events = listing.history(workspace, "entity", found.id)
    data = {"entity": _data(found), "below": [e.id for e in below], "history": events}
    rows = [*workflowlines.entity_page(found, below), *workflowlines.event_rows(events, {})]
    last = (
        f"agenticops workflow show {found.instance}" if found.instance else f"agenticops entity set {found.id} --help"
    )
    emit("entity-show", data, [*rows, following(last)], json)


@app.command(**example('agenticops entity delete e7k2 --reason "entered twice"'))
def delete(
    wanted: EntityArgument,
    reason: Annotated[str, typer.Option(help="Why, in a few words.")],
    json: Json = False,
) -> None:
    """Let an entity count no more; its history stays."""
    from agenticops.flows import aim

    found = records.put_away(Workspace(), wanted, aim.reason(reason))
    rows: list[Line] = [ok(f"{clean(found.kind)} {found.id} deleted"), following("agenticops entity list")]
    emit("entity", {"entity": _data(found), "moved": ""}, rows, json)
