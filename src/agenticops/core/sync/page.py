"""A plan in words: one line an action, as text and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from agenticops.core.formats.github import escape
from agenticops.core.sync.plan import Plan
from agenticops.model.forge import Action, Conflict, Value

SHOWN = 60


def say(action: Action) -> str:
    """Say in a line what an action does; where text is long, that it changes."""
    if action.step in ("label", "milestone"):
        new = f" → {action.write['name']}" if action.verb == "update" else ""
        return f"{action.verb} {action.step} {action.name}{new}"
    if action.step == "issue":
        return f"create an issue for {action.item}: {short(action.write['title'])}"
    if action.side == "local" and action.verb == "create":
        return f"write #{action.issue} down as the {action.write['kind']} {action.item}: {short(action.write['title'])}"
    where = action.item if action.side == "local" else f"#{action.issue}" if action.issue else f"issue of {action.item}"
    if action.step == "comment":
        return f"{where}: tell how far it is, in a comment"
    if action.step == "dependency":
        return f"{where} {'waits for' if action.verb == 'create' else 'waits no more for'} {action.name}"
    return f"{where}: {'; '.join(_changes(action))}"


def _changes(action: Action) -> Iterator[str]:
    for name, value in action.write.items():
        old = action.before.get(name)
        if name == "body":
            yield "body"
        elif old:
            yield f"{name} {short(old)} → {short(value) or 'none'}"
        else:
            yield f"{name} {short(value) or 'none'}"
    for sign, parts in (("+", action.add), ("-", action.remove)):
        for name, values in parts.items():
            yield f"{name} {' '.join(sign + value for value in values)}"


def ask(conflict: Conflict) -> str:
    """Say in a line what is in conflict."""
    here, there = short(conflict.local), short(conflict.remote)
    values = "" if conflict.field == "body" else f": {here or 'none'} here, {there or 'none'} there"
    return f"{conflict.item} (#{conflict.issue}) {conflict.field}{values}; {conflict.why}"


def short(value: Value) -> str:
    """Give a value on one line, cut where it is long."""
    text = " ".join((value if isinstance(value, str) else ", ".join(value)).split())
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def markdown(plan: Plan) -> str:
    """Give a plan as Markdown. What people wrote stays text: no markup of theirs, no mention, no link."""
    there = [a for a in plan.actions if a.side == "remote"]
    here = [a for a in plan.actions if a.side == "local"]
    parts = [
        ("On the forge", [say(a) for a in there]),
        ("Here", [say(a) for a in here]),
        ("Undecided", [ask(c) for c in plan.conflicts]),
        ("Found", [f"{f.code} {f.message}" for f in plan.findings]),
    ]
    rows = ["# Plan", "", f"{len(plan.actions)} changes, {len(plan.conflicts)} conflicts."]
    for title, lines in parts:
        if lines:
            rows += ["", f"## {title}", "", *(f"- {_harmless(line)}" for line in lines)]
    return "\n".join((*rows, ""))


def _harmless(text: str) -> str:
    """Take the meaning from markup, and from a name after an @: a forge notifies also those that are escaped."""
    return escape(text).replace("\\@", "@\u200b")
