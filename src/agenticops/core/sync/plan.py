"""The plan: everything that is to be done on both sides, in an order in which each thing finds what it needs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from types import MappingProxyType

import msgspec
from msgspec import Struct

from agenticops.core.sync import actions, base, board, body, fields, labels, limits
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

    An item without an issue gets one, unless it has ended. One that was cut off from its issue finds it by the marker,
    but only when the log says that we were about to make it, or when it is an issue of our own account: anybody can
    write a marker. Somebody else's holds the item: neither is theirs taken nor another one made.
    """
    items = {local.id: local for local in locals}
    issues = {issue.number: issue for issue in remote.issues if not issue.is_pull_request}
    pairs, findings = _pair(items, issues, remote)
    marked, held = _marked(items, issues, pairs, agreed, remote.me)
    pairs |= marked
    gone = [x.id for x in items.values() if x.id in held or (x.issue is not None and x.id not in pairs)]
    linked = [msgspec.structs.replace(x, issue=pairs[x.id].number) if x.id in pairs else x for x in items.values()]
    new, clashes = _adopted(issues, pairs, items, adopt)
    links = Links.of([*linked, *(Local(name, "Task", "", issue=n) for n, name in new.items())], rules, gone)
    old = _relinked(linked, agreed)
    each = [
        _one(x, pairs.get(x.id), agreed.get(x.id, Agreed(x.id)), old, links, text, resolutions, remote.columns)
        for x in items.values()
    ]
    if missing := {one.column for one in each if one.column}:
        findings.append(limits.unplaced(missing, remote.columns or ()))
    merged = tuple(_after(local, one.actions) for local, one in zip(items.values(), each, strict=True))
    found = [actions.adopted(issues[n], name, links) for n, name in new.items()]
    found += [action for one in each for action in one.actions]
    findings += [
        *held.values(),
        *_left(agreed, items, issues, pairs),
        *clashes,
        *(note for one in each for note in one.notes),
    ]
    return Plan(
        order([*found, *_names(found, remote, rules)], merged),
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
    column: str = ""


def _relinked(linked: Iterable[Local], agreed: Mapping[str, Agreed]) -> dict[str, int]:
    """Tell of items that have another issue by now, or are to get one, which they had when it was agreed."""
    then = {name: before.issue for name, before in agreed.items()}
    return {x.id: number for x in linked if (number := then.get(x.id)) is not None and number != x.issue}


def _one(
    local: Local,
    issue: Issue | None,
    agreed: Agreed,
    relinked: Mapping[str, int],
    links: Links,
    text: Merge,
    resolutions: Sequence[Resolution],
    columns: Collection[str] | None,
) -> _One:
    """Plan one item: with its issue, with one that is about to be made, or without any."""
    if issue is None:
        if local.issue is not None or local.id not in links.scope:
            return _One(local.id)
        fitted = limits.fit(local, _as_new(local, links), columns)
        new = fitted.merged
        found = actions.of_new(local, new, links)
        intended = base.intention(new.remote, new.said, new.own)
        return _One(local.id, found, notes=new.notes, intended=intended, column=fitted.column)
    before = base.loosened(agreed, relinked, issue)
    loose = before is not agreed
    if before.issue != issue.number and not (before.issue is None and body.marked(issue.body) == local.id):
        # What was agreed was agreed with another one; what was intended before there was any may be this one's.
        before = Agreed(local.id, intended={} if before.issue else before.intended)
    fitted = limits.fit(local, merge(local, issue, before, links, text, resolutions), columns)
    merged = fitted.merged
    found = actions.of_pair(local, issue, merged, links)
    intended = base.intention(merged.remote, merged.said, merged.own)
    after = base.agreement(before, local, [issue], links)
    news = (after.fields, after.issue, {}) != (agreed.fields, agreed.issue, agreed.intended)
    # What was loosened is noted first: once the other item has agreed with its new issue, nothing tells it any more.
    noted = after if news and (loose or not found) else None
    return _One(local.id, found, merged.conflicts, merged.notes, noted, intended, fitted.column)


def _pair(
    items: Mapping[str, Local], issues: Mapping[int, Issue], remote: Remote
) -> tuple[dict[str, Issue], list[Finding]]:
    """Find the issue of each item that has one, by the number in its document."""
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
            if local.state == "open":  # what has ended needs none
                findings.append(_missing(local, local.issue, remote))
        else:
            pairs[local.id] = issues[local.issue]
            taken[local.issue] = local.id
    return pairs, findings


def _marked(
    items: Mapping[str, Local],
    issues: Mapping[int, Issue],
    pairs: Mapping[str, Issue],
    agreed: Mapping[str, Agreed],
    me: str,
) -> tuple[dict[str, Issue], dict[str, Finding]]:
    """Find the issues of items that have none by the hidden marker; say which items are held by one.

    A log that was never pushed, or was reset, tells of no intent. What our own account made is ours all the same.
    """
    found: dict[str, Issue] = {}
    held: dict[str, Finding] = {}
    taken = {issue.number for issue in pairs.values()}

    def mine(issue: Issue) -> bool:
        return bool(me) and issue.author.casefold() == me.casefold()

    for issue in sorted(issues.values(), key=lambda x: (mine(x), x.state == "open", -x.number)):  # the best one last
        item = body.marked(issue.body)
        if issue.number in taken or item not in items or items[item].issue is not None:
            continue
        if mine(issue) or agreed.get(item, Agreed(item)).intended:
            found[item] = issue
        elif items[item].state == "open":
            held[item] = _stranger(item, issue)
    return found, {item: finding for item, finding in held.items() if item not in found}


def _stranger(item: str, issue: Issue) -> Finding:
    """Say that an issue of somebody else's has an item's marker: a colleague's clone made it, or it is copied."""
    who = issue.author or "somebody"
    message = f"issue #{issue.number} by {who} has the marker of {item}, and this clone did not make it: none is made"
    hint = f"agenticops work edit {item} --issue {issue.number} when it is the item's; else take the marker out there"
    return Finding("VT489", message, f"docs/work/{item}.md", hint=hint)


def _left(
    agreed: Mapping[str, Agreed], items: Mapping[str, Local], issues: Mapping[int, Issue], pairs: Mapping[str, Issue]
) -> Iterable[Finding]:
    """Name open issues whose items are not there any more: nobody brings them up to date."""
    taken = {issue.number for issue in pairs.values()}
    for item, before in agreed.items():
        number = before.issue
        if item in items or number is None or number in taken or number not in issues or issues[number].state != "open":
            continue
        message = f"there is no work item {item} any more; its issue #{number} is open still"
        hint = f"close #{number} on the forge, or restore the document from git"
        yield Finding("VT489", message, f"docs/work/{item}.md", severity="warning", hint=hint)


def _missing(local: Local, number: int, remote: Remote) -> Finding:
    """Say what became of an item's issue, and what a person can do: none is made again without a word."""
    place = f"docs/work/{local.id}.md"
    is_pull = any(issue.number == number for issue in remote.issues)
    why = "is a pull request" if is_pull else remote.gone.get(number, "is not there: it was deleted or moved")
    hint = f"agenticops work edit {local.id} --issue NUMBER; or take `issue` out of {place}: apply makes a new one"
    return Finding("VT489", f"issue #{number} of {local.id} {why}", place, hint=hint)


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


def _names(found: Iterable[Action], remote: Remote, rules: Rules) -> list[Action]:
    """Make the labels and milestones first that the other actions use, when they are known to be missing.

    A label that is there by an old name gets its new one: else there would be both.
    """
    used = [a for a in found if a.side == "remote"]
    made: list[Action] = []
    if remote.labels is not None:
        there = {label.name.casefold() for label in remote.labels}
        names = {n.casefold(): n for a in used for n in a.add.get("labels", ()) if n.casefold() not in there}
        made += labels.plan(remote.labels, [labels.styled(name) for name in names.values()], rules.aliases)
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


def brake(plan: Plan, rules: Rules, agreed: Mapping[str, Agreed] = MappingProxyType({})) -> str:
    """Say why a plan is to be held: it changes too many of the items that have an issue; "" when it does not.

    An issue that we were about to make, or that has not got its place yet, is still being made: it may be finished.
    The first kind, priority and column of an issue that was adopted change nothing that anybody said.
    """
    changed = {a.item for a in plan.actions if a.verb != "create" and a.item and a.step != "comment"}
    changed -= _adorned(plan, agreed)
    changed -= {a.item for a in plan.actions if a.verb == "create" and a.step in ("issue", "local")}
    making = [(name, a) for name, a in agreed.items() if a.intended]
    changed -= {name for name, a in making if a.issue is None or set(a.intended) <= set(base.LATER)}
    if plan.linked < rules.least or len(changed) <= rules.share * plan.linked:
        return ""
    return f"the plan changes {len(changed)} of {plan.linked} items; without --force it may change {rules.share:.0%}"


def _adorned(plan: Plan, agreed: Mapping[str, Agreed]) -> set[str]:
    """Name the items whose issues only get the first kind, priority or column that anybody agreed on."""
    rest: set[str] = set()
    found: set[str] = set()
    for action in plan.actions:
        before = agreed.get(action.item)
        first = before is not None and before.issue is not None and _first(action, before)
        (found if first else rest).add(action.item)
    return found - rest


def _first(action: Action, before: Agreed) -> bool:
    """Tell whether an action says for the first time what a label or the board is to say, and takes nothing away."""
    if before.issue != action.issue or action.before or action.remove or set(action.add) - {"labels"}:
        return False
    said = {labels.meaning(name)[0] for name in action.add.get("labels", ())} | set(action.write)
    return said <= {"kind", "priority", "board"} and not said & set(before.fields)
