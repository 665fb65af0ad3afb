"""The machine: what it has in use, and what an agent's process and all below it use of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from agenticops.core.drive.metrics import Reading

if TYPE_CHECKING:
    import psutil

MB = 1_000_000
# PostgreSQL, MySQL, SQL Server, MongoDB, Redis.
DATABASES = frozenset((5432, 3306, 1433, 27017, 6379))
T = TypeVar("T")
# Processor seconds of the processes of a tree, each named by its number and when it began.
Times = dict[tuple[int, float], float]


class Machine:
    """Measures between two readings; the first one counts from when this was made. One for each who is measured."""

    def __init__(self, folder: str, pid: int = 0) -> None:
        self.folder = folder
        self.pid = pid
        self.at = time.monotonic()
        self.busy, self.total = _processor()
        self.times: Times = {key: spent for key, spent, _ in self._tree()} if pid else {}
        self.bytes = _network()

    def read(self) -> Reading:
        """Measure: the system, or the tree of the process that this was made for. What ended meanwhile is left out."""
        import psutil

        now = time.monotonic()
        seconds, self.at = max(now - self.at, 0.001), now
        sent = _network()
        network, self.bytes = max(sent - self.bytes, 0) / MB / seconds, sent
        memory = psutil.virtual_memory()
        disk = psutil.disk_usage(self.folder)
        cpu, used = (
            self._tree_use(seconds) if self.pid else (self._system_use(), float(memory.total - memory.available))
        )
        return Reading(
            cpu=_percent(cpu),
            memory=round(used / MB, 1),
            memory_share=_percent(100 * used / memory.total),
            disk=round(disk.used / MB, 1),
            disk_share=_percent(disk.percent),
            network=round(network, 3),
            connections=sum(_connections(process) for process in _family(self.pid or os.getpid())),
        )

    def _system_use(self) -> float:
        busy, total = _processor()
        spent, passed = busy - self.busy, total - self.total
        self.busy, self.total = busy, total
        return 100 * spent / passed if passed > 0 else 0.0

    def _tree_use(self, seconds: float) -> tuple[float, float]:
        """Give processor percent and bytes of memory of the tree; shared memory counts in each process."""
        found = list(self._tree())
        spent = sum(max(now - self.times.get(key, 0.0), 0.0) for key, now, _ in found)
        self.times = {key: now for key, now, _ in found}
        return 100 * spent / seconds / (os.cpu_count() or 1), float(sum(memory for _, _, memory in found))

    def _tree(self) -> Iterator[tuple[tuple[int, float], float, int]]:
        """Give each process of the tree: what names it, its processor seconds, its bytes of memory."""
        for process in _family(self.pid):
            found = _of(process, _figures)
            if found is not None:
                yield found


def _family(pid: int) -> list[psutil.Process]:
    import psutil

    try:
        top = psutil.Process(pid)
        return [top, *top.children(recursive=True)]
    except psutil.Error:
        return []


def _figures(process: psutil.Process) -> tuple[tuple[int, float], float, int]:
    with process.oneshot():
        spent = process.cpu_times()
        key = process.pid, process.create_time()
        return key, spent.user + spent.system, process.memory_info().rss


def _of(process: psutil.Process, ask: Callable[[psutil.Process], T]) -> T | None:
    import psutil

    try:
        return ask(process)
    except (psutil.Error, OSError):
        return None  # it has ended, or is another user's


def _connections(process: psutil.Process) -> int:
    def count(one: psutil.Process) -> int:
        found = one.net_connections("tcp")
        return sum(c.status == "ESTABLISHED" and bool(c.raddr) and c.raddr.port in DATABASES for c in found)

    return _of(process, count) or 0


def _processor() -> tuple[float, float]:
    """Give the machine's processor seconds so far: at work, and in all."""
    import psutil

    times = psutil.cpu_times()
    total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)  # these are in user, too
    return total - times.idle - getattr(times, "iowait", 0.0), total


def _network() -> int:
    import psutil

    counters = psutil.net_io_counters()
    # Without any interface it is None.
    return int(getattr(counters, "bytes_sent", 0) + getattr(counters, "bytes_recv", 0))


def _percent(value: float) -> float:
    return round(min(max(value, 0.0), 100.0), 1)
