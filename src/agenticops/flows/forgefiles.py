"""Forge files: what `init --with github` lays into `.github/`, beside what the team has elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from agenticops import __version__
from agenticops.core import documents
from agenticops.model.tree import Tree
from agenticops.store.tree import WorkingTree
from agenticops.workspace import RESOURCES

PACKAGED = "common/github"
FOLDER = ".github"
FOLDERS = ("ISSUE_TEMPLATE", "workflows")
# The forge takes one file of these, and that in .github/ before the others: ours would take the place of the team's.
ELSEWHERE = {
    f"{FOLDER}/CODEOWNERS": ("CODEOWNERS", "docs/CODEOWNERS"),
    f"{FOLDER}/pull_request_template.md": tuple(
        f"{folder}{name}"
        for folder in ("", "docs/", f"{FOLDER}/")
        for name in ("PULL_REQUEST_TEMPLATE.md", "pull_request_template.md")
    ),
}


def wanted(tree: Tree, branch: str) -> dict[str, bytes]:
    """Give the files, by path, for a train whose default branch has this name."""
    packaged = WorkingTree(RESOURCES)
    values = {"branch": json.dumps(branch), "version": __version__}
    found = {}
    for name in _names(packaged):
        path = f"{FOLDER}/{name}"
        if not any(tree.size(p) is not None for p in ELSEWHERE.get(path, ()) if p != path):
            text = (packaged.read(f"{PACKAGED}/{name}") or b"").decode()
            found[path] = documents.render(text, values).encode()
    return found


def installed(manifest: Iterable[str]) -> bool:
    """Tell whether they were asked for before: then an upgrade brings them along."""
    return any(path.startswith(f"{FOLDER}/") for path in manifest)


def _names(packaged: Tree) -> Iterator[str]:
    for folder in ("", *FOLDERS):
        for name in packaged.names(f"{PACKAGED}/{folder}".rstrip("/")):
            if folder or name not in FOLDERS:
                yield f"{folder}/{name}".lstrip("/")
