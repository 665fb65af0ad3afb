"""The mode pages of the packaged trains, with every bullet open, within their budget; counted by a real tokenizer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from agenticops.core.adapters import ADAPTERS
from agenticops.core.adapters.kit import Block, Whole, pack
from agenticops.core.tokens import BUDGET
from agenticops.store.tree import WorkingTree
from agenticops.workspace import RESOURCES
from tests.stations import data, must
from tests.support import cli, workspace
from tests.tokenizer import counted

LONG = "Forecast refill adherence for every ward of the northern region"


@pytest.mark.parametrize("train", ["ml", "software", "data", "product"])
def test_every_mode_page_is_within_its_budget(adopted: Callable[[str], Path], train: str) -> None:
    repo = adopted(train)
    pipeline = workspace(repo).train.pipeline
    must(repo, "remember", "The scanner rounds up")
    for number, phase in enumerate(pipeline.phases, 1):
        must(
            repo, "work", "new", "--kind", "Task", "--title", LONG, "--issue", str(number), "--start", "--phase", phase
        )
    pages = {name: must(repo, "mode", "show", name) for name in pipeline.modes}
    for number, phase in enumerate(pipeline.phases, 1):
        name = f"{phase}_{number}"
        page = pages[name] = must(repo, "mode", "show", name)
        assert "checklist 0/" in page and "notes    1 for the project" in page and "at hand  agenticops (tool)" in page
    sizes = {name: counted(page) for name, page in pages.items()}
    assert {name: n for name, n in sizes.items() if n > BUDGET["mode page"]} == {}
    for name in (next(iter(pipeline.modes)), f"{phase}_{number}"):
        (told,) = data(repo, "mode", "show", name, "--stats")["pages"]
        assert told["characters"] == len(pages[name]) and not told["over"]
        assert sizes[name] <= told["tokens"] <= 1.3 * sizes[name]


def test_stats_of_all_modes_and_of_a_page_that_is_over(adopted: Callable[[str], Path]) -> None:
    repo = adopted("software")
    must(repo, "work", "new", "--title", LONG, "--issue", "7", "--start")
    checklist = repo / "tickets/requirements_7/checklist.md"
    checklist.write_text(checklist.read_text() + "".join(f"\n- [ ] Ask ward {n} *\n" for n in range(200)))
    code, out, _ = cli(repo, "mode", "show", "--stats", "--json")
    found = json.loads(out)["data"]
    assert code == 0 and found["budget"] == BUDGET["mode page"]
    assert [p["ticket"] for p in found["pages"]] == ["requirements_7", *[""] * 6]
    assert [p["over"] for p in found["pages"]] == [True, *[False] * 6]
    shown = must(repo, "mode", "show", "--stats")
    assert "over" in shown and "agenticops checklist show requirements_7" in shown


@pytest.mark.parametrize("train", ["ml", "software", "data", "product"])
def test_every_file_that_is_written_for_an_agent_to_read_is_thin(adopted: Callable[[str], Path], train: str) -> None:
    pipeline, packaged = workspace(adopted(train)).train.pipeline, WorkingTree(RESOURCES)
    kit = pack(pipeline, packaged, "1")
    files = {path: part for forms in ADAPTERS.values() for make in forms.values() for path, part in make(kit).items()}
    texts = {path: part.text for path, part in files.items() if isinstance(part, Whole | Block)}
    read = {path: counted(text) for path, text in texts.items() if path.endswith((".md", ".mdc", ".toml"))}
    assert len(read) > 40
    assert {path: n for path, n in read.items() if n > BUDGET["skill file"]} == {}
