"""Hooks: what git is told about the train's files. A convenience: without it the layout merges by lines (ADR 0012)."""

from __future__ import annotations

from msgspec import Struct

from agenticops.errors import TrainError
from agenticops.model.event import Draft
from agenticops.ports.mergedriver import command
from agenticops.workspace import Workspace

ATTRIBUTES = ".gitattributes"
BEGIN = "# agenticops merge driver: begin; `agenticops hooks uninstall` takes these lines out"
END = "# agenticops merge driver: end"
PATTERNS = (
    "tickets/*/ticket.yml",
    "tickets/*/checklist.md",
    "tickets/*/ACTIVE_SESSION.md",
    "docs/session-context/ACTIVE_SESSION.md",
    "docs/work/*.md",
    "docs/risks/*.md",
)
SECTION = "merge.agenticops"
TITLE = "agenticops: field by field"


class Hooks(Struct, frozen=True):
    """What is installed: the command in this clone's configuration, and the lines in .gitattributes."""

    driver: str
    wanted: str
    attributes: tuple[str, ...]

    @property
    def installed(self) -> bool:
        """Whether both are as this version writes them."""
        return self.driver == self.wanted and self.attributes == lines()


class Done(Struct, frozen=True):
    """What a step changed, or would change: (verb, place, what)."""

    hooks: Hooks
    changes: tuple[tuple[str, str, str], ...]


def lines() -> tuple[str, ...]:
    """The lines between the markers."""
    return tuple(f"{pattern} merge=agenticops" for pattern in PATTERNS)


def show(workspace: Workspace) -> Hooks:
    """Look at what is installed."""
    return Hooks(_configured(workspace, "driver"), command(), _between(_text(workspace.tree.read(ATTRIBUTES)))[1])


def install(workspace: Workspace, dry_run: bool = False) -> Done:
    """Tell git about the driver: this clone's configuration, and lines between markers in .gitattributes."""
    changes = []
    for name, value in (("name", TITLE), ("driver", command())):
        old = _configured(workspace, name)
        if old != value:
            changes.append(("update" if old else "create", f"{SECTION}.{name}", value))
            if not dry_run:
                workspace.git.run("config", "--local", f"{SECTION}.{name}", value, optional_locks=True)
    changes += _attributes(workspace, lines(), "hooks_installed", dry_run)
    return Done(show(workspace), tuple(changes))


def uninstall(workspace: Workspace, dry_run: bool = False) -> Done:
    """Take out what `install` wrote, and nothing else."""
    changes = _attributes(workspace, (), "hooks_removed", dry_run)
    for name in ("name", "driver"):
        if _configured(workspace, name):
            changes.append(("delete", f"{SECTION}.{name}", ""))
    if len(changes) and changes[-1][1].startswith(SECTION) and not dry_run:
        workspace.git.run("config", "--local", "--remove-section", SECTION, optional_locks=True)
    return Done(show(workspace), tuple(changes))


def _configured(workspace: Workspace, name: str) -> str:
    answer = workspace.git.run("config", "--local", "--get", f"{SECTION}.{name}", check=False)
    return answer.stdout.rstrip("\n")


def _attributes(workspace: Workspace, wanted: tuple[str, ...], kind: str, dry_run: bool) -> list[tuple[str, str, str]]:
    """Set the lines between the markers; with none, the markers go too."""
    old = workspace.tree.read(ATTRIBUTES)
    fresh = _written(_text(old), wanted)
    if fresh == _text(old):
        return []
    verb = "create" if old is None else "update"
    if not dry_run:
        with workspace.transaction("hooks") as tx:
            fresh = _written(_text(tx.read(ATTRIBUTES)), wanted)
            tx.write(ATTRIBUTES, fresh.encode("utf-8", "surrogateescape"))
            tx.append(Draft(kind, "train", data={"path": ATTRIBUTES, "lines": len(wanted)}))
    return [(verb, ATTRIBUTES, f"{len(wanted)} lines" if wanted else "the lines between the markers go")]


def _text(data: bytes | None) -> str:
    return (data or b"").decode("utf-8", "surrogateescape")


def _between(text: str) -> tuple[str, tuple[str, ...], str]:
    """Cut the file at the markers: before, the lines between, behind. Raises TrainError when one marker is missing."""
    rows = text.splitlines(keepends=True)
    bare = [row.rstrip("\r\n") for row in rows]
    begins, ends = bare.count(BEGIN), bare.count(END)
    if not begins and not ends:
        return text, (), ""
    if begins != 1 or ends != 1 or bare.index(BEGIN) > bare.index(END):
        hint = "keep one begin and one end, or none"
        raise TrainError("the markers of the merge driver are damaged", place=ATTRIBUTES, hint=hint)
    start, stop = bare.index(BEGIN), bare.index(END)
    return "".join(rows[:start]), tuple(bare[start + 1 : stop]), "".join(rows[stop + 1 :])


def _written(text: str, wanted: tuple[str, ...]) -> str:
    before, found, behind = _between(text)
    if not wanted:
        return before + behind
    if found == wanted:
        return text
    newline = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not before or before.endswith("\n") else newline
    return before + gap + newline.join((BEGIN, *wanted, END, "")) + behind
