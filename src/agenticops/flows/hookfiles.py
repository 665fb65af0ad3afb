"""Hook files: the scripts that git calls. A hook that was there is kept beside, and called first. ADR 0021."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys

from msgspec import Struct

from agenticops.errors import TrainError
from agenticops.ports import hookfolder
from agenticops.workspace import Workspace

MARK = "# agenticops hook; `agenticops hooks uninstall` takes it out and puts back what was here"
KEPT = "before-agenticops"
# What git may be told to do without a hook.
SKIP = {
    "pre-commit": "git commit --no-verify",
    "pre-merge-commit": "git merge --no-verify",
    "prepare-commit-msg": "",
    "commit-msg": "git commit --no-verify",
    "pre-push": "git push --no-verify",
}
NAMES = tuple(SKIP)

SCRIPT = """\
#!/bin/sh
{mark}
kept={kept}
program={program}
folder=$(dirname -- "$0")
{chain}
# An earlier hook that calls this one again: once is enough.
test "${{AGENTICOPS_HOOK:-}}" != {name} || exit 0
test -x "$program" || program=$(command -v agenticops) || {{
    echo "agenticops is not where it was, nor on the PATH: {unchecked}" >&2
    {way}
    exit {missing}
}}
"""
HELP = """echo "  next  install it again, then: agenticops hooks install" >&2
    echo "  skip  {skip}" >&2"""
CHAIN = """\
if test -n "$kept" && test -x "$folder/$kept"; then
    AGENTICOPS_HOOK={name} "$folder/$kept" "$@" || exit
fi"""
# What git says on the standard input is for both.
CHAIN_INPUT = """\
input=$(cat)
if test -n "$kept" && test -x "$folder/$kept"; then
    printf '%s\\n' "$input" | AGENTICOPS_HOOK={name} "$folder/$kept" "$@" || exit
fi"""


class HookFile(Struct, frozen=True):
    """One hook: its `state` is `ours`, `older` (ours, of another version), `other` or `none`; `kept` names a file."""

    name: str
    path: str
    state: str
    kept: str = ""


def look(workspace: Workspace) -> tuple[HookFile, ...]:
    """Look at the hooks of this clone."""
    folder = hookfolder.find(workspace.git).path
    return tuple(_look(folder, name) for name in NAMES)


def refused(workspace: Workspace) -> str:
    """Say why no hooks are written here, or ""."""
    found = hookfolder.find(workspace.git)
    if found.scope in ("global", "system"):
        return f"core.hooksPath of your {found.scope} configuration serves all of your repositories"
    if found.shared:
        return f"the hooks are files of the working tree ({found.shown}): they are everybody's"
    return ""


def advice(workspace: Workspace) -> str:
    """Say what to do where hooks are refused."""
    found = hookfolder.find(workspace.git)
    line = 'agenticops hooks run HOOK "$@"'
    if found.scope in ("global", "system"):
        return f"git config core.hooksPath .git/hooks gives this clone its own; or write into those scripts: {line}"
    return f"write into its scripts, for each HOOK: {line}"


def install(workspace: Workspace, dry_run: bool = False) -> list[tuple[str, str, str]]:
    """Write the scripts; what was there is moved aside. Gives the changes: (verb, path, what)."""
    changes = []
    for hook in look(workspace):
        if hook.state == "ours":
            continue
        kept = hook.kept or (_free(hook.path) if hook.state == "other" else "")
        if hook.state == "other":
            changes.append(("move", hook.path, f"kept as {kept}, and called first"))
        changes.append(("create" if hook.state == "none" else "update", hook.path, "asks agenticops"))
        if not dry_run:
            _write(hook, kept)
    return changes


def uninstall(workspace: Workspace, dry_run: bool = False) -> list[tuple[str, str, str]]:
    """Take our scripts out, and put back what they kept."""
    changes = []
    for hook in look(workspace):
        if hook.state not in ("ours", "older"):
            continue
        before = os.path.join(os.path.dirname(hook.path), hook.kept)
        if hook.kept and os.path.lexists(before):
            changes.append(("update", hook.path, f"{hook.kept} is put back"))
            if not dry_run:
                os.replace(before, hook.path)
        else:
            changes.append(("delete", hook.path, ""))
            if not dry_run:
                os.unlink(hook.path)
    return changes


def script(name: str, kept: str = "") -> str:
    """Write the script of a hook."""
    program = shutil.which("agenticops") or os.path.join(os.path.dirname(sys.executable), "agenticops")
    # Without a way out, a hook that may not be skipped must not stand in the way.
    told = (
        {"unchecked": "nothing was checked", "missing": 1}
        if SKIP[name]
        else {"unchecked": "nothing done", "missing": 0}
    )
    parts = {
        "mark": MARK,
        "kept": shlex.quote(kept),
        "program": shlex.quote(os.path.abspath(program)),
        "name": name,
        "chain": (CHAIN_INPUT if name == "pre-push" else CHAIN).format(name=name),
        "way": HELP.format(skip=SKIP[name] or "git goes on"),
    }
    feed = "printf '%s\\n' \"$input\" | " if name == "pre-push" else "exec "
    return SCRIPT.format(**parts, **told) + f'{feed}"$program" hooks run {name} "$@"\n'


def _look(folder: str, name: str) -> HookFile:
    path = os.path.join(folder, name)
    if not os.path.lexists(path):
        return HookFile(name, path, "none")
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as f:
            text = f.read(20_000)
    except OSError:
        return HookFile(name, path, "other")
    if text.split("\n", 2)[1:2] != [MARK] or os.path.islink(path):
        return HookFile(name, path, "other")
    match = re.search(r"^kept='?([\w.-]*)'?$", text, re.M)
    kept = match[1] if match else ""
    same = text == script(name, kept) and os.access(path, os.X_OK)
    return HookFile(name, path, "ours" if same else "older", kept)


def _free(path: str) -> str:
    """Name the file that an earlier hook is kept as: nothing that is there is overwritten."""
    name = f"{os.path.basename(path)}.{KEPT}"
    number = 2
    while os.path.lexists(os.path.join(os.path.dirname(path), name)):
        name = f"{os.path.basename(path)}.{KEPT}-{number}"
        number += 1
    return name


def _write(hook: HookFile, kept: str) -> None:
    folder = os.path.dirname(hook.path)
    os.makedirs(folder, exist_ok=True)
    fresh = f"{hook.path}.agenticops~"
    try:
        with open(
            os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o777), "w", encoding="utf-8"
        ) as f:
            f.write(script(hook.name, kept))
        if hook.state == "other":
            os.rename(hook.path, os.path.join(folder, kept))
        os.replace(fresh, hook.path)
    except OSError as e:
        reason = os.strerror(e.errno or 0)
        raise TrainError(
            f"the hook was not written: {reason}", place=hook.path, hint="look at the folder's rights"
        ) from None
