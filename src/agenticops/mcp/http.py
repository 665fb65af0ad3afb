"""HTTP: the server on a port of this machine, for those who hold the token."""

from __future__ import annotations

import hmac
import json
import os
import secrets
import signal
import socket
import sys
from typing import Any

import uvicorn
from mcp.server.transport_security import TransportSecuritySettings

from agenticops.errors import TrainError, UsageError
from agenticops.mcp.server import GRACE, Face, log_aside

HOST = "127.0.0.1"
PATH = "/mcp"
TOKEN = "AGENTICOPS_MCP_TOKEN"
# Characters of a token that nobody guesses.
SHORTEST = 16
# Bytes of one request: arguments are texts of the train, none of which is larger.
LARGEST = 1024 * 1024


class Guarded:
    """An application that only those may call who hold the token."""

    def __init__(self, app: Any, token: str) -> None:
        self.app = app
        self.expected = b"Bearer " + token.encode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Let a request through, or answer 401."""
        if scope["type"] == "http" and not self._may(scope["headers"]):
            headers = [(b"content-type", b"application/json"), (b"www-authenticate", b"Bearer")]
            await send({"type": "http.response.start", "status": 401, "headers": headers})
            await send({"type": "http.response.body", "body": b'{"error": "a bearer token is required"}'})
            return
        await self.app(scope, receive, send)

    def _may(self, headers: list[tuple[bytes, bytes]]) -> bool:
        given = [value for name, value in headers if name == b"authorization"]
        return len(given) == 1 and hmac.compare_digest(_scheme(given[0]), self.expected)


def _scheme(value: bytes) -> bytes:
    """Write the scheme as we do: its letters may be large or small."""
    return b"Bearer " + value[7:] if value[:7].lower() == b"bearer " else value


def serve(face: Face, port: int, token_file: str) -> int:
    """Serve until a signal. One line of JSON on stderr says where, and gives the token if it was made here."""
    token, made = _token(token_file)
    listener = _listen(port)
    port = listener.getsockname()[1]
    security = TransportSecuritySettings(
        allowed_hosts=[f"{HOST}:{port}", f"localhost:{port}"],
        allowed_origins=[f"http://{HOST}:{port}", f"http://localhost:{port}"],
    )
    # Every answer is whole and no session is kept: a client that goes away leaves nothing behind.
    app = face.server().streamable_http_app(
        streamable_http_path=PATH,
        json_response=True,
        stateless_http=True,
        max_request_body_size=LARGEST,
        transport_security=security,
    )
    ready = {"url": f"http://{HOST}:{port}{PATH}", **({"token": token} if made else {})}
    config = uvicorn.Config(
        Guarded(app, token),
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE,
    )
    server = uvicorn.Server(config)
    log_aside()
    # Uvicorn ends in order on these and then raises them once more: that time they are known.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    sys.stderr.write(json.dumps(ready) + "\n")
    sys.stderr.flush()
    server.run(sockets=[listener])
    return 0


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()
    except OSError as e:
        listener.close()
        reason = os.strerror(e.errno or 0)
        raise TrainError(f"port {port} cannot be had: {reason}", hint="leave --port out for a free one") from None
    return listener


def _token(file: str) -> tuple[str, bool]:
    """Find the token, or make one; tells whether it was made."""
    if file:
        try:
            with open(file, encoding="utf-8") as f:
                token = f.read().strip()
        except (OSError, UnicodeDecodeError) as e:
            reason = os.strerror(e.errno or 0) if isinstance(e, OSError) else "it is not UTF-8"
            raise TrainError(
                f"the token was not read: {reason}", place=file, hint="name a file with the token"
            ) from None
    else:
        token = os.environ.get(TOKEN, "").strip()
    if not token and not file:
        return secrets.token_urlsafe(32), True
    if len(token) < SHORTEST or not token.isprintable() or " " in token:
        raise UsageError(
            f"the token wants {SHORTEST} or more characters without spaces",
            hint='python -c "import secrets; print(secrets.token_urlsafe(32))"',
        )
    return token, False
