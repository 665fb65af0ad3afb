"""`hooks` and `merge-driver` through the command line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agenticops.flows import hooks
from agenticops.ports import mergedriver
from tests.stations import data, events, must, refused
from tests.support import CONSOLE_SCRIPT, git, run_cli, snapshot, write

OWN = "*.bin binary\n# mine\ntickets/** -text"


@pytest.fixture(autouse=True)
def on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{os.path.dirname(CONSOLE_SCRIPT)}{os.pathsep}{os.environ['PATH']}")


def test_install_show_uninstall(train: Path) -> None:
    before = (train / ".gitattributes").read_text()
    hook = write(train, ".git/hooks/pre-commit", "#!/bin/sh\n")
    assert data(train, "hooks", "show")["installed"] is False
    run_cli(train, "hooks", "install")
    assert "merge driver is installed" in run_cli(train, "hooks", "show").stdout
    assert git(train, "check-attr", "merge", "tickets/a_1/ticket.yml").endswith(" merge: agenticops\n")
    assert (train / ".gitattributes").read_text().startswith(before)
    assert [e["data"]["lines"] for e in events(train, "hooks_installed")] == [len(hooks.PATTERNS)]
    kept = snapshot(train)
    assert data(train, "hooks", "install")["changes"] == []
    assert snapshot(train) == kept, "run again, it changes nothing"
    run_cli(train, "hooks", "uninstall")
    assert (train / ".gitattributes").read_text() == before
    assert "agenticops" not in git(train, "config", "--local", "--list")
    assert hook.read_text() == "#!/bin/sh\n"
    assert data(train, "hooks", "uninstall")["changes"] == []


@pytest.mark.parametrize("own", [OWN, f"{OWN}\n", OWN.replace("\n", "\r\n") + "\r\n", ""])
def test_lines_of_others_stay(train: Path, own: str) -> None:
    file = write(train, ".gitattributes", own)
    must(train, "hooks", "install")
    text = file.read_bytes().decode()
    assert text.startswith(own)
    file.write_bytes(text.encode() + b"*.x -diff\n")
    must(train, "hooks", "uninstall")
    newline = "" if not own or own.endswith("\n") else "\n"
    assert file.read_bytes().decode() == f"{own}{newline}*.x -diff\n"


def test_a_dry_run_writes_nothing(train: Path) -> None:
    before, config = snapshot(train), (train / ".git/config").read_text()
    plan = data(train, "hooks", "install", "--dry-run", "--only", "driver")
    assert [c["place"] for c in plan["changes"]] == [
        "merge.agenticops.name",
        "merge.agenticops.driver",
        ".gitattributes",
    ]
    assert "would be installed" in must(train, "hooks", "install", "--dry-run")
    assert (snapshot(train), (train / ".git/config").read_text()) == (before, config)


def test_lines_of_an_older_version_are_replaced(train: Path) -> None:
    write(train, ".gitattributes", f"a b\n{hooks.BEGIN}\nold merge=agenticops\n{hooks.END}\nc d\n")
    assert "installed in part" in must(train, "hooks", "show")
    must(train, "hooks", "install")
    rows = (train / ".gitattributes").read_text().splitlines()
    assert rows == ["a b", hooks.BEGIN, *hooks.lines(), hooks.END, "c d"]


@pytest.mark.parametrize("text", [hooks.BEGIN, hooks.END, f"{hooks.END}\n{hooks.BEGIN}"])
def test_damaged_markers_are_refused(train: Path, text: str) -> None:
    write(train, ".gitattributes", f"{text}\n")
    assert "markers of the merge driver are damaged" in refused(train, "hooks", "install")


def test_without_a_path_the_program_is_named_whole(train: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert mergedriver.command().startswith(f"{CONSOLE_SCRIPT} merge-driver %O %A %B %L %P || ")


def test_the_driver_answers_to_its_calls(tmp_path: Path) -> None:
    assert run_cli(tmp_path, "merge-driver", "--help").stdout.startswith("Usage: agenticops merge-driver")
    assert "Usage" in run_cli(tmp_path, "merge-driver", "a", check_code=2).stderr
    for name, text in (("o", "a: 1\n"), ("a", "a: 2\n"), ("b", "a: 3\n")):
        write(tmp_path, name, text)
    assert (
        "no such file" in run_cli(tmp_path, "merge-driver", "o", "a", "no", "7", "t.yml", check_code=1).stderr.lower()
    )
    assert (tmp_path / "a").read_text() == "a: 2\n"
    done = run_cli(tmp_path, "merge-driver", "o", "a", "b", "7", "t.yml", check_code=5)
    assert "t.yml: a: ours says 'a: 2', theirs 'a: 3'" in done.stderr
    assert "agenticops" not in os.listdir(tmp_path) and sorted(os.listdir(tmp_path)) == ["a", "b", "o"]
