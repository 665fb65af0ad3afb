"""`hooks`: install, uninstall, show."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from agenticops.cli.commands.options import Json, example, group
from agenticops.cli.lines import DIM, Line, bad, clean, counted, following, line, ok
from agenticops.cli.output import emit
from agenticops.flows import hooks
from agenticops.workspace import Workspace

app = group("The merge driver in git, for tickets, checklists, sessions, work items, risks.", "agenticops hooks show")
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the plan and write nothing.")]


@app.command(**example("agenticops hooks install", "agenticops hooks install --dry-run"))
def install(dry_run: DryRun = False, json: Json = False) -> None:
    """Tell this clone's git to merge the train's files field by field. Run again, it changes nothing."""
    done = hooks.install(Workspace(), dry_run)
    head = (
        ok("the merge driver is installed", hooks.ATTRIBUTES) if done.hooks.installed else ok("it would be installed")
    )
    rows = [head, *_changes(done)]
    if not dry_run and any(place == hooks.ATTRIBUTES for _, place, _ in done.changes):
        rows.append(following(f"git add {hooks.ATTRIBUTES} .agenticops && git commit"))
    emit("hooks-install", _data(done.hooks, done.changes, dry_run), rows, json)


@app.command(**example("agenticops hooks uninstall"))
def uninstall(dry_run: DryRun = False, json: Json = False) -> None:
    """Take out what install wrote; the train's files merge by lines again."""
    done = hooks.uninstall(Workspace(), dry_run)
    head = ok(f"{counted(len(done.changes), 'change')}{' planned' if dry_run else ''}: the merge driver goes")
    rows = [head, *_changes(done)] if done.changes else [ok("no merge driver is installed")]
    emit("hooks-uninstall", _data(done.hooks, done.changes, dry_run), rows, json)


@app.command(**example("agenticops hooks show"))
def show(json: Json = False) -> None:
    """Show what git is told: the command of this clone, the lines in .gitattributes."""
    found = hooks.show(Workspace())
    if found.installed:
        rows = [ok("the merge driver is installed")]
    elif found.driver or found.attributes:
        rows = [bad("the merge driver is installed in part, or by another version")]
    else:
        rows = [line("no merge driver: the train's files merge by lines")]
    if found.driver:
        rows.append(line(("  driver  ", DIM), clean(found.driver)))
    rows += [line(("  lines   ", DIM), clean(row)) for row in found.attributes]
    if not found.installed:
        rows.append(following("agenticops hooks install"))
    emit("hooks", _data(found), rows, json)


def _changes(done: hooks.Done) -> list[Line]:
    marks = {"create": "+", "update": "~", "delete": "-"}
    return [line(f"  {marks[verb]} {clean(place)}", (f"  {clean(what)}", DIM)) for verb, place, what in done.changes]


def _data(
    found: hooks.Hooks, changes: tuple[tuple[str, str, str], ...] | None = None, dry_run: bool = False
) -> dict[str, Any]:
    data: dict[str, Any] = {"installed": found.installed, "driver": found.driver, "attributes": found.attributes}
    if changes is not None:
        data |= {"dry_run": dry_run, "changes": [dict(zip(("verb", "place", "what"), c, strict=True)) for c in changes]}
    return data
