"""Mail: handed in to a real server on loopback."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import Any, NamedTuple

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from agenticops.errors import RemoteError, UsageError
from agenticops.ports import mail
from agenticops.ports.mail import Message, Server


class Box:
    def __init__(self) -> None:
        self.mails: list[Any] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.startswith("nobody"):
            return "550 no such user"
        if address.startswith("later"):
            return "451 try again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append((envelope, message_from_bytes(envelope.content, policy=policy.default)))
        return "250 OK"


@pytest.fixture
def box() -> Iterator[tuple[Box, Server]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    found = Box()
    controller = Controller(found, hostname="127.0.0.1", port=port)
    controller.start()
    yield found, Server("127.0.0.1", port, "never")
    controller.stop()


def message(**more: Any) -> Message:
    plain: dict[str, Any] = {"sender": "Train <train@example.org>", "to": ["ada@example.org"], "subject": "Delivered"}
    return Message(**{**plain, "text": "Refills — arrive.\n", "key": "o1", "at": 1_700_000_000, **more})


def test_a_message_arrives(box: tuple[Box, Server]) -> None:
    found, server = box
    assert mail.send(server, message(to=["ada@example.org", "Bo <bo@example.org>"])) == "<o1@example.org>"
    ((envelope, read),) = found.mails
    assert envelope.rcpt_tos == ["ada@example.org", "bo@example.org"]
    assert (read["Subject"], read["Message-ID"], read["Auto-Submitted"]) == (
        "Delivered",
        "<o1@example.org>",
        "auto-generated",
    )
    assert read.get_content().split() == ["Refills", "—", "arrive."]


def test_who_is_refused_for_good_is_told_apart_from_who_may_be_asked_again(box: tuple[Box, Server]) -> None:
    found, server = box
    with pytest.raises(UsageError, match="550 no such user"):
        mail.send(server, message(to=["nobody@example.org"]))
    with pytest.raises(RemoteError, match="451 try again"):
        mail.send(server, message(to=["later@example.org"]))
    assert found.mails == []


def test_a_server_without_tls_gets_nothing_unless_that_is_meant(box: tuple[Box, Server]) -> None:
    found, server = box
    with pytest.raises(RemoteError, match="STARTTLS"):
        mail.send(Server(server.host, server.port), message())
    assert found.mails == []


def test_nobody_listens() -> None:
    with pytest.raises(RemoteError, match="did not take the message"):
        mail.send(Server("127.0.0.1", 1, "never"), message())


@pytest.mark.parametrize(
    "text", ["", "ada", "ada@", "@example.org", "a@b, c@d", "a@b\r\nBcc: c@d", "ada@example.org bo", "Ö@example.org"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(UsageError, match="no mail address"):
        mail.address(text)


def test_a_subject_stays_one_line() -> None:
    assert mail.write(message(subject="a\r\nBcc: c@example.org"))["Subject"] == "a Bcc: c@example.org"


class Vouched(NamedTuple):
    """Certificate and key of 127.0.0.1, which nobody vouches for."""

    certificate: str
    key: str

    def context(self) -> ssl.SSLContext:
        found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        found.load_cert_chain(self.certificate, self.key)
        return found


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Vouched:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    begin = datetime.now(UTC) - timedelta(days=1)
    builder = builder.not_valid_before(begin).not_valid_after(begin + timedelta(days=9)).add_extension(names, False)
    folder = tmp_path_factory.mktemp("own")
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    (folder / "cert.pem").write_bytes(certificate)
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return Vouched(str(folder / "cert.pem"), str(folder / "key.pem"))


@pytest.fixture
def safe(own: Vouched) -> Iterator[tuple[Box, Server]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    found = Box()
    controller = Controller(found, "127.0.0.1", port, tls_context=own.context(), require_starttls=True)
    controller.start()
    yield found, Server("127.0.0.1", port, "starttls", "train", "hunter2")
    controller.stop()


def test_by_starttls_to_a_server_that_somebody_vouches_for(
    safe: tuple[Box, Server], own: Vouched, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, server = safe
    monkeypatch.setenv("SSL_CERT_FILE", own.certificate)
    mail.send(Server(server.host, server.port), message())
    ((_, read),) = found.mails
    assert read["Subject"] == "Delivered"


def test_a_certificate_that_nobody_vouches_for_is_refused_before_the_password(safe: tuple[Box, Server]) -> None:
    found, server = safe
    with pytest.raises(RemoteError, match="CERTIFICATE_VERIFY_FAILED"):
        mail.send(server, message())
    assert found.mails == []
