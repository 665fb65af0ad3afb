"""Tools: how a coding agent names them, and whether a pattern such as `Bash(npm run *)` or `Edit(src/**)` means a call.

The names are those of Claude Code 2.1. A pipeline that was written for an older name means the newer one too. Loads
nothing but globs, because the guard asks it (ADR 0025).
"""

from __future__ import annotations

from agenticops.core import globs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

ALIASES = {
    "Agent": "Task",
    "Workflow": "Task",
    "MultiEdit": "Edit",
    "LS": "Glob",
    "NotebookRead": "Read",
    "Monitor": "Bash",
    "TodoRead": "TodoWrite",
    "TaskCreate": "TodoWrite",
    "TaskGet": "TodoWrite",
    "TaskList": "TodoWrite",
    "TaskUpdate": "TodoWrite",
    "BashOutput": "TaskOutput",
    "AgentOutputTool": "TaskOutput",
    "KillBash": "TaskStop",
    "KillShell": "TaskStop",
}
# They talk to the person, or serve the client itself; nothing is written by them.
NEUTRAL = {
    "AskUserQuestion", "EndConversation", "EnterPlanMode", "ExitPlanMode", "ListAgents", "ListMcpResourcesTool",
    "ReadMcpResourceDirTool", "ReadMcpResourceTool", "ReadNotifications", "ReportFindings", "SendMessage",
    "SendUserMessage", "SetGoal", "Skill", "SlashCommand", "StructuredOutput", "SubagentHandback", "TaskOutput",
    "TaskStop", "ToolSearch", "WaitForMcpServers",
}  # fmt: skip
# These change no file. What a sub-agent does comes by the guard itself.
READING = {"Read", "Glob", "Grep", "LSP", "WebFetch", "WebSearch", "TodoWrite", "Task"}
# What writes a file, and where its call names that.
EDITING = {"Edit": "file_path", "Write": "file_path", "NotebookEdit": "notebook_path"}
PATHS = {**EDITING, "Read": "file_path"}
# The train's own server, as a repository's `.mcp.json` and as a plugin name it.
OWN = ("mcp__agenticops__", "mcp__plugin_agenticops_agenticops__")


def canonical(name: str) -> str:
    """Give the name by which pipelines know a tool."""
    return ALIASES.get(name, name)


def own(name: str) -> bool:
    """Tell whether a tool is of the train's own server."""
    return name.startswith(OWN)


def split(pattern: str) -> tuple[str, str]:
    """Take a pattern apart: the tool's canonical name, and what stands in brackets ("" is any)."""
    name, bracket, rest = pattern.strip().partition("(")
    inside = rest.strip().removesuffix(")").strip() if bracket else ""
    return canonical(name.strip()), "" if inside in ("*", "**", ":*") else inside


def named(tool: str, patterns: Iterable[str], path: str = "", *, narrowed: bool = False) -> bool:
    """Tell whether one of the patterns means a tool, called for `path` where it is about a file.

    `Edit(…)` is about every tool that edits files; `Bash(…)` is left to `says`. Brackets of other tools, such as the
    sites of WebFetch, are the client's to judge: with `narrowed` they count as the tool itself, else not at all.
    """
    for pattern in patterns:
        name, inside = split(pattern)
        if not inside:
            if same(tool, name):
                return True
        elif tool in PATHS:
            if path and name in (tool, "Edit" if tool in EDITING else tool) and globs.fits(path, rooted(inside)):
                return True
        elif narrowed and name == tool and tool != "Bash":
            return True
    return False


def same(tool: str, name: str) -> bool:
    """Tell whether a name means a tool: `mcp__server` means all tools of that server."""
    if name.startswith("mcp__"):
        return globs.like(tool, name) or tool.startswith(f"{name.rstrip('_')}__")
    return tool == name


def commanded(patterns: Iterable[str]) -> list[str]:
    """Give what the `Bash(…)` patterns say; "" stands for any command."""
    return [inside for name, inside in map(split, patterns) if name == "Bash"]


def says(pattern: str, words: list[str]) -> bool:
    """Tell whether a command's words are as a pattern says: `npm run *`, `npm run test:*`, `* --version`."""
    if not words or "$" in words[0] or " " in words[0]:
        return pattern == ""
    text = " ".join(words)
    if pattern.endswith(":*"):
        pattern = pattern[:-2] + " *"
    if pattern.endswith(" *") and "*" not in pattern[:-2] and text == pattern[:-2]:
        return True
    return not pattern or globs.like(text, pattern)


def rooted(glob: str) -> str:
    """Give a rule's path as one from the repository's root: `/src/**` is one, `//tmp/**` is absolute."""
    return glob[1:] if glob.startswith("/") else glob
