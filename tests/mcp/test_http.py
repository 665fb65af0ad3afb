"""The server over HTTP: on this machine only, for those who hold the token."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
from pathlib import Path
from typing import Any

from tests.served import TIMEOUT, OnPort, needs_sdk, on_port
from tests.stations import SHAPE, Board, data
from tests.support import cli, thorough

needs_sdk()

LIST = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
TOKEN = "a token of some length".replace(" ", "-")


def ask(server: OnPort, body: str | bytes = LIST, **headers: str | bytes | None) -> tuple[int, dict[str, str], bytes]:
    """Post by hand; `None` leaves a header out."""
    given: dict[str, Any] = {
        "Authorization": f"Bearer {server.token}",
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        **headers,
    }
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT)
    try:
        connection.putrequest("POST", "/mcp", skip_host="Host" in given)
        for name, value in given.items():
            if value is not None:
                connection.putheader(name, value)
        raw = body.encode() if isinstance(body, str) else body
        connection.putheader("Content-Length", str(len(raw)))
        connection.endheaders(raw)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def by_http(server: OnPort, script: Any) -> Any:
    """Run a script with the SDK's own client."""
    import anyio
    import httpx2
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client

    async def main() -> Any:
        bearer = {"Authorization": f"Bearer {server.token}"}
        async with (
            httpx2.AsyncClient(headers=bearer, timeout=TIMEOUT, trust_env=False) as web,
            Client(streamable_http_client(server.url, http_client=web), read_timeout_seconds=TIMEOUT) as client,
        ):
            return await script(client)

    return anyio.run(main)


def test_a_ticket_is_worked_by_the_sdk_client(at: Board) -> None:
    repo = at("tiny-ready")

    async def script(client: Any) -> tuple[Any, Any, int]:
        checked = await client.call_tool("check", {"ticket": SHAPE})
        moved = await client.call_tool("advance", {"ticket": SHAPE, "to": "build", "commit": True})
        assert (await client.read_resource("train://status")).contents[0].mime_type == "application/json"
        assert [p.name for p in (await client.list_prompts()).prompts] == ["plan", "make"]
        return checked, moved, len((await client.list_tools()).tools)

    with on_port(repo) as server:
        checked, moved, count = by_http(server, script)
        code, rest = server.end()
    assert checked.structured_content["holds"] and not moved.is_error and count == 8
    assert data(repo, "status")["tickets"][0]["id"] == "build_142"
    assert (code, rest) == (0, "")


@thorough
def test_it_listens_here_only_and_says_where_once(at: Board) -> None:
    with on_port(at("tiny")) as server:
        assert server.url == f"http://127.0.0.1:{server.port}/mcp" and len(server.token) >= 32
        listening = Path(f"/proc/{server.process.pid}/net/tcp")
        if listening.exists():
            rows = [r.split() for r in listening.read_text().splitlines()[1:]]
            local = [r[1] for r in rows if r[3] == "0A" and r[1].endswith(f":{server.port:04X}")]
            assert local == [f"0100007F:{server.port:04X}"]
        assert ask(server)[0] == 200
        code, rest = server.end(signal.SIGINT)
        assert server.process.stdout and (code, rest) == (0, "")


def test_without_the_token_nothing_is_answered(at: Board) -> None:
    wrong = ["", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", f"Bearer  {TOKEN}"]
    with on_port(at("tiny"), token=TOKEN) as server:
        for value in (None, *wrong, "Bearer sch\xf6n".encode("latin-1")):
            status, headers, body = ask(server, Authorization=value)
            assert status == 401 and headers["www-authenticate"] == "Bearer", value
            assert json.loads(body) == {"error": "a bearer token is required"}
        assert ask(server, "x" * 100, Authorization="Bearer wrong")[0] == 401
        assert ask(server, Authorization=f"bearer {TOKEN}")[0] == 200


def test_another_host_another_page_and_a_large_body_are_refused(at: Board) -> None:
    with on_port(at("tiny"), token=TOKEN) as server:
        for host, status in (
            (f"127.0.0.1:{server.port}", 200),
            (f"localhost:{server.port}", 200),
            ("127.0.0.1", 421),
            (f"127.0.0.1:{server.port}.evil.example", 421),
            (f"evil.example:{server.port}", 421),
        ):
            assert ask(server, Host=host)[0] == status, host
        for origin, status in (
            (f"http://127.0.0.1:{server.port}", 200),
            ("http://127.0.0.1:1", 403),
            ("https://evil.example", 403),
            ("null", 403),
        ):
            assert ask(server, Origin=origin)[0] == status, origin
        assert ask(server, b" " * (1024 * 1024 + 1))[0] == 413
        for body in ("", "{", "[" * 50_000, "null", '{"jsonrpc": "2.0"}'):
            assert ask(server, body)[0] == 400, body[:20]
        assert ask(server)[0] == 200, "and it goes on"
        code, rest = server.end()
    assert code == 0 and "Traceback" not in rest


@thorough
def test_the_token_comes_from_a_file_or_the_environment(at: Board, tmp_path: Path) -> None:
    repo = at("tiny")
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    with on_port(repo, "--token-file", str(file), token="x" * 20) as server:
        assert server.token == "x" * 20, "nothing is printed of a token that was given"
        assert ask(server)[0] == 401 and ask(server, Authorization=f"Bearer {TOKEN}")[0] == 200
    for content, code, said in (
        ("short", 2, "16 or more characters"),
        ("", 2, "16 or more characters"),
        ("with spaces in it, and long", 2, "16 or more characters"),
        ("x" * 20 + "\x00", 2, "16 or more characters"),
    ):
        file.write_text(content)
        found, out, err = cli(repo, "mcp", "--http", "--token-file", str(file))
        assert (found, out) == (code, "") and said in err and "next  " in err
        assert not content.strip() or content.strip() not in err
    file.write_bytes(b"\xff" * 20)
    assert cli(repo, "mcp", "--http", "--token-file", str(file))[0] == 1
    found, out, err = cli(repo, "mcp", "--http", "--token-file", str(tmp_path / "none"))
    assert (found, out) == (1, "") and "No such file" in err


@thorough
def test_a_port_that_is_taken_is_an_error_and_another_one_is_free(at: Board) -> None:
    repo = at("tiny")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, out, err = cli(repo, "mcp", "--http", "--port", str(taken.getsockname()[1]))
        assert (code, out) == (1, "") and "cannot be had" in err and "leave --port out" in err
        with on_port(repo) as one, on_port(repo) as two:
            assert one.port != two.port and one.token != two.token
            assert ask(one)[0] == ask(two)[0] == 200
            assert ask(one, Authorization=f"Bearer {two.token}")[0] == 401
    assert "AGENTICOPS_MCP_TOKEN" not in os.environ


@thorough
def test_a_client_that_hangs_up_does_not_stop_it(at: Board) -> None:
    repo = at("tiny-working")
    call = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "session_note", "arguments": {"kind": "note", "text": "gone"}},
    }
    with on_port(repo, token=TOKEN) as server:
        body = json.dumps(call).encode()
        head = (
            f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {TOKEN}\r\n"
            "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
        )
        with socket.create_connection(("127.0.0.1", server.port), TIMEOUT) as line:
            line.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        with socket.create_connection(("127.0.0.1", server.port), TIMEOUT) as line:
            line.sendall(f"{head}Content-Length: 1000\r\n\r\n".encode() + b"{")
        assert ask(server)[0] == 200
        code, rest = server.end()
    assert code == 0 and "Traceback" not in rest
    assert data(repo, "session", "show")["session"]["notes"] in ([], ["gone"])
