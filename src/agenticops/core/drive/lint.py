"""What the settings of the auto-pilot name has to be there: a budget of a misspelled phase would limit nothing."""

from __future__ import annotations

from collections.abc import Iterator

from agenticops.core import yamltext
from agenticops.core.drive.budget import OTHERS
from agenticops.core.drive.settings import BUILT_IN, PATH, Settings, read
from agenticops.model.finding import Finding
from agenticops.model.pipeline import Pipeline


def lint(data: bytes, pipeline: Pipeline) -> Iterator[Finding]:
    """Find what the settings name and nobody knows. Raises StateError when they cannot be read."""
    found = read(data)
    text = yamltext.decode(data, PATH)
    for keys, code, noun, known in _names(found, pipeline):
        if keys[-1] not in known:
            line = yamltext.locate(text, keys)
            message = f"{'.'.join(keys[:-1])}: unknown {noun} {keys[-1]!r}"
            yield Finding(code, message, PATH, line, hint=f"known: {', '.join(known) or 'none'}")


def _names(found: Settings, pipeline: Pipeline) -> Iterator[tuple[tuple[str, ...], str, str, list[str]]]:
    """Give each name with its place, the code of a finding, what it names, and what there is."""
    phases, agents = list(pipeline.phases), list(pipeline.agents)
    yield from ((("complexity", name), "VT301", "phase", phases) for name in found.complexity)
    yield from ((("budgets", "phases", name), "VT301", "phase", [*phases, OTHERS]) for name in found.budgets.phases)
    yield from ((("roles", name), "VT303", "agent", agents) for name in found.roles)
    models = [*_models(found), OTHERS]
    yield from ((("budgets", "models", name), "VT304", "model", models) for name in found.budgets.models)


def _models(found: Settings) -> list[str]:
    """List the models of all providers; one that names none is a model itself."""
    known = {**BUILT_IN, **found.providers}
    return list(dict.fromkeys(m for name, p in known.items() for m in ([x.name for x in p.models] or [name])))
