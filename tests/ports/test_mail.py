"""Mail: handed in to a real server on loopback."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from email import message_from_bytes, policy
from typing import Any

import pytest
from aiosmtpd.controller import Controller

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
