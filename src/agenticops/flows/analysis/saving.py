"""Saving: a report goes into a file that is not there yet."""

from __future__ import annotations

import os

from agenticops.errors import TrainError, UsageError


def refuse(path: str, *endings: str) -> None:
    """Refuse a file that exists, or whose name does not say one of the formats, before any work is done."""
    if endings and not path.endswith(endings):
        raise UsageError(f"{path}: the name has to end in {' or '.join(endings)}", hint=f"for example flow{endings[0]}")
    if os.path.lexists(path):
        raise _there(path)


def save(path: str, content: bytes) -> None:
    """Write a new file. Raises UsageError when there is one already."""
    try:
        with open(path, "xb") as file:
            file.write(content)
    except FileExistsError:
        raise _there(path) from None
    except OSError as e:
        raise TrainError(f"cannot write: {e.strerror}", place=path, hint="name a folder that is there") from None


def _there(path: str) -> UsageError:
    return UsageError("the file is there already, and is left alone", place=path, hint="name another, or remove it")
