"""Publishing: what the gate says of HEAD goes to the forge, and how far the ticket is.

What is not committed is not told. A verdict is a check run, or a commit status where only that is allowed, and one
comment at the branch's pull request. Progress is one comment at the item's issue. Doing it again changes only what
changed.
"""

from __future__ import annotations

import os
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from agenticops.core import gate, sticky, webhook
from agenticops.core.case import Case
from agenticops.core.train import Train
from agenticops.errors import RemoteError, TrainError
from agenticops.flows import aim, phaseissue, progress, replay
from agenticops.flows.forge import opening
from agenticops.model.finding import Verdict
from agenticops.model.layout import PHASE_BRANCH
from agenticops.model.ticket import Ticket
from agenticops.ports import signature
from agenticops.ports.forge import Check, Conclusion, Forge
from agenticops.ports.history import History
from agenticops.workspace import Workspace

CHECK = f"{webhook.OWN}gate"


class Judged(Struct, frozen=True):
    """What a gate says of a ticket in a commit."""

    sha: str
    train: Train
    ticket: Ticket
    verdict: Verdict


class Published(Struct, frozen=True):
    """What was told, or would be: the verdict and both comments as texts, and where they went."""

    ticket: str
    sha: str
    verdict: Verdict
    check: str
    said: str
    progress: str
    comment: str
    sent: str = ""
    pulls: tuple[str, ...] = ()
    issue: str = ""
    child: phaseissue.Children | None = None


def publish(workspace: Workspace, wanted: str | None, child: bool = False, dry_run: bool = False) -> Published:
    """Tell the forge what HEAD's gate says. With `child` the ticket gets an issue of its own, below the item's."""
    name = _wanted(workspace, wanted)
    conducts = workspace.branch == _default(workspace)
    found = judged(workspace, "HEAD", name, moving=True) if conducts else reviewed(workspace, "HEAD", name)
    told = _told(workspace, found)
    if dry_run:
        return told
    with opening.opened(workspace) as forge:
        sent = _send(forge, found.sha, _check(told, found, _pages(found)))
        pulls = forge.pulls.of_branch(f"{PHASE_BRANCH}{found.ticket.id}")
        stuck = [forge.comments.stick(pull.number, sticky.VERDICT, told.comment) for pull in pulls]
        issue = _progress(workspace, forge, found.ticket, told.progress)
        children = phaseissue.issue(workspace, forge, found.ticket) if child else None
    return replace(told, sent=sent, pulls=tuple(c.url for c in stuck), issue=issue, child=children)


def judged(workspace: Workspace, revision: str, name: str, moving: bool, base: str = "") -> Judged:
    """Judge a ticket's gate in a commit. The roles and signers that count are those of `base`, else of the commit.

    Raises TrainError when the commit is not here, or does not hold the ticket.
    """
    history = History(workspace.git)
    try:
        sha = history.commit(revision)
    finally:
        history.close()
    train = workspace.train_at(sha)
    if not train.has_ticket(name):
        raise TrainError(f"{name} is not in the commit {sha[:10]}", hint="commit it, then try again")
    ticket = train.ticket(name)
    judge = workspace.train_at(base) if base else train
    verify = partial(signature.verify, root=workspace.root)
    case = Case(train, ticket, judge=judge, now=workspace.now, moving=moving, verify=verify)
    return Judged(sha, train, ticket, gate.judge(case))


def reviewed(workspace: Workspace, revision: str, name: str) -> Judged:
    """Judge a ticket's gate in a commit of its branch, and by the rules all that the branch did.

    The roles and signers of the commit count from which it parted: what a branch says of itself proves nothing.
    """
    base = _base(workspace, revision)
    found = judged(workspace, revision, name, moving=False, base=base)
    whole = replay.compare(workspace, replay.Call(base, found.sha, branch=f"{PHASE_BRANCH}{name}"))
    told = {(f.code, f.place, f.message) for f in found.verdict.findings}
    more = [f for f in whole.findings if f.severity == "error" and (f.code, f.place, f.message) not in told]
    return replace(found, verdict=replace(found.verdict, findings=(*found.verdict.findings, *more)))


def texts(train: Train, verdict: Verdict) -> dict[str, str]:
    """Give the pages of the codes that a verdict names."""
    found = {}
    for code in {f.code for f in verdict.findings}:
        page = train.packaged.read(f"codes/{code}.md")
        if page is not None:
            found[code] = page.decode()
    return found


def _pages(found: Judged) -> dict[str, str]:
    return texts(found.train, found.verdict)


def _wanted(workspace: Workspace, wanted: str | None) -> str:
    """Say which ticket is meant; a run of Actions knows the branch although HEAD is none."""
    branch = os.environ.get("GITHUB_HEAD_REF", "")
    if not wanted and not workspace.branch and branch.startswith(PHASE_BRANCH):
        wanted = branch.removeprefix(PHASE_BRANCH)
    return aim.ticket_id(workspace, wanted)


def _base(workspace: Workspace, revision: str) -> str:
    """Find the commit where a branch parts from the default one, as the remote has that, else as it is here."""
    name = _default(workspace)
    remote = f"refs/remotes/origin/{name}"
    there = workspace.git.run("rev-parse", "--verify", "--quiet", remote, check=False).stdout.strip()
    history = History(workspace.git)
    try:
        tip = history.commit(there or f"refs/heads/{name}")
        return history.fork_point(tip, history.commit(revision)) or tip
    finally:
        history.close()


def _default(workspace: Workspace) -> str:
    return workspace.train.pipeline.default_branch


def _told(workspace: Workspace, found: Judged) -> Published:
    # On the default branch several tickets may be told of one commit; a pull request is of one.
    name = f"{CHECK}/{found.ticket.id}" if workspace.branch == _default(workspace) else CHECK
    return Published(
        found.ticket.id,
        found.sha,
        found.verdict,
        name,
        sticky.headline(found.verdict),
        sticky.progress(progress.of(found.train, found.ticket)),
        sticky.verdict(found.verdict, found.sha, _pages(found)),
    )


def _check(told: Published, found: Judged, pages: dict[str, str]) -> Check:
    conclusion: Conclusion = "success" if told.verdict.holds else "failure"
    summary = sticky.bounded(sticky.summary(found.verdict, pages))
    return Check(told.check, conclusion, told.said, summary)


def _send(forge: Forge, sha: str, check: Check) -> str:
    from agenticops.ports.githubcalls import Refused

    try:
        return forge.pulls.publish(sha, check)
    except Refused as refused:
        if refused.status not in (404, 422):
            raise
        hint = "git push, then try again; the token must be allowed to write commit statuses"
        raise RemoteError(f"the commit {sha[:10]} is not at {forge.repository}: {refused.said}", hint=hint) from None


def _progress(workspace: Workspace, forge: Forge, ticket: Ticket, text: str) -> str:
    number = workspace.train.item(ticket.item).issue
    return forge.comments.stick(number, sticky.PROGRESS, text).url if number else ""
