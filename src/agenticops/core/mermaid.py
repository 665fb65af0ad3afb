"""The pipeline as a Mermaid flowchart: one box a stretch, rounded nodes where an item may be finished."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agenticops.model.pipeline import Phase, Pipeline

# Characters that end a quoted label, start HTML, an entity, a comment or a Markdown string in Mermaid.
_ESCAPES = {ord(char): f"#{ord(char)};" for char in '"#&%<>`\\{}'}


def mermaid(pipeline: Pipeline, here: dict[str, list[str]] | None = None) -> str:
    """Draw the phases; `here` gives the tickets that stand at a phase."""
    at = here or {}
    names = _node_names(pipeline)
    rows = ["flowchart LR"]
    for index, (stretch, phases) in enumerate(_stretches(pipeline).items(), 1):
        nodes = [_node(names[name], name, pipeline.phases[name], at.get(name, [])) for name in phases]
        if stretch:
            rows += [f'  subgraph s{index}["{label(stretch)}"]', *(f"    {node}" for node in nodes), "  end"]
        else:
            rows += [f"  {node}" for node in nodes]
    rows += _edges(pipeline, names)
    busy = [names[name] for name in pipeline.phases if at.get(name)]
    if busy:
        rows += ["  classDef here stroke-width:3px", f"  class {','.join(busy)} here"]
    return "\n".join(rows) + "\n"


def _node_names(pipeline: Pipeline) -> dict[str, str]:
    """Name the nodes so that no word of Mermaid (`end`, `class` …) is met and no two phases share a name."""
    names: dict[str, str] = {}
    for index, phase in enumerate(pipeline.phases, 1):
        name = "p_" + re.sub(r"[^a-zA-Z0-9]", "_", phase)
        names[phase] = name if name not in names.values() else f"{name}_{index}"
    return names


def _stretches(pipeline: Pipeline) -> dict[str, list[str]]:
    """Group the phases by stretch, in the order that the pipeline declares."""
    groups: dict[str, list[str]] = {stretch: [] for stretch in pipeline.stretches}
    for name, phase in pipeline.phases.items():
        groups.setdefault(phase.stretch, []).append(name)
    return {stretch: phases for stretch, phases in groups.items() if phases}


def _node(node: str, name: str, phase: Phase, tickets: list[str]) -> str:
    under = " · ".join(label(word) for word in (phase.mode, phase.owner) if word)
    words = "<br/>".join(part for part in (label(phase.title or name), under, label(", ".join(tickets))) if part)
    return f'{node}(["{words}"])' if phase.done else f'{node}["{words}"]'


def _edges(pipeline: Pipeline, names: dict[str, str]) -> Iterator[str]:
    for name, phase in pipeline.phases.items():
        for target in dict.fromkeys(phase.next):
            if target in names:
                yield f"  {names[name]} --> {names[target]}"


def label(text: str) -> str:
    """Write a text so that nothing in it means anything to Mermaid."""
    words = " ".join(text.split()).translate(_ESCAPES)
    return "".join(char for char in words if char.isprintable())
