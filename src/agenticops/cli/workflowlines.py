"""How instances of workflows and entities are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from agenticops.cli.board import age
from agenticops.cli.lines import BAD, DIM, GOOD, STRONG, WARN, Line, clean, cut, line
from agenticops.model.event import Event
from agenticops.model.workflow import Entity, Instance

MARKS = {
    "active": ("▸", WARN),
    "paused": ("‖", DIM),
    "completed": ("✓", GOOD),
    "failed": ("✗", BAD),
    "cancelled": ("·", DIM),
}
# Steps of a history, and fields of a record, that a page shows.
SHOWN = 20


def instance_rows(found: Sequence[Instance], names: Mapping[str, str], now: str) -> list[Line]:
    """One line an instance: where it stands, of which template, since when."""
    width = max([len(name) for name in names.values()] + [12])
    return [
        line(
            MARKS[i.status],
            (f" {i.id}", STRONG),
            f"  {cut(i.name, 30):<30} {cut(names[i.id], width):<{width}} ",
            (f"{cut(i.template, 14):<14} {_since(i, now):<10} {' · '.join(filter(None, _owners(i)))}", DIM),
        )
        for i in found
    ]


def _owners(instance: Instance) -> tuple[str, ...]:
    return clean(instance.item), clean(instance.client), clean(instance.agent)


def _since(instance: Instance, now: str) -> str:
    return instance.status if instance.ended else age(instance.entered, now)


def more(shown: int, total: int) -> list[Line]:
    """Say how many are not shown."""
    return [line((f"  … {total - shown} more; --limit 0 shows all", DIM))] if total > shown else []


def page(seed: Mapping[str, Any], instance: Instance, names: Mapping[str, str], now: str) -> list[Line]:
    """Show one instance: where it stands and may go, its entities, its way. `names` are those of states by id."""
    mark, colour = MARKS[instance.status]
    head = f"  {clean(instance.name)}   {clean(instance.template)} {clean(instance.version)}"
    here = f"{clean(str(seed['current_state']))}   {instance.status}"
    stands: Line = line(("  stands   ", DIM), (f"{mark} ", colour), here, (f"   since {_day(instance.entered)}", DIM))
    rows: list[Line] = [line((instance.id, STRONG), head), stands]
    if instance.status == "active":
        ways = ", ".join(_name(names, str(to)) for to in seed["next"]) or "nowhere now"
        ways = f"nowhere before {seed['waits_for']} has ended" if seed["waits_for"] else ways
        ways = ways if names else "nowhere: no file and no commit has the text of its template"
        rows.append(line(("  can go   ", DIM), clean(ways)))
    for label in ("reason", "item", "client", "agent", "parent"):
        if getattr(instance, label):
            rows.append(line((f"  {label:<9}", DIM), cut(getattr(instance, label), 90)))
    rows += _pairs("data", instance.data)
    rows += [line((f"  {clean(kind):<9}", DIM), name) for kind, name in instance.entities.items()]
    steps = instance.history[-SHOWN:]
    if len(steps) < len(instance.history):
        rows.append(line((f"  … {len(instance.history) - len(steps)} steps before: agenticops workflow history", DIM)))
    for step in steps:
        source = f"{_name(names, step.source)} → " if step.source else "began in "
        who = clean(step.by.partition(" <")[0])
        rows.append(line((f"  {_day(step.at)}  ", DIM), f"{clean(source + _name(names, step.to))}  ", (who, DIM)))
    rows += [_lost(event, names) for event in seed["lost"]]
    return rows


def _lost(event: Mapping[str, Any], names: Mapping[str, str]) -> Line:
    made = ", ".join(f"{kind} {name}" for kind, name in event["entities"].items())
    to = _name(names, str(event["to"]))
    words = f"another step was first: {event['kind']} to {to}, {event['ts'][:16]}{f'; {made} stays' if made else ''}"
    return line(("  lost     ", DIM), ("! ", WARN), clean(words))


def _name(names: Mapping[str, str], state: str) -> str:
    return names.get(state, state)


def _day(at: str) -> str:
    return at[:16].replace("T", " ")


def _pairs(label: str, data: Mapping[str, Any]) -> list[Line]:
    rows = [line((f"  {label:<9}", DIM), f"{clean(key)} = {cut(value, 70)}") for key, value in data.items()]
    return [*rows[:SHOWN], line((f"  … {len(rows) - SHOWN} more: --json", DIM))] if len(rows) > SHOWN else rows


def event_rows(events: Iterable[Event], names: Mapping[str, str], lost: Iterable[str] = ()) -> list[Line]:
    """One line an event of an instance or an entity."""
    gone = frozenset(lost)
    return [_event(event, names, event.id in gone) for event in events]


def _event(event: Event, names: Mapping[str, str], gone: bool) -> Line:
    return line(
        (f"  {_day(event.at)}  ", DIM),
        f"{event.kind:<19} ",
        clean(_said(event, names)),
        (f"  {clean(event.actor.operator.partition(' <')[0])}", DIM),
        ("  lost: another step was first" if gone else "", WARN),
    )


def _said(event: Event, names: Mapping[str, str]) -> str:
    data = event.data
    words = [_name(names, str(data[key])) for key in ("from", "to") if data.get(key)]
    if event.kind.startswith("entity_"):
        was = data.get("was", {})
        changed = data.get("fields", {}).items() if event.kind == "entity_updated" else ()
        words = [f"{data.get('entity')} {data.get('status', '')}".strip()] if event.kind == "entity_created" else []
        told = [f"{key}: {_before(was.get(key))} → {cut(value, 30)}" for key, value in changed]
        return ", ".join([*words, *told, *([data["reason"]] if data.get("reason") else [])])
    made = ", ".join(f"{kind} {name}" for kind, name in data.get("entities", {}).items())
    reason = f"({cut(data['reason'], 60)})" if data.get("reason") else ""
    way = words[-1:] if event.kind in ("workflow_paused", "workflow_resumed", "workflow_cancelled") else words
    return "  ".join(filter(None, [" → ".join(way), made, reason]))


def _before(value: object) -> str:
    return "–" if value in (None, "") else cut(value, 30)


def entity_rows(found: Sequence[Entity]) -> list[Line]:
    """One line an entity."""
    return [
        line(
            (e.id, STRONG),
            f"  {cut(e.kind, 12):<12} {cut(e.status, 14):<14} {cut(e.name, 36):<36} ",
            (f"{e.instance or '':<13} {_day(e.updated)}", DIM),
        )
        for e in found
    ]


def entity_page(entity: Entity, children: Sequence[Entity]) -> list[Line]:
    """Show one entity: its fields and its links."""
    gone = "   deleted" if entity.deleted else ""
    rows: list[Line] = [
        line((entity.id, STRONG), f"  {clean(entity.kind)}  {clean(entity.name)}", (gone, BAD)),
        line(("  status   ", DIM), clean(entity.status) or "–"),
    ]
    links = {"parent": entity.parent, "instance": entity.instance, "state": entity.state}
    rows += [line((f"  {label:<9}", DIM), clean(value)) for label, value in links.items() if value]
    rows += _pairs("field", entity.fields)
    rows += [line(("  below    ", DIM), f"{e.id}  {clean(e.kind)}  {clean(e.status)}") for e in children[:SHOWN]]
    return rows
