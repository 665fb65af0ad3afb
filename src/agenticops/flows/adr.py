"""Architecture decision records: a new one, and what it takes the place of."""

from __future__ import annotations

from agenticops.core import adrs, papers, yamltext
from agenticops.errors import TrainError, UsageError
from agenticops.model.event import Draft
from agenticops.model.finding import Finding
from agenticops.workspace import Workspace


def new(workspace: Workspace, title: str, supersedes: list[str], status: str = "accepted") -> adrs.Adr:
    """Write a new record; those that it supersedes say so from now on."""
    title = " ".join(title.split())
    if not title:
        raise UsageError("a record needs a title", hint='agenticops adr new "Use one queue"')
    with workspace.transaction("adr new") as tx:
        _ = workspace.train.pipeline
        tree, day = workspace.train.tree, workspace.now[:10]
        names = adrs.ids(tree)
        older = [_found(names, s) for s in dict.fromkeys(supersedes)]
        name = adrs.next_id(names, title, day)
        path = f"{adrs.FOLDER}/{name}.md"
        tx.write(path, adrs.text(name, title, day, older, status))
        tx.append(Draft(papers.CREATED, papers.subject("adr", name), data={"path": path, "title": title}))
        for one in older:
            record = adrs.read(tree, one)
            if record.by:
                hint = f"supersede {record.by} instead, or correct its status"
                raise TrainError(f"{one} is superseded by {record.by} already", place=record.path, hint=hint)
            before = yamltext.decode(tx.read(record.path) or b"", record.path, yamltext.PIPELINE_LIMIT)
            tx.write(record.path, adrs.superseded(before, name, day, record.path))
            data = {"path": record.path, "fields": ["status"]}
            tx.append(Draft(papers.EDITED, papers.subject("adr", one), data=data))
    return adrs.read(workspace.tree, name)


def _found(names: list[str], wanted: str) -> str:
    found = adrs.find(names, wanted)
    if not found:
        raise UsageError(f"there is no record {wanted!r}, or there are several", hint="agenticops adr list")
    return found


def listing(workspace: Workspace) -> tuple[list[adrs.Adr], list[Finding]]:
    """Give all records, and what is wrong with their chains."""
    broken = list(adrs.findings(workspace.tree))
    unread = {f.path for f in broken if f.code == "VT901"}
    names = adrs.ids(workspace.tree)
    return [adrs.read(workspace.tree, n) for n in names if f"{adrs.FOLDER}/{n}.md" not in unread], broken
