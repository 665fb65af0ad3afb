"""What the audience sees: a line for each thing that happened, and a bar on a terminal."""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType

WIDTH = 108
NAME = 24


class Stage:
    """Prints lines, above a progress bar where there is a terminal."""

    def __init__(self, steps: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self.console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
        self.width = min(WIDTH, self.console.width) if self.console.is_terminal else WIDTH
        self.live = self.console.is_terminal and os.environ.get("TERM") != "dumb"
        words = TextColumn("{task.completed}/{task.total}  {task.description}")
        columns = (TextColumn("  "), BarColumn(40), words, TimeElapsedColumn())
        self.progress = Progress(*columns, console=self.console, transient=True, disable=not self.live)
        self.task = self.progress.add_task("", total=steps)
        self.began = time.monotonic()

    def __enter__(self) -> Stage:
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def title(self, text: str) -> None:
        """Begin an act."""
        self._print("\n" + text, "bold")

    def doing(self, text: str) -> None:
        """Say in the bar what is under way."""
        self.progress.update(self.task, description=text)

    def done(self, what: str, text: str, side: str = "") -> None:
        """Say what was reached."""
        self._line("✓", "green", what, text, side)
        self.progress.advance(self.task)

    def told(self, what: str, text: str, side: str = "") -> None:
        """Say what happened on the way."""
        self._line("·", "dim", what, text, side)

    def refused(self, what: str, text: str, side: str = "") -> None:
        """Say what the gate refused, as it must."""
        self._line("✗", "red", what, text, side)

    def show(self, command: str, output: str) -> None:
        """Show a command with what it prints."""
        self._print(f"\n$ {command}", "bold")
        self._print(output.rstrip("\n"), "")

    def plain(self, text: str) -> None:
        """Print a line as it is."""
        self._print(text, "")

    @property
    def seconds(self) -> float:
        """Time since the curtain rose."""
        return time.monotonic() - self.began

    def _line(self, sign: str, style: str, what: str, text: str, side: str) -> None:
        from rich.text import Text

        room = self.width - 4 - NAME - 1 - (len(side) + 2 if side else 0)
        short = text if len(text) <= room else text[: room - 1].rstrip() + "…"
        rest = [f"{short:<{room}}", (f"  {side}", "dim")] if side else [short]
        self.console.print(Text.assemble("  ", (sign, style), f" {what:<{NAME}} ", *rest))
        if not self.live:
            sys.stdout.flush()

    def _print(self, text: str, style: str) -> None:
        from rich.text import Text

        self.console.print(Text(text, style=style))
