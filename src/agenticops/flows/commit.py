"""Committing a step: the files of one work item with the events that explain them, and nothing else. ADR 0013."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from agenticops.errors import ConflictError, StateError
from agenticops.model.event import Event
from agenticops.model.ids import TICKET, ulid
from agenticops.model.layout import ARCHIVE, EVENTS, ROOT_SESSION
from agenticops.store import share
from agenticops.store.log import OpenShard
from agenticops.store.paths import parts
from agenticops.store.transaction import Transaction
from agenticops.workspace import Workspace

# What was staged when a step began, and was equal to the file: path → blob.
Staged = dict[str, str]


def documents(workspace: Workspace, item: str) -> list[str]:
    """List the documents of a work item: its page and its tickets' folders."""
    names = workspace.tree.names("tickets")
    found = [(n, TICKET.fullmatch(n)) for n in names]
    return [f"docs/work/{item}.md", *(f"tickets/{n}" for n, match in found if match and match["item"] == item)]


def staged(workspace: Workspace, paths: Iterable[str]) -> Staged:
    """Look at the index before a step writes. Raises ConflictError when a file of these is staged with other content.

    What is staged as the file is now may be committed with the step's change on top: nothing is lost.
    """
    equal, different = workspace.staged()
    for path in sorted(different):
        if any(path == p or path.startswith(f"{p}/") for p in paths):
            hint = f"git add {path}, or git restore --staged -- {path}; then try again"
            raise ConflictError("the file is staged with another content; nothing was written", place=path, hint=hint)
    return equal


def of_item(
    workspace: Workspace,
    item: str,
    subject: str,
    ticket: str = "",
    paths: Iterable[str] = (),
    before: Staged | None = None,
) -> str:
    """Commit what a work item's step wrote, with all of the item's documents and events; give the short id."""
    with workspace.transaction("commit") as tx:
        part = _divided(workspace, tx, lambda event: event.item == item)
        named = {str(e.data["path"]) for e in part.taken if "path" in e.data}
        files = {p for p in (*paths, *named) if not p.startswith(EVENTS) and p != ROOT_SESSION and _inside(p)}
        if _has_root(workspace, item, part, ROOT_SESSION in {*paths, *named}):
            files.add(ROOT_SESSION)
        trailers = _trailers(workspace, item, ticket)
        wanted = [*documents(workspace, item), *files, *part.shards]
        return _commit(workspace, tx, part, wanted, f"{subject}\n\n{trailers}", before)


def of_step(
    workspace: Workspace,
    paths: Iterable[str],
    subject: str,
    events: Iterable[Event],
    before: Staged | None = None,
    sealed: Iterable[str] = (),
) -> str:
    """Commit the files and events of one step that belongs to no work item; give the short id.

    `sealed` are files of the log that go in, or out, as they are: packs, and the shards that they replace.
    """
    ids = [e.id for e in events]
    trailers = "".join(f"Event: {name}\n" for name in ids)
    with workspace.transaction("commit") as tx:
        part = _divided(workspace, tx, lambda event: event.id in ids)
        wanted = [*(p for p in paths if not p.startswith(EVENTS)), *part.shards, *sealed]
        return _commit(workspace, tx, part, wanted, f"{subject}\n\n{trailers}", before)


def _divided(workspace: Workspace, tx: Transaction, wanted: Callable[[Event], bool]) -> share.Share:
    loose, staged = workspace.loose(EVENTS)

    def name() -> str:
        return ulid(tx.times.milliseconds(), tx.times.entropy(10))

    shards = [p for p in loose if _is_shard(p)], [p for p in staged if _is_shard(p)]
    return share.divide(workspace.tree, *shards, wanted, name)


def _is_shard(path: str) -> bool:
    """Tell a shard from a pack, whose events were committed long ago."""
    from agenticops.core.pack import is_pack  # only a step that commits pays for it

    return path.endswith(".jsonl") and not is_pack(path)


def _commit(
    workspace: Workspace, tx: Transaction, part: share.Share, paths: list[str], message: str, before: Staged | None
) -> str:
    """Write the divided log, commit, and let the rest of the log be the open shard again."""
    for path, content in part.files.items():
        if content is None:
            tx.remove(path)
        else:
            tx.write(path, content)
    tx.flush()
    try:
        return workspace.commit(paths, message, before or {})
    finally:
        if part.rest:
            # No commit has ever held this shard, so it may stay open although HEAD has moved.
            git, count = workspace.git, (part.files[part.rest] or b"").count(b"\n")
            mark = workspace.tree.mark(part.rest)
            OpenShard(tx.folder).remember(part.rest, git.position(), count, git.stamp(), mark)


def _trailers(workspace: Workspace, item: str, ticket: str) -> str:
    train = workspace.train
    chain = train.status_chain(ticket) if ticket else train.item_chain(item)
    match = TICKET.fullmatch(ticket)
    rows = {
        "Item": "" if match else item,
        "Ticket": ticket,
        "Phase": match["phase"] if match else "",
        "Event": chain.last,
    }
    return "".join(f"{name}: {value}\n" for name, value in rows.items() if value)


def _has_root(workspace: Workspace, item: str, part: share.Share, named: bool) -> bool:
    """Tell whether the root session is this item's: the step wrote it, and no event that stays behind explains it."""
    try:
        session = workspace.train.session(ROOT_SESSION)
    except StateError:
        return False
    if session is not None and session.item == item:
        return True
    others = {str(e.data.get("path", "")) for e in part.left}
    foreign = ROOT_SESSION in others or any(p.startswith(f"{ARCHIVE}/") for p in others)
    return named and not foreign and (session is None or not session.item)


def _inside(path: str) -> bool:
    try:
        return bool(parts(path))
    except StateError:
        return False
