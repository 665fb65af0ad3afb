"""Every error that a user can meet: what, where, why it stops, what to do next, and its exit code."""

from __future__ import annotations

EXIT_OK = 0
EXIT_ERROR = 1
EXIT_USAGE = 2
EXIT_VERDICT = 3
EXIT_REMOTE = 4
EXIT_CONFLICT = 5
EXIT_BUG = 70
EXIT_INTERRUPTED = 130


class TrainError(Exception):
    """An expected error: `message` says what, `place` where (`file:line`), `hint` what to do next."""

    exit_code = EXIT_ERROR

    def __init__(self, message: str, *, place: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.hint = hint


class StateError(TrainError):
    """A file of the train that cannot be read: it is named with its line, and never rewritten."""

    def __init__(self, message: str, *, place: str = "", hint: str = "") -> None:
        super().__init__(message, place=place, hint=hint or "mend it by hand, or restore it from git")


class SecretError(TrainError):
    """What was about to be written looks like a secret; nothing was written."""


class UsageError(TrainError):
    """A call that cannot be meant: an unknown name, a missing choice."""

    exit_code = EXIT_USAGE


class RemoteError(TrainError):
    """Something outside did not answer, or did not let us in."""

    exit_code = EXIT_REMOTE


class ConflictError(TrainError):
    """Somebody else was faster, or holds the lock; nothing was written."""

    exit_code = EXIT_CONFLICT
