"""An attempt: the log is asked first, then it is sent, then the log is told. ADR 0039.

Between sending and telling a process may die: then it is sent again, under the same key. What the log knows to be
delivered, or given up, is never sent.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from agenticops.core import automation, outbox, records, secrets
from agenticops.core.automation import Automation
from agenticops.errors import ConflictError, SecretError, StateError, TrainError
from agenticops.flows.worker import sending
from agenticops.flows.worker.sending import Try
from agenticops.model.event import Draft
from agenticops.model.record import Delivery
from agenticops.ports.clock import Clock, timestamp
from agenticops.workspace import Workspace

# An error in the log is no longer than this.
WORDS = 300
# While another writes, an outcome waits for its turn: so often, as long as the lock waits each time.
PATIENCE = 30
Told = Callable[[Delivery, str, str], None]


class Post:
    """What delivers, one delivery at a time a thread. `keep` raises when the lease is lost; it is asked before each."""

    def __init__(self, root: str, clock: Clock, keep: Callable[[], None], told: Told, standing_for: str = "") -> None:
        self.root, self.clock, self.keep, self.told, self.standing_for = root, clock, keep, told, standing_for
        self.stop = threading.Event()
        self.lost: TrainError | None = None
        self._turn = threading.Condition()
        self._sending = 0

    def attempt(self, id: str, number: int) -> float | None:
        """Try a delivery, if it is due; give the seconds until the next try. The log counts the tries, not `number`."""
        with self._turn:
            if self.stop.is_set():
                return 0.5
            self._sending += 1
        try:
            self.keep()
            return self._attempted(Workspace(self.root, self.clock, self.standing_for), id)
        except Exception as e:
            # The lease is lost, or the log cannot be told: one who goes on would send the same again and again.
            self.lost = self.lost or (e if isinstance(e, TrainError) else TrainError(f"{type(e).__name__}: {e}"))
            self.stop.set()
            return 0.5
        finally:
            with self._turn:
                self._sending -= 1
                self._turn.notify_all()

    def settled(self, seconds: float) -> bool:
        """Wait until nothing is being sent; no other is begun once `stop` is set."""
        with self._turn:
            return self._turn.wait_for(lambda: not self._sending, seconds)

    def _attempted(self, here: Workspace, id: str) -> float | None:
        row = delivery(here, id)
        if row is None or row.status in ("delivered", "dead"):
            return None
        wait = remaining(row, self.clock)
        if wait > 0:
            return wait
        settings = automation.Automation()
        try:
            settings = automation.read(here.tree.read(automation.PATH))
            sent = sending.send(Try(here, settings, row, self.stop))
        except StateError as e:
            return self._failed(here, row, settings, outbox.Fault(_said(e), final=True))
        except Exception as e:  # whatever it is: it is a try that failed, and the others go on
            return self._failed(here, row, settings, sending.fault(e))
        data = {"attempt": row.attempts + 1, "status": sent.status, "answer": sent.answer}
        self._tell(here, row, Draft("outbox_delivered", f"outbox/{id}", data=_plain(data)))
        self.told(row, "delivered", sent.status)
        return None

    def _failed(self, here: Workspace, row: Delivery, settings: Automation, fault: outbox.Fault) -> float | None:
        number = row.attempts + 1
        words = secrets.redact(fault.words, secrets.known_values(os.environ))[:WORDS]
        wait = outbox.next_wait(fault, settings.retries, number)
        if wait is None:
            draft = Draft("outbox_dead", f"outbox/{row.id}", data={"attempts": number, "error": words})
        else:
            at = timestamp(self.clock.milliseconds() + int(wait * 1000))
            data = {"attempt": number, "error": words, "next_at": at}
            draft = Draft("outbox_tried", f"outbox/{row.id}", data=data)
        self._tell(here, row, draft)
        self.told(row, "dead" if wait is None else "tried", words)
        return wait

    def _tell(self, here: Workspace, row: Delivery, draft: Draft) -> None:
        """Write the outcome down, however long others write: without it, it would be sent again."""
        for left in range(PATIENCE, -1, -1):
            try:
                self._told(here, row, draft)
                return
            except ConflictError:
                if not left:
                    raise
            except SecretError:
                # The event is what counts; what looks like a secret in an answer is not kept.
                kept = {name: value for name, value in draft.data.items() if name not in ("answer", "status")}
                draft = Draft(draft.kind, draft.subject, data={**kept, "error": "what was said is not kept"})

    def _told(self, here: Workspace, row: Delivery, draft: Draft) -> None:
        with here.transaction("worker") as tx:
            now = delivery(here, row.id)
            if now is None or now.status == "delivered":
                return  # it came from elsewhere meanwhile
            tx.append(Draft(draft.kind, draft.subject, data=draft.data))


def delivery(here: Workspace, id: str) -> Delivery | None:
    """Give a delivery as the log has it now."""
    return records.delivery(here.log.of_subject(f"outbox/{id}"))


def remaining(row: Delivery, clock: Clock) -> float:
    """Give the seconds until a delivery is due; 0 or less when it is."""
    try:
        due = datetime.fromisoformat(row.due)
    except ValueError:
        return 0.0
    due = due if due.tzinfo else due.replace(tzinfo=UTC)
    now = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=clock.milliseconds())
    return (due - now).total_seconds()


def _said(error: TrainError) -> str:
    return f"{error.message} ({error.place})" if error.place else error.message


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value not in ("", {})}
