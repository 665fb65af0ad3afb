"""What an agent does now, in a few words for the live view, read from a line that it printed. Nothing is raised."""

from __future__ import annotations

from collections.abc import Callable

from agenticops.core.drive.settings import Reads
from agenticops.core.drive.usage import Line, below, decoded, each, text
from agenticops.core.secrets import redact
from agenticops.model.plain import clean

MOST = 100
# What is looked at of a long text: more is not shown anyway.
_LOOKED = 2000
# What the tools of agents are called, and what they do; then which of their parameters says to what.
_VERBS = {
    **dict.fromkeys(("Edit", "MultiEdit", "NotebookEdit", "replace", "edit", "apply_patch"), "edits"),
    **dict.fromkeys(("Write", "write_file"), "writes"),
    **dict.fromkeys(("Read", "read_file", "read_many_files"), "reads"),
    **dict.fromkeys(("Bash", "run_shell_command", "shell", "local_shell"), "runs"),
    **dict.fromkeys(("Glob", "LS", "glob", "list_directory"), "lists"),
    **dict.fromkeys(("Grep", "search_file_content", "grep_search"), "searches for"),
    **dict.fromkeys(("WebFetch", "web_fetch"), "fetches"),
    **dict.fromkeys(("WebSearch", "google_web_search"), "searches the web for"),
    **dict.fromkeys(("Task", "Agent"), "asks a helper:"),
    **dict.fromkeys(("TodoWrite", "write_todos"), "plans"),
}
_OBJECTS = (
    *("file_path", "notebook_path", "absolute_path", "command", "pattern", "url", "query", "description", "prompt"),
    *("path", "dir_path"),
)


def of_line(reads: Reads, line: str, desk: str = "") -> str:
    """Tell what the agent does, as this line of its output says; empty when it says nothing of it.

    `desk` is the folder that it works in: paths below it are shown from there.
    """
    found = _READERS[reads](line)
    if not found:
        return ""
    shown = found[:_LOOKED].replace(f"{desk.rstrip('/')}/", "") if desk else found[:_LOOKED]
    shown = clean(" ".join(redact(shown).split()))
    return shown if len(shown) <= MOST else shown[: MOST - 1] + "…"


def _tool(name: str, given: Line) -> str:
    said = next((text(given[key]) for key in _OBJECTS if text(given.get(key))), "")
    return f"{_VERBS.get(name, f'uses {name}')} {said}".strip() if name else ""


def _says(words: str) -> str:
    rows = words[:_LOOKED].strip().splitlines()
    return f"says: {rows[0]}" if rows else ""


def _claude(line: str) -> str:
    row = decoded(line)
    if row.get("type") == "system" and row.get("subtype") == "init":
        return "begins"
    if row.get("type") == "result":
        return "ends"
    if row.get("type") != "assistant":
        return ""
    told = ""
    for part in each(below(row.get("message")).get("content")):
        if part.get("type") == "tool_use":
            told = _tool(text(part.get("name")), below(part.get("input")))
        elif part.get("type") == "text":
            told = _says(text(part.get("text"))) or told
    return told


def _codex(line: str) -> str:
    row = decoded(line)
    kind, item = row.get("type"), below(row.get("item"))
    if kind == "thread.started":
        return "begins"
    if kind == "turn.completed":
        return "ends"
    what = item.get("type")
    if what == "command_execution" and kind == "item.started":
        return f"runs {text(item.get('command'))}"
    if what == "file_change":
        return "edits " + ", ".join(text(change.get("path")) for change in each(item.get("changes")))
    if what == "mcp_tool_call" and kind == "item.started":
        return f"uses {text(item.get('tool'))}"
    if what == "web_search":
        return f"searches the web for {text(item.get('query'))}"
    return _says(text(item.get("text"))) if what == "agent_message" and kind == "item.completed" else ""


def _gemini(line: str) -> str:
    row = decoded(line)
    kind = row.get("type")
    if kind == "tool_use":
        return _tool(text(row.get("tool_name")), below(row.get("parameters")))
    if kind == "message" and row.get("role") == "assistant":
        return _says(text(row.get("content")))
    return {"init": "begins", "result": "ends"}.get(text(kind), "")


def _plain(line: str) -> str:
    return "" if decoded(line) else line


_READERS: dict[Reads, Callable[[str], str]] = {"claude": _claude, "codex": _codex, "gemini": _gemini, "plain": _plain}
