"""The web: sends one request to a place that may be asked, and to no other. ADR 0039.

The name is resolved once, every address must be public or be allowed by name, and the connection goes to just that
address: a name that resolves to something else meanwhile leads nowhere. No redirect is followed, no proxy is used.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from urllib.parse import quote, urlsplit

from msgspec import Struct

from agenticops import __version__
from agenticops.errors import RemoteError, UsageError

SECONDS = 10.0
# More of an answer than this is not read.
MOST = 1_000_000
LONGEST = 4096
_WRITTEN = "".join(map(chr, range(33, 127)))
METHODS = ("POST", "PUT", "PATCH", "GET", "DELETE")
# Parts of IPv6 in which an IPv4 address stands that the connection would really reach.
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
# Of IPv6 nothing else is given out; much of the rest is taken for public by Python, and leads inside.
_UNICAST = ipaddress.ip_network("2000::/3")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# Latin-1 without controls: what else stands in a header ends it.
_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
# What says how long a request is: that is known here.
_OURS = ("host", "content-length", "transfer-encoding", "connection")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Request(Struct, frozen=True):
    """What is to be sent. `secret` signs the body; `key` lets the receiver know one delivery from another."""

    url: str
    body: bytes = b""
    method: str = "POST"
    headers: Mapping[str, str] = {}
    key: str = ""
    secret: str = ""
    at: int = 0


class Answer(Struct, frozen=True):
    """What came back; a redirect is an answer like any other."""

    status: int
    body: bytes
    kind: str = ""
    wait: float | None = None

    @property
    def accepted(self) -> bool:
        """Tell whether the receiver took it."""
        return 200 <= self.status < 300


def send(request: Request, allowed: Sequence[str] = (), seconds: float = SECONDS) -> Answer:
    """Send a request and give the answer, within so many seconds in all.

    `allowed` names hosts, networks (CIDR) or `host:port` that may be asked although they are not public. Raises
    UsageError for a URL that may not be asked, RemoteError when nobody answers in time.
    """
    scheme, host, port, target = _parts(request)
    headers = _headers(request)
    address = _resolved(host, port, allowed)
    connection = _Pinned(host, port, str(address), seconds, scheme == "https")
    # A receiver that sends a byte now and then would hold a time limit of each read off for ever.
    watch = threading.Timer(seconds, connection.cut)
    watch.daemon = True
    watch.start()
    try:
        connection.request(request.method, target, request.body or None, headers)
        answer = connection.getresponse()
        body = answer.read(MOST + 1)
        if connection.late:
            raise TimeoutError
        if len(body) > MOST:
            raise RemoteError(f"{host} answered with more than {MOST // 1_000_000} MB")
        return Answer(answer.status, body, answer.headers.get_content_type(), _wait(answer.getheader("Retry-After")))
    except (OSError, http.client.HTTPException, ValueError) as e:
        late = connection.late or isinstance(e, TimeoutError)
        why = f"no answer within {seconds:g} s" if late else str(e) or type(e).__name__
        raise RemoteError(f"{host}:{port} did not take it: {why}") from None
    finally:
        watch.cancel()
        connection.close()


def sign(secret: str, at: int, body: bytes) -> str:
    """Sign a body and the time in seconds at which it is sent: HMAC-SHA256 over `<time>.<body>`."""
    return "sha256=" + hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def refuse(url: str) -> None:
    """Raise UsageError for a URL that is none, or of which no address could ever be asked."""
    _parts(Request(url))


def public(address: Address) -> bool:
    """Tell whether an address is one of the public internet, whatever it is wrapped in."""
    inner = _unwrapped(address)
    if isinstance(inner, ipaddress.IPv6Address) and inner not in _UNICAST:
        return False
    return inner.is_global and not inner.is_multicast


def _unwrapped(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if any(address in network for network in _NAT64):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    return inner or address


def _parts(request: Request) -> tuple[str, str, int, str]:
    url, hint = request.url, "for example https://hooks.example.org/value"
    if request.method not in METHODS:
        raise UsageError(f"{request.method!r} is no method for a webhook", hint=", ".join(METHODS))
    if len(url) > LONGEST or not url.isprintable() or " " in url:
        raise UsageError("this is no URL", place=url[:80], hint=hint)
    try:
        found = urlsplit(url)
        port = found.port or (443 if found.scheme == "https" else 80)
    except ValueError:
        raise UsageError("this is no URL", place=url, hint=hint) from None
    if found.scheme not in ("http", "https") or not found.hostname:
        raise UsageError("only http and https are spoken here", place=url, hint=hint)
    if found.username is not None or found.password is not None:
        raise UsageError("a URL with a password in it would stand in the log", hint="name it in headers: env:NAME")
    # What of it is no ASCII is written as a browser would.
    target = quote((found.path or "/") + (f"?{found.query}" if found.query else ""), safe=_WRITTEN)
    return found.scheme, found.hostname, port, target


def _resolved(host: str, port: int, allowed: Sequence[str]) -> Address:
    """Resolve a name once; of its addresses all must be allowed, and the first is taken."""
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as e:
        raise RemoteError(f"{host} has no address: {e}", hint="see the URL and the network") from None
    found = list(dict.fromkeys(ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in rows))
    for address in found:
        if not public(address) and not _allowed(address, host, port, allowed):
            hint = f"if it is meant: webhooks.allow in config/automation.yml, [{host}:{port}]"
            raise UsageError(f"{host} is {address}, which is not public: it is not asked", hint=hint)
    return found[0]


def _allowed(address: Address, host: str, port: int, allowed: Sequence[str]) -> bool:
    for one in allowed:
        if one.casefold() in (host.casefold(), f"{host}:{port}".casefold()):
            return True
        with suppress(ValueError):
            network = ipaddress.ip_network(one)
            inner = _unwrapped(address)
            if inner.version == network.version and inner in network:
                return True
    return False


def _headers(request: Request) -> dict[str, str]:
    """Write the headers. Raises UsageError for one that would end early; its value may be a secret, and is not said."""
    given = {key.casefold(): (key, value) for key, value in request.headers.items() if key.casefold() not in _OURS}
    for key, value in given.values():
        if not _NAME.fullmatch(key) or not _VALUE.fullmatch(value) or len(value) > LONGEST:
            hint = "one line, as after `Name: `; does a secret end with a line break?"
            raise UsageError(f"what is to stand in the header {key[:80]!r} is no header", hint=hint)
    found = {"User-Agent": f"agenticops/{__version__}", "Content-Type": "application/json", "Connection": "close"}
    found = {key: value for key, value in found.items() if key.casefold() not in given} | dict(given.values())
    if request.key:
        found["Idempotency-Key"] = request.key
    if request.secret:
        found["X-Agenticops-Timestamp"] = str(request.at)
        found["X-Agenticops-Signature"] = sign(request.secret, request.at, request.body)
    return found


def _wait(value: str | None) -> float | None:
    return float(value) if value and value.isascii() and value.isdigit() and len(value) < 7 else None


class _Pinned(http.client.HTTPConnection):
    """A connection to one address; certificates are held against the name."""

    def __init__(self, host: str, port: int, address: str, seconds: float, secure: bool) -> None:
        super().__init__(host, port, timeout=seconds)
        self.address, self.secure, self.late = address, secure, False
        # An answer takes the socket over from the connection.
        self.line: socket.socket | None = None
        # What `Host` leaves out is the port that the scheme has anyway.
        self.default_port = 443 if secure else 80

    def connect(self) -> None:
        """Connect to the address, and speak TLS where it is wanted."""
        self.sock = socket.create_connection((self.address, self.port), self.timeout)
        if self.secure:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)
        self.line = self.sock
        if self.late:  # the time was over while there was nothing to cut
            raise TimeoutError

    def cut(self) -> None:
        """End it, whatever is going on: the time is over."""
        self.late = True
        if self.line is not None:
            with suppress(OSError):
                self.line.shutdown(socket.SHUT_RDWR)
