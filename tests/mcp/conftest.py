"""The stations' fixtures."""

from __future__ import annotations

from tests.stations import at, depot

__all__ = ["at", "depot"]
