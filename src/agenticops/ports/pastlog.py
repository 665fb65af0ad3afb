"""The past of the log: which of its files are committed and clean, and which contents history had. Asks git."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple

from agenticops.errors import TrainError
from agenticops.ports.git import Git


class Content(NamedTuple):
    """A content that a file had before a commit changed or deleted it; no commit: before the working tree did."""

    path: str
    blob: str
    commit: str


def settled(git: Git, folder: str) -> set[str]:
    """Give the files below a folder that HEAD has and that neither the index nor the working tree has otherwise."""
    if not git.head():
        return set()
    known = git.run("ls-tree", "-r", "-z", "--name-only", "--full-tree", "HEAD", "--", folder).stdout.split("\0")
    rows = git.run("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=no", "--", folder).stdout
    return set(filter(None, known)) - {row[3:] for row in rows.split("\0") if row}


def replaced(git: Git, folder: str) -> list[Content]:
    """List what the files below a folder held before they were changed or deleted, in all of HEAD's history."""
    if not git.head():
        return []
    only = ("--raw", "--no-abbrev", "--no-renames", "--diff-filter=DM")
    past = git.run("log", "--full-history", "-m", "--format=%H", *only, "HEAD", "--", folder).stdout
    now = git.run("diff", *only, "HEAD", "--", folder).stdout
    found: dict[tuple[str, str], Content] = {}
    commit = ""
    for row in [*now.split("\n"), *past.split("\n")]:
        if not row.startswith(":"):
            commit = row or commit
            continue
        fields, _, path = row.partition("\t")
        content = Content(path, fields.split(" ")[2], commit)
        found.setdefault((content.path, content.blob), content)
    return list(found.values())


def contents(git: Git, blobs: Iterable[str]) -> dict[str, bytes]:
    """Read blobs by their ids, all by one process. Raises TrainError for one that is not here."""
    import subprocess

    wanted = sorted(set(blobs))
    if not wanted:
        return {}
    done = subprocess.run(
        git.command("cat-file", "--batch"),
        cwd=git.root or git.git_dir,
        env=git.environment(),
        input="".join(f"{b}\n" for b in wanted).encode(),
        capture_output=True,
        check=False,
    )
    found, data, at = {}, done.stdout, 0
    for blob in wanted:
        end = data.find(b"\n", at)
        head = data[at:end].split()
        if end < 0 or len(head) != 3:
            raise TrainError(f"git has no object {blob}", hint="git fsck; in a partial clone: git fetch")
        size = int(head[2])
        found[blob] = data[end + 1 : end + 1 + size]
        at = end + size + 2
    return found


def shallow(git: Git) -> bool:
    """Tell whether history is cut off in this clone."""
    return os.path.exists(os.path.join(git.common_dir, "shallow"))
