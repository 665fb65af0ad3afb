"""The library: the templates of a tree, several versions of one code side by side, and those that are packaged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from agenticops.core.workflow.templates import SUFFIXES
from agenticops.model.layout import WORKFLOWS
from agenticops.model.tree import Tree
from agenticops.model.workflow import Template

# In the packaged resources; a file is named after its template's code.
PACKAGED = "workflows"


def paths(tree: Tree, folder: str = WORKFLOWS) -> list[str]:
    """List the files that hold templates."""
    return [f"{folder}/{name}" for name in tree.names(folder) if name.endswith(SUFFIXES)]


def packaged(tree: Tree) -> dict[str, str]:
    """Map the codes of the packaged templates to their files; none is opened for it."""
    return {path.rpartition("/")[2].rpartition(".")[0].upper(): path for path in paths(tree, PACKAGED)}


def file_name(code: str) -> str:
    """Name the file that a template is written to."""
    return f"{WORKFLOWS}/{re.sub(r'[^a-z0-9]+', '-', code.lower()).strip('-') or 'workflow'}.yml"


def order(version: str) -> list[tuple[int, int, str]]:
    """Order versions as people do: 1.10 comes after 1.9."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"[.\-_+]", version)]


def newest(templates: Iterable[Template]) -> Template | None:
    """Choose the template that new instances are started with: of the active versions the highest, else of all."""
    return max(templates, key=lambda t: (t.active, order(t.version)), default=None)


def by_code(templates: Iterable[Template]) -> dict[str, list[Template]]:
    """Group templates by code, in the order that they come in."""
    found: dict[str, list[Template]] = {}
    for template in templates:
        found.setdefault(template.code, []).append(template)
    return found


def current(templates: Sequence[Template]) -> dict[str, Template]:
    """Give for each code the template that counts now."""
    return {code: one for code, versions in by_code(templates).items() if (one := newest(versions)) is not None}
