"""`workflow template`: list, show, lint, graph, import, new, diff, migrate."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from agenticops.cli import board
from agenticops.cli.commands.options import Json, example, group
from agenticops.cli.lines import BAD, DIM, GOOD, STRONG, WARN, Line, bad, clean, counted, cut, following, line, ok
from agenticops.cli.output import emit
from agenticops.core import condition
from agenticops.core.workflow import diff as differences
from agenticops.core.workflow import graph as pictures
from agenticops.core.workflow import seedform
from agenticops.core.workflow.source import whole
from agenticops.core.workflow.templates import SUFFIXES
from agenticops.errors import EXIT_VERDICT, UsageError
from agenticops.flows.workflow import authoring, templates
from agenticops.flows.workflow import migrate as migration
from agenticops.model.workflow import Edge, State, Template
from agenticops.workspace import Workspace

HELP = "Workflow templates: those in config/workflows/, and the packaged ones."
app = group(HELP, "agenticops workflow template list")
MARKS = {"added": ("+", GOOD), "removed": ("-", BAD), "changed": ("~", WARN)}

CodeArgument = Annotated[str, typer.Argument(metavar="CODE", help="The code of a template, for example HS_STD.")]
VersionOption = Annotated[str, typer.Option("--version", metavar="VERSION", help="Default: the one that counts now.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be written, and write nothing.")]


class Format(StrEnum):
    """How a graph is drawn."""

    mermaid = "mermaid"
    text = "text"


@app.command("list", **example("agenticops workflow template list", "agenticops workflow template list --sector HVAC"))
def list_(
    sector: Annotated[str, typer.Option(metavar="SECTOR", help="Only those of this sector.")] = "",
    json: Json = False,
) -> None:
    """List the templates: code, version, name, sector, states, and where each is written."""
    found = templates.every(Workspace())
    chosen = [t for t in found.values() if not sector or t.sector.casefold() == sector.casefold()]
    width = max([len(t.code) for t in chosen] + [8])
    rows = [_row(t, width) for t in chosen] or [line(("no templates", DIM))]
    last = "agenticops workflow template show CODE" if chosen else "agenticops workflow template list"
    emit("workflow-template-list", [_head(t) for t in chosen], [*rows, following(last)], json)


def _row(template: Template, width: int) -> Line:
    flags = [word for word, said in (("default", template.default), ("inactive", not template.active)) if said]
    where = template.path if templates.is_own(template) else "packaged"
    return line(
        (f"{clean(template.code):<{width}}", STRONG),
        f"  {clean(template.version):<5} {cut(template.name, 30):<30}  {cut(template.sector, 16):<16} ",
        f"{counted(len(template.states), 'state'):<10} ",
        (clean("  ".join([*flags, where])), DIM),
    )


def _head(template: Template) -> dict[str, Any]:
    """Give the head as the automation domain calls its fields."""
    return {
        "code": template.code,
        "name": template.name,
        "descr": template.description,
        "industry_sector": template.sector,
        "workflow_version": template.version,
        "active_workflow_flag": template.active,
        "default_workflow_flag": template.default,
        "states": len(template.states),
        "packaged": not templates.is_own(template),
        "path": template.path if templates.is_own(template) else "",
    }


@app.command(**example("agenticops workflow template show HS_STD", "agenticops workflow template show HS_STD --json"))
def show(code: CodeArgument, version: VersionOption = "", json: Json = False) -> None:
    """Show a template: its states with entities, durations and ways, and how its instances ended."""
    workspace = Workspace()
    found = templates.of(workspace, code, version)
    result = templates.outcome(workspace, code)
    data = _head(found) | {
        "avg_duration_days": result.avg_duration_days,
        "success_rate_pct": result.success_rate_pct,
        "states": seedform.fields(found),
    }
    rows: list[Line] = [
        line((clean(found.code), STRONG), f"  {clean(found.name)}", (f"  version {clean(found.version)}", DIM)),
        line(("  sector   ", DIM), clean(found.sector)),
    ]
    if found.description:
        rows.append(line(("  about    ", DIM), clean(found.description)))
    if result.ended:
        ends = f"{counted(result.ended, 'instance')} ended: {result.success_rate_pct:g} % with success"
        rows.append(line(("  history  ", DIM), f"{ends}, {result.avg_duration_days:g} days on average"))
    rows += [_state(found, state) for state in found.states.values()]
    emit("workflow-template", data, [*rows, following(f"agenticops workflow start {clean(found.code)}")], json)


def _state(template: Template, state: State) -> Line:
    number = f"{state.id:>3}  " if template.numbered else "  "
    ways = ", ".join(_to(template, edge) for edge in state.next)
    end = ("success" if state.success else "failure") if state.terminal else f"{whole(state.days)} d"
    return line(
        f"  {clean(number)}",
        (f"{clean(state.name):<22}", STRONG),
        f" {cut(pictures.entity(state), 28):<28} {end:<8} ",
        (clean(f"→ {ways}" if ways else ""), DIM),
        (clean(f"  starts {state.template}" if state.template else ""), DIM),
    )


def _to(template: Template, edge: Edge) -> str:
    name = template.states[edge.to].name if edge.to in template.states else edge.to
    return name if edge.when is None else f"{name} when {condition.say(edge.when)}"


@app.command(**example("agenticops workflow template lint", "agenticops workflow template lint HS_STD"))
def lint(
    code: Annotated[str, typer.Argument(metavar="[CODE]", help="One template; default: all of the repository.")] = "",
    json: Json = False,
) -> None:
    """Find circles, states out of reach, missing ends and durations, wrong names. Exits 3 on errors."""
    findings = authoring.judge(Workspace(), code)
    faults = [f for f in findings if f.severity == "error"]
    if faults:
        head = bad(f"the templates have {counted(len(faults), 'fault')}")
    else:
        head = ok("the templates are sound", counted(len(findings), "warning") if findings else "")
    emit("workflow-template-lint", {"findings": findings}, [head, *board.finding_lines(findings)], json)
    if faults:
        raise typer.Exit(EXIT_VERDICT)


@app.command(
    **example(
        "agenticops workflow template graph HS_STD > hs.mmd", "agenticops workflow template graph HS_STD --format text"
    )
)
def graph(
    code: CodeArgument,
    version: VersionOption = "",
    form: Annotated[Format, typer.Option("--format", help="mermaid, or an indented tree as text.")] = Format.mermaid,
    json: Json = False,
) -> None:
    """Draw a template as a Mermaid flowchart, or as a tree."""
    found = templates.of(Workspace(), code, version)
    drawn = pictures.mermaid(found)
    rows = _tree(found) if form is Format.text else [line(row) for row in drawn.rstrip("\n").split("\n")]
    emit("workflow-template-graph", {"code": found.code, "version": found.version, "mermaid": drawn}, rows, json)


def _tree(template: Template) -> list[Line]:
    rows = []
    alone = False  # a line goes on at its own depth: from the state above, not from where the ways parted
    for depth, state, edge, again in pictures.tree(template):
        guard = f"  when {condition.say(edge.when)}" if edge is not None and edge.when is not None else ""
        end = "" if not state.terminal else "  ✓" if state.success else "  ✗"
        words = "  ↑ above" if again else f"  {pictures.entity(state)}" if state.entity else ""
        lead = "  " * depth + ("" if edge is None else "↓ " if alone else "→ ")
        alone = len(state.next) == 1 and not again
        rows.append(line(f"{lead}{clean(state.name)}", (clean(words), DIM), (clean(guard), DIM), end))
    return rows


@app.command(
    "import",
    **example(
        'agenticops workflow template import graph.json --code ROOF --name "Roofing" --sector Roofing',
        "agenticops workflow template import HS_STD.json --dry-run",
    ),
)
def import_(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A template or a bare graph, YAML or JSON; - is stdin.")],
    code: Annotated[str, typer.Option(metavar="CODE", help="Its code, instead of the file's.")] = "",
    name: Annotated[str, typer.Option(help="Its name, instead of the file's.")] = "",
    sector: Annotated[str, typer.Option(help="Its industry sector, instead of the file's.")] = "",
    default: Annotated[bool, typer.Option("--default", help="Make it the default of its sector.")] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Write a template into config/workflows/, its parent lists repaired; no file is overwritten. Exits 3 on faults."""
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as e:
        raise UsageError(f"the file cannot be read: {e.strerror}", place=file) from None
    named = file if file.endswith(SUFFIXES) else f"{file}.{'json' if data.lstrip()[:1] in (b'{', b'[') else 'yml'}"
    head: dict[str, Any] = {k: v for k, v in (("code", code), ("name", name), ("sector", sector)) if v}
    head |= {"default": True} if default else {}
    found = authoring.bring(Workspace(), data, named, head, dry_run)
    _written("workflow-template-import", found, dry_run, json)


@app.command(
    **example(
        'agenticops workflow template new ROOF_STD --name "Roofing – Standard" --sector Roofing',
        "agenticops workflow template new HS_OWN --like HS_STD",
    )
)
def new(
    code: CodeArgument,
    name: Annotated[str, typer.Option(help="What people call it; default: the code, or that of --like.")] = "",
    sector: Annotated[str, typer.Option(help="Its industry sector; default: General, or that of --like.")] = "",
    like: Annotated[str, typer.Option(metavar="CODE", help="Begin with a copy of this template.")] = "",
    default: Annotated[bool, typer.Option("--default", help="Make it the default of its sector.")] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Write a new template into config/workflows/: a start with two ends, or a copy to change."""
    found = authoring.begin(Workspace(), code, name, sector, like, default, dry_run)
    _written("workflow-template-new", found, dry_run, json)


def _written(kind: str, found: authoring.Written, dry_run: bool, json: bool) -> None:
    rows: list[Line] = []
    for template in found.templates:
        said = f"{clean(template.code)} {clean(template.version)} · {counted(len(template.states), 'state')}"
        done = ok(said, template.path) if found.written else line(("create  ", GOOD), said, (f"  {template.path}", DIM))
        rows.append(done)
    rows += [line(("  repairs  ", WARN), clean(f.message)) for f in found.repaired]
    faults = [f for f in found.findings if f.severity == "error"]
    if faults:
        rows = [bad(f"nothing was written: {counted(len(faults), 'fault')}")]
    rows += board.finding_lines(found.findings)
    if not faults:
        first = clean(found.templates[0].code)
        rows.append(
            following("run it again without --dry-run" if dry_run else f"agenticops workflow template show {first}")
        )
    data = {
        "written": found.written,
        "templates": [_head(t) for t in found.templates],
        "repaired": found.repaired,
        "findings": found.findings,
    }
    emit(kind, data, rows, json)
    if faults:
        raise typer.Exit(EXIT_VERDICT)


@app.command(**example("agenticops workflow template diff HS_STD --from 1.0 --to 2.0"))
def diff(
    code: CodeArgument,
    source: Annotated[str, typer.Option("--from", metavar="VERSION", help="The older version.")],
    target: Annotated[str, typer.Option("--to", metavar="VERSION", help="Default: the one that counts now.")] = "",
    json: Json = False,
) -> None:
    """Say what differs between two versions of a template: states, ways, fields."""
    old, new_ = authoring.compare(Workspace(), code, source, target)
    found = authoring.difference(old, new_)
    rows: list[Line] = [line((clean(f"{old.code} {old.version} → {new_.version}"), STRONG))]
    for change in found:
        rows.append(line(MARKS[change.verb], f" {change.part:<8} {clean(change.name)}"))
        rows += [line(("      ", DIM), (clean(detail), DIM)) for detail in change.details]
    if not found:
        rows.append(line(("nothing differs", DIM)))
    words = f"agenticops workflow template migrate {clean(code)} --from {clean(old.version)} --to {clean(new_.version)}"
    rows.append(following(words))
    emit(
        "workflow-template-diff", {"code": code, "from": old.version, "to": new_.version, "changes": found}, rows, json
    )


@app.command(
    **example("agenticops workflow template migrate HS_STD --from 1.0 --to 2.0 --map quote_sent=proposal_sent --apply")
)
def migrate(
    code: CodeArgument,
    source: Annotated[str, typer.Option("--from", metavar="VERSION", help="The version that the instances go by.")],
    target: Annotated[str, typer.Option("--to", metavar="VERSION", help="The version that they are to go by.")],
    words: Annotated[list[str], typer.Option("--map", metavar="OLD=NEW", help="Where those in OLD go on.")] = [],  # noqa: B006
    instance: Annotated[list[str], typer.Option(metavar="ID", help="Only this instance; may be repeated.")] = [],  # noqa: B006
    apply: Annotated[bool, typer.Option("--apply", help="Do it; without this the plan is shown.")] = False,
    json: Json = False,
) -> None:
    """Plan how open instances of one version go on by another one; with --apply, do it. Exits 3 when some cannot."""
    found = migration.migrate(Workspace(), code, source, target, words, instance, apply)
    stay = [way for way in found.ways if not way.to]
    rows = [_way(found.new, way) for way in found.ways]
    going = counted(len(found.going), "instance")
    verb = "went on" if apply else "would go on"
    rows.append(line((f"{going} {verb} by {clean(found.new.version)}; {len(stay)} stay", STRONG)))
    if found.going and not apply:
        rows.append(following("the same with --apply"))
    elif not apply or stay:
        rows.append(following(f"agenticops workflow list --template {clean(code)}"))
    data = {"code": code, "from": source, "to": target, "applied": found.applied, "instances": found.ways}
    emit("workflow-template-migrate", data, rows, json)
    if stay:
        raise typer.Exit(EXIT_VERDICT)


def _way(new_: Template, way: differences.Way) -> Line:
    if not way.to:
        return line(("✗ ", BAD), f"{way.instance}  {clean(way.source)}  ", (clean(way.why), DIM))
    return line(("  ", DIM), f"{way.instance}  {clean(way.source)} → {clean(new_.states[way.to].name)}")
