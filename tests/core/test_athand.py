"""Which assets an agent has in a mode."""

from __future__ import annotations

from typing import Any

from agenticops.core.athand import fits, select, serves

AGENTS: dict[str, dict[str, Any]] = {"lab": {"dependencies": ["Data sources"]}, "ops": {}}
ASSETS: dict[str, dict[str, Any]] = {
    "scanner": {"satisfies": ["data   SOURCES"]},
    "wiki": {},
    "pager": {"agents": ["ops"], "modes": ["operate"]},
    "cli": {"agents": ["*"], "satisfies": ["Tickets"], "phases": ["shape"]},
    "lost": {"satisfies": ["Nothing that is needed"]},
}


def test_an_asset_serves_whom_it_names_whom_it_gives_something_or_all() -> None:
    who = {n: [a for a in AGENTS if serves(asset, a, AGENTS[a].get("dependencies", ()))] for n, asset in ASSETS.items()}
    assert who == {"scanner": ["lab"], "wiki": ["lab", "ops"], "pager": ["ops"], "cli": ["lab", "ops"], "lost": []}


def test_an_asset_fits_a_mode_and_a_phase() -> None:
    assert fits({"modes": ["a"]}, "a") and fits({"modes": ["a"]}) and not fits({"modes": ["a"]}, "b")
    assert fits({"phases": ["p"]}, "b", "p") and not fits({"modes": ["b"], "phases": ["p"]}, "b", "q")


def test_selecting_keeps_the_order_of_the_file() -> None:
    assert select(ASSETS, AGENTS, ["lab", "ops"], "operate", "shape") == ["scanner", "wiki", "pager", "cli"]
    assert select(ASSETS, AGENTS, ["lab"], "plan", "build") == ["scanner", "wiki"]
    assert select(ASSETS, AGENTS, ["unknown"]) == ["wiki", "cli"]
    assert select(ASSETS, AGENTS, []) == []
