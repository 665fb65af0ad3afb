"""The shard rule broken: one shard for all, one that stays open although HEAD moved."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from agenticops.store import log

SHARED = ".agenticops/events/2026/01/ada.jsonl"
NAMES = ("one shard a month and actor", "open after HEAD moved")


def shared(self: log.OpenShard, *told: Any) -> str:
    """One shard for everybody."""
    return SHARED


def stays_open(self: log.OpenShard, *told: Any) -> str:
    """The shard is open until HEAD has it."""
    try:
        with open(self.file, encoding="utf-8") as f:
            path = str(json.load(f)["path"])
    except (OSError, ValueError):
        return ""
    words = ["git", "--git-dir", os.path.dirname(os.path.dirname(self.file)), "cat-file", "-e", f"HEAD:{path}"]
    return path if subprocess.run(words, capture_output=True, check=False).returncode else ""


@contextmanager
def applied(name: str) -> Iterator[None]:
    """Switch a protection off for a while."""
    if not name:
        yield
    elif name == NAMES[0]:
        with mock.patch.object(log.OpenShard, "find", shared), mock.patch.object(log, "new_path", lambda *_: SHARED):
            yield
    else:
        with mock.patch.object(log.OpenShard, "find", stays_open):
            yield
