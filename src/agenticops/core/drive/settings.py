"""The file `config/drive.yml`: the agents that the auto-pilot may start, what they may spend, when it stops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct, field

from agenticops.core import yamltext
from agenticops.errors import StateError
from agenticops.model.drive import Resource, Role
from agenticops.model.work import Kind

PATH = "config/drive.yml"
SCHEMA = 1
# What stands in a command for something else: the model, the prompt (else it comes by standard input), and the tools.
PLACES = ("{model}", "{prompt}", "{allowed}", "{denied}")

Reads = Literal["claude", "codex", "gemini", "plain"]
Per = Literal["ever", "month", "day"]
Defined = dict[str, Any]


class Model(Struct, frozen=True, forbid_unknown_fields=True):
    """A model of a provider: for tasks up to `complexity`, what a run of it is thought to cost, and to use."""

    name: str
    complexity: int = 10
    money: float = 0.0
    tokens: int = 0


class Provider(Struct, frozen=True, forbid_unknown_fields=True):
    """A program that works a bullet: its words, how its output is read, and the environment that it is given.

    The prompt goes to its standard input, unless a word is `{prompt}`. A word `{allowed}` or `{denied}` becomes one
    word for each tool, and goes, with the word before it, when there is none. `environment` gives names and values;
    `env:NAME` stands for the driver's own variable, and what is not set there is left out. `files` are repository files
    that it runs, so that trust covers them.
    """

    command: tuple[str, ...]
    reads: Reads = "plain"
    models: tuple[Model, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()


class Budget(Struct, frozen=True, forbid_unknown_fields=True):
    """What may be spent: money, tokens, minutes of agents at work, runs. None is not limited."""

    money: float | None = None
    tokens: int | None = None
    minutes: float | None = None
    runs: int | None = None
    per: Per = "ever"


class Budgets(Struct, frozen=True, forbid_unknown_fields=True):
    """Budgets of each ticket, of a day (UTC) for everything, of phases and models by name (`*`: each of the others)."""

    ticket: Budget = Budget()
    day: Budget = Budget()
    phases: dict[str, Budget] = field(default_factory=dict)
    models: dict[str, Budget] = field(default_factory=dict)


class Levels(Struct, frozen=True, forbid_unknown_fields=True):
    """From where on the use of a resource is a warning, critical, an emergency."""

    warning: float
    critical: float
    emergency: float


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """How the auto-pilot works here.

    `kinds` are the work items that it takes, `tries` the failures after which a bullet blocks its ticket, `then` what
    follows: the next ticket, or a pause. `seconds` bounds one run of an agent, `ci_seconds` the wait for the forge's
    checks. `prefer` orders the providers. `desks` is the folder of its worktrees, beside the repository by default.
    `complexity` gives the task complexity (1 to 10) of phases. `verify` runs the gate's commands after each bullet, or
    once a ticket's bullets are done. `merge` is how a branch comes in when there is a remote: pushed, or by the forge.
    `pulls` opens a pull request for people to read, too, where it is pushed; `checks` of the forge are waited for also
    when they are not there yet.
    `roles` map the train's agents to the roles of the data model.
    """

    schema: int = SCHEMA
    kinds: tuple[Kind, ...] = ("Task",)
    tries: int = 3
    then: Literal["next", "pause"] = "next"
    seconds: float = 1800
    ci_seconds: float = 3600
    heartbeat: float = 15
    verify: Literal["bullet", "ticket"] = "ticket"
    merge: Literal["push", "forge"] = "push"
    pulls: bool = False
    checks: tuple[str, ...] = ()
    remote: str = "origin"
    desks: str = ""
    prefer: tuple[str, ...] = ()
    providers: dict[str, Provider] = field(default_factory=dict)
    budgets: Budgets = Budgets()
    complexity: dict[str, int] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    alerts: dict[Resource, Levels] = field(default_factory=dict)


_CLAUDE = (
    *("claude", "-p", "--output-format", "stream-json", "--verbose", "--model", "{model}"),
    *("--permission-mode", "acceptEdits", "--allowedTools", "{allowed}", "--disallowedTools", "{denied}"),
)
_CLAUDE_ENV = ("CLAUDE_CONFIG_DIR", "CLAUDE_CODE_OAUTH_TOKEN")
_API_ENV = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL")
# What is there without a file: the providers of the data model, all by the program `claude`. A provider of the file
# that has the name of one of these replaces it.
BUILT_IN: dict[str, Provider] = {
    "claude_code": Provider(
        _CLAUDE,
        "claude",
        (Model("sonnet", 7, 0.40, 200_000), Model("opus", 10, 1.50, 300_000)),
        {name: f"env:{name}" for name in (*_CLAUDE_ENV, *_API_ENV)},
    ),
    "anthropic_claude": Provider(
        _CLAUDE,
        "claude",
        (Model("claude-sonnet-4-5", 7, 0.40, 200_000), Model("claude-opus-4-5", 10, 1.50, 300_000)),
        {name: f"env:{name}" for name in ("CLAUDE_CONFIG_DIR", *_API_ENV)},
    ),
    "zai_glm": Provider(
        _CLAUDE,
        "claude",
        (Model("glm-4.5-air", 4, 0.05, 200_000), Model("glm-4.5", 7, 0.15, 200_000)),
        {"ANTHROPIC_AUTH_TOKEN": "env:ZAI_API_KEY", "ANTHROPIC_BASE_URL": "https://api.z.ai/api/anthropic"},
    ),
}


def read(data: bytes | None, path: str = PATH) -> Settings:
    """Read the settings; without a file the built-in ones hold. Raises StateError with the line of what is wrong."""
    if data is None:
        return Settings()
    text = yamltext.decode(data, path)
    raw = yamltext.load(text, path)
    if not isinstance(raw, dict):
        raise StateError("the settings are a mapping", place=f"{path}:1", hint=f"schema: {SCHEMA}, then providers: …")
    if str(raw.get("schema")) != str(SCHEMA):
        place = f"{path}:{yamltext.locate(text, ('schema',))}"
        message = f"schema {raw['schema']} is not known" if "schema" in raw else "the field schema is missing"
        raise StateError(f"{message}; this version reads {SCHEMA}", place=place, hint=f"schema: {SCHEMA}")
    found = yamltext.convert(raw, Settings, path, text)
    for keys, message, hint in _wrong(found):
        raise StateError(message, place=f"{path}:{yamltext.locate(text, keys)}", hint=hint)
    return found


def providers(settings: Settings) -> dict[str, Provider]:
    """Give the providers that may be used, the preferred ones first; only those that `prefer` names, when it does.

    Without a word about providers only `claude_code` is used: the others cost money of their own.
    """
    known: Mapping[str, Provider] = {**BUILT_IN, **settings.providers}
    wanted = settings.prefer or tuple(settings.providers) or ("claude_code",)
    return {name: known[name] for name in wanted}


def _wrong(found: Settings) -> Iterator[tuple[tuple[str, ...], str, str]]:
    for name in found.prefer:
        if name not in {**BUILT_IN, **found.providers}:
            known = ", ".join({**BUILT_IN, **found.providers})
            yield (
                ("prefer",),
                f"prefer: there is no provider {name!r}",
                f"describe it under providers:, or take {known}",
            )
    for name, provider in found.providers.items():
        if not provider.command:
            yield ("providers", name), f"provider {name}: the command has no word", "command: [program, argument]"
        for word in provider.command:
            if word.startswith("{") and word.endswith("}") and word not in PLACES:
                yield ("providers", name), f"provider {name}: {word} is not known", f"known: {', '.join(PLACES)}"
        if "{model}" in provider.command and not provider.models:
            yield ("providers", name), f"provider {name}: its command names a model, it has none", "models: [{name: …}]"
        for model in provider.models:
            if not 1 <= model.complexity <= 10 or model.money < 0 or model.tokens < 0:
                message = f"model {model.name}: complexity is 1 to 10, money and tokens are not negative"
                yield ("providers", name, "models"), message, "models: [{name: …, complexity: 7, money: 0.4}]"
    for phase, value in found.complexity.items():
        if not 1 <= value <= 10:
            yield ("complexity", phase), f"complexity of {phase}: 1 to 10 is wanted", f"{phase}: 5"
    yield from _numbers(found)


def _numbers(found: Settings) -> Iterator[tuple[tuple[str, ...], str, str]]:
    if found.tries < 1:
        yield ("tries",), "tries: at least 1 is wanted", "tries: 3"
    if found.heartbeat <= 0 or found.heartbeat > 30:
        yield ("heartbeat",), "heartbeat: more than 0 and at most 30 seconds", "heartbeat: 15"
    for name in ("seconds", "ci_seconds"):
        if getattr(found, name) <= 0:
            yield (name,), f"{name}: more than 0 is wanted", f"{name}: 1800"
    scopes = {"ticket": found.budgets.ticket, "day": found.budgets.day, **found.budgets.phases, **found.budgets.models}
    for name, budget in scopes.items():
        if any(value is not None and value < 0 for value in (budget.money, budget.tokens, budget.minutes, budget.runs)):
            yield (
                ("budgets",),
                f"budget of {name}: a limit is not negative",
                "0 allows nothing; leave it out for no limit",
            )
    for resource, levels in found.alerts.items():
        if not 0 <= levels.warning <= levels.critical <= levels.emergency:
            message = f"alerts of {resource}: the levels go up, from warning to emergency"
            yield ("alerts", resource), message, f"{resource}: {{warning: 80, critical: 90, emergency: 95}}"
    if found.budgets.day.per not in ("ever", "day"):
        yield ("budgets", "day"), "budget of day: it is for a day", "leave per out"
