"""`hooks`: install, uninstall, show, run."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import msgspec
import typer

from agenticops.cli.commands.options import Json, example, group
from agenticops.cli.lines import DIM, Line, bad, clean, counted, following, line, ok
from agenticops.cli.output import emit
from agenticops.errors import TrainError
from agenticops.flows import hookfiles, hooks
from agenticops.flows.hookfiles import HookFile
from agenticops.workspace import Workspace

Changes = tuple[tuple[str, str, str], ...]
app = group(
    "What git is told: hooks that ask before a commit and a push, and the merge driver.", "agenticops hooks show"
)
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the plan and write nothing.")]


class Part(StrEnum):
    """What there is to install."""

    hooks = "hooks"
    driver = "driver"


Only = Annotated[Part | None, typer.Option(help="Only the hooks, or only the merge driver.")]


@app.command(**example("agenticops hooks install", "agenticops hooks install --dry-run"))
def install(only: Only = None, dry_run: DryRun = False, json: Json = False) -> None:
    """Tell this clone's git to ask before a commit and a push, and to merge the train's files field by field.

    Hooks that are there are kept and called first. Run again, it changes nothing.
    """
    workspace = Workspace()
    if only != Part.driver and (why := hookfiles.refused(workspace)):
        hint = f"{hookfiles.advice(workspace)}; the merge driver alone: agenticops hooks install --only driver"
        raise TrainError(why, hint=hint)
    changes = () if only == Part.hooks else hooks.install(workspace, dry_run).changes
    changes += () if only == Part.driver else tuple(hookfiles.install(workspace, dry_run))
    head = "would be installed" if dry_run else "installed" if changes else "installed already"
    rows = [ok(f"{_named(only)}: {head}"), *_changes(changes)]
    if dry_run:
        rows.append(following("agenticops hooks install" + (f" --only {only.value}" if only else "")))
    elif any(place == hooks.ATTRIBUTES for _, place, _ in changes):
        rows.append(following(f"git add {hooks.ATTRIBUTES} .agenticops && git commit"))
    emit("hooks-install", _data(workspace, changes, dry_run), rows, json)


@app.command(**example("agenticops hooks uninstall", "agenticops hooks uninstall --only hooks"))
def uninstall(only: Only = None, dry_run: DryRun = False, json: Json = False) -> None:
    """Take out what install wrote, and put back the hooks that were there, byte for byte."""
    workspace = Workspace()
    changes = () if only == Part.hooks else hooks.uninstall(workspace, dry_run).changes
    changes += () if only == Part.driver else tuple(hookfiles.uninstall(workspace, dry_run))
    head = ok(f"{counted(len(changes), 'change')}{' planned' if dry_run else ''}: {_named(only)}: out")
    rows = [head, *_changes(changes)] if changes else [ok("nothing of ours is installed")]
    emit("hooks-uninstall", _data(workspace, changes, dry_run), rows, json)


@app.command(**example("agenticops hooks show"))
def show(json: Json = False) -> None:
    """Show what git is told: the hooks and the command of this clone, the lines in .gitattributes."""
    workspace = Workspace()
    found, files = hooks.show(workspace), hookfiles.look(workspace)
    rows = _driver_lines(found)
    for hook in files:
        rows.append(_hook_line(hook))
    why = hookfiles.refused(workspace)
    if why:
        rows += [line(("! ", "yellow"), clean(why)), following(clean(hookfiles.advice(workspace)))]
    elif not found.installed or any(h.state != "ours" for h in files):
        rows.append(following("agenticops hooks install"))
    emit("hooks", _data(workspace), rows, json)


@app.command(**example("agenticops hooks run pre-commit"), context_settings={"ignore_unknown_options": True})
def run(
    hook: Annotated[str, typer.Argument(metavar="HOOK", help="The hook, by git's name for it.")],
    arguments: Annotated[list[str] | None, typer.Argument(metavar="[ARGUMENTS]", help="What git hands it.")] = None,
) -> None:
    """Answer one hook, as git calls it: for hook folders of your own. Says nothing when all is well."""
    from agenticops.cli import githook

    raise typer.Exit(githook.serve(hook, arguments or []))


def _named(only: Part | None) -> str:
    return {None: "hooks and merge driver", Part.hooks: "hooks", Part.driver: "merge driver"}[only]


def _driver_lines(found: hooks.Hooks) -> list[Line]:
    if found.installed:
        rows = [ok("the merge driver is installed")]
    elif found.driver or found.attributes:
        rows = [bad("the merge driver is installed in part, or by another version")]
    else:
        rows = [line("no merge driver: the train's files merge by lines")]
    if found.driver:
        rows.append(line(("  driver  ", DIM), clean(found.driver)))
    return rows + [line(("  lines   ", DIM), clean(row)) for row in found.attributes]


def _hook_line(hook: HookFile) -> Line:
    told = {
        "ours": "asks agenticops",
        "older": "asks agenticops, as another version wrote it",
        "other": "another hook; agenticops is not asked",
        "none": "no hook",
    }[hook.state]
    kept = f", after {clean(hook.kept)}" if hook.kept else ""
    return ok(hook.name, f"{told}{kept}") if hook.state == "ours" else line("· ", f"{hook.name:<50}", (f" {told}", DIM))


def _changes(changes: Changes) -> list[Line]:
    marks = {"create": "+", "update": "~", "delete": "-", "move": ">"}
    return [line(f"  {marks[verb]} {clean(place)}", (f"  {clean(what)}", DIM)) for verb, place, what in changes]


def _data(workspace: Workspace, changes: Changes | None = None, dry_run: bool = False) -> dict[str, Any]:
    found = hooks.show(workspace)
    data: dict[str, Any] = {
        "installed": found.installed,
        "driver": found.driver,
        "attributes": found.attributes,
        "hooks": [msgspec.structs.asdict(h) for h in hookfiles.look(workspace)],
    }
    if changes is not None:
        data |= {"dry_run": dry_run, "changes": [dict(zip(("verb", "place", "what"), c, strict=True)) for c in changes]}
    return data
