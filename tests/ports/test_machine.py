"""The machine: figures of the system and of a process tree, from real processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agenticops.ports import machine
from agenticops.ports.machine import Machine

BUSY = "import time\nkept = bytearray(60_000_000)\nprint('up', flush=True)\nwhile True: pass\n"


def test_the_system_has_something_in_use(tmp_path: Path) -> None:
    found = Machine(str(tmp_path)).read()
    assert 0 < found.memory_share <= 100 and found.memory > 1 and found.disk > 0
    assert 0 <= found.cpu <= 100 and 0 <= found.disk_share <= 100 and found.network >= 0


def test_a_tree_is_measured_with_what_is_below_it(tmp_path: Path) -> None:
    nest = f"import subprocess, sys\np = subprocess.Popen([sys.executable, '-c', {BUSY!r}])\np.wait()\n"
    with subprocess.Popen([sys.executable, "-c", nest], stdout=subprocess.PIPE, start_new_session=True) as top:
        try:
            assert top.stdout is not None and top.stdout.readline() == b"up\n"
            one = Machine(str(tmp_path), top.pid)
            time.sleep(0.3)
            found = one.read()
        finally:
            os.killpg(top.pid, 9)
    assert found.memory > 60 and found.memory_share > 0
    assert found.cpu > 0, "the child is busy, not the process itself"


def test_a_process_that_is_gone_uses_nothing(tmp_path: Path) -> None:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    found = Machine(str(tmp_path), done.pid).read()
    assert (found.cpu, found.memory, found.connections) == (0, 0, 0) and found.disk > 0


def test_connections_to_databases_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        one = Machine(str(tmp_path), os.getpid())
        with socket.create_connection(("127.0.0.1", port)):
            before = one.read().connections
            monkeypatch.setattr(machine, "DATABASES", frozenset((port,)))
            assert one.read().connections == before + 1
        assert one.read().connections == before
