"""What takes a role was done by somebody who has it in the base; so was each change of the roles themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from agenticops.core import fold, roles, vouch
from agenticops.core.checks.judged import word
from agenticops.core.span import Span
from agenticops.core.train import Train
from agenticops.errors import StateError
from agenticops.model.event import Event
from agenticops.model.finding import Finding
from agenticops.model.ids import TICKET, split_ticket
from agenticops.model.layout import PIPELINE, SIGNERS
from agenticops.model.pipeline import Pipeline

DEEDS = {
    "gate_overridden": "override",
    "approval_decided": "approve",
    "role_assigned": "assign",
    "role_revoked": "assign",
    "fork_resolved": "resolve",
    "flow_excepted": "override",
}
# What an agent cannot do, whatever the roles say.
OPERATORS = {"gate_overridden": "override a gate", "flow_excepted": "let an item off a flow rule"}
HINT = "agenticops role list; roles count once they are in the base"


def check(span: Span) -> Iterator[Finding]:
    """Judge the new events by the roles of the base, and what changed of the configuration that judges."""
    for event in span.fresh:
        wrong = _deed(span, event)
        if wrong:
            path = f"tickets/{event.ticket}/ticket.yml" if event.ticket else PIPELINE
            yield Finding("VT451", f"{event.kind.replace('_', ' ')}: {wrong}", path, hint=HINT)
    if PIPELINE in span.changes or SIGNERS in span.changes:
        yield from _configuration(span)


def _deed(span: Span, event: Event) -> str:
    """Say why an actor may not have done it, or ""."""
    who = roles.acting(event.actor)
    if event.kind in OPERATORS and who.agent:
        return f"an agent ({who.agent}) cannot {OPERATORS[event.kind]}"
    action = DEEDS.get(event.kind) or _closing(span, event)
    phase = split_ticket(event.ticket)[0] if TICKET.fullmatch(event.ticket) else ""
    return roles.allowed(span.judge, who, action, phase) if action else ""


def _closing(span: Span, event: Event) -> str:
    """The action that closed a ticket, or "". It is told by what it leads to: the name of a kind is easily forged.

    What was overridden may be closed by anybody: the override's own event was judged.
    """
    if not event.subject.startswith("ticket/") or event.prev is None or fold.target(event) != "done":
        return ""
    return "" if word(span, event.ticket, event) == "overridden" else "advance"


def _configuration(span: Span) -> Iterator[Finding]:
    """Compare the configuration with each tree before: what none of them says needs somebody who may say it."""
    before = [s.train for s in span.sides if _readable(s.train)]
    if not before or not _readable(span.after):
        return  # the first pipeline judges itself; one that cannot be read is said elsewhere
    pipelines = [t.pipeline for t in before]
    if PIPELINE in span.changes:
        yield from _members(span, pipelines)
        yield from _fields(span, pipelines)
    signers = vouch.signers(span.after)
    if all(vouch.signers(t) != signers for t in before) and not _vouched(span, "configure", "signers", signers):
        yield _finding(span, SIGNERS, "the allowed signers changed", "configure")


def _fields(span: Span, before: list[Pipeline]) -> Iterator[Finding]:
    fields: tuple[tuple[str, Callable[[Pipeline], str], str], ...] = (
        ("roles", vouch.definitions, "what the roles may do changed"),
        ("rest", vouch.rest, "the pipeline changed"),
    )
    for key, name, words in fields:
        value = name(span.after.pipeline)
        action = _guard(span) if key == "roles" else "configure"
        if all(name(p) != value for p in before) and not _vouched(span, action, key, value):
            yield _finding(span, PIPELINE, words, action)


def _members(span: Span, before: list[Pipeline]) -> Iterator[Finding]:
    """Judge each membership that came or went: by an event of its own, or by a vouch for all of them."""
    guard = _guard(span)
    now, sides = vouch.members(span.after.pipeline), [vouch.members(p) for p in before]
    came, gone = now.difference(*sides), sides[0].intersection(*sides) - now
    for kind, changed, verb in (("role_assigned", came, "came to"), ("role_revoked", gone, "left")):
        told = {(e.data.get("role"), e.data.get("who")) for e in _by(span, kind, guard)}
        for role, member in sorted(changed):
            vouched = any((f"{role} {member}" in _listed(e)) == (changed is came) for e in _by(span, vouch.KIND, guard))
            if (role, member) not in told and not vouched:
                yield _finding(span, PIPELINE, f"{member} {verb} the role {role}", guard)


def _guard(span: Span) -> str:
    """The action that changes the roles: `assign`; where no role names it, `configure`."""
    return "assign" if roles.naming(span.judge, "assign") else "configure"


def _by(span: Span, kind: str, action: str) -> list[Event]:
    """The new events of a kind whose actor may do an action by the roles of the base."""
    fresh = (e for e in span.fresh if e.kind == kind)
    return [e for e in fresh if not roles.allowed(span.judge, roles.acting(e.actor), action)]


def _vouched(span: Span, action: str, key: str, value: str) -> bool:
    """Tell whether the action is open to everybody, or somebody who may do it vouched for what is there now."""
    if not roles.naming(span.judge, action):
        return True
    return any(e.data.get(key) == value for e in _by(span, vouch.KIND, action))


def _listed(event: Event) -> list[object]:
    members = event.data.get("members")
    return members if isinstance(members, list) else []


def _finding(span: Span, path: str, words: str, action: str) -> Finding:
    named = ", ".join(r.name for r in roles.naming(span.judge, action))
    message = f"{words}, and nobody with the role {named} stands up for it"
    return Finding("VT452", message, path, hint="agenticops role vouch, by somebody who has that role in the base")


def _readable(train: Train) -> bool:
    try:
        return train.tree.size(PIPELINE) is not None and bool(train.pipeline.name)
    except StateError:
        return False
