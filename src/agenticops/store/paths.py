"""Paths: every path from a state file is opened component by component, and no link is followed. ADR 0005."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable

from agenticops.errors import StateError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def parts(path: str) -> list[str]:
    """Take a repository path apart. Raises StateError when it could leave the repository or enter `.git`."""
    pieces = path.split("/")
    if "\\" in path or "\0" in path or any(p in ("", ".", "..") or p.lower().rstrip(". ") == ".git" for p in pieces):
        raise StateError(
            f"the path {path!r} leaves the repository", place=path, hint="use a path below the repository's root"
        )
    return pieces


def open_folder(root: int, pieces: list[str], create: bool = False) -> int | None:
    """Open a folder below `root`; None when it does not exist (unless `create`). The caller closes it."""
    here = os.dup(root)
    try:
        for piece in pieces:
            if create:
                try:
                    os.mkdir(piece, dir_fd=here)
                    os.fsync(here)
                except FileExistsError:
                    pass
            below = os.open(piece, _FOLDER, dir_fd=here)
            os.close(here)
            here = below
    except FileNotFoundError:
        os.close(here)
        return None
    except OSError as e:
        os.close(here)
        raise _refusal(e, "/".join(pieces)) from None
    return here


def read(root: int, path: str, limit: int | None = None) -> bytes | None:
    """Read a regular file below `root`, or None when there is none. Links and devices raise StateError."""
    *folder, name = parts(path)
    where = open_folder(root, folder)
    if where is None:
        return None
    try:
        handle = os.open(name, _FILE, dir_fd=where)
    except FileNotFoundError:
        return None
    except OSError as e:
        raise _refusal(e, path) from None
    finally:
        os.close(where)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise StateError("not a regular file", place=path)
        return _content(handle, status.st_size, limit)
    finally:
        os.close(handle)


def _content(handle: int, size: int, limit: int | None) -> bytes:
    """Read to the end, or to the limit: without the layers of a file object, which cost more than most shards."""
    found = b""
    while limit is None or len(found) < limit:
        want = max(size - len(found), 0) + 1
        piece = os.read(handle, want if limit is None else min(want, limit - len(found)))
        if not piece:
            break
        found += piece
    return found


def status(root: int, path: str) -> os.stat_result | None:
    """Give the status of what stands at a path, without following links, or None."""
    *folder, name = parts(path)
    where = open_folder(root, folder)
    if where is None:
        return None
    try:
        return os.stat(name, dir_fd=where, follow_symlinks=False)
    except FileNotFoundError:
        return None
    except OSError as e:
        raise _refusal(e, path) from None
    finally:
        os.close(where)


def names(root: int, path: str) -> list[str]:
    """List a folder, sorted; empty when it does not exist."""
    where = open_folder(root, parts(path) if path else [])
    if where is None:
        return []
    try:
        return sorted(os.listdir(where))
    except OSError as e:
        raise _refusal(e, path) from None
    finally:
        os.close(where)


def replace(root: int, path: str, content: bytes, sync: bool = True, folder_too: bool = True) -> None:
    """Write a file whole: a temporary file in the same folder, flushed, then renamed over it."""
    *folder, name = parts(path)
    where = open_folder(root, folder, create=True)
    if where is None:
        raise StateError("the folder vanished while it was written", place=path)
    temporary = f".{name}.agenticops~"
    try:
        mode = None
        try:
            mode = stat.S_IMODE(os.stat(name, dir_fd=where, follow_symlinks=False).st_mode)
        except FileNotFoundError:
            pass
        try:
            with os.fdopen(_fresh(temporary, where), "wb") as file:
                file.write(content)
                file.flush()
                if mode is not None:
                    os.fchmod(file.fileno(), mode)
                if sync:
                    os.fsync(file.fileno())
            os.replace(temporary, name, src_dir_fd=where, dst_dir_fd=where)
        except OSError:
            _drop(temporary, where)
            raise
        if sync and folder_too:
            os.fsync(where)
    finally:
        os.close(where)


def _fresh(name: str, where: int) -> int:
    """Begin a temporary file; what a crash left under its name is removed, never written into."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(name, flags, 0o666, dir_fd=where)
    except FileExistsError:
        os.unlink(name, dir_fd=where)
        return os.open(name, flags, 0o666, dir_fd=where)


def _drop(name: str, where: int) -> None:
    try:
        os.unlink(name, dir_fd=where)
    except OSError:
        pass  # doctor finds it


def remove(root: int, path: str, sync: bool = True) -> None:
    """Remove a file if it is there."""
    *folder, name = parts(path)
    where = open_folder(root, folder)
    if where is None:
        return
    try:
        os.unlink(name, dir_fd=where)
        if sync:
            os.fsync(where)
    except FileNotFoundError:
        pass
    finally:
        os.close(where)


def settle(root: int, wanted: Iterable[str], files: bool = False) -> None:
    """Make the folders above some paths durable, each once; with `files`, what stands at the paths too."""
    pieces = [tuple(parts(path)) for path in wanted]
    for folder in sorted({p[:n] for p in pieces for n in range(len(p))}):
        here = open_folder(root, list(folder))
        if here is None:
            continue
        try:
            for name in sorted({p[-1] for p in pieces if p[:-1] == folder}) if files else ():
                _flush(name, here)
            os.fsync(here)
        finally:
            os.close(here)


def _flush(name: str, where: int) -> None:
    try:
        handle = os.open(name, _FILE, dir_fd=where)
    except FileNotFoundError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refusal(error: OSError, path: str) -> StateError:
    if error.errno in (errno.ELOOP, errno.EMLINK):
        return StateError(
            "a symbolic link stands in the way; links are not followed",
            place=path,
            hint="replace it by a real file or folder",
        )
    if error.errno == errno.ENOTDIR:
        return StateError("a file or a link stands where a folder is wanted", place=path)
    if error.errno == errno.EISDIR:
        return StateError("a folder stands where a file is wanted", place=path)
    return StateError(f"cannot be opened: {os.strerror(error.errno or 0)}", place=path)
