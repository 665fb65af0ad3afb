"""Digests: one name for each content. Python's own SHA modules are used where they are there.

To load OpenSSL, as `hashlib` does, costs a third of the interpreter's start; every command names contents (ADR 0007).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


def _module(*names: str) -> Any:
    """Import the first module that is there: it has changed its name, and some builds of Python have OpenSSL only."""
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            continue
    return import_module("hashlib")


sha2 = _module("_sha2", "_sha256").sha256
sha1 = _module("_sha1").sha1


def sha256(content: bytes) -> str:
    """Give the SHA-256 of a content in hexadecimal."""
    return str(sha2(content).hexdigest())


def blob_id(content: bytes, kind: str = "sha1") -> str:
    """Give the id that git gives to a content, in a repository with ids of this kind (sha1 or sha256)."""
    return str((sha2 if kind == "sha256" else sha1)(b"blob %d\0" % len(content) + content).hexdigest())
