"""A model of a disk: what a power loss may leave of writes, renames and new entries that nobody flushed.

Strict: the content of a file is sure only after its fsync, an entry of a folder only after the folder's; in between any
subset of them may be there, in any order. Only a rename within one folder is atomic.
"""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from agenticops.store import log

LIMIT = 2_048
LITTER = ("~", "/lock")


class Killed(BaseException):
    """The process dies here; what the kernel has stays in its cache."""


class Op(NamedTuple):
    """One step: mkdir, create, write, sync, rename or unlink; paths are relative to the repository."""

    what: str
    path: str
    content: bytes = b""
    to: str = ""


class Recorder:
    """Records what reaches the disk; `die` raises at that step; `deaf` hears no fsync."""

    def __init__(self, root: str, deaf: bool = False) -> None:
        self.root = root
        self.deaf = deaf
        self.ops: list[Op] = []
        self.die = -1

    def add(self, what: str, path: str, content: bytes = b"", to: str = "") -> None:
        if not path.startswith(self.root):
            return
        if len(self.ops) == self.die:
            self.die = -1
            raise Killed
        cut = len(self.root) + 1
        if what != "sync" or not self.deaf:
            self.ops.append(Op(what, path[cut:], content, to[cut:]))

    @contextmanager
    def listen(self) -> Iterator[Recorder]:
        """Wrap the functions that change the disk."""
        names = ("open", "fdopen", "fsync", "replace", "unlink", "mkdir")
        kept: dict[str, Callable[..., Any]] = {name: getattr(os, name) for name in names}
        opened: dict[int, str] = {}

        def open_(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
            full = _full(path, dir_fd)
            new = bool(flags & os.O_CREAT) and not os.path.exists(full)
            if new:
                self.add("create", full)
            handle: int = kept["open"](path, flags, mode, dir_fd=dir_fd)
            if flags & os.O_TRUNC and not new:
                self.add("write", full, b"")
            opened[handle] = full
            return handle

        def fdopen(handle: int, *rest: Any, **named: Any) -> Any:
            file = kept["fdopen"](handle, *rest, **named)
            return _Heard(file, opened.get(handle, ""), self) if file.writable() else file

        def noted(path: str, mode: str = "r", **named: Any) -> Any:
            if "w" not in mode:
                return open(path, mode, **named)
            self.add("create", path)
            return _Heard(open(path, mode, **named), path, self)

        def fsync(handle: int) -> None:
            self.add("sync", os.readlink(f"/proc/self/fd/{handle}"))
            kept["fsync"](handle)

        def replace(source: str, target: str, *, src_dir_fd: int | None = None, dst_dir_fd: int | None = None) -> None:
            self.add("rename", _full(source, src_dir_fd), to=_full(target, dst_dir_fd))
            kept["replace"](source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

        def unlink(path: str, *, dir_fd: int | None = None) -> None:
            full = _full(path, dir_fd)
            if os.path.lexists(full):
                self.add("unlink", full)
            kept["unlink"](path, dir_fd=dir_fd)

        def mkdir(path: str, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
            full = _full(path, dir_fd)
            if not os.path.lexists(full):
                self.add("mkdir", full)
            kept["mkdir"](path, mode, dir_fd=dir_fd)

        for name, heard in zip(names, (open_, fdopen, fsync, replace, unlink, mkdir), strict=True):
            setattr(os, name, heard)
        log.open = noted  # type: ignore[attr-defined]
        try:
            yield self
        finally:
            for name, real in kept.items():
                setattr(os, name, real)
            del log.open  # type: ignore[attr-defined]


class _Heard:
    def __init__(self, file: Any, path: str, recorder: Recorder) -> None:
        self.file, self.path, self.recorder = file, path, recorder

    def __enter__(self) -> _Heard:
        return self

    def __exit__(self, *what: object) -> None:
        self.file.close()

    def write(self, content: Any) -> None:
        self.recorder.add("write", self.path, content if isinstance(content, bytes) else content.encode())
        self.file.write(content)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


def _full(path: str, dir_fd: int | None) -> str:
    return path if dir_fd is None else f"{os.readlink(f'/proc/self/fd/{dir_fd}')}/{path}"


class Inode:
    """A file or a folder; of a file the content that is sure, and those that it may have instead."""

    def __init__(self, content: bytes | None = None) -> None:
        self.folder = content is None
        self.sure = content or b""
        self.now = content or b""
        self.maybe: list[bytes] = []
        self.entries: dict[str, Inode] = {}
        self.live: dict[str, Inode] = {}
        self.pending: list[dict[str, Inode | None]] = []

    def write(self, content: bytes) -> None:
        self.now = self.now + content if content else b""
        self.maybe += [self.now[: len(self.now) // 2], self.now]

    def sync(self) -> None:
        self.sure, self.maybe = self.now, []
        self.entries, self.pending = dict(self.live), []

    def change(self, change: dict[str, Inode | None]) -> None:
        self.pending.append(change)
        _apply(self.live, change)


def _apply(entries: dict[str, Inode], change: dict[str, Inode | None]) -> None:
    for name, inode in change.items():
        if inode is None:
            entries.pop(name, None)
        else:
            entries[name] = inode


class Disk:
    """The files that a transaction touches. With `young`, what stood before was never flushed either."""

    def __init__(self, files: dict[str, bytes], folders: set[str], young: dict[str, bytes]) -> None:
        self.root = Inode()
        for folder in sorted(folders):
            self._make(folder, Inode())
        for path, content in files.items():
            inode = Inode(content)
            self._make(path, inode)
            if path in young:
                inode.sure, inode.maybe = young[path], [content]
        for inode in self._all(self.root) if not young else ():
            inode.sync()

    def _make(self, path: str, inode: Inode) -> None:
        above, name = self._at(path)
        above.change({name: inode})

    def _at(self, path: str) -> tuple[Inode, str]:
        here = self.root
        *folders, name = path.split("/")
        for folder in folders:
            here = here.live[folder]
        return here, name

    def _all(self, inode: Inode) -> list[Inode]:
        return [inode, *(i for below in inode.live.values() for i in self._all(below))]

    def do(self, op: Op) -> None:
        """Take a step."""
        if op.what == "sync" and not op.path:
            self.root.sync()
            return
        above, name = self._at(op.path)
        if op.what in ("mkdir", "create"):
            above.change({name: Inode(None if op.what == "mkdir" else b"")})
        elif op.what == "write":
            above.live[name].write(op.content)
        elif op.what == "sync":
            above.live[name].sync()
        elif op.what == "unlink":
            above.change({name: None})
        else:
            above.change({op.to.rsplit("/", 1)[-1]: above.live[name], name: None})

    def after_power_loss(self, dice: random.Random, limit: int = LIMIT) -> Iterator[dict[str, bytes]]:
        """Give every state that a power loss may leave now; a random sample when they are more than the limit."""
        inodes = self._all(self.root)
        choices = [(i, "content", n) for i in inodes if not i.folder for n in (1 + len(i.maybe),) if n > 1]
        bits = [(i, "entry", k) for i in inodes for k in range(len(i.pending))]
        sizes = [n for _, _, n in choices] + [2] * len(bits)
        total = 1
        for size in sizes:
            total *= size
        if total <= limit:
            picks: Iterator[tuple[int, ...]] = itertools.product(*(range(n) for n in sizes))
        else:
            picks = (tuple(dice.randrange(n) for n in sizes) for _ in range(limit))
        for pick in picks:
            contents = {id(i): p for (i, _, _), p in zip(choices, pick, strict=False)}
            there = {(id(i), k) for (i, _, k), p in zip(bits, pick[len(choices) :], strict=True) if p}
            yield dict(_seen(self.root, "", contents, there))


def _seen(
    inode: Inode, path: str, contents: dict[int, int], there: set[tuple[int, int]]
) -> Iterator[tuple[str, bytes]]:
    if not inode.folder:
        pick = contents.get(id(inode), 0)
        yield path, inode.maybe[pick - 1] if pick else inode.sure
        return
    entries = dict(inode.entries)
    for number, change in enumerate(inode.pending):
        if (id(inode), number) in there:
            _apply(entries, change)
    for name, below in entries.items():
        if not name.endswith(LITTER):
            yield from _seen(below, f"{path}/{name}" if path else name, contents, there)
