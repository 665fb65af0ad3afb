"""`workflow`: instances of workflow templates are started, moved, held and shown."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated, Any

import typer

from agenticops.cli import workflowlines, workflowsteps
from agenticops.cli.commands.options import Json, example, group
from agenticops.cli.lines import DIM, clean, counted, following, line, ok
from agenticops.cli.output import emit
from agenticops.errors import UsageError
from agenticops.flows.workflow import instances, listing, reading
from agenticops.model.workflow import Instance
from agenticops.workspace import Workspace

app = group("Workflows: templates; start, move and show their instances.", "agenticops workflow start HS_STD")
InstanceArgument = Annotated[str, typer.Argument(metavar="ID", help="The instance's id, or its start.")]
Data = Annotated[list[str], typer.Option(metavar="KEY=VALUE", help="What the instance knows; may be repeated.")]
Reason = Annotated[str, typer.Option(help="Why, in a few words.")]
NEXT = "To the one state that can be next."
FROM = "Where it has to stand; else nothing is done, and the exit code is 5."


class Status(StrEnum):
    """How far an instance is."""

    active = "active"
    paused = "paused"
    completed = "completed"
    failed = "failed"
    cancelled = "cancelled"


def mount() -> None:
    """Add the group of the templates: called when the whole group is built, not for one of its commands."""
    if not app.registered_groups:
        from agenticops.cli.commands import workflowtemplate

        app.add_typer(workflowtemplate.app, name="template")


def _pairs(words: list[str]) -> dict[str, Any]:
    if not words:
        return {}
    from agenticops.cli.forms import pairs

    return pairs("--data", words)


@app.command(
    **example(
        'agenticops workflow start HS_STD --name "Roof of Mrs Hart" --data amount=1200',
        "agenticops workflow start HVAC_EMERG --item 142 --entity e7k2",
    )
)
def start(
    code: Annotated[str, typer.Argument(metavar="CODE", help="The template: agenticops workflow template list.")],
    name: Annotated[str, typer.Option(help="What it is about, in one line; default: the template's name.")] = "",
    data: Data = [],  # noqa: B006
    item: Annotated[str, typer.Option(metavar="ITEM", help="The work item that it belongs to.")] = "",
    client: Annotated[str, typer.Option(help="For whom.")] = "",
    agent: Annotated[str, typer.Option(help="Who sees to it.")] = "",
    entity: Annotated[list[str], typer.Option(metavar="ID", help="An entity that comes along.")] = [],  # noqa: B006
    json: Json = False,
) -> None:
    """Start an instance of a template, in its first state."""
    workspace = Workspace()
    draft = Instance("", code, "", "", name=name, data=_pairs(data), item=item, client=client, agent=agent)
    found = instances.start(workspace, code, draft, entity)
    workflowsteps.told(workspace, found, f"{found.id} began in", json)


@app.command(
    **example(
        "agenticops workflow transition w7k2 --next",
        'agenticops workflow transition w7k2 --to quote_sent --from quote_generation --data amount=1200 --reason "…"',
        "agenticops workflow transition --stdin < moves.jsonl",
    )
)
def transition(
    wanted: Annotated[str, typer.Argument(metavar="[ID]", help="The instance's id, or its start.")] = "",
    to: Annotated[str, typer.Option(metavar="STATE", help="The state to go to, by name or id.")] = "",
    onward: Annotated[bool, typer.Option("--next", help=NEXT)] = False,
    source: Annotated[str, typer.Option("--from", metavar="STATE", help=FROM)] = "",
    data: Data = [],  # noqa: B006
    reason: Reason = "",
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read lines of JSON: {id, to, from?, data?, reason?}.")
    ] = False,
    json: Json = False,
) -> None:
    """Take one step along the template; with --stdin many, in bulk, with one line of JSON for the outcome of each.

    Its exit code is then the highest of all lines.
    """
    if stdin:
        if wanted or to or onward or source or data or reason or json:
            raise UsageError("--stdin takes all from its lines", hint="agenticops workflow transition --stdin < FILE")
        raise typer.Exit(_bulk())
    workflowsteps.move(wanted, to, onward, source, _pairs(data), reason, json)


def _bulk() -> int:
    import msgspec

    from agenticops.flows.workflow import bulk

    worst = 0
    for outcome in bulk.transitions(Workspace(), sys.stdin.buffer):
        sys.stdout.write(msgspec.json.encode(outcome).decode() + "\n")
        worst = max(worst, outcome.exit)
    return worst


@app.command(**example("agenticops workflow show w7k2", "agenticops workflow show w7k2 --json"))
def show(wanted: InstanceArgument, json: Json = False) -> None:
    """Show an instance: where it stands and may go, what it knows, its entities and its way."""
    workflowsteps.show(wanted, json)


@app.command(
    "list",
    **example(
        "agenticops workflow list --template HS_STD --state quote_sent", "agenticops workflow list --client c4f2"
    ),
)
def list_(
    template: Annotated[str, typer.Option(metavar="CODE", help="Only those of this template.")] = "",
    state: Annotated[str, typer.Option(metavar="STATE", help="Only those that stand there; name or id.")] = "",
    status: Annotated[Status | None, typer.Option(help="Only those that are so.")] = None,
    agent: Annotated[str, typer.Option(help="Only those that somebody sees to.")] = "",
    client: Annotated[str, typer.Option(help="Only those of a client.")] = "",
    item: Annotated[str, typer.Option(metavar="ITEM", help="Only those of a work item.")] = "",
    limit: Annotated[int, typer.Option(min=0, help="So many, the youngest first; 0 gives all.")] = 50,
    json: Json = False,
) -> None:
    """List the instances, the youngest first, and where they stand."""
    filters = {"template": template, "state": state, "status": status.value if status else "", "agent": agent}
    workflowsteps.found({**filters, "client": client, "item": item}, limit, json)


@app.command(**example("agenticops workflow history w7k2"))
def history(wanted: InstanceArgument, json: Json = False) -> None:
    """Show every event of an instance: steps, holds, and what lost against another step."""
    workspace = Workspace()
    found = reading.instance(workspace, wanted)
    events = listing.history(workspace, "instance", found.id)
    head = line(clean(found.name), (f"  {found.id}  {counted(len(events), 'event')}", DIM))
    rows = [head, *workflowlines.event_rows(events, workflowsteps.names(workspace, found), found.lost)]
    emit(
        "workflow-history",
        {"id": found.id, "events": events, "lost": list(found.lost)},
        [*rows, following(f"agenticops workflow show {found.id}")],
        json,
    )


@app.command(**example('agenticops workflow cancel w7k2 --reason "the customer moved away"'))
def cancel(wanted: InstanceArgument, reason: Reason, json: Json = False) -> None:
    """Give an instance up, and the one that its state started."""
    from agenticops.flows import aim

    _held("workflow_cancelled", wanted, aim.reason(reason), json)


@app.command(**example('agenticops workflow pause w7k2 --reason "waits for the permit"'))
def pause(wanted: InstanceArgument, reason: Reason = "", json: Json = False) -> None:
    """Hold an instance where it stands."""
    _held("workflow_paused", wanted, reason, json)


@app.command(**example("agenticops workflow resume w7k2"))
def resume(wanted: InstanceArgument, reason: Reason = "", json: Json = False) -> None:
    """Let a held instance go on."""
    _held("workflow_resumed", wanted, reason, json)


def _held(kind: str, wanted: str, reason: str, json: bool) -> None:
    workspace = Workspace()
    found = instances.hold(workspace, kind, wanted, reason)
    back = f"resume {found.id}" if kind == "workflow_paused" else f"show {found.id}"
    rows = [ok(f"{found.id} is {found.status}", clean(found.reason)), following(f"agenticops workflow {back}")]
    emit("workflow", listing.seed(workspace, found) if json else None, rows, json)


@app.command(**example("agenticops workflow graph w7k2"))
def graph(wanted: InstanceArgument, json: Json = False) -> None:
    """Draw an instance's template as a Mermaid flowchart, with the path that was taken marked."""
    workspace = Workspace()
    found = reading.instance(workspace, wanted)
    text = listing.picture(workspace, found)
    path = [step.to for step in found.history]
    emit(
        "workflow-graph",
        {"id": found.id, "mermaid": text, "path": path},
        [[(row, "")] for row in text.splitlines()],
        json,
    )
