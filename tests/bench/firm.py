"""Firm: a repository of a firm that moved 100,000 workflows in a year, the same for the same seed."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

import events
import ground

from agenticops.core.workflow import templates
from agenticops.model.workflow import Edge, State, Template

FULL = 1_000_000
# Events of an instance, on average.
EACH = 10
# Templates in all, and those of them that are written in two versions and have instances.
TEMPLATES = 100


class Firm:
    """The repository, all of it committed; what comes after the year is `more`."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder = folder
        self.count = count
        ground.adopt(folder)
        digests = self._templates()
        stream = events.events(count * 2, count // EACH, digests=digests)
        self.shards = events.write(folder, islice(stream, count))
        self._stream = stream
        ground.commit(folder, "A year")

    def more(self, count: int, size: int) -> None:
        """Write the next events of the same instances, as shards of some size that are not committed."""
        events.write(self.folder, islice(self._stream, count), size)

    def _templates(self) -> dict[tuple[str, str], str]:
        digests = {}
        place = self.folder / "config/workflows"
        os.makedirs(place, exist_ok=True)
        for code, path in events.PATHS.items():
            for version in sorted(set(events.VERSIONS)):
                template = _template(code, version, path)
                digests[code, version] = templates.digest(template)
                (place / f"{code.lower()}-{version}.yml").write_text(templates.write(template))
        for number in range(TEMPLATES - len(digests)):
            path = list(events.PATHS.values())[number % len(events.PATHS)]
            template = _template(f"OTHER_{number:03}", "1", path)
            (place / f"{template.code.lower()}.yml").write_text(templates.write(template))
        return digests


def _template(code: str, version: str, path: tuple[tuple[str, str, str], ...]) -> Template:
    """Write the way that the events take: each state leads to the next one, and most of them to the failure."""
    won, lost = path[-2][0], path[-1][0]
    states = {}
    for place, (name, entity, status) in enumerate(path):
        ways = [] if name in (won, lost) else [path[place + 1][0], *([lost] if place < len(path) - 3 else [])]
        states[name] = State(
            name,
            name,
            title=name.capitalize(),
            entity=entity,
            status=status,
            terminal=not ways,
            success=None if ways else name == won,
            days=None if not ways else 3.0,
            next=tuple(Edge(way) for way in ways),
        )
    return Template(code, code.replace("_", " ").title(), "Services", version, start=path[0][0], states=states)
