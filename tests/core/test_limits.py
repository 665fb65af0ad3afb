"""Limits: tools, paths, and what they compile to."""

from __future__ import annotations

import msgspec
import pytest

from agenticops.core import limits as limiting
from agenticops.core.limits import Limits, permissions, tool_refusal, write_refusal
from agenticops.model.pipeline import Contract, Mode, Pipeline
from tests.support import ITEM, ticket

TICKET = f"shape_{ITEM}"
OPEN = Limits("make", TICKET)
BOUND = Limits(
    "plan",
    TICKET,
    allowed=["Read", "Edit", "Write", "Bash(npm run *)", "WebFetch(domain:example.org)", "mcp__forge__list_*"],
    restricted=["NotebookEdit", "Edit(src/secret/**)", "WebSearch"],
    writable=["src/**", "docs/*.md"],
    own=[f"docs/{ITEM}/brief.md", f"tickets/{TICKET}/checklist.md"],
    ways=["make"],
)


def test_they_are_made_of_a_mode_and_a_ticket() -> None:
    mode = Mode(name="plan", allowed_tools=("Read",), writable=("docs/{item}/**",), transitions=("make", "plan"))
    contracts = {"brief": Contract(name="brief", path="docs/{item}/brief.md"), "none": Contract(name="none")}
    pipeline = Pipeline(name="x", artifacts=contracts)
    one = ticket(optional=("none", "unknown"))
    found = limiting.of(pipeline, mode, one, "docs/session-context/ACTIVE_SESSION.md")
    assert found.writable == (f"docs/{ITEM}/**",) and found.ways == ("make",)
    assert found.own == (
        f"docs/{ITEM}/brief.md",
        f"tickets/{TICKET}/checklist.md",
        f"tickets/{TICKET}/ACTIVE_SESSION.md",
        f"tickets/{TICKET}/artifacts/**",
        "docs/session-context/ACTIVE_SESSION.md",
    )
    assert limiting.of(pipeline, mode).writable == ("docs/*/**",)


@pytest.mark.parametrize(
    ("tool", "path", "wanted"),
    [
        ("Read", "", ""),
        ("Glob", "", "Glob is not among the tools of mode plan"),
        ("NotebookEdit", "src/x.ipynb", "mode plan does without NotebookEdit"),
        ("Edit", "src/x.py", ""),
        ("Edit", "src/secret/x.py", "mode plan does without Edit"),
        ("Write", "src/secret/x.py", "mode plan does without Write"),
        ("WebFetch", "", ""),
        ("WebSearch", "", "mode plan does without WebSearch"),
        ("mcp__forge__list_issues", "", ""),
        ("mcp__forge__close", "", "mcp__forge__close is not among the tools of mode plan"),
        ("mcp__agenticops__next", "", ""),
        ("mcp__plugin_agenticops_agenticops__next", "", ""),
        ("AskUserQuestion", "", ""),
        ("SomethingNew", "", "SomethingNew is not among the tools of mode plan"),
    ],
)
def test_tools(tool: str, path: str, wanted: str) -> None:
    assert tool_refusal(BOUND, tool, path) == wanted


def test_a_mode_without_a_list_uses_every_tool_but_those_it_does_without() -> None:
    assert tool_refusal(OPEN, "SomethingNew") == ""
    assert (
        tool_refusal(Limits("x", restricted=["mcp__forge"]), "mcp__forge__close")
        == "mode x does without mcp__forge__close"
    )
    assert tool_refusal(Limits("x", restricted=["AskUserQuestion"]), "AskUserQuestion")
    assert tool_refusal(Limits("x", restricted=["mcp__agenticops"]), "mcp__agenticops__next") == ""
    assert tool_refusal(Limits("x", restricted=["Task"]), "Task") and not tool_refusal(Limits("x"), "mcp__forger__x")


def test_an_editing_tool_may_be_bound_to_paths() -> None:
    only = Limits("x", allowed=["Edit(/src/**)", "Read(docs/**)"], own=["docs/1.md"])
    assert tool_refusal(only, "Edit", "src/a") == tool_refusal(only, "Write", "src/a") == ""
    assert tool_refusal(only, "Edit", "lib/a") == "mode x may use Edit only for /src/**"
    assert tool_refusal(only, "Edit", "docs/1.md") == ""
    assert tool_refusal(only, "Read", "docs/a") == "" and tool_refusal(only, "Read", "src/a")


@pytest.mark.parametrize(
    "path",
    [
        ".git",
        ".git/hooks/pre-commit",
        ".GIT/config",
        "vendor/lib/.git/config",
        ".agenticops/events/2026/01/x.jsonl",
        ".AgenticOps/manifest.json",
        f"tickets/{TICKET}/ticket.yml",
        "tickets/build_t00000002/checklist.md",
        "docs/session-context/archive/2026-01-01-s.md",
        "docs/session-context/ACTIVE_SESSION.md",
        "config/pipeline.yml",
        "Config/allowed_signers",
        ".claude/settings.json",
        ".claude/settings.local.json",
        ".claude/hooks/x.sh",
        ".mcp.json",
    ],
)
def test_protected_paths_are_so_in_any_mode(path: str) -> None:
    everything = Limits("x", TICKET, writable=["**", "*/**", "**/*.yml"])
    assert write_refusal(OPEN, path) and write_refusal(everything, path) and write_refusal(BOUND, path)


def test_what_steers_is_open_to_a_mode_that_names_it() -> None:
    named = Limits("x", TICKET, writable=["config/**", ".mcp.json", "tickets/**", ".git/**", ".agenticops/**"])
    for path in ("config/pipeline.yml", ".mcp.json", f"tickets/{TICKET}/notes.md"):
        assert write_refusal(named, path) == "", path
    for path in (".git/config", ".agenticops/x", f"tickets/{TICKET}/ticket.yml", "tickets/build_t00000002/x"):
        assert write_refusal(named, path), path


@pytest.mark.parametrize(
    ("path", "writes"),
    [
        ("src/x.py", True),
        ("src", False),
        ("docs/x.md", True),
        ("docs/x/y.md", False),
        (f"docs/{ITEM}/brief.md", True),
        (f"tickets/{TICKET}/checklist.md", True),
        (f"tickets/{TICKET}/notes.md", False),
        ("README.md", False),
    ],
)
def test_paths_of_a_mode(path: str, writes: bool) -> None:
    assert (write_refusal(BOUND, path) == "") is writes
    assert write_refusal(OPEN, path) == ""


@pytest.mark.parametrize("path", ["", "tickets", ".agenticops", "config", "docs", "docs/session-context", ".claude"])
def test_what_holds_protected_things_does_not_go(path: str) -> None:
    assert write_refusal(OPEN, path, removes=True)


def test_the_rest_may_go() -> None:
    assert write_refusal(OPEN, "src", removes=True) == write_refusal(BOUND, "src/a", removes=True) == ""


def test_the_reason_names_what_may_be_written_and_the_way_out() -> None:
    reason = write_refusal(BOUND, "README.md")
    assert reason == "mode plan does not write README.md; it writes src/**, docs/*.md"
    assert "agenticops mode enter make" in limiting.way_out(BOUND)
    many = Limits("x", writable=[f"{i}/**" for i in range(9)])
    assert "and 5 more" in write_refusal(many, "README.md")
    assert "agenticops next" in limiting.way_out(many)


def test_permissions() -> None:
    found = permissions(BOUND)
    assert found["allow"] == [
        "Read",
        "Bash(npm run *)",
        "WebFetch(domain:example.org)",
        "mcp__forge__list_*",
        "Edit(/src/**)",
        "Edit(/docs/*.md)",
        f"Edit(/docs/{ITEM}/brief.md)",
        f"Edit(/tickets/{TICKET}/checklist.md)",
        "Bash(agenticops *)",
        "mcp__agenticops",
    ]
    assert found["deny"][:3] == ["NotebookEdit", "Edit(/src/secret/**)", "WebSearch"]
    assert {"Edit(/.agenticops/**)", "Edit(/config/**)", "Edit(/.claude/settings*.json)"} <= set(found["deny"])


def test_permissions_of_special_modes() -> None:
    assert "Edit" in permissions(Limits("x", allowed=["Edit"]))["allow"]
    assert not any(
        r.startswith("Edit") for r in permissions(Limits("x", allowed=["Read"], writable=["src/**"]))["allow"]
    )
    assert "Edit(/config/**)" not in permissions(Limits("x", writable=["config/**"]))["deny"]
    both = permissions(Limits("x", allowed=["Edit(src/**)"], writable=["src/a/**", "docs/**"]))["allow"]
    assert "Edit(/src/a/**)" in both and "Edit(/docs/**)" not in both and "Edit(/src/**)" not in both
    assert "Edit(/a\\[b]/**)" in permissions(Limits("x", writable=["a[b]/**"]))["allow"]
    assert "Edit(/.git/**)" not in permissions(Limits("x", own=[".git/hooks/x"]))["allow"]


def test_every_packaged_mode_compiles() -> None:
    from importlib.resources import files

    from agenticops.core import documents

    for name in ("ml", "software", "data", "product"):
        pipeline = documents.read_pipeline(
            (files("agenticops.resources") / "trains" / name / "pipeline.yml").read_bytes()
        )
        for mode in pipeline.modes.values():
            found = permissions(limiting.of(pipeline, mode, msgspec.structs.replace(ticket(), mode=mode.name)))
            assert not set(found["allow"]) & set(found["deny"])
