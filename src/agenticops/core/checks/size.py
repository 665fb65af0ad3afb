"""No file is larger than a gate lets pass: large data belongs elsewhere, with a note of where it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

from agenticops.core import covers
from agenticops.core.case import Case
from agenticops.errors import StateError
from agenticops.model.finding import Finding


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """The most bytes of a file, and which files count (all, unless told)."""

    max_bytes: Annotated[int, Meta(ge=0)]
    paths: tuple[str, ...] = ()


def check(case: Case) -> Iterator[Finding]:
    """Find the files that are too large."""
    tree = case.after.tree
    for path in covers.paths(tree, case.asked.paths, case.ticket.item):
        try:
            size = tree.size(path)
        except StateError as e:
            yield Finding("VT413", e.message, path, hint=e.hint)
            continue
        if size is not None and size > case.asked.max_bytes:
            message = f"{size} bytes; at most {case.asked.max_bytes} are wanted"
            yield Finding("VT423", message, path, hint="keep it outside (or in git lfs), and record where it is")
