"""`role`: who may do what."""

from __future__ import annotations

from typing import Annotated

import typer

from agenticops.cli.commands.options import Json, example, group
from agenticops.cli.lines import DIM, STRONG, WARN, Line, bad, clean, following, line, ok
from agenticops.cli.output import emit
from agenticops.core.roles import ACTIONS
from agenticops.errors import EXIT_VERDICT
from agenticops.flows import role
from agenticops.workspace import Workspace

app = group(
    "Roles: who may override, approve, advance, assign. What counts is the committed pipeline.",
    "agenticops role list",
    "agenticops role check grace@example.org approve --phase validation",
)
RoleArgument = Annotated[str, typer.Argument(metavar="ROLE", help="A role of the pipeline.")]
WhoArgument = Annotated[
    str, typer.Argument(metavar="WHO", help="An address, 'Name <address>', key:SHA256:… or agent:NAME.")
]


@app.command("list", **example("agenticops role list"))
def list_(json: Json = False) -> None:
    """List the roles, what they may do and who has them; then the actions that are open to everybody."""
    found = role.listing(Workspace())
    rows: list[Line] = []
    for one in found:
        where = "".join(
            f"  {noun} {', '.join(names)}" for noun, names in (("in", one.phases), ("step", one.steps)) if names
        )
        rows.append(line((clean(one.name), STRONG), f"  may {', '.join(one.may) or 'nothing'}", (clean(where), DIM)))
        rows += [line(("  member  ", DIM), clean(m)) for m in one.members]
    still_open = [a for a in ACTIONS if not any(a in one.may for one in found)]
    if still_open:
        rows.append(line(("! ", WARN), f"open to everybody: {', '.join(still_open)}"))
    rows.append(following("agenticops role assign ROLE WHO" if found else "agenticops pipeline show"))
    emit("role-list", {"roles": found, "open": still_open}, rows, json)


@app.command(**example("agenticops role assign reviewer grace@example.org"))
def assign(name: RoleArgument, who: WhoArgument, json: Json = False) -> None:
    """Give somebody a role. It counts once the change is committed, for others once it is in the base."""
    found = role.assign(Workspace(), name, who)
    rows = [ok(f"{clean(who)} has the role {name}", "config/pipeline.yml"), _commit(f"{who} becomes {name}")]
    emit("role", {"role": found, "who": who}, rows, json)


@app.command(**example("agenticops role revoke reviewer grace@example.org"))
def revoke(name: RoleArgument, who: WhoArgument, json: Json = False) -> None:
    """Take a role from somebody."""
    found = role.revoke(Workspace(), name, who)
    rows = [ok(f"{clean(who)} has the role {name} no longer", "config/pipeline.yml"), _commit(f"{who} leaves {name}")]
    emit("role", {"role": found, "who": who}, rows, json)


@app.command(**example("agenticops role check grace@example.org approve --phase validation"))
def check(
    who: WhoArgument,
    action: Annotated[str, typer.Argument(metavar="ACTION", help=f"One of {', '.join(ACTIONS)}.")],
    phase: Annotated[str, typer.Option(metavar="PHASE", help="In this phase.")] = "",
    step: Annotated[str, typer.Option(metavar="STEP", help="In this step of the phase.")] = "",
    json: Json = False,
) -> None:
    """Say whether somebody may do something, and by which role. Exits 3 when they may not."""
    found = role.check(Workspace(), who, action, phase, step)
    if found.may:
        rows = [ok(f"{clean(who)} may {action}", f"by the role {found.role}" if found.role else "as everybody may")]
    else:
        rows = [bad(clean(found.reason)), following("agenticops role list")]
    emit("role-check", found, rows, json)
    if not found.may:
        raise typer.Exit(EXIT_VERDICT)


@app.command(**example('agenticops role vouch --reason "the release gate wants two reviewers"'))
def vouch(
    reason: Annotated[str, typer.Option(help="What was changed, and why.")],
    json: Json = False,
) -> None:
    """Stand up for config/pipeline.yml and config/allowed_signers as you edited them by hand."""
    found = role.vouch_for(Workspace(), reason)
    rows = [ok("vouched for the pipeline and the allowed signers"), _commit("Change the pipeline")]
    emit("vouch", found, rows, json)


def _commit(subject: str) -> Line:
    return following(f"git add config .agenticops && git commit -m {_quoted(subject)}")


def _quoted(words: str) -> str:
    import shlex

    return shlex.quote(clean(words))
