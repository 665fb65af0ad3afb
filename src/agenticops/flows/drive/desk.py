"""Desks of the auto-pilot: a worktree for each ticket, what changed in it, and putting aside what may not stay.

A snapshot is a tree of all files of a desk, made in an index of its own: what a run changed is what differs
between two.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from agenticops.core.drive.settings import PATH, Settings
from agenticops.errors import TrainError
from agenticops.flows import desks
from agenticops.model.layout import PHASE_BRANCH
from agenticops.ports.git import Git
from agenticops.workspace import Workspace

ASIDE = "refs/agenticops/aside/"
LOCKS, WAIT = ("index.lock", "HEAD.lock", "agenticops/drive.index.lock"), 2.0
IDENT = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "agenticops"), ("EMAIL", "agenticops@localhost"))
}


# What git calls a file without content, by either of its digests.
EMPTY = (hashlib.sha1(b"blob 0\0").hexdigest(), hashlib.sha256(b"blob 0\0").hexdigest())
# How git's trees mark another repository.
GITLINK = "160000"


class Change(Struct, frozen=True):
    """A path that differs between two snapshots.

    `emptied` had content and has none, `gone` is not there any more, `nested` is a repository of its own.
    """

    path: str
    emptied: bool = False
    gone: bool = False
    nested: bool = False


def folder(workspace: Workspace, settings: Settings) -> str:
    """Name the folder of a clone's desks: the configured one, else one beside the repository."""
    main = os.path.realpath(os.path.join(workspace.git.common_dir, os.pardir))
    found = os.path.normpath(os.path.join(main, settings.desks or f"../{os.path.basename(main)}.desks"))
    if os.path.commonpath((main, found)) == main:
        hint = "desks: a folder outside, such as ../desks; without it they stand beside the repository"
        raise TrainError(f"desks cannot stand in the repository itself: {settings.desks}", place=PATH, hint=hint)
    return found


def open_desk(workspace: Workspace, settings: Settings, ticket: str, start: str) -> Workspace:
    """Give the desk of a ticket: the one that is there, else a new worktree; a new branch begins at `start`.

    Raises TrainError when its branch is checked out elsewhere, as after `desks:` was changed.
    """
    place = os.path.join(folder(workspace, settings), ticket)
    git, branch = workspace.git, f"{PHASE_BRANCH}{ticket}"
    clear_begun(git, place)
    if os.path.isdir(place):
        pin(git.common_dir, place)
    else:
        git.run("worktree", "prune")
        if elsewhere := next((d.path for d in desks.desks(workspace) if d.branch == branch), ""):
            hint = f"git worktree move {elsewhere} {place}"
            raise TrainError(f"{branch} is checked out in another folder", place=elsewhere, hint=hint)
        known = git.run("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}", check=False).returncode == 0
        made = (place, branch) if known else ("-b", branch, "--no-track", place, start)
        git.run("worktree", "add", "--quiet", *made)
    return Workspace(place, workspace.clock)


def clear_begun(git: Git, place: str) -> None:
    """Clear away a worktree that git was killed at while it made it: it is still locked, nobody has worked there."""
    folder = os.path.join(git.common_dir, "worktrees")
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        inside = os.path.join(folder, name)
        link = _said(os.path.join(inside, "gitdir"))
        ours = os.path.realpath(link) == os.path.realpath(f"{place}/.git") if link else name == os.path.basename(place)
        if ours and _said(os.path.join(inside, "locked")) == "initializing":
            shutil.rmtree(place, ignore_errors=True)
            shutil.rmtree(inside)


class Gone(TrainError):
    """A desk is not there any more, or is no worktree of the clone."""


def pin(common: str, place: str, inside: str = "") -> str:
    """Let a desk be the worktree of the clone that it was made as, before git is asked; say what was not so, or "".

    `inside` is git's own folder of it, where that is known. What is there instead is kept aside. Raises Gone.
    """
    inside = inside or _inside(common, place)
    if not os.path.isdir(place) or not os.path.isdir(inside):
        hint = f"its branch is kept: agenticops drive resume {os.path.basename(place)}"
        if os.path.isdir(place):
            hint = f"see what is in {place}, and move it away; {hint}"
        raise Gone("the desk is gone", place=place, hint=hint)
    wrong = ""
    links = {f"{place}/.git": inside, f"{inside}/commondir": common, f"{inside}/gitdir": f"{place}/.git"}
    for file, target in links.items():
        if os.path.islink(file) or _named(file) != _real(target):
            keep(common, file)
            with open(file, "w", encoding="utf-8", errors="surrogateescape") as f:
                f.write(f"{'gitdir: ' if file.endswith('.git') else ''}{target}\n")
            wrong = "the desk's .git"
    return wrong


def _inside(common: str, place: str) -> str:
    """Find git's own folder of a desk; the file that names it is the agent's to write, so it is not asked."""
    folder, own = os.path.join(common, "worktrees"), os.path.basename(place)
    names = [own, *sorted({*(os.listdir(folder) if os.path.isdir(folder) else ())} - {own})]
    found = (os.path.join(folder, name) for name in names)
    return next((at for at in found if _named(f"{at}/gitdir") == _real(f"{place}/.git")), "")


def _named(file: str) -> str:
    """Give the place that a file of git's names, or ""."""
    said = _said(file).removeprefix("gitdir:").strip()
    return _real(os.path.join(os.path.dirname(file), said)) if said else ""


def _real(path: str) -> str:
    path = os.path.normpath(path)
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))


def keep(common: str, place: str) -> None:
    """Move what is in the way, if anything is, into the clone's local folder."""
    if os.path.lexists(place):
        aside = os.path.join(common, "agenticops", "drive", "aside")
        os.makedirs(aside, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):  # somebody else was faster
            shutil.move(place, os.path.join(aside, f"{os.path.basename(place)}.{secrets.token_hex(4)}"))


def _said(file: str) -> str:
    try:
        with open(file, encoding="utf-8", errors="surrogateescape") as f:
            return f.read().strip()
    except OSError:
        return ""


def refuse_elsewhere(desk: Workspace, ticket: str) -> None:
    """Raise TrainError for a desk that somebody switched to another branch."""
    if desk.branch != f"{PHASE_BRANCH}{ticket}":
        message = f"the desk of {ticket} is on {desk.branch or 'no branch'}"
        raise TrainError(message, place=desk.root, hint=f"git -C {desk.root} switch {PHASE_BRANCH}{ticket}")


def close_desk(workspace: Workspace, place: str, ticket: str) -> str:
    """Take a desk away whose branch was merged, and the branch; say why both stay, as with what is not committed."""
    git, branch = workspace.git, f"refs/heads/{PHASE_BRANCH}{ticket}"
    if os.path.isdir(place) and not os.path.lexists(os.path.join(place, ".git")):
        # Git was killed while it took the desk away, and looks for changes before it begins.
        if f"worktree {place}\n" in git.run("worktree", "list", "--porcelain").stdout:
            shutil.rmtree(place)
        git.run("worktree", "prune")
    if os.path.isdir(place):
        ours = _inside(git.common_dir, place) or os.listdir(place) == [".git"]
        force = ("--force",) if _half_gone(git, place) else ()
        done = git.run("worktree", "remove", *force, place, check=False)
        if done.returncode and (not ours or _inside(git.common_dir, place)):
            return f"its desk {place} stays: {(done.stderr.strip().splitlines() or ['git refuses'])[-1]}"
        if os.path.isdir(place):
            # Git took it away while somebody still looked in: this is what came meanwhile.
            keep(git.common_dir, place)
        git.run("worktree", "prune")
    tip = git.run("rev-parse", "--verify", "--quiet", branch, check=False).stdout.strip()
    default = f"refs/heads/{workspace.train.pipeline.default_branch}"
    if tip and not git.run("merge-base", "--is-ancestor", tip, default, check=False).returncode:
        git.run("branch", "--quiet", "-D", f"{PHASE_BRANCH}{ticket}", check=False)
    return ""


def _half_gone(git: Git, place: str) -> bool:
    """Tell whether files are missing in a desk and nothing else is changed: git was killed while it took it away."""
    rows = git.run("-C", place, "status", "--porcelain", "-z", check=False).stdout.split("\0")[:-1]
    return bool(rows) and all(row.startswith(" D ") for row in rows)


def snapshot(git: Git, anew: str = "") -> str:
    """Give the tree of a desk's files as they are now, ignored ones left out.

    After a run, `anew` is the tree that the index is built from: an agent may have told git to overlook some files.
    """
    index = os.path.join(git.git_dir, "agenticops", "drive.index")
    os.makedirs(os.path.dirname(index), exist_ok=True)
    env = {"GIT_INDEX_FILE": index}
    if anew:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(index)
    if not os.path.exists(index):
        git.run("read-tree", anew or "HEAD", env=env)
    if git.run("add", "--all", "--", ".", env=env, check=False).returncode:
        _flatten(git)
        git.run("add", "--all", "--", ".", env=env)
    return git.run("write-tree", env=env).stdout.strip()


def _flatten(git: Git) -> None:
    """Let what lies in a repository without a commit be files of the desk: git does not look into it."""
    for folder, names, _ in os.walk(git.root):
        if ".git" in names:
            names.remove(".git")
            inside = os.path.join(folder, ".git")
            if Git(folder, inside, inside).head() == "":
                keep(git.common_dir, inside)


def changes(git: Git, before: str, after: str) -> list[Change]:
    """List what differs between two snapshots."""
    if before == after:
        return []
    fields = git.run("diff-tree", "-r", "-z", "--no-renames", before, after).stdout.split("\0")[:-1]
    found = []
    for row, path in zip(fields[::2], fields[1::2], strict=True):
        _, mode, old, new, status = row.removeprefix(":").split(" ")
        emptied = new in EMPTY and status == "M" and old != new
        found.append(Change(path, emptied, gone=status == "D", nested=mode == GITLINK))
    return found


def since(git: Git, before: str) -> list[Change]:
    """List what differs by now from a snapshot."""
    return changes(git, before, snapshot(git))


def text(git: Git, tree: str, path: str) -> str:
    """Give a text as a snapshot holds it, or ""."""
    return git.run("cat-file", "blob", f"{tree}:{path}", check=False).stdout


def unlock(git: Git, *refs: str) -> None:
    """Take away the locks of git's commands that were killed here; those that still run are waited for a little."""
    places = [os.path.join(git.git_dir, name) for name in LOCKS]
    places += [f"{git.common_dir}/{ref}.lock" for ref in ("packed-refs", *refs)]
    for place in places:
        until = time.monotonic() + WAIT
        while os.path.lexists(place) and time.monotonic() < until:
            time.sleep(0.02)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(place)


def unstage(git: Git) -> None:
    """Let nothing be staged, no file be overlooked, and nothing be half done: a merge, a rebase."""
    rows = git.run("ls-files", "-v", "-z", check=False).stdout.split("\0")
    if any(row[:1] == "S" or row[:1].islower() for row in rows):
        os.unlink(os.path.join(git.git_dir, "index"))
    git.run("reset", "--quiet", "--mixed", check=False)
    while busy := git.in_progress():
        words = ("bisect", "reset", "HEAD") if busy == "bisect" else (busy, "--quit")
        if git.run(*words, check=False).returncode:
            return


def put_aside(git: Git, name: str, tree: str, back: str, paths: Sequence[str]) -> str:
    """Keep a snapshot below a ref of its own, and set paths back to what another one holds. Gives the ref.

    Of what is put aside twice by one name the first is kept.
    """
    ref = f"{ASIDE}{name}"
    parent = ("-p", head) if (head := git.head()) else ()
    commit = git.run("commit-tree", tree, *parent, "-m", f"Put aside: {name}", env=IDENT).stdout.strip()
    # What was kept there first has more in it: this is done again when it was cut off.
    git.run("update-ref", ref, commit, "0" * len(commit), check=False)
    restore(git, back, paths)
    return ref


def renew(git: Git, tree: str, spared: Callable[[str], bool]) -> None:
    """Make a desk's files anew that git cannot read: all of them are kept aside, but what is spared."""
    fields = git.run("ls-tree", "-r", "-z", "--name-only", tree).stdout.split("\0")[:-1]
    for name in os.listdir(git.root):
        if name != ".git" and not spared(f"{name}/x"):
            keep(git.common_dir, os.path.join(git.root, name))
    unstage(git)
    restore(git, tree, [path for path in fields if not spared(path)])


def restore(git: Git, tree: str, paths: Iterable[str]) -> None:
    """Set paths back to what a tree holds; what it does not hold goes away."""
    wanted = list(paths)
    if not wanted:
        return
    held = git.run("ls-tree", "-r", "-z", "--name-only", tree, "--", *wanted).stdout.split("\0")
    there = [p for p in wanted if p in held]
    for path in sorted(set(wanted) - set(there)):
        place = os.path.join(git.root, path)
        if _within(git.root, place) and os.path.lexists(place):
            # What is a folder here is a repository of its own: its files are in no snapshot.
            keep(git.common_dir, place) if _folder(place) else os.unlink(place)
            _drop_empty(git.root, os.path.dirname(place))
    for path in there:
        _clear(git, path)
    if there:
        rows = "".join(f"{p}\0" for p in there)
        words = ("restore", f"--source={tree}", "--pathspec-from-file=-", "--pathspec-file-nul")
        git.run("--literal-pathspecs", *words, input=rows)


def _clear(git: Git, path: str) -> None:
    """Move away what stands where a file is to be: a folder, or something else in the place of a folder above it."""
    place, *above = [os.path.join(git.root, path[:n]) for n in _ends(path)]
    wrong = [at for at in above if os.path.lexists(at) and not _folder(at)]
    if wrong or _folder(place):
        keep(git.common_dir, wrong[-1] if wrong else place)


def _ends(path: str) -> list[int]:
    return [len(path), *(n for n in range(len(path) - 1, 0, -1) if path[n] == "/")]


def _folder(place: str) -> bool:
    return os.path.isdir(place) and not os.path.islink(place)


def _within(root: str, place: str) -> bool:
    """Tell whether a path leads through real folders only."""
    return os.path.realpath(os.path.dirname(place)).startswith(os.path.realpath(root))


def _drop_empty(root: str, place: str) -> None:
    while place != root and place.startswith(root + os.sep):
        try:
            os.rmdir(place)
        except OSError:
            return
        place = os.path.dirname(place)
