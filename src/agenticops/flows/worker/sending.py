"""Sending: one try of a delivery over its channel. Secrets get their values here, at the last moment."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from agenticops.core import automation, executables, outbox, reach
from agenticops.core.automation import Automation
from agenticops.core.drive import command, usage
from agenticops.core.drive import settings as drive
from agenticops.core.outbox import Agent, Email, Fault, Message, Payload, Script, Sent, Webhook
from agenticops.core.secrets import reference
from agenticops.errors import RemoteError, TrainError, UsageError
from agenticops.flows import trust
from agenticops.model.record import Delivery
from agenticops.ports import agent, mail, process, vault, web
from agenticops.workspace import Workspace

# What an agent that answers a question may use: it reads, and not in its owner's home.
READING = {
    "allow": ["Read", "Grep", "Glob"],
    "deny": ["Bash", "Edit", "Write", "NotebookEdit", "WebFetch", "WebSearch", "Read(~/**)"],
}


class Refused(Exception):
    """The receiver did not take it, with what follows from its answer."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.words)
        self.fault = fault


class Try(Struct, frozen=True):
    """One try: what is delivered, by which settings, and what ends it early."""

    workspace: Workspace
    settings: Automation
    row: Delivery
    stop: threading.Event

    @property
    def key(self) -> str:
        """The idempotency key: the delivery's own id."""
        return self.row.key or self.row.id


def send(trial: Try) -> Sent:
    """Send it. Raises Refused, RemoteError for what may go better later, another TrainError for what will not."""
    payload = outbox.read(trial.row.channel, trial.row.payload)
    return _SENDERS[type(payload)](trial, payload)


def _secret(trial: Try, name: str, goal: str) -> str:
    """Give the value of a secret for somebody, if the files say that he gets it and the owner of the clone trusts them.

    The log is merged without being read, and a clone's files are somebody else's: neither may hand out what it likes.
    """
    trust.refuse_reach(trial.workspace, f"{reach.SECRET}{name}", goal)
    return vault.resolve(name)


def _email(trial: Try, payload: Email) -> Sent:
    said = trial.settings.mail
    if not said.host or not said.sender:
        hint = "mail: {host: …, sender: …}; then agenticops worker retry ID"
        raise UsageError("no mail server is configured", place=automation.PATH, hint=hint)
    trust.refuse_reach(trial.workspace, reach.MAIL)
    password = _secret(trial, said.password, reach.server(trial.settings)) if said.password else ""
    server = mail.Server(said.host, said.port, said.tls, said.user, password)
    at = trial.workspace.clock.milliseconds() // 1000
    message = mail.Message(said.sender, payload.to, payload.subject, payload.text, trial.key, at)
    return Sent(mail.send(server, message))


def _webhook(trial: Try, payload: Webhook) -> Sent:
    secret, goal = payload.secret or trial.settings.webhooks.secret, outbox.goal(payload.url)
    bare = msgspec.structs.replace(payload, secret="")
    found = outbox.resolved(bare, {one: _secret(trial, one, goal) for one in outbox.references(bare)})
    if secret:
        found = msgspec.structs.replace(found, secret=_secret(trial, secret, reach.SIGNS))
    body = b"" if found.body is None else msgspec.json.encode(found.body)
    return _asked(trial, found, body)


def _asked(trial: Try, found: Webhook, body: bytes) -> Sent:
    at = trial.workspace.clock.milliseconds() // 1000
    request = web.Request(found.url, body, found.method, found.headers, trial.key, found.secret, at)
    answer = _answered(trial, request)
    fault = outbox.judged(answer.status, answer.wait)
    if fault is not None:
        raise Refused(fault)
    return Sent(str(answer.status), outbox.picked(found.answer, answer.body))


def _answered(trial: Try, request: web.Request) -> web.Answer:
    """Ask a public address; another one when the settings allow it, and the owner of the clone trusts them."""
    said = trial.settings.webhooks
    web.refuse(request.url)
    try:
        return web.send(request, (), said.seconds)
    except UsageError:  # nothing was sent: the address is none of the public ones
        if not said.allow:
            raise
    trust.refuse_reach(trial.workspace, reach.INSIDE)
    return web.send(request, said.allow, said.seconds)


def _message(trial: Try, payload: Message) -> Sent:
    channel = trial.settings.channel(payload.name)
    words = "\n".join(part for part in (payload.subject, payload.text) if part)
    if channel.type == "slack":
        return _asked(trial, Webhook(_url(trial, channel.url)), msgspec.json.encode({"text": words}))
    if channel.type != "telegram":
        raise UsageError(f"the channel {payload.name} is of type {channel.type}", hint="slack and telegram take words")
    base = channel.url or reach.TELEGRAM
    url = f"{_url(trial, base)}/bot{_secret(trial, channel.token, outbox.goal(base))}/sendMessage"
    return _asked(trial, Webhook(url), msgspec.json.encode({"chat_id": channel.chat, "text": words}))


def _url(trial: Try, text: str) -> str:
    return _secret(trial, text, text) if reference(text) else text


def _script(trial: Try, payload: Script) -> Sent:
    script = trial.settings.scripts.get(payload.script)
    if script is None:
        raise UsageError(f"there is no script {payload.script!r}", place=f"{automation.PATH} scripts")
    found = trust.permitted(trial.workspace, executables.script_place(payload.script))
    values = {"INPUT": msgspec.json.encode(payload.input).decode(), "KEY": trial.key}
    done = process.run(found.argv, trial.workspace.root, values, seconds=script.seconds)
    if done.code:
        last = (done.err.strip() or done.out.strip()).splitlines()[-1:]
        raise RemoteError(f"the script ended with {done.code}: {last[0][:200] if last else 'it said nothing'}")
    return Sent("0", outbox.picked(payload.answer, done.out))


def _agent(trial: Try, payload: Agent) -> Sent:
    """Ask an agent over a copy of the files at HEAD: what it writes there is dropped, its words are the answer."""
    here = trial.workspace
    trust.refuse_reach(here, reach.AGENTS, payload.prompt)
    settings = drive.read(here.tree.read(drive.PATH))
    known = drive.providers(settings)
    name = payload.provider or next(iter(known))
    if name not in known:
        raise UsageError(f"there is no provider {name!r}", place=drive.PATH, hint=f"there are: {', '.join(known)}")
    provider = known[name]
    if name in settings.providers:
        trust.permitted(here, executables.provider_place(name))
    model = provider.models[0].name if provider.models else ""
    words, stdin = command.words(provider, model, payload.prompt, READING)
    env = {**command.environment(provider, os.environ), "AGENTICOPS_AGENT": payload.agent or name}
    with tempfile.TemporaryDirectory(prefix="agenticops-") as folder:
        desk = _copied(here, folder)
        log = os.path.join(here.git.common_dir, "agenticops", "worker", "output", f"{trial.row.id}.log")
        ended = agent.run(
            words,
            desk,
            prompt=stdin,
            environment=env,
            log=log,
            seconds=settings.seconds,
            note=lambda pid, began: None,
            line=lambda text: None,
            stop=trial.stop,
            beat=lambda: None,
            every=settings.heartbeat,
        )
    said = usage.read(provider.reads, ended.out)
    if ended.ended or ended.code or said.error:
        why = said.error or ended.ended or f"exit code {ended.code}"
        raise RemoteError(f"{name} did not answer: {why}")
    text = (said.said or ended.out).strip()
    answer = {"text": text[: outbox.LONGEST], "provider": name, "model": model}
    return Sent("0", {key: outbox.clean(value) for key, value in answer.items() if value})


def _copied(here: Workspace, folder: str) -> str:
    """Write the files of HEAD into a folder; it is no repository, so that nothing of the clone is in reach."""
    desk, index = os.path.join(folder, "desk"), os.path.join(folder, "index")
    os.mkdir(desk)
    env = {"GIT_INDEX_FILE": index}
    here.git.run("read-tree", "HEAD", env=env)
    here.git.run("checkout-index", "--all", f"--prefix={desk}/", env=env)
    return desk


_SENDERS: dict[type[Payload], Callable[[Try, Any], Sent]] = {
    Email: _email,
    Webhook: _webhook,
    Script: _script,
    Agent: _agent,
    Message: _message,
}


def fault(error: Exception) -> Fault:
    """Say what follows from a try that failed: what a person must mend is given up at once."""
    if isinstance(error, Refused):
        return error.fault
    if isinstance(error, TrainError):
        words = f"{error.message}; {error.hint}" if error.hint else error.message
        return Fault(words, final=not isinstance(error, RemoteError))
    return Fault(f"{type(error).__name__}: {error}")
