"""A lean start: what plain steps and checks must not load, and what others still get."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_startup import loaded, warm
from tests.support import ITEM

__all__ = ["warm"]

SLOW = {"typing_extensions", "inspect", "ast", "typer"}


@pytest.mark.parametrize("call", [("check", f"requirements_{ITEM}"), ("check", "--staged"), ("workflow", "list")])
def test_what_programs_call_again_and_again_starts_lean(warm: Path, call: tuple[str, ...]) -> None:
    names = loaded(warm, *call)
    assert "msgspec" in names and names.isdisjoint(SLOW)


@pytest.mark.parametrize("first", ["", "import typing_extensions; "])
def test_who_wants_what_was_left_out_gets_it(first: str) -> None:
    words = f"{first}from agenticops.cli.lean import load_msgspec; load_msgspec(); "
    words += "import msgspec, typing_extensions; print(typing_extensions.NotRequired, msgspec.Struct)"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=False)
    assert "NotRequired" in done.stdout, done.stderr
