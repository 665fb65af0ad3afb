"""The shield around git: what a clone's configuration could make git execute is switched off. ADR 0015.

Hooks, file-system monitors, pagers, editors, external differs, text converters and transports never run for us.
Filters, merge drivers and signing programs run when the user's own configuration names them; when the clone's does,
only after `trust give`. This program's own merge driver is known by its words. What replaces history is not looked at.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping

from agenticops.errors import TrainError

# An empty file-system monitor is none, with every version of git; a value of `false` is a program for older ones.
OPTIONS = ("--no-pager", "-c", "core.fsmonitor=", "-c", "core.hooksPath=/dev/null")
ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": "none",  # a missing object of a partial clone is an error, not a fetch over ext::
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_PAGER": "cat",
    "GIT_EDITOR": ":",
    "GIT_SEQUENCE_EDITOR": ":",
    "GIT_ASKPASS": "",
    "LC_ALL": "C",
    # What a commit says is what it says: no other one stands in for it. An empty file of grafts would be warned of.
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": "/dev/null/none",
}
# These would ask a repository within this one, by its own configuration, whether it has changes.
LOOKS = ("status", "diff", "diff-index", "diff-files")
DIFFS = ("diff", "diff-index", "diff-tree", "diff-files", "log", "show", "format-patch")
SIGNERS = {
    "gpg.program": "gpg",
    "gpg.openpgp.program": "gpg",
    "gpg.x509.program": "gpgsm",
    "gpg.ssh.program": "ssh-keygen",
}
# What is not named here costs nothing: the clone's configuration is asked for only when its file holds one of these, or
# is longer than a look.
_LOOK = 1_000_000
_SUSPECT = re.compile(
    rb"\[\s*(?:include|includeif|filter|gpg|trailer|hook)\b|(?:worktree|driver|recentobjectshook)\s*=", re.I
)
_PROGRAM = re.compile(
    r"filter\..+\.(?:clean|smudge|process)|trailer\..+\.(?:command|cmd)|gpg\.(?:.+\.)?program"
    r"|merge\..+\.driver|hook\..+\.command"
)
_OBJECTS = "gc.recentobjectshook"
_OTHER = ("gpg.ssh.defaultkeycommand", _OBJECTS)
_OWN = ("local", "worktree")  # scopes that travel with a folder; the others are the user's and the machine's


def arguments(words: tuple[str, ...]) -> list[str]:
    """Add to one git command what keeps it from running programs that attributes and configuration name."""
    at = 0
    while at < len(words) and words[at].startswith("-"):  # options before the command, such as --literal-pathspecs
        at += 2 if words[at] in ("-c", "-C") else 1
    name = words[at] if at < len(words) else ""
    more = ["--no-ext-diff", "--no-textconv"] if name in DIFFS else ["--no-textconv"] if name == "blame" else []
    more += ["--ignore-submodules=dirty"] if name in LOOKS else []
    return [*words[: at + 1], *more, *words[at + 1 :]]


def environment(base: Mapping[str, str], optional_locks: bool) -> dict[str, str]:
    """Give git's environment: no prompt, no transport, no pager or editor, and no lock for a read."""
    found = {**base, **ENVIRONMENT}
    if not optional_locks:
        found["GIT_OPTIONAL_LOCKS"] = "0"
    return found


def suspect(*files: str) -> bool:
    """Tell whether the clone's configuration names programs, or another worktree; one cheap look at its files."""
    for file in files:
        try:
            with open(file, "rb") as f:
                text = f.read(_LOOK)
        except OSError:
            continue
        if len(text) == _LOOK or (_SUSPECT.search(text) and _SUSPECT.search(_without_own(text))):
            return True
    return False


def _without_own(text: bytes) -> bytes:
    """Leave out the line of this program's own merge driver, as git writes it."""
    from agenticops.ports import mergedriver

    for words in mergedriver.commands():
        text = text.replace(f'\tdriver = "{words}"\n'.encode("utf-8", "surrogateescape"), b"\n")
    return text


def programs(listed: str) -> dict[str, tuple[str, str]]:
    """Take `git config --list --show-scope -z` apart: key → (what the clone says, what the user says or "")."""
    from agenticops.ports import mergedriver

    fields = listed.split("\0")
    clone: dict[str, str] = {}
    user: dict[str, str] = {}
    for scope, pair in zip(fields[::2], fields[1::2], strict=False):
        key, _, value = pair.partition("\n")
        if _PROGRAM.fullmatch(key) or key in _OTHER:
            (clone if scope in _OWN else user)[key] = value
    if clone.get(mergedriver.KEY) in mergedriver.commands():
        del clone[mergedriver.KEY]
    return {key: (value, user.get(key, "")) for key, value in clone.items()}


def overrides(found: Mapping[str, tuple[str, str]], trusted: Callable[[str, str], bool]) -> list[str]:
    """Give the options that put the user's own value, or nothing, in the place of what the clone says.

    Raises TrainError for a key that no option can name.
    """
    options = []
    for key, (clone, user) in found.items():
        if trusted(key, clone):
            continue
        if "=" in key:
            import shlex

            hint = f"git config --unset-all {shlex.quote(key)}"
            raise TrainError(f"this clone's git configuration names a program by an odd name ({key})", hint=hint)
        if key == _OBJECTS:  # it has several values, of which none can be taken back: git cleans up another time
            options += ["-c", "gc.auto=0", "-c", "maintenance.auto=false"]
        else:
            options += ["-c", f"{key}={user or _instead(key)}"]
    return options


def _instead(key: str) -> str:
    """Give what runs where git wants a program: its own merge by lines, the usual signer, one that does nothing."""
    from agenticops.ports import mergedriver

    if key.startswith("merge."):
        return mergedriver.BY_LINES
    return "true" if key.startswith("hook.") else SIGNERS.get(key, "")


def worktree(root: str) -> dict[str, str]:
    """Name the worktree, so that a `core.worktree` of the clone does not lead elsewhere."""
    return {} if not root or os.environ.get("GIT_DIR") else {"GIT_WORK_TREE": root}
