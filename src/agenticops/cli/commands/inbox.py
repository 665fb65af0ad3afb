"""`inbox` and `notify`: what people are told."""

from __future__ import annotations

from typing import Annotated

import typer

from agenticops.cli.commands.options import Json, example
from agenticops.cli.lines import DIM, STRONG, WARN, Line, clean, counted, following, line, ok
from agenticops.cli.output import emit
from agenticops.errors import UsageError
from agenticops.flows import notices
from agenticops.model.record import Notice
from agenticops.workspace import Workspace

app = typer.Typer(rich_markup_mode=None, add_completion=False)
# What of a notice's id is shown: its random end, which tells notices of one moment apart.
SHORT = 6


@app.command(**example("agenticops inbox", "agenticops inbox --read", "agenticops inbox --for reviewer --all"))
def inbox(
    ids: Annotated[list[str], typer.Argument(metavar="[ID]...", help="With --read: these only.")] = [],  # noqa: B006
    read: Annotated[bool, typer.Option("--read", help="Note that you have read them.")] = False,
    who: Annotated[str, typer.Option("--for", metavar="WHO", help="A person or a role; default: you.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Also what was read.")] = False,
    json: Json = False,
) -> None:
    """Show what you were told and have not read, the newest first."""
    if ids and not read:
        raise UsageError("what is to be done with these?", hint=f"agenticops inbox --read {ids[0]}")
    workspace = Workspace()
    found = notices.read(workspace, ids, who) if read else notices.inbox(workspace, who, everything)
    rows = [row for notice in found for row in _lines(notice)]
    if read:
        rows = [ok(f"{counted(len(found), 'notice')} read")]
    elif not found:
        rows.append(line(("nothing new", DIM)))
    more = any(not notice.read for notice in found) and not read
    own = f"--for {clean(who)} " if who else ""
    rows.append(following(f"agenticops inbox {own}--read" if more else "agenticops next"))
    emit("inbox", {"notices": found, "read": read}, rows, json)


def _lines(notice: Notice) -> list[Line]:
    data = notice.data
    mark = ("! ", WARN) if data.get("urgent") else ("· ", DIM)
    rows = [line(mark, (f"{clean(notice.id[-SHORT:])}  ", STRONG), clean(data.get("subject", "")))]
    rows += [line("          ", clean(text)) for text in str(data.get("text", "")).splitlines()[:6]]
    about = " · ".join(clean(x) for x in (notice.at[:16].replace("T", " "), data.get("about"), data.get("rule")) if x)
    rows.append(line("          ", (f"{about}{' · read' if notice.read else ''}", DIM)))
    return rows


@app.command(
    **example(
        'agenticops notify ada "The scanner is back"', "agenticops notify --like verdict-given --about review_142"
    )
)
def notify(
    who: Annotated[str, typer.Argument(metavar="[WHO]", help="A person, a role, or several, by commas.")] = "",
    subject: Annotated[str, typer.Argument(metavar="[SUBJECT]", help="What it is about, in one line.")] = "",
    text: Annotated[str, typer.Option(help="More of it.")] = "",
    template: Annotated[str, typer.Option(metavar="NAME", help="A template of config/automation.yml.")] = "",
    field: Annotated[list[str], typer.Option(metavar="NAME=VALUE", help="What the template looks up.")] = [],  # noqa: B006
    channel: Annotated[str, typer.Option(metavar="NAME", help="This channel only; default: the person's.")] = "",
    like: Annotated[str, typer.Option(metavar="NAME", help="As a step of the pipeline declares it.")] = "",
    about: Annotated[str, typer.Option(metavar="TICKET", help="The ticket that it is about.")] = "",
    urgent: Annotated[bool, typer.Option("--urgent", help="Also in quiet hours, and however much there is.")] = False,
    json: Json = False,
) -> None:
    """Tell people or roles something. It is in their inbox at once; the worker delivers it over their channels."""
    pairs = dict(one.partition("=")[::2] for one in field if "=" in one)
    if len(pairs) < len(field):
        raise UsageError("--field NAME=VALUE, each name once", hint="--field item=142")
    workspace, names = Workspace(), [name.strip() for name in who.split(",") if name.strip()]
    if like:
        declared = notices.declared(workspace, like)
        names, subject, channel = (names or list(declared.to), subject or declared.message, channel or declared.channel)
    told = notices.send(
        workspace, names, subject, text, template=template, fields=pairs, channel=channel, urgent=urgent, about=about
    )
    after = "agenticops worker run --once" if notices.waiting(workspace) else f"agenticops inbox --for {clean(told[0])}"
    rows = [ok(f"told {', '.join(clean(name) for name in told)}"), following(after)]
    emit("notify", {"told": told}, rows, json)
