"""The file `config/automation.yml`: how what is delivered outside gets there, to whom, and how often it is tried."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from agenticops.core import yamltext
from agenticops.core.secrets import reference
from agenticops.errors import StateError
from agenticops.model.layout import AUTOMATION

PATH = AUTOMATION
SCHEMA = 1
# Channels that every train has, without a word in the file.
ALWAYS = ("log", "terminal", "email")

ChannelType = Literal["log", "terminal", "email", "slack", "telegram", "webhook"]
Per = Literal["minute", "hour", "day"]
NEEDS = {"slack": ("url",), "webhook": ("url",), "telegram": ("token", "chat")}
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


class Defined(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of what the file says: a misspelt key is an error."""


class EngineSettings(Defined, frozen=True):
    """Where the engine keeps its timers: "" is a SQLite file of the clone; else a reference to a PostgreSQL URL."""

    url: str = ""
    workers: int = 4


class Mail(Defined, frozen=True):
    """The server that mail is handed in to; `password` is a reference."""

    host: str = ""
    port: int = 587
    tls: Literal["starttls", "always", "never"] = "starttls"
    user: str = ""
    password: str = ""
    sender: str = ""


class Webhooks(Defined, frozen=True):
    """Whom webhooks may reach beside the public internet, the reference of the secret that signs, seconds to answer."""

    allow: tuple[str, ...] = ()
    secret: str = ""
    seconds: float = 10.0


class Channel(Defined, frozen=True):
    """A way to tell somebody something. `url` and `token` are references where they are secrets."""

    type: ChannelType = "log"
    url: str = ""
    token: str = ""
    chat: str = ""
    to: str = ""


class Text(Defined, frozen=True):
    """A template of a message; `{{dotted.names}}` are filled in once."""

    text: str
    subject: str = ""


class Quiet(Defined, frozen=True):
    """From when to when nobody is disturbed; what comes then waits, and urgent things do not."""

    begin: str
    end: str
    timezone: str = "UTC"


class Throttle(Defined, frozen=True):
    """How much one person is told over one channel; the rest stays in the inbox."""

    most: int
    per: Per = "hour"


class Retries(Defined, frozen=True):
    """How often a delivery is tried, and after how many seconds; each wait is `factor` times the one before."""

    attempts: int = 6
    first: float = 10.0
    factor: float = 3.0

    def wait(self, attempt: int) -> float | None:
        """Give the seconds after an attempt that failed; None after the last one."""
        return None if attempt >= self.attempts else min(self.first * self.factor ** (attempt - 1), 86_400.0)


class Script(Defined, frozen=True):
    """A program that rules may run: words, and the files that trust covers beside those that they name."""

    command: tuple[str, ...]
    files: tuple[str, ...] = ()
    seconds: float = 600.0


class Person(Defined, frozen=True):
    """Who is told, and how; the name in the file is a person's or a role's."""

    email: str = ""
    channels: tuple[str, ...] = ()


class Automation(Defined, frozen=True):
    """The whole file."""

    schema: int = SCHEMA
    engine: EngineSettings = EngineSettings()
    lease: Literal["local", "remote"] = "local"
    mail: Mail = Mail()
    webhooks: Webhooks = Webhooks()
    channels: dict[str, Channel] = field(default_factory=dict)
    templates: dict[str, Text] = field(default_factory=dict)
    quiet: Quiet | None = None
    throttle: Throttle | None = None
    retries: Retries = Retries()
    scripts: dict[str, Script] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)

    def channel(self, name: str) -> Channel:
        """Give a channel by its name. Raises StateError for one that is not known."""
        found = self.channels.get(name)
        if found is None and name in ALWAYS:
            return Channel(type=name)  # type: ignore[arg-type]
        if found is None:
            known = ", ".join(sorted({*self.channels, *ALWAYS}))
            raise StateError(f"there is no channel {name!r}", place=f"{PATH} channels", hint=f"there are: {known}")
        return found


def read(data: bytes | None, path: str = PATH) -> Automation:
    """Read the file; without one everything is as it is by default. Raises StateError with the line."""
    if data is None:
        return Automation()
    text = yamltext.decode(data, path)
    found = yamltext.convert(yamltext.load(text, path) or {}, Automation, path, text)
    for keys, message, hint in _wrong(found):
        raise StateError(message, place=f"{path}:{yamltext.locate(text, keys)}", hint=hint)
    return found


Wrong = Iterator[tuple[tuple[str, ...], str, str]]


def _wrong(said: Automation) -> Wrong:
    if said.schema != SCHEMA:
        yield ("schema",), f"schema {said.schema} is not known here", f"this version reads schema: {SCHEMA}"
    secrets: dict[tuple[str, ...], str] = {("engine", "url"): said.engine.url, ("mail", "password"): said.mail.password}
    secrets |= {("webhooks", "secret"): said.webhooks.secret}
    secrets |= {("channels", name, "token"): channel.token for name, channel in said.channels.items()}
    # Who knows the address of such a channel may write there.
    secrets |= {("channels", n, "url"): channel.url for n, channel in said.channels.items() if channel.type == "slack"}
    for keys, value in secrets.items():
        if value and reference(value) is None:
            yield (
                keys,
                f"{'.'.join(keys)}: a secret does not stand in a file",
                "name it: env:NAME or keyring:SERVICE/NAME",
            )
    yield from _numbers(said)
    yield from _times(said)
    yield from _names(said)


def _numbers(said: Automation) -> Wrong:
    if not 1 <= said.retries.attempts <= 50 or said.retries.first <= 0 or said.retries.factor < 1:
        yield ("retries",), "retries: 1 to 50 attempts, a wait above 0, a factor of 1 or more", "attempts: 6"
    if not 0 < said.webhooks.seconds <= 120:
        yield ("webhooks", "seconds"), "webhooks.seconds: more than 0 and at most 120", "seconds: 10"
    if not 1 <= said.engine.workers <= 32:
        yield ("engine", "workers"), "engine.workers: 1 to 32", "workers: 4"
    if said.throttle is not None and said.throttle.most < 1:
        yield ("throttle", "most"), "throttle.most: one message at least must come through", "most: 20"
    for name, script in said.scripts.items():
        if not script.command or script.seconds <= 0:
            yield ("scripts", name), f"script {name}: a command and a time above 0", "command: [program, argument]"


def _times(said: Automation) -> Wrong:
    if said.quiet is None:
        return
    for key, value in (("begin", said.quiet.begin), ("end", said.quiet.end)):
        if not _CLOCK.fullmatch(value):
            yield ("quiet", key), f"quiet.{key}: {value!r} is no time of day", f'{key}: "22:00"'
    try:
        ZoneInfo(said.quiet.timezone)
    except (OSError, ValueError, KeyError):
        yield ("quiet", "timezone"), f"{said.quiet.timezone!r} is no time zone", "for example Europe/Berlin"


def _names(said: Automation) -> Wrong:
    for name, channel in said.channels.items():
        for key in NEEDS.get(channel.type, ()):
            if not getattr(channel, key):
                yield ("channels", name), f"channel {name}: one of type {channel.type} needs {key}", f"{key}: …"
    known = {*said.channels, *ALWAYS}
    for name, person in said.people.items():
        for wanted in person.channels:
            if wanted not in known:
                yield (
                    ("people", name),
                    f"{name}: there is no channel {wanted!r}",
                    f"there are: {', '.join(sorted(known))}",
                )
