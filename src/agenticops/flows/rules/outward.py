"""Rules and the world: who is told what, and what is put into the outbox for the worker to deliver."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from agenticops.core import lookup, outbox
from agenticops.core.automation import Automation
from agenticops.core.notices import Notice
from agenticops.core.rules import actions
from agenticops.errors import StateError, UsageError
from agenticops.flows import notices
from agenticops.flows.rules import standing
from agenticops.flows.rules.acting import Act
from agenticops.workspace import Workspace

# The channel of each action that leaves the repository.
CHANNELS = {"send_email": "email", "call_webhook": "webhook", "run_script": "script", "run_agent": "agent"}


def addresses(workspace: Workspace, settings: Automation, name: str) -> list[str]:
    """Find the addresses of somebody: one that is written out, a person's, or those of a role's members."""
    if "@" in name:
        return [name]
    person = settings.people.get(name)
    if person is not None and person.email:
        return [person.email]
    return [who for who in notices.recipients(workspace, settings, name) if "@" in who]


def _send_notification(act: Act, told: actions.SendNotification) -> list[str]:
    settings, event = standing.settings(act.workspace), act.found.event
    if told.channel:
        settings.channel(told.channel)
    subject, text = _words(act, settings, told.template, told.subject, told.text)
    found = [who for name in told.recipients for who in notices.recipients(act.workspace, settings, name)]
    names = [who for who in dict.fromkeys(found) if who.strip()]
    if not names:
        raise StateError("nobody is to be told", place=act.place, hint="`recipients` are people or roles")
    more = {"about": event.subject, "template": told.template, "channel": told.channel, "rule": act.rule.code}
    made = [Notice(who, subject, text, urgent=told.urgent, **more) for who in names]
    notices.tell(act.workspace, act.tx, settings, made, f"{act.firing} {act.number}", event.ticket, event.item)
    return names


def _send_email(act: Act, told: actions.SendEmail) -> list[str]:
    settings = standing.settings(act.workspace)
    found = addresses(act.workspace, settings, told.to)
    if not found:
        raise StateError(f"{told.to!r} has no e-mail address", place=act.place, hint="people: in config/automation.yml")
    subject, text = _words(act, settings, told.template, told.subject, told.text)
    return _queue(act, "send_email", {"to": found, "subject": subject, "text": text, "template": told.template})


def _call_webhook(act: Act, told: actions.CallWebhook) -> list[str]:
    body = told.body if told.body is not None else {"rule": act.rule.code, "entity": act.scope["entity"]}
    payload = {"url": told.url, "method": told.method, "headers": told.headers, "body": body}
    return _queue(act, "call_webhook", {**payload, "answer": list(told.answer)})


def _run_script(act: Act, told: actions.RunScript) -> list[str]:
    if told.script not in standing.settings(act.workspace).scripts:
        raise UsageError(f"there is no script {told.script!r}", place="config/automation.yml scripts")
    scope = {key: act.scope[key] for key in ("entity", "old", "new", "event")}
    return _queue(
        act, "run_script", {"script": told.script, "input": {**scope, **told.input}, "answer": list(told.answer)}
    )


def _run_agent(act: Act, told: actions.RunAgent) -> list[str]:
    ticket = told.ticket or act.found.event.ticket
    return _queue(act, "run_agent", {"agent": told.agent, "prompt": told.prompt, "ticket": ticket})


def _queue(act: Act, kind: str, payload: dict[str, Any]) -> list[str]:
    """Put something into the outbox; its id is derived, and is the key by which whoever gets it knows it again."""
    draft = outbox.add(CHANNELS[kind], msgspec.to_builtins(payload), act.firing, act.number)
    event = act.found.event
    act.tx.append(msgspec.structs.replace(draft, ticket=event.ticket, item=event.item))
    return [draft.subject.partition("/")[2]]


def _words(act: Act, settings: Automation, template: str, subject: str, text: str) -> tuple[str, str]:
    """Give subject and text: of the template with its look-ups filled in, or as the rule has them."""
    found = settings.templates.get(template)
    if found is not None:
        place = f"{act.place}, template {template}"
        filled = [str(lookup.fill(words, act.scope, place)) for words in (found.subject, found.text)]
        return subject or filled[0] or act.rule.name, text or filled[1]
    entity = act.scope["entity"]
    what = " ".join(str(entity.get(key) or "") for key in ("kind", "name", "status")).split()
    return subject or act.rule.name, text or f"{act.rule.name}: {' '.join(what) or act.found.event.subject}"


DOERS: dict[str, Callable[[Act, Any], list[str]]] = {
    "send_notification": _send_notification,
    "send_email": _send_email,
    "call_webhook": _call_webhook,
    "run_script": _run_script,
    "run_agent": _run_agent,
}
