"""Trees in git: those of commits, read through GitPython; nothing is checked out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from agenticops.errors import StateError, TrainError
from agenticops.ports.git import Git

if TYPE_CHECKING:
    from git import Repo
    from git.objects import Tree

LINK = 0o120000


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

        self.git = git
        self.revision = revision
        self._folders: dict[str, dict[str, Any]] = {}
        self._blobs: dict[str, str] | None = None
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

    def paths(self) -> list[str]:
        """List the commit's files."""
        return sorted(self._listed())

    def ids(self, paths: Iterable[str]) -> dict[str, str]:
        """Give the ids of the commit's blobs."""
        known = self._listed()
        return {p: known[p] for p in paths if p in known}

    def _listed(self) -> dict[str, str]:
        if self._blobs is None:
            from agenticops.ports.history import History

            self._blobs = History(self.git).files(self.tree.hexsha, ())
        return self._blobs

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
