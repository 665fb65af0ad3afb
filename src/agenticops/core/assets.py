"""The asset registry as text: reading `config/assets.yml`, and adding an entry with every other byte kept."""

from __future__ import annotations

import textwrap
from typing import Any

import msgspec

from agenticops.core import yamltext
from agenticops.errors import StateError
from agenticops.model.asset import Asset
from agenticops.model.layout import ASSETS

SCHEMA = "1"
SECTION = "assets"
EMPTY = "# What the agents have at hand: skills, tools, MCP servers, interfaces of other agents.\n\nschema: 1\n"


def read(data: bytes, path: str = ASSETS) -> dict[str, Asset]:
    """Read the registry: name → asset, in the order of the file. Raises StateError with the line of what is wrong."""
    text = yamltext.decode(data, path)
    raw = yamltext.load(text, path)
    if not isinstance(raw, dict):
        raise StateError("the registry is a mapping", place=f"{path}:1", hint="schema: 1, then assets: {name: {…}}")
    if str(raw.get("schema")) != SCHEMA:
        place = f"{path}:{yamltext.locate(text, ('schema',))}"
        message = f"schema {raw['schema']} is not known" if "schema" in raw else "the field schema is missing"
        raise StateError(f"{message}; this version reads {SCHEMA}", place=place, hint=f"schema: {SCHEMA}")
    for key in raw:
        if key not in ("schema", SECTION):
            raise StateError(f"{key}: unknown field", place=f"{path}:{yamltext.locate(text, (key,))}")
    entries = raw.get(SECTION) or {}
    if not isinstance(entries, dict):
        raise StateError(f"{SECTION} must map names to assets", place=f"{path}:{yamltext.locate(text, (SECTION,))}")
    found = {}
    for name, entry in entries.items():
        asset = yamltext.convert(entry or {}, Asset, path, text, within=(SECTION, name))
        found[name] = msgspec.structs.replace(asset, name=name)
    return found


def fields(asset: Asset) -> dict[str, Any]:
    """Give an asset as it is written: without its name, without what is empty."""
    raw: dict[str, Any] = msgspec.to_builtins(asset)
    return {key: value for key, value in raw.items() if key != "name"}


def add(text: str, asset: Asset, path: str = ASSETS) -> str:
    """Write an asset behind the others. Raises StateError where that would change anything else."""
    before = read(text.encode(), path)
    entry = {asset.name: fields(asset)}
    fresh = _appended(text, entry) if before else yamltext.splice(text, {SECTION: entry}, path)
    try:
        proven = read(fresh.encode(), path) == {**before, asset.name: asset}
    except StateError:
        proven = False
    if not proven:
        line = yamltext.locate(text, (SECTION,))
        message = f"{asset.name} cannot be added without touching more than was asked"
        raise StateError(message, place=f"{path}:{line}", hint="write it by hand, then agenticops asset lint")
    return fresh


def _appended(text: str, entry: dict[str, Any]) -> str:
    """Put an entry at the end of the section, as deep as the others stand."""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.split(newline)
    start = yamltext.locate(text, (SECTION,))
    rows = [n for n in range(start, len(lines)) if lines[n].strip() and not lines[n].lstrip().startswith("#")]
    deeper = []
    for number in rows:
        if not lines[number].startswith((" ", "\t")):
            break
        deeper.append(number)
    if not deeper:  # `assets: {…}` on one line
        return text
    first, last = lines[deeper[0]], deeper[-1]
    depth = len(first) - len(first.lstrip())
    block = textwrap.indent(yamltext.dump(entry).rstrip("\n"), " " * depth).split("\n")
    rest = lines[last + 1 :]
    gap = [""] if rest and rest[0].strip() else []
    return newline.join([*lines[: last + 1], "", *block, *gap, *(rest or [""])])
