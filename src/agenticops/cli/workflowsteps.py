"""Workflows as programs move them: transition, show and list in their plain forms, served before typer loads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agenticops.cli import workflowlines
from agenticops.cli.lines import DIM, Line, clean, following, line, ok
from agenticops.cli.output import emit
from agenticops.errors import EXIT_OK, UsageError
from agenticops.flows.workflow import instances, listing, reading
from agenticops.model.workflow import Instance
from agenticops.workspace import Workspace

STATUSES = ("active", "paused", "completed", "failed", "cancelled")
FILTERS = ("template", "state", "status", "agent", "client", "item")


def serve(words: Sequence[str], json: bool) -> int | None:
    """Run a plain form, `VERB [ID] [--option VALUE]…`; None for any other, which typer reads."""
    verb, rest = words[0], list(words[1:])
    wanted = rest.pop(0) if rest and not rest[0].startswith("-") else ""
    onward = verb == "transition" and rest[-1:] == ["--next"]
    given = _options(
        rest[:-1] if onward else rest, {"transition": ("to", "from", "reason"), "list": FILTERS}.get(verb, ())
    )
    if given is None or bool(wanted) is (verb == "list"):
        return None
    if verb == "show":
        show(wanted, json)
    elif verb == "list":
        if given.get("status", "active") not in STATUSES:
            return None
        found(given, json=json)
    else:
        move(wanted, given.get("to", ""), onward, given.get("from", ""), {}, given.get("reason", ""), json)
    return EXIT_OK


def _options(words: Sequence[str], known: Sequence[str]) -> dict[str, str] | None:
    """Read pairs of an option and its value, each option once."""
    names = [word.removeprefix("--") for word in words[::2] if word.startswith("--")]
    values = [word for word in words[1::2] if not word.startswith("-")]
    whole = len(names) == len(values) == len(set(names)) and len(words) == 2 * len(names)
    return dict(zip(names, values, strict=True)) if whole and set(names) <= set(known) else None


def move(wanted: str, to: str, onward: bool, source: str, data: Mapping[str, Any], reason: str, json: bool) -> None:
    """Take one step, and say what it did."""
    if not wanted:
        raise UsageError("say which instance", hint="agenticops workflow list")
    if bool(to) == onward:
        raise UsageError("say where: --to STATE or --next", hint=f"agenticops workflow show {wanted}")
    workspace = Workspace()
    before, after = instances.transition(workspace, wanted, to, source, data, " ".join(reason.split()))
    text = instances.template(workspace, after)
    left = text.states[before.state].name if before.state in text.states else before.state
    told(workspace, after, f"{after.id}: {clean(left)} →", json)


def told(workspace: Workspace, found: Instance, done: str, json: bool) -> None:
    """Say what a step did: where it stands, and the entity of the state."""
    state = instances.template(workspace, found).states[found.state]
    kind = state.entity
    made = f"{clean(kind)} {found.entities[kind]} {clean(state.status)}" if kind in found.entities else ""
    ended = f"  {found.status}" if found.ended else ""
    onward = found.parent if found.ended and found.parent else found.id
    rows = [ok(f"{done} {clean(state.name)}{ended}", made), following(f"agenticops workflow show {onward}")]
    emit("workflow", listing.seed(workspace, found) if json else None, rows, json)


def show(wanted: str, json: bool) -> None:
    """Show an instance."""
    workspace = Workspace()
    found = reading.instance(workspace, wanted)
    data = listing.seed(workspace, found)
    known = names(workspace, found)
    rows = workflowlines.page(data, found, known, workspace.now)
    done = f"agenticops workflow history {found.id}"
    ways = [str(way) for way in data["next"]]
    to = "--next" if len(ways) == 1 else f"--to {clean(known.get(ways[0], ways[0]))}" if ways else ""
    if data["waits_for"]:
        done = f"agenticops workflow show {data['waits_for']}"
    rows.append(following(f"agenticops workflow transition {found.id} {to}" if to else done))
    emit("workflow", data, rows, json)


def names(workspace: Workspace, found: Instance) -> dict[str, str]:
    """Map the ids of states to their names, where the template's text is at hand."""
    text = listing.template(workspace, found)
    return {name: state.name for name, state in text.states.items()} if text else {}


def found(filters: Mapping[str, str], limit: int = listing.LIMIT, json: bool = False) -> None:
    """List the instances that fit."""
    workspace = Workspace()
    rest = {name: value for name, value in filters.items() if name != "state"}
    several, total = listing.found(workspace, limit, filters.get("state", ""), **rest)
    places = listing.places(workspace, several)
    states = {name: state for name, (_, state) in places.items()}
    rows: list[Line] = workflowlines.instance_rows(several, states, workspace.now)
    rows += workflowlines.more(len(several), total) if several else [line(("no instances", DIM))]
    hint = f"agenticops workflow show {several[0].id}" if several else "agenticops workflow start --help"
    rows.append(following(hint))
    emit("workflow-list", {"total": total, "instances": [_listed(i, *places[i.id]) for i in several]}, rows, json)


def _listed(instance: Instance, number: int | str | None, state: str) -> dict[str, Any]:
    own = {name: getattr(instance, name) for name in ("id", "name", "item", "client", "agent", "parent")}
    place = {"current_state_id": number, "current_state": state, "workflow_status": instance.status}
    times = {"started_ts": instance.started, "entered_ts": instance.entered, "completed_ts": instance.ended or None}
    return {**own, "workflow_head_id": instance.template, "workflow_version": instance.version, **place, **times}
