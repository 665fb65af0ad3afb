"""How a report comes out: a table, the envelope, CSV, a file of Parquet, a picture."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from agenticops.cli.lines import Line, counted, following, ok
from agenticops.cli.output import emit
from agenticops.core.analytics import tabular
from agenticops.errors import UsageError
from agenticops.flows.analysis import saving

TITLES = {
    "flow": "Begun and ended",
    "cycle-time": "Cycle time",
    "lead-time": "Lead time",
    "throughput": "Throughput",
    "success": "Success",
    "wip": "Under way",
    "bottlenecks": "Where time is lost",
    "forecast": "Forecast",
}


class Wish(Struct, frozen=True):
    """Which report, and in which one form."""

    kind: str
    json: bool = False
    csv: bool = False
    parquet: str = ""
    plot: str = ""
    mermaid: bool = False
    limit: int = 0

    def __post_init__(self) -> None:
        """Refuse two forms at once, and files that are there, before any work is done."""
        forms = ("json", "csv", "parquet", "plot", "mermaid")
        chosen = [f"--{form}" for form in forms if getattr(self, form)]
        if len(chosen) > 1 and chosen not in (["--json", "--parquet"], ["--json", "--plot"]):
            raise UsageError(f"{' and '.join(chosen)} do not go together", hint=f"agenticops report {self.kind} --json")
        if self.parquet:
            saving.refuse(self.parquet, ".parquet")
        if self.plot:
            saving.refuse(self.plot, ".svg", ".png")


def out(wish: Wish, rows: Sequence[Struct], table: list[Line], tests: Sequence[Struct] = ()) -> None:
    """Print or write a report."""
    if wish.plot:
        draw(wish, rows)
    elif wish.parquet:
        _saved(wish, wish.parquet, tabular.as_parquet(rows), len(rows))
    elif wish.csv:
        sys.stdout.write(tabular.as_csv(rows))
    else:
        data: dict[str, Any] = {"report": wish.kind, "rows": _plain(rows)}
        if tests:
            data["tests"] = _plain(tests)
        emit("report", data, table, wish.json)


def say(text: str) -> None:
    """Print a diagram as it is."""
    sys.stdout.write(text)


def draw(wish: Wish, rows: Sequence[Struct]) -> None:
    """Draw a report: workflows and work items one below the other."""
    from agenticops.core.analytics import plot

    kinds = list(dict.fromkeys(str(getattr(row, "of", "")) for row in rows))
    parts = [(of, [row for row in rows if getattr(row, "of", "") == of]) for of in kinds]
    form = os.path.splitext(wish.plot)[1][1:]
    drawn = plot.draw(TITLES[wish.kind], parts, form, min(wish.limit or plot.MOST, plot.MOST))
    _saved(wish, wish.plot, drawn, len(rows))


def _saved(wish: Wish, path: str, content: bytes, number: int) -> None:
    saving.save(path, content)
    data = {"report": wish.kind, "file": path, "rows": number, "bytes": len(content)}
    lines = [ok(f"wrote {path}", counted(number, "row")), following(f"agenticops report {wish.kind}")]
    emit("report-file", data, lines, wish.json)


def _plain(rows: Sequence[Struct]) -> list[Any]:
    import msgspec

    return [_rounded(msgspec.to_builtins(row)) for row in rows]


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(inner) for name, inner in value.items()}
    return tabular.rounded(value)
