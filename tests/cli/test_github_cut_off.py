"""`github apply` that is cut off by Ctrl-C: what it says, what the terminal shows, and how it goes on."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
from pathlib import Path

import pytest

from tests import insync
from tests.forge import Forge
from tests.forge.faults import Request
from tests.insync import add, forge, settled
from tests.stations import must
from tests.support import CONSOLE_SCRIPT

__all__ = ["forge"]

SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A train with more items than the brake lets pass, all but one below the first."""
    repo = insync.tiny(tmp_path / "repo")
    above = add(repo, "Refills")
    for number in range(11):
        add(repo, f"Refill the boxes of ward {number} before they are empty again", kind="CRD", parent=above)
    return repo


def begun(repo: Path, forge: Forge, stderr: int) -> subprocess.Popen[str]:
    """Apply, and press Ctrl-C when all issues are made and one is put below the first."""
    child: list[subprocess.Popen[str]] = []

    def relates(request: Request) -> bool:
        return request.writes and request.path.endswith("/sub_issues")

    forge.faults.when(relates, "call after", call=lambda request: child[0].send_signal(signal.SIGINT))
    command = [CONSOLE_SCRIPT, "github", "apply"]
    # No stdin: from a terminal there, the bar would take the width of whoever runs the tests.
    null = subprocess.DEVNULL
    child.append(subprocess.Popen(command, cwd=repo, stdin=null, stdout=null, stderr=stderr, text=True))
    return child[0]


def test_it_says_how_far_it_came_and_goes_on_without_force(repo: Path, forge: Forge) -> None:
    child = begun(repo, forge, subprocess.PIPE)
    _, said = child.communicate(timeout=60)
    first, last = said.splitlines()
    assert child.returncode == 130 and last == "interrupted; nothing half-written"
    assert re.fullmatch(r"stopped after \d+ of \d+; the same command goes on from there", first)
    assert len(insync.made(forge)) == 12
    assert "--force" not in must(repo, "github", "plan")
    must(repo, "github", "apply")
    assert len(insync.made(forge)) == 12
    settled(repo)


def test_the_bar_goes_and_breaks_no_line(repo: Path, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    child = begun(repo, forge, theirs)
    os.close(theirs)
    shown = b"".join(iter(lambda: _read(ours), b"")).decode()
    os.close(ours)
    assert child.wait(timeout=60) == 130
    rows = [SEQUENCE.sub("", row) for row in re.split(r"[\r\n]|\x1b\[2K", shown)]
    bars = [row for row in rows if "━" in row]
    assert bars and max(map(len, bars)) <= 76
    assert any(re.search(r" \d+/\d+ .*create an issue for \w+: Refill the", row) for row in bars)
    assert shown.rindex("━") < shown.rindex("\x1b[2K") < shown.index("stopped after ")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed
        return b""
