"""What is wrong in the registry, against a pipeline and files."""

from __future__ import annotations

import msgspec
import pytest

from agenticops.core import assetlint
from agenticops.core.assets import read
from agenticops.model.finding import Finding
from agenticops.model.pipeline import Pipeline
from agenticops.model.tree import MemoryTree

PIPELINE = msgspec.convert(
    {
        "name": "p",
        "phases": {"shape": {"mode": "plan", "owner": "lab"}},
        "modes": {"plan": {"agents": ["lab"]}},
        "agents": {"lab": {"dependencies": ["Data sources"]}, "ops": {}},
    },
    Pipeline,
)
TREE = MemoryTree({"docs/skill.md": b"x", "tools/scan": b"x", "cards/a.json": b"{}"})
HEAD = "schema: 1\nassets:\n  scanner:\n    kind: tool\n    command: [scan]\n    satisfies: [data  Sources]\n"


def found(*rows: str, kind: str = "tool") -> list[Finding]:
    """Lint the head and one asset `x` on line 7, written as rows of fields."""
    text = HEAD + f"  x:\n    kind: {kind}\n" + "".join(f"    {row}\n" for row in rows)
    return assetlint.lint(read(text.encode()), text, PIPELINE, TREE)


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        ("skill", ["path: docs/skill.md", "agents: [lab, ops]", "modes: [plan]", "phases: [shape]"]),
        ("skill", ["path: docs"]),
        ("tool", ["command: [./tools/scan, --all]", 'agents: ["*"]']),
        ("tool", ["package: pypi:mlflow"]),
        ("mcp", ["url: https://wiki.example.org", "secrets: [env:WIKI_TOKEN, keyring:wiki/ada]"]),
        ("a2a", ["url: https://agents.example.org", "card: cards/a.json"]),
        ("a2a", ["command: [agent]", "card: https://agents.example.org/card"]),
    ],
)
def test_a_sound_asset(kind: str, rows: list[str]) -> None:
    assert found(*rows, kind=kind) == []


@pytest.mark.parametrize(
    ("kind", "rows", "code", "line", "words"),
    [
        ("tool", ["command: [x]", "agents: [lba]"], "VT475", 7, "unknown agent 'lba'"),
        ("tool", ["command: [x]", "modes: [play]"], "VT475", 7, "unknown mode 'play'"),
        ("tool", ["command: [x]", 'modes: ["*"]'], "VT475", 7, "unknown mode '*'"),
        ("tool", ["command: [x]", "phases: [end]"], "VT475", 7, "unknown phase 'end'"),
        ("tool", ["command: [x]", "satisfies: [Data source]"], "VT477", 7, "no agent depends on 'Data source'"),
        ("skill", [], "VT478", 7, "says not where it comes from: path or package or url"),
        ("mcp", ["path: docs/skill.md"], "VT478", 7, "command or url"),
        ("skill", ["path: docs/none.md"], "VT478", 7, "there is no docs/none.md"),
        ("skill", ["path: ../x"], "VT478", 7, "leaves the repository"),
        ("skill", ["path: .git/config"], "VT478", 7, "leaves the repository"),
        ("skill", ["path: ./"], "VT478", 7, "there is no ./"),
        ("tool", ["command: [/usr/bin/scan]"], "VT478", 7, "leaves the repository"),
        ("tool", ["command: [tools/none]"], "VT478", 7, "there is no tools/none"),
        ("a2a", ["url: https://a.example.org", "card: cards/b.json"], "VT478", 7, "there is no cards/b.json"),
        ("tool", ["command: [x]", "secrets: [env:A, hunter2]"], "VT479", 10, "no reference"),
    ],
)
def test_what_is_wrong_with_an_asset(kind: str, rows: list[str], code: str, line: int, words: str) -> None:
    (finding,) = found(*rows, kind=kind)
    assert (finding.code, finding.path, finding.line) == (code, "config/assets.yml", line)
    assert words in finding.message and "hunter2" not in finding.message + finding.hint
    assert finding.severity == ("warning" if code == "VT477" or "says not" in words or kind == "mcp" else "error")


def test_a_secret_anywhere_in_the_file_is_found_and_not_repeated() -> None:
    secret = "ghp_" + "a1B2c3D4e5F6" * 3
    (finding,) = found(f"command: [x, --token, {secret}]")
    assert (finding.code, finding.line) == ("VT479", 9)
    assert secret not in finding.message and "GitHub token" in finding.message


def test_names_that_read_alike() -> None:
    text = HEAD + "  Scan-ner:\n    kind: tool\n    command: [x]\n  not a name:\n    kind: tool\n    command: [x]\n"
    first, second = assetlint.lint(read(text.encode()), text, PIPELINE, TREE)
    assert (first.code, first.line) == ("VT475", 7) and "'scanner'" in first.message
    assert (second.code, second.line) == ("VT475", 10) and "not a name" in second.message


def test_a_dependency_that_nothing_gives_is_a_warning_with_the_command() -> None:
    text = "schema: 1\n"
    (finding,) = assetlint.lint(read(text.encode()), text, PIPELINE, TREE)
    assert (finding.code, finding.severity, finding.path) == ("VT476", "warning", "config/pipeline.yml")
    assert finding.hint == 'agenticops asset add tool NAME --satisfies "Data sources"'
    assert assetlint.errors([finding]) == []
