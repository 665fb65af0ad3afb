"""The three-way merge of one item with its issue, field by field, against the base. Times never decide (ADR 0032)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct

from agenticops.core.sync import base as bases
from agenticops.core.sync import board, fields
from agenticops.core.sync.body import Merge
from agenticops.core.sync.fields import HELD, OWED, UNASSIGNED, Links, united
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
        self.disputed = {name for name in agreed.disputed if name not in self.base}
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

    def default(self, name: str) -> Value | None:
        """Give what counts as nothing said, where nothing was ever agreed; None where the agreements contradict."""
        return None if name in self.disputed else DEFAULTS.get(name, "")

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
    _assigned(m)
    _held(m)
    _tracked(m)
    for name in SCALARS:
        if name in m.own:
            _scalar(m, name)
    _elsewhere(m)
    _body(m, text)
    _board(m)
    return Merged(m.ours, m.theirs, m.own, m.said, m.base, tuple(m.conflicts), tuple(m.notes))


def _scalar(m: _Merging, name: str) -> None:
    value = _settled(m, name, m.said[name])
    if value is not None:
        m.set(name, value)


def _settled(m: _Merging, name: str, said: Value) -> Value | None:
    """Give the value of the side that alone changed it, else that of the side which the policy takes, if any."""
    own = m.own[name]
    value = _one_sided(m.base.get(name), own, said, m.default(name))
    if value is None:
        value = {"local": own, "remote": said, None: None}[m.dispute(name, own, said)]
    return value


def _one_sided(base: Value | None, own: Value, said: Value, default: Value | None = "") -> Value | None:
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


def _assigned(m: _Merging) -> None:
    """Ask no more for those whom the forge left out, until it has them itself, or the document names others."""
    left = tuple(
        name for name in m.base.get(UNASSIGNED, ()) if name in m.own["assignees"] and name not in m.said["assignees"]
    )
    if left:
        m.theirs["assignees"] = tuple(name for name in m.theirs["assignees"] if name not in left)
        m.notes.append(unassigned(m.local.id, m.issue.number, left))


def unassigned(item: str, number: int, names: Iterable[str]) -> Finding:
    """Report whom the forge left out: they are not sent again until the document or the forge says something else."""
    message = f"issue #{number}: {', '.join(names)} cannot be assigned there; the forge left that out without a word"
    hint = f"agenticops work edit {item} --assignee LOGIN"
    return Finding("VT490", message, f"docs/work/{item}.md", severity="warning", hint=hint)


def _elsewhere(m: _Merging) -> None:
    """Leave an issue below one that is no item's; where the item stands below another, say so."""
    own, said = str(m.own.get("parent", "")), str(m.said["parent"])
    if said.startswith("#") and own and not own.startswith("#") and m.theirs.get("parent") == said:
        where = said if said[1:].isdecimal() else said[1:]
        hint = f"put #{m.issue.number} back there, or agenticops work move {m.local.id} --top"
        message = f"issue #{m.issue.number} was put below {where}, which is no item's; {m.local.id} stands below {own}"
        m.notes.append(Finding("VT491", message, f"docs/work/{m.local.id}.md", severity="warning", hint=hint))


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
    own, said = m.own["state"], m.said["state"]
    never = "state" not in m.base and "state" not in m.disputed
    base = "open" if never else m.base.get("state")
    ended = own != "open" and (said != "open" or never)
    if own == said or said == base or ended:
        m.set("state", own)
        return
    why = "it was opened again on the forge" if said == "open" else "it was closed on the forge; the item is open"
    side = m.dispute("state", own, said, why)
    if side is not None:
        m.set("state", own if side == "local" else said)


def _body(m: _Merging, text: Merge) -> None:
    own, said, base = str(m.own["body"]), str(m.said["body"]), m.base.get("body")
    value = _one_sided(base, own, said, m.default("body"))
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
    if m.said["board"] == board.DONE != m.theirs["board"]:
        message = f"its card was put into Done; the item is open still, so it goes back to {m.theirs['board']}"
        m.note(message, "agenticops advance")


def resolve(conflict: Conflict, take: Side) -> Resolution:
    """Decide a conflict. Raises UsageError when the side to take says more than one thing."""
    if take == "remote" and isinstance(conflict.remote, tuple):
        raise UsageError(
            f"issue #{conflict.issue} says more than one {conflict.field}: {', '.join(conflict.remote)}",
            hint="take away all but one of these labels on the forge, or --take local",
        )
    return Resolution(conflict.item, conflict.field, take, conflict.digest)
