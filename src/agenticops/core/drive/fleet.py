"""The file of a fleet: several repositories that are driven by the same workers, and who of them is next. ADR 0036."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from msgspec import Struct

from agenticops.core import yamltext
from agenticops.errors import StateError

NAME = "agenticops.fleet.yml"
SCHEMA = 1


class Project(Struct, frozen=True, forbid_unknown_fields=True):
    """A repository, by its path from the file; `weight` is its share beside those of the others."""

    path: str
    name: str = ""
    weight: int = 1

    @property
    def title(self) -> str:
        """Its name, or the last part of its path."""
        return self.name or self.path.rstrip("/").rpartition("/")[2] or self.path


class Fleet(Struct, frozen=True, forbid_unknown_fields=True):
    """The repositories, and how many tickets are worked at once in all of them together."""

    projects: tuple[Project, ...]
    schema: int = SCHEMA
    parallel: int = 1


class Shares:
    """Deficit round robin: each project that has work is given its weight in turns, and goes on until they are used.

    What a ticket took is known when it is over: where it is more than was given, its project waits so much longer.
    """

    def __init__(self, weights: Mapping[str, int]) -> None:
        self.weights = dict(weights)
        self.credit = dict.fromkeys(weights, 0)
        self.order = list(weights)

    def next(self, ready: Collection[str]) -> str:
        """Say who of those that have work is next, and charge one turn."""
        while True:
            for name in self.order:
                if name in ready and self.credit[name] > 0:
                    self.credit[name] -= 1
                    if not self.credit[name]:
                        self.order.remove(name)
                        self.order.append(name)
                    return name
            for name in ready:
                self.credit[name] += self.weights[name]

    def pay(self, name: str, turns: int) -> None:
        """Charge what a ticket took beside its first turn; below 0 it is given back."""
        self.credit[name] -= turns

    def rest(self, name: str) -> None:
        """Note that a project has no work: it saves nothing up for later."""
        self.credit[name] = min(self.credit[name], 0)


def read(data: bytes, path: str) -> Fleet:
    """Read the file. Raises StateError with the line of what is wrong."""
    text = yamltext.decode(data, path)
    raw = yamltext.load(text, path)
    if not isinstance(raw, dict):
        raise StateError("a fleet is a mapping", place=f"{path}:1", hint="projects: [{path: ../shop}]")
    found = yamltext.convert(raw, Fleet, path, text)
    for keys, message, hint in _wrong(found):
        raise StateError(message, place=f"{path}:{yamltext.locate(text, keys)}", hint=hint)
    return found


def _wrong(found: Fleet) -> Iterator[tuple[tuple[str, ...], str, str]]:
    if found.schema != SCHEMA:
        yield ("schema",), f"schema {found.schema} is not known; this version reads {SCHEMA}", f"schema: {SCHEMA}"
    if not found.projects:
        yield ("projects",), "a fleet without projects", "projects: [{path: ../shop}]"
    if found.parallel < 1:
        yield ("parallel",), "parallel: at least 1 is wanted", "parallel: 2"
    known: set[str] = set()
    for project in found.projects:
        if project.weight < 1:
            yield ("projects",), f"{project.title}: its weight is at least 1", "weight: 1"
        if project.title in known:
            yield ("projects",), f"two projects are called {project.title}", "name: another"
        known.add(project.title)
