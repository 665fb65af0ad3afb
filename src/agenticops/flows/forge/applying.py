"""Applying: a plan is done one action after the other, each after another look, and what was agreed is noted.

It may be cut off anywhere: what is about to be written is in the log before, what was agreed after, and the next plan
goes on from there (ADR 0032).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec
from msgspec import Struct

from agenticops.core import sticky
from agenticops.core.sync import base, effect, fields, items, merge
from agenticops.core.sync import plan as plans
from agenticops.core.sync.fields import Links
from agenticops.core.yamltext import decode
from agenticops.errors import ConflictError, RemoteError, SecretError, StateError, TrainError
from agenticops.flows.forge import fence, here, labels, opening, planning
from agenticops.flows.forge.planning import Planned
from agenticops.flows.forge.there import GONE, There
from agenticops.model.event import Draft
from agenticops.model.forge import Action, Agreed, Issue, Local
from agenticops.ports.forge import Edit, Forge, Milestone, New, NoColumns
from agenticops.store.transaction import Transaction
from agenticops.workspace import Workspace

OBSERVED = "issue_observed"
# Called before each action: its place, how many there are, and the action.
Told = Callable[[int, int, Action], None]
RIGHT = "the token needs the right to triage or to push"
FORBIDDEN, REFUSED = 403, 422
# What the forge says of one issue only: it is gone, or cannot take what is asked.
OF_ONE = (*GONE, REFUSED)


class Applied(Struct, frozen=True):
    """What came of a plan: how many actions were done, which items were left for the next plan and why.

    `asked` are commands that only an operator may give, by item. `refused` tells that a rule blocked it all.
    """

    planned: Planned
    done: int = 0
    skipped: dict[str, str] = msgspec.field(default_factory=dict)
    asked: dict[str, str] = msgspec.field(default_factory=dict)
    refused: bool = False

    @property
    def whole(self) -> bool:
        """Whether both sides are in step: all was done that was planned, and nothing is left for a person."""
        return not (self.refused or self.skipped or self.asked or self.planned.undecided)


def apply(
    workspace: Workspace,
    digest: str = "",
    force: bool = False,
    dry_run: bool = False,
    told: Told = lambda at, count, action: None,
) -> Applied:
    """Plan anew and do it. `digest` names the plan that was looked at: another one is refused (ConflictError).

    Raises TrainError when the brake holds and `force` is not given, ConflictError when another clone has the lease.
    """
    with (
        opening.leased(workspace, "github apply"),
        opening.opened(workspace) as forge,
        fence.fenced(workspace, "github apply", dry_run) as keep,
    ):
        mine, agreed = here.read(workspace), planning.bases(workspace)
        reader = There(workspace, forge, agreed)
        planned = planning.fresh(workspace, mine, reader, agreed)
        if digest and digest != planned.plan.digest:
            message = "the plan no longer matches: one of the sides has changed since it was made"
            raise ConflictError(message, hint="agenticops github plan, and look at it again")
        if planned.blocked:
            return Applied(planned, refused=True)
        if planned.held and not force and not dry_run:
            raise TrainError(
                planned.held, hint="look at agenticops github plan; agenticops github apply --force does it"
            )
        if dry_run:
            return Applied(planned)
        return Run(workspace, forge, reader, planned, agreed, told, keep).apply()


class Run:
    """One application of a plan: what it has seen of each issue since, and which items it left for the next."""

    def __init__(
        self,
        workspace: Workspace,
        forge: Forge,
        reader: There,
        planned: Planned,
        agreed: dict[str, Agreed],
        told: Told,
        keep: Callable[[], None],
    ) -> None:
        self.workspace, self.forge, self.reader, self.planned = workspace, forge, reader, planned
        self.plan, self.told, self.agreed, self.keep = planned.plan, told, agreed, keep
        self.rules = opening.settings(workspace).rules
        self.locals = dict(planned.here.locals)
        issues = {issue.number: issue for issue in planned.remote.issues}
        # An item that was cut off from its issue has found it again in the plan.
        pairs = [*((x.id, x.issue) for x in self.locals.values()), *((a.item, a.issue) for a in self.plan.actions)]
        self.numbers = {item: number for item, number in pairs if number is not None and number in issues}
        self.seen = {item: [issues[number]] for item, number in self.numbers.items()}
        self.observed = observed(workspace)
        self.links: Links | None = None
        self.begun: set[str] = set()
        self.comments: dict[str, str] = {}
        self.left_out: dict[str, tuple[str, ...]] = {}
        self.refused: dict[str, str] = {}  # labels and milestones that could not be made
        self.skipped: dict[str, str] = {}
        self.waits: dict[str, list[str]] = {}  # steps that were refused: the rest of their items went on
        self.asked: dict[str, str] = {}
        self.done = 0

    def apply(self) -> Applied:
        """Do all that can be done now."""
        self._agree()
        actions, last = self.plan.actions, plans.last_of(self.plan)
        if actions:
            self.reader.begin()
        for at, action in enumerate(actions):
            self.told(at, len(actions), action)
            if action.item not in self.skipped:
                self.keep()
                self._one(action, last.get(action.item) == at)
        for item, why in self.skipped.items():
            self.waits.setdefault(item, []).append(why)
        if actions and not self.waits:
            self.reader.end(issues[-1] for issues in self.seen.values())
        skipped = {item: "; ".join(whys) for item, whys in self.waits.items()}
        return Applied(self._found(), self.done, skipped, self.asked)

    def _one(self, action: Action, last: bool) -> None:
        """Do one action, or say why its item has to wait; what concerns more than one item is raised."""
        try:
            if not action.item:
                why = self._name(action)
            elif action.side == "local":
                why = self._here(action)
            else:
                why = self._there(action, last)
        except (ConflictError, StateError, SecretError) as e:
            why = e.message
        except RemoteError as e:
            if getattr(e, "status", 0) not in OF_ONE or not action.item:
                raise
            why = e.message
        if why:
            self.skipped[action.item] = why

    def _found(self) -> Planned:
        """Give the plan, with what it could not know: whom the forge left out."""
        found = [merge.unassigned(item, self.numbers[item], names) for item, names in sorted(self.left_out.items())]
        return msgspec.structs.replace(self.planned, findings=(*self.planned.findings, *found))

    def _agree(self) -> None:
        """Note what both sides say alike already, and the states of issues that are news."""
        drafts = [base.agreed_draft(self.agreed.get(a.item), a) for a in self.plan.agreements]
        drafts += [d for item, issues in self.seen.items() for d in self._observed(item, issues[-1])]
        if drafts:
            with self.workspace.transaction("github apply") as tx:
                for draft in drafts:
                    tx.append(draft)
            self.agreed = planning.bases(self.workspace)

    def _name(self, action: Action) -> str:
        """Make what has a name: a label, a milestone. One that is refused holds up only what uses it."""
        try:
            if action.step == "milestone":
                self.forge.milestones.create(Milestone(action.name))
            else:
                labels.change(self.forge, action)
        except RemoteError as e:
            if getattr(e, "status", 0) != REFUSED:
                raise
            name = str(action.write.get("name", action.name))
            self.refused[name] = f"the {action.step} {name!r} cannot be made: {e.message}"
            return ""
        if action.step == "label" and action.verb == "update":
            self._renamed(action.name, str(action.write["name"]))
        self.done += 1
        return ""

    def _renamed(self, old: str, new: str) -> None:
        """Let issues say a label's new name, as they do on the forge by now: that is nobody's edit."""
        for item, (*earlier, issue) in self.seen.items():
            names = tuple(new if name.casefold() == old.casefold() else name for name in issue.labels)
            self.seen[item] = [*earlier, msgspec.structs.replace(issue, labels=names)]

    def _there(self, action: Action, last: bool) -> str:
        """Do a remote action, after looking again and noting what is about to be written.

        Gives why the whole item has to wait; where only this step has to, it says so and the item goes on.
        """
        lacking = self._lacking(action)
        if why := self._stale(action) or (lacking if action.step == "issue" else ""):
            return why
        item = action.item
        try:
            if lacking:
                self._wait(action, lacking)
            else:
                self._do(action, last)
        except RemoteError as e:
            if not self._of_step(action, e):
                raise
            self._wait(action, e.message)
        if last and action.step != "issue" and (item in self.begun or item in self.comments):
            with self.workspace.transaction("github apply") as tx:
                self._note(tx, item, here.one(self.workspace, item)[1])
        return ""

    def _do(self, action: Action, last: bool) -> None:
        """Do a remote action for which all is there."""
        item = action.item
        if item not in self.begun and action.step != "comment":
            with self.workspace.transaction("github apply") as tx:
                tx.append(base.intended_draft(self.agreed.get(item), item, action.marker, self.plan.intents[item]))
            self.begun.add(item)
            self.agreed |= base.bases(self.workspace.log.of_item(item))
        answer = self._asked_for(action)
        dropped = effect.unheeded(action, answer)
        if set(dropped) == {"assignees"}:
            self.left_out[item] = dropped["assignees"]
        if action.step == "issue":
            self._linked(item, answer, last)
            if dropped.keys() - {"assignees"}:
                self.skipped[item] = (
                    f"#{answer.number} was made; the forge dropped its {' and '.join(dropped)}: {RIGHT}"
                )
        else:
            self.seen[item].append(answer)
        self.done += 1

    def _wait(self, action: Action, why: str) -> None:
        self.waits.setdefault(action.item, []).append(f"{action.step}: {why}")

    def _of_step(self, action: Action, error: RemoteError) -> bool:
        """Tell whether an error is of this step only. An issue that is locked is closed to comments, not to edits."""
        status = getattr(error, "status", 0)
        if action.step == "comment" and status == FORBIDDEN:
            return self.reader.get(self.numbers[action.item]).locked
        return action.step != "issue" and (status == REFUSED or isinstance(error, NoColumns))

    def _lacking(self, action: Action) -> str:
        """Say what an action needs and is not there, or ""."""
        needed = action.name or str(action.write.get("parent", ""))
        if needed and needed not in self.seen:
            return f"it needs the issue of {needed}, which is not there yet"
        names = {*action.add.get("labels", ()), str(action.write.get("milestone", ""))}
        return next((why for name, why in self.refused.items() if name in names), "")

    def _stale(self, action: Action) -> str:
        """Say what has changed since the plan was made, or ""."""
        item = action.item
        if action.step == "issue":
            now = fields.seen_local(here.one(self.workspace, item)[1])
            return "" if now == action.seen else f"{item} was changed here meanwhile"
        issue = self.reader.get(self.numbers[item])
        same = fields.seen_issue(issue) == fields.seen_issue(self.seen[item][-1])
        return "" if same else f"issue #{issue.number} was changed on the forge meanwhile"

    def _asked_for(self, action: Action) -> Issue:
        """Send what an action asks for; give the issue as it is then."""
        issues = self.forge.issues
        if action.step == "issue":
            return issues.create(New.of(action))
        seen = self.seen[action.item][-1]
        if action.step in ("edit", "close"):
            return self._edited(seen, action)
        if action.step == "sub-issue":
            parent = str(action.write["parent"])
            return issues.set_parent(seen, self.seen[parent][-1] if parent else None)
        if action.step == "dependency":
            other = self.seen[action.name][-1]
            return issues.block(seen, other) if action.verb == "create" else issues.unblock(seen, other)
        if action.step == "comment":
            self.forge.comments.stick(seen.number, sticky.PROGRESS, str(action.write["comment"]))
            self.comments[action.item] = str(action.write["comment"])
            return seen
        if action.step == "board" and self.forge.board is not None:
            return self.forge.board.move(seen, str(action.write["board"]))
        raise StateError(f"nobody knows how to {action.verb} a {action.step}", hint="upgrade agenticops")

    def _edited(self, seen: Issue, action: Action) -> Issue:
        """Edit an issue in one request; where that is refused, field by field: so only what is refused waits."""
        parts = list(effect.each_field(action))
        try:
            return self.forge.issues.edit(seen, Edit.of(action))
        except RemoteError as e:
            if getattr(e, "status", 0) != REFUSED or len(parts) == 1:
                raise
        for part in parts:
            try:
                seen = self.forge.issues.edit(seen, Edit.of(part))
            except RemoteError as e:
                if getattr(e, "status", 0) != REFUSED:
                    raise
                self._wait(part, e.message)
            else:
                self.seen[part.item].append(seen)
        return seen

    def _linked(self, item: str, issue: Issue, last: bool) -> None:
        """Write the number of an issue that was just made into its item's document."""
        with self.workspace.transaction("github apply") as tx:
            after = self._write(tx, item, {"issue": str(issue.number), "url": issue.url})
            self.numbers[item], self.seen[item] = issue.number, [issue]
            self._keep(after)
            self._note(tx, item, after)
            if not last:
                tx.append(base.intended_draft(self.agreed.get(item), item, "", base.rest(self.plan.intents[item])))
        self.agreed |= base.bases(self.workspace.log.of_item(item))

    def _here(self, action: Action) -> str:
        """Do the local action of an item, its last one: document and agreement change together."""
        item = action.item
        write = dict(action.write)
        if "state" in write:
            self.asked[item] = ending(self.planned, item)
            del write["state"]
        with self.workspace.transaction("github apply") as tx:
            if fields.seen_local(here.one(self.workspace, item)[1]) != action.seen:
                return f"{item} was changed here meanwhile"
            after = self._write(tx, item, write)
            self._keep(after)
            self._note(tx, item, after)
        self.done += 1
        return ""

    def _write(self, tx: Transaction, item: str, write: dict[str, str | tuple[str, ...]]) -> Local:
        """Write values into a document; give the item as it is then."""
        found, local = here.one(self.workspace, item)
        if write:
            text = decode(tx.read(found.path) or b"", found.path)
            tx.write(found.path, items.document(text, found, write))
            tx.append(Draft("item_edited", f"item/{item}", item=item, data={"fields": sorted(write), "by": "forge"}))
        return effect.on_local(local, Action("local", "update", write=write))

    def _keep(self, after: Local) -> None:
        self.locals[after.id] = after
        self.links = None

    def _note(self, tx: Transaction, item: str, local: Local) -> None:
        """Note what an item and its issue agree on, in the transaction of its last change."""
        if self.links is None:
            # As the plan has them: one whose number was lost has its issue, one whose issue is gone has none.
            linked = [msgspec.structs.replace(x, issue=self.numbers.get(x.id, x.issue)) for x in self.locals.values()]
            gone = [x.id for x in linked if x.issue is not None and x.id not in self.numbers]
            self.links = Links.of(linked, self.rules, gone)
        before = self.agreed.get(item, Agreed(item))
        told, left_out = self.comments.get(item, ""), self.left_out.get(item, ())
        after = base.agreement(before, local, self.seen[item], self.links, told, left_out)
        tx.append(base.agreed_draft(before, after))
        for draft in self._observed(item, self.seen[item][-1]):
            tx.append(draft)
        self.agreed[item] = after

    def _observed(self, item: str, issue: Issue) -> Iterable[Draft]:
        if self.observed.get(item) != (issue.number, issue.state):
            self.observed[item] = (issue.number, issue.state)
            yield observation(item, issue)


def observation(item: str, issue: Issue) -> Draft:
    """Give the event that says in which state an issue was seen; the check `issue` reads it."""
    data = {"issue": issue.number, "state": issue.state, "updated_at": issue.updated_at}
    return Draft(OBSERVED, f"item/{item}", item=item, data=data)


def observed(workspace: Workspace) -> dict[str, tuple[int, str]]:
    """Tell by item which issue was last observed, and in which state."""
    found = {}
    for event in workspace.log.of_kinds(OBSERVED):
        number = event.data.get("issue")
        if isinstance(number, int):
            found[event.item] = (number, str(event.data.get("state")))
    return found


def ending(planned: Planned, item: str) -> str:
    """Name the command that ends an item whose issue was closed on the forge. Nothing but a command ends one."""
    ticket = planned.here.tickets.get(item)
    if ticket is None:
        return f"agenticops ticket new {item}, then agenticops ticket cancel"
    return f'agenticops ticket cancel {ticket.id} --reason "closed on the forge", or agenticops advance {ticket.id}'
