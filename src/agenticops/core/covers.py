"""Covers: which files a proof is about, and one digest that names their content in any tree alike. ADR 0019.

A pattern is a file, a folder (all below it), or a glob: `*` and `?` stay within a name, `**` crosses folders. `!` takes
out again, and the last pattern that fits decides, as in `.gitignore`. `{item}` stands for the work item.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from agenticops.model.digest import sha256
from agenticops.model.tree import Tree

# What moves by itself is covered only where a pattern names it, or no proof would outlive the next note.
STATE = (("tickets",), ("docs", "session-context"))
LOG = ".agenticops/"
_GLOB = frozenset("*?[")


def paths(tree: Tree, patterns: Sequence[str], item: str = "", also: Iterable[str] = ()) -> list[str]:
    """List the files that patterns cover (all, when none adds any), and those of `also` that are there."""
    rules = [_rule(p, item) for p in patterns]
    if not any(kept for kept, _ in rules):
        rules.insert(0, (True, ("**",)))
    named = {p.removeprefix("./") for p in also}
    return [p for p in tree.paths() if p in named or (not p.startswith(LOG) and _covered(p, rules))]


def digest(ids: Mapping[str, str]) -> str:
    """Name some paths and their contents, as a tree's `ids` gives them: git's own, so that line ends change nothing."""
    text = "".join(f"{path}\0{ids[path]}\n" for path in sorted(ids))
    return sha256(text.encode("utf-8", "surrogateescape"))


def _rule(pattern: str, item: str) -> tuple[bool, tuple[str, ...]]:
    bare = pattern.replace("{item}", item)
    kept = not bare.startswith("!")
    return kept, tuple(bare.removeprefix("!").removeprefix("./").rstrip("/").split("/"))


def _covered(path: str, rules: Sequence[tuple[bool, tuple[str, ...]]]) -> bool:
    parts = tuple(path.split("/"))
    state = next((s for s in STATE if parts[: len(s)] == s), ())
    fitting = (kept for kept, p in reversed(rules) if (not kept or p[: len(state)] == state) and fits(parts, p))
    return next(fitting, False)


def fits(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Tell whether a pattern fits a path or a folder above it. The time is the product of their lengths."""
    reached = {0}  # how many of the pattern's parts are used up
    for part in parts:
        reached = {after for at in reached for after in _steps(part, pattern, at)}
        if len(pattern) in reached:
            return True
    return False


def _steps(part: str, pattern: Sequence[str], at: int) -> Iterable[int]:
    """Say how far a pattern is used up by one more part of a path."""
    while at < len(pattern) and pattern[at] == "**":
        yield at  # it takes this part and may take the next
        if at + 1 == len(pattern):
            yield at + 1
        at += 1
    if at < len(pattern) and _same(part, pattern[at]):
        yield at + 1


def _same(part: str, pattern: str) -> bool:
    return fnmatchcase(part, pattern) if _GLOB.intersection(pattern) else part == pattern
