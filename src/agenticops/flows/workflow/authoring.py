"""Workflow templates: judging, comparing, importing and beginning them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from agenticops.core.workflow import diff as differences
from agenticops.core.workflow import library, lint, templates
from agenticops.errors import ConflictError, StateError, UsageError
from agenticops.flows import role
from agenticops.flows.workflow.templates import LIST, every, files, is_own, of, packs
from agenticops.model.finding import Finding
from agenticops.model.workflow import Edge, State, Template
from agenticops.workspace import Workspace


class Written(Struct, frozen=True):
    """What an import or a new template wrote, or would write: paths and templates, what was repaired, what is wrong."""

    templates: tuple[Template, ...]
    repaired: tuple[Finding, ...]
    findings: tuple[Finding, ...]
    written: bool

    @property
    def paths(self) -> tuple[str, ...]:
        """The files."""
        return tuple(template.path for template in self.templates)


def judge(workspace: Workspace, code: str = "") -> list[Finding]:
    """Judge the repository's templates, or one of them, or a packaged one. Raises UsageError for an unknown code."""
    found = lint.findings(workspace.train)
    if not code:
        return found
    template = of(workspace, code)
    if is_own(template):
        return [f for f in found if f.message.startswith(f"{code}:")]
    return lint.lint(template, {*library.packaged(packs(workspace)), *every(workspace)})


def compare(workspace: Workspace, code: str, old: str, new: str = "") -> tuple[Template, Template]:
    """Give two versions of a template; without the second, the one that counts now."""
    return of(workspace, code, old), of(workspace, code, new)


def difference(old: Template, new: Template) -> tuple[differences.Change, ...]:
    """Say what differs between two templates."""
    return differences.diff(old, new)


def bring(workspace: Workspace, data: bytes, name: str, head: Mapping[str, Any], dry_run: bool = False) -> Written:
    """Write the templates of a file in our form into the repository, with their parent lists repaired.

    Nothing is written where a template has faults, or in a dry run. Raises ConflictError for a version that is there.
    """
    found = templates.read(data, name, head)
    if len(found) != 1 and "code" in head:
        raise UsageError(f"{name} holds {len(found)} templates; --code names one", hint="leave --code out")
    repaired = [f for template in found for f in lint.lint(template) if f.code == "VT514"]
    return _write(workspace, [templates.repaired(t) for t in found], "workflow template import", dry_run, repaired)


def begin(
    workspace: Workspace,
    code: str,
    name: str,
    sector: str,
    like: str = "",
    default: bool = False,
    dry_run: bool = False,
) -> Written:
    """Write a new template: a copy of another one, or a start with two ends to build on."""
    if like:
        source = of(workspace, like)
        fresh = msgspec.structs.replace(
            source,
            code=code,
            name=name or source.name,
            sector=sector or source.sector,
            default=default or (source.default and code == like),
        )
    else:
        fresh = Template(
            code, name or code, sector or "General", "1.0", default=default, start="begun", states=_first()
        )
    return _write(workspace, [templates.repaired(fresh)], "workflow template new", dry_run, ())


def _first() -> dict[str, State]:
    ways = (Edge("finished"), Edge("given_up"))
    states = (
        State("begun", "begun", title="Begun", entity="task", status="Open", days=1.0, next=ways),
        State("finished", "finished", title="Finished", entity="task", status="Completed", terminal=True, success=True),
        State("given_up", "given_up", title="Given up", entity="task", status="Given Up", terminal=True, success=False),
    )
    return {state.id: state for state in states}


def _write(
    workspace: Workspace, fresh: Sequence[Template], purpose: str, dry_run: bool, repaired: Sequence[Finding]
) -> Written:
    role.require(workspace, "configure")
    placed = _placed(workspace, fresh)
    own = [t for _, found in files(workspace) for t in found]
    codes = {*library.packaged(packs(workspace)), *(t.code for t in (*own, *placed))}
    judged = [f for template in placed for f in lint.lint(template, codes)]
    ours = {template.path for template in placed}
    judged += [f for f in lint.together([*own, *placed], lambda: every(workspace)) if f.path in ours]
    sound = not lint.errors(judged)
    if sound and not dry_run:
        with workspace.transaction(purpose) as tx:
            for template in placed:
                if tx.read(template.path) is not None:
                    raise _taken(template)
                tx.write(template.path, _proven(template))
    return Written(tuple(placed), tuple(repaired), tuple(judged), sound and not dry_run)


def _placed(workspace: Workspace, fresh: Sequence[Template]) -> list[Template]:
    """Give each template a file that is not there: named after its code, or after its version too."""
    taken: set[str] = set()
    placed = []
    for template in fresh:
        names = (library.file_name(template.code), library.file_name(f"{template.code}-{template.version}"))
        free = next((n for n in names if n not in taken and workspace.tree.size(n) is None), "")
        if not free:
            raise _taken(msgspec.structs.replace(template, path=names[1]))
        taken.add(free)
        placed.append(msgspec.structs.replace(template, path=free))
    return placed


def _taken(template: Template) -> ConflictError:
    message = f"there is a file for {template.code} {template.version} already"
    return ConflictError(message, place=template.path, hint="edit it, or give the new one another version")


def _proven(template: Template) -> str:
    """Write a template, and see that it reads back as it was. Raises StateError where it would not."""
    text = templates.write(template)
    if templates.read(text.encode(), template.path) != (template,):
        raise StateError(f"{template.code} cannot be written in this form", place=template.path, hint=LIST)
    return text
