"""`init`, `migrate` and `doctor`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from agenticops.cli.commands.options import AgentName, Commit, Json, example, group
from agenticops.cli.lines import BAD, DIM, STRONG, WARN, Line, bad, clean, counted, following, line, ok
from agenticops.cli.output import emit
from agenticops.errors import EXIT_ERROR
from agenticops.flows import adopt
from agenticops.flows import doctor as doctors
from agenticops.flows import migrate as migration
from agenticops.model.layout import PIPELINE, ROOT_SESSION
from agenticops.workspace import Workspace

app = group("Set a train up and keep it well.", "agenticops init --train ml")


class Train(StrEnum):
    """The packaged trains."""

    ml = "ml"
    software = "software"
    data = "data"
    product = "product"


@app.command(**example("agenticops init --train ml", "agenticops init --with github --dry-run"))
def init(
    train: Annotated[Train | None, typer.Option(help="Which train; default: the one that is here, else ml.")] = None,
    extras: Annotated[
        list[str],
        typer.Option("--with", metavar="make|github", help="Also write make targets, or workflows and templates."),
    ] = [],  # noqa: B006
    agent: Annotated[
        AgentName | None, typer.Option(help="Also write the files of a coding agent: agenticops agents install.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and write nothing.")] = False,
    commit: Commit = False,
    json: Json = False,
) -> None:
    """Adopt a train in this repository. Run again, it upgrades what you left untouched; what you changed stays."""
    found = adopt.adopt(Workspace(), train.value if train else "", extras, dry_run, commit, agent or "")
    plan = found.plan
    data = {
        "train": found.train,
        "dry_run": dry_run,
        "commit": found.commit,
        "changes": [{"verb": c.verb, "path": c.path, "why": c.why} for c in plan.changes],
    }
    again = "".join(
        [
            f"agenticops init --train {found.train}",
            *(f" --with {e}" for e in extras),
            f" --agent {agent}" if agent else "",
        ]
    )
    emit("init", data, _init_lines(found, again if dry_run else ""), json)


def _init_lines(found: adopt.Adoption, again: str) -> list[Line]:
    """Show what was done; in a dry run, what would be, and the call `again` that does it."""
    p, plan = found.pipeline, found.plan
    rows: list[Line] = []
    if again:
        marks = {"create": "+", "update": "~", "keep": "=", "delete": "-"}
        rows += [line(f"  {marks[c.verb]} {c.path}", (f"  {c.why}", DIM)) for c in plan.changes]
    written, changed, kept = len(plan.of("create")), len(plan.of("update")), plan.of("keep")
    rows.insert(
        0,
        ok(
            f"{found.train} train: {len(p.phases)} phases, {len(p.modes)} modes, {len(p.agents)} agents",
            PIPELINE,
        ),
    )
    would = "would be " if again else ""
    added = ", ".join(f"{path} ({counted(n, 'line')} added)" for path, n in found.lines.items() if n)
    done = f"{counted(written, 'file')} {would}written, {changed} changed, {len(kept)} left alone"
    rows.append(ok(done if written or changed or kept else "everything is up to date", added))
    if not again:
        rows += [line(("  yours   ", DIM), c.path, (f"  {c.why}", DIM)) for c in kept]
    if found.commit:
        rows.append(ok(f"committed {found.commit}"))
    rows.append(following(again or 'agenticops work new --kind PRD --title "…" --start'))
    return rows


@app.command(**example("agenticops migrate --dry-run", "agenticops migrate --legacy-file docs/OLD_SESSION.md"))
def migrate(
    legacy_file: Annotated[str, typer.Option("--legacy-file", metavar="FILE", help=f"Default: {ROOT_SESSION}.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the new text and write nothing.")] = False,
    json: Json = False,
) -> None:
    """Bring an older session file to today's form. Nothing is lost: the old file is kept."""
    found = migration.migrate(Workspace(), legacy_file, dry_run)
    if found is None:
        emit(
            "migrate",
            {"layout": "current", "notes": []},
            [ok("the session has today's form already", ROOT_SESSION)],
            json,
        )
        return
    would = "would be " if dry_run else ""
    rows = [
        ok(f"{found.source} ({found.layout}) {would}migrated", ROOT_SESSION),
        ok(f"the old file {would}kept", found.kept),
    ]
    rows += [line(("  note    ", DIM), clean(n)) for n in found.notes]
    if dry_run:
        rows += [
            [],
            *[line(clean(row)) for row in found.text.rstrip("\n").split("\n")],
            [],
            following("agenticops migrate"),
        ]
    else:
        rows.append(following("agenticops session show"))
    emit("migrate", found, rows, json)


@app.command(**example("agenticops doctor", "agenticops doctor --fix"))
def doctor(
    fix: Annotated[bool, typer.Option("--fix", help="Mend what can be mended safely.")] = False, json: Json = False
) -> None:
    """Look at environment and repository. Without --fix it only shows what it would mend."""
    workspace = Workspace()
    symptoms = doctors.examine(workspace)
    mended = doctors.mend(workspace, symptoms) if fix else []
    if mended:
        symptoms = doctors.examine(Workspace())
    ill = [s for s in symptoms if not s.well]
    rows: list[Line] = [ok(f"mended: {s.detail}", s.place) for s in mended]
    for s in symptoms:
        mark = ("✓ ", "green") if s.well else ("! " if s.fix else "✗ ", WARN if s.fix else BAD)
        rows.append(line(mark, (f"{s.what:<11}", STRONG), clean(s.detail), (f"  {clean(s.place)}", DIM)))
        if not s.well:
            rows.append(
                line(("             would ", DIM), s.fix) if s.fix else line(("             next  ", DIM), s.hint)
            )
    if any(s.fix for s in ill):
        rows.append(following("agenticops doctor --fix"))
    elif ill:
        rows.append(bad(f"{len(ill)} of {len(symptoms)} need a person"))
    emit("doctor", {"symptoms": symptoms, "mended": mended}, rows, json)
    if ill:
        raise typer.Exit(EXIT_ERROR)
