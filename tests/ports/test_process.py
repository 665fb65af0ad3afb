"""Processes: words and no shell, a small environment, an end."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from agenticops.errors import RemoteError, TrainError
from agenticops.ports import process
from agenticops.ports.vault import resolve
from tests.support import write


def script(root: Path, text: str) -> list[str]:
    write(root, "run.sh", f"#!/bin/sh\n{text}\n").chmod(0o755)
    return ["./run.sh"]


def test_words_stay_words(tmp_path: Path) -> None:
    done = process.run(
        [*script(tmp_path, 'printf "%s|" "$@"; echo $AGENTICOPS_VALUE_WORK_ITEM'), "$(touch x)", "; touch y"],
        str(tmp_path),
        {"work-item": "`touch z`"},
        ["--flag", "a b"],
    )
    assert done == (0, "$(touch x)|; touch y|--|--flag|a b|`touch z`\n", "")
    assert [p.name for p in tmp_path.iterdir()] == ["run.sh"]


def test_tokens_are_not_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "abc")
    assert "GITHUB_TOKEN" not in process.run(["env"], str(tmp_path)).out


def test_a_program_ends_with_its_children(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(RemoteError, match="did not end within"):
        process.run(script(tmp_path, "sleep 30 & sleep 30"), str(tmp_path), seconds=0.2)
    assert time.monotonic() - began < 5


def test_a_bare_name_is_never_a_file_of_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "bin/make-it", "#!/bin/sh\n").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:.:bin:")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TrainError, match="there is no program"):
        process.run(["make-it"], str(tmp_path))
    with pytest.raises(RemoteError, match="cannot be started"):
        process.run(["./none"], str(tmp_path))


def test_references_are_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_PASSWORD", "x1")
    assert resolve("env:DB_PASSWORD") == "x1"
    for wrong in ("env:NOT_THERE", "keyring:a/b", "x1"):
        with pytest.raises(TrainError) as caught:
            resolve(wrong)
        assert "x1" not in str(caught.value)
