"""The stage: what the next commit would hold. Git lists the parts that are asked for; no working file is looked at.

A hook stands in the way of every commit, so the cost follows what is read, not what the repository holds. Git itself
finds its index: within a hook, `GIT_INDEX_FILE` names that of `commit --all` or `commit --only`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agenticops.errors import StateError
from agenticops.model.history import ODD, Changes
from agenticops.ports.git import Git
from agenticops.ports.history import LINK, MODULE, History, raw_entry

# With more folders than this the list of one above them is shorter than the call.
MANY = 100


def changes(git: Git, base: str = "") -> Changes:
    """Give what is staged against a commit: path → its blobs. Without one it is HEAD, or nothing at the beginning."""
    options = ("--cached", "--raw", "-z", "--no-renames", "--no-abbrev", "--ignore-submodules=none")
    words = iter(git.run("diff", *options, *([base] if base else []), "--").stdout.split("\0"))
    found: Changes = {}
    for word in filter(None, words):
        status, path, change = raw_entry(word, next(words))
        if status != "U" or path not in found:  # a path whose merge is not finished comes twice
            found[path] = change
    return found


class StagedTree:
    """The files of git's index. An unmerged file raises StateError when it is read.

    `laid` are blobs that stand in the place of the staged ones ("" for none): so the tree before is the same, with the
    changes taken back.
    """

    def __init__(self, git: Git, laid: Mapping[str, str] | None = None) -> None:
        self.git = git
        self.laid = laid or {}
        self.entries: dict[str, str] = {}
        self.unmerged: set[str] = set()
        self._listed: set[str] = set()
        self._history: History | None = None

    def before(self, changed: Changes) -> StagedTree:
        """Give the tree as it was before these changes."""
        return StagedTree(self.git, {path: change.old for path, change in changed.items()})

    def load(self, *paths: str) -> None:
        """List files and folders in one go. A folder that is listed is known whole."""
        wanted = sorted({p for p in paths if _plain(p) and not self._is_listed(p)})
        if len(wanted) > MANY:
            wanted = sorted({p.split("/", 1)[0] for p in wanted})
        if not wanted:
            return
        whole = "" in wanted
        specs = [] if whole else [f":(literal){p}" for p in wanted]
        rows = self.git.run("ls-files", "--stage", "-z", "--", *specs).stdout
        for row in filter(None, rows.split("\0")):
            head, _, path = row.partition("\t")
            mode, blob, stage = head.split(" ")
            if stage == "0":
                self.entries[path] = ODD + blob if mode in (LINK, MODULE) else blob
            else:
                self.unmerged.add(path)
        self._listed |= {""} if whole else set(wanted)

    def read(self, path: str) -> bytes | None:
        """Give the staged content of a regular file, or None."""
        blob = self.blob(path)
        if not blob or blob.startswith(ODD):
            return None
        return self.content(blob)

    def content(self, blob: str) -> bytes:
        """Give a blob."""
        if self._history is None:
            self._history = History(self.git)
        return self._history.read(blob)

    def names(self, path: str) -> list[str]:
        """Give the sorted entries of a folder."""
        self.load(path)
        start = path.rstrip("/") + "/" if path else ""
        return sorted({p[len(start) :].split("/", 1)[0] for p in self._known() if p.startswith(start)})

    def size(self, path: str) -> int | None:
        """Give the size of a staged file in bytes, or None."""
        content = self.read(path)
        return None if content is None else len(content)

    def has(self, path: str) -> bool:
        """Tell whether a regular file is staged; one whose merge is not finished is there too."""
        self.load(path)
        if path in self.unmerged and path not in self.laid:
            return True
        blob = self.blob(path)
        return bool(blob) and not blob.startswith(ODD)

    def paths(self) -> list[str]:
        """List what the next commit would hold."""
        self.load("")
        return sorted(self._known())

    def ids(self, paths: Iterable[str]) -> dict[str, str]:
        """Give the ids of what is staged."""
        wanted = list(paths)
        self.load(*wanted)
        found = {p: self.blob(p) for p in wanted}
        return {p: blob for p, blob in found.items() if blob}

    def blob(self, path: str) -> str:
        """Give the id of what stands at a path, "" for nothing. Raises StateError when its merge is not finished."""
        if path in self.laid:
            return self.laid[path]
        self.load(path)
        if path in self.unmerged:
            raise StateError("the merge of this file is not finished", place=path, hint="resolve it, then git add it")
        return self.entries.get(path, "")

    def _known(self) -> list[str]:
        """The paths that are listed so far."""
        gone = {p for p, blob in self.laid.items() if not blob}
        return [p for p in {**self.entries, **dict.fromkeys(self.unmerged), **self.laid} if p not in gone]

    def _is_listed(self, path: str) -> bool:
        if path in self._listed or "" in self._listed:
            return True
        parts = path.split("/")
        return any("/".join(parts[:n]) in self._listed for n in range(1, len(parts)))


def _plain(path: str) -> bool:
    """Tell a path that can be in a repository: git refuses to look for another."""
    return not path or all(part not in ("", ".", "..") for part in path.split("/"))
