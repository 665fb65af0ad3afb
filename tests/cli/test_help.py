"""Help: every command says what it does with an example; nothing heavy is loaded to say it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agenticops.cli import root
from tests.stations import Board, refused
from tests.support import cli, run_cli

# Whatever a command reads or writes, a program can have it as JSON.
GROUPS = {name for name, (_, command, _) in root.COMMANDS.items() if not command}


def leaves() -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []

    def walk(path: tuple[str, ...], command: object) -> None:
        below = getattr(command, "commands", None)
        if not below:
            found.append(path)
        for name, child in (below or {}).items():
            walk((*path, name), child)

    for name in root.COMMANDS:
        walk((name,), root.load(name))
    return found


# What git or an agent's client calls answers in their words.
SPEAK_OTHERWISE = {("hooks", "run"), ("agents", "hook")}


@pytest.mark.parametrize("path", leaves(), ids=" ".join)
def test_every_command_has_help_with_an_example_and_json(tmp_path: Path, path: tuple[str, ...]) -> None:
    code, out, err = cli(tmp_path, *path, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"Usage: agenticops {' '.join(path)}")
    folded = " ".join(out.split())
    assert f"Example: agenticops {' '.join(path)}" in folded
    assert "--json" in out or path in SPEAK_OTHERWISE


@pytest.mark.parametrize("path", leaves(), ids=" ".join)
def test_every_option_and_argument_is_explained(tmp_path: Path, path: tuple[str, ...]) -> None:
    command = root.load(path[0])
    for name in path[1:]:
        command = command.commands[name]  # type: ignore[attr-defined]
    silent = [p.name for p in command.params if getattr(p, "param_type_name", "") == "option" and not p.help]  # type: ignore[attr-defined]
    assert silent == [], "options without help"


@pytest.mark.parametrize("name", [*sorted(GROUPS), "session todo"])
def test_every_group_names_its_commands(tmp_path: Path, name: str) -> None:
    code, out, _ = cli(tmp_path, *name.split(), "--help")
    assert code == 0 and out.startswith(f"Usage: agenticops {name} ")
    assert "\nCommands:\n" in out and "Example: agenticops " in out
    assert "..." not in out.split("\nCommands:\n")[1], "no description is cut"


def test_the_root_lists_every_command_by_section(tmp_path: Path) -> None:
    out = run_cli(tmp_path, "--help").stdout
    for title, entries in root.SECTIONS.items():
        assert f"\n{title}:\n" in out
        assert all(f"  {name} " in out for name in entries)
    assert "Example: agenticops init" in out


def test_the_literal_table_is_what_the_modules_define() -> None:
    for name, (_, command, text) in root.COMMANDS.items():
        found = root.load(name)
        assert found.name == name and text, name
        assert bool(getattr(found, "commands", None)) is not bool(command)


@pytest.mark.parametrize("words", [["--help"], ["work", "--help"], ["advance", "--help"], ["--version"]])
def test_help_loads_no_flow_and_nothing_heavy(tmp_path: Path, words: list[str]) -> None:
    program = (
        "import sys\nfrom agenticops.cli import entry\n"
        f"code = entry.main({words!r})\n"
        "heavy = {'jsonschema', 'yaml', 'rich', 'git', 'github', 'frontmatter', 'sqlite3', 'msgspec', 'pydantic'}\n"
        "print('LOADED', sorted(m for m in sys.modules if m in heavy or m.startswith('agenticops.flows')))\n"
    )
    # Measuring coverage in the child would load what is to be absent.
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    loaded = done.stdout.splitlines()[-1]
    if words in (["--help"], ["--version"]):
        assert loaded == "LOADED []"
    else:
        assert "jsonschema" not in loaded and "'rich'" not in loaded and "'git'" not in loaded


@pytest.mark.parametrize("call", [("status",), ("next",), ("check",), ("mode", "show")])
def test_hot_reads_load_no_typer(at: Board, call: tuple[str, ...]) -> None:
    repo = at("ready")
    program = (
        "import sys\nfrom agenticops.cli import entry\n"
        f"entry.main({list(call)!r})\n"
        "print('LOADED', sorted({'typer', 'rich', 'jsonschema', 'git'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=repo, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "LOADED []"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("wrok",), "there is no command 'wrok'. Did you mean 'work'?"),
        (("work", "nwe"), "nwe"),
        (("status", "now"), "unexpected extra argument"),
        (("check", "--jsno"), "no such option: --jsno"),
        (("-C",), "'-C' requires an argument"),
        (("init", "--train"), "'--train' requires an argument"),
    ],
)
def test_a_slip_of_the_pen_is_answered_with_the_way_to_help(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    err = refused(tmp_path, *arguments, code=2)
    assert words in err and "next  agenticops" in err and "--help" in err


def test_a_bare_call_and_a_bare_group_show_help(tmp_path: Path) -> None:
    for words in ([], ["work"]):
        done = run_cli(tmp_path, *words, check_code=2)
        assert "Usage: agenticops" in done.stdout + done.stderr
