"""Claude Code: skills, sub-agents, hooks and the MCP server, below `.claude/` or as a plugin with its marketplace.

Conventions read from code.claude.com and from the client's own bundle (builtins.CLAUDE).
"""

from __future__ import annotations

import json
from typing import Any

from agenticops.core.adapters import agents_md
from agenticops.core.adapters.kit import Block, Files, Grafts, Helper, Kit, Skill, Whole, front
from agenticops.core.jsonmerge import Graft

GUARD = "agenticops-guard"
PLUGIN = "plugins/agenticops"
MARKETPLACE = ".claude-plugin/marketplace.json"
SETTINGS = ".claude/settings.json"
MCP = ".mcp.json"
ALLOWED = "Bash(agenticops:*)"
# What lets this clone execute more, or takes our own hooks out, stays a question to the person.
ASKED = ("Bash(agenticops trust:*)", "Bash(agenticops agents:*)", "Bash(agenticops hooks:*)")
NOTING = "Write|Edit|MultiEdit|NotebookEdit|TodoWrite|TaskCreate|TaskUpdate"
# The events whose hooks note and tell, and the tools that they are for.
HOOKS = {
    "SessionStart": "",
    "UserPromptSubmit": "",
    "PostToolUse": NOTING,
    "PreCompact": "",
    "Stop": "",
    "SubagentStop": "",
    "SessionEnd": "",
}
SECONDS = 30
# Without a guard every tool call would pass: a call is refused when it is missing, and when it dies.
REFUSAL = (
    f"{GUARD} is missing or did not answer, so no tool may be used in this value train. A person must act: install "
    "agenticops where PATH leads, or take the hooks out (agenticops agents uninstall claude)."
)
GUARDED = f"{GUARD} || {{ echo '{REFUSAL}' >&2; exit 2; }}"


def repo(kit: Kit) -> Files:
    """The files below the repository's own `.claude/`."""
    found: Files = {f".claude/skills/{s.name}/SKILL.md": skill(s) for s in kit.skills}
    found |= {f".claude/agents/{h.name}.md": helper(h) for h in kit.helpers}
    hooks = tuple(Graft(("hooks", event), entry, "append") for event, entry in _hooks().items())
    rules = (Graft(("permissions", "ask"), asked, "append") for asked in ASKED)
    found[SETTINGS] = Grafts((Graft(("permissions", "allow"), ALLOWED, "append"), *rules, *hooks))
    found[MCP] = Grafts((Graft(("mcpServers", "agenticops"), _server()),))
    return found | _pages(kit)


def plugin(kit: Kit) -> Files:
    """An installable plugin folder, and the marketplace file that offers it."""
    found: Files = {f"{PLUGIN}/skills/{s.name}/SKILL.md": skill(s) for s in kit.skills}
    found |= {f"{PLUGIN}/agents/{h.name}.md": helper(h) for h in kit.helpers}
    about = {"name": "agenticops", "description": "Work in a value train: modes, limits, sessions, gates"}
    manifest = {**about, "version": kit.version, "author": {"name": "AgenticOps Value Train"}}
    found[f"{PLUGIN}/.claude-plugin/plugin.json"] = _json(manifest)
    found[f"{PLUGIN}/hooks/hooks.json"] = _json({"hooks": {event: [entry] for event, entry in _hooks().items()}})
    found[f"{PLUGIN}/.mcp.json"] = _json({"mcpServers": {"agenticops": _server()}})
    found[MARKETPLACE] = Grafts(
        (
            Graft(("name",), "value-train", "offer"),
            Graft(("description",), "The plugin of this repository's value train", "offer"),
            Graft(("owner",), {"name": "The people of this repository"}, "offer"),
            Graft(("plugins",), {**about, "source": f"./{PLUGIN}"}, "append"),
        )
    )
    return found | _pages(kit)


def skill(one: Skill) -> Whole:
    """Write a skill: what it starts with is asked of the tool when it is called."""
    fields: dict[str, Any] = {"name": one.name, "description": one.description}
    if one.hint:
        fields["argument-hint"] = one.hint
    if one.person:
        fields["disable-model-invocation"] = True
    fields["allowed-tools"] = ALLOWED
    shown = "".join(f"!`agenticops {command}`\n\n" for command in one.shows)
    asked = "\nWhat was asked: $ARGUMENTS\n" if one.hint else ""
    return Whole(front(fields) + shown + one.body + asked)


def helper(one: Helper) -> Whole:
    """Write a sub-agent. It names no tools: those of the mode at hand are the limit, and the guard holds it."""
    return Whole(front({"name": one.name, "description": one.description}) + one.body)


def _hooks() -> dict[str, Any]:
    found: dict[str, Any] = {"PreToolUse": {"matcher": "*", "hooks": [{"type": "command", "command": GUARDED}]}}
    for event, matcher in HOOKS.items():
        # Silent where the tool is missing.
        command = f"! command -v agenticops >/dev/null 2>&1 || agenticops agents hook {event}"
        entry = {"hooks": [{"type": "command", "command": command, "timeout": SECONDS}]}
        found[event] = {"matcher": matcher, **entry} if matcher else entry
    return found


def _server() -> dict[str, Any]:
    return {"type": "stdio", "command": "agenticops", "args": ["mcp"]}


def _pages(kit: Kit) -> Files:
    return {**agents_md.files(kit), "CLAUDE.md": Block("@AGENTS.md")}


def _json(value: Any) -> Whole:
    return Whole(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
