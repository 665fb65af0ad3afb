"""Workflow templates: finding them, of any version.

What the repository has comes before what is packaged. A file is parsed once: what its very bytes gave is kept in the
index. Each step of an instance asks for its template, so of a hundred files the one that holds it is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec
from msgspec import Struct

from agenticops.core.workflow import library, templates
from agenticops.errors import StateError, UsageError
from agenticops.model.digest import sha256
from agenticops.model.layout import WORKFLOWS
from agenticops.model.tree import Tree
from agenticops.model.workflow import Template
from agenticops.workspace import Workspace

CACHED = "SELECT value FROM meta WHERE key=?"
OUTCOME = """SELECT COUNT(*), AVG(status='completed') * 100, AVG(julianday(ended) - julianday(started)) FROM instance
WHERE template=? AND status IN ('completed', 'failed')"""
LIST = "agenticops workflow template list"


class Outcome(Struct, frozen=True):
    """What instances that came to an end say of a template; None while there is none."""

    ended: int
    success_rate_pct: float | None
    avg_duration_days: float | None


def every(workspace: Workspace) -> dict[str, Template]:
    """Give the template that counts for each code. A file that cannot be read is left out: `lint` reports it."""
    packaged = [t for path in library.packaged(packs(workspace)).values() for t in _packed(workspace, path)]
    own = [t for _, found in files(workspace) for t in found]
    return dict(sorted({**library.current(packaged), **library.current(own)}.items()))


def versions(workspace: Workspace, *codes: str) -> list[Template]:
    """Give all versions of templates that are at hand: the repository's, then the packaged ones.

    Raises StateError for a file that names a code and cannot be read.
    """
    found = [t for _, several in files(workspace, *codes) for t in several if t.code in codes]
    paths = library.packaged(packs(workspace))
    packaged = [t for code in codes if code in paths for t in _packed(workspace, paths[code])]
    return found + [t for t in packaged if t.code in codes]


def of(workspace: Workspace, code: str, version: str = "", digest: str = "") -> Template:
    """Give a template: the one that counts now, one of a version, or the very one that a digest names.

    What the files do not have any more is looked for in the history of git. Raises UsageError for an unknown code or
    version, StateError where the text of a digest is lost.
    """
    if digest:
        return _exactly(workspace, code, version, digest)
    found = versions(workspace, code)
    if not found and not version:
        known = ", ".join(every(workspace)) or "none"
        raise UsageError(f"there is no workflow template {code!r}", hint=f"known: {known}")
    chosen = _chosen([t for t in found if not version or t.version == version])
    if chosen is None:
        chosen = next((t for t in _past(workspace, code) if t.version == version), None)
    if chosen is None:
        known = ", ".join(dict.fromkeys(t.version for t in found)) or "none"
        raise UsageError(f"there is no version {version} of {code}", hint=f"known: {known}")
    return chosen


def _chosen(found: Sequence[Template]) -> Template | None:
    """The repository's newest, else the packaged one."""
    own = [t for t in found if is_own(t)]
    return library.newest(own or found)


def is_own(template: Template) -> bool:
    """Tell whether a template is the repository's."""
    return template.path.startswith(WORKFLOWS)


def _exactly(workspace: Workspace, code: str, version: str, digest: str) -> Template:
    place = f"template-of:{digest}"
    path = str(workspace.index.value(CACHED, place) or "")
    template = _among(_at(workspace, path) if path else (), version, digest)
    if template is not None:
        return template
    template = _among(versions(workspace, code), version, digest)
    if template is not None:
        if is_own(template):  # where a packaged one is used, a file of the repository may come before it
            workspace.index.note(place, template.path)
        return template
    key = f"template:{digest}"
    known = workspace.index.value(CACHED, key)
    if known:
        return msgspec.json.decode(known, type=Template)
    for template in _past(workspace, code):
        if templates.digest(template) == digest:
            workspace.index.note(key, msgspec.json.encode(template).decode())
            return template
    hint = f"write that version again, or agenticops workflow template migrate {code} --from {version} --to VERSION"
    message = f"the text of {code} {version} by which this instance travels is in no file and no commit"
    raise StateError(message, place=WORKFLOWS, hint=hint)


def _among(found: Iterable[Template], version: str, digest: str) -> Template | None:
    wanted = (t for t in found if not version or t.version == version)
    return next((t for t in wanted if templates.digest(t) == digest), None)


def _at(workspace: Workspace, path: str) -> tuple[Template, ...]:
    """Read a file that held a template the last time; gives nothing where it cannot be read any more."""
    try:
        return _parsed(workspace, path, workspace.tree.read(path) or b"")
    except StateError:
        return ()


def files(workspace: Workspace, *codes: str) -> Iterator[tuple[str, tuple[Template, ...]]]:
    """Read the repository's files; with codes those that may hold them, and then a broken one is an error."""
    for path in library.paths(workspace.tree):
        data = workspace.tree.read(path) or b""
        if codes and not any(code.encode() in data for code in codes):
            continue
        try:
            yield path, _parsed(workspace, path, data)
        except StateError:
            if codes:
                raise


def packs(workspace: Workspace) -> Tree:
    """Give the tree of the packaged templates."""
    return workspace.train.packaged


def _packed(workspace: Workspace, path: str) -> tuple[Template, ...]:
    return _parsed(workspace, path, packs(workspace).read(path) or b"")


def _parsed(workspace: Workspace, path: str, data: bytes) -> tuple[Template, ...]:
    key, digest = f"template:{path}", sha256(data)
    known, _, kept = str(workspace.index.value(CACHED, key) or "").partition("\n")
    if known == digest:
        return msgspec.json.decode(kept, type=tuple[Template, ...])
    found = templates.read(data, path)
    workspace.index.note(key, f"{digest}\n{msgspec.json.encode(found).decode()}")
    return found


def _past(workspace: Workspace, code: str) -> Iterator[Template]:
    """Read what commits hold, newest first, of the files that name a code."""
    from agenticops.ports.history import History  # a transition goes without it

    if not workspace.git.head():
        return
    rows = workspace.git.run("rev-list", "--objects", "HEAD", "--", WORKFLOWS).stdout.splitlines()
    history = History(workspace.git)
    for blob, _, path in (row.partition(" ") for row in rows):
        if not path.startswith(f"{WORKFLOWS}/") or not path.endswith(templates.SUFFIXES):
            continue
        data = history.read(blob)
        if code.encode() in data:
            try:
                yield from (t for t in templates.read(data, path) if t.code == code)
            except StateError:
                continue  # what was once committed broken was no template


def outcome(workspace: Workspace, code: str) -> Outcome:
    """Say how instances of a template ended."""
    count, rate, days = workspace.index.rows(OUTCOME, code)[0]
    return Outcome(count, rate if rate is None else round(rate, 2), days if days is None else round(days, 2))
