"""The kit: what agents are given, and the three ways in which it lies in a user's repository. ADR 0027."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from agenticops.core import documents, yamltext
from agenticops.core.adapters import builtins
from agenticops.core.jsonmerge import Graft
from agenticops.errors import StateError
from agenticops.model.ids import NAME
from agenticops.model.layout import PIPELINE
from agenticops.model.pipeline import Pipeline
from agenticops.model.plain import clean
from agenticops.model.tree import Tree

FOLDER = "agents"
# What a client shows of a description before it cuts.
LONGEST = 240


class Whole(Struct, frozen=True):
    """A file that is ours alone."""

    text: str


class Block(Struct, frozen=True):
    """Lines between markers in a user's Markdown."""

    text: str


class Grafts(Struct, frozen=True):
    """Keys of ours in a user's JSON."""

    grafts: tuple[Graft, ...]


Part = Whole | Block | Grafts
Files = dict[str, Part]


class Skill(Struct, frozen=True):
    """One command for agents: `shows` are commands whose output it starts with; they work in every train.

    `name` collides with no command of Claude Code; where a client's commands are not known, all get the `prefixed` one.
    """

    name: str
    prefixed: str
    description: str
    body: str
    hint: str = ""
    shows: tuple[str, ...] = ()
    person: bool = False


class Helper(Struct, frozen=True):
    """One agent of the pipeline."""

    name: str
    description: str
    body: str


class Kit(Struct, frozen=True):
    """All that adapters write from."""

    skills: tuple[Skill, ...]
    helpers: tuple[Helper, ...]
    guide: str
    pointer: str
    version: str


class Text(Struct, frozen=True, forbid_unknown_fields=True):
    """The front-matter of a packaged command."""

    description: str
    hint: str = ""
    shows: tuple[str, ...] = ()
    person: bool = False


def pack(pipeline: Pipeline, packaged: Tree, version: str) -> Kit:
    """Make the kit of a pipeline. Raises StateError for a mode or agent whose name could be no file's."""
    for noun, defined in (("mode", pipeline.modes), ("agent", pipeline.agents)):
        bad = next((n for n in defined if not NAME.fullmatch(n)), None)
        if bad is not None:
            raise StateError(f"{noun} {bad!r}: not a name", place=PIPELINE, hint="agenticops pipeline lint")
    names = _Names()
    skills = [
        _session_skill(packaged, file.removesuffix(".md"), names) for file in packaged.names(f"{FOLDER}/commands")
    ]
    page = _text(packaged, "mode.md")
    for mode in pipeline.modes.values():
        name, prefixed = names.give(mode.name, "mode-")
        skills.append(
            Skill(
                name,
                prefixed,
                _line(f"Mode {mode.name}: {mode.purpose or mode.title or 'as the pipeline defines it'}"),
                documents.render(page, {"mode": mode.name}),
                "[what to do]",
                (f"mode show {mode.name}",),
            )
        )
    return Kit(
        tuple(skills), _helpers(pipeline, packaged), _text(packaged, "guide.md"), _text(packaged, "pointer.md"), version
    )


def front(fields: Mapping[str, Any]) -> str:
    """Write a front-matter. User text is dumped as YAML, never pasted."""
    rows = yamltext.dump(dict(fields)).splitlines()
    return "\n".join(["---", *(r for r in rows if r), "---", ""])


class _Names:
    """The names that were given: no two skills share one."""

    def __init__(self) -> None:
        self.taken: set[str] = set()
        self.plain: set[str] = set()

    def give(self, name: str, noun: str = "") -> tuple[str, str]:
        """Choose the two names of a skill; `noun` tells a mode from a command of the same name."""
        plain = _free(name, ("", noun), frozenset(), self.plain)
        return _free(plain, ("", "train-"), builtins.COMMANDS, self.taken), f"train-{plain}"


def _session_skill(packaged: Tree, name: str, names: _Names) -> Skill:
    path = f"{FOLDER}/commands/{name}.md"
    head, body, _ = yamltext.split((packaged.read(path) or b"").decode())
    text = yamltext.convert(yamltext.load(head, path), Text, path, head)
    return Skill(*names.give(name), text.description, body.strip() + "\n", text.hint, text.shows, text.person)


def _helpers(pipeline: Pipeline, packaged: Tree) -> tuple[Helper, ...]:
    page, taken, found = _text(packaged, "agent.md"), set[str](), []
    for agent in pipeline.agents.values():
        name = _free(agent.name, ("", "train-"), builtins.AGENTS, taken)
        said = _line(f"Agent {agent.name} of the value train: {agent.purpose or agent.title or 'see the pipeline'}")
        found.append(Helper(name, said, documents.render(page, {"agent": agent.name})))
    return tuple(found)


def _free(name: str, prefixes: tuple[str, ...], builtin: frozenset[str], taken: set[str]) -> str:
    """Choose a name that neither the client nor another skill has."""
    for prefix in prefixes:
        found = prefix + name
        if found not in builtin and found not in taken:
            taken.add(found)
            return found
    hint = f"rename it in {PIPELINE}"
    raise StateError(f"no name is left for {name!r} among the commands of agents", place=PIPELINE, hint=hint)


def _text(packaged: Tree, name: str) -> str:
    return (packaged.read(f"{FOLDER}/{name}") or b"").decode()


def _line(words: str) -> str:
    """Put user text on one line of bounded length, without control characters."""
    said = clean(" ".join(words.split()))
    return said if len(said) <= LONGEST else said[: LONGEST - 1].rstrip() + "…"
