"""Executables: all that a train can make the tool run. Whatever runs is listed here first; nothing else may. ADR 0015.

These are the parameters `command` and `version` of a gate's checks, the providers of the auto-pilot, and the scripts of
rules; each is a list of words, never a line for a shell. A digest covers the words, what else the program is given, and
the content of every repository file that they, or the parameter `files`, name. What a train uses of its owner's
(`core/reach.py`) is trusted in the same way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from agenticops.core import automation, reach
from agenticops.core.drive import settings as drive
from agenticops.core.drive.settings import Provider
from agenticops.core.train import Train
from agenticops.errors import StateError
from agenticops.model.digest import sha256
from agenticops.model.layout import PIPELINE
from agenticops.model.pipeline import CheckCall, Gate
from agenticops.model.tree import Tree
from agenticops.model.trust import Executable

SHELLS = frozenset(("sh", "ash", "bash", "dash", "fish", "ksh", "zsh", "csh", "tcsh", "cmd", "powershell", "pwsh"))
LONGEST = 100
GIT = "git config "
VERSION = " version"


class Declared(NamedTuple):
    """A command as a document declares it, not yet judged."""

    place: str
    command: Any
    files: Any = ()
    given: tuple[str, ...] = ()


def gate_place(gate: Gate, number: int, call: CheckCall) -> str:
    """Name the place of a gate's check; `number` counts from 1."""
    return f"{PIPELINE} gates.{gate.name}.checks.{number} ({call.title})"


def gate_commands(train: Train) -> Iterator[Declared]:
    """Find the commands of gates."""
    for gate in train.pipeline.gates.values():
        for number, call in enumerate(gate.checks, 1):
            if "command" in call.parameters:
                place = gate_place(gate, number, call)
                yield Declared(place, call.parameters["command"], call.parameters.get("files", ()))
                if "version" in call.parameters:
                    yield Declared(f"{place}{VERSION}", call.parameters["version"])


def provider_place(name: str) -> str:
    """Name the place of a provider of the auto-pilot."""
    return f"{drive.PATH} providers.{name}"


def providers(train: Train) -> Iterator[Declared]:
    """Find the programs that work bullets; of settings that cannot be read none is run.

    The environment can lead a program elsewhere, and the name of a model is one of its words: trust covers both.
    """
    try:
        found = drive.read(train.tree.read(drive.PATH)).providers
    except StateError:
        return
    for name in found:
        yield provider_command(name, found[name])


def provider_command(name: str, provider: Provider) -> Declared:
    """Give the program of a provider as it is declared."""
    given = [f"{key}={value}" for key, value in sorted(provider.environment.items())]
    given += [f"{{model}}={model.name}" for model in provider.models]
    return Declared(provider_place(name), provider.command, provider.files, tuple(given))


def script_place(name: str) -> str:
    """Name the place of a script that rules may run."""
    return f"{automation.PATH} scripts.{name}"


def scripts(train: Train) -> Iterator[Declared]:
    """Find the scripts that rules may run; of settings that cannot be read none is."""
    try:
        found = automation.read(train.tree.read(automation.PATH)).scripts
    except StateError:
        return
    for name, script in found.items():
        yield Declared(script_place(name), script.command, script.files)


# What is not found by these never runs.
SOURCES: tuple[Callable[[Train], Iterator[Declared]], ...] = (gate_commands, providers, scripts)


def over(tree: Tree, declared: Declared) -> Executable:
    """Judge what was declared elsewhere by the files of another tree: those are the ones that it would run."""
    return _judged(tree, declared)


def executables(train: Train) -> list[Executable]:
    """List what a train can make the tool execute, in the order of the sources."""
    return [_judged(train.tree, declared) for source in SOURCES for declared in source(train)]


def reaches(train: Train) -> list[Executable]:
    """List what of its owner's a train may use: it is trusted like a program, and nothing of it is run."""
    return [Executable(place, words, words_digest(words)) for place, words in reach.found(train.tree)]


def is_reach(place: str) -> bool:
    """Tell whether what stands at a place is used, and not run."""
    return place.startswith(reach.PLACES)


def configured(programs: Mapping[str, tuple[str, str]]) -> list[Executable]:
    """List what the clone's own git configuration names; git runs these lines itself."""
    return [Executable(f"{GIT}{key}", (value,), words_digest((value,))) for key, (value, _) in programs.items()]


def words_digest(argv: tuple[str, ...], files: tuple[tuple[str, str], ...] = ()) -> str:
    """Name words and file contents by one digest."""
    return sha256(json.dumps([argv, files]).encode("utf-8", "surrogatepass"))


def _judged(tree: Tree, declared: Declared) -> Executable:
    command, named = declared.command, declared.files
    if not _words(command) or not command:
        shown = (str(command)[:LONGEST],)
        return Executable(declared.place, shown, "", refused="a list of words is wanted: [program, argument, …]")
    if not _words(named):
        return Executable(declared.place, tuple(command), "", refused="files: a list of paths is wanted")
    argv = tuple(command)
    name = argv[0].rsplit("/", 1)[-1].lower().removesuffix(".exe")
    if name in SHELLS and any(word.startswith("-") and "c" in word for word in argv[1:]):
        return Executable(declared.place, argv, "", refused="a shell is handed a line to run; name the program itself")
    try:
        files = [
            *_covered(tree, argv[:1], optional="/" not in argv[0] or argv[0].startswith("/")),
            *_covered(tree, argv[1:], optional=True),
            *_covered(tree, tuple(named), optional=False),
        ]
    except StateError as e:
        return Executable(declared.place, argv, "", refused=f"{e.place}: {e.message}")
    # No word has a NUL: what is given cannot be taken for words, nor words for it.
    words = (*argv, "\0", *declared.given) if declared.given else argv
    digest = words_digest(words, tuple(sorted(set(files))))
    return Executable(declared.place, argv, digest, tuple(sorted({path for path, _ in files})), given=declared.given)


def _words(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(w, str) and w and "\0" not in w for w in value)


def _covered(tree: Tree, words: tuple[str, ...], optional: bool) -> Iterator[tuple[str, str]]:
    """Digest the files of the repository that words name. Raises StateError for one that is missing or a link."""
    for word in words:
        path = word.removeprefix("./")
        try:
            if not optional and (path.startswith("/") or ".." in path.split("/")):
                raise StateError("leaves the repository", place=path)
            content = tree.read(path)
        except StateError as e:
            if optional and ("leaves the repository" in e.message or _folder(tree, path)):
                continue  # /usr/bin/env, ../x: not the repository's; a folder: its files are not covered
            raise
        if content is not None:
            yield path, sha256(content)
        elif not optional:
            raise StateError("the file is not there", place=path)


def _folder(tree: Tree, path: str) -> bool:
    try:
        return bool(tree.names(path))
    except StateError:
        return False
