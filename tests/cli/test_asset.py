"""`asset`: what agents have at hand."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from agenticops.model.layout import ASSETS, PIPELINE
from tests.stations import Board, codes, data, events, must, refused
from tests.support import cli, commit_all, git, write

ADD = ("asset", "add", "tool", "mlflow", "--title", "Tracking", "--url", "https://ml.example.org", "--agent", "maker")


def test_adding_showing_listing(at: Board) -> None:
    repo = at("tiny-working")
    assert "tool mlflow for maker" in must(repo, *ADD, "--mode", "make", "--secret", "env:ML_TOKEN")
    must(repo, "asset", "add", "mcp", "train", "--command", "agenticops mcp")
    (added, _) = events(repo, "asset_added")
    assert added["subject"] == "asset/mlflow" and added["data"] == {"name": "mlflow", "kind": "tool", "path": ASSETS}
    found = {s["asset"]["name"]: s for s in data(repo, "asset", "list")}
    assert found["mlflow"]["agents"] == ["maker"] and found["mlflow"]["why"] == "ML_TOKEN is not set"
    assert found["train"]["agents"] == ["planner", "maker"]
    assert [s["asset"]["name"] for s in data(repo, "asset", "list", "--agent", "planner")] == ["train"]
    assert [s["asset"]["name"] for s in data(repo, "asset", "list", "--kind", "tool")] == ["mlflow"]
    assert [s["asset"]["name"] for s in data(repo, "asset", "list", "--mode", "plan")] == ["train"]
    assert "url     https://ml.example.org" in must(repo, "asset", "show", "mlflow")
    assert "all agents" in must(repo, "asset", "list")
    assert "at hand  train (mcp)" in must(repo, "mode", "show")
    assert "at hand  mlflow (tool), train (mcp)" in must(repo, "mode", "show", "make")


def test_what_is_there_is_told_by_a_look_and_nothing_runs(at: Board) -> None:
    repo = at("tiny")
    trap = write(repo, "tools/trap", "#!/bin/sh\ntouch ../ran ran\n")
    trap.chmod(0o755)
    write(repo, ASSETS, (
        "schema: 1\nassets:\n  trap: {kind: tool, command: [./tools/trap]}\n  git: {kind: tool, command: [git]}\n"
        "  none: {kind: mcp, command: [no-such-program]}\n  page: {kind: skill, path: docs/templates}\n"
        "  web: {kind: mcp, url: https://x.example.org}\n  key: {kind: mcp, url: https://x.example.org, "
        "secrets: [env:PATH]}\n  link: {kind: skill, path: linked/passwd}\n"
    ))  # fmt: skip
    (repo / "linked").symlink_to("/etc")
    found = {s["asset"]["name"]: (s["available"], s["why"]) for s in data(repo, "asset", "list")}
    assert found == {
        "trap": ("yes", ""),
        "git": ("yes", ""),
        "none": ("no", "no program no-such-program on PATH"),
        "page": ("yes", ""),
        "web": ("unknown", ""),
        "key": ("unknown", ""),
        "link": ("no", "there is no linked/passwd"),
    }
    must(repo, "asset", "show", "trap")
    assert not (repo / "ran").exists() and not (repo.parent / "ran").exists()


def test_lint_and_check_say_what_is_wrong(at: Board) -> None:
    repo = at("tiny")
    assert "the registry is sound" in must(repo, "asset", "lint")
    write(repo, ASSETS, "schema: 1\nassets:\n  x:\n    kind: skill\n    path: none.md\n    agents: [nobody]\n")
    assert codes(repo, "asset", "lint") == ["VT475", "VT478"]
    assert cli(repo, "asset", "lint")[0] == 3
    assert set(codes(repo, "check")) == {"VT475", "VT478"} == set(codes(repo, "pipeline", "lint"))
    code, out, _ = cli(repo, "check")
    assert code == 3 and f"{ASSETS}:3" in out and "agenticops explain VT475" in out
    write(repo, ASSETS, "schema: 1\nassets:\n  x:\n    kind: robot\n")
    assert codes(repo, "check") == ["VT304"] == codes(repo, "pipeline", "lint")
    assert f"{ASSETS}:4" in refused(repo, "asset", "lint")
    assert f"{ASSETS}:4" in refused(repo, "asset", "list")


def test_a_warning_stops_nobody(at: Board) -> None:
    repo = at("tiny")
    text = (repo / PIPELINE).read_text().replace("title: Planner\n", "title: Planner\n    dependencies: [Wiki]\n")
    write(repo, PIPELINE, text)
    write(repo, ASSETS, "schema: 1\n")
    assert codes(repo, "asset", "lint") == ["VT476"] and cli(repo, "asset", "lint")[0] == 0
    assert codes(repo, "check") == []


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("tool", "x", "--agent", "nobody", "--url", "https://x.example.org"), 2, "unknown agent 'nobody'"),
        (("tool", "not a name", "--url", "https://x.example.org"), 2, "not a name"),
        (("skill", "x", "--path", "../x"), 2, "leaves the repository"),
        (("skill", "x", "--path", "none.md"), 2, "there is no none.md"),
        (("mcp", "x", "--command", "a 'b"), 2, "close the quotes"),
        (("mcp", "x", "--command", "a", "--secret", "hunter2"), 2, "VT479"),
        (("mcp", "x", "--url", "https://ada:hunter2hunter2@x.example.org"), 1, "looks like"),
        (("robot", "x"), 2, "robot"),
    ],
)
def test_what_is_refused_leaves_no_trace(at: Board, words: tuple[str, ...], code: int, says: str) -> None:
    repo = at("tiny")
    err = refused(repo, "asset", "add", *words, code=code)
    assert says in err and "hunter2" not in err
    assert not (repo / ASSETS).exists() and events(repo, "asset_added") == []


def test_a_name_that_is_taken(at: Board) -> None:
    repo = at("tiny")
    must(repo, *ADD)
    assert "declared already" in refused(repo, *ADD, code=5)
    assert "differs from 'mlflow'" in refused(repo, "asset", "add", "tool", "ML-flow", "--package", "pypi:x", code=2)
    assert "there is no asset 'y'" in refused(repo, "asset", "show", "y", code=2)


def test_a_phase_branch_leaves_the_registry_alone(at: Board) -> None:
    repo = at("tiny-working")
    git(repo, "switch", "--quiet", "-c", "phase/shape_142")
    assert f"does not touch {ASSETS}" in refused(repo, *ADD)


def test_where_a_role_names_configure_others_may_not(at: Board) -> None:
    repo = at("tiny")
    role = "\nroles:\n  lead:\n    may: [configure]\n    members: [grace@example.org]\n"
    write(repo, PIPELINE, (repo / PIPELINE).read_text() + role)
    commit_all(repo)
    assert "VT450" in refused(repo, *ADD)


@pytest.mark.parametrize("train", ["ml", "software", "data", "product"])
def test_the_packaged_registries_hold(adopted: Callable[[str], Path], train: str) -> None:
    repo = adopted(train)
    assert set(codes(repo, "asset", "lint")) == {"VT476"} and codes(repo, "check") == []
    found = {s["asset"]["name"]: s for s in data(repo, "asset", "list")}
    assert list(found) == ["agenticops", "train", "templates", "checklists"]
    assert len(found["agenticops"]["agents"]) == 7 and found["templates"]["available"] == "yes"
    before = (repo / ASSETS).read_text()
    must(repo, "asset", "add", "tool", "ci", "--command", "git", "--satisfies", "issue  tracker")
    after = (repo / ASSETS).read_text()
    assert after.startswith(before.rstrip("\n")) and "ci:" in after[len(before.rstrip("\n")) :]
    assert subprocess.run(["git", "diff", "--check"], cwd=repo, check=False).returncode == 0
