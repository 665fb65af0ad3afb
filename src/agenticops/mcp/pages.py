"""Pages: resources and prompts of the train. Each is what a command says."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import unquote

SCHEME = "train://"
JSON, PLAIN = "application/json", "text/plain"


class Page(NamedTuple):
    """A resource: where it is found, what it is, the command that says it, and how its text is to be read."""

    uri: str
    name: str
    description: str
    words: tuple[str, ...]
    mime: str = JSON


PAGES = (
    Page("train://pipeline", "pipeline", "Phases, modes, agents, artifacts and gates.", ("pipeline", "show")),
    Page("train://status", "status", "Where every open ticket stands.", ("status",)),
    Page("train://session", "session", "The session that counts here.", ("session", "show")),
)
TEMPLATES = (
    Page("train://ticket/{id}", "ticket", "One ticket: state, bullets, artifacts, times.", ("ticket", "show")),
    Page("train://mode/{name}", "mode", "The page of a mode.", ("mode", "show"), PLAIN),
)


def command(uri: str) -> tuple[Page, list[str]] | None:
    """Find the page of an address and the command that says it; None when there is none."""
    for page in PAGES:
        if uri == page.uri:
            return page, _words(page, "")
    for page in TEMPLATES:
        head = page.uri.partition("{")[0]
        name = unquote(uri[len(head) :])
        if uri.startswith(head) and name:
            return page, _words(page, name)
    return None


def _words(page: Page, name: str) -> list[str]:
    json = ["--json"] if page.mime == JSON else []
    return [*page.words, *json, *(["--"] if name.startswith("-") else []), *([name] if name else [])]


def prompts(pipeline: dict[str, Any]) -> list[dict[str, Any]]:
    """Give a prompt for each mode of a pipeline."""
    ticket = {"name": "ticket", "description": "The ticket to work; default: none.", "required": False}
    return [
        {
            "name": name,
            "title": mode.get("title") or name,
            "description": mode.get("purpose") or f"Work in the mode {name}.",
            "arguments": [ticket],
        }
        for name, mode in pipeline["modes"].items()
    ]


def written(data: Any) -> str:
    """Write the data of a page."""
    import json

    return json.dumps(data, ensure_ascii=False, indent=1)
