"""Secrets are kept outside; state names them: `env:NAME` or `keyring:SERVICE/NAME`. Their values are never stored."""

from __future__ import annotations

import os
from importlib import import_module

from agenticops.core import secrets
from agenticops.errors import RemoteError, UsageError


def resolve(reference: str) -> str:
    """Give the value of a reference. Raises UsageError for what is no reference, RemoteError when it has no value."""
    parts = secrets.reference(reference)
    if parts is None:
        raise UsageError("this is no reference to a secret", hint="write env:NAME or keyring:SERVICE/NAME")
    scheme, name = parts
    value = os.environ.get(name) if scheme == "env" else _keyring(name)
    if not value:
        where = f"set the environment variable {name}" if scheme == "env" else f"store it: keyring set {name}"
        raise RemoteError(f"the secret {reference} has no value here", hint=where.replace("/", " "))
    return value


def _keyring(name: str) -> str | None:
    try:
        keyring = import_module("keyring")
    except ImportError:
        hint = "pip install keyring, or use env:NAME"
        raise RemoteError("the library keyring is not installed", hint=hint) from None
    service, _, user = name.partition("/")
    found = keyring.get_password(service, user)
    return None if found is None else str(found)
