"""Papers: writing down, listing, showing and changing risks, mitigations, clients, needs and decisions."""

from __future__ import annotations

from typing import Any

import msgspec

from agenticops.core import papers, risks, secrets, yamltext
from agenticops.errors import UsageError
from agenticops.model import ids
from agenticops.model.event import Draft
from agenticops.model.finding import Finding
from agenticops.model.paper import SHELVES, Paper, Shelf
from agenticops.ports import vault
from agenticops.store.transaction import Transaction
from agenticops.workspace import Workspace


def new(workspace: Workspace, noun: str, fields: dict[str, Any]) -> Paper:
    """Write a paper down; it gets its id, and what it names is found by unique prefixes."""
    with workspace.transaction(f"{noun} new") as tx:
        _ = workspace.train.pipeline
        return add(workspace, tx, noun, fields)


def add(workspace: Workspace, tx: Transaction, noun: str, fields: dict[str, Any], ticket: str = "") -> Paper:
    """Write a paper down in a transaction that does more. Its event bears the item when there is just one."""
    shelf = SHELVES[noun]
    fields = {"id": _fresh_id(workspace, shelf, fields), **_linked(workspace, shelf, _tidy(fields))}
    if noun == "decision":
        ulid = ids.ulid(workspace.clock.milliseconds(), workspace.clock.entropy(10))
        fields["decision_id"] = ids.as_uuid(ulid)
    paper = papers.fill(shelf, fields)
    path, text = shelf.path(paper.id), papers.write(shelf, paper)
    papers.read(shelf, text.encode(), path)
    tx.write(path, text)
    data = {"path": path, "title": paper.title}
    tx.append(Draft(papers.CREATED, papers.subject(noun, paper.id), ticket, _item(paper), data))
    return paper


def _fresh_id(workspace: Workspace, shelf: Shelf, fields: dict[str, Any]) -> str:
    if not str(fields.get("title") or "").strip():
        raise UsageError(f"a {shelf.noun} needs a title", hint='--title "…"')
    if shelf.noun != "decision":
        return shelf.noun[0] + ids.base32(int.from_bytes(workspace.clock.entropy(5), "big"), 8)
    stem = f"{workspace.now[:10]}-{papers.slug(fields['title']) or 'decision'}"
    taken, name, number = papers.ids(workspace.train.tree, shelf.noun), stem, 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    return name


def _tidy(fields: dict[str, Any]) -> dict[str, Any]:
    """Write titles on one line, and take empty entries for none."""
    found: dict[str, Any] = {}
    for name, value in fields.items():
        kept = [v for v in value if v] if isinstance(value, list) else value
        found[name] = " ".join(str(kept).split()) if name == "title" else kept
    return found


def _linked(workspace: Workspace, shelf: Shelf, fields: dict[str, Any]) -> dict[str, Any]:
    """Find what the links name, so that a document holds whole ids."""
    found = dict(fields)
    for field, nouns in shelf.links.items():
        value = found.get(field)
        if isinstance(value, list):
            found[field] = list(dict.fromkeys(_target(workspace, nouns, v) for v in value))
        elif value:
            found[field] = _target(workspace, nouns, str(value))
    return found


def _target(workspace: Workspace, nouns: tuple[str, ...], wanted: str) -> str:
    known = [name for noun in nouns for name in papers.known(workspace.train, noun)]
    return resolve(wanted, known, " or ".join(nouns), nouns[0])


def resolve(wanted: str, known: list[str], noun: str, command: str) -> str:
    """Find the one id that is `wanted` or starts with it. Raises UsageError that says where they are listed."""
    try:
        return ids.resolve(wanted, known, noun)
    except UsageError as e:
        listing = {"item": "work list", "gate": "pipeline show"}.get(command, f"{command} list")
        hint = e.hint if e.hint.startswith("write more") else f"agenticops {listing}"
        raise UsageError(e.message, hint=hint) from None


def _item(paper: Paper) -> str:
    items = papers.named(paper, "items") if hasattr(paper, "items") else ()
    return items[0] if len(items) == 1 and ids.ITEM.fullmatch(items[0]) else ""


def edit(workspace: Workspace, noun: str, wanted: str, changes: dict[str, Any]) -> Paper:
    """Change fields or the text of a paper and keep every other byte."""
    if not changes:
        raise UsageError("nothing to change", hint=f"agenticops {noun} edit --help")
    with workspace.transaction(f"{noun} edit") as tx:
        return change(workspace, tx, noun, named(workspace, noun, wanted), changes)


def change(workspace: Workspace, tx: Transaction, noun: str, name: str, changes: dict[str, Any]) -> Paper:
    """Change a paper in a transaction that does more."""
    shelf = SHELVES[noun]
    changes = _linked(workspace, shelf, _tidy(changes))
    path = shelf.path(name)
    before = papers.get(workspace.train.tree, noun, name)
    papers.fill(shelf, {**msgspec.structs.asdict(before), **changes})
    text = papers.edited(yamltext.decode(tx.read(path) or b"", path), changes, path)
    paper = papers.read(shelf, text.encode(), path)
    tx.write(path, text)
    data = {"path": path, "fields": sorted(changes)}
    tx.append(Draft(papers.EDITED, papers.subject(noun, name), item=_item(paper), data=data))
    return paper


def named(workspace: Workspace, noun: str, wanted: str) -> str:
    """Find a paper's id by a unique prefix."""
    return resolve(wanted, papers.ids(workspace.tree, noun), noun, noun)


def show(workspace: Workspace, noun: str, wanted: str) -> tuple[Paper, dict[str, str]]:
    """Give a paper, and when it was written down and changed last."""
    name = named(workspace, noun, wanted)
    events = workspace.log.of_subject(papers.subject(noun, name))
    return papers.get(workspace.tree, noun, name), papers.times(events)


def listing(workspace: Workspace, noun: str) -> tuple[list[Any], list[Finding]]:
    """Give all papers of a noun, and a finding for each that cannot be read."""
    found, broken = papers.shelved(workspace.tree, noun)
    if not found and not broken:
        _ = workspace.train.pipeline  # tell "none" from "no train here"
    return found, broken


def exposure(workspace: Workspace) -> tuple[list[risks.Standing], risks.Blind, list[Finding]]:
    """Say how each risk stands, and what nobody looks at."""
    found, broken = listing(workspace, "risk")
    mitigations, unread = papers.shelved(workspace.tree, "mitigation")
    standings = [risks.standing(risk, mitigations) for risk in found]
    return standings, risks.blind_spots(standings, mitigations), [*broken, *unread]


def revealed(paper: Paper) -> Paper:
    """Put in the values of what a decision names by reference. Raises RemoteError when one has no value here."""
    fields = {k: _revealed(v) for k, v in msgspec.to_builtins(paper).items()}
    found: Paper = msgspec.convert(fields, type(paper))
    return found


def _revealed(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _revealed(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_revealed(v) for v in value]
    return vault.resolve(value) if isinstance(value, str) and secrets.reference(value) else value
