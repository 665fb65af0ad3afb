"""The case: what a check is handed. Before and after are trains, so a check compares trees wherever they come from."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

from agenticops.core.train import Train
from agenticops.model.pipeline import CheckCall, Gate
from agenticops.model.ticket import Ticket

# Tells why a signature does not hold ("" when it does): signed bytes, signature, identity, allowed signers.
Verifier = Callable[[bytes, str, str, bytes], str]


def unable(content: bytes, signature: str, identity: str, signers: bytes) -> str:
    """Stand for a verifier where none was handed over: nothing unproven passes."""
    return "signatures cannot be verified here"


class Case:
    """One ticket in the train `after`, with the train `before` when there is one, and the time of judging.

    `judge` is the train whose roles and signers count: that of the base. `moving` tells a move from a review: on a
    phase branch the gate may hold by evidence that is only recorded. `asked` are the call's parameters, checked.
    """

    def __init__(
        self,
        after: Train,
        ticket: Ticket,
        *,
        before: Train | None = None,
        judge: Train | None = None,
        now: str = "",
        moving: bool = True,
        verify: Verifier = unable,
    ) -> None:
        self.after = after
        self.before = before
        self.judge = judge or before or after
        self.ticket = ticket
        self.now = now
        self.moving = moving
        self.verify = verify
        self.gate = Gate()
        self.call = CheckCall("")
        self.asked: Any = None

    def at(self, gate: Gate, call: CheckCall, asked: Any = None) -> Case:
        """Give the same case for one check of a gate."""
        found = copy(self)
        found.gate, found.call, found.asked = gate, call, asked
        return found

    @property
    def level(self) -> str:
        """The evidence that this check wants: the call's own level, else the gate's."""
        return self.call.level or self.gate.level
