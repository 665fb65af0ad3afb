"""The doctor: environment and repository. It shows what it would do; `--fix` does it, and never throws work away."""

from __future__ import annotations

import os
import sys

from msgspec import Struct

from agenticops.core import yamltext
from agenticops.errors import StateError, TrainError
from agenticops.flows import adopt, void
from agenticops.model.event import Draft
from agenticops.model.layout import JOURNAL, PIPELINE, ROOT_SESSION
from agenticops.ports.git import MINIMUM
from agenticops.store import journal
from agenticops.workspace import Workspace


class Symptom(Struct, frozen=True):
    """One thing looked at. `fix` says what `--fix` does; "" means that a person must decide, as `hint` says."""

    what: str
    well: bool
    detail: str = ""
    place: str = ""
    fix: str = ""
    hint: str = ""


def examine(workspace: Workspace) -> list[Symptom]:
    """Look at everything; change nothing."""
    return [
        *_environment(workspace),
        *_repository(workspace),
        *_journal(workspace),
        *_leftovers(workspace),
        *_documents(workspace),
        *(effects := _effects(workspace)),
        *(s for s in _statuses(workspace) if s.place not in {e.place for e in effects}),
        *_twice(workspace),
        *_workflows(workspace),
    ]


def _environment(workspace: Workspace) -> list[Symptom]:
    python = ".".join(str(n) for n in sys.version_info[:3])
    git = workspace.git.version()
    found = [
        Symptom("python", sys.version_info >= (3, 11), python, hint="install Python 3.11 or newer"),
        Symptom("git", git[:2] >= MINIMUM, ".".join(map(str, git)), hint="install git 2.30 or newer"),
    ]
    try:
        found.append(Symptom("identity", True, workspace.git.identity()))
    except TrainError as e:
        found.append(Symptom("identity", False, e.message, hint=e.hint))
    return found


def _repository(workspace: Workspace) -> list[Symptom]:
    busy = workspace.git.in_progress()
    branch = workspace.branch or "detached HEAD"
    found = [
        Symptom(
            "branch",
            not busy,
            f"{branch}{f', a {busy} is in progress' if busy else ''}",
            hint=f"git {busy} --continue" if busy else "",
        )
    ]
    there = workspace.tree.read(PIPELINE) is not None
    found.append(
        Symptom(
            "pipeline",
            there,
            PIPELINE if there else "this repository is no train yet",
            hint="agenticops init --train ml",
        )
    )
    for path, rows in adopt.LINES.items() if there else ():
        text = (workspace.tree.read(path) or b"").decode("utf-8", "replace").splitlines()
        missing = [r for r in rows if not r.startswith("#") and r not in text]
        if missing:
            found.append(Symptom("layout", False, f"{path} lacks {missing[0]}", path, hint="agenticops init adds it"))
    return found


def _journal(workspace: Workspace) -> list[Symptom]:
    folder = workspace.state_folder
    note, entries = journal.load(folder)
    if entries:
        applies = journal.applies(workspace.tree.handle, entries)
        count = f"{len(entries)} file{'s' if len(entries) > 1 else ''}"
        detail = f"a transaction of {count} was not finished: {note.purpose or 'unknown'}"
        fix = "finish it" if applies else "keep it aside: the files changed since"
        return [Symptom("journal", False, detail, os.path.join(folder, JOURNAL), fix=fix)]
    aside = sorted(n for n in os.listdir(folder) if n.startswith(journal.ASIDE)) if os.path.isdir(folder) else []
    hint = "compare its files with yours, then move it elsewhere"
    return [
        Symptom("journal", False, "an unfinished transaction was kept aside", os.path.join(folder, n), hint=hint)
        for n in aside
    ]


def _leftovers(workspace: Workspace) -> list[Symptom]:
    listed = workspace.git.run(
        "ls-files", "-z", "--others", "--", ":(glob)**/.*.agenticops~", ":(glob).*.agenticops~"
    ).stdout
    return [
        Symptom("leftovers", False, "a write that never ended", p, fix="remove it") for p in listed.split("\0") if p
    ]


def _documents(workspace: Workspace) -> list[Symptom]:
    found = []
    for path, message, place, hint in workspace.index.problems():
        old = path == ROOT_SESSION and "front-matter" in message
        found.append(
            Symptom("documents", False, message, place or path, hint="agenticops migrate --dry-run" if old else hint)
        )
    return found or [Symptom("documents", True, "every document reads well")]


def _effects(workspace: Workspace) -> list[Symptom]:
    """Events whose effect git took back, and voids that the files contradict by now."""
    found = []
    for path, told in void.told_by_path(void.losses(workspace)).items():
        whole = all(loss.whole for loss in told)
        fix, hint = ("void them", void.HINT) if whole else ("", void.HALF)
        found.append(Symptom("effects", False, void.describe(told), path, fix=fix, hint=hint))
    for event in void.returned(workspace):
        detail = "the change that was voided is there again"
        found.append(Symptom("effects", False, detail, void.place(event), fix="let its events count again"))
    return found


def _statuses(workspace: Workspace) -> list[Symptom]:
    found = []
    train = workspace.train
    for name in [r[0] for r in workspace.index.rows("SELECT id FROM ticket ORDER BY id")]:
        try:
            ticket = train.ticket(name)
        except StateError:
            continue
        said = train.status_chain(name).state
        if said and said != ticket.status:
            detail = f"status {ticket.status} was edited by hand; the log says {said}"
            found.append(Symptom("status", False, detail, ticket.path, fix=f"set it back to {said}"))
    return found


def _twice(workspace: Workspace) -> list[Symptom]:
    """Ids that differ only in case share one folder on some machines."""
    ids = [r[0] for r in workspace.index.rows("SELECT id FROM item UNION ALL SELECT id FROM ticket")]
    names = workspace.tree.names("tickets") + [n.removesuffix(".md") for n in workspace.tree.names("docs/work")]
    seen: dict[str, str] = {}
    found = []
    for name in sorted({*ids, *names}):
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            found.append(
                Symptom("ids", False, f"{other} and {name} are one id on some machines", hint="keep one of them")
            )
    return found


def _workflows(workspace: Workspace) -> list[Symptom]:
    """Steps of instances that lost against another branch's. Nothing is broken: a person may want to take them anew."""
    from agenticops.flows.workflow import forks

    found = forks.findings(workspace)
    return [Symptom("workflows", True, finding.message, finding.path, hint=finding.hint) for finding in found]


def mend(workspace: Workspace, symptoms: list[Symptom]) -> list[Symptom]:
    """Do what the symptoms' fixes say; give those that were mended."""
    due = [s for s in symptoms if s.fix]
    if not due:
        return []
    with workspace.transaction("doctor") as tx:
        if any(s.what == "effects" for s in due):
            void.void(workspace, tx)
        for symptom in due:
            if symptom.what == "leftovers":
                os.unlink(os.path.join(workspace.root, symptom.place))
            if symptom.what == "status":
                name = symptom.place.split("/")[1]
                said = workspace.train.status_chain(name).state
                text = yamltext.decode(tx.read(symptom.place) or b"", symptom.place)
                tx.write(symptom.place, yamltext.splice(text, {"status": said}, symptom.place))
                item = workspace.train.ticket(name).item
                tx.append(Draft("status_restored", f"ticket/{name}", name, item, {"status": said}))
    return due
