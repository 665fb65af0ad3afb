"""The hook folder: where git looks for this clone's hooks, and whom else they serve."""

from __future__ import annotations

import os

from msgspec import Struct

from agenticops.ports.git import Git


class HookFolder(Struct, frozen=True):
    """`path` is absolute; `shown` is what the configuration says ("" for the default), `scope` which file says so.

    `shared`: the folder lies in the working tree, and git knows files in it; or, where a tool made the folder `_` (as
    husky does), in the one above.
    """

    path: str
    shown: str = ""
    scope: str = ""
    shared: bool = False


def find(git: Git) -> HookFolder:
    """Ask git where hooks are. Our own calls switch them off, so what the command line says does not count."""
    listed = git.run("config", "--show-scope", "--type=path", "--get-all", "-z", "core.hooksPath", check=False).stdout
    words = listed.split("\0")
    told = [(s, v) for s, v in zip(words[::2], words[1::2], strict=False) if s != "command"]
    scope, shown = told[-1] if told else ("", "")
    path = os.path.join(git.root or git.git_dir, shown) if shown else os.path.join(git.common_dir, "hooks")
    return HookFolder(os.path.abspath(path), shown, scope, _shared(git, os.path.realpath(path)))


def _shared(git: Git, folder: str) -> bool:
    root, own = os.path.realpath(git.root), os.path.realpath(git.common_dir)
    if not git.root or _within(folder, own) or not _within(folder, root):
        return False
    inside = os.path.relpath(folder, root)
    return git.tracked(inside.removesuffix("/_"))


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
