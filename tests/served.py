"""Servers for agents, as real processes: by the SDK's own client, and by bare lines where a client is too polite."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.support import CONSOLE_SCRIPT

T = TypeVar("T")
TIMEOUT = 30
HELLO = [
    {
        "jsonrpc": "2.0",
        "id": 0,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "bare", "version": "1"},
        },
    },
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
]


def needs_sdk() -> None:
    """Skip a module where the extra is not installed."""
    pytest.importorskip("mcp", reason='the SDK is not installed: pip install "agenticops[mcp]"')


def by_stdio(folder: Path, script: Callable[[Any], Awaitable[T]], *options: str, mode: str = "auto") -> T:
    """Run a script with a client of a server over stdin and stdout; its stderr holds no traceback."""
    import anyio
    from mcp import Client, StdioServerParameters, stdio_client

    async def main(errors: Any) -> T:
        told = StdioServerParameters(command=CONSOLE_SCRIPT, args=["mcp", *options], cwd=folder, env=dict(os.environ))
        async with Client(stdio_client(told, errlog=errors), mode=mode, read_timeout_seconds=TIMEOUT) as client:
            return await script(client)

    with tempfile.TemporaryFile("w+") as errors:
        found = anyio.run(main, errors)
        errors.seek(0)
        complaints = errors.read()
    assert "Traceback" not in complaints, complaints
    return found


class Bare:
    """A server over stdin and stdout, spoken to in lines; whatever it prints has to be JSON-RPC."""

    def __init__(self, folder: Path, *options: str, env: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [CONSOLE_SCRIPT, "mcp", *options],
            cwd=folder,
            env={**os.environ, **(env or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.lines: queue.Queue[bytes] = queue.Queue()
        self.ended: tuple[int, str] | None = None
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for row in self.process.stdout:
            self.lines.put(row)
        self.lines.put(b"")

    def say(self, *messages: dict[str, Any] | bytes) -> None:
        assert self.process.stdin
        for message in messages:
            self.process.stdin.write((message if isinstance(message, bytes) else json.dumps(message).encode()) + b"\n")
        self.process.stdin.flush()

    def hear(self, id: int) -> dict[str, Any]:
        """Wait for the answer to a request."""
        while True:
            row = self.lines.get(timeout=TIMEOUT)
            assert row, "the server has ended"
            found = json.loads(row)
            assert found["jsonrpc"] == "2.0"
            if found.get("id") == id:
                return dict(found)

    def ask(self, id: int, method: str, **params: Any) -> dict[str, Any]:
        self.say({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
        return self.hear(id)

    def end(self) -> tuple[int, str]:
        """Close stdin, wait for the end; gives exit code and stderr."""
        if self.ended is not None:
            return self.ended
        assert self.process.stdin and self.process.stderr
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait(TIMEOUT)
        self.reader.join(TIMEOUT)
        errors = self.process.stderr.read().decode()
        self.process.stderr.close()
        assert self.process.stdout
        self.process.stdout.close()
        self.ended = self.process.returncode, errors
        return self.ended


@contextlib.contextmanager
def bare(folder: Path, *options: str, env: dict[str, str] | None = None) -> Iterator[Bare]:
    """Start a server, greet it, and see to its end."""
    server = Bare(folder, *options, env=env)
    try:
        server.say(*HELLO)
        server.hear(0)
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
        server.end()


class OnPort:
    """A server over HTTP."""

    def __init__(self, process: subprocess.Popen[str], url: str, token: str) -> None:
        self.process, self.url, self.token = process, url, token
        self.port = int(url.split(":")[2].split("/")[0])

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=TIMEOUT)
        return self.process.returncode, errors


@contextlib.contextmanager
def on_port(folder: Path, *options: str, token: str = "") -> Iterator[OnPort]:
    """Serve over HTTP on a free port; the first line of stderr says where."""
    environment = {**os.environ, **({"AGENTICOPS_MCP_TOKEN": token} if token else {})}
    with subprocess.Popen(
        [CONSOLE_SCRIPT, "mcp", "--http", *options],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr
            ready = json.loads(process.stderr.readline())
            yield OnPort(process, ready["url"], ready.get("token", token))
        finally:
            if process.poll() is None:
                process.kill()
