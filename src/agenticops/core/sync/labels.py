"""Labels: what those of an issue say as fields, and which ones are to be added, taken away, made or renamed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from agenticops.model.forge import Action, Issue, Label, Value
from agenticops.model.pipeline import KINDS, Pipeline
from agenticops.model.work import PRIORITIES

FLAGS = ("auto", "blocked", "meta", "risk", "mitigation")
PREFIXES = ("phase", "agent")
# What GitHub takes, in characters.
LONGEST = 50
TOO_LONG = f"longer than the {LONGEST} characters that a label may have"
_PLAIN = {
    name.casefold(): (field, name)
    for field, names in (("kind", KINDS), ("priority", PRIORITIES), ("flags", FLAGS))
    for name in names
}
_WORDS = {
    "PRD": "A product requirement.",
    "CRD": "A change request: a user story.",
    "Task": "What one sitting can do.",
    "now": "It is worked, or the next to be.",
    "next": "It comes when what is now is done.",
    "future": "Some day.",
    "auto": "The auto-pilot may take it.",
    "blocked": "Something holds it up.",
    "meta": "Left out of flow metrics.",
    "risk": "It is about a risk.",
    "mitigation": "It answers a risk.",
}
_COLORS = {"kind": "5319e7", "priority": "d93f0b", "phase": "0e8a16", "agent": "1d76db", "flags": "fbca04"}


class Said(Struct, frozen=True):
    """What a set of labels says: the values of each scalar (more than one: it contradicts itself), flags, the rest."""

    kind: tuple[str, ...] = ()
    priority: tuple[str, ...] = ()
    phase: tuple[str, ...] = ()
    agent: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()


def meaning(label: str, aliases: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Tell which field a label speaks of and what it says there; `foreign` is not ours. Case does not matter."""
    known = {old.casefold(): new for old, new in (aliases or {}).items()}
    name = known.get(label.casefold(), label)
    if plain := _PLAIN.get(name.casefold()):
        return plain
    prefix, colon, value = name.partition(":")
    if colon and value.strip() and prefix.strip().casefold() in PREFIXES:
        return prefix.strip().casefold(), value.strip().casefold()
    return "foreign", name


def label(field: str, value: str) -> str:
    """Give the label that says a value of a field."""
    return f"{field}:{value}" if field in PREFIXES else value


def too_long(name: str) -> bool:
    """Tell whether the forge would refuse a label for its length."""
    return len(name) > LONGEST


def cut(name: str) -> str:
    """Give the beginning of a name that is too long, to be shown."""
    return f"{name[:20]}…"


def read(labels: Iterable[str], aliases: Mapping[str, str] | None = None) -> Said:
    """Read labels as fields."""
    found: dict[str, set[str]] = {field: set() for field in Said.__struct_fields__}
    for name in labels:
        field, value = meaning(name, aliases)
        found[field].add(value)
    return Said(**{field: tuple(sorted(values)) for field, values in found.items()})


def edits(
    labels: Sequence[str], wanted: Mapping[str, Iterable[str]], aliases: Mapping[str, str] | None = None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Tell what to add and what to take away so that the labels say what is wanted of the fields that are named.

    What says so already stays, however it is spelt; fields that are not named, and labels that are not ours, stay.
    """
    missing = {(field, value) for field, values in wanted.items() for value in values}
    remove = []
    for name in labels:
        said = meaning(name, aliases)
        if said[0] not in wanted:
            continue
        if said in missing:
            missing.discard(said)
        elif said[0] != "foreign" and said[1] not in wanted[said[0]]:
            remove.append(name)
    return tuple(sorted(label(*said) for said in missing)), tuple(sorted(remove))


def managed(pipeline: Pipeline) -> list[Label]:
    """List the labels that a train uses, without those that no forge takes: a plan tells which item needs one."""
    found = [name for _, name in _PLAIN.values()]
    found += [label(field, x) for field, xs in (("phase", pipeline.phases), ("agent", pipeline.agents)) for x in xs]
    return [styled(name) for name in found if not too_long(name)]


def styled(name: str) -> Label:
    """Give a label the colour and the description that go with what it says."""
    field, value = meaning(name)
    if field in PREFIXES:
        return Label(name, _COLORS[field], f"The item's {field} is {value}.")
    return Label(name, _COLORS.get(field, "ededed"), _WORDS.get(value, ""))


def plan(
    existing: Iterable[Label], wanted: Iterable[Label], aliases: Mapping[str, str] | None = None, prune: bool = False
) -> list[Action]:
    """Plan the repository's labels: rename by aliases, make what is missing and, when asked, delete what is unused.

    A rename keeps the label on its issues. Only managed labels that no issue carries are ever deleted.
    """
    there = {found.name.casefold(): found for found in existing}
    old = {new.casefold(): name for name, new in sorted((aliases or {}).items(), reverse=True)}
    actions = []
    kept = set()
    for new in wanted:
        key = new.name.casefold()
        kept.add(key)
        former = there.get(old.get(key, "").casefold())
        if key in there:
            continue
        if former is not None:
            kept.add(former.name.casefold())
            actions.append(Action("label", "update", name=former.name, write={"name": new.name}))
        else:
            write: dict[str, Value] = {"name": new.name, "color": new.color, "description": new.description}
            actions.append(Action("label", "create", name=new.name, write=write))
    if prune:
        actions += _pruned(there.values(), kept, aliases)
    return sorted(actions, key=lambda a: (a.verb, a.name))


def _pruned(existing: Iterable[Label], kept: set[str], aliases: Mapping[str, str] | None) -> Iterator[Action]:
    for found in existing:
        if found.name.casefold() not in kept and found.used == 0 and meaning(found.name, aliases)[0] != "foreign":
            yield Action("label", "delete", name=found.name)


def used(labels: Iterable[Label], issues: Iterable[Issue]) -> list[Label]:
    """Count on how many issues each label stands: the issues must be all there are, pull requests among them."""
    counts: dict[str, int] = {}
    for issue in issues:
        for name in issue.labels:
            counts[name.casefold()] = counts.get(name.casefold(), 0) + 1
    return [Label(found.name, found.color, found.description, counts.get(found.name.casefold(), 0)) for found in labels]
