"""Standing: the rules of the repository, and what the log says of each: from where on it counts, how often it ran."""

from __future__ import annotations

import os
from typing import Any

import msgspec
from msgspec import Struct

from agenticops.core import automation
from agenticops.core.rules import file
from agenticops.core.rules.match import Book
from agenticops.errors import StateError, UsageError
from agenticops.model.digest import sha256
from agenticops.model.event import Draft, Event
from agenticops.model.rule import Rule
from agenticops.workspace import Workspace

ENABLED, DISABLED, DELETED = "rule_enabled", "rule_disabled", "rule_deleted"
# Why a rule was switched on or off: it was seen first, its file changed, a person asked, its file says so, it ran out.
SEEN, CHANGED, ASKED, FILE, MAX = "seen", "changed", "asked", "file", "max"
_RAN = """SELECT rule, COUNT(*), MAX(at) FROM firing WHERE cut='' GROUP BY rule"""
_SINCE = """SELECT COUNT(*) FROM firing f WHERE f.rule=? AND f.cut=''
AND (SELECT MIN(e.lamport) FROM event e WHERE e.subject = 'firing/' || f.id AND e.kind='rule_fired') > ?"""


class Standing(Struct, frozen=True):
    """How a rule stands. It counts for events after `since` (Lamport number, id).

    `asked` is where the counting to its `max` began, `spent` how often it ran from there on.
    """

    rule: Rule
    state: str = ""
    why: str = ""
    digest: str = ""
    since: tuple[int, str] = (0, "")
    asked: int = 0
    executions: int = 0
    spent: int = 0
    last: str = ""

    @property
    def counts(self) -> bool:
        """Tell whether the rule handles events."""
        return self.state == ENABLED and self.rule.active


def wanted(workspace: Workspace) -> bool:
    """Tell whether the repository may have rules; this is all that a command pays where there are none."""
    return bool(workspace.root) and os.path.isdir(os.path.join(workspace.root, file.FOLDER))


def rules(workspace: Workspace) -> list[Rule]:
    """Read all rules, in order. Raises StateError for a file that cannot be read, and for two rules of one code."""
    found: list[Rule] = []
    for path in paths(workspace):
        found += _parsed(workspace, path, workspace.tree.read(path) or b"")
    file.twice(found)
    declared(workspace, found)
    return sorted(found, key=lambda rule: (rule.order, rule.code))


def paths(workspace: Workspace) -> list[str]:
    """List the rule files."""
    names = workspace.tree.names(file.FOLDER) if wanted(workspace) else []
    return [f"{file.FOLDER}/{name}" for name in names if name.endswith(file.ENDINGS)]


def settings(workspace: Workspace) -> automation.Automation:
    """Read `config/automation.yml`."""
    return automation.read(workspace.tree.read(automation.PATH))


def named(workspace: Workspace, code: str) -> Standing:
    """Find a rule by its code. Raises UsageError."""
    found = next((one for one in every(workspace, counted=True) if one.rule.code == code), None)
    if found is None:
        raise UsageError(f"there is no rule {code!r}", hint="agenticops rule list")
    return found


def every(workspace: Workspace, counted: bool = False) -> list[Standing]:
    """Say how all rules stand; `counted` says how often they ran, too."""
    found = rules(workspace)
    log = _log(workspace)
    ran = {row[0]: row[1:] for row in workspace.index.rows(_RAN)} if counted else {}
    stand = [_standing(rule, log.get(rule.code, []), ran.get(rule.code, (0, ""))) for rule in found]
    return [_counted(workspace, one) for one in stand] if counted else stand


def _counted(workspace: Workspace, one: Standing) -> Standing:
    spent = since_asked(workspace, one) if one.rule.max >= 0 else one.executions
    return msgspec.structs.replace(one, spent=spent)


def book(standings: list[Standing]) -> Book:
    """File the rules that count."""
    return Book(one.rule for one in standings if one.counts)


def since_asked(workspace: Workspace, standing: Standing) -> int:
    """Count how often a rule ran since a person switched it on last, or ever."""
    return int(workspace.index.value(_SINCE, standing.rule.code, standing.asked) or 0)


def settle(workspace: Workspace) -> list[Standing]:
    """Note the rules that are seen for the first time, or are written otherwise now: they count from here on."""
    found = every(workspace)
    if not any(_due(one) for one in found):
        return found
    with workspace.transaction("rules settle") as tx:
        for one in every(workspace):
            draft = _due(one)
            if draft:
                tx.append(draft)
    return every(workspace)


def switch(workspace: Workspace, code: str, kind: str, reason: str = "") -> Standing:
    """Enable, disable or delete a rule, as a person asks. Raises UsageError where that changes nothing."""
    with workspace.transaction(kind.replace("_", " ")) as tx:
        one = named(workspace, code)
        if one.state == kind and (kind != ENABLED or one.digest == one.rule.digest):
            raise UsageError(f"{code} is {kind[5:]} already", place=one.rule.path, hint="agenticops rule list")
        if kind == ENABLED and not one.rule.active:
            raise UsageError(f"the file of {code} says active: false", place=one.rule.path, hint="change it there")
        if one.state == DELETED:
            raise UsageError(f"{code} was deleted", place=one.rule.path, hint="give it another code in its file")
        off = Draft(kind, f"rule/{code}", data={"reason": reason, "why": ASKED})
        tx.append(enabling(one.rule, ASKED) if kind == ENABLED else off)
    return named(workspace, code)


def enabling(rule: Rule, why: str) -> Draft:
    """Note that a rule counts from here on, as it is written now."""
    return Draft(ENABLED, f"rule/{rule.code}", data={"digest": rule.digest, "why": why})


def put_away(workspace: Workspace, code: str) -> bool:
    """Tell whether a rule of this code was deleted."""
    return any(event.kind == DELETED for event in _log(workspace).get(code, ()))


def ran_out(code: str, most: int) -> Draft:
    """Note that a rule ran as often as it may."""
    return Draft(DISABLED, f"rule/{code}", data={"why": MAX, "reason": f"it ran {most} times, as often as it may"})


def _due(one: Standing) -> Draft | None:
    """Give the event that a rule's file makes necessary, or None."""
    now, subject = one.rule.digest, f"rule/{one.rule.code}"
    if one.rule.active and (not one.state or (one.state, one.why) == (DISABLED, FILE)):
        return enabling(one.rule, SEEN)
    if one.rule.active and one.state == ENABLED and one.digest != now:
        return enabling(one.rule, CHANGED)
    if not one.rule.active and one.state == ENABLED:
        return Draft(DISABLED, subject, data={"why": FILE, "reason": "its file says active: false"})
    return None


def _log(workspace: Workspace) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {}
    for event in workspace.log.of_kinds(ENABLED, DISABLED, DELETED):
        found.setdefault(event.subject.partition("/")[2], []).append(event)
    return found


def _standing(rule: Rule, events: list[Event], ran: tuple[int, str]) -> Standing:
    """Fold a rule's own events: it counts from the first `enabled` of its last run of them that says the same."""
    said: dict[str, Any] = {}
    for event in events:
        data, kind = event.data, event.kind
        if said.get("state") == DELETED:
            break
        same = said.get("state") == kind == ENABLED and said.get("digest") == data.get("digest")
        if not same:
            said["since"] = event.order
        said |= {"state": kind, "why": str(data.get("why", "")), "digest": str(data.get("digest", ""))}
        if kind == ENABLED and said["why"] == ASKED:
            said["asked"] = event.lamport
    return Standing(rule, executions=ran[0], last=ran[1] or "", **said)


def _parsed(workspace: Workspace, path: str, data: bytes) -> tuple[Rule, ...]:
    """Read one file; what its very bytes gave the last time is in the index."""
    key, digest = f"rules:{path}", sha256(data)
    known = workspace.index.value("SELECT value FROM meta WHERE key=?", key)
    if known and known.startswith(f"{digest}\n"):
        return msgspec.json.decode(known.partition("\n")[2], type=tuple[Rule, ...])
    found = file.read(data, path)
    workspace.index.note(key, f"{digest}\n{msgspec.json.encode(found).decode()}")
    return found


def declared(workspace: Workspace, found: list[Rule]) -> None:
    """Refuse what names a script or a template that nobody declared. Raises StateError."""
    if not any(_names(rule) for rule in found):
        return
    said = settings(workspace)
    for rule in found:
        for words in file.undeclared(rule, said.scripts, said.templates):
            hint = f"declare it in {automation.PATH}, or correct the name"
            raise StateError(f"rule {rule.code}, {words}", place=rule.path, hint=hint)


def _names(rule: Rule) -> bool:
    return any(action.type == "run_script" or action.parameters.get("template") for action in rule.actions)
