"""Commits by the tool: just the named paths, as `git commit --only` takes them, made from git's plumbing. ADR 0013.

The tree is built in an index of its own, and HEAD is moved by compare-and-swap, so that commits which are made at the
same time do not carry each other's files. The user's index is locked as git locks it, and gets the committed blobs.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from agenticops.errors import ConflictError, TrainError
from agenticops.ports.claim import Claim
from agenticops.ports.git import Git

ATTEMPTS = 5
WAIT_SECONDS = 5.0
MANY = 200
ABSENT = "000000"
UNMERGED = "unmerged"
TRUE, FALSE = ("true", "yes", "on", "1"), ("", "false", "no", "off", "0")
# A commit is acknowledged, so its objects and the branch survive a power loss, as the files do.
DURABLE = ("-c", "core.fsync=committed,reference", "-c", "core.fsmonitor=false")


class Change(NamedTuple):
    """One path of the commit: mode and blob (mode `000000`: it goes)."""

    mode: str
    blob: str
    path: str

    @property
    def gone(self) -> bool:
        """Tell whether the commit removes the path."""
        return self.mode == ABSENT


def staged(git: Git) -> tuple[dict[str, str], set[str]]:
    """Tell what is staged: path → blob of what equals its file, and the paths whose file is another."""
    found = _differences(git, {}, git.head())
    if not found:
        return {}, set()
    differs = set(_run(git, "diff", "--no-ext-diff", "--name-only", "-z").split("\0"))
    return {c.path: c.blob for c in found if c.path not in differs}, {c.path for c in found if c.path in differs}


def loose(git: Git, folder: str) -> tuple[list[str], list[str]]:
    """List the files of a folder that HEAD does not know: the untracked, then the staged ones."""
    words = ("ls-files", "-z", "--others", "--exclude-standard", "--", f":(literal){folder}")
    untracked = [p for p in _run(git, *words).split("\0") if p]
    start = folder + "/"
    added = [c.path for c in _differences(git, {}, git.head(), "A") if c.path.startswith(start)]
    return untracked, added


def commit(
    git: Git,
    paths: Sequence[str],
    message: str,
    before: Mapping[str, str] | None = None,
    wait: float = WAIT_SECONDS,
) -> str:
    """Commit just these paths as they are in the working tree; give the short id ("" when nothing changed).

    To be called under the lock. Raises ConflictError, before anything is committed, when a path is staged with another
    content, when git's index stays locked, or when HEAD does not stand still. `before` names the blobs that were staged
    when the caller began to write: the files rest on them, so that they may be replaced.
    """
    branch = git.branch()
    for _ in range(ATTEMPTS):
        old = git.head()
        made = _made(git, old, paths, message)
        if made is None:
            return ""
        new, changes = made
        with Claim(git, wait) as claim:
            _still(git, branch)
            if git.head() != old:
                continue
            _refuse_staged(git, claim, old, changes, before or {})
            _prepare(git, claim, changes)
            claim.note(new)
            if _moved(git, old, new, message):
                claim.install()
                return git.run("rev-parse", "--short", new).stdout.strip()
    raise ConflictError(f"HEAD moved {ATTEMPTS} times meanwhile; the files are not committed", hint="try again")


def refuse_busy(git: Git) -> None:
    """Refuse to commit into the middle of a merge or rebase: it would take over what is half done."""
    busy = git.in_progress()
    if busy:
        hint = f"finish the {busy}, then git commit"
        raise TrainError(f"a {busy} is in progress; the files are written but not committed", hint=hint)


def _still(git: Git, branch: str) -> None:
    refuse_busy(git)
    if git.branch() != branch:
        hint = "switch back and commit there"
        raise ConflictError("the branch was switched meanwhile; the files are not committed", hint=hint)


def _made(git: Git, old: str, paths: Sequence[str], message: str) -> tuple[str, list[Change]] | None:
    """Make the commit of what the working tree holds at these paths; None when that is what HEAD holds."""
    with _private(git) as index:
        env = {"GIT_INDEX_FILE": index}
        if old:
            _run(git, "read-tree", old, env=env)
        wanted = _wanted(git, env, paths)
        if not wanted:
            return None
        rows = "".join(f"{p}\0" for p in wanted)
        _run(git, "update-index", "--add", "--remove", "--replace", "-z", "--stdin", env=env, input=rows)
        changes = _differences(git, env, old)
        if not changes:
            return None
        tree = _run(git, "write-tree", env=env).strip()
    return _written(git, tree, old, message), changes


@contextlib.contextmanager
def _private(git: Git) -> Iterator[str]:
    folder = os.path.join(git.git_dir, "agenticops")
    os.makedirs(folder, exist_ok=True)
    index = os.path.join(folder, f"commit-{os.getpid()}.index")
    leftovers = [os.path.join(folder, n) for n in os.listdir(folder) if n.startswith("commit-") and ".index" in n]
    try:
        for file in leftovers:  # of a process that was killed: this one has the lock
            os.unlink(file)
        yield index
    finally:
        for file in (index, f"{index}.lock"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(file)


def _wanted(git: Git, env: dict[str, str], paths: Sequence[str]) -> list[str]:
    """List the files at and below the paths that HEAD knows, or that are new and not ignored."""
    if not paths:
        return []
    words = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--")
    known = _run(git, *words, *_asked(paths), env=env).split("\0")
    chosen = set(paths)
    # A repository within this one is listed as a folder; it is none of ours.
    found = sorted({k for k in known if k and not k.endswith("/") and _at_or_below(k, chosen)})
    missing = [p for p in found if not os.path.lexists(os.path.join(git.root, p))]
    if missing:
        outside = _outside(git, missing)
        found = [p for p in found if p not in outside]
    return found


def _outside(git: Git, missing: list[str]) -> set[str]:
    """Tell which missing files are not deleted, but left out by a sparse checkout."""
    rows = git.run("ls-files", "-z", "-t", "--", *_asked(missing)).stdout
    return {row[2:] for row in rows.split("\0") if row.startswith("S ")} & set(missing)


def _asked(paths: Sequence[str]) -> list[str]:
    """Write paths for git; many are asked for by their folders: git compares each file with each word it is given."""
    words = set(paths)
    if len(words) > MANY:
        words = {p.rpartition("/")[0] or "." for p in words}
    if len(words) > MANY:
        words = {"."}
    return [f":(literal){word}" for word in sorted(words)]


def _at_or_below(path: str, chosen: set[str]) -> bool:
    while path and path not in chosen:
        path = path.rpartition("/")[0]
    return bool(path)


def _differences(git: Git, env: dict[str, str], old: str, kinds: str = "") -> list[Change]:
    """Compare an index with a commit, or with nothing; `kinds` are git's letters (A: added)."""
    base = old or git.run("hash-object", "-t", "tree", "--stdin", input="").stdout.strip()
    words = ("diff-index", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev", "--ita-invisible-in-index")
    only = (f"--diff-filter={kinds}",) if kinds else ()
    fields = _run(git, *words, *only, base, env=env).split("\0")[:-1]
    return [_change(row.split(" "), path) for row, path in zip(fields[::2], fields[1::2], strict=True)]


def _change(row: list[str], path: str) -> Change:
    _, mode, _, blob, status = row
    return Change(mode, UNMERGED if status.startswith("U") else blob, path)


def _written(git: Git, tree: str, old: str, message: str) -> str:
    encoding, signed = _settings(git)
    try:
        data = message.encode(encoding, "surrogateescape")
    except (LookupError, UnicodeEncodeError):
        encoding, data = "UTF-8", message.encode("utf-8", "surrogateescape")
    file = os.path.join(git.git_dir, "agenticops", f"commit-{os.getpid()}.index.message")
    with open(file, "wb") as f:
        f.write(data)
    try:
        parent = ("-p", old) if old else ()
        sign = ("-S",) if signed else ()
        words = ("commit-tree", tree, *parent, *sign, "-F", file)
        return _run(git, *words, settings=("-c", f"i18n.commitEncoding={encoding}")).strip()
    finally:
        os.unlink(file)


def _settings(git: Git) -> tuple[str, bool]:
    """Give the encoding of messages, and whether commits are signed: `commit-tree` does not ask the latter itself."""
    rows = git.run("config", "-z", "--get-regexp", r"^(commit\.gpgsign|i18n\.commitencoding)$", check=False).stdout
    found = dict(row.partition("\n")[::2] if "\n" in row else (row, "true") for row in rows.split("\0") if row)
    signed = found.get("commit.gpgsign", "").lower()
    if signed not in TRUE and signed not in FALSE:
        raise TrainError(f"git's commit.gpgSign is {signed!r}, neither true nor false; nothing was committed")
    return found.get("i18n.commitencoding") or "UTF-8", signed in TRUE


def _refuse_staged(git: Git, claim: Claim, old: str, changes: list[Change], before: Mapping[str, str]) -> None:
    """Refuse when the user staged something else at one of the paths: it would be lost from the index."""
    ours = {c.path: c for c in changes}
    for there in _differences(git, claim.env, old):
        mine = ours.get(there.path)
        if (mine is None and not _within(there.path, ours)) or mine == there or before.get(there.path) == there.blob:
            continue
        raise ConflictError(
            "the file is staged with another content; nothing was committed",
            place=there.path,
            hint=f"git add {there.path}, or git restore --staged -- {there.path}; then git commit",
        )


def _within(path: str, ours: dict[str, Change]) -> bool:
    """Tell whether a path lies below one that is committed as a file."""
    above = path
    while "/" in above:
        above = above.rpartition("/")[0]
        if above in ours and not ours[above].gone:
            return True
    return False


def _prepare(git: Git, claim: Claim, changes: list[Change]) -> None:
    """Put the committed blobs into the copy that is to become the user's index."""
    rows = "".join(f"{c.mode} {c.blob}\t{c.path}\0" for c in changes)
    _run(git, "update-index", "-z", "--index-info", env=claim.env, input=rows)
    here = "".join(f"{c.path}\0" for c in changes if not c.gone)
    if here:
        # Only their time stamps; a file that was changed since then stays a change.
        words = ("--literal-pathspecs", "add", "--refresh", "--pathspec-from-file=-", "--pathspec-file-nul")
        git.run(*DURABLE, *words, env=claim.env, input=here, check=False)


def _moved(git: Git, old: str, new: str, message: str) -> bool:
    """Move HEAD if it is still where it was."""
    subject = message.split("\n", 1)[0]
    note = f"commit: {subject}" if old else f"commit (initial): {subject}"
    done = git.run(*DURABLE, "update-ref", "-m", note, "HEAD", new, old or "0" * len(new), check=False)
    if done.returncode and git.head() == old:
        raise _failed("update-ref", done.stderr)
    return not done.returncode


def _run(
    git: Git, *words: str, env: dict[str, str] | None = None, input: str | None = None, settings: tuple[str, ...] = ()
) -> str:
    done = git.run(*DURABLE, *settings, *words, check=False, env=env, input=input)
    if done.returncode:
        raise _failed(words[0], done.stderr or done.stdout)
    return done.stdout


def _failed(verb: str, said: str) -> TrainError:
    words = " · ".join(row for row in said.splitlines() if row.strip()) or "no message"
    return TrainError(f"git {verb} failed: {words}; nothing was committed")
