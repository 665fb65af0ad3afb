"""`trust show`, `trust give` and `trust revoke`."""

from __future__ import annotations

import shlex
import sys
from typing import Annotated

import typer

from agenticops.cli.commands.options import Json, example, group
from agenticops.cli.lines import BAD, DIM, GOOD, STRONG, WARN, Line, clean, counted, following, line, ok
from agenticops.cli.output import emit, show
from agenticops.core.executables import is_reach
from agenticops.errors import TrainError, UsageError
from agenticops.flows import trust
from agenticops.model.trust import Trusted
from agenticops.workspace import Workspace

app = group("What this repository can make the tool execute, and use of what is yours.", "agenticops trust show")
STYLES = {"trusted": GOOD, "changed": WARN, "untrusted": WARN, "refused": BAD}
Places = Annotated[list[str], typer.Argument(metavar="[PLACE]...", help="As trust show names it; default: all.")]


@app.command("show", **example("agenticops trust show"))
def list_(json: Json = False) -> None:
    """List every command that the repository declares, and each use of a secret, an address inside or an agent."""
    found = trust.listing(Workspace())
    emit("trust", {"executables": found}, _lines(found), json)


def _lines(found: list[Trusted]) -> list[Line]:
    if not found:
        return [ok("nothing: this repository declares no command")]
    rows: list[Line] = []
    for t in found:
        one = t.executable
        rows.append(line((f"{t.standing:<10}", STYLES[t.standing]), (clean(one.place), STRONG)))
        rows.append(line(("  uses    " if is_reach(one.place) else "  runs    ", DIM), clean(shlex.join(one.argv))))
        rows += [line(("  given   ", DIM), clean(words)) for words in one.given]
        covers = ", ".join(("the words", *one.files))
        rows.append(line(("  digest  ", DIM), one.digest[:16] or "none", (f"  of {clean(covers)}", DIM)))
        if t.why:
            rows.append(line(("  because ", DIM), clean(t.why)))
    if any(t.standing in ("untrusted", "changed") for t in found):
        rows.append(following("agenticops trust give"))
    return rows


@app.command(**example("agenticops trust give"))
def give(places: Places = [], json: Json = False) -> None:  # noqa: B006
    """Allow commands to run in this clone, after you read them. Only a person at a terminal can."""
    workspace = Workspace()
    found = trust.listing(workspace)
    named = {t.executable.place for t in found}
    for place in places:
        if place not in named:
            raise UsageError(f"{place!r} declares no command", hint="agenticops trust show")
    wanted = [t for t in found if t.standing in ("untrusted", "changed") and t.executable.place in (places or named)]
    if wanted:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            hint = "run it yourself in a terminal; in CI set AGENTICOPS_TRUST=base"
            raise TrainError("trust is given by a person at a terminal, and there is none: the answer is no", hint=hint)
        show(_lines(wanted), sys.stderr)
        if not typer.confirm(f"Allow {_counted(wanted)} of this repository here?", err=True):
            raise TrainError("nothing was trusted", hint="agenticops trust show")
        found = trust.give(workspace, [t.executable for t in wanted])
    rows = [ok(f"{_counted(wanted)} trusted in this clone"), following("agenticops trust show")]
    emit("trust-give", {"executables": found, "given": [t.executable.place for t in wanted]}, rows, json)


def _counted(wanted: list[Trusted]) -> str:
    """Say how many commands there are, and how much else: secrets, addresses inside, agents."""
    used = sum(is_reach(t.executable.place) for t in wanted)
    commands = counted(len(wanted) - used, "command") if len(wanted) > used or not used else ""
    return " and ".join(part for part in (commands, counted(used, "use") if used else "") if part)


@app.command(**example("agenticops trust revoke"))
def revoke(places: Places = [], json: Json = False) -> None:  # noqa: B006
    """Take trust back: the commands do not run any more in this clone."""
    gone = trust.revoke(Workspace(), places)
    rows = [ok(f"{counted(len(gone), 'command')} revoked"), following("agenticops trust show")]
    emit("trust-revoke", {"revoked": gone}, rows, json)
