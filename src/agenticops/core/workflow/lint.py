"""Lint of workflow templates: each by itself, all of a repository together. Every question takes linear time."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from agenticops.core.graph import reachable
from agenticops.core.train import Train
from agenticops.core.workflow import library, source
from agenticops.core.workflow.templates import read
from agenticops.errors import StateError
from agenticops.model.condition import Condition
from agenticops.model.finding import Finding, Severity
from agenticops.model.workflow import Edge, State, Template

CODE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,49}")
STATE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
# More circles, and more states of one, are not named: the first is to be broken first.
CIRCLES, SHOWN = 5, 12
LONGEST = 36_500
NOTHING: Mapping[str, int] = {}


class Fault(Struct, frozen=True):
    """What is wrong with a state; "" for the template itself."""

    code: str
    message: str
    state: str = ""
    hint: str = ""
    severity: Severity = "error"


def lint(template: Template, codes: Collection[str] | None = None, lines: Mapping[str, int] = NOTHING) -> list[Finding]:
    """Judge one template; `codes` are those of all templates, where they are known."""
    faults = [*_head(template), *(_states(template, codes) if template.states else _empty())]
    return [_finding(template, fault, lines) for fault in faults]


def together(templates: Sequence[Template], codes: Callable[[], Mapping[str, Template]]) -> list[Finding]:
    """Judge what only several templates can have wrong; `codes` gives those that sub-templates may also be."""
    return [*_twins(templates), *_defaults(templates), *_nesting(templates, codes)]


def findings(train: Train) -> list[Finding]:
    """Judge the templates of a train; one without any has nothing to judge."""
    found: list[Finding] = []
    templates: list[Template] = []
    placed: list[tuple[Template, Mapping[str, int]]] = []
    for path in library.paths(train.tree):
        try:
            data = train.tree.read(path) or b""
            read_here = read(data, path)
        except StateError as e:
            place, _, line = e.place.rpartition(":")
            known = line.isdecimal() and bool(place)
            found.append(Finding("VT304", e.message, place if known else path, int(line) if known else 0, hint=e.hint))
            continue
        lines = source.lines(data.decode("utf-8", "replace"))
        templates += read_here
        placed += [(t, lines[n] if n < len(lines) else NOTHING) for n, t in enumerate(read_here)]
    codes = {*library.packaged(train.packaged), *(t.code for t in templates)}
    for template, lines_of in placed:
        found += lint(template, codes, lines_of)

    def packs() -> Mapping[str, Template]:
        paths = library.packaged(train.packaged).values()
        return library.current([t for path in paths for t in read(train.packaged.read(path) or b"", path)])

    return [*found, *together(templates, packs)]


def errors(found: Iterable[Finding]) -> list[Finding]:
    """Keep what is wrong; a warning stops nobody."""
    return [f for f in found if f.severity == "error"]


def _finding(template: Template, fault: Fault, lines: Mapping[str, int]) -> Finding:
    line = lines.get(fault.state, lines.get("", 0))
    return Finding(fault.code, f"{template.code}: {fault.message}", template.path, line, fault.severity, fault.hint)


def _shown(template: Template, name: str) -> str:
    """Name a state for people: by its name, and its number where it has one."""
    state = template.states.get(name)
    if state is None or state.name == name:
        return f"state {name!r}"
    return f"state {name} ({state.name})"


def _empty() -> Iterator[Fault]:
    yield Fault("VT519", "the template has no states", hint="write at least a start and an end")


def _head(template: Template) -> Iterator[Fault]:
    if not CODE.fullmatch(template.code):
        hint = "use letters, digits, _ and -, a letter first, at most 50"
        yield Fault("VT517", f"the code {template.code!r} is no code", hint=hint)
    if not STATE.fullmatch(template.version.replace(".", "-")):
        yield Fault("VT517", f"the version {template.version!r} is none", hint='for example version: "1.2"')
    for field in ("name", "sector"):
        if not getattr(template, field).strip():
            yield Fault("VT517", f"{field} is empty", hint=f"give the template a {field}")


def _states(template: Template, codes: Collection[str] | None) -> Iterator[Fault]:
    yield from _names(template)
    yield from _unknown(template)
    yield from _circles(template)
    yield from _ways(template)
    yield from _parents(template)
    for name, state in template.states.items():
        where = _shown(template, name)
        yield from _end(name, state, where)
        yield from _days(name, state, where)
        yield from _entity(name, state, where)
        yield from _guards(name, state, where)
        if state.template and codes is not None and state.template not in codes:
            hint = f"known: {', '.join(sorted(codes)[:8])}"
            yield Fault("VT516", f"{where}: there is no template {state.template!r}", name, hint)


def _names(template: Template) -> Iterator[Fault]:
    """Ids and names become words of commands and events."""
    seen: dict[str, str] = {}
    for name, state in template.states.items():
        for word in dict.fromkeys((name, state.name)):
            if not STATE.fullmatch(word):
                yield Fault(
                    "VT519", f"{word!r} is no name of a state", name, "use letters, digits, _ and -, at most 64"
                )
        first = seen.setdefault(state.name, name)
        if first != name:
            yield Fault("VT519", f"the states {first} and {name} have the same name {state.name!r}", name, "rename one")
        targets = [edge.to for edge in state.next]
        for twice in dict.fromkeys(to for to, count in _counted(targets).items() if count > 1):
            yield Fault("VT519", f"{_shown(template, name)}: leads to {twice!r} twice", name, "join the guards by any:")


def _counted(words: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for word in words:
        found[word] = found.get(word, 0) + 1
    return found


def _unknown(template: Template) -> Iterator[Fault]:
    known = template.states
    listed = ", ".join(list(known)[:8]) + (" …" if len(known) > 8 else "")
    if template.start not in known:
        yield Fault("VT513", f"start: unknown state {template.start!r}", hint=f"known: {listed}")
    for name, state in known.items():
        for edge in state.next:
            if edge.to not in known:
                message = f"{_shown(template, name)}: leads to the unknown state {edge.to!r}"
                yield Fault("VT513", message, name, f"known: {listed}")


def _circles(template: Template) -> Iterator[Fault]:
    """Walk depth first; an edge back to a state of the way is a circle."""
    done: set[str] = set()
    number = 0
    for root in template.states:
        way: dict[str, Iterator[Edge]] = {}
        at = root
        while at not in done:
            way.setdefault(at, iter(template.states[at].next))
            edge = next(way[at], None)
            if edge is None:
                done.add(at)
                way.popitem()
                if not way:
                    break
                at = next(reversed(way))
            elif edge.to in way:
                number += 1
                if number > CIRCLES:
                    return
                yield _circle(template, list(way), edge.to)
            elif edge.to in template.states and edge.to not in done:
                at = edge.to


def _circle(template: Template, way: list[str], to: str) -> Fault:
    states = way[way.index(to) :]
    names = [template.states[name].name for name in [*states, to]]
    if len(names) > SHOWN:
        names = [*names[: SHOWN - 2], f"… {len(names) - SHOWN + 1} more …", names[-1]]
    return Fault("VT508", f"the states go round in a circle: {' → '.join(names)}", states[-1], "take one edge out")


def _ways(template: Template) -> Iterator[Fault]:
    """There is one start, from which every state can be reached, and at least one end."""
    met = reachable(template.graph)
    led_to = {edge.to for state in template.states.values() for edge in state.next}
    for name in template.states:
        if met and name not in met:
            start = _shown(template, template.start)
            how = "nothing leads to it" if name not in led_to else "no way from the start leads to it"
            message = f"{_shown(template, name)}: {how}; the start is {start}"
            yield Fault("VT509", message, name, "lead to it from another state, or take it out")
    if not any(state.terminal for state in template.states.values()):
        yield Fault("VT510", "no state is an end", hint="mark one: terminal_flag: true, or done: true")


def _end(name: str, state: State, where: str) -> Iterator[Fault]:
    if state.terminal and state.next:
        yield Fault("VT510", f"{where}: is an end and leads on to {state.next[0].to!r}", name, "it is one or the other")
    if not state.terminal and not state.next:
        yield Fault(
            "VT510", f"{where}: leads nowhere and is no end", name, "give it child states, or mark it as an end"
        )
    if state.terminal and state.success is None:
        yield Fault("VT511", f"{where}: is an end without success: true or false", name, "say how it ends")
    if not state.terminal and state.success is not None:
        yield Fault("VT511", f"{where}: says success and is no end", name, "only an end says it")


def _days(name: str, state: State, where: str) -> Iterator[Fault]:
    if state.days is None and state.terminal:
        return
    if state.days is None or not 0 < state.days <= LONGEST:
        said = "has no duration" if state.days is None else f"lasts {state.days:g} days"
        yield Fault("VT512", f"{where}: {said}; a positive number of days is wanted", name, "half a day is 0.5")


def _entity(name: str, state: State, where: str) -> Iterator[Fault]:
    if bool(state.entity) != bool(state.status):
        said = (
            f"the entity {state.entity!r} has no status" if state.entity else f"the status {state.status!r} is nobody's"
        )
        yield Fault("VT500", f"{where}: {said}", name, "give both, or none", "warning")
    elif state.entity and not STATE.fullmatch(state.entity):
        yield Fault("VT519", f"{where}: {state.entity!r} is no kind of entity", name, "use letters, digits, _ and -")


def _parents(template: Template) -> Iterator[Fault]:
    """The edges count; a list of parents that says otherwise misleads who reads it."""
    if all(state.parents is None for state in template.states.values()):
        return
    said = template.parents
    for name, state in template.states.items():
        if state.parents is None or set(state.parents) == set(said[name]):
            continue
        message = f"{_shown(template, name)}: its parents are {_list(said[name])}, not {_list(state.parents)}"
        yield Fault("VT514", message, name, "correct parent_ids, or agenticops workflow template import", "warning")


def _list(names: Sequence[str]) -> str:
    return f"[{', '.join(names[:SHOWN])}{' …' if len(names) > SHOWN else ''}]"


def _guards(name: str, state: State, where: str) -> Iterator[Fault]:
    for edge in state.next:
        if edge.when is not None and _asks_change(edge.when):
            message = (
                f"{where}: the guard of {edge.to!r} asks what changed; on its way an instance has one state of data"
            )
            yield Fault("VT515", message, name, "compare a value: {field: amount, gt: 1000}")
    if state.next and all(edge.when is not None for edge in state.next):
        message = f"{where}: every way is guarded; an instance for which no guard holds must wait here"
        yield Fault("VT515", message, name, "leave one way without a guard", "warning")


def _asks_change(guard: Condition) -> bool:
    parts = [*(guard.all or ()), *(guard.any or ()), *([guard.no] if guard.no else [])]
    return guard.op.startswith("changed") or any(_asks_change(part) for part in parts)


def _twins(templates: Sequence[Template]) -> Iterator[Finding]:
    seen: dict[tuple[str, str], Template] = {}
    for template in templates:
        first = seen.setdefault((template.code, template.version), template)
        if first is not template:
            message = f"{template.code}: version {template.version} stands in {first.path} too"
            yield Finding("VT517", message, template.path, hint="give one another code, or a new version")


def _defaults(templates: Sequence[Template]) -> Iterator[Finding]:
    seen: dict[str, Template] = {}
    for template in library.current(templates).values():
        if not (template.default and template.active):
            continue
        first = seen.setdefault(template.sector.casefold(), template)
        if first is not template:
            message = f"{template.code}: {first.code} is the default of {template.sector} too"
            yield Finding("VT518", message, template.path, hint="leave one default a sector")


def _nesting(templates: Sequence[Template], codes: Callable[[], Mapping[str, Template]]) -> Iterator[Finding]:
    """A workflow that starts itself on the way would never come to its end."""
    if not any(state.template for template in templates for state in template.states.values()):
        return
    table = {**codes(), **library.current(templates)}
    inner = {code: {s.template for s in one.states.values() if s.template} for code, one in table.items()}
    for template in library.current(templates).values():
        way = _way_back(inner, template.code)
        if way:
            message = f"{template.code}: starts itself on its way: {' → '.join(way)}"
            yield Finding("VT516", message, template.path, hint="take template: out of one state")


def _way_back(inner: Mapping[str, set[str]], code: str) -> list[str]:
    """Give the way from a template to itself; empty when there is none."""
    before: dict[str, str] = {}
    queue = [code]
    for at in queue:
        for to in sorted(inner.get(at, ())):
            if to == code:
                way = [code]
                while at != code:
                    way.append(at)
                    at = before[at]
                return [code, *way[::-1]]
            if to not in before:
                before[to] = at
                queue.append(to)
    return []
