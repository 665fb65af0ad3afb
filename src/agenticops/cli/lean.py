"""A lean start: msgspec without what it asks for only for the sake of older Pythons."""

from __future__ import annotations

import sys

OLDER = "typing_extensions"


def load_msgspec() -> None:
    """Load msgspec without typing_extensions: that, and inspect, which it loads, take longer than msgspec itself.

    Whoever wants typing_extensions later gets it. Commands by way of typer gain nothing: typer loads inspect anyway.
    """
    if OLDER in sys.modules or "msgspec" in sys.modules:
        return
    sys.modules[OLDER] = None  # type: ignore[assignment]
    try:
        import msgspec  # noqa: F401
    finally:
        del sys.modules[OLDER]
