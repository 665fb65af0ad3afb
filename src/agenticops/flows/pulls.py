"""Pull requests of phase branches: opened with what there is to tell, merged when the gate holds."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from agenticops.core import papers, pullbody, risks
from agenticops.core.gate import DONE
from agenticops.core.pullbody import Facts
from agenticops.core.risks import Standing
from agenticops.core.train import Train
from agenticops.errors import ConflictError, RemoteError, TrainError
from agenticops.flows import aim, conduct, progress, publish
from agenticops.flows.forge import opening
from agenticops.model.finding import Verdict
from agenticops.model.layout import PHASE_BRANCH
from agenticops.ports.forge import Check, Forge, Method, Pull
from agenticops.workspace import Workspace


class Conflicting(ConflictError):
    """A pull request changes what the default branch changed, too."""


class Opened(Struct, frozen=True):
    """A pull request that was opened, or would be: `number` is 0 then. `known`: it was there already, and is left."""

    ticket: str
    head: str
    base: str
    title: str
    body: str
    verdict: Verdict
    number: int = 0
    url: str = ""
    known: bool = False


class Merged(Struct, frozen=True):
    """What became of a merge: `merged`, `ready` (a rehearsal) or `refused`, with the verdict that decided."""

    state: str
    ticket: str
    pull: Pull
    verdict: Verdict


def request(workspace: Workspace, wanted: str | None, draft: bool = False, dry_run: bool = False) -> Opened:
    """Ask to merge a ticket's branch into the default branch. One that is open already is left as it is."""
    name = aim.ticket_id(workspace, wanted)
    head, base = f"{PHASE_BRANCH}{name}", workspace.train.pipeline.default_branch
    found = publish.reviewed(workspace, head, name)
    facts = _facts(workspace, found)
    pages = publish.texts(found.train, found.verdict)
    told = Opened(name, head, base, pullbody.title(facts), pullbody.write(facts, pages), found.verdict)
    if dry_run:
        return told
    with opening.opened(workspace) as forge:
        there = _of(forge, head, base)
        if there is None:
            pull = _opened(forge, told, draft)
            return replace(told, number=pull.number, url=pull.url)
    return replace(told, number=there.number, url=there.url, known=True)


def merge(
    workspace: Workspace, wanted: str | None, method: Method = "merge", dry_run: bool = False, at: str = ""
) -> Merged:
    """Merge a ticket's pull request, at the commit at which its gate holds. A refusal is an outcome, not an error.

    What counts is the commit that the forge has, not what is here. Checks of others that failed or are not over hold
    it up; raises ConflictError when the branch moves meanwhile, or is not `at` the commit that is meant, and
    Conflicting when it conflicts with the default branch.
    """
    name = aim.ticket_id(workspace, wanted)
    head, base = f"{PHASE_BRANCH}{name}", workspace.train.pipeline.default_branch
    with opening.opened(workspace) as forge:
        pull = _of(forge, head, base)
        if pull is None:
            hint = f"agenticops github pr open {name}"
            raise RemoteError(f"no pull request of {head} into {base} is open", hint=hint)
        pull = forge.pulls.get(pull.number)  # a list does not tell whether it conflicts
        if pull.draft:
            raise TrainError(f"pull request #{pull.number} is a draft", place=pull.url, hint="mark it ready for review")
        if at and pull.sha != at:
            raise ConflictError(f"{head} is at {pull.sha[:10]} by now, not at {at[:10]}", place=pull.url)
        verdict = publish.reviewed(workspace, pull.sha, name).verdict
        if not verdict.holds:
            return Merged("refused", name, pull, verdict)
        _refuse_checks(forge, pull)
        if dry_run:
            return Merged("ready", name, pull, verdict)
        return Merged("merged", name, forge.pulls.merge(pull.number, pull.sha, method), verdict)


def checks(workspace: Workspace, sha: str) -> list[Check]:
    """List what others' checks say of a commit; the word of the gate itself is not among them."""
    with opening.opened(workspace) as forge:
        return _checks(forge, sha)


def _checks(forge: Forge, sha: str) -> list[Check]:
    return [check for check in forge.pulls.checks(sha) if check.name != publish.CHECK]


def _refuse_checks(forge: Forge, pull: Pull) -> None:
    if pull.mergeable is False:
        hint = f"git switch {pull.head} && git merge origin/{pull.base}, then push"
        raise Conflicting(f"pull request #{pull.number} conflicts with {pull.base}", place=pull.url, hint=hint)
    held = [c for c in _checks(forge, pull.sha) if c.conclusion in ("failure", "pending")]
    if held:
        named = ", ".join(f"{c.name} ({'failed' if c.conclusion == 'failure' else 'not over'})" for c in held)
        raise RemoteError(f"checks hold up #{pull.number}: {named}", place=pull.url, hint="see to them, then try again")


def _of(forge: Forge, head: str, base: str) -> Pull | None:
    return next((pull for pull in forge.pulls.of_branch(head) if pull.base == base), None)


def _opened(forge: Forge, told: Opened, draft: bool) -> Pull:
    from agenticops.ports.githubcalls import Refused

    try:
        return forge.pulls.open(told.head, told.base, told.title, told.body, draft)
    except Refused as refused:
        if refused.status != 422:
            raise
        hint = f"git push -u origin {told.head}, with a commit that {told.base} has not"
        raise RemoteError(f"{told.head} cannot be asked to be merged: {refused.said}", hint=hint) from None


def _facts(workspace: Workspace, found: publish.Judged) -> Facts:
    train, ticket = found.train, found.ticket
    item = train.item(ticket.item)
    return Facts(
        item,
        ticket,
        found.verdict,
        progress.of(train, ticket),
        train.log.of_ticket(ticket.id),
        _standing(train, item.id, ticket.id),
        conduct.ways(train, ticket) == [DONE],
    )


def _standing(train: Train, item: str, ticket: str) -> list[Standing]:
    """Give the risks of an item, and those that a ticket raised, with what answers them."""
    found, _ = papers.shelved(train.tree, "risk")
    answers, _ = papers.shelved(train.tree, "mitigation")
    return [risks.standing(r, answers) for r in found if item in r.items or r.ticket == ticket]
