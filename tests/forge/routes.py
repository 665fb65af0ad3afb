"""Which handler answers which path."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from urllib.parse import unquote

from tests.forge import access, boards, checks, issues, labels, pulls, relations, repos
from tests.forge.calls import Answer, Call

Handler = Callable[[Call], Answer]
HANDLERS: dict[tuple[str, str], Handler] = {
    **repos.ROUTES,
    **labels.ROUTES,
    **issues.ROUTES,
    **relations.ROUTES,
    **pulls.ROUTES,
    **checks.ROUTES,
    **boards.ROUTES,
    **access.ROUTES,
    **repos.LAST,
}
# The two that the server answers itself.
LIMITS = ("GET", "/rate_limit")
ROUTES = (*HANDLERS, access.TOKENS, LIMITS)
# Names that may hold a slash.
LONG = {"name", "ref", "branch"}


def match(method: str, path: str) -> tuple[str, dict[str, str]] | None:
    """Find the template of a path that is still encoded, and its parts, decoded."""
    for template, pattern in _patterns()[method]:
        if found := pattern.fullmatch(path):
            return template, {name: unquote(part) for name, part in found.groupdict().items()}
    return None


@functools.cache
def _patterns() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    made: dict[str, list[tuple[str, re.Pattern[str]]]] = {
        method: [] for method in ("GET", "POST", "PATCH", "PUT", "DELETE")
    }
    for method, template in ROUTES:
        made[method].append((template, re.compile(re.sub(r"\{(\w+)\}", _group, template))))
    return made


def _group(found: re.Match[str]) -> str:
    return f"(?P<{found[1]}>{'.+' if found[1] in LONG else '[^/]+'})"
