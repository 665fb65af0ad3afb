"""The story of an item: its agreements in the order in which they followed each other, told by several clones.

Each agreement names those that it follows. Two of which neither saw the other are a fork, as branches make it: which of
them the forge said last, nobody knows. Then a field that only one of them changed is as that one says; one that both
changed in different ways is disputed, and has no base.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from agenticops.core.sync.fields import SETS, UNASSIGNED, united
from agenticops.model.event import Event
from agenticops.model.forge import Agreed, Value

# These are agreed on together: where the card is, and where it belonged then.
STOOD = ("board", "stand")


class Story:
    """The events of one item, added in the log's order."""

    def __init__(self, item: str) -> None:
        self.item = item
        self.told: dict[str, Agreed] = {}
        self.parents: dict[str, list[str]] = {}
        self.heads: list[str] = []
        self.birth: Agreed | None = None
        self.known: frozenset[str] = frozenset()
        self.intended: dict[str, tuple[str, ...]] = {}

    def born(self, event: Event, fields: dict[str, Value]) -> None:
        """Add that its issue is about to be made. It counts unless there is an agreement that was not known then."""
        self.birth, self.known, self.intended = Agreed(self.item, fields=fields), frozenset(self._after(event)), {}

    def agree(self, event: Event, said: Mapping[str, Value]) -> None:
        """Add an agreement; what was intended before is done or given up."""
        number = event.data.get("issue")
        issue = number if isinstance(number, int) else None
        after = self._after(event)
        old = self._joined(after)
        if old.issue != issue:
            old = Agreed(self.item)  # another issue is another story
        disputed = tuple(name for name in old.disputed if name not in said)
        updated_at = str(event.data.get("updated_at", ""))
        self.told[event.id] = Agreed(self.item, issue, updated_at, {**old.fields, **said}, disputed=disputed)
        self.parents[event.id] = after
        self.heads = [*(name for name in self.heads if name not in after), event.id]
        self.birth, self.intended = None, {}

    def base(self) -> Agreed:
        """Give the base that all of it comes to."""
        unseen = self.birth is None or not self.known.issuperset(self.heads)
        found = self._joined(self.heads) if self.birth is None or unseen else self.birth
        return msgspec.structs.replace(found, intended=self.intended, heads=tuple(self.heads))

    def _after(self, event: Event) -> list[str]:
        """Name what an event follows; one that does not say it follows all before it."""
        named = event.data.get("after")
        return [name for name in self.told if name in named] if isinstance(named, list) else list(self.heads)

    def _joined(self, names: Sequence[str]) -> Agreed:
        """Bring agreements together of which none saw another; the first of them may be there alone."""
        if not names:
            return Agreed(self.item)
        found, common = self.told[names[-1]], self._seen(names[-1])
        for name in reversed(names[:-1]):
            if self.told[name].issue != found.issue:
                continue
            common = common & self._seen(name)
            origin = next((self.told[x] for x in reversed(self.told) if x in common), Agreed(self.item))
            found = _met(found, self.told[name], origin if origin.issue == found.issue else Agreed(self.item))
        return found

    def _seen(self, name: str) -> set[str]:
        """Name an agreement and all that were before it."""
        found, left = {name}, [name]
        while left:
            new = [x for x in self.parents[left.pop()] if x not in found]
            found.update(new)
            left += new
        return found


def _met(one: Agreed, other: Agreed, origin: Agreed) -> Agreed:
    """Merge two ends of a fork, field by field, against where they parted."""
    fields: dict[str, Value] = {}
    disputed: set[str] = set()
    for name in sorted({*one.fields, *one.disputed, *other.fields, *other.disputed}):
        a, b, then = ((x.fields.get(name), name in x.disputed) for x in (one, other, origin))
        value, open_still = (b if a == then else a) if then in (a, b) or a == b else (None, True)
        if name in (*SETS, UNASSIGNED):
            value, open_still = united(then[0], a[0] or (), b[0] or ()), False
        if open_still:
            disputed.add(name)
        elif value is not None:
            fields[name] = value
    if disputed.intersection(STOOD):
        disputed.update(STOOD)
    kept = {name: value for name, value in fields.items() if name not in disputed}
    return msgspec.structs.replace(one, fields=kept, disputed=tuple(sorted(disputed)))
