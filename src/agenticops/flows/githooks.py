"""Git hooks: what git asks before a commit, of its message, and before a push. Reads only; the faces speak."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from agenticops.errors import TrainError
from agenticops.model.finding import Finding, Verdict
from agenticops.model.ids import TICKET
from agenticops.model.layout import PIPELINE
from agenticops.workspace import Workspace

TRAILER = "Ticket"
BRANCHES = "refs/heads/"
_SCISSORS = re.compile(r"^. -{8,} >8 -{8,}$", re.M)


class Push(Struct, frozen=True):
    """One branch that is pushed: its commit here, and its name there."""

    commit: str
    branch: str


def commit(workspace: Workspace) -> Verdict | None:
    """Judge what is about to be committed; None where there is no train, before and after."""
    if not (_has_train(workspace, ":") or _has_train(workspace, "HEAD:")):
        return None
    from agenticops.flows import staged

    return staged.judge(workspace)


def prepare(workspace: Workspace, file: str) -> None:
    """Put the ticket of a phase branch below the message, unless one is named there."""
    ticket = workspace.phase_ticket
    if TICKET.fullmatch(ticket):
        options = ("--in-place", "--if-exists", "doNothing", "--no-divider", "--trailer", f"{TRAILER}: {ticket}")
        workspace.git.run("interpret-trailers", *options, "--", os.path.abspath(file))


def message(workspace: Workspace, file: str) -> list[Finding]:
    """Judge a commit's message by its branch: whose work it is must be in it."""
    try:
        with open(file, encoding="utf-8", errors="surrogateescape") as f:
            text = f.read()
    except OSError as e:
        raise TrainError(f"the message cannot be read: {os.strerror(e.errno or 0)}", place=file) from None
    cut = _SCISSORS.search(text)
    text = text[: cut.start()] if cut else text
    text = workspace.git.run("stripspace", "--strip-comments", input=text).stdout
    if not text:
        return []  # git itself gives such a commit up
    if text.lower().startswith(f"{TRAILER.lower()}:"):
        hint = "begin it with what the commit does"
        return [Finding("VT463", "the message says nothing before its trailer", hint=hint)]
    parsed = workspace.git.run("interpret-trailers", "--parse", "--no-divider", input=text).stdout
    rows = [row.partition(":") for row in parsed.split("\n") if row]
    return list(_named(workspace, [value.strip() for key, _, value in rows if key.lower() == TRAILER.lower()]))


def _named(workspace: Workspace, found: list[str]) -> Iterator[Finding]:
    branch, own = workspace.branch, workspace.phase_ticket
    if own and not _is_ticket(workspace, own):
        hint = "git branch --move phase/TICKET; agenticops ticket list shows the tickets"
        yield Finding("VT462", f"branch {branch} is for a ticket that is not here", hint=hint)
    elif own and own not in found:
        was = f", and not {', '.join(found)}" if found else ""
        hint = f"add a last paragraph: {TRAILER}: {own}"
        yield Finding("VT461", f"the message of a commit on {branch} names {TRAILER}: {own}{was}", hint=hint)
    for name in found if not own else ():
        if not _is_ticket(workspace, name):
            hint = "agenticops ticket list"
            yield Finding("VT462", f"the message names the ticket {name}, which is not here", hint=hint)


def _is_ticket(workspace: Workspace, name: str) -> bool:
    if not TICKET.fullmatch(name):
        return False
    return os.path.isfile(os.path.join(workspace.root, "tickets", name, "ticket.yml"))


def pushes(lines: Iterable[str]) -> list[Push]:
    """Read what git tells a pre-push hook. Tags, and branches that are deleted, are not judged."""
    found = []
    for line in lines:
        words = line.split()
        if len(words) == 4 and words[2].startswith(BRANCHES) and words[1].strip("0"):
            found.append(Push(words[1], words[2].removeprefix(BRANCHES)))
    return found


def push(workspace: Workspace, remote: str, one: Push) -> Verdict | None:
    """Judge each commit that the remote's default branch has not; None where there is no train."""
    from agenticops.flows import judge, replay

    base = _default(workspace, remote)
    if not any(_has_train(workspace, f"{rev}:") for rev in (one.commit, base) if rev):
        return None
    if not base:
        return judge.tree(workspace, one.commit)  # nothing was pushed yet: there is nothing to compare with
    return replay.compare(workspace, replay.Call(base, one.commit, branch=one.branch, replay=True))


def _default(workspace: Workspace, remote: str) -> str:
    """Give the commit of the remote's default branch as it was last fetched, or ""."""
    from agenticops.core import documents

    names = [f"refs/remotes/{remote}/HEAD"]
    pipeline = workspace.git.run("cat-file", "blob", f"HEAD:{PIPELINE}", check=False).stdout
    try:
        branch = documents.read_pipeline(pipeline.encode("utf-8", "surrogateescape")).default_branch
    except TrainError:
        branch = "main"
    for name in (*names, f"refs/remotes/{remote}/{branch}"):
        answer = workspace.git.run(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", check=False
        )
        if not answer.returncode:
            return answer.stdout.strip()
    return ""


def _has_train(workspace: Workspace, tree: str) -> bool:
    return not workspace.git.run("cat-file", "-e", f"{tree}{PIPELINE}", check=False).returncode
