"""The plain forms of `workflow` are served without typer, and say what typer's commands say."""

from __future__ import annotations

import pytest

from agenticops.cli import root, workflowsteps
from tests.cli.test_startup import loaded
from tests.cli.test_workflow import began
from tests.stations import Board, must
from tests.support import cli


@pytest.mark.parametrize(
    "words",
    [
        ("show",),
        ("show", "--help"),
        ("show", "w7k2", "more"),
        ("show", "w7k2", "--to", "x"),
        ("transition", "--stdin"),
        ("transition", "--next", "w7k2"),
        ("transition", "w7k2", "--next", "--from", "x"),
        ("transition", "w7k2", "--to"),
        ("transition", "w7k2", "--to", "-x"),
        ("transition", "w7k2", "--to=x"),
        ("transition", "w7k2", "--to", "x", "--to", "y"),
        ("transition", "w7k2", "--to", "x", "--data", "a=1"),
        ("list", "w7k2"),
        ("list", "--limit", "3"),
        ("list", "--status", "going"),
        ("list", "--", "--state", "x"),
    ],
    ids=" ".join,
)
def test_any_other_form_is_left_to_typer(words: tuple[str, ...]) -> None:
    assert workflowsteps.serve(words, False) is None


def test_a_plain_form_loads_no_typer_and_no_yaml(at: Board) -> None:
    repo = at("tiny")
    name = began(repo)
    must(repo, "workflow", "show", name)  # which reads the template's text once
    for words in (("show", name), ("transition", name, "--to", "quote_generation"), ("list", "--state", "2")):
        assert loaded(repo, "workflow", *words).isdisjoint({"typer", "yaml", "rich"}), words


def test_both_ways_say_the_same(at: Board, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    repo = at("tiny")
    name = began(repo, "--name", "Roof")
    monkeypatch.chdir(repo)
    for words in (("show", name), ("list", "--status", "active"), ("list", "--state", "lead_generation", "--json")):
        assert root.run(["workflow", *words]) == 0
        assert cli(repo, "workflow", *words) == (0, *capsys.readouterr()), words


def test_a_step_that_has_no_aim_is_refused(at: Board) -> None:
    repo = at("tiny")
    name = began(repo)
    code, _, err = cli(repo, "workflow", "transition", name)
    assert code == 2 and "say where: --to STATE or --next" in err
    assert cli(repo, "workflow", "transition", name, "--to", "2", "--next")[0] == 2
    assert cli(repo, "workflow", "transition", name, "--to", "2", "--from", "4")[0] == 5
