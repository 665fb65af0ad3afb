"""Globs: whether a pattern covers a path. `*` and `?` stay within a name, `**` crosses folders, the rest is literal.

A pattern that fits a folder covers all below it, as in `.gitignore`. The guard asks this before every tool call, so
nothing is imported here, `re` and `fnmatch` least of all; limits and audit use the same function (ADR 0025).
"""

from __future__ import annotations


def fits(path: str, pattern: str) -> bool:
    """Tell whether a pattern covers a path; both are relative to the same folder. Takes time in their product."""
    wanted = parts(pattern)
    reached = {0}  # how many of the pattern's parts are used up
    for part in parts(path):
        found = set()
        for start in reached:
            at = start
            while at < len(wanted) and wanted[at] == "**":
                found.add(at)  # it takes this part and may take the next
                if at + 1 == len(wanted):
                    return True
                at += 1
            if at < len(wanted) and like(part, wanted[at]):
                found.add(at + 1)
        if len(wanted) in found:
            return True
        reached = found
    return False


def parts(path: str) -> list[str]:
    """Take a path or a pattern apart; an absolute one begins with an empty part."""
    pieces = [p for p in path.split("/") if p not in ("", ".")]
    return ["", *pieces] if path.startswith("/") else pieces


def like(text: str, pattern: str) -> bool:
    """Tell whether a text is as a pattern of `*` (any characters) and `?` (one) says."""
    at = here = 0
    star, retry = -1, 0
    while at < len(text):
        if here < len(pattern) and pattern[here] == "*":
            star, retry = here, at
            here += 1
        elif here < len(pattern) and pattern[here] in ("?", text[at]):
            at += 1
            here += 1
        elif star >= 0:
            retry += 1
            at, here = retry, star + 1
        else:
            return False
    return all(c == "*" for c in pattern[here:])
