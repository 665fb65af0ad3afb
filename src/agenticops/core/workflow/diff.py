"""Two versions of a template: what differs, and where an instance of one goes on in the other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct

from agenticops.core import condition
from agenticops.core.workflow.source import whole
from agenticops.core.workflow.templates import digest
from agenticops.errors import UsageError
from agenticops.model.workflow import ENDED, Edge, Instance, State, Template

Part = Literal["template", "state", "edge"]
Verb = Literal["added", "removed", "changed"]
HEAD = ("name", "sector", "version", "description", "active", "default")
FIELDS = ("title", "description", "entity", "status", "terminal", "success", "days", "owner", "inputs", "outputs")


class Change(Struct, frozen=True):
    """One difference; `details` name fields with their value before and after."""

    part: Part
    verb: Verb
    name: str
    details: tuple[str, ...] = ()


class Way(Struct, frozen=True):
    """Where an instance stands and where it goes on; or `why` it does not."""

    instance: str
    source: str
    to: str = ""
    why: str = ""


def diff(old: Template, new: Template) -> tuple[Change, ...]:
    """Compare two templates. States are known by their names: numbers may be given anew."""
    return (*_heads(old, new), *_states(old, new), *_edges(old, new))


def _heads(old: Template, new: Template) -> Iterator[Change]:
    details = [_detail(name, getattr(old, name), getattr(new, name)) for name in HEAD]
    details.append(_detail("start", _start(old), _start(new)))
    said = tuple(filter(None, details))
    if said:
        yield Change("template", "changed", new.code, said)


def _start(template: Template) -> str:
    return template.states[template.start].name if template.start in template.states else template.start


def _states(old: Template, new: Template) -> Iterator[Change]:
    before, after = _named(old), _named(new)
    for name in (*before, *(n for n in after if n not in before)):
        if name not in after:
            yield Change("state", "removed", name)
        elif name not in before:
            yield Change("state", "added", name)
        else:
            said = tuple(filter(None, (_detail(f, getattr(before[name], f), getattr(after[name], f)) for f in FIELDS)))
            more = tuple(f for f in ("stages", "template") if getattr(before[name], f) != getattr(after[name], f))
            if said or more:
                yield Change("state", "changed", name, said + more)


def _edges(old: Template, new: Template) -> Iterator[Change]:
    before, after = _ways(old), _ways(new)
    for key in (*before, *(k for k in after if k not in before)):
        name = " → ".join(key)
        if key not in after:
            yield Change("edge", "removed", name)
        elif key not in before:
            yield Change("edge", "added", name, _guard(after[key]))
        elif before[key].when != after[key].when:
            said = [" ".join(_guard(edge)) or "no guard" for edge in (before[key], after[key])]
            yield Change("edge", "changed", name, (" → ".join(said),))


def _named(template: Template) -> dict[str, State]:
    return {state.name: state for state in template.states.values()}


def _ways(template: Template) -> dict[tuple[str, str], Edge]:
    names = {name: state.name for name, state in template.states.items()}
    return {(s.name, names.get(e.to, e.to)): e for s in template.states.values() for e in s.next}


def _guard(edge: Edge) -> tuple[str, ...]:
    return () if edge.when is None else (f"when {condition.say(edge.when)}",)


def _detail(name: str, before: Any, after: Any) -> str:
    return "" if before == after else f"{name}: {_said(before)} → {_said(after)}"


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(whole(value))
    if isinstance(value, tuple):
        return ", ".join(value) or "–"
    return str(value) if value not in (None, "") else "–"


def state_map(words: Iterable[str], old: Template, new: Template, standing: Collection[str] = ()) -> dict[str, str]:
    """Read OLD=NEW, each the name or the id of a state. Raises UsageError for what is none.

    `standing` are the states where instances stand: of a text that was edited since, `old` may not have them any more.
    """
    found: dict[str, str] = {}
    for word in words:
        source, sign, target = word.partition("=")
        if not sign:
            raise UsageError(f"--map {word}: OLD=NEW is wanted", hint="--map quote_sent=proposal_sent")
        pair = []
        for template, name in ((old, source), (new, target)):
            state = template.state(name)
            if state is None and template is old and name in standing:
                pair.append(name)
                continue
            if state is None:
                known = ", ".join(s.name for s in list(template.states.values())[:8])
                message = f"--map {word}: version {template.version} has no state {name!r}"
                raise UsageError(message, hint=f"it has {known}")
            pair.append(state.id)
        if found.setdefault(pair[0], pair[1]) != pair[1]:
            raise UsageError(f"--map: {source} is sent to two states", hint="give each OLD once")
    return found


def migrate(instance: Instance, old: Template | None, new: Template, mapping: Mapping[str, str]) -> Way:
    """Say in which state of `new` an instance goes on: where the map sends it, else in the state of the same name.

    `old` is the template that it travels by, or None where its text is lost: then only the map can tell.
    """
    here = old.states.get(instance.state) if old is not None else None
    source = here.name if here is not None else instance.state
    if instance.status in ENDED:
        return Way(instance.id, source, why=f"it is {instance.status}")
    if instance.template != new.code:
        return Way(instance.id, source, why=f"it is an instance of {instance.template}")
    if instance.digest == digest(new):
        return Way(instance.id, source, why=f"it goes by this version {new.version} already")
    sent = mapping.get(instance.state) or mapping.get(source)
    target = new.states.get(sent) if sent else _same(here, instance, new)
    if target is None:
        return Way(
            instance.id, source, why=f"version {new.version} has no state {source!r}; send it: --map {source}=NEW"
        )
    if target.terminal:
        return Way(instance.id, source, why=f"{target.name} is an end; a transition leads there, no migration")
    return Way(instance.id, source, target.id)


def _same(here: State | None, instance: Instance, new: Template) -> State | None:
    """The state of the same name; a number alone may mean another state by now."""
    if here is None:
        return None if new.numbered else new.states.get(instance.state)
    return next((state for state in new.states.values() if state.name == here.name), None)
