"""Ruling on a command line: every simple command in it is one that the mode may run, and writes where it may."""

from __future__ import annotations

from agenticops.core import programs, ruling, shell, tools
from agenticops.core.ruling import ASK, DENY, NOTHING, Absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from agenticops.core.limits import Limits
    from agenticops.core.programs import Write
    from agenticops.core.ruling import Answer, Ground
    from agenticops.core.shell import Command

TOOL = "agenticops"
# Set in front of a command, these change nothing of what it does.
_HARMLESS = {"CI", "COLUMNS", "FORCE_COLOR", "LANG", "LC_ALL", "LINES", "NO_COLOR", "TERM", "TZ"}
DEEPEST = 5


def decide(limits: Limits | Absent, text: str, ground: Ground) -> Answer:
    """Judge a command line; what is refused goes before what is asked."""
    try:
        found = list(_all(shell.commands(text), 0))
    except ValueError as e:
        return ASK, f"the command cannot be taken apart: {e}"
    for command in found:
        disguise = programs.disguise(command)
        if disguise:
            return DENY, f"{disguise}; an agent stays known as one, and its commits are checked. Leave that part out"
    answers = [_runs(limits, found), *_writes(limits, found, ground)]
    return next((a for a in answers if a[0] == DENY), next((a for a in answers if a[0]), NOTHING))


def _all(found: list[Command], depth: int) -> Iterator[Command]:
    """Give the commands, and those that a shell or `eval` among them is started with."""
    if depth > DEEPEST:
        raise ValueError("it is nested too deeply")
    for command in found:
        yield command
        yield from _all(programs.inner(command.split()[1]), depth + 1)


def _runs(limits: Limits | Absent, found: list[Command]) -> Answer:
    """Judge what is run. The tool itself always may: it is the way out, and judges its callers by itself."""
    others = [c for c in found if not _own(c)]
    if isinstance(limits, Absent):
        return NOTHING if all(programs.reads_only(c) for c in others) else ruling.unknown(limits)
    for command in found:
        for pattern in tools.commanded(limits.restricted):
            if (pattern or not _own(command)) and _meant(pattern, command):
                refusal = f"mode {limits.mode} does without Bash{f'({pattern})' if pattern else ''}"
                return ruling.denied(limits, refusal)
    patterns = tools.commanded(limits.allowed)
    if not limits.allowed or "" in patterns:
        return NOTHING
    for command in others:
        if not any(_fits(p, command) for p in patterns):
            allowed = ", ".join(f"Bash({p})" for p in patterns)
            name = (command.split()[1] or ["it"])[0][:40]
            refusal = f"mode {limits.mode} does not run {name}"
            return ruling.denied(limits, f"{refusal}; it runs {allowed}" if allowed else f"{refusal}, or any command")
    return NOTHING


def _own(command: Command) -> bool:
    assignments, words = command.split()
    return not assignments and programs.bare(words, programs.HARMLESS)[:1] == [TOOL]


def _fits(pattern: str, command: Command) -> bool:
    """Tell whether a pattern allows a command just so."""
    assignments, words = command.split()
    if tools.says(pattern, command.words):
        return True
    if any(a.partition("=")[0] not in _HARMLESS for a in assignments):
        return False
    # What a command without words redirects to is judged by itself.
    return not words or words[0] == "cd" or tools.says(pattern, programs.bare(words, programs.HARMLESS))


def _meant(pattern: str, command: Command) -> bool:
    """Tell whether a pattern refuses a command, whatever starts it."""
    _, words = command.split()
    return any(tools.says(pattern, w) for w in (command.words, words, programs.bare(words)))


def _writes(limits: Limits | Absent, found: list[Command], ground: Ground) -> Iterator[Answer]:
    base = ""
    for command in found:
        for write in programs.writes(command):
            try:
                where, path = _place(write, base, ground)
            except ValueError:
                yield ASK, f"{write.path} is no path"
                continue
            if isinstance(limits, Absent):
                yield ruling.absent(limits, where, path)
            else:
                yield ruling.written(limits, where, path, write.removes)
        _, words = command.split()
        if len(words) == 2 and words[0] == "cd" and "$" not in words[1] and words[1] != "-":
            base = words[1] if words[1][:1] in ("/", "~") else f"{base}{words[1]}"
            base = f"{base.rstrip('/')}/"


def _place(write: Write, base: str, ground: Ground) -> tuple[str, str]:
    path = write.path
    if write.folder:
        above = path.rpartition("/")[0]
        path = path if ground.folder(above, base) else above
    return ground.place(path, base)
