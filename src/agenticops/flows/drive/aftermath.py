"""Aftermath: what a run left that did not end well is put aside and taken back, also when its driver died. ADR 0036."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agenticops.core import checklist as checklists
from agenticops.core import fold, globs, yamltext
from agenticops.core.drive import progress
from agenticops.errors import StateError, TrainError
from agenticops.flows import commit
from agenticops.flows.drive import desk, ledger, logbook
from agenticops.flows.drive.desk import Change
from agenticops.flows.ticket import RECORDED
from agenticops.model.checklist import Bullet
from agenticops.model.drive import Usage
from agenticops.model.event import Draft, Event
from agenticops.model.layout import PHASE_BRANCH
from agenticops.model.ticket import Ticket
from agenticops.ports import agent
from agenticops.workspace import Workspace

# What rests on a run: it is void when the run is undone.
RESTS = ("bullet_ticked", "bullet_observed", "artifact_recorded", "artifact_begun")
# What an agent may tell of its work, and what counts only when the tool tells it.
TICKS, TOLD = ("bullet_ticked", "bullet_observed"), ("evidence_recorded",)


def guard(here: Workspace, ticket: str, name: str, made: Sequence[Change], before: str, after: str) -> str:
    """Set the log back to a snapshot when what came after it is not an agent's to write; say what it was, or ""."""
    why, paths = logbook.refusal(here, made, before)
    if why:
        desk.put_aside(here.git, f"{ticket}/{name}-log", after, before, paths)
    return why


def undo(here: Workspace, ticket: Ticket, name: str, before: str, head: str) -> None:
    """Set a desk's files, but those that the tool writes, back to a tree; what was there is kept under a ref."""
    git = here.git
    try:
        after = desk.snapshot(git)
    except TrainError:
        # It left what git cannot take in: all that is there is kept as it is.
        stand(here, ticket.id, name, head)
        desk.renew(git, before, lambda path: globs.fits(path, logbook.LOG))
        unrecord(Workspace(here.root, here.clock), ticket, name)
        return
    stand(here, ticket.id, name, head)
    paths = [c.path for c in desk.changes(git, before, after) if not own(c.path, ticket)]
    paths += [path for path in (ticket.checklist_path, ticket.session_path) if _unreadable(here, path)]
    if paths:
        desk.put_aside(git, f"{ticket.id}/{name}", after, before, paths)
    unrecord(Workspace(here.root, here.clock), ticket, name)


def stand(here: Workspace, ticket: str, name: str, head: str) -> None:
    """Let a desk stand on its branch where it stood; what was committed since is kept under a ref."""
    git, branch = here.git, f"{PHASE_BRANCH}{ticket}"
    now = git.head()
    if now != head or git.branch() != branch:
        if now:
            git.run("update-ref", f"{desk.ASIDE}{ticket}/{name}-head", now)
        # Each step is noted in the desk's log, by which others see where it stands.
        git.run("symbolic-ref", "-m", "the run is undone", "HEAD", f"refs/heads/{branch}")
        git.run("update-ref", "-m", "the run is undone", f"refs/heads/{branch}", head)
        git.run("read-tree", head)


def unrecord(here: Workspace, ticket: Ticket, name: str) -> None:
    """Take back what was recorded since a run began: the run does not count, so what rests on it does not either."""
    rests = [e for e in _since(here, ticket, name) if e.kind in RESTS]
    if not rests:
        return
    with here.transaction("drive undo") as tx:
        text = here.train.checklist_text(ticket) or ""
        there = {b.key for b in checklists.parse(text).bullets if b.checked}
        keys = there & {str(e.data.get("bullet")) for e in rests}
        if keys:
            tx.write(ticket.checklist_path, checklists.tick(text, keys, " "))
        data = {"events": [e.id for e in rests]}
        tx.append(Draft("voided", f"ticket/{ticket.id}", ticket.id, ticket.item, data))


def _since(here: Workspace, ticket: Ticket, name: str) -> list[Event]:
    """Give what counts of a ticket's events since a run began."""
    events = here.train.log.of_ticket(ticket.id)
    began = next((n for n, e in enumerate(events) if e.kind == progress.ACTIVE and e.subject.endswith(name)), None)
    fresh = {e.id for e in events[began:]} if began is not None else set()
    return [e for e in fold.live(events) if e.id in fresh]


def _unreadable(here: Workspace, path: str) -> bool:
    """Tell whether a text is there no more, or cannot be read."""
    try:
        data = here.tree.read(path)
        return data is None or not yamltext.decode(data, path).strip()
    except StateError:
        return True


def own(path: str, ticket: Ticket) -> bool:
    """Tell what the tool itself writes beside the agent: the log, sessions; a checklist shows in its ticks."""
    return globs.fits(path, logbook.LOG) or path in (ticket.session_path, ticket.checklist_path)


def take_back(here: Workspace, ticket: Ticket, name: str, page: str) -> str:
    """Undo ticks that the agent made, but those of recorded artifacts, and the evidence of checks: both are the tool's.

    A page that lost a bullet which was owed is set back to what it was; gives the bullet's words then.
    """
    here = Workspace(here.root, here.clock)
    was, text = checklists.parse(page), here.train.checklist_text(ticket) or ""
    fresh = _since(here, ticket, name)
    words = {str(e.data.get("bullet")): str(e.data.get("now")) for e in fresh if e.kind == "bullet_reworded"}
    now = {b.key: b for b in checklists.parse(text).bullets}
    owed = {words.get(b.key, b.key): b for b in was.owed}
    gone = [b for key, b in owed.items() if key not in now or b.required > now[key].required]
    ticks = {words.get(b.key, b.key) for b in was.bullets if b.checked}
    own = {b.key for b in now.values() if b.checked and b.key not in ticks and not _recorded(b, fresh)}
    void = [e.id for e in fresh if e.kind in TOLD or (e.kind in TICKS and e.data.get("bullet") in own)]
    if gone or own or void:
        with here.transaction("drive look") as tx:
            if gone or own:
                tx.write(ticket.checklist_path, page if gone else checklists.tick(text, own, " "))
            if void:
                tx.append(Draft("voided", f"ticket/{ticket.id}", ticket.id, ticket.item, {"events": void}))
    return gone[0].text if gone else ""


def _recorded(bullet: Bullet, fresh: Sequence[Event]) -> bool:
    name = bullet.anchor.removeprefix(RECORDED)
    return bullet.anchor != name and name in fold.recorded(fresh)


def recover(here: Workspace, name: str, left: Mapping[str, Any]) -> None:
    """Bring a desk to where the log says it is, after its driver died; `left` is what that one noted.

    What a run wrote that nobody has looked at is undone first: the log can be read then.
    """
    git = here.git
    agent.end_strays(here.root)
    desk.pin(git.common_dir, here.root, git.git_dir)
    here = settled(here)
    desk.unlock(git, f"refs/heads/{PHASE_BRANCH}{name}")
    run, before, head = (str(left.get(key, "")) for key in ("assignment", "before", "head"))
    unseen = bool(before) and not ledger.over(here, run)
    if unseen:
        after = desk.snapshot(git, before)
        guard(here, name, run, desk.changes(git, before, after), before, after)
        desk.unstage(git)
        stand(here, name, run, head)
        desk.restore(git, before, [f"tickets/{name}/ticket.yml"])
        here = Workspace(here.root, here.clock)
    ticket = here.train.ticket(name)
    cut = [a for a in progress.assignments(here.train.log.of_ticket(name)) if not a.over]
    if unseen:
        undo(here, ticket, run, before, git.head())
        take_back(here, ticket, run, desk.text(git, before, ticket.checklist_path))
    for assigned in cut:
        unrecord(Workspace(here.root, here.clock), ticket, assigned.assignment_id)
    here = Workspace(here.root, here.clock)
    if cut:
        # Last of all: whoever finds it open, because this was cut off too, begins anew.
        with here.transaction("drive recover") as tx:
            for assigned in cut:
                ledger.ended(tx, here, assigned, "cancelled", Usage(), 0, "its driver died")
    rest = desk.since(git, f"{git.head()}^{{tree}}")
    if rest:
        runs = progress.assignments(here.log.of_ticket(name))
        # What a finished run changed is committed; what a failed one left waits for the next attempt.
        finished = bool(runs) and runs[-1].assignment_status == "completed"
        paths = [c.path for c in rest] if finished else []
        commit.of_item(here, ticket.item, f"{name}: go on", name, paths)


def settled(here: Workspace) -> Workspace:
    """Let what was being written when somebody died be finished before it is looked at: any writer would do it."""
    try:
        with here.transaction("drive recover"):
            pass
    except StateError:
        pass  # an agent broke the log, which is looked at next
    return Workspace(here.root, here.clock)
