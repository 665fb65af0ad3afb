"""The tiers: few tokens in the first; in the other one a tool for each command but those that people must give."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agenticops.cli import root
from agenticops.core.tokens import BUDGET
from agenticops.mcp import core, everything
from tests.cli.test_help import leaves
from tests.mcp.test_tool import parsed
from tests.stations import Board, data
from tests.support import cli, git, snapshot

# What a person, the client of an agent or git calls; the reason of each stands beside its name.
PERSONS = set(everything.LEFT_OUT)


@pytest.fixture(scope="module")
def tools() -> dict[str, everything.Tool]:
    return {t.name: t for t in everything.tools()}


def tokens(shown: list[dict[str, object]]) -> int:
    bpe = pytest.importorskip("bpe_openai", reason="the tokenizer is not installed")
    return len(bpe.get_encoding("o200k_base").encode(json.dumps({"tools": shown}, ensure_ascii=False)))


def test_the_core_tier_is_small() -> None:
    assert len(core.TOOLS) <= 8
    assert tokens(core.listed(core.TOOLS)) <= BUDGET["MCP core schema"] == 2_500


def test_every_description_is_one_sentence() -> None:
    for tool in core.TOOLS:
        assert tool.description.endswith(".") and tool.description[:-1].count(". ") == 0
        assert all(rule["description"] for rule in tool.properties.values())


def test_every_command_is_a_tool_or_left_out_by_name(tools: dict[str, everything.Tool]) -> None:
    paths = {tuple(t.calls[""].words) for t in tools.values()}
    missing = {p for p in leaves() if p not in paths}
    assert {p for p in missing if not any(p[: n + 1] in PERSONS for n in range(len(p)))} == set()
    assert ("log",) in paths, "a group that does something by itself is a command too"


def test_what_is_left_out_is_there(tools: dict[str, everything.Tool]) -> None:
    known = {p[:n] for p in leaves() for n in range(1, len(p) + 1)}
    assert PERSONS - known == set()
    options = {
        p.opts[0].lstrip("-").replace("-", "_")
        for path in leaves()
        for p in _command(path).params  # type: ignore[attr-defined]
        if p.param_type_name == "option"
    }
    assert everything.NO_OPTION - options == set()


def _command(path: tuple[str, ...]) -> object:
    found: object = root.load(path[0])
    for name in path[1:]:
        found = found.commands[name]  # type: ignore[attr-defined]
    return found


def test_no_tool_overrides_verifies_or_leads_out_of_the_train(tools: dict[str, everything.Tool]) -> None:
    assert not {"approve", "reject", "revise", "override_repay", "trust_give", "evidence_attest"} & tools.keys()
    for tool in tools.values():
        assert not {"override", "verify", "reveal", "output", "body_file", "C"} & tool.properties.keys()
        assert not [n for n in tool.properties if "file" in n or "path" in n or "dir" in n], tool.name


def test_a_schema_says_types_choices_and_what_is_needed(tools: dict[str, everything.Tool]) -> None:
    new = tools["work_new"].schema
    assert new["required"] == ["title"] and new["additionalProperties"] is False
    assert new["properties"]["kind"]["enum"] == ["PRD", "CRD", "Task"]
    assert new["properties"]["issue"]["type"] == "integer" and new["properties"]["label"]["type"] == "array"
    assert new["properties"]["start"]["type"] == "boolean"
    assert tools["session_todo_add"].schema["required"] == ["text"]


def test_a_tool_made_of_a_command_reads_back_as_it(tools: dict[str, everything.Tool]) -> None:
    from agenticops.mcp.tool import words

    wanted = {"item": "-7", "title": "--json", "label": ["-x", "b"], "issue": 4, "priority": "now"}
    read = parsed(tools["work_edit"].calls[""], words(tools["work_edit"], wanted))
    assert list(read.pop("label")) == wanted.pop("label")
    assert {k: getattr(read[k], "value", read[k]) for k in wanted} == wanted


def test_what_says_that_it_reads_writes_nothing(at: Board, tools: dict[str, everything.Tool]) -> None:
    repo = at("tiny-working")
    before, head = snapshot(repo), git(repo, "rev-parse", "HEAD")
    ran = 0
    for tool in tools.values():
        if tool.reads and not tool.required:
            code, _, err = cli(repo, *tool.calls[""].words, "--json")
            assert code in (0, 1, 2, 3) and "bug" not in err, (tool.name, err)
            ran += 1
    for tool in core.TOOLS:
        if tool.reads:
            assert cli(repo, *tool.calls[""].words, "--json")[0] in (0, 3)
    assert ran >= 20 and snapshot(repo) == before and git(repo, "rev-parse", "HEAD") == head


def test_what_says_that_it_may_be_repeated_adds_nothing_the_second_time(at: Board) -> None:
    repo = at("tiny-working")
    assert [t.name for t in everything.tools() if t.repeats] == ["checklist_tick"]
    assert not any(t.repeats for t in core.TOOLS)
    assert cli(repo, "checklist", "tick", "1")[0] == 0
    once = snapshot(repo)
    assert cli(repo, "checklist", "tick", "1")[0] == 0
    assert snapshot(repo) == once


def test_the_tools_can_be_printed_without_a_server(tmp_path: Path) -> None:
    assert data(tmp_path, "mcp", "--print-tools") == core.listed(core.TOOLS)
    code, out, _ = cli(tmp_path, "mcp", "--print-tools", "--tools", "all")
    assert code == 0 and "ticket_show" in out and "tokens\n  next  agenticops mcp" in out
