"""The three-way merge of one item with its issue, field by field, against the base. Times never decide (ADR 0032)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct

from agenticops.core.sync import base as bases
from agenticops.core.sync import board, fields
from agenticops.core.sync.body import Merge
from agenticops.core.sync.fields import HELD, OWED, Links
from agenticops.errors import UsageError
from agenticops.model.digest import sha256
from agenticops.model.finding import Finding
from agenticops.model.forge import Agreed, Conflict, Issue, Local, Policy, Resolution, Side, Value

# What counts as nothing said, when two sides meet for the first time.
DEFAULTS = {"priority": "next"}
SCALARS = ("title", "milestone", "parent")


class Merged(Struct, frozen=True):
    """What each side is to say. A field in conflict stays on both sides as it is; one that is not in sync is not here.

    `said` is what the forge says now, `own` what this side says, `base` the base that was merged against.
    """

    local: dict[str, Value]
    remote: dict[str, Value]
    own: dict[str, Value]
    said: dict[str, Value]
    base: dict[str, Value]
    conflicts: tuple[Conflict, ...] = ()
    notes: tuple[Finding, ...] = ()


class _Merging:
    """One item and its issue while they are merged."""

    def __init__(
        self, local: Local, issue: Issue, agreed: Agreed, links: Links, decided: Mapping[str, Resolution]
    ) -> None:
        self.local, self.issue, self.links, self.decided = local, issue, links, decided
        self.said = fields.theirs(issue, local, links)
        self.base = bases.effective(agreed.fields, agreed.intended, self.said)
        self.own = fields.ours(local, links, self.base)
        self.ours: dict[str, Value] = {}
        self.theirs: dict[str, Value] = {}
        self.conflicts: list[Conflict] = []
        self.notes: list[Finding] = []

    def set(self, name: str, value: Value) -> None:
        """Let both sides say a value."""
        self.ours[name] = self.theirs[name] = value

    def dispute(self, name: str, own: Value, said: Value, why: str = "both sides changed it") -> Side | None:
        """Ask who is right: a decision on just this conflict, then the policy; None keeps the field as it is."""
        conflict = Conflict(self.local.id, self.issue.number, name, self.base.get(name), own, said, why)
        digest = sha256(msgspec.json.encode(conflict))[:16]
        decision = self.decided.get(name)
        policy: Policy = self.links.rules.policies.get(name, "ask")
        if decision and decision.digest == digest:
            policy = decision.take
        if policy == "remote" and isinstance(said, tuple):
            policy = "ask"  # it contradicts itself: there is nothing to take
        if policy == "ask":
            self.conflicts.append(msgspec.structs.replace(conflict, digest=digest))
            return None
        return policy

    def note(self, message: str, hint: str) -> None:
        """Report what was done on the forge and does not count there."""
        place = f"docs/work/{self.local.id}.md"
        self.notes.append(
            Finding("VT488", f"issue #{self.issue.number}: {message}", place, severity="warning", hint=hint)
        )


def merge(
    local: Local,
    issue: Issue,
    agreed: Agreed,
    links: Links,
    text: Merge,
    resolutions: Iterable[Resolution] = (),
) -> Merged:
    """Merge an item with its issue. `text` merges bodies; the rest of a conflict's decision is in `resolutions`."""
    decided = {r.field: r for r in resolutions if r.item == local.id}
    m = _Merging(local, issue, agreed, links, decided)
    _state(m)
    for name in OWED:
        _owed(m, name)
    for name in ("phase", "agent"):
        _logged(m, name)
    for name in ("assignees", "depends", "flags"):
        m.set(name, united(m.base.get(name), m.own[name], m.said[name]))
    _held(m)
    _tracked(m)
    for name in SCALARS:
        if name in m.own:
            _scalar(m, name)
    _body(m, text)
    _board(m)
    return Merged(m.ours, m.theirs, m.own, m.said, m.base, tuple(m.conflicts), tuple(m.notes))


def united(base: Value | None, own: Value, said: Value) -> tuple[str, ...]:
    """Merge two sets: what either side added is in, what either took away is out. Without a base: all of both."""
    before, here, there = set(base or ()), set(own), set(said)
    return tuple(sorted((here | there) - (before - here) - (before - there)))


def _scalar(m: _Merging, name: str) -> None:
    value = _settled(m, name, m.said[name])
    if value is not None:
        m.set(name, value)


def _settled(m: _Merging, name: str, said: Value) -> Value | None:
    """Give the value of the side that alone changed it, else that of the side which the policy takes, if any."""
    own = m.own[name]
    value = _one_sided(m.base.get(name), own, said, DEFAULTS.get(name, ""))
    if value is None:
        value = {"local": own, "remote": said, None: None}[m.dispute(name, own, said)]
    return value


def _one_sided(base: Value | None, own: Value, said: Value, default: Value = "") -> Value | None:
    """Give the value of the side that alone changed it; None when both did, in different ways."""
    if own == said or said == base:
        return own
    if own == base:
        return said
    if base is None and default in (own, said):
        return said if own == default else own
    return None


def _owed(m: _Merging, name: str) -> None:
    """Merge kind or priority. More than one label: the one that is new counts, if only one is."""
    own, base = m.own[name], m.base.get(name)
    named = list(m.said[name])
    column = str(m.said.get("board", ""))
    if name == "priority" and column != m.base.get("board") and board.priority(column) not in ("", *named):
        named.append(board.priority(column))
    fresh = [value for value in named if value != base] if base in named else named
    if len(fresh) > 1:
        side = m.dispute(name, own, tuple(sorted(fresh)), "the forge says more than one thing")
        value = own if side == "local" else None
    else:
        value = _settled(m, name, fresh[0] if fresh else named[0] if named else own)
    if value is not None:
        m.set(name, value)
        if name == "priority" and m.theirs.get("state", "open") != "open" and value == own:
            m.theirs[name] = ""  # what is done has none; a label that is news to us goes when we have taken it over


def _logged(m: _Merging, name: str) -> None:
    """Let phase and agent be what the log says: a label moves no ticket. Without a ticket it may propose one."""
    own, said, base = set(m.own[name]), set(m.said[name]), set(m.base.get(name, ()))
    wanted = own or said - base
    m.ours[name], m.theirs[name] = m.own[name], tuple(sorted(wanted))
    if own and said not in (own, base) and (said or name in m.base):
        there, here = " and ".join(sorted(said)) or "nothing", " ".join(sorted(own))
        m.note(f"its labels said {name} {there}; the ticket's is {here}, which is written back", "agenticops advance")


def _held(m: _Merging) -> None:
    """Keep the flag of a ticket that is blocked: it is the ticket's, not the label's."""
    if m.local.held and HELD not in m.ours["flags"]:
        m.set("flags", tuple(sorted({*m.ours["flags"], HELD})))
        m.note("the label blocked was taken away; the ticket is blocked still", "agenticops ticket unblock TICKET")


def _tracked(m: _Merging) -> None:
    """Keep in step only those other labels that the document names; what people hang on an issue stays there."""
    own, said, base = set(m.own["labels"]), set(m.said["labels"]), set(m.base.get("labels", ()))
    m.ours["labels"] = tuple(sorted(own - (base - said)))
    m.theirs["labels"] = tuple(sorted((said | (own - base)) - (base - own)))


def _state(m: _Merging) -> None:
    """Let the log say how an item ends. An end or a new beginning on the forge is asked about, never just taken."""
    own, said, base = m.own["state"], m.said["state"], m.base.get("state", "open")
    ended = own != "open" and (said != "open" or "state" not in m.base)
    if own == said or said == base or ended:
        m.set("state", own)
        return
    why = "it was opened again on the forge" if said == "open" else "it was closed on the forge; the item is open"
    side = m.dispute("state", own, said, why)
    if side is not None:
        m.set("state", own if side == "local" else said)


def _body(m: _Merging, text: Merge) -> None:
    own, said, base = str(m.own["body"]), str(m.said["body"]), m.base.get("body")
    value = _one_sided(base, own, said)
    if value is None and base is not None:
        merged, clean = text(str(base), own, said)
        value = merged.strip() if clean else None
    if value is None:
        side = m.dispute("body", own, said)
        value = {"local": own, "remote": said, None: None}[side]
    if value is not None:
        m.set("body", value)


def _board(m: _Merging) -> None:
    """Put the item into the column that its priority asks for, once state and priority are settled."""
    if "board" not in m.said or "state" not in m.ours or "priority" not in m.ours:
        return
    own = board.stand(str(m.ours["priority"]), m.ours["state"] != "open", m.local.review)
    base, stood = str(m.base.get("board", "")), str(m.base.get(bases.STAND, ""))
    m.theirs["board"] = board.wanted(own, str(m.said["board"]), base, stood)


def resolve(conflict: Conflict, take: Side) -> Resolution:
    """Decide a conflict. Raises UsageError when the side to take says more than one thing."""
    if take == "remote" and isinstance(conflict.remote, tuple):
        raise UsageError(
            f"issue #{conflict.issue} says more than one {conflict.field}: {', '.join(conflict.remote)}",
            hint="take away all but one of these labels on the forge, or --take local",
        )
    return Resolution(conflict.item, conflict.field, take, conflict.digest)
