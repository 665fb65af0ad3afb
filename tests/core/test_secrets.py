"""Secrets: known forms are found, ordinary writing is not, and nothing of a secret is left in a message."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenticops.core import secrets
from agenticops.errors import SecretError
from agenticops.workspace import RESOURCES
from tests.stress.secrets import FORMS, core_of

ROOT = Path(__file__).parent.parent.parent
HARMLESS = [
    "password: env:DB_PASSWORD",
    "token = ${{ secrets.GITHUB_TOKEN }}",
    "api_key: <your key here>",
    "password: changeme",
    "secret: keyring:mail/bot",
    'token = os.environ["TOKEN_2"]',
    "The token count is 120000; secret meetings: 2026-01-01T10:00:00Z",
    "password: must be 8+ characters long",
    "https://example.org:8443/a@b",
    "https://user:$PASSWORD@example.org",
    "postgres://user:password@localhost/db",
    "git@github.com:owner/name.git, ssh://git@example.org/x",
    "sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "AKIAIOSFODNN7EXAMPLE",
    "secret: docs/secret-page-2",
    "token: sha256:0123456789abcdef0123456789abcdef",
    "tokens: [12345678, 23456789]",
    "key: Ed25519PrivateKey",
    "task-force-risk-assessment-of-1",
    "s-01m7xye47assyfvj98bv87864v",
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("around", ["{}", "--{}", "see {} there", '"{}",', "a\n- {}\n"])
def test_every_form_is_found_and_blacked_out(form: str, around: str) -> None:
    dice = random.Random(form + around)
    for _ in range(20):
        planted = FORMS[form](dice)
        text = around.format(planted)
        found = secrets.scan(text)
        assert found and found[0].line == text[: text.index(planted)].count("\n") + 1, text
        assert core_of(planted) not in secrets.redact(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_writing_is_left_alone(text: str) -> None:
    assert secrets.scan(text) == [] and secrets.redact(text) == text


def test_nothing_that_is_packaged_or_shown_in_the_demo_looks_like_a_secret() -> None:
    files = [
        p for folder in (Path(RESOURCES), ROOT / "examples", ROOT / "docs") for p in folder.rglob("*") if p.is_file()
    ]
    texts = {p: p.read_bytes().decode("utf-8", "replace") for p in files if p.suffix != ".pyc"}
    assert len(texts) > 200
    assert {p: secrets.scan(t) for p, t in texts.items() if secrets.scan(t)} == {}


def test_the_values_of_the_environment_are_known() -> None:
    environment = {"DEPLOY_TOKEN": "plainwords-7", "PATH": "/a/b/c1", "DB_PASSWORD": "short", "API_KEY": "/run/key.1"}
    known = secrets.known_values({**environment, "MY_SECRET": "justletters", "PIN_TOKEN": "12345678"})
    assert known == ("plainwords-7",)
    assert secrets.redact("it is plainwords-7.", known) == "it is [redacted]."
    with pytest.raises(SecretError, match="a secret of your environment") as caught:
        secrets.refuse("a\nplainwords-7", "docs/x.md", known)
    assert caught.value.place == "docs/x.md:2" and "env:NAME" in caught.value.hint
    assert "plainwords-7" not in str(caught.value)


def test_a_whole_private_key_is_blacked_out() -> None:
    text = "x\n-----BEGIN PRIVATE KEY-----\nMIIB\nabc\n-----END PRIVATE KEY-----\ny"
    assert secrets.redact(text) == "x\n[redacted]\ny"
    assert secrets.redact("-----BEGIN EC PRIVATE KEY-----\nMIIB") == "[redacted]"


def test_nested_data_is_walked_with_its_names() -> None:
    found = dict(secrets.strings({"a": [{"password": "Tr0ub4dor-and-3"}], "b": 1}))
    assert found["a.password"]
    texts = [t for _, t in secrets.strings({"a": [{"password": "Tr0ub4dor-and-3"}]})]
    assert any(secrets.scan(t) for t in texts)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("env:DB_PASSWORD", ("env", "DB_PASSWORD")),
        ("keyring:mail/bot@example.org", ("keyring", "mail/bot@example.org")),
        ("env:1X", None),
        ("env:", None),
        ("keyring:mail", None),
        ("x env:Y", None),
        ("env:Y\n", None),
    ],
)
def test_a_reference(text: str, parts: tuple[str, str] | None) -> None:
    assert secrets.reference(text) == parts


@given(st.text(max_size=300))
def test_any_text_can_be_looked_at(text: str) -> None:
    for found in secrets.scan(text):
        assert 0 <= found.start < found.end <= len(text) and found.line >= 1
    secrets.redact(text)


@pytest.mark.parametrize(
    "text", ["token=" * 20_000, "a://" * 20_000, "eyJ" * 20_000 + ".", "x" * 64_000 + ":secret", "-" * 64_000]
)
def test_no_text_takes_long(text: str) -> None:
    import time

    began = time.process_time()
    secrets.scan(text)
    assert time.process_time() - began < 3
