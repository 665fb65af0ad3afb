"""`check`: one evaluation, and the faces that a terminal, a hook and a CI server want to see."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from agenticops.cli import faces, hot
from agenticops.cli.commands.options import Json, example, group
from agenticops.errors import UsageError
from agenticops.flows import judge
from agenticops.model.finding import Verdict
from agenticops.workspace import Workspace

app = group("One evaluation for terminal, hooks and CI.", "agenticops check")


class Format(StrEnum):
    """How a verdict is written."""

    text = "text"
    json = "json"
    sarif = "sarif"
    junit = "junit"
    github = "github"


@app.command(
    **example(
        "agenticops check",
        "agenticops check training_142",
        "agenticops check --base origin/main --head HEAD --replay",
        "agenticops check --format sarif --output train.sarif",
    )
)
def check(
    ticket: Annotated[
        str, typer.Argument(metavar="[TICKET]", help="Judge this ticket's gate; default: the whole train.")
    ] = "",
    base: Annotated[str, typer.Option(metavar="REV", help="Compare with this commit: what was done stays done.")] = "",
    head: Annotated[str, typer.Option(metavar="REV", help="Judge this commit instead of the working tree.")] = "",
    staged: Annotated[bool, typer.Option("--staged", help="Judge what the next commit would change.")] = False,
    replay: Annotated[bool, typer.Option("--replay", help="Judge every commit since the base, merges too.")] = False,
    branch: Annotated[
        str, typer.Option(metavar="NAME", help="The branch that is judged; default: the head, or GITHUB_HEAD_REF.")
    ] = "",
    named: Annotated[str, typer.Option("--ticket", "-t", metavar="TICKET", help="The same as TICKET.")] = "",
    gate: Annotated[str, typer.Option("--gate", metavar="GATE", help="With a ticket: judge this gate of it.")] = "",
    form: Annotated[Format, typer.Option("--format", help="How the verdict is written.")] = Format.text,
    output: Annotated[str, typer.Option(metavar="FILE", help="Write it there, and the text to the terminal.")] = "",
    json: Json = False,
) -> None:
    """Judge the whole train, or a gate of one ticket. Exits 3 when it does not hold.

    On GitHub, `--format github` also writes the summary of the run.
    """
    wanted = ticket or named
    if ticket and named and ticket != named:
        raise UsageError(f"{ticket} and {named} are two tickets", hint="agenticops check TICKET")
    if gate and not wanted:
        raise UsageError("--gate goes with a ticket", hint=f"agenticops check --ticket TICKET --gate {gate}")
    if not base and (replay or branch):
        raise UsageError("--replay and --branch go with --base", hint="agenticops check --base origin/main --replay")
    trees = bool(base or head or staged)
    if (wanted and trees) or (head and staged):
        raise UsageError(
            "--base, --head and --staged judge a whole train, one tree at a time", hint="agenticops check --help"
        )
    if json and form not in (Format.text, Format.json):
        raise UsageError(f"--json and --format {form.value} are two formats", hint="agenticops check --help")
    if trees:
        verdict = _compared(base, head, staged, branch, replay)
    else:
        verdict = judge.ticket(Workspace(), wanted, gate) if wanted else judge.train(Workspace())
    if form in (Format.text, Format.json) and not output:
        raise typer.Exit(hot.told(verdict, json or form == Format.json))
    raise typer.Exit(faces.told(verdict, "json" if json else form.value, output))


def _compared(base: str, head: str, staged: bool, branch: str, steps: bool) -> Verdict:
    from agenticops.flows import replay
    from agenticops.flows import staged as stages

    if base:
        return replay.compare(Workspace(), replay.Call(base, head, staged, branch, steps))
    return stages.judge(Workspace()) if staged else judge.tree(Workspace(), head)
