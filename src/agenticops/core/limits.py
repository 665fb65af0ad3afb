"""Limits: what an agent may use and write in a mode, for a ticket. One value; compiled, guarded and audited by it.

The guard reads this before every tool call: it loads globs and tool names only, and `Limits` is a plain class, as
msgspec alone would cost more than the guard may (ADR 0025).
"""

from __future__ import annotations

from agenticops.core import globs, tools
from agenticops.model.layout import ROOT_SESSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from agenticops.model.pipeline import Mode, Pipeline
    from agenticops.model.ticket import Ticket

# What no mode opens: git's own, and what only the tool writes. The names are compared without regard to case, since
# some file systems have none.
SEALED = (
    ("**/.git", "it is git's own"),
    (".agenticops/**", "only agenticops writes the log and its manifests"),
    ("tickets/*/ticket.yml", "only agenticops writes it: agenticops ticket edit"),
    ("docs/session-context/archive/**", "it is archived"),
    ("docs/session-context/_legacy/**", "it is archived"),
)
# What judges, and what steers the agents themselves: open to a mode whose `writable` names it, not by `**` alone.
STEERING = (
    "config/**",
    ".claude/settings*.json",
    ".claude/hooks/**",
    ".mcp.json",
    ".claude-plugin/**",
    "plugins/agenticops/**",
    ".codex/config.toml",
    ".cursor/mcp.json",
    ".gemini/settings.json",
    ".vscode/mcp.json",
)


class Limits:
    """What holds for one mode and one ticket. No `allowed`: every tool; no `writable`: every path but the protected.

    `own` are the paths that belong to the ticket whatever the mode, `ways` the modes that this one leads to.
    """

    __slots__ = ("allowed", "mode", "own", "restricted", "ticket", "ways", "writable")

    def __init__(
        self,
        mode: str,
        ticket: str = "",
        *,
        allowed: Iterable[str] = (),
        restricted: Iterable[str] = (),
        writable: Iterable[str] = (),
        own: Iterable[str] = (),
        ways: Iterable[str] = (),
    ) -> None:
        self.mode, self.ticket = mode, ticket
        self.allowed, self.restricted = tuple(allowed), tuple(restricted)
        self.writable, self.own, self.ways = tuple(writable), tuple(own), tuple(ways)


def of(pipeline: Pipeline, mode: Mode, ticket: Ticket | None = None, session: str = "") -> Limits:
    """Give the limits of a mode, for a ticket when one is worked; `session` is the file of the one that counts."""
    item = ticket.item if ticket else "*"
    own: list[str] = []
    if ticket:
        contracts = (pipeline.artifacts.get(name) for name in (*ticket.artifacts, *ticket.optional))
        own = [c.path.replace("{item}", item) for c in contracts if c is not None and c.path]
        own += [ticket.checklist_path, ticket.session_path, f"{ticket.folder}/artifacts/**"]
        own += [session] if session and session != ticket.session_path else []
    return Limits(
        mode.name,
        ticket.id if ticket else "",
        allowed=mode.allowed_tools,
        restricted=mode.restricted_tools,
        writable=[w.replace("{item}", item) for w in mode.writable],
        own=own,
        ways=[m for m in dict.fromkeys(mode.transitions) if m != mode.name],
    )


def tool_refusal(limits: Limits, tool: str, path: str = "") -> str:
    """Say why a tool may not be used (for a path that it would write), or "". What a command does is judged apart."""
    if tools.own(tool):
        return ""
    if tools.named(tool, limits.restricted, path):
        return f"mode {limits.mode} does without {tool}"
    if tool in tools.NEUTRAL or not limits.allowed or tools.named(tool, limits.allowed, path, narrowed=True):
        return ""
    only = _limited(tool, limits.allowed)
    if not path or not only:
        return "" if only else f"{tool} is not among the tools of mode {limits.mode}"
    mine = any(globs.fits(path, own) for own in limits.own)
    return "" if mine else f"mode {limits.mode} may use {tool} only for {', '.join(only)}"


def _limited(tool: str, patterns: Iterable[str]) -> list[str]:
    """The paths for which alone a tool may be used."""
    names = (tool, "Edit") if tool in tools.EDITING else (tool,)
    found = map(tools.split, patterns) if tool in tools.PATHS else ()
    return [inside for name, inside in found if inside and name in names]


def write_refusal(limits: Limits, path: str, removes: bool = False) -> str:
    """Say why a path may not be written, or "". With `removes`, what lies below it counts too."""
    reason = sealed(path) or _others(limits, path)
    if not reason and removes:
        reason = _above(limits, path)
    if reason or any(globs.fits(path, own) for own in limits.own):
        return reason
    if steers(path) and not any(_names(w, path) for w in limits.writable):
        return f"{path} judges or steers the work, and mode {limits.mode} does not name it; a person changes it"
    if not limits.writable or any(globs.fits(path, w) for w in limits.writable):
        return ""
    return f"mode {limits.mode} does not write {path}; it writes {_some(limits.writable)}"


def sealed(path: str) -> str:
    """Say why nobody writes a path by hand, or ""."""
    return next((f"{path}: {why}" for glob, why in SEALED if globs.fits(path.lower(), glob)), "")


def steers(path: str) -> bool:
    """Tell whether a path holds what judges the work, or what steers agents."""
    return any(globs.fits(path.lower(), glob) for glob in STEERING)


def _others(limits: Limits, path: str) -> str:
    pieces = globs.parts(path.lower())
    if pieces[:1] == ["tickets"] and len(pieces) > 1 and pieces[1] != limits.ticket.lower():
        return f"{path} belongs to another ticket than {limits.ticket or 'the one at work'}"
    if path == ROOT_SESSION and path not in limits.own:
        return f"{path} is not the session that counts here"
    return ""


def _above(limits: Limits, path: str) -> str:
    """Say which protected thing lies below a path that is to go, or ""."""
    mine = globs.parts(path.lower())
    closed = [glob.removeprefix("**/") for glob, _ in SEALED]
    closed += [glob for glob in STEERING if not any(_names(w, path) for w in limits.writable)]
    for glob in closed:
        fixed = _fixed(glob)
        if fixed[: len(mine)] == mine:
            return f"{path or 'the whole repository'} holds {'/'.join(fixed)}, which is protected"
    return ""


def _fixed(glob: str) -> list[str]:
    """The parts of a pattern in front of its first wildcard."""
    pieces = globs.parts(glob)
    return pieces[: next((i for i, p in enumerate(pieces) if "*" in p or "?" in p), len(pieces))]


def _names(glob: str, path: str) -> bool:
    """Tell whether a pattern covers a path by a name of its own, not by wildcards alone."""
    return bool(_fixed(glob)) and globs.fits(path, glob)


def _some(patterns: tuple[str, ...], most: int = 4) -> str:
    shown = ", ".join(patterns[:most])
    return f"{shown} and {len(patterns) - most} more" if len(patterns) > most else shown


def way_out(limits: Limits) -> str:
    """Name what may be done instead of what was refused."""
    see = f"agenticops mode show {limits.mode} names what it may"
    if not limits.ways:
        return f"{see}; agenticops next says what comes"
    others = f" (or {', '.join(limits.ways[1:])})" if limits.ways[1:] else ""
    return f"{see}; agenticops mode enter {limits.ways[0]}{others} changes the mode"


def permissions(limits: Limits) -> dict[str, list[str]]:
    """Compile limits to the `permissions` of Claude Code.

    A rule `Edit(/path)` starts at the project's folder and is about every tool that edits files. A rule of `deny`
    comes before one of `allow`, whichever is narrower; so other tickets' folders are not denied, the guard does that.
    """
    edits = [t for t in limits.allowed if tools.split(t)[0] in tools.EDITING]
    allow = [_rule(t) for t in limits.allowed if t not in edits]
    allow += [_rule(f"Edit({glob})") for glob in _open(limits, edits)]
    if not limits.writable:
        allow += [_rule(t) for t in edits]
    allow += ["Bash(agenticops *)", tools.OWN[0].removesuffix("__")]
    closed = [glob for glob, _ in SEALED]
    closed += [glob for glob in STEERING if not any(_names(w, _sample(glob)) for w in limits.writable)]
    deny = [*map(_rule, limits.restricted), *(_rule(f"Edit({glob})") for glob in closed), "Bash(* --no-verify*)"]
    return {"allow": list(dict.fromkeys(allow)), "deny": list(dict.fromkeys(deny))}


def _open(limits: Limits, edits: list[str]) -> list[str]:
    """The paths that may be edited, where they are named; a mode that may edit some paths only is held to them."""
    if limits.allowed and not edits:
        return []
    only = [inside for _, inside in map(tools.split, edits)]
    paths = list(limits.writable)
    if edits and all(only):
        paths = [p for p in (*paths, *map(tools.rooted, only)) if _both(p, only, limits.writable)]
    return [p for p in (*paths, *limits.own) if not sealed(p)]


def _both(path: str, only: list[str], writable: tuple[str, ...]) -> bool:
    return any(globs.fits(path, tools.rooted(o)) for o in only) and any(globs.fits(path, w) for w in writable)


def _rule(pattern: str) -> str:
    """Write a pattern as a rule of the client: from the project's folder, with brackets that are no choice."""
    name, inside = tools.split(pattern)
    if name not in tools.EDITING or not inside:
        return pattern
    path = inside if inside.startswith(("/", "~")) else f"/{inside.removeprefix('./')}"
    return f"{name}({path.replace('[', chr(92) + '[')})"


def _sample(glob: str) -> str:
    """A path that a pattern of ours covers."""
    return glob.replace("**", "x").replace("*", "")
