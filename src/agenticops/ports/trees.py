"""Trees in git: a commit, or what is staged. Read through GitPython; nothing is checked out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from agenticops.errors import StateError, TrainError
from agenticops.ports.git import Git

if TYPE_CHECKING:
    from git import Repo
    from git.objects import Blob, Tree

LINK = 0o120000
REGULAR = 0o100000


def open_repository(git: Git) -> Repo:
    """Open the repository; it is closed with the process."""
    from git import Repo
    from git.exc import InvalidGitRepositoryError, NoSuchPathError

    try:
        repository = Repo(git.root or git.git_dir)
    except (InvalidGitRepositoryError, NoSuchPathError):
        raise TrainError("git's own files are damaged here", place=git.git_dir, hint="git fsck") from None
    repository.git.update_environment(**git.environment())
    return repository


@contextmanager
def _reading(path: str) -> Iterator[None]:
    """Turn an object that is not here into an error: in a partial clone nothing is fetched on the way."""
    from git.exc import ODBError

    try:
        yield
    except (ValueError, ODBError, OSError):
        hint = "git fsck; in a partial clone, fetch everything: git fetch --refetch --no-filter"
        raise TrainError("its content is not in this clone", place=path, hint=hint) from None


class CommitTree:
    """The files of one commit. Raises TrainError for a revision that is not here."""

    def __init__(self, git: Git, revision: str) -> None:
        from git.exc import BadName, BadObject

        self.revision = revision
        self._folders: dict[str, dict[str, Any]] = {}
        try:
            self.tree: Tree = open_repository(git).commit(revision).tree
        except (BadName, BadObject, ValueError, IndexError):
            hint = "in a shallow clone, fetch the history: git fetch --unshallow (in CI: fetch-depth: 0)"
            raise TrainError(f"{revision!r} names no commit that is here", hint=hint) from None

    def read(self, path: str) -> bytes | None:
        """Give the content of a regular file, or None. Links raise StateError."""
        found = self._find(path)
        if found is None or found.type != "blob":
            return None
        if found.mode == LINK:
            raise StateError("a symbolic link; links are not followed", place=f"{self.revision}:{path}")
        with _reading(path):
            content: bytes = found.data_stream.read()
        return content

    def names(self, path: str) -> list[str]:
        """Give the sorted entries of a folder."""
        return sorted(self._folder(path))

    def size(self, path: str) -> int | None:
        """Give the size of a file in bytes, or None."""
        found = self._find(path)
        with _reading(path):
            return None if found is None or found.type != "blob" else int(found.size)

    def _find(self, path: str) -> Any:
        folder, _, name = path.rpartition("/")
        return self._folder(folder).get(name)

    def _folder(self, path: str) -> dict[str, Any]:
        """Give the entries of a folder; each is taken apart once, for a log holds hundreds of files."""
        found = self._folders.get(path)
        if found is None:
            tree = self._find(path) if path else self.tree
            there = tree is not None and tree.type == "tree"
            with _reading(path):
                found = self._folders[path] = {str(e.name): e for e in tree} if there else {}
        return found


class StagedTree:
    """The files of git's index: what the next commit would hold. An unmerged file raises StateError when it is read."""

    def __init__(self, git: Git) -> None:
        repository = open_repository(git)
        self.entries: Mapping[str, Any] = {
            str(p): e for (p, stage), e in repository.index.entries.items() if stage == 0
        }
        self.unmerged = {str(p) for (p, stage) in repository.index.entries if stage}
        self.repository = repository

    def read(self, path: str) -> bytes | None:
        """Give the staged content of a regular file, or None."""
        found = self._blob(path)
        if found is None:
            return None
        with _reading(path):
            content: bytes = found.data_stream.read()
        return content

    def names(self, path: str) -> list[str]:
        """Give the sorted entries of a folder."""
        start = path.rstrip("/") + "/" if path else ""
        return sorted({p[len(start) :].split("/", 1)[0] for p in self.entries if p.startswith(start)})

    def size(self, path: str) -> int | None:
        """Give the size of a staged file in bytes, or None."""
        found = self._blob(path)
        with _reading(path):
            return None if found is None else int(found.size)

    def _blob(self, path: str) -> Blob | None:
        if path in self.unmerged:
            raise StateError("the merge of this file is not finished", place=path, hint="resolve it, then git add it")
        entry = self.entries.get(path)
        if entry is None or entry.mode & 0o170000 != REGULAR:
            return None
        blob: Blob = entry.to_blob(self.repository)
        return blob
