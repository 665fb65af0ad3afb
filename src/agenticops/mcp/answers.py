"""Answers: the data of an envelope as a few words, for agents that read text. The data itself goes beside it."""

from __future__ import annotations

import json
from typing import Any

from agenticops.cli.lines import Line, clean, text
from agenticops.errors import EXIT_VERDICT
from agenticops.mcp.calls import Answer

LONGEST = 6_000


def structured(answer: Answer) -> dict[str, Any] | None:
    """Give the envelope's data as an object; with the verdict in it when a gate does not hold."""
    data = answer.data
    if data is None:
        return None
    found = data if isinstance(data, dict) else {"items": data}
    return {**found, "holds": False} if answer.code == EXIT_VERDICT else found


def words(answer: Answer) -> str:
    """Say it as the CLI does where its lines are made of data; else as JSON without what is empty."""
    if answer.failed:
        return answer.error or f"the command ended with exit code {answer.code}"
    lines = _lines(answer.kind, answer.data)
    if lines is None and answer.code == EXIT_VERDICT:
        lines = _findings(answer.data)
    told = text(lines) if lines is not None else _compact(answer.data)
    more = f"\n{answer.error}" if answer.error else ""
    if len(told) > LONGEST:
        told = f"{told[:LONGEST]}\n… {len(told) - LONGEST:,} characters more in structuredContent"
    return told.rstrip() + more


def _lines(kind: str, data: Any) -> list[Line] | None:
    from agenticops.cli import board, page

    if kind == "status":
        from agenticops.ports.clock import Clock, timestamp

        return board.status_lines(data, timestamp(Clock().milliseconds()))
    if kind == "next":
        return board.next_lines(data)
    if kind == "mode":
        return page.mode_lines(data)
    if kind == "check":
        import msgspec

        from agenticops.model.finding import Verdict

        return board.verdict_lines(msgspec.convert(data, Verdict))
    return None


def _findings(data: Any) -> list[Line] | None:
    """Show why something does not hold; None when the data does not say it by findings."""
    import msgspec

    from agenticops.cli import board
    from agenticops.cli.lines import bad
    from agenticops.model.finding import Finding

    found = data.get("findings") or data.get("verdict", {}).get("findings") if isinstance(data, dict) else None
    if not found:
        return None
    return [bad("it does not hold"), *board.finding_lines(msgspec.convert(found, list[Finding]))]


def _compact(data: Any) -> str:
    return clean(json.dumps(_full(data), ensure_ascii=False, separators=(",", ":")))


def _full(data: Any) -> Any:
    """Leave out what says nothing."""
    if isinstance(data, dict):
        return {k: _full(v) for k, v in data.items() if v not in (None, "", [], {})}
    return [_full(v) for v in data] if isinstance(data, list) else data
