"""`agents register`, `list`, `state`, `turn`, `tell`: who there is, how they stand, and what they told each other."""

from __future__ import annotations

from typing import Annotated

import typer

from agenticops.cli.commands.options import Json, TextArgument, example
from agenticops.cli.forms import pairs
from agenticops.cli.lines import BAD, DIM, GOOD, STRONG, WARN, Line, clean, cut, following, line, ok
from agenticops.cli.output import emit
from agenticops.core.drive.agentstate import AgentState
from agenticops.core.drive.metrics import shown
from agenticops.flows.drive import states
from agenticops.workspace import Workspace

NameArgument = Annotated[str, typer.Argument(metavar="ID", help="Its id, the start of it, or its name in the train.")]
COLOURS = {"active": GOOD, "busy": GOOD, "idle": DIM, "error": BAD, "offline": WARN}


def add(app: typer.Typer) -> None:
    """Add the commands to the group `agents`."""
    app.command(**example('agenticops agents register john-pm --name "John" --role pm --capability roadmap'))(register)
    app.command("list", **example("agenticops agents list --json"))(list_)
    app.command(**example("agenticops agents state lab"))(state)
    app.command(**example('agenticops agents turn john-pm offline --reason "On leave until Monday"'))(turn)
    app.command(**example('agenticops agents tell lab john-pm "The second data set is larger than agreed"'))(tell)


def register(
    agent: Annotated[str, typer.Argument(metavar="ID", help="A name and a role: john-pm, james-dev.")],
    name: Annotated[str, typer.Option("--name", help="Its name for people.")] = "",
    role: Annotated[str, typer.Option("--role", help="Its role; the id ends with it.")] = "",
    capability: Annotated[
        list[str], typer.Option("--capability", metavar="TEXT", help="What it can do; may be given more than once.")
    ] = [],  # noqa: B006
    config: Annotated[
        list[str], typer.Option("--config", metavar="KEY=VALUE", help="What an extension wants to know of it.")
    ] = [],  # noqa: B006
    update: Annotated[bool, typer.Option("--update", help="Change what is said of one that is registered.")] = False,
    json: Json = False,
) -> None:
    """Make an agent known. The agents of the train are known without it: `lab` is lab-dev."""
    found = states.register(Workspace(), agent, name, role, capability, pairs("--config", config), update)
    rows = [ok(f"{found.agent_id} is {'changed' if update else 'registered'}", f"{found.agent_role}, {found.status}")]
    emit("agents-register", found, [*rows, following(f"agenticops agents state {found.agent_id}")], json)


def list_(json: Json = False) -> None:
    """List the agents: how they stand, what they work on, how their runs went."""
    found = states.listing(Workspace())
    width = max((len(s.agent_id) for s in found), default=0)
    rows = [_row(s, width) for s in found]
    if found:
        rows.append(following(f"agenticops agents state {found[0].agent_id}"))
    else:
        rows = [line(("no agents", DIM)), following("agenticops agents register john-pm")]
    emit("agents-list", found, rows, json)


def state(agent: NameArgument, json: Json = False) -> None:
    """Show an agent: status, tasks, capabilities, performance, resources, messages."""
    found = states.show(Workspace(), agent)
    emit("agents-state", found, _whole(found), json)


def turn(
    agent: NameArgument,
    status: Annotated[str, typer.Argument(metavar="STATUS", help="error, offline, or back: idle, active.")],
    reason: Annotated[str, typer.Option("--reason", help="Why.")] = "",
    json: Json = False,
) -> None:
    """Turn an agent's status to error or offline, or back. Heartbeats say the rest; 90 s without one are offline."""
    found = states.turn(Workspace(), agent, status, reason)
    rows = [ok(f"{found.agent_id} is {found.status}"), following(f"agenticops agents state {found.agent_id}")]
    emit("agents-turn", found, rows, json)


def tell(
    sender: Annotated[str, typer.Argument(metavar="FROM", help="Who says it.")],
    to: Annotated[str, typer.Argument(metavar="TO", help="Who is told.")],
    text: TextArgument,
    json: Json = False,
) -> None:
    """Note what an agent tells another one."""
    found = states.tell(Workspace(), sender, to, text)
    rows = [ok(f"{found.agent_id} is told"), following(f"agenticops agents state {found.agent_id}")]
    emit("agents-tell", found.communication_history[-1], rows, json)


def _row(found: AgentState, width: int) -> Line:
    runs = found.performance_metrics
    said = [found.reason, ", ".join(found.active_tasks)]
    if runs.runs:
        said.append(f"{runs.completed} of {runs.runs} runs")
    told = " · ".join(cut(s, 60) for s in said if s)
    colour = COLOURS[found.status]
    return line(
        (f"{found.agent_id:<{width}}  ", STRONG), (f"{found.status:<8}", colour), f"{found.agent_role:<12}", told
    )


def _whole(found: AgentState) -> list[Line]:
    head = f"  {clean(found.agent_name)}, {found.agent_role}  " if found.agent_name else f"  {found.agent_role}  "
    rows = [line((found.agent_id, STRONG), head, (found.status, COLOURS[found.status]))]
    runs, used = found.performance_metrics, found.resource_utilization
    facts = {
        "reason": found.reason,
        "in the train": found.agent,
        "tasks": ", ".join(found.active_tasks),
        "config": ", ".join(f"{k}={v}" for k, v in found.extension_config.items()),
        "last activity": found.last_activity,
        "registered": found.created_at,
    }
    if runs.runs:
        scored = "" if runs.mean_score is None else f", score {runs.mean_score:g}"
        facts["runs"] = f"{runs.completed} of {runs.runs} done{scored}, cost {runs.cost:g}, {runs.tokens} tokens"
    if used is not None:
        facts["uses"] = f"{shown('cpu', used.cpu_usage)}, memory {used.memory_usage:.0f} MB, {used.alert_level}"
    rows += [line((f"  {name:<14}", DIM), clean(value)) for name, value in facts.items() if value]
    rows += [line(("  can           ", DIM), clean(c)) for c in found.capabilities]
    rows += [
        line((f"  {m.at[:16]}  ", DIM), f"{m.sender} → {m.to}: ", clean(m.text)) for m in found.communication_history
    ]
    return [*rows, following(f'agenticops agents tell FROM {found.agent_id} "…"')]
