"""Secrets: what looks like one, so that it is refused in state and blacked out in messages. ADR 0015 says how far.

State holds references only: `env:NAME` or `keyring:SERVICE/NAME`. The patterns are precise; what has no form of its own
counts only where a telling name is set to a value that no word, path or placeholder could be.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from agenticops.errors import SecretError

HIDDEN = "[redacted]"

# kind → (one of these occurs in the lower-case text, else the pattern is not even compiled; the secret is group 1)
FORMS: dict[str, tuple[tuple[str, ...], str]] = {
    "an AWS access key": (("akia", "asia", "abia", "acca"), r"(?<![A-Za-z0-9])((?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16})"),
    "a GitHub token": (
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        r"(?<![A-Za-z0-9])(gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{36,255})",
    ),
    "a GitLab token": (("glpat-",), r"(?<![A-Za-z0-9])(glpat-[\w-]{20,})"),
    "a Slack token": (("xox", "xapp-"), r"(?<![A-Za-z0-9])((?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{10,})"),
    "a Slack webhook": (
        ("hooks.slack.com",),
        r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9]{6,}/[A-Za-z0-9/]{16,})",
    ),
    "a Google API key": (("aiza",), r"(?<![A-Za-z0-9])(AIza[\w-]{35})"),
    "a Google OAuth secret": (("ya29.", "gocspx-"), r"(?<![A-Za-z0-9])(ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,})"),
    "a private key": (("private key",), r"(-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----)"),
    "a JSON Web Token": (("eyj",), r"(?<![A-Za-z0-9_])(eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,})"),
    "an API key": (
        ("sk-", "sk_", "rk_", "hf_", "npm_", "pypi-", "sg.", "dop_v1_", "shpat_"),
        r"(?<![A-Za-z0-9_])(sk-(?=[\w-]*[0-9])(?=[\w-]*[A-Z])[\w-]{24,}|[sr]k_(?:live|test)_[A-Za-z0-9]{16,}"
        r"|hf_[A-Za-z0-9]{30,}|npm_[A-Za-z0-9]{36}|pypi-AgE[\w-]{50,}|SG\.[\w-]{22}\.[\w-]{43}"
        r"|dop_v1_[0-9a-f]{64}|shpat_[0-9a-fA-F]{32})",
    ),
    "an Azure key": (
        ("accountkey=", "sharedaccesskey="),
        r"(?i:AccountKey|SharedAccessKey)=([A-Za-z0-9+/]{40,}={0,2})",
    ),
    "credentials in a URL": (("://",), r"[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/:@'\"<>]{0,200}:([^\s/@'\"<>]{3,200})@"),
    "a token in a URL": (("://",), r"https?://([A-Za-z0-9_.~%-]{20,200})@"),
    "an authorization header": (
        ("bearer", "basic"),
        r"(?i:authorization)[\"']?\s*[:=]\s*[\"']?(?i:bearer|basic|token)\s+([A-Za-z0-9._~+/=-]{16,})",
    ),
}
_NAMES = (
    *("password", "passwd", "passphrase", "kennwort", "pwd", "secret", "token", "credential", "apikey", "accesskey"),
    *("api_key", "api-key", "access_key", "access-key", "private_key", "private-key", "privatekey", "auth_key"),
    *("auth-key", "authkey", "signing_key", "signing-key", "signingkey", "encryption_key", "encryption-key"),
)
_ASSIGNED = (
    r"(?i:(?<![A-Za-z0-9])((?:[\w.-]{0,40}[_.-])?(?:password|passwd|passphrase|kennwort|pwd|secret|token|credential"
    r"|(?:api|access|private|auth|secret|signing|encryption)[_-]?key)s?(?:[_.-](?:key|value|token|access[_-]?key))?))"
    r"[\"'`]?\s{0,4}(?::=|=>|[:=])\s{0,4}[\"'`]?([^\s\"'`,;|]{8,300})"
)
_SECRET_NAME = (
    r"(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|PAT"
    r"|(?:API|ACCESS|PRIVATE|SECRET|SIGNING|ENCRYPTION)_?KEY)$"
)
_NO_VALUE = r"(?:env:|keyring:|\$|%|<|\{|\[|\(|\*\*|[xX]{4}|\.\.\.|…|sha\d+[:-]|[a-z]+://|~?/|\./|[A-Za-z_][\w.]*[(\[])"
_WORDS = frozenset(("password", "passwd", "pass", "secret", "token", "changeme", "example", "redacted", "key", "xxx"))
_IDENTIFIER = r"[A-Za-z_][\w.]*(?:[Kk]ey|[Tt]oken|[Ss]ecret|[Pp]assword|[Cc]redentials?)"


class Secret(NamedTuple):
    """Something that looks like a secret: its kind, its line (from 1), and where it stands in the text."""

    kind: str
    line: int
    start: int
    end: int


@lru_cache(maxsize=32)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def scan(text: str, known: Iterable[str] = ()) -> list[Secret]:
    """Find what looks like a secret; `known` are values that are secrets whatever they look like."""
    found = sorted(set(_spans(text, known)), key=lambda s: (s[1], -s[2]))
    kept: list[Secret] = []
    for kind, start, end in found:
        if not kept or start >= kept[-1].end:
            kept.append(Secret(kind, text.count("\n", 0, start) + 1, start, end))
    return kept


def _spans(text: str, known: Iterable[str]) -> Iterator[tuple[str, int, int]]:
    small = text.lower()
    for kind, (marks, pattern) in FORMS.items():
        if any(mark in small for mark in marks):
            for match in _compiled(pattern).finditer(text):
                if not _harmless(kind, match[1]):
                    yield kind, match.start(1), match.end(1)
    if any(name in small for name in _NAMES):
        for match in _compiled(_ASSIGNED).finditer(text):
            if _random(match[2]):
                yield f"a value of {match[1].lower()}", match.start(2), match.end(2)
    for value in known:
        at = text.find(value)
        while at >= 0:
            yield "a secret of your environment", at, at + len(value)
            at = text.find(value, at + len(value))


def _harmless(kind: str, value: str) -> bool:
    """Tell what documentation writes in a secret's place."""
    if kind == "credentials in a URL":
        return bool(_compiled(_NO_VALUE).match(value)) or value.strip("*.x…").lower() in {"", *_WORDS}
    if kind == "a token in a URL":
        return not _random(value)
    return kind == "an AWS access key" and value.endswith("EXAMPLE")


def refuse(text: str, place: str, known: Iterable[str] = (), noun: str = "file") -> None:
    """Raise SecretError when a text that is about to become state holds what looks like a secret."""
    found = scan(text, known)
    if found:
        where = f"{place}:{found[0].line}" if noun == "file" else place
        hint = "put it into the environment (or a keyring) and write env:NAME instead"
        raise SecretError(f"this looks like {found[0].kind}; nothing was written", place=where, hint=hint)


def strings(value: object, place: str = "") -> Iterator[tuple[str, str]]:
    """Walk through nested data; give each text with the way to it."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for key, below in value.items():
            way = f"{place}.{key}" if place else str(key)
            yield way, str(key)
            if isinstance(below, str):  # a name says what its value is
                yield way, f"{key}: {below}"
            yield from strings(below, way)
    elif isinstance(value, Iterable) and not isinstance(value, bytes):
        for below in value:
            yield from strings(below, place)


def _random(value: str) -> bool:
    """Tell a random value from a word, a path, a name or a placeholder."""
    if (
        _compiled(_NO_VALUE).match(value)
        or _compiled(_IDENTIFIER).fullmatch(value)
        or value.lower().strip("*.") in _WORDS
    ):
        return False
    digits = sum(c.isdigit() for c in value)
    upper, lower = any(c.isupper() for c in value), any(c.islower() for c in value)
    signs = any(not c.isalnum() for c in value)
    kinds = bool(digits) + upper + lower + signs
    if re.fullmatch(r"[\d.:TZ+-]+", value) or not digits or kinds < 2:
        return False
    if re.fullmatch(r"[A-Za-z]+(?:[-_./][A-Za-z0-9]+)+", value) and digits <= 2:
        return False  # a name such as next-token-v2, docs/page2
    if len(value) >= 16:
        return entropy(value) >= 3.0
    return kinds >= 3 and entropy(value) >= 2.5


def entropy(value: str) -> float:
    """Give the bits that a character of a text carries."""
    counts = [value.count(c) / len(value) for c in set(value)]
    return -sum(p * math.log2(p) for p in counts)


def known_values(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Give the values of an environment whose names say that they are secret; longest first."""
    found = {
        value
        for name, value in environment.items()
        if len(value) >= 8 and _compiled(_SECRET_NAME).search(name.upper()) and _telling(value)
    }
    return tuple(sorted(found, key=lambda v: (-len(v), v)))


def _telling(value: str) -> bool:
    """A path, a reference, a number or a plain word is no secret that one could recognise in a text."""
    return not (
        _compiled(_NO_VALUE).match(value) or value.isalpha() or value.isdigit() or any(c.isspace() for c in value)
    )


def redact(text: str, known: Iterable[str] = ()) -> str:
    """Black out what looks like a secret; a private key to its end."""
    text = _whole_keys(text)
    for secret in reversed(scan(text, known)):
        text = text[: secret.start] + HIDDEN + text[secret.end :]
    return text


def _whole_keys(text: str) -> str:
    if "PRIVATE KEY" not in text:
        return text
    block = r"(?s)-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*-----|\Z)"
    return _compiled(block).sub(HIDDEN, text)


def reference(text: str) -> tuple[str, str] | None:
    """Take `env:NAME` or `keyring:SERVICE/NAME` apart; None for anything else."""
    match = re.fullmatch(r"(env):([A-Za-z_][A-Za-z0-9_]{0,127})|(keyring):([\w.@-]{1,128}/[\w.@-]{1,128})", text)
    return None if match is None else (match[1] or match[3], match[2] or match[4])
