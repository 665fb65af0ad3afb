"""The words of older session layouts: which key, heading or status of theirs means which field of ours."""

from __future__ import annotations

import re
import unicodedata

# field -> how its value is read (legacy_harvest has one small function for each)
KINDS: dict[str, str] = {
    "id": "text",
    "status": "status",
    "started_at": "text",
    "operator": "text",
    "assistant": "text",
    "agent": "name",
    "mode": "name",
    "phase": "name",
    "ticket": "ticket",
    "branch": "text",
    "parents.prd": "text",
    "parents.crd": "text",
    "todos": "todos",
    "todos.pending": "todos",
    "todos.in_progress": "todos",
    "todos.completed": "todos",
    "artifacts": "paths",
    "artifacts.created": "paths",
    "artifacts.modified": "paths",
    "decisions": "texts",
    "blockers": "texts",
    "next_steps": "texts",
    "notes": "texts",
    "handoff.to": "name",
    "handoff.requirements": "texts",
    "handoff.notes": "text",
    "allowed_tools": "tools",
    "restricted_tools": "tools",
}

# Mappings and headings that only group: their keys are looked up in the scope first, then in EVERYWHERE.
GROUPS: dict[str, str] = {
    "session_metadata": "session",
    "metadata": "session",
    "session": "session",
    "session_info": "session",
    "current_work": "work",
    "current_state": "work",
    "task_context": "task",
    "context": "task",
    "work_progress": "progress",
    "progress": "progress",
    "artifacts": "artifacts",
    "session_notes": "notes",
    "notes": "notes",
    "git_context": "git",
    "git": "git",
    "tool_access": "tools",
    "tools": "tools",
    "tool_permissions": "tools",
    "handoff": "handoff",
    "hand_off": "handoff",
    "parents": "parents",
    "parent_issues": "parents",
}

# Words that mean the same wherever they stand.
EVERYWHERE: dict[str, str] = {
    "session_id": "id",
    "session_status": "status",
    "session_state": "status",
    "started_at": "started_at",
    "start_time": "started_at",
    "started": "started_at",
    "session_start": "started_at",
    "session_started": "started_at",
    "operator": "operator",
    "human_operator": "operator",
    "user": "operator",
    "assistant": "assistant",
    "ai_assistant": "assistant",
    "mode": "mode",
    "current_mode": "mode",
    "active_mode": "mode",
    "phase": "phase",
    "current_phase": "phase",
    "active_phase": "phase",
    "pipeline_phase": "phase",
    "agent": "agent",
    "current_agent": "agent",
    "active_agent": "agent",
    "agent_role": "agent",
    "ticket": "ticket",
    "ticket_id": "ticket",
    "current_ticket": "ticket",
    "issue": "ticket",
    "issue_id": "ticket",
    "issue_number": "ticket",
    "current_issue": "ticket",
    "github_issue": "ticket",
    "branch": "branch",
    "current_branch": "branch",
    "git_branch": "branch",
    "branch_name": "branch",
    "prd": "parents.prd",
    "parent_prd": "parents.prd",
    "prd_issue": "parents.prd",
    "crd": "parents.crd",
    "parent_crd": "parents.crd",
    "crd_issue": "parents.crd",
    "todo": "todos",
    "todos": "todos",
    "to_do": "todos",
    "to_dos": "todos",
    "todo_list": "todos",
    "todo_items": "todos",
    "tasks": "todos",
    "task_list": "todos",
    "completed_tasks": "todos.completed",
    "pending_tasks": "todos.pending",
    "decision": "decisions",
    "decisions": "decisions",
    "decisions_made": "decisions",
    "key_decisions": "decisions",
    "blocker": "blockers",
    "blockers": "blockers",
    "blocked_by": "blockers",
    "impediments": "blockers",
    "next_step": "next_steps",
    "next_steps": "next_steps",
    "next_actions": "next_steps",
    "upcoming": "next_steps",
    "note": "notes",
    "notes": "notes",
    "session_notes": "notes",
    "artifacts": "artifacts",
    "artifacts_created": "artifacts.created",
    "created_artifacts": "artifacts.created",
    "files_created": "artifacts.created",
    "artifacts_modified": "artifacts.modified",
    "modified_artifacts": "artifacts.modified",
    "files_modified": "artifacts.modified",
    "files_changed": "artifacts.modified",
    "handoff": "handoff.to",
    "hand_off": "handoff.to",
    "handoff_to": "handoff.to",
    "next_agent": "handoff.to",
    "handoff_requirements": "handoff.requirements",
    "handoff_notes": "handoff.notes",
    "allowed_tools": "allowed_tools",
    "tools_allowed": "allowed_tools",
    "restricted_tools": "restricted_tools",
    "tools_restricted": "restricted_tools",
    "forbidden_tools": "restricted_tools",
}

# Words whose meaning depends on where they stand. "" takes a meaning away: a task's title is no field of a session.
SCOPES: dict[str, dict[str, str]] = {
    "": {"id": "id", "status": "status", "state": "status", "session": "id"},
    "session": {
        "id": "id",
        "status": "status",
        "state": "status",
        "created_at": "started_at",
        "start": "started_at",
        "date": "started_at",
    },
    "work": {"status": "status"},
    "task": {
        "number": "ticket",
        "requirements": "",
        "tasks": "",
        "user": "",
    },
    "progress": {
        "completed": "todos.completed",
        "done": "todos.completed",
        "in_progress": "todos.in_progress",
        "current": "todos.in_progress",
        "pending": "todos.pending",
        "remaining": "todos.pending",
        "next": "next_steps",
        "blocked": "blockers",
    },
    "artifacts": {
        "created": "artifacts.created",
        "new": "artifacts.created",
        "added": "artifacts.created",
        "modified": "artifacts.modified",
        "updated": "artifacts.modified",
        "changed": "artifacts.modified",
    },
    "notes": {"general": "notes", "observations": "notes", "next": "next_steps"},
    "git": {"user": ""},
    "tools": {"allowed": "allowed_tools", "restricted": "restricted_tools", "forbidden": "restricted_tools"},
    "handoff": {
        "to": "handoff.to",
        "to_agent": "handoff.to",
        "agent": "handoff.to",
        "requirements": "handoff.requirements",
        "requires": "handoff.requirements",
        "notes": "handoff.notes",
        "note": "handoff.notes",
        "message": "handoff.notes",
        "status": "",
    },
    "parents": {},
}

SESSION_STATUS: dict[str, str] = {
    "init": "init",
    "initialized": "init",
    "initialised": "init",
    "initializing": "init",
    "not_started": "init",
    "active": "active",
    "in_progress": "active",
    "running": "active",
    "started": "active",
    "ongoing": "active",
    "paused": "paused",
    "on_hold": "paused",
    "suspended": "paused",
    "handed_off": "handed_off",
    "handed_over": "handed_off",
    "done": "done",
    "complete": "done",
    "completed": "done",
    "finished": "done",
    "archived": "archived",
}

TODO_STATUS: dict[str, str] = {
    "pending": "pending",
    "todo": "pending",
    "to_do": "pending",
    "open": "pending",
    "not_started": "pending",
    "planned": "pending",
    "in_progress": "in_progress",
    "doing": "in_progress",
    "started": "in_progress",
    "active": "in_progress",
    "ongoing": "in_progress",
    "wip": "in_progress",
    "completed": "completed",
    "complete": "completed",
    "done": "completed",
    "finished": "completed",
    "closed": "completed",
}

# What stands before a to-do's text.
TODO_MARKS: dict[str, str] = {
    "[ ]": "pending",
    "[x]": "completed",
    "[X]": "completed",
    "⏳": "pending",
    "🚧": "in_progress",
    "✅": "completed",
}

PRIORITY: dict[str, str] = {
    "high": "high",
    "now": "high",
    "medium": "medium",
    "normal": "medium",
    "next": "medium",
    "low": "low",
    "future": "low",
}

TODO_TEXT = ("content", "task", "title", "text", "description", "item", "name")
TODO_STATE = ("status", "state", "done", "completed", "checked")
ENTRY_TEXT = ("text", "content", "decision", "blocker", "step", "note", "title", "description", "summary", "what")
PATH_TEXT = ("path", "file", "location", "artifact", "name")

# An entry that says that there is nothing is no entry.
NOTHING = frozenset({"", "none", "n/a", "na", "nothing", "nil", "tbd", "-"})


def normal(key: str) -> str:
    """Fold a key or heading: `Next Steps`, `nextSteps` and `next-steps:` are one word."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", unicodedata.normalize("NFKC", key))
    return re.sub(r"[\W_]+", "_", spaced.casefold()).strip("_")


def target(scope: str, name: str) -> str:
    """Find the field that a folded word means in a scope; "" when it has none."""
    return SCOPES.get(scope, {}).get(name, EVERYWHERE.get(name, ""))
