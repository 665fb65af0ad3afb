"""`github`: in step with GitHub, both ways: plan, apply, resolve, status, labels, import."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from typer import _click as click

from agenticops.cli import board, forgelines
from agenticops.cli.commands import githubevents
from agenticops.cli.commands.options import ItemArgument, Json, example, group
from agenticops.cli.lines import DIM, WARN, Line, clean, counted, cut, following, line, ok
from agenticops.cli.output import emit, enveloped
from agenticops.core.sync import page
from agenticops.errors import EXIT_OK, EXIT_VERDICT, StateError, UsageError
from agenticops.flows.forge import applying, importing, labels, planning, resolving, status
from agenticops.flows.forge.importing import Wanted
from agenticops.model.forge import Action
from agenticops.workspace import Workspace

app = group(
    "In step with GitHub, both ways: a plan first, then what it says. Called alone it plans.",
    "agenticops github",
    "agenticops github apply",
)
names = group("The labels that the train uses.", "agenticops github labels plan")
app.add_typer(names, name="labels")

Offline = Annotated[bool, typer.Option("--offline", help="Ask nobody; take what was read last.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would happen, and change nothing.")]
Prune = Annotated[bool, typer.Option("--prune", help="Delete labels of the train that nothing carries any more.")]
PLAN = "github-plan"


class Take(StrEnum):
    """A side."""

    local = "local"
    remote = "remote"


class Kind(StrEnum):
    """What a work item is."""

    PRD = "PRD"
    CRD = "CRD"
    Task = "Task"


class _Saved(msgspec.Struct):
    """What `apply` needs of a plan that was written to a file."""

    digest: str


class _Envelope(msgspec.Struct):
    kind: str
    data: _Saved


@app.callback(invoke_without_command=True, no_args_is_help=False)
def alone(context: click.Context, json: Json = False) -> None:  # noqa: D103  # it would replace the group's own words
    if context.invoked_subcommand is None:
        plan(json=json)


@app.command(
    **example(
        "agenticops github plan",
        "agenticops github plan --output plan.json && agenticops github apply plan.json",
        "agenticops github plan --check --markdown",
    )
)
def plan(
    check: Annotated[bool, typer.Option("--check", help="Exit 3 when anything is to be done or decided.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Write it as Markdown.")] = False,
    output: Annotated[
        typer.FileTextWrite | None, typer.Option(metavar="FILE", help="Write it there too, for apply.")
    ] = None,
    whole: Annotated[bool, typer.Option("--whole", help="Read every issue again, not only what changed.")] = False,
    offline: Offline = False,
    json: Json = False,
) -> None:
    """Compare both sides and say what is to be done. Nothing is changed."""
    if json and markdown:
        raise UsageError("--json and --markdown are two formats", hint="agenticops github plan --help")
    found = planning.plan(Workspace(), whole, offline)
    data = forgelines.plan_data(found)
    if output:
        output.write(enveloped(PLAN, data))
    if markdown:
        emit(PLAN, data, [line(row) for row in page.markdown(found.plan).split("\n")], False)
    else:
        emit(PLAN, data, forgelines.plan_lines(found), json)
    raise typer.Exit(EXIT_VERDICT if check and (found.changes or found.blocked) else EXIT_OK)


@app.command(**example("agenticops github apply", "agenticops github apply plan.json"))
def apply(
    plan: Annotated[
        str, typer.Argument(metavar="[PLAN]", help="A file of `plan --output`: no other plan is done; - is the input.")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Although it changes most of the items.")] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Bring both sides in step, on the default branch. Cut off, it goes on where it was the next time.

    Exits 3 when a rule holds it all up, or when something is left for the next plan or for a person to decide.
    """
    digest = _digest(plan) if plan else ""
    with forgelines.progress("in step", json) as bar:

        def told(at: int, count: int, action: Action) -> None:
            bar(at, count, page.say(action))

        found = applying.apply(Workspace(), digest, force, dry_run, told)
    data = {
        "done": found.done,
        "skipped": found.skipped,
        "asked": found.asked,
        "refused": found.refused,
        "dry_run": dry_run,
        "plan": forgelines.plan_data(found.planned),
    }
    emit("github-apply", data, forgelines.applied_lines(found, dry_run), json)
    raise typer.Exit(EXIT_OK if found.whole else EXIT_VERDICT)


def _digest(file: str) -> str:
    """Read which plan was looked at."""
    hint = "agenticops github plan --output FILE writes one"
    text = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    try:
        found = msgspec.json.decode(text, type=_Envelope)
    except msgspec.MsgspecError as e:
        raise StateError(f"this is no plan: {e}", place=file, hint=hint) from None
    if found.kind != PLAN or not found.data.digest:
        raise StateError(f"this is {found.kind}, no plan", place=file, hint=hint)
    return found.data.digest


@app.command(**example("agenticops github resolve 142 --field title --take remote"))
def resolve(
    item: ItemArgument,
    field: Annotated[str, typer.Option(metavar="FIELD", help="The field that both sides changed.")],
    take: Annotated[Take, typer.Option(help="Whose value counts.")],
    json: Json = False,
) -> None:
    """Decide a field that both sides changed. It counts as long as both still say what they said."""
    found, command = resolving.resolve(Workspace(), item, field, take.value)
    value = found.local if take is Take.local else found.remote
    rows: list[Line] = [ok(f"{field} of {found.item} will be: {clean(page.short(value) or 'none')}")]
    if command:
        rows.append(line(("! ", WARN), "only an operator's command ends an item; until then it is asked again"))
    rows.append(following(command or "agenticops github apply"))
    data = {"item": found.item, "field": field, "take": take.value, "value": value, "then": command}
    emit("github-resolve", data, rows, json)


@app.command("status", **example("agenticops github status"))
def show(offline: Offline = False, json: Json = False) -> None:
    """Show when both sides last agreed, what waits since, and what is undecided."""
    found = status.status(Workspace(), offline)
    emit("github-status", found, forgelines.status_lines(found), json)


@app.command(
    "import", **example("agenticops github import --dry-run", "agenticops github import --label bug --kind Task")
)
def import_(
    issue: Annotated[list[int], typer.Option(min=1, help="Only this issue; may be given more than once.")] = [],  # noqa: B006
    label: Annotated[list[str], typer.Option(help="Only issues with this label; more than one: with all.")] = [],  # noqa: B006
    kind: Annotated[Kind, typer.Option(help="What they are where no label says so.")] = Kind.Task,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Write a repository's open issues down as work items; each agrees with its issue from then on."""
    wanted = Wanted(tuple(issue), tuple(label), kind.value)
    with forgelines.progress("import", json) as bar:
        found = importing.adopt(Workspace(), wanted, dry_run, lambda at, count: bar(at, count, ""))
    would = " would be" if dry_run else ""
    rows: list[Line] = [ok(f"{counted(len(found.items), 'issue')}{would} written down", clean(found.repository))]
    rows += [line(f"  {name:<8} {kind:<5} ", cut(title, 80)) for name, kind, title in found.items[: forgelines.MOST]]
    if len(found.items) > forgelines.MOST:
        rows.append(line((f"  … {len(found.items) - forgelines.MOST} more; --json gives all", DIM)))
    rows += [line(("  ! ", WARN), f"#{number} is left out: ", clean(why)) for number, why in sorted(found.left.items())]
    rows += board.finding_lines(found.findings)
    rows.append(following("agenticops github plan" if found.items and not dry_run else "agenticops work tree"))
    data = {
        "repository": found.repository,
        "items": [{"id": name, "kind": kind, "title": title} for name, kind, title in found.items],
        "left": {str(number): why for number, why in found.left.items()},
        "findings": found.findings,
        "dry_run": dry_run,
    }
    emit("github-import", data, rows, json)


@names.command("plan", **example("agenticops github labels plan --prune"))
def labels_plan(prune: Prune = False, json: Json = False) -> None:
    """Show which labels are to be made, renamed or deleted."""
    actions = labels.plan(Workspace(), prune)
    rows = forgelines.action_lines(actions) or [ok("all labels are there")]
    if actions:
        rows.append(following(f"agenticops github labels apply{' --prune' if prune else ''}"))
    emit("github-labels", {"actions": actions, "applied": False}, rows, json)


@names.command("apply", **example("agenticops github labels apply"))
def labels_apply(prune: Prune = False, json: Json = False) -> None:
    """Make the labels that the train uses, and rename those that have an alias."""
    actions = labels.apply(Workspace(), prune)
    rows = [*forgelines.action_lines(actions), ok(f"{counted(len(actions), 'label')} changed")]
    rows.append(following("agenticops github plan"))
    emit("github-labels", {"actions": actions, "applied": True}, rows, json)


githubevents.register(app)
