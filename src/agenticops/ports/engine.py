"""The engine: retries, timers and a queue for what is delivered outside, by DBOS (extra `engine`). ADR 0039.

It knows ids only. What is to be delivered, and what became of it, the log says; losing the engine's database loses no
more than the timers. SQLite by default; PostgreSQL when several machines share the work.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Callable
from typing import Any

from agenticops.errors import RemoteError, TrainError, UsageError

QUEUE = "outbox"
WORKERS = 4
# A longer wait than this (seconds) does not hold a place among those that are worked: it is put on the queue for later.
SHORT = 1.0
UNDERWAY = ["ENQUEUED", "PENDING", "DELAYED"]
# Its own scheme for the version: a computed one hashes the source, and work that waits would be left behind.
VERSION = "1"
# One attempt, by id and number: gives the seconds until the next one, or None when there is none.
Attempt = Callable[[str, int], float | None]

# A library of processes, not of objects: there is one at a time, and what it runs finds it here.
_engine: Engine | None = None
_deliver: Any = None


class Engine:
    """An engine under way; one a process. `attempt` is called in threads of the engine."""

    def __init__(self, url: str, executor: str, attempt: Attempt, workers: int = WORKERS) -> None:
        self.url, self.executor, self.attempt, self.workers = url, executor, attempt, workers
        self._dbos: Any = None

    def __enter__(self) -> Engine:
        global _engine
        if _engine is not None:
            raise RuntimeError("an engine is under way in this process")
        dbos = _library()
        prepare(self.url)
        config = {
            "name": "agenticops",
            "system_database_url": self.url,
            "application_version": VERSION,
            "executor_id": self.executor,
            "serializer": dbos.DBOSPortableJSONSerializer(),
            "log_level": "CRITICAL",
            "enable_otlp": False,
        }
        _engine, self._dbos = self, dbos
        try:
            dbos.DBOS(config=config)
            _register(dbos)
            dbos.DBOS.launch()
            dbos.DBOS.register_queue(QUEUE, worker_concurrency=self.workers, polling_interval_sec=0.1)
        except Exception as e:
            self.__exit__()
            raise RemoteError(f"the engine's database cannot be used: {_first(e)}", place=_shown(self.url)) from e
        return self

    def __exit__(self, *error: object) -> None:
        global _engine
        _engine = None
        self._dbos.DBOS.destroy(destroy_registry=True)

    def submit(self, id: str, name: str) -> None:
        """Put an id on its way, under a name of this delivery; what is known by that name is not put there twice."""
        with self._dbos.SetWorkflowID(name):
            self._dbos.DBOS.enqueue_workflow(QUEUE, _deliver, id, name, 1)

    def done(self, name: str) -> bool | None:
        """Tell whether a delivery came to its end here; None when the name is not known.

        A part that is waited for longer goes on under the name `<name>.<number>`.
        """
        status = self._dbos.DBOS.get_workflow_status(name)
        if status is None:
            return None
        return not self._dbos.DBOS.list_workflows(
            workflow_id_prefix=[name], status=UNDERWAY, load_input=False, load_output=False, limit=1
        )

    def waiting(self) -> int:
        """Count what is under way."""
        return len(self.names())

    def names(self, later: bool = True) -> list[str]:
        """List what is under way by the names it was submitted by; without `later` only what is not for later."""
        wanted = UNDERWAY if later else UNDERWAY[:2]
        rows = self._dbos.DBOS.list_workflows(status=wanted, load_input=False, load_output=False)
        return [row.workflow_id for row in rows]


def known(url: str) -> dict[str, bool]:
    """Say what an engine's database knows, by name, and whether it came to its end. Nothing is worked."""
    if url.startswith("sqlite:///") and not os.path.exists(url.removeprefix("sqlite:///")):
        return {}
    dbos = _library()
    prepare(url)
    try:
        client = dbos.DBOSClient(system_database_url=url)
        try:
            rows = client.list_workflows(load_input=False, load_output=False)
        finally:
            client.destroy()
    except Exception as e:
        raise RemoteError(f"the engine's database cannot be used: {_first(e)}", place=_shown(url)) from e
    return {row.workflow_id: row.status not in UNDERWAY for row in rows}


def prepare(url: str) -> None:
    """Let a SQLite file be one that readers do not block. Raises UsageError for a URL that is none."""
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        file = rest.removeprefix("/")
        os.makedirs(os.path.dirname(file), exist_ok=True)
        db = sqlite3.connect(file)
        try:
            db.execute("PRAGMA journal_mode=WAL")
        except sqlite3.DatabaseError as e:
            raise TrainError(f"this is no database: {e}", place=file, hint="move it away: the log has all") from None
        finally:
            db.close()
    elif scheme not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise UsageError("the engine takes a sqlite or postgresql URL", hint="postgresql://user@host:5432/agenticops")


def _register(dbos: Any) -> None:
    """Tell the library what it is to run; the names are what finds work that waits again."""
    global _deliver

    @dbos.DBOS.step(name="attempt")  # type: ignore[untyped-decorator]
    def attempt(id: str, number: int) -> float | None:
        if _engine is None:
            raise RuntimeError("the engine stops")
        return _engine.attempt(id, number)

    @dbos.DBOS.workflow(name="deliver")  # type: ignore[untyped-decorator]
    def deliver(id: str, name: str, number: int) -> int:
        while (wait := attempt(id, number)) is not None:
            number += 1
            if wait > SHORT:
                options = dbos.SetEnqueueOptions(delay_seconds=wait)
                with dbos.SetWorkflowID(f"{name}.{number}"), options:
                    dbos.DBOS.enqueue_workflow(QUEUE, _deliver, id, name, number)
                return number
            dbos.DBOS.sleep(max(wait, 0.01))
        return number

    _deliver = deliver


def _library() -> Any:
    try:
        import dbos
    except ImportError:
        hint = "pip install 'agenticops[engine]'"
        raise TrainError("the worker needs the engine DBOS, which is not installed", hint=hint) from None
    # It keeps the stream of the first engine for its words, which may be closed by the time of the next one.
    logger = logging.getLogger("dbos")
    logger.handlers[:] = [logging.NullHandler()]
    logger.propagate = False
    logger.setLevel(logging.CRITICAL)
    return dbos


def _first(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__


def _shown(url: str) -> str:
    """Leave a password out."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def drained(engine: Engine, seconds: float) -> bool:
    """Wait until nothing is under way, or the time is over."""
    end = time.monotonic() + seconds
    while engine.waiting():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
