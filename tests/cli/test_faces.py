"""`check --format`: the same findings and the same exit code, whoever reads them."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.stations import SHAPE, Board, codes, data, refused
from tests.support import cli, git, run_cli, write


@pytest.fixture
def spoilt(at: Board) -> Path:
    """A train with a status that was edited by hand, and a title that would like to be a command."""
    repo = at("tiny-opened")
    file = repo / f"tickets/{SHAPE}/ticket.yml"
    file.write_text(file.read_text().replace("status: todo", "status: done"))
    return repo


def test_all_formats_tell_the_same(spoilt: Path) -> None:
    found = codes(spoilt, "check")
    assert found == ["VT305"]
    code, out, _ = cli(spoilt, "check", "--format", "json")
    assert (code, [f["code"] for f in json.loads(out)["data"]["findings"]]) == (3, found)
    code, out, _ = cli(spoilt, "check", "--format", "sarif")
    log = json.loads(out)
    assert (code, [r["ruleId"] for r in log["runs"][0]["results"]]) == (3, found)
    assert "## What it means" in log["runs"][0]["tool"]["driver"]["rules"][0]["help"]["markdown"]
    code, out, _ = cli(spoilt, "check", "--format", "junit")
    assert (code, [c.get("classname") for c in ElementTree.fromstring(out)[0]]) == (3, ["agenticops", *found])
    code, out, _ = cli(spoilt, "check", "--format", "github")
    assert (code, out.startswith(f"::error file=tickets/{SHAPE}/ticket.yml,line=1,title=VT305 ")) == (3, True)
    git(spoilt, "add", "-A")
    assert "VT305" in cli(spoilt, "check", "--staged", "--format", "github")[1]


def test_an_output_file_takes_the_format_and_the_terminal_the_text(spoilt: Path, tmp_path: Path) -> None:
    file = tmp_path / "train.sarif"
    code, out, _ = cli(spoilt, "check", "--format", "sarif", "--output", str(file))
    assert code == 3 and "✗ the train does not hold" in out
    assert json.loads(file.read_text())["version"] == "2.1.0"
    assert cli(spoilt, "check", "--output", str(file))[0] == 3 and file.read_text() == out
    error = refused(spoilt, "check", "--format", "junit", "--output", str(tmp_path / "none/x.xml"))
    assert "was not written" in error


def test_a_run_of_github_gets_its_summary(spoilt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "summary.md"
    page.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    assert cli(spoilt, "check", "--format", "github")[0] == 3
    assert page.read_text().startswith("before\n### ❌ the train") and "VT305" in page.read_text()
    assert cli(spoilt, "check")[0] == 3 and page.read_text().count("###") == 1


def test_words_of_a_user_are_no_commands_in_the_log(at: Board) -> None:
    repo = at("tiny")
    write(repo, "::add-mask::x ##[error]y.md", b"x" * 5_100_000)
    git(repo, "add", "-A")
    for options in ((), ("--json",), ("--format", "github")):
        out = run_cli(repo, "check", "--staged", *options, check_code=3, env={"GITHUB_ACTIONS": "true"}).stdout
        rows = [row.strip() for row in out.splitlines()]
        assert "VT807" in out and not any(row.startswith("::add-mask") for row in rows), options
        assert not any("##[" in row and not row.startswith("::error ") for row in rows), options


def test_one_named_gate_of_a_ticket(at: Board) -> None:
    repo = at("tiny-working")
    pipeline = repo / "config/pipeline.yml"
    gates = "\ngates:\n\n  bare:\n    checks: [ticket]\n\n  whole:\n    checks: [ticket, checklist]\n"
    pipeline.write_text(pipeline.read_text() + gates)
    assert codes(repo, "check", "--ticket", SHAPE, "--gate", "bare") == []
    assert data(repo, "check", SHAPE, "--gate", "bare")["gate"] == "bare"
    assert set(codes(repo, "check", "-t", SHAPE, "--gate", "whole")) == {"VT101"}
    assert "there is no gate 'nope'" in refused(repo, "check", "-t", SHAPE, "--gate", "nope", code=2)
    assert "goes with a ticket" in refused(repo, "check", "--gate", "bare", code=2)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--json", "--format", "junit"),
        ("build_142", "--ticket", "ship_142"),
        ("--ticket", SHAPE, "--staged"),
        ("--format", "xml"),
    ],
)
def test_it_says_what_cannot_be_meant(at: Board, arguments: tuple[str, ...]) -> None:
    assert cli(at("tiny-opened"), "check", *arguments)[0] == 2


def test_a_clean_train_is_clean_in_all(at: Board) -> None:
    repo = at("tiny-opened")
    for form in ("text", "json", "sarif", "junit", "github"):
        assert cli(repo, "check", "--format", form)[0] == 0, form
