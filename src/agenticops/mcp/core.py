"""The core tier: what an agent needs to work a ticket from begin to advance, in few tokens."""

from __future__ import annotations

from typing import Any

from agenticops.mcp.tool import Call, Json, Tool


def _text(description: str) -> Json:
    return {"type": "string", "description": description}


def _list(description: str) -> Json:
    return {"type": "array", "items": {"type": "string"}, "description": description}


def _one_of(description: str, calls: dict[str, Call]) -> Json:
    return {"type": "string", "enum": list(calls), "description": description}


def _flag(description: str) -> Json:
    return {"type": "boolean", "description": description}


TICKET = _text("Id of the ticket, or its unique start; default: the one at hand.")
SESSION = {
    "begin": Call(("begin",), ("ticket",), ("agent",)),
    "show": Call(("session", "show")),
    "packet": Call(("session", "packet")),
    "enter_mode": Call(("mode", "enter"), ("mode",)),
    "handoff": Call(("handoff",), (), ("to", "note", "next")),
    "pause": Call(("session", "pause")),
    "resume": Call(("session", "resume")),
    "archive": Call(("session", "archive")),
}
NOTES = {
    "note": Call(("session", "note"), ("text",)),
    "decide": Call(("session", "decide"), ("text",)),
    "step": Call(("session", "step"), ("text",)),
    "block": Call(("session", "block"), ("text",)),
    "unblock": Call(("session", "unblock"), ("text",)),
    "todo": Call(("session", "todo", "add"), ("text",), ("priority",)),
    "todo_done": Call(("session", "todo", "done"), ("text",)),
    "remember": Call(("remember",), ("text",)),
}
WORK = {
    "tick": Call(("checklist", "tick"), ("names",), ("all_in", "ticket")),
    "artifact_new": Call(("artifact", "new"), ("names",), ("ticket",)),
    "artifact_check": Call(("artifact", "check"), ("names",), ("ticket",)),
    "artifact_record": Call(("artifact", "record"), ("names",), ("all", "ticket")),
    "artifact_keep": Call(("artifact", "keep"), ("names",), ("reason", "ticket")),
    "gate_run": Call(("gate", "run"), ("ticket",)),
    "approval_request": Call(("approval", "request"), ("ticket",)),
    "ticket_block": Call(("ticket", "block"), ("ticket",), ("reason",)),
    "ticket_unblock": Call(("ticket", "unblock"), ("ticket",), ("reason",)),
}


def _one(*words: str, places: tuple[str, ...] = (), options: tuple[str, ...] = ()) -> dict[str, Call]:
    return {"": Call(words, places, options)}


TOOLS = (
    Tool(
        "train_status",
        "Where every open ticket stands, what holds it, sessions and blockers.",
        {},
        _one("status"),
        reads=True,
    ),
    Tool(
        "train_next",
        "The one thing to do now, why, and the command for it.",
        {"ticket": TICKET},
        _one("next", places=("ticket",)),
        reads=True,
    ),
    Tool(
        "mode_page",
        "All that is needed to work: purpose, rules, open bullets with keys, artifacts owed, tools, writable paths.",
        {"of": _text("A mode or a ticket; default: the ticket at hand.")},
        _one("mode", "show", places=("of",)),
        reads=True,
    ),
    Tool(
        "check",
        "Judge a ticket's gate, or the whole train without one; holds is the verdict, and nothing is written.",
        {"ticket": _text("Id of the ticket; default: the whole train."), "gate": _text("Another gate of the ticket.")},
        _one("check", places=("ticket",), options=("gate",)),
        reads=True,
    ),
    Tool(
        "session",
        "Begin to work a ticket as an agent, show or hand on the session, enter a mode, pause, resume, archive.",
        {
            "do": _one_of(
                "packet is all that the next agent must know; handoff needs to; enter_mode needs mode.", SESSION
            ),
            "ticket": TICKET,
            "agent": _text("begin: the agent that works; default: the ticket's."),
            "mode": _text("enter_mode: the mode."),
            "to": _text("handoff: the agent that goes on."),
            "note": _text("handoff: what it must know."),
            "next": _list("handoff: next steps."),
        },
        SESSION,
        ("do",),
        "do",
    ),
    Tool(
        "session_note",
        "Write a note, decision, step, blocker or to-do into the session; remember keeps it beyond the session.",
        {
            "kind": _one_of("unblock and todo_done take a part of the text or the id.", NOTES),
            "text": _text("What to write down; no secrets."),
            "priority": {
                "type": "string",
                "enum": ["high", "medium", "low"],
                "description": "todo: how much it matters.",
            },
        },
        NOTES,
        ("kind", "text"),
        "kind",
    ),
    Tool(
        "work",
        "Tick bullets that are done; make, check, record or keep artifacts; run a gate's commands; ask for a review.",
        {
            "do": _one_of("artifact_new and artifact_keep take one name; keep and block need a reason.", WORK),
            "names": _list("tick: keys, numbers or parts of bullets; artifact_*: names."),
            "all_in": _list("tick: sections of which all bullets are done."),
            "all": _flag("artifact_record: every artifact owed."),
            "reason": _text("Why."),
            "ticket": TICKET,
        },
        WORK,
        ("do",),
        "do",
        runs=True,
    ),
    Tool(
        "advance",
        "Judge the ticket's gate and, when it holds, move the work on to its next phase.",
        {
            "ticket": TICKET,
            "to": _text("The phase, or done, when several ways are open."),
            "commit": _flag("Commit the files of this step."),
            "dry_run": _flag("Only show what would happen."),
        },
        _one("advance", places=("ticket",), options=("to", "commit", "dry_run")),
    ),
)


def listed(tools: tuple[Tool, ...]) -> list[dict[str, Any]]:
    """Give tools as `tools/list` does."""
    return [t.shown for t in tools]
