"""What is at hand: which assets an agent has in a mode. Plain data in and out, since the mode page is a hot read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Row = Mapping[str, Any]
# Instead of agents: all of them.
EVERYBODY = "*"


def plain(words: str) -> str:
    """Give a dependency as two of them are compared: in small letters, with single spaces."""
    return " ".join(words.casefold().split())


def serves(asset: Row, agent: str, dependencies: Iterable[str]) -> bool:
    """Tell whether an asset is for an agent: it names it, gives what it depends on, or is for all."""
    named, given = asset.get("agents", ()), {plain(s) for s in asset.get("satisfies", ())}
    if EVERYBODY in named or (not named and not given):
        return True
    return agent in named or any(plain(d) in given for d in dependencies)


def fits(asset: Row, mode: str = "", phase: str = "") -> bool:
    """Tell whether an asset is for a mode and a phase; "" asks for none."""
    pairs = ((mode, asset.get("modes", ())), (phase, asset.get("phases", ())))
    return all(not one or not several or one in several for one, several in pairs)


def select(
    assets: Mapping[str, Row], agents: Mapping[str, Row], names: Iterable[str], mode: str = "", phase: str = ""
) -> list[str]:
    """Name the assets that some agents have in a mode, in the order of the file."""
    known = {name: agents.get(name, {}).get("dependencies", ()) for name in names}
    return [
        name
        for name, asset in assets.items()
        if fits(asset, mode, phase) and any(serves(asset, agent, needs) for agent, needs in known.items())
    ]
