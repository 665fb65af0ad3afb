"""Mail: one message to one server by SMTP, with TLS unless it is told otherwise. ADR 0039."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Literal

from msgspec import Struct

from agenticops.errors import RemoteError, UsageError

SECONDS = 30.0
Tls = Literal["starttls", "always", "never"]


class Server(Struct, frozen=True):
    """Where mail is handed in. The password is the value itself: it is resolved just before."""

    host: str
    port: int = 587
    tls: Tls = "starttls"
    user: str = ""
    password: str = ""


class Message(Struct, frozen=True):
    """What is written to whom. The key becomes the Message-ID: a second copy is known as one by who receives it."""

    sender: str
    to: Sequence[str]
    subject: str
    text: str
    key: str
    at: int = 0


def send(server: Server, message: Message, seconds: float = SECONDS) -> str:
    """Hand a message in; give its Message-ID.

    Raises UsageError for what is no address, or for what the server refuses for good (5xx); RemoteError for what may
    go better later.
    """
    mail = write(message)
    try:
        with _connected(server, seconds) as connection:
            if server.tls == "starttls":
                connection.starttls(context=ssl.create_default_context())
            if server.user:
                connection.login(server.user, server.password)
            refused = connection.send_message(mail)
    except smtplib.SMTPAuthenticationError as e:
        raise RemoteError(f"{server.host} does not let {server.user} in ({e.smtp_code})") from None
    except smtplib.SMTPRecipientsRefused as e:
        raise _refused(server, e.recipients) from None
    except smtplib.SMTPResponseException as e:
        error = UsageError if e.smtp_code >= 500 else RemoteError
        raise error(f"{server.host} refuses the message: {e.smtp_code} {_words(e.smtp_error)}") from None
    except (OSError, smtplib.SMTPException) as e:
        raise RemoteError(f"{server.host}:{server.port} did not take the message: {e}") from None
    if refused:
        raise _refused(server, refused)
    return str(mail["Message-ID"])


def write(message: Message) -> EmailMessage:
    """Write a message as mail. Raises UsageError for an address that is none: nothing can be smuggled into a header."""
    mail = EmailMessage()
    mail["From"] = address(message.sender)
    mail["To"] = ", ".join(dict.fromkeys(address(one) for one in message.to))
    mail["Subject"] = " ".join(message.subject.split())[:200]
    mail["Date"] = format_datetime(datetime.fromtimestamp(message.at, UTC))
    mail["Message-ID"] = f"<{message.key}@{parseaddr(message.sender)[1].partition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    return mail


def address(text: str) -> str:
    """Give an address, `ada@example.org` or `Ada <ada@example.org>`. Raises UsageError for what is none."""
    name, found = parseaddr(text)
    user, _, host = found.partition("@")
    good = user and host and text.isprintable() and found.isascii() and not set(found) & set(' ,;<>()[]\\"')
    if not good or (text.strip() != found and not text.rstrip().endswith(f"<{found}>")):
        raise UsageError(f"{text[:80]!r} is no mail address", hint="for example ada@example.org")
    return text.strip() if name else found


def _connected(server: Server, seconds: float) -> smtplib.SMTP:
    if server.tls == "always":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(server.host, server.port, timeout=seconds, context=context)
    return smtplib.SMTP(server.host, server.port, timeout=seconds)


def _refused(server: Server, recipients: dict[str, tuple[int, bytes]]) -> RemoteError | UsageError:
    code, words = next(iter(recipients.values()))
    error = UsageError if code >= 500 else RemoteError
    return error(f"{server.host} refuses {', '.join(recipients)}: {code} {_words(words)}")


def _words(data: bytes | str) -> str:
    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    return " ".join(text.split())[:200]
