"""A seeded slice of the secrets harness, and a mutant."""

from __future__ import annotations

import random

from agenticops.store import guard
from tests.stress import secrets
from tests.stress.hostile import _patched, room


def test_a_slice_holds_and_the_mutant_is_caught() -> None:
    with room() as path:
        yard = secrets.Yard(path)
        count, leaks = secrets.by_argument(yard, random.Random(1), len(secrets.FORMS))
        assert count >= 40 and leaks == []
        with _patched((guard, "refuse_secrets", lambda files, events: None)):
            told = secrets._told(yard, ["session", "note", "S"], "ghp_0123456789abcdefghijABCDEFGHIJ456789", False)
            assert yard.found("ghp_0123456789abcdefghijABCDEFGHIJ456789", told)
