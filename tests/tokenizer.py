"""The tokenizer that budgets are measured with: o200k_base, by the package `bpe-openai`."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any


def counted(text: str) -> int:
    """Count the tokens of a text."""
    return len(_encoding().encode(text))


@cache
def _encoding() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the package itself, which Python warns of
        import bpe_openai  # type: ignore[import-untyped]

        return bpe_openai.get_encoding("o200k_base")
