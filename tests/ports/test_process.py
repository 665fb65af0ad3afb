"""Processes: words and no shell, a small environment, an end."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
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


def test_output_is_kept_by_its_end_and_named_whole(tmp_path: Path) -> None:
    done = process.watch(script(tmp_path, "printf 'out\\n'; printf 'err\\n' >&2; exit 7"), str(tmp_path))
    assert (done.code, done.tail, done.size, done.ended) == (7, "out\nerr\n", 8, "")
    assert done.sha256 == hashlib.sha256(b"out\nerr\n").hexdigest()
    much = process.watch(script(tmp_path, "head -c 300000 /dev/zero | tr '\\0' x; echo end"), str(tmp_path))
    assert much.size == 300_004 and much.tail.endswith("xend\n") and len(much.tail) == process.TAIL
    assert much.sha256 == hashlib.sha256(b"x" * 300_000 + b"end\n").hexdigest()


def test_a_flood_is_ended(tmp_path: Path) -> None:
    done = process.watch(script(tmp_path, "yes"), str(tmp_path), most=1_000_000)
    assert done.ended == "flood" and done.code < 0 and done.size < 1_100_000


def test_a_slow_one_is_ended_also_when_it_prints_all_the_time_or_closed_its_output(tmp_path: Path) -> None:
    for text in ("while :; do echo x; sleep 0.01; done", "exec >&- 2>&-; sleep 30"):
        began = time.monotonic()
        done = process.watch(script(tmp_path, text), str(tmp_path), seconds=0.2)
        assert done.ended == "timeout" and time.monotonic() - began < 5


def test_what_stays_behind_is_ended_with_the_program(tmp_path: Path) -> None:
    began = time.monotonic()
    done = process.watch(script(tmp_path, "sleep 30 & echo $!"), str(tmp_path))
    assert (done.code, done.ended) == (0, "") and time.monotonic() - began < 5
    with pytest.raises(ProcessLookupError):
        _wait_gone(int(done.tail))


def _wait_gone(number: int) -> None:
    until = time.monotonic() + 5
    while time.monotonic() < until:
        os.kill(number, 0)
        if Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            raise ProcessLookupError
        time.sleep(0.01)


def test_a_signal_is_a_code_below_zero(tmp_path: Path) -> None:
    assert process.watch(script(tmp_path, "kill -9 $$"), str(tmp_path)).code == -9


def test_what_an_agent_starts_is_its_work_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTICOPS_AGENT", "maker")
    assert "AGENTICOPS_AGENT=maker" in process.watch(["env"], str(tmp_path)).tail


def test_a_program_hears_ctrl_c_though_the_thread_that_starts_it_does_not(tmp_path: Path) -> None:
    words = [
        sys.executable,
        "-c",
        "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))",
    ]
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        done = process.run(words, str(tmp_path))
        assert signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    assert done == (0, "False\n", "")
