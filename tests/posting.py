"""Receivers of deliveries on loopback, and what puts something into the outbox: real HTTP, real SMTP, real git."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from agenticops.core import executables, outbox
from agenticops.core.automation import PATH
from agenticops.flows import trust
from agenticops.workspace import Workspace
from tests.stations import Board
from tests.support import commit_all, git, write


class Web:
    """What a receiver of webhooks was sent. What it answers stands in the path: /503,200 is 503 first, then 200."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, str], Any]] = []
        self.turn = threading.Lock()
        # When the last request of each key came (milliseconds).
        self.last: dict[str, int] = {}
        self.url = ""

    def keys(self) -> Counter[str]:
        """Count the requests by their idempotency key."""
        with self.turn:
            return Counter(headers["Idempotency-Key"] for _, headers, _ in self.seen)

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """Note a request; give the status of its answer."""
        with self.turn:
            key = headers.get("Idempotency-Key", "")
            before = sum(1 for _, known, _ in self.seen if known.get("Idempotency-Key") == key)
            self.seen.append((path, headers, json.loads(body) if body else None))
            self.last[key] = time.time_ns() // 1_000_000
        wanted = [int(code) for code in path.strip("/").split("/")[0].split(",") if code.isdigit()]
        return wanted[min(before, len(wanted) - 1)] if wanted else 200


@contextmanager
def web() -> Iterator[Web]:
    """Serve on loopback."""
    found = Web()

    class Receiver(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status = found.answer(self.path, dict(self.headers), body)
            if self.path == "/hang":
                time.sleep(1.0)
                self.close_connection = True
                return
            answer = b'{"id": 7, "customer": {"name": "Ada"}, "token": "x"}'
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"{found.url}/inside")
            if status == 429:
                self.send_header("Retry-After", "3600")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.daemon_threads = True
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Mail:
    """What a mail server was handed."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.last: dict[str, int] = {}
        self.port = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Take a message."""
        self.mails.append(message_from_bytes(envelope.content))
        self.last[self._key(self.mails[-1])] = time.time_ns() // 1_000_000
        return "250 OK"

    def keys(self) -> Counter[str]:
        """Count the messages by the part of their Message-ID that is the delivery's."""
        return Counter(self._key(mail) for mail in self.mails)

    def _key(self, mail: Any) -> str:
        return str(mail["Message-ID"]).strip("<>").partition("@")[0]


@contextmanager
def mail() -> Iterator[Mail]:
    """Serve on loopback."""
    import socket

    found = Mail()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found.port = probe.getsockname()[1]
    controller = Controller(found, hostname="127.0.0.1", port=found.port)
    controller.start()
    try:
        yield found
    finally:
        controller.stop()


def settings(repo: Path, web: Web | None = None, mail: Mail | None = None, more: str = "") -> None:
    """Write the settings that let the worker reach these receivers, and try again quickly."""
    text = "schema: 1\n\nretries:\n  attempts: 4\n  first: 0.02\n  factor: 1.5\n\nwebhooks:\n  seconds: 0.5\n"
    text += f'  allow: ["{web.url.removeprefix("http://")}"]\n' if web else ""
    text += (
        f"\nmail:\n  host: 127.0.0.1\n  port: {mail.port}\n  tls: never\n  sender: train@example.org\n" if mail else ""
    )
    write(repo, PATH, f"{text}\n{more}")
    trusted(repo)


def trusted(repo: Path) -> None:
    """Trust what the repository reaches: its secrets, addresses inside, the mail server, and agents."""
    here = Workspace(str(repo))
    trust.give(here, [t.executable for t in trust.listing(here) if executables.is_reach(t.executable.place)])


def put(repo: Path, channel: str, payload: dict[str, Any], name: str = "f1", commit: bool = True) -> str:
    """Put something into the outbox; give its id."""
    draft = outbox.add(channel, payload, name, 1)
    with Workspace(str(repo)).transaction("test") as tx:
        tx.append(draft)
    if commit:
        commit_all(repo)
    return draft.subject.partition("/")[2]


def outcomes(repo: Path, id: str) -> list[str]:
    """List what the log says of a delivery."""
    return [e.kind.removeprefix("outbox_") for e in Workspace(str(repo)).log.of_subject(f"outbox/{id}")]


def head(repo: Path) -> str:
    """Give the commit's id."""
    return git(repo, "rev-parse", "HEAD").strip()


@pytest.fixture(scope="module", name="web")
def served() -> Iterator[Web]:
    """A receiver for the tests of a module."""
    with web() as found:
        yield found


@pytest.fixture(name="repo")
def outpost(at: Board, web: Web) -> Path:
    """A tiny train that posts to the receiver."""
    web.seen = []
    path = at("tiny")
    settings(path, web)
    return path
