"""The web: what may be asked is asked once; what is inside, redirects, hangs or floods is not believed."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from agenticops.errors import RemoteError, UsageError
from agenticops.ports import web
from agenticops.ports.web import Request


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: ClassVar[list[tuple[str, str, dict[str, str], bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.append((self.command, self.path, dict(self.headers), body))
        if self.path == "/hang":
            time.sleep(1.0)
            return
        if self.path == "/drip":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            for _ in range(20):
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.05)
            return
        status = {"/moved": 302, "/busy": 503}.get(self.path, 200)
        answer = b"x" * (web.MOST + 10) if self.path == "/flood" else b'{"id": 7}'
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:1/inside")
        if status == 503:
            self.send_header("Retry-After", "7")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Receiver.seen = []
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    httpd.daemon_threads = True
    thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
    thread.start()
    yield f"127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def test_a_request_is_signed_and_has_a_key(server: str) -> None:
    request = Request(f"http://{server}/hook?a=1", b'{"a": 1}', key="k1", secret="s3", at=1_700_000_000)
    answer = web.send(request, [server])
    assert (answer.status, answer.body, answer.kind, answer.accepted) == (200, b'{"id": 7}', "application/json", True)
    ((method, path, headers, body),) = Receiver.seen
    assert (method, path, body, headers["Idempotency-Key"]) == ("POST", "/hook?a=1", b'{"a": 1}', "k1")
    assert headers["X-Agenticops-Signature"] == web.sign("s3", 1_700_000_000, body)
    assert headers["Host"] == server


def test_a_redirect_is_not_followed(server: str) -> None:
    answer = web.send(Request(f"http://{server}/moved"), [server])
    assert (answer.status, answer.accepted, len(Receiver.seen)) == (302, False, 1)


def test_what_a_busy_server_asks_for(server: str) -> None:
    assert web.send(Request(f"http://{server}/busy"), [server]).wait == 7.0


@pytest.mark.parametrize("path", ["hang", "drip"])
def test_the_time_is_limited_in_all(server: str, path: str) -> None:
    begun = time.monotonic()
    with pytest.raises(RemoteError, match=r"within 0\.2 s"):
        web.send(Request(f"http://{server}/{path}"), [server], seconds=0.2)
    assert time.monotonic() - begun < 0.9


def test_an_answer_without_end_is_not_read(server: str) -> None:
    with pytest.raises(RemoteError, match="more than 1 MB"):
        web.send(Request(f"http://{server}/flood"), [server])


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "127.1", "0x7f.1", "2130706433", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1",
     "169.254.169.254", "100.64.0.1", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]", "192.168.0.1"],
)  # fmt: skip
def test_what_lies_inside_is_not_asked(server: str, host: str) -> None:
    port = server.partition(":")[2]
    with pytest.raises((UsageError, RemoteError), match=r"not public|has no address"):
        web.send(Request(f"http://{host}:{port}/hook"), seconds=1)
    assert Receiver.seen == []


@pytest.mark.parametrize("allowed", ["127.0.0.0/8", "127.0.0.1"])
def test_what_is_allowed_by_name_is_asked(server: str, allowed: str) -> None:
    assert web.send(Request(f"http://{server}/hook"), ["10.0.0.0/8", allowed]).accepted


def test_a_name_is_resolved_once(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    port = int(server.partition(":")[2])
    asked: list[str] = []

    def resolve(host: str, *args: object, **named: object) -> list[tuple[object, ...]]:
        asked.append(host)
        place = "127.0.0.1" if len(asked) == 1 else "10.0.0.1"
        return [(2, 1, 6, "", (place, port))]

    monkeypatch.setattr(web.socket, "getaddrinfo", resolve)
    monkeypatch.setattr(web, "public", lambda address: str(address) == "127.0.0.1")
    monkeypatch.setattr(web._Pinned, "connect", _connect_without_resolving)
    assert web.send(Request(f"http://hooks.example.org:{port}/hook")).accepted
    assert asked == ["hooks.example.org"]


def _connect_without_resolving(self: web._Pinned) -> None:
    sock = web.socket.socket()
    sock.connect((self.address, self.port))
    self.sock = self.line = sock


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://example.org/x", "only http and https"),
        ("https://", "only http and https"),
        ("https://ada:pw@example.org/", "password"),
        ("https://example.org:99999/", "no URL"),
        ("https://example.org/a b", "no URL"),
        ("https://example.org/\r\nX: 1", "no URL"),
    ],
)
def test_what_is_no_url(url: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        web.refuse(url)


def test_public_addresses() -> None:
    assert web.public(ipaddress.ip_address("93.184.216.34"))
    assert web.public(ipaddress.ip_address("2606:2800:220:1::1"))
    assert not web.public(ipaddress.ip_address("224.0.0.1"))


def test_nobody_answers() -> None:
    with pytest.raises(RemoteError, match="did not take it"):
        web.send(Request("http://127.0.0.1:1/x"), ["127.0.0.1"], seconds=1)


@pytest.mark.parametrize(
    "address",
    ["::7f00:1", "::ffff:0:7f00:1", "fec0::1", "4000::1", "::ffff:224.0.0.1", "64:ff9b::a9fe:a9fe", "2001:0:7f00:1::",
     "2001:db8::1", "fd00::1", "ff02::1", "198.18.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1"],
)  # fmt: skip
def test_addresses_that_are_given_out_to_nobody(address: str) -> None:
    assert not web.public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "headers",
    [{"A": "x\r\nEvil: 1"}, {"A": "Bearer s3cret\n"}, {"A\r\nB": "x"}, {"": "x"}, {"A": "x" * 5000}, {"A": "\u2026"}],
)
def test_a_header_that_would_end_early_is_refused_and_its_value_not_said(server: str, headers: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="is no header") as caught:
        web.send(Request(f"http://{server}/hook", headers=headers), [server])
    assert "s3cret" not in str(caught.value)
    assert Receiver.seen == []


def test_headers_that_are_given_take_the_place_of_ours_and_none_says_how_long_it_is(server: str) -> None:
    given = {"content-type": "text/plain", "Transfer-Encoding": "chunked", "HOST": "inside", "Content-Length": "1"}
    web.send(Request(f"http://{server}/hook", b"abc", headers=given, secret="s", at=1), [server])
    ((_, _, headers, body),) = Receiver.seen
    assert body == b"abc"
    assert headers["Host"] == server
    assert [headers[name] for name in headers if name.casefold() == "content-type"] == ["text/plain"]
    assert "Transfer-Encoding" not in headers


def test_what_is_no_ascii_is_written_as_a_browser_would(server: str) -> None:
    web.send(Request(f"http://{server}/größe%20a?n=ü"), [server])
    assert [path for _, path, *_ in Receiver.seen] == ["/gr%C3%B6%C3%9Fe%20a?n=%C3%BC"]


@pytest.mark.parametrize(
    "host", ["127。0。0。1", "１２７.0.0.1", "ⓛocalhost", "[::7f00:1]", "localhost.", "127.0.0.1.", "017700000001"]
)
def test_other_writings_of_what_lies_inside(server: str, host: str) -> None:
    port = server.partition(":")[2]
    with pytest.raises((UsageError, RemoteError), match=r"not public|has no address|no URL"):
        web.send(Request(f"http://{host}:{port}/hook"), seconds=1)
    assert Receiver.seen == []


def test_no_proxy_of_the_environment_is_used(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert web.send(Request(f"http://{server}/hook"), [server]).accepted


def test_a_connection_that_stands_too_late_is_not_used(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connected = web.socket.create_connection

    def slow(*args: object) -> object:
        time.sleep(0.15)
        return connected(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(web.socket, "create_connection", slow)
    with pytest.raises(RemoteError, match=r"within 0\.1 s"):
        web.send(Request(f"http://{server}/drip"), [server], seconds=0.1)
    assert Receiver.seen == []


def test_a_receiver_checks_the_signature_as_the_page_says(server: str) -> None:
    page = (Path(__file__).parents[2] / "docs/how-to/worker.md").read_text()
    place: dict[str, Any] = {}
    exec(page.split("```python\n")[1].split("```")[0], place)
    web.send(Request(f"http://{server}/hook", "größe".encode(), secret="s3", at=int(time.time())), [server])
    web.send(Request(f"http://{server}/hook", "größe".encode(), secret="s3", at=1_700_000_000), [server])
    (_, _, headers, body), (_, _, old, _) = Receiver.seen
    assert place["genuine"]("s3", headers, body)
    assert not place["genuine"]("s4", headers, body)
    assert not place["genuine"]("s3", headers, body + b" ")
    assert not place["genuine"]("s3", old, body)
