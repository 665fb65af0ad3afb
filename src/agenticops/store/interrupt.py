"""Interrupts: Ctrl-C waits while files are being changed, so that what was begun is whole when the command ends."""

from __future__ import annotations

import os
import signal
from types import FrameType, TracebackType


class HeldBack:
    """Holds SIGINT back inside the block and lets it through at the end. Other threads never see SIGINT anyway."""

    def __init__(self) -> None:
        self.came = False
        self.held = False
        self.before: object = None

    def __enter__(self) -> HeldBack:
        try:
            self.before = signal.signal(signal.SIGINT, self._note)
            self.held = True
        except ValueError:
            pass  # not the main thread
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.held:
            return
        signal.signal(signal.SIGINT, self.before if callable(self.before) else signal.SIG_DFL)
        if self.came:
            os.kill(os.getpid(), signal.SIGINT)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.came = True
