"""The plan: everything that is to be done on both sides, in an order in which each thing finds what it needs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from agenticops.core.sync import actions, base, board, body, fields, labels
from agenticops.core.sync.body import Merge
from agenticops.core.sync.fields import Links
from agenticops.core.sync.merge import Merged, merge
from agenticops.model.digest import sha256
from agenticops.model.finding import Finding
from agenticops.model.forge import (
    STEPS,
    Action,
    Agreed,
    Conflict,
    Issue,
    Local,
    Remote,
    Resolution,
    Rules,
    Value,
)


class Plan(Struct, frozen=True):
    """Sorted actions, what stays in conflict, and what was found odd; `digest` names the actions.

    `agreements` are bases to note although nothing is to be done. `intents` say by item what its remote actions will
    write: to be noted before the first of them. `merged` are the items as they will be; `linked` counts those that
    have an issue.
    """

    actions: tuple[Action, ...]
    conflicts: tuple[Conflict, ...] = ()
    findings: tuple[Finding, ...] = ()
    agreements: tuple[Agreed, ...] = ()
    intents: dict[str, dict[str, tuple[str, ...]]] = msgspec.field(default_factory=dict)
    merged: tuple[Local, ...] = ()
    linked: int = 0

    @property
    def digest(self) -> str:
        """Name what is to be done: a saved plan counts as long as a new one has the same name."""
        return sha256(msgspec.json.encode(self.actions))


def plan(
    locals: Iterable[Local],
    remote: Remote,
    agreed: Mapping[str, Agreed],
    rules: Rules,
    text: Merge,
    resolutions: Sequence[Resolution] = (),
    adopt: Collection[int] = (),
) -> Plan:
    """Compare both sides and say what to do. `remote` holds all issues; `adopt` names those to write down as items.

    An item without an issue gets one, unless it has ended. One that a crash cut off from its issue finds it by the
    marker, but only when the log says that we were about to make it: anybody can write a marker.
    """
    items = {local.id: local for local in locals}
    issues = {issue.number: issue for issue in remote.issues if not issue.is_pull_request}
    pairs, findings = _pair(items, issues, agreed)
    gone = [local.id for local in items.values() if local.issue is not None and local.id not in pairs]
    linked = [msgspec.structs.replace(x, issue=pairs[x.id].number) if x.id in pairs else x for x in items.values()]
    new, clashes = _adopted(issues, pairs, items, adopt)
    links = Links.of([*linked, *(Local(name, "Task", "", issue=n) for n, name in new.items())], rules, gone)
    each = [_one(x, pairs.get(x.id), agreed.get(x.id, Agreed(x.id)), links, text, resolutions) for x in items.values()]
    merged = tuple(_after(local, one.actions) for local, one in zip(items.values(), each, strict=True))
    found = [actions.adopted(issues[n], name, links) for n, name in new.items()]
    found += [action for one in each for action in one.actions]
    findings += [*clashes, *(note for one in each for note in one.notes)]
    return Plan(
        order([*found, *_names(found, remote)], merged),
        tuple(sorted((c for one in each for c in one.conflicts), key=lambda c: (_by_number(c.item), c.field))),
        tuple(sorted(findings, key=lambda f: (f.code, f.path, f.message))),
        tuple(sorted((one.agreed for one in each if one.agreed), key=lambda a: _by_number(a.item))),
        {one.item: one.intended for one in each if any(a.side == "remote" for a in one.actions)},
        merged,
        len(pairs),
    )


class _One(Struct, frozen=True):
    """What one item comes to."""

    item: str
    actions: list[Action] = []
    conflicts: tuple[Conflict, ...] = ()
    notes: tuple[Finding, ...] = ()
    agreed: Agreed | None = None
    intended: dict[str, tuple[str, ...]] = {}


def _one(
    local: Local, issue: Issue | None, before: Agreed, links: Links, text: Merge, resolutions: Sequence[Resolution]
) -> _One:
    """Plan one item: with its issue, with one that is about to be made, or without any."""
    if issue is None:
        if local.issue is not None or local.id not in links.scope:
            return _One(local.id)
        new = _as_new(local, links)
        return _One(local.id, actions.of_new(local, links), intended=base.intention(new.remote, new.said, new.own))
    if before.issue != issue.number and not (before.issue is None and body.marked(issue.body) == local.id):
        # What was agreed was agreed with another one; what was intended before there was any may be this one's.
        before = Agreed(local.id, intended={} if before.issue else before.intended)
    merged = merge(local, issue, before, links, text, resolutions)
    found = actions.of_pair(local, issue, merged, links)
    intended = base.intention(merged.remote, merged.said, merged.own)
    after = base.agreement(before, local, [issue], links)
    news = (after.fields, after.issue, {}) != (before.fields, before.issue, before.intended)
    return _One(local.id, found, merged.conflicts, merged.notes, after if news and not found else None, intended)


def _pair(
    items: Mapping[str, Local], issues: Mapping[int, Issue], agreed: Mapping[str, Agreed]
) -> tuple[dict[str, Issue], list[Finding]]:
    """Find each item's issue: by the number in its document, or by the marker that we were about to write."""
    pairs: dict[str, Issue] = {}
    findings: list[Finding] = []
    taken: dict[int, str] = {}
    for local in sorted(items.values(), key=lambda x: _by_number(x.id)):
        if local.issue is None:
            continue
        place, hint = f"docs/work/{local.id}.md", f"agenticops work edit {local.id} --issue NUMBER"
        if other := taken.get(local.issue):
            findings.append(
                Finding("VT489", f"{other} and {local.id} name one issue, #{local.issue}", place, hint=hint)
            )
        elif local.issue not in issues:
            message = f"issue #{local.issue} of {local.id} is not there (deleted, moved, or a pull request)"
            findings.append(Finding("VT489", message, place, hint=hint))
        else:
            pairs[local.id] = issues[local.issue]
            taken[local.issue] = local.id
    for number in sorted(issues):
        item = body.marked(issues[number].body)
        if number in taken or item not in items or items[item].issue is not None or item in pairs:
            continue
        if agreed.get(item, Agreed(item)).intended:
            pairs[item] = issues[number]
            taken[number] = item
    return pairs, findings


def _adopted(
    issues: Mapping[int, Issue], pairs: Mapping[str, Issue], items: Mapping[str, Local], adopt: Collection[int]
) -> tuple[dict[int, str], list[Finding]]:
    """Name the items for issues that are to be adopted, if they are open and nobody's: each by its number."""
    taken = {issue.number for issue in pairs.values()}
    names = {n: str(n) for n in sorted(adopt) if n in issues and n not in taken and issues[n].state == "open"}
    hint = "agenticops work edit ITEM --issue NUMBER links an item that you have to an issue"
    return {n: name for n, name in names.items() if name not in items}, [
        Finding(
            "VT489", f"issue #{name} cannot become an item: there is another {name}", f"docs/work/{name}.md", hint=hint
        )
        for name in names.values()
        if name in items
    ]


def _as_new(local: Local, links: Links) -> Merged:
    """Give what an issue that is about to be made will say."""
    own = fields.ours(local, links, {})
    if links.rules.board:
        own["board"] = board.stand(local.priority, local.state != "open", local.review)
    nothing: dict[str, Value] = {name: () if isinstance(value, tuple) else "" for name, value in own.items()}
    return Merged(own, own, own, nothing, {})


def _after(local: Local, own: Iterable[Action]) -> Local:
    """Give an item as it will be when its document was edited."""
    here = next((a for a in own if a.side == "local"), None)
    if here is None:
        return local
    said = {**msgspec.to_builtins(local), **here.write}
    return msgspec.convert(said, Local, strict=False)


def _names(found: Iterable[Action], remote: Remote) -> list[Action]:
    """Make the labels and milestones first that the other actions use, when they are known to be missing."""
    used = [a for a in found if a.side == "remote"]
    made: list[Action] = []
    if remote.labels is not None:
        there = {label.name.casefold() for label in remote.labels}
        names = {n.casefold(): n for a in used for n in a.add.get("labels", ()) if n.casefold() not in there}
        made += labels.plan(remote.labels, [labels.styled(name) for name in names.values()])
    if remote.milestones is not None:
        titles = {str(a.write["milestone"]) for a in used if a.write.get("milestone")} - set(remote.milestones)
        made += [Action("milestone", "create", name=title, write={"title": title}) for title in titles]
    return made


def order(found: Iterable[Action], items: Iterable[Local] = ()) -> tuple[Action, ...]:
    """Sort actions: what others need comes first, parents before their children, then by item."""
    found = list(found)
    deep = _depths({local.id: local.parent for local in items}, found)

    def key(action: Action) -> tuple[int, int, tuple[int, str], str, str]:
        depth = deep(action.item) if action.step in ("issue", "sub-issue", "local") else 0
        return STEPS.index(action.step), depth, _by_number(action.item), action.verb, action.name

    return tuple(sorted(found, key=key))


def _depths(parents: dict[str, str], found: Iterable[Action]) -> Callable[[str], int]:
    """Count how deep an item is in the tree; a cycle ends where it closes."""
    made = {a.item: str(a.write.get("parent", "")) for a in found if a.side == "local" and a.verb == "create"}
    parents = parents | made

    def deep(item: str) -> int:
        seen = {item}
        while (item := parents.get(item, "")) and item not in seen:
            seen.add(item)
        return len(seen)

    return deep


def _by_number(item: str) -> tuple[int, str]:
    return (int(item) if item.isdecimal() else 10**12, item)


def last_of(plan: Plan) -> dict[str, int]:
    """Tell at which place each item's last action is: behind it its base is to be noted, and never before."""
    return {action.item: at for at, action in enumerate(plan.actions) if action.item}


def brake(plan: Plan, rules: Rules) -> str:
    """Say why a plan is to be held: it changes too many of the items that have an issue; "" when it does not."""
    changed = {a.item for a in plan.actions if a.verb != "create" and a.item}
    changed -= {a.item for a in plan.actions if a.verb == "create" and a.step in ("issue", "local")}
    if plan.linked < rules.least or len(changed) <= rules.share * plan.linked:
        return ""
    return f"the plan changes {len(changed)} of {plan.linked} items; without --force it may change {rules.share:.0%}"
