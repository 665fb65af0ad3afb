"""Agents: what coding agents are given in this repository, planned, written, and taken out as it came. ADR 0027."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable

import msgspec
from msgspec import Struct

from agenticops import __version__
from agenticops.core import adapters, limits, upkeep
from agenticops.core.adapters import claude, kit
from agenticops.core.adapters.kit import Part
from agenticops.core.upkeep import Entry, Outcome
from agenticops.errors import StateError, TrainError, UsageError
from agenticops.flows import aim
from agenticops.model.event import Draft
from agenticops.model.layout import AGENTS_MANIFEST
from agenticops.model.pipeline import Pipeline
from agenticops.model.plan import Change, Plan
from agenticops.store import paths
from agenticops.store.transaction import Transaction
from agenticops.store.tree import WorkingTree
from agenticops.workspace import RESOURCES, Workspace

# Links that people make so that one page serves all agents; what they lead to is written, not they.
LINKED = ("CLAUDE.md", "GEMINI.md", ".github/copilot-instructions.md")


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """What is installed: agent → form, each file as we left it, and the folders that were not there before."""

    schema: int = 1
    version: str = ""
    agents: dict[str, str] = {}
    files: dict[str, Entry] = {}
    folders: tuple[str, ...] = ()


class Settled(Struct, frozen=True):
    """What is about to be done, or was: the plan, what is installed then, and the folders that nothing is left in."""

    plan: Plan
    manifest: Manifest
    before: Manifest
    idle: tuple[str, ...] = ()

    @property
    def writes(self) -> tuple[Change, ...]:
        """The changes that write or remove a file."""
        return tuple(c for c in self.plan.changes if c.verb != "keep")


def install(workspace: Workspace, agent: str, form: str = "", dry_run: bool = False) -> Settled:
    """Write the files of an agent, and bring those that are installed up to date.

    Raises UsageError for an agent or form that is not known, TrainError where the other form is there.
    """
    _refuse_branch(workspace)
    if dry_run:
        return wanted(workspace.tree, workspace.train.pipeline, agent, form)
    with workspace.transaction("agents install") as tx:
        found = wanted(workspace.tree, workspace.train.pipeline, agent, form)
        write(tx, found)
    prune(workspace, found)
    return found


def uninstall(workspace: Workspace, agent: str = "", dry_run: bool = False) -> Settled:
    """Take out what was installed for an agent, or for all. Raises TrainError for an agent that calls it itself."""
    _refuse_branch(workspace)
    if not dry_run and workspace.by_agent:
        message = f"an agent ({workspace.by_agent}) does not take its own limits out"
        raise TrainError(message, hint="a person runs: agenticops agents uninstall")
    if dry_run:
        return _unwanted(workspace, agent)
    with workspace.transaction("agents uninstall") as tx:
        found = _unwanted(workspace, agent)
        write(tx, found)
    prune(workspace, found)
    return found


def show(workspace: Workspace) -> Settled:
    """Look at what is installed, and at what an upgrade would do."""
    before = _read(workspace.tree)
    return _planned(workspace.tree, workspace.train.pipeline, before, before.agents)


def wanted(tree: WorkingTree, pipeline: Pipeline, agent: str = "", form: str = "") -> Settled:
    """Plan for what is installed, and one agent more."""
    before = _read(tree)
    agents = dict(before.agents)
    if agent:
        forms = _forms(agent)
        have = agents.get(agent, "")
        form = form or have or next(iter(forms))
        if form not in forms:
            raise UsageError(f"{agent} is not installed as {form}", hint=f"--as {'|'.join(forms)}")
        if have and have != form:
            message = f"{agent} is installed as {have}: with both, its hooks would be called twice"
            raise TrainError(message, place=AGENTS_MANIFEST, hint=f"agenticops agents uninstall {agent}")
        if agent == "claude":
            _refuse_twice(tree, form)
        agents[agent] = form
    return _planned(tree, pipeline, before, agents)


def permissions(workspace: Workspace, what: str = "") -> dict[str, list[str]]:
    """Compile a mode's limits, or those of a ticket (default: the one at hand), to permissions of Claude Code."""
    train = workspace.train
    if what in train.pipeline.modes:
        return limits.permissions(limits.of(train.pipeline, train.mode(what)))
    ticket = aim.ticket(workspace, what or None)
    here = workspace.active_session()
    path = str(here["path"]) if here.get("ticket") == ticket.id else ""
    session = train.session(path) if path else None
    mode = train.mode(session.mode if session and session.mode else ticket.mode)
    return limits.permissions(limits.of(train.pipeline, mode, ticket, path))


def write(tx: Transaction, found: Settled) -> None:
    """Put a plan into a transaction, with its manifest and the event."""
    for change in found.writes:
        if change.verb == "delete":
            tx.remove(change.path)
        else:
            tx.write(change.path, change.content)
    for agents, kind, other in (
        (found.manifest.agents, "agents_installed", found.before.agents),
        (found.before.agents, "agents_removed", found.manifest.agents),
    ):
        fresh = [a for a in agents if a not in other]
        if kind == "agents_installed" and found.writes:
            fresh = fresh or list(agents)
        if fresh:
            forms = {a: agents[a] for a in fresh}
            tx.append(Draft(kind, "train", data={"agents": forms, "version": __version__, "files": len(found.writes)}))


def prune(workspace: Workspace, found: Settled) -> None:
    """Remove the folders that we made and that nothing is left in."""
    for folder in sorted(found.idle, key=len, reverse=True):
        *above, name = paths.parts(folder)
        handle = paths.open_folder(workspace.tree.handle, above)
        if handle is None:
            continue
        try:
            os.rmdir(name, dir_fd=handle)
        except OSError:
            pass  # something of the user's is in it
        finally:
            os.close(handle)


def _unwanted(workspace: Workspace, agent: str) -> Settled:
    before = _read(workspace.tree)
    if agent:
        _forms(agent)
    if agent and agent not in before.agents:
        known = ", ".join(before.agents) or "nothing"
        raise TrainError(f"{agent} is not installed here", place=AGENTS_MANIFEST, hint=f"installed: {known}")
    left = {a: f for a, f in before.agents.items() if agent and a != agent}
    return _planned(workspace.tree, workspace.train.pipeline if left else None, before, left)


def _planned(tree: WorkingTree, pipeline: Pipeline | None, before: Manifest, agents: dict[str, str]) -> Settled:
    parts: dict[str, Part] = {}
    if agents and pipeline is not None:
        given = kit.pack(pipeline, WorkingTree(RESOURCES), __version__)
        for agent, form in agents.items():
            parts |= adapters.ADAPTERS[agent][form](given)
    changes: list[Change] = []
    files: dict[str, Entry] = {}
    for path in sorted({*parts, *before.files}):
        try:
            now = tree.read(path)
        except StateError:
            if path not in LINKED:
                raise
            changes.append(Change("keep", path, why="a link; what it leads to is another file"))
            continue
        outcome = _settled(path, parts.get(path), before.files.get(path), now)
        if outcome.entry:
            files[path] = outcome.entry
        if outcome.change:
            changes.append(outcome.change)
    made = {*before.folders, *(f for c in changes if c.verb == "create" for f in _missing(tree, c.path))}
    kept = tuple(sorted(f for f in made if any(p.startswith(f"{f}/") for p in files)))
    idle = tuple(sorted(made - set(kept)))
    manifest = Manifest(version=__version__, agents=agents, files=files, folders=kept)
    changes += _manifest_change(tree, manifest)
    return Settled(Plan(tuple(sorted(changes, key=lambda c: c.path))), manifest, before, idle)


def _settled(path: str, part: Part | None, entry: Entry | None, now: bytes | None) -> Outcome:
    """Decide about one file. One that is installed, and that cannot be merged any more, holds up no upgrade."""
    try:
        return upkeep.settle(path, part, entry, now)
    except StateError as e:
        if entry is None or part is None:
            raise
        return Outcome(entry, Change("keep", path, why=e.message))


def _manifest_change(tree: WorkingTree, manifest: Manifest) -> Iterable[Change]:
    old = tree.read(AGENTS_MANIFEST)
    if not manifest.agents:
        return [Change("delete", AGENTS_MANIFEST)] if old is not None else []
    text = json.dumps(msgspec.to_builtins(manifest), indent=1, ensure_ascii=False) + "\n"
    if old == text.encode():
        return []
    return [Change("create" if old is None else "update", AGENTS_MANIFEST, text.encode())]


def _read(tree: WorkingTree) -> Manifest:
    data = tree.read(AGENTS_MANIFEST)
    if data is None:
        return Manifest()
    try:
        found = msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, RecursionError) as e:
        message = f"what is installed for agents cannot be read: {e}"
        raise StateError(message, place=AGENTS_MANIFEST, hint="restore it from git") from None
    for agent, form in found.agents.items():
        if form not in adapters.ADAPTERS.get(agent, {}):
            raise StateError(f"{agent} as {form} is not known here", place=AGENTS_MANIFEST, hint="upgrade agenticops")
    for path in (*found.files, *found.folders):
        paths.parts(path)
    return found


def _missing(tree: WorkingTree, path: str) -> Iterable[str]:
    pieces = path.split("/")
    for depth in range(1, len(pieces)):
        folder = "/".join(pieces[:depth])
        if paths.status(tree.handle, folder) is None:
            yield folder


def _forms(agent: str) -> Iterable[str]:
    if agent not in adapters.ADAPTERS:
        raise UsageError(f"there is no agent {agent!r} to install for", hint=f"one of {', '.join(adapters.ADAPTERS)}")
    return adapters.ADAPTERS[agent]


def _refuse_twice(tree: WorkingTree, form: str) -> None:
    """Refuse a second set of hooks that this manifest does not know of."""
    for path in (claude.SETTINGS, ".claude/settings.local.json"):
        try:
            found = json.loads(tree.read(path) or b"{}")
        except (ValueError, RecursionError):
            continue  # what merges into it says so
        plugins = found.get("enabledPlugins") if isinstance(found, dict) else None
        name = next((n for n, on in plugins.items() if on and n.startswith("agenticops@")), "") if plugins else ""
        if form == "repo" and name:
            message = "the plugin is switched on here: with both, its hooks would be called twice"
            raise TrainError(message, place=path, hint=f"claude plugin uninstall {name}")
        if form == "plugin" and claude.GUARD in json.dumps(found):
            message = "hooks of ours are in these settings: with the plugin too, they would be called twice"
            raise TrainError(message, place=path, hint="agenticops agents uninstall claude, or take them out by hand")


def _refuse_branch(workspace: Workspace) -> None:
    if workspace.phase_ticket:
        message = f"what agents are given is the repository's, not that of {workspace.phase_ticket}"
        raise TrainError(message, hint=f"git switch {workspace.train.pipeline.default_branch}, and run it there")
