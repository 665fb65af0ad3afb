"""Adopting: turn a repository into a train. What the user wrote stays; run again, it upgrades what is untouched."""

from __future__ import annotations

import json
from typing import Any

from msgspec import Struct

from agenticops import __version__
from agenticops.core import documents, yamltext
from agenticops.errors import StateError, TrainError, UsageError
from agenticops.flows import agents, forgefiles, rest
from agenticops.flows import commit as commits
from agenticops.model.digest import sha256
from agenticops.model.event import Draft
from agenticops.model.layout import ASSETS, CHECKLISTS, MANIFEST, PIPELINE, ROOT_SESSION, TEMPLATES
from agenticops.model.pipeline import Pipeline
from agenticops.model.plan import Change, Plan
from agenticops.store.tree import WorkingTree
from agenticops.workspace import RESOURCES, Workspace

TRAINS = ("ml", "software", "data", "product")
COMMON = {
    "task-management.md": "docs/rules/task-management.md",
    "value-train.md": "docs/agenticops-value-train.md",
    "roadmap.md": "docs/roadmap.md",
}
LINES = {
    ".gitignore": ("# agenticops: unfinished writes", "*.agenticops~"),
    ".gitattributes": ("# agenticops: state is text with one kind of line end", ".agenticops/** text eol=lf"),
}
MAKE_LINE = "-include agenticops.mk"
EXTRAS = ("make", "github")


class Adoption(Struct, frozen=True):
    """What init is about to do, or did."""

    train: str
    pipeline: Pipeline
    plan: Plan
    lines: dict[str, int]
    given: agents.Settled
    commit: str = ""


def adopt(
    workspace: Workspace, train: str, extras: list[str], dry_run: bool, commit: bool, agent: str = ""
) -> Adoption:
    """Plan a train's files and, unless it is a dry run, write them. Raises UsageError for an unknown train or extra.

    What is installed for coding agents is brought up to date, and `agent` is given its files.
    """
    unknown = [e for e in extras if e not in EXTRAS]
    if unknown:
        raise UsageError(f"init knows no extra {unknown[0]!r}", hint=f"--with {'|'.join(EXTRAS)}")
    if dry_run:
        return planned(workspace, train, extras, agent)
    with workspace.transaction("init") as tx:
        adoption = planned(workspace, train, extras, agent)
        changes = tuple(c for c in adoption.plan.changes if c.verb != "keep")
        staged = commits.staged(workspace, [c.path for c in changes]) if commit else {}
        agents.write(tx, adoption.given)
        for change in adoption.plan.of("create") + adoption.plan.of("update"):
            tx.write(change.path, change.content)
        if changes:
            data = {"train": adoption.train, "version": __version__, "files": len(changes)}
            tx.append(Draft("train_adopted", "train", data=data))
    if commit and changes:
        import msgspec

        paths = [c.path for c in changes]
        done = commits.of_step(workspace, paths, f"Adopt the {adoption.train} train", tx.events, staged)
        adoption = msgspec.structs.replace(adoption, commit=done)
    return adoption


def planned(workspace: Workspace, train: str, extras: list[str], agent: str = "") -> Adoption:
    """Compute the plan: what is created, upgraded, or left alone because it is the user's."""
    tree = workspace.tree
    before, manifest = _manifest(tree.read(MANIFEST))
    name = _which(workspace, train, before)
    wanted = _files(workspace, name)
    if "make" in extras:
        wanted["agenticops.mk"] = WorkingTree(RESOURCES).read("common/agenticops.mk") or b""
    if "github" in extras or forgefiles.installed(manifest):
        wanted |= forgefiles.wanted(tree, _default_branch(workspace))
    if tree.read(ROOT_SESSION) is not None:
        # From now on the tool writes it; it is no file to upgrade.
        wanted.pop(ROOT_SESSION)
    changes = [_change(path, content, tree.read(path), manifest.get(path, "")) for path, content in wanted.items()]
    lines = {}
    files = {**LINES, **({"Makefile": (MAKE_LINE,)} if "make" in extras else {})}
    for path, rows in files.items():
        old = tree.read(path)
        text = (old or b"").decode("utf-8", "surrogateescape")
        missing = [r for r in rows if r not in text.splitlines()]
        lines[path] = len(missing)
        if missing:
            gap = "" if not text or text.endswith("\n") else "\n"
            content = (text + gap + "\n".join(missing) + "\n").encode("utf-8", "surrogateescape")
            changes.append(Change("update" if old is not None else "create", path, content))
    installed = {c.path: _sha(wanted[c.path]) for c in changes if c.path in wanted and c.verb != "keep"}
    kept = {p: d for p, d in manifest.items() if p not in installed}
    now = (
        json.dumps(
            {"schema": 1, "train": name, "version": __version__, "files": {**kept, **installed}},
            indent=1,
            sort_keys=True,
        )
        + "\n"
    )
    old_manifest = tree.read(MANIFEST)
    if old_manifest != now.encode():
        changes.append(Change("create" if old_manifest is None else "update", MANIFEST, now.encode()))
    changes = [c for c in changes if c.verb != "update" or c.content != tree.read(c.path)]
    data = tree.read(PIPELINE) or wanted[PIPELINE]
    pipeline = documents.read_pipeline(data)
    given = agents.wanted(tree, pipeline, agent)
    whole = Plan(tuple(sorted((*changes, *given.plan.changes), key=lambda c: c.path)))
    return Adoption(name, pipeline, whole, lines, given)


def _which(workspace: Workspace, train: str, installed: str) -> str:
    """Choose the train: the one that is named, the one that was installed, that of the pipeline, else ml."""
    data = workspace.tree.read(PIPELINE)
    present = documents.read_pipeline(data).name if data is not None else ""
    name = train or installed or (present if present in TRAINS else "" if present else "ml")
    if not name:
        hint = f"say whose checklists and templates to add: --train {'|'.join(TRAINS)}"
        raise UsageError(f"the pipeline {present!r} is your own", place=PIPELINE, hint=hint)
    if name not in TRAINS:
        raise UsageError(f"there is no packaged train {name!r}", hint=f"--train {'|'.join(TRAINS)}")
    if present in TRAINS and train and present != train:
        hint = "edit config/pipeline.yml, or remove it and run init again"
        raise TrainError(f"this repository runs the {present} train already", place=PIPELINE, hint=hint)
    return name


def _files(workspace: Workspace, train: str) -> dict[str, bytes]:
    """Give what a train consists of in a user's repository: path → content."""
    packaged = WorkingTree(RESOURCES)
    branch = _default_branch(workspace)
    raw = packaged.read(f"trains/{train}/pipeline.yml") or b""
    text = yamltext.splice(raw.decode(), {"default_branch": branch}, PIPELINE)
    title = documents.read_pipeline(text.encode()).title
    found = {PIPELINE: text.encode(), ASSETS: packaged.read(f"trains/{train}/assets.yml") or b""}
    for name in packaged.names(f"trains/{train}/checklists"):
        found[f"{CHECKLISTS}/{name}"] = packaged.read(f"trains/{train}/checklists/{name}") or b""
    for name in packaged.names(f"trains/{train}/templates"):
        found[f"{TEMPLATES}/{name}"] = packaged.read(f"trains/{train}/templates/{name}") or b""
    values = {"train": train, "title": title, "branch": branch}
    for name, path in COMMON.items():
        page = (packaged.read(f"common/{name}") or b"").decode()
        found[path] = documents.render(page, values).encode()
    found[ROOT_SESSION] = rest.EMPTY.encode()
    return found


def _default_branch(workspace: Workspace) -> str:
    data = workspace.tree.read(PIPELINE)
    if data is not None:
        return documents.read_pipeline(data).default_branch
    remote = workspace.git.run(
        "symbolic-ref", "--short", "--quiet", "refs/remotes/origin/HEAD", check=False
    ).stdout.strip()
    here = workspace.branch
    return remote.removeprefix("origin/") or (here if here and not workspace.phase_ticket else "main")


def _change(path: str, content: bytes, old: bytes | None, installed: str) -> Change:
    if old is None:
        return Change("create", path, content)
    if old == content:
        return Change("update", path, content)
    if installed and _sha(old) == installed:
        return Change("update", path, content)
    return Change("keep", path, why="you changed it" if installed else "it was there before")


def _manifest(data: bytes | None) -> tuple[str, dict[str, str]]:
    """Read which train was installed, and the digest of each file as it was installed."""
    if data is None:
        return "", {}
    try:
        found: Any = json.loads(data)
        return str(found["train"]), {str(k): str(v) for k, v in found["files"].items()}
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        raise StateError(
            "the manifest of installed files cannot be read", place=MANIFEST, hint="restore it from git"
        ) from None


def _sha(content: bytes) -> str:
    return sha256(content)
