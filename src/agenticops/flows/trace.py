"""Tracing: where a thing comes from and what came of it."""

from __future__ import annotations

from agenticops.core.trace import Branch, Key, Web
from agenticops.errors import UsageError
from agenticops.model import ids
from agenticops.workspace import Workspace


def both_ways(workspace: Workspace, wanted: str) -> tuple[Branch, Branch]:
    """Give the two trees of a thing: what led to it, and what came of it. It is named by a unique prefix of its id."""
    train = workspace.train
    _ = train.pipeline
    web = Web(train)
    key = _found(web, wanted)
    return web.tree(key, web.up), web.tree(key, web.down)


def _found(web: Web, wanted: str) -> Key:
    kind, _, name = wanted.partition(":")
    keys = [k for k in web.nodes if k == (kind, name)] or [k for k in web.nodes if k[1] == wanted]
    if not keys and len(wanted) >= ids.MIN_PREFIX:
        keys = [k for k in web.nodes if k[1].startswith(wanted)]
    if len(keys) == 1:
        return keys[0]
    if keys:
        listed = ", ".join(":".join(k) for k in keys[:4])
        raise UsageError(f"{wanted!r} is the start of {len(keys)} ids: {listed}", hint="write more of the id")
    hint = "agenticops work list, need list, risk list or decision list; at least four characters of an id"
    raise UsageError(f"nothing is called {wanted!r}", hint=hint)
