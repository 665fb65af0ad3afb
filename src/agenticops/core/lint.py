"""Lint: whether a pipeline holds together, and whether the files that it relies on are there.

Check names of gates are not judged here: what is registered is known further up (VT401).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from posixpath import basename, normpath

from agenticops.core import roles
from agenticops.core.graph import can_end, pipeline_graph, reachable
from agenticops.core.requirements import REQUIREMENTS
from agenticops.model.finding import Finding, Severity
from agenticops.model.graph import Graph
from agenticops.model.ids import NAME
from agenticops.model.layout import CHECKLISTS, PIPELINE, TEMPLATES
from agenticops.model.pipeline import DEFAULT_GATE, KINDS, Contract, Mode, Phase, Pipeline
from agenticops.model.tree import Tree

PATH = PIPELINE
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_SHOWN = 8


def lint(pipeline: Pipeline, tree: Tree | None = None) -> list[Finding]:
    """Judge the pipeline alone, or with the checklists and templates of a tree."""
    if not pipeline.phases:
        return [_finding("VT604", "the pipeline has no phases", "write at least one under phases:")]
    graph = pipeline_graph(pipeline)
    found = [
        *_keys(pipeline),
        *_settings(pipeline),
        *_phases(pipeline),
        *_modes(pipeline),
        *_people(pipeline),
        *_requirements(pipeline),
        *roles.lint(pipeline),
        *_ways(graph),
        *_claims(pipeline),
        *_paths(pipeline),
        *_inputs(pipeline, graph),
        *_idle_agents(pipeline),
    ]
    return found if tree is None else [*found, *_checklists(pipeline, tree), *_templates(pipeline, tree)]


def _finding(code: str, message: str, hint: str = "", severity: Severity = "error") -> Finding:
    return Finding(code, message, PATH, severity=severity, hint=hint)


def _unknown(code: str, place: str, noun: str, names: Iterable[str], known: Iterable[str]) -> Iterator[Finding]:
    """Report the names that are not known; an empty one is missing."""
    table = list(known)
    for name in names:
        if name in table:
            continue
        message = f"{place}: unknown {noun} {name!r}" if name else f"{place}: no {noun} is named"
        listed = ", ".join(table[:_SHOWN]) + (" …" if len(table) > _SHOWN else "")
        yield _finding(code, message, f"known: {listed}" if table else f"the pipeline defines no {noun}s")


def _keys(pipeline: Pipeline) -> Iterator[Finding]:
    """Names become parts of ticket ids, branches and file names."""
    for noun, names in (("phase", pipeline.phases), ("mode", pipeline.modes), ("agent", pipeline.agents)):
        for name in names:
            if not NAME.fullmatch(name):
                yield _finding("VT604", f"{noun} {name!r}: not a name", "use a-z, 0-9 and -, a letter first")


def _settings(pipeline: Pipeline) -> Iterator[Finding]:
    if pipeline.start:
        yield from _unknown("VT301", "start", "phase", [pipeline.start], pipeline.phases)
    yield from _unknown("VT304", "kinds", "kind", pipeline.kinds, KINDS)


def _phases(pipeline: Pipeline) -> Iterator[Finding]:
    for name, phase in pipeline.phases.items():
        place = f"phase {name!r}"
        yield from _unknown("VT302", place, "mode", [phase.mode], pipeline.modes)
        yield from _unknown("VT303", place, "agent", [phase.owner, *phase.helpers], pipeline.agents)
        yield from _unknown("VT301", place, "phase", phase.next, pipeline.phases)
        gates = [g for g in (phase.gate, phase.entry_gate, phase.done_gate) if g]
        yield from _unknown("VT402", place, "gate", gates, {DEFAULT_GATE.name, *pipeline.gates})
        contracts = dict.fromkeys((*phase.artifacts, *phase.optional, *phase.inputs))
        yield from _unknown("VT604", place, "artifact", contracts, pipeline.artifacts)
        if phase.stretch:
            yield from _unknown("VT604", place, "stretch", [phase.stretch], pipeline.stretches)


def _modes(pipeline: Pipeline) -> Iterator[Finding]:
    for name, mode in pipeline.modes.items():
        yield from _unknown("VT303", f"mode {name!r}", "agent", mode.agents, pipeline.agents)
        yield from _unknown("VT302", f"mode {name!r}", "mode", mode.transitions, pipeline.modes)


def _requirements(pipeline: Pipeline) -> Iterator[Finding]:
    """What nobody can bring would stop every hand-off to the agent."""
    for name, agent in pipeline.agents.items():
        yield from _unknown("VT506", f"agent {name!r}", "requirement", agent.requires, REQUIREMENTS)


def _people(pipeline: Pipeline) -> Iterator[Finding]:
    """Steps, meetings and notifications name roles; an agent is one, and a mail address needs none."""
    known = {*pipeline.roles, *pipeline.agents}
    for name, phase in pipeline.phases.items():
        for place, role in _named(name, phase):
            if role not in known and "@" not in role:
                yield _finding("VT604", f"{place}: unknown role {role!r}", "describe it under roles:")


def _named(name: str, phase: Phase) -> Iterator[tuple[str, str]]:
    for stage in phase.stages:
        for step in stage.steps:
            place = f"phase {name!r}, step {step.name!r}"
            meant = [
                *step.roles,
                *(role for meeting in step.meetings for role in meeting.attendees),
                *(role for notification in step.notifications for role in notification.to),
            ]
            yield from ((place, role) for role in dict.fromkeys(meant))


def _ways(graph: Graph) -> Iterator[Finding]:
    """Every phase can be reached, and from every phase an item can come to an end."""
    met, ending = reachable(graph), can_end(graph)
    for name, out in graph.edges.items():
        if name not in met and met:
            yield _finding(
                "VT601",
                f"phase {name!r}: cannot be reached from {graph.start!r}",
                "name it in the next: of another phase",
            )
        if name in ending:
            continue
        if out:
            yield _finding(
                "VT602", f"phase {name!r}: no way leads to a phase that is done", "mark a later phase with done: true"
            )
        else:
            yield _finding("VT602", f"phase {name!r}: leads nowhere and is not done", "give it next: or done: true")


def _claims(pipeline: Pipeline) -> Iterator[Finding]:
    """A deliverable has one phase that owes it, and a path has one contract."""
    owners: dict[str, str] = {}
    for name, phase in pipeline.phases.items():
        for artifact in dict.fromkeys(phase.artifacts):
            first = owners.setdefault(artifact, name)
            if first != name:
                message = f"artifact {artifact!r}: required by the phases {first!r} and {name!r}"
                yield _finding("VT603", message, f"make it an input of {name!r}, or define a second artifact")
    paths: dict[str, str] = {}
    for name, contract in pipeline.artifacts.items():
        # Two spellings that differ in case are one file on some machines.
        first = paths.setdefault(normpath(contract.path).casefold(), name)
        if first != name:
            yield _finding(
                "VT603",
                f"artifacts {first!r} and {name!r} have the same path {contract.path!r}",
                "give one another path",
            )


def _paths(pipeline: Pipeline) -> Iterator[Finding]:
    for name, contract in pipeline.artifacts.items():
        if not contract.path:
            yield _finding("VT604", f"artifact {name!r}: has no path", "give it a path: in the repository")
        elif leaves(contract.path):
            hint = "use a path inside the repository, with / between its parts"
            yield _finding("VT604", f"artifact {name!r}: the path {contract.path!r} leaves the repository", hint)
        for wrong in sorted(set(_PLACEHOLDER.findall(contract.path)) - {"{item}"}):
            yield _finding(
                "VT604",
                f"artifact {name!r}: unknown placeholder {wrong} in {contract.path!r}",
                "only {item} is filled in",
            )
        if contract.template and (leaves(contract.template) or contract.template.endswith("/")):
            yield _finding(
                "VT604",
                f"artifact {name!r}: the template {contract.template!r} leaves {TEMPLATES}",
                "name a file in it",
            )
    for name, mode in pipeline.modes.items():
        if mode.checklist and leaves(mode.checklist):
            yield _finding(
                "VT604", f"mode {name!r}: the checklist {mode.checklist!r} leaves {CHECKLISTS}", "name a file in it"
            )


def leaves(path: str) -> bool:
    """Tell whether a path is absolute, climbs out, enters `.git`, or is written for another system."""
    parts = path.split("/")
    foreign = re.match(r"[A-Za-z]:|[/~]", path) or "\\" in path or "\0" in path
    return bool(foreign) or any(part == ".." or part.lower() == ".git" for part in parts)


def _inputs(pipeline: Pipeline, graph: Graph) -> Iterator[Finding]:
    """An input is produced on every way that leads to its phase: without its producers the phase is out of reach."""
    producers: dict[str, list[str]] = {}
    for name, phase in pipeline.phases.items():
        for artifact in dict.fromkeys((*phase.artifacts, *phase.optional)):
            producers.setdefault(artifact, []).append(name)
    met = reachable(graph)
    for name, phase in pipeline.phases.items():
        for artifact in phase.inputs:
            makers = [maker for maker in producers.get(artifact, []) if maker != name]
            if artifact not in pipeline.artifacts or (makers and name not in met):
                continue
            if not makers:
                yield _finding(
                    "VT213", f"phase {name!r}: no other phase produces its input {artifact!r}", "", "warning"
                )
            elif name in _without(graph, makers):
                message = f"phase {name!r}: can be reached before {', '.join(makers)} produced its input {artifact!r}"
                yield _finding("VT213", message, "take the input out, or lead the way through that phase", "warning")


def _without(graph: Graph, phases: list[str]) -> set[str]:
    edges = {name: out for name, out in graph.edges.items() if name not in phases}
    return reachable(Graph(graph.start, edges))


def _idle_agents(pipeline: Pipeline) -> Iterator[Finding]:
    busy = {agent for phase in pipeline.phases.values() for agent in (phase.owner, *phase.helpers)}
    busy |= {agent for mode in pipeline.modes.values() for agent in mode.agents}
    for name in pipeline.agents:
        if name not in busy:
            yield _finding(
                "VT607", f"agent {name!r}: has no phase and no mode", "name it in a phase or a mode", "warning"
            )


def checklist_path(name: str, mode: Mode) -> str:
    """Where the checklist template of a mode is kept."""
    return f"{CHECKLISTS}/{mode.checklist or f'{name}-checklist.md'}"


def template_path(contract: Contract) -> str:
    """Where the template of an artifact is kept."""
    return f"{TEMPLATES}/{contract.template or basename(contract.path)}"


def _checklists(pipeline: Pipeline, tree: Tree) -> Iterator[Finding]:
    """A mode that a phase is worked in needs its checklist; for the others it is a warning."""
    used = {phase.mode for phase in pipeline.phases.values()}
    for name, mode in pipeline.modes.items():
        path = checklist_path(name, mode)
        if not leaves(mode.checklist) and tree.size(path) is None:
            severity: Severity = "error" if name in used else "warning"
            yield _finding(
                "VT605", f"mode {name!r}: there is no {path}", "write it, or name another file in checklist:", severity
            )


def _templates(pipeline: Pipeline, tree: Tree) -> Iterator[Finding]:
    for name in dict.fromkeys(artifact for phase in pipeline.phases.values() for artifact in phase.artifacts):
        contract = pipeline.artifacts.get(name)
        if contract is None or not contract.path or leaves(contract.path) or leaves(contract.template):
            continue
        path = template_path(contract)
        if tree.size(path) is None:
            yield _finding(
                "VT606",
                f"artifact {name!r}: there is no {path}",
                "write it, or name another file in template:",
                "warning",
            )
