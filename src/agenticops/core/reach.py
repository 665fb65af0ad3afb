"""Reach: what of its owner's a train may use: secrets, and to whom they go; addresses inside; agents. ADR 0039.

A clone comes from somebody else, and its files name what they like. So each of these is listed with what it can run
(`core/executables.py`), and counts once the clone's owner trusts just these words.
"""

from __future__ import annotations

from collections.abc import Iterator

from agenticops.core import automation, outbox
from agenticops.core.automation import Automation
from agenticops.core.rules import file
from agenticops.core.secrets import reference
from agenticops.errors import StateError
from agenticops.model.rule import Action
from agenticops.model.tree import Tree

SECRET = "secret "
INSIDE = f"{automation.PATH} webhooks.allow"
MAIL = f"{automation.PATH} mail"
AGENTS = f"{file.FOLDER} run_agent"
PLACES = (SECRET, INSIDE, MAIL, AGENTS)
# Whom a secret serves that is handed to nobody: it signs what is sent, or is where the engine's timers are.
SIGNS, ENGINE = "signatures", "engine"
TELEGRAM = "https://api.telegram.org"
# A file without any of these words has nothing to say here; it is not even parsed.
_TELLING = (b"env:", b"keyring:", b"run_agent")


def found(tree: Tree) -> Iterator[tuple[str, tuple[str, ...]]]:
    """List what a tree reaches: the place by which it is trusted, and the words. A broken file says nothing."""
    goals: dict[str, set[str]] = {}
    prompts: set[str] = set()
    said = _settings(tree)
    for action in _actions(tree):
        if action.type == "run_agent":
            prompts.add(str(action.parameters.get("prompt", "")))
        elif action.type == "call_webhook":
            _webhook(action, goals)
    for secret, goal in _of_settings(said):
        goals.setdefault(secret, set()).add(goal)
    yield from ((f"{SECRET}{one}", ("to", *sorted(goals[one]))) for one in sorted(goals) if reference(one))
    if said.webhooks.allow:
        yield INSIDE, ("call", *sorted(said.webhooks.allow))
    if said.mail.host:
        yield MAIL, ("mail", server(said))
    if prompts:
        yield AGENTS, ("ask", *sorted(prompts))


def server(said: Automation) -> str:
    """Name the mail server of the settings."""
    return f"{said.mail.host}:{said.mail.port}"


def _of_settings(said: Automation) -> Iterator[tuple[str, str]]:
    yield said.mail.password, server(said)
    yield said.webhooks.secret, SIGNS
    yield said.engine.url, ENGINE
    for channel in said.channels.values():
        yield channel.url, channel.url
        yield channel.token, outbox.goal(channel.url or TELEGRAM)


def _webhook(action: Action, goals: dict[str, set[str]]) -> None:
    url, headers = action.parameters.get("url"), action.parameters.get("headers")
    if not isinstance(url, str) or not isinstance(headers or {}, dict):
        return
    goal = outbox.goal(url)
    named = (outbox.secret_of(str(value)) for value in (headers or {}).values())
    for one in (*named, url):
        if one and goal:
            goals.setdefault(one, set()).add(goal)


def _settings(tree: Tree) -> Automation:
    try:
        return automation.read(tree.read(automation.PATH))
    except StateError:
        return Automation()


def _actions(tree: Tree) -> Iterator[Action]:
    for name in tree.names(file.FOLDER):
        path = f"{file.FOLDER}/{name}"
        data = (tree.read(path) or b"") if name.endswith(file.ENDINGS) else b""
        if any(word in data for word in _TELLING):
            try:
                rules = file.read(data, path)
            except StateError:
                continue
            yield from (action for rule in rules for action in rule.actions)
