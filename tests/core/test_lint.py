from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agenticops.core.lint import leaves, lint
from agenticops.model.finding import Finding
from agenticops.model.pipeline import Pipeline
from agenticops.model.tree import MemoryTree

SOUND: dict[str, Any] = {
    "name": "p",
    "start": "a",
    "stretches": ["s"],
    "phases": {
        "a": {"stretch": "s", "mode": "m", "owner": "x", "artifacts": ["one"], "next": ["b"]},
        "b": {
            "mode": "m",
            "owner": "x",
            "helpers": ["y"],
            "inputs": ["one"],
            "optional": ["two"],
            "next": ["a"],
            "done": True,
        },
    },
    "modes": {"m": {"agents": ["x"], "transitions": ["m"]}},
    "agents": {"x": {}, "y": {}},
    "roles": {"r": {}},
    "artifacts": {"one": {"path": "d/{item}/one.md"}, "two": {"path": "d/{item}/two.md"}},
    "gates": {"default": {"checks": [{"check": "not judged here"}]}},
}
FILES = {"docs/rules/checklists/m-checklist.md": b"x", "docs/templates/one.md": b"x"}


def changed(way: str, value: Any) -> Pipeline:
    """Build the sound pipeline with one value replaced, by its dotted way."""
    raw = msgspec.json.decode(msgspec.json.encode(SOUND))
    *parents, last = way.split(".")
    place = raw
    for key in parents:
        place = place[key]
    place[last] = value
    return msgspec.convert(raw, Pipeline)


def found(pipeline: Pipeline, files: dict[str, bytes] | None = None) -> list[Finding]:
    return lint(pipeline, None if files is None else MemoryTree(files))


def test_a_sound_pipeline_has_no_findings() -> None:
    assert found(msgspec.convert(SOUND, Pipeline), FILES) == []


@pytest.mark.parametrize(
    ("way", "value", "code", "words"),
    [
        ("start", "z", "VT301", "start: unknown phase 'z'"),
        ("phases.a.next", ["b", "z"], "VT301", "phase 'a': unknown phase 'z'"),
        ("phases.a.mode", "z", "VT302", "phase 'a': unknown mode 'z'"),
        ("phases.a.mode", "", "VT302", "phase 'a': no mode is named"),
        ("modes.m.transitions", ["z"], "VT302", "mode 'm': unknown mode 'z'"),
        ("phases.a.owner", "z", "VT303", "phase 'a': unknown agent 'z'"),
        ("phases.a.owner", "", "VT303", "phase 'a': no agent is named"),
        ("phases.a.helpers", ["z"], "VT303", "phase 'a': unknown agent 'z'"),
        ("modes.m.agents", ["z"], "VT303", "mode 'm': unknown agent 'z'"),
        ("kinds", ["PRD", "Epic"], "VT304", "kinds: unknown kind 'Epic'"),
        ("phases.a.gate", "z", "VT402", "phase 'a': unknown gate 'z'"),
        ("phases.a.optional", ["z"], "VT604", "phase 'a': unknown artifact 'z'"),
        ("phases.b.inputs", ["z"], "VT604", "phase 'b': unknown artifact 'z'"),
        ("phases.a.stretch", "z", "VT604", "phase 'a': unknown stretch 'z'"),
        (
            "phases.a.stages",
            [{"name": "g", "steps": [{"name": "t", "roles": ["r", "x", "z", "a@b.org"]}]}],
            "VT604",
            "step 't': unknown role 'z'",
        ),
        (
            "phases.a.stages",
            [{"name": "g", "steps": [{"name": "t", "meetings": [{"name": "k", "attendees": ["z"]}]}]}],
            "VT604",
            "unknown role 'z'",
        ),
        (
            "phases.a.stages",
            [{"name": "g", "steps": [{"name": "t", "notifications": [{"name": "k", "to": ["z"]}]}]}],
            "VT604",
            "unknown role 'z'",
        ),
        ("agents.a_b", {}, "VT604", "agent 'a_b': not a name"),
        ("phases", {}, "VT604", "no phases"),
        ("start", "b", "", ""),
        ("phases.c", {"mode": "m", "owner": "x", "done": True}, "VT601", "phase 'c': cannot be reached from 'a'"),
        ("phases.b.done", False, "VT602", "phase 'b': no way leads to a phase that is done"),
        ("phases.a.next", [], "VT602", "phase 'a': leads nowhere and is not done"),
        ("phases.b.artifacts", ["one"], "VT603", "artifact 'one': required by the phases 'a' and 'b'"),
        ("artifacts.two.path", "d/{item}/./One.md", "VT603", "artifacts 'one' and 'two' have the same path"),
        ("artifacts.two.path", "../two.md", "VT604", "leaves the repository"),
        ("artifacts.two.path", "", "VT604", "has no path"),
        ("artifacts.two.path", "d/{phase}/two.md", "VT604", "unknown placeholder {phase}"),
        ("artifacts.two.template", "../two.md", "VT604", "leaves docs/templates"),
        ("modes.m.checklist", "/etc/passwd", "VT604", "leaves docs/rules/checklists"),
    ],
)
def test_errors(way: str, value: Any, code: str, words: str) -> None:
    errors = [f for f in found(changed(way, value)) if f.severity == "error"]
    if not code:
        assert errors == []
        return
    hits = [f for f in errors if f.code == code and words in f.message]
    assert len(hits) == 1
    assert hits[0].path == "config/pipeline.yml"
    assert hits[0].line == 0
    assert hits[0].hint


@pytest.mark.parametrize(
    ("way", "value", "code", "words"),
    [
        ("phases.a.inputs", ["two"], "VT213", "phase 'a': can be reached before b produced its input 'two'"),
        ("phases.b.optional", [], "", ""),
        ("phases.b.inputs", ["two"], "VT213", "phase 'b': no other phase produces its input 'two'"),
        ("start", "b", "VT213", "phase 'b': can be reached before a produced its input 'one'"),
        ("agents.z", {}, "VT607", "agent 'z': has no phase and no mode"),
    ],
)
def test_warnings(way: str, value: Any, code: str, words: str) -> None:
    hits = [(f.code, f.severity) for f in found(changed(way, value)) if words in f.message]
    assert hits == ([(code, "warning")] if code else [])


@pytest.mark.parametrize(
    ("way", "value", "files", "expected"),
    [
        ("name", "p", {}, [("VT605", "error"), ("VT606", "warning")]),
        ("modes.spare", {}, FILES, [("VT605", "warning")]),
        ("modes.m.checklist", "other.md", {**FILES, "docs/rules/checklists/other.md": b""}, []),
        ("modes.m.checklist", "other.md", FILES, [("VT605", "error")]),
        ("artifacts.one.template", "t.md", FILES, [("VT606", "warning")]),
        ("artifacts.one.template", "t.md", {**FILES, "docs/templates/t.md": b""}, []),
    ],
)
def test_files_that_the_pipeline_relies_on(
    way: str, value: Any, files: dict[str, bytes], expected: list[tuple[str, str]]
) -> None:
    assert [(f.code, f.severity) for f in found(changed(way, value), files)] == expected


@pytest.mark.parametrize("path", ["../a", "a/../b", "/a", "a\\b", "C:/a", "~/a", "a/.git/x", ".GIT/x", "a\0b"])
def test_paths_that_leave(path: str) -> None:
    assert leaves(path)


@pytest.mark.parametrize("path", ["a", "a/{item}/b.md", ".github/x", "a..b", "a/...", ""])
def test_paths_that_stay(path: str) -> None:
    assert not leaves(path)
