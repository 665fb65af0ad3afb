"""`meeting`: calling people together, and what came of it."""

from __future__ import annotations

import os
from typing import Annotated

import typer
from msgspec.structs import replace

from agenticops.cli.commands.options import Json, example, group
from agenticops.cli.lines import DIM, STRONG, Line, clean, counted, following, line, ok
from agenticops.cli.output import emit
from agenticops.errors import TrainError, UsageError
from agenticops.flows import meeting as flow
from agenticops.model.record import Meeting
from agenticops.workspace import Workspace

app = group("Meetings: call, hold, move; as calendar files.", "agenticops meeting list")
MeetingArgument = Annotated[str, typer.Argument(metavar="MEETING", help="The meeting's id, or its start.")]
Reason = Annotated[str, typer.Option(help="Why.")]


@app.command(
    **example(
        'agenticops meeting call "Agree on the limits" --at "2026-12-01 14:00" --with reviewer --agenda "Figures"',
        'agenticops meeting call --like kickoff --at "2026-12-01T14:00+01:00"',
    )
)
def call(
    purpose: Annotated[str, typer.Argument(metavar="[PURPOSE]", help="What it is for.")] = "",
    at: Annotated[str, typer.Option(metavar="TIME", help="When it begins; UTC unless it names a zone.")] = "",
    minutes: Annotated[int, typer.Option(min=1, max=1440, help="How long.")] = flow.MINUTES,
    who: Annotated[list[str], typer.Option("--with", metavar="WHO", help="A person or a role; repeatable.")] = [],  # noqa: B006
    agenda: Annotated[list[str], typer.Option(metavar="POINT", help="A point to talk about; repeatable.")] = [],  # noqa: B006
    about: Annotated[str, typer.Option(metavar="TICKET", help="The ticket that it is about.")] = "",
    like: Annotated[str, typer.Option(metavar="NAME", help="As a step of the pipeline declares it.")] = "",
    json: Json = False,
) -> None:
    """Call people together. Who is named is told, and has it in the inbox."""
    if not at:
        raise UsageError("a meeting has a time", hint='--at "2026-12-01 14:00"')
    workspace = Workspace()
    base = flow.declared(workspace, like) if like else flow.Call("", "")
    wanted = replace(
        base,
        purpose=purpose or base.purpose,
        starts=at,
        minutes=minutes,
        attendees=tuple(who) or base.attendees,
        agenda=tuple(agenda) or base.agenda,
        about=about,
    )
    found = flow.call(workspace, wanted)
    rows = [
        ok(f"called {clean(found.purpose)}", found.id),
        *_rest(found),
        following(f"agenticops meeting ics {found.id}"),
    ]
    emit("meeting", found, rows, json)


@app.command(name="list", **example("agenticops meeting list", "agenticops meeting list --all --json"))
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Also those that were held or called off.")] = False,
    json: Json = False,
) -> None:
    """List the meetings to come, by their time."""
    found = flow.every(Workspace(), everything)
    rows = [_line(one) for one in found] or [line(("no meetings", DIM))]
    after = f"agenticops meeting show {found[0].id}" if found else 'agenticops meeting call "…" --at "…"'
    emit("meetings", {"meetings": found}, [*rows, following(after)], json)


@app.command(**example("agenticops meeting show m1f3k9x2m"))
def show(meeting: MeetingArgument, json: Json = False) -> None:
    """Show a meeting: who, when, what about, and what came of it."""
    found = flow.show(Workspace(), meeting)
    after = (
        f'agenticops meeting hold {found.id} --outcome "…"' if found.status == "called" else "agenticops meeting list"
    )
    emit("meeting", found, [_line(found), *_rest(found), following(after)], json)


@app.command(**example('agenticops meeting hold m1f3k9x2m --outcome "Agreed" --decision "Limits stay at 5 %"'))
def hold(
    meeting: MeetingArgument,
    outcome: Annotated[str, typer.Option(help="What came of it.")] = "",
    decision: Annotated[list[str], typer.Option(metavar="TEXT", help="What was decided; repeatable.")] = [],  # noqa: B006
    json: Json = False,
) -> None:
    """Note that a meeting took place, and what came of it."""
    found = flow.hold(Workspace(), meeting, outcome, decision)
    _show(found, ok("held", found.id), "agenticops decision new", json)


@app.command(**example('agenticops meeting move m1f3k9x2m --at "2026-12-02 09:00" --reason "Ada is away"'))
def move(
    meeting: MeetingArgument,
    at: Annotated[str, typer.Option(metavar="TIME", help="When it begins instead.")],
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Give a meeting another time. Who was called is told."""
    found = flow.move(Workspace(), meeting, at, reason)
    emit(
        "meeting", found, [ok("moved", found.id), *_rest(found), following(f"agenticops meeting ics {found.id}")], json
    )


@app.command(**example('agenticops meeting cancel m1f3k9x2m --reason "settled by mail"'))
def cancel(meeting: MeetingArgument, reason: Reason = "", json: Json = False) -> None:
    """Call a meeting off. Who was called is told."""
    found = flow.move(Workspace(), meeting, reason=reason, off=True)
    _show(found, ok("called off", found.id), "agenticops meeting list", json)


@app.command(**example("agenticops meeting ics m1f3k9x2m --out kickoff.ics", "agenticops meeting ics --out train.ics"))
def ics(
    meeting: Annotated[str, typer.Argument(metavar="[MEETING]", help="One meeting; default: all to come.")] = "",
    out: Annotated[str, typer.Option(metavar="FILE", help="The new file.")] = "meetings.ics",
    json: Json = False,
) -> None:
    """Write meetings into a calendar file (iCalendar); a file that is there is not overwritten."""
    workspace = Workspace()
    found = [flow.show(workspace, meeting)] if meeting else flow.every(workspace)
    data = flow.ics(workspace, found)
    try:
        with open(out, "xb") as file:
            file.write(data)
    except FileExistsError:
        raise UsageError("the file is there already", place=out, hint="name another one: --out FILE") from None
    except OSError as e:
        raise TrainError(f"it cannot be written: {os.strerror(e.errno or 0)}", place=out) from None
    rows = [ok(f"{counted(len(found), 'meeting')} in {clean(out)}"), following("agenticops meeting list")]
    emit("meeting-ics", {"file": out, "meetings": [one.id for one in found]}, rows, json)


def _show(found: Meeting, first: Line, after: str, json: bool) -> None:
    emit("meeting", found, [first, *_rest(found), following(after)], json)


def _line(one: Meeting) -> Line:
    at, status = one.starts[:16].replace("T", " "), {"held": "held", "off": "called off"}.get(one.status, "")
    return line((f"{one.id}  ", STRONG), f"{at} UTC  {clean(one.purpose)} ", (status, DIM))


def _rest(one: Meeting) -> list[Line]:
    lists = (("with", "attendees"), ("agenda", "agenda"), ("decided", "decisions"))
    shown = [("at", f"{one.starts[:16].replace('T', ' ')} UTC, {one.data.get('minutes', flow.MINUTES)} minutes")]
    shown += [(name, " · ".join(map(str, one.data.get(key, ())))) for name, key in lists]
    shown.append(("outcome", str(one.data.get("outcome", ""))))
    return [line("  ", (f"{name}: ", DIM), clean(words)) for name, words in shown if words]
