"""The shield around git: what a clone's configuration could make git execute is switched off. ADR 0015.

Hooks, file-system monitors, pagers, editors, external differs, text converters and transports never run for us. Filters
and signing programs run when the user's own configuration names them; when the clone's does, only after `trust give`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping

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
}
DIFFS = ("diff", "diff-index", "diff-tree", "diff-files", "log", "show", "format-patch")
SIGNERS = {
    "gpg.program": "gpg",
    "gpg.openpgp.program": "gpg",
    "gpg.x509.program": "gpgsm",
    "gpg.ssh.program": "ssh-keygen",
}
# What is not named here costs nothing: the clone's configuration is asked for only when its file holds one of these.
_SUSPECT = re.compile(rb"\[\s*(?:include|includeif|filter|gpg|trailer)\b|worktree\s*=", re.I)
_PROGRAM = re.compile(r"filter\..+\.(?:clean|smudge|process)|trailer\..+\.(?:command|cmd)|gpg\.(?:.+\.)?program")
_OTHER = ("gpg.ssh.defaultkeycommand",)
_OWN = ("local", "worktree")  # scopes that travel with a folder; the others are the user's and the machine's


def arguments(words: tuple[str, ...]) -> list[str]:
    """Add to one git command what keeps it from running programs that attributes and configuration name."""
    at = 0
    while at < len(words) and words[at].startswith("-"):  # options before the command, such as --literal-pathspecs
        at += 2 if words[at] in ("-c", "-C") else 1
    name = words[at] if at < len(words) else ""
    more = ["--no-ext-diff", "--no-textconv"] if name in DIFFS else ["--no-textconv"] if name == "blame" else []
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
                if _SUSPECT.search(f.read(1_000_000)):
                    return True
        except OSError:
            continue
    return False


def programs(listed: str) -> dict[str, tuple[str, str]]:
    """Take `git config --list --show-scope -z` apart: key → (what the clone says, what the user says or "")."""
    fields = listed.split("\0")
    clone: dict[str, str] = {}
    user: dict[str, str] = {}
    for scope, pair in zip(fields[::2], fields[1::2], strict=False):
        key, _, value = pair.partition("\n")
        if _PROGRAM.fullmatch(key) or key in _OTHER:
            (clone if scope in _OWN else user)[key] = value
    return {key: (value, user.get(key, "")) for key, value in clone.items()}


def overrides(found: Mapping[str, tuple[str, str]], trusted: Callable[[str, str], bool]) -> list[str]:
    """Give the options that put the user's own value, or nothing, in the place of what the clone says."""
    options = []
    for key, (clone, user) in found.items():
        if not trusted(key, clone):
            options += ["-c", f"{key}={user or SIGNERS.get(key, '')}"]
    return options


def worktree(root: str) -> dict[str, str]:
    """Name the worktree, so that a `core.worktree` of the clone does not lead elsewhere."""
    return {} if not root or os.environ.get("GIT_DIR") else {"GIT_WORK_TREE": root}
