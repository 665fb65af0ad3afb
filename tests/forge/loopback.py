"""HTTP on loopback: requests are read, answered by the fake, and spoilt by its faults."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from tests.forge import access, faults, graphql
from tests.forge.calls import Answer
from tests.forge.faults import ANSWERS, Fault, Request

if TYPE_CHECKING:
    from tests.forge.server import Forge

# GraphQL stands beside the API, on an enterprise's server too.
GRAPHQL = ("/graphql", "/api/graphql")


class Server(ThreadingHTTPServer):
    """Listens on loopback; can break a connection, and leaves none open."""

    daemon_threads = True
    request_queue_size = 64
    forge: Forge

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.open: set[socket.socket] = set()
        self.broken: set[socket.socket] = set()

    def serve_forever(self, poll_interval: float = 0.02) -> None:
        sys.settrace(None)  # coverage measures the product, not what stands for its forge
        super().serve_forever(poll_interval)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        sys.settrace(None)
        super().process_request_thread(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        if request in self.broken:
            # Closing without a farewell lets the system send a reset.
            self.broken.discard(request)
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        self.forge.violations.append(f"the fake broke: {traceback.format_exc()}")

    def stop(self) -> None:
        self.shutdown()
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """Reads a request, lets go wrong what is planned, and sends the answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.connection)

    def handle(self) -> None:
        # A client may go away, be killed, or be cut off by a fault at any time.
        with contextlib.suppress(ConnectionError, TimeoutError):
            super().handle()

    def finish(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        forge = self.server.forge
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        address = urlsplit(self.path)
        path = address.path.removeprefix(forge.prefix)
        operation = graphql.operation(raw) if path in GRAPHQL else ""
        writes = operation == "mutation" if path in GRAPHQL else self.command not in ("GET", "HEAD")
        with forge.lock:
            request = Request(len(forge.requests) + 1, self.command, path, address.query, writes, operation)
            forge.requests.append(request)
            fault = forge.faults.take(request)
            request.fault = fault.kind if fault else ""
        if fault and fault.kind in faults.GRAPH:
            return self._send(request, Answer(200, faults.BODIES[fault.kind]), {})
        if fault and fault.kind in faults.BEFORE and not self._before(request, fault):
            return
        answer, limits = forge.answer(request, dict(self.headers), raw)
        if fault and fault.kind in faults.AFTER:
            self._after(request, fault, answer, limits)
        else:
            self._send(request, answer, limits)

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET

    def _before(self, request: Request, fault: Fault) -> bool:
        """Let it go wrong before anything happened; tell whether to go on."""
        if fault.call:
            fault.call(request)
            return True
        if fault.kind == "reset before":
            self._reset()
        elif fault.kind == "rate":
            refused = access.exceeded()
            limits = self.server.forge.limits.headers("core") | {"X-RateLimit-Remaining": "0"}
            self._send(request, Answer(refused.status, {"message": refused.message}), limits)
        else:
            self._send_fault(request, fault.kind)
        return False

    def _after(self, request: Request, fault: Fault, answer: Answer, limits: dict[str, str]) -> None:
        """Let it go wrong although everything happened."""
        if fault.call:
            fault.call(request)
            self._send(request, answer, limits)
        elif fault.kind == "reset after":
            self._reset()
        elif fault.kind in ("slow", "truncated", "malformed"):
            self._send(request, answer, limits, fault.kind)
        else:
            self._send_fault(request, fault.kind)

    def _send_fault(self, request: Request, kind: str) -> None:
        status, message, headers = ANSWERS[kind]
        self._send(
            request, Answer(status, {"message": message}, dict(headers)), self.server.forge.limits.headers("core")
        )

    def _send(self, request: Request, answer: Answer, limits: dict[str, str], how: str = "") -> None:
        request.status = answer.status
        body = b"" if answer.body is None else msgspec.json.encode(answer.body)
        if how == "malformed":
            body = body[: len(body) // 2] + b"<html>"
        self.send_response(answer.status)
        for name, value in {**limits, **answer.headers}.items():
            self.send_header(name, value)
        if body:
            self.send_header("Content-Type", "application/json; charset=utf-8")
        if answer.status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if how == "truncated":
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        elif how == "slow":
            for start in range(0, len(body), 1 + len(body) // 4):
                self.wfile.write(body[start : start + 1 + len(body) // 4])
                self.wfile.flush()
                time.sleep(self.server.forge.faults.pause)
        else:
            self.wfile.write(body)
        self.wfile.flush()

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.server.broken.add(self.connection)
        self.close_connection = True
