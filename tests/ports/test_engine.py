"""The engine: tries again, knows what it was given, and goes on after a crash; on SQLite and on PostgreSQL."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agenticops.errors import TrainError, UsageError
from agenticops.ports import engine
from agenticops.ports.engine import Engine, drained
from tests import postgres
from tests.support import some

# One process of its own, that stands still in the second attempt: it is killed there.
STANDS = """
import sys, time
from agenticops.ports.engine import Engine
from tests.support import some
def attempt(id, number):
    print(id, number, flush=True)
    if number == 2:
        time.sleep(60)
    return 0.01
with Engine(sys.argv[1], "worker-0", attempt) as e:
    e.submit("o1", "o1.0")
    time.sleep(60)
"""


@pytest.fixture(params=some(("sqlite", "postgresql"), 2))
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/engine/engine.sqlite"
        return
    with postgres.server() as found:
        yield found


def test_what_fails_is_tried_again_also_after_a_crash(url: str) -> None:
    killed = subprocess.Popen([sys.executable, "-c", STANDS, url], stdout=subprocess.PIPE, text=True)
    assert killed.stdout is not None
    with killed:
        assert [killed.stdout.readline().split() for _ in range(2)] == [["o1", "1"], ["o1", "2"]]
        killed.send_signal(signal.SIGKILL)
    seen: list[tuple[str, int]] = []

    def attempt(id: str, number: int) -> float | None:
        seen.append((id, number))
        return 0.01 if number < 4 else None

    with Engine(url, "worker-0", attempt) as made:
        made.submit("o1", "o1.0")
        made.submit("o2", "o2.0")
        assert made.done("o3.0") is None
        assert drained(made, 20)
        assert made.done("o1.0") and made.waiting() == 0
    assert [n for id, n in seen if id == "o1"] == [2, 3, 4]
    assert [n for id, n in seen if id == "o2"] == [1, 2, 3, 4]


def test_a_database_that_is_none_is_not_touched(tmp_path: Path) -> None:
    file = tmp_path / "engine.sqlite"
    file.write_text("mine, and no database at all" * 100)
    with pytest.raises(TrainError, match="no database"), Engine(f"sqlite:///{file}", "w", lambda id, n: None):
        pass
    assert file.read_text().startswith("mine")


def test_only_known_databases(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="sqlite or postgresql"):
        engine.prepare("mysql://example.org/x")


def test_a_server_that_is_not_there_is_said_without_its_password() -> None:
    begun = time.monotonic()
    with (
        pytest.raises(TrainError, match="cannot be used") as e,
        Engine("postgresql://ada:pw@127.0.0.1:1/x?connect_timeout=2", "w", lambda id, n: None),
    ):
        pass
    assert "pw" not in e.value.place + e.value.message
    assert time.monotonic() - begun < 30
