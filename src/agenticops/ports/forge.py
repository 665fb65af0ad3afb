"""The forge as flows see it: one Protocol a noun, in terms of `model/forge.py`. Nothing here knows a network.

Whatever refuses or does not answer raises RemoteError (exit 4); what somebody else changed meanwhile raises
ConflictError (exit 5): nothing was written then, and the plan is to be made anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Protocol

from msgspec import Struct

from agenticops.errors import RemoteError
from agenticops.model.forge import Action, Issue, Label, State

Method = Literal["merge", "squash", "rebase"]
Conclusion = Literal["success", "failure", "neutral", "pending"]


class New(Struct, frozen=True):
    """An issue to be made. `marker` stands in its body and finds it again, should the answer be lost."""

    title: str
    marker: str
    body: str = ""
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    milestone: str = ""

    @classmethod
    def of(cls, action: Action) -> New:
        """Read the action that makes an issue."""
        write = {name: str(action.write.get(name, "")) for name in ("title", "body", "milestone")}
        return cls(
            write["title"],
            action.marker,
            write["body"],
            action.add.get("labels", ()),
            action.add.get("assignees", ()),
            write["milestone"],
        )


class Edit(Struct, frozen=True):
    """A change of an issue's own fields, in one request. None leaves a field as it is; "" empties it."""

    title: str | None = None
    body: str | None = None
    milestone: str | None = None
    state: State | None = None
    add_labels: tuple[str, ...] = ()
    remove_labels: tuple[str, ...] = ()
    add_assignees: tuple[str, ...] = ()
    remove_assignees: tuple[str, ...] = ()

    @classmethod
    def of(cls, action: Action) -> Edit:
        """Read an action of the steps `edit` and `close`."""
        found: dict[str, object] = {k: v for k, v in action.write.items() if k in cls.__struct_fields__}
        for verb, names in (("add", action.add), ("remove", action.remove)):
            found |= {f"{verb}_{k}": v for k, v in names.items() if f"{verb}_{k}" in cls.__struct_fields__}
        return cls(**found)  # type: ignore[arg-type]  # the fields that an action writes are those of Edit


class Milestone(Struct, frozen=True):
    """A milestone; `due` is a date (2026-05-31) or ""."""

    title: str
    number: int = 0
    open: bool = True
    due: str = ""
    description: str = ""


class Comment(Struct, frozen=True):
    """A comment on an issue or pull request."""

    id: int
    body: str
    author: str = ""
    url: str = ""
    updated_at: str = ""


class Pull(Struct, frozen=True):
    """A pull request; `sha` is the commit that its branch names. `mergeable` is None while the forge still thinks."""

    number: int
    title: str
    head: str
    base: str
    sha: str
    state: Literal["open", "closed", "merged"] = "open"
    draft: bool = False
    mergeable: bool | None = None
    merge_sha: str = ""
    url: str = ""
    author: str = ""


class Check(Struct, frozen=True):
    """What something says of a commit: a check run or a commit status. `by` tells whose check run it is."""

    name: str
    conclusion: Conclusion
    title: str = ""
    summary: str = ""
    url: str = ""
    by: str = ""


class Limit(Struct, frozen=True):
    """What is left of the primary rate limit; `reset` is in seconds since 1970."""

    limit: int
    remaining: int
    reset: int


class Moved(RemoteError):
    """An issue is in another repository by now: `to` is its page there."""

    status = 301

    def __init__(self, number: int, to: str) -> None:
        super().__init__(f"issue #{number} was moved to {to}", hint="agenticops github plan says what to do about it")
        self.to = to


class NoColumns(RemoteError):
    """The board has no field with columns of the name that the settings say, or not this column."""


class Issues(Protocol):
    """The issues of one repository, and how they hang together."""

    @property
    def lacks(self) -> frozenset[str]:
        """Fields that this server turned out not to know: what it says of them is no opinion."""

    def all(self, since: str = "") -> Iterator[Issue]:
        """Give all issues, the oldest first, or those changed since a time (`updated_at` of an earlier one).

        A board's move, a label's new name and, on some servers, a relation change no issue's time: `since` misses them.
        What is missing in a list counts as gone only when `get` says so too: a list is read while others write.
        """

    def get(self, number: int) -> Issue:
        """Give one issue as it is now. Raises Moved for one that is in another repository by now."""

    def find(self, marker: str, above: int = 0) -> Issue | None:
        """Find the issue of our own that has a marker on a line of its own; `above` bounds the search by number."""

    def create(self, new: New) -> Issue:
        """Make an issue, exactly one: an unclear answer is settled by its marker before anything is tried again."""

    def edit(self, seen: Issue, edit: Edit) -> Issue:
        """Change an issue, after asking again: when a field to be changed is not as it was seen, ConflictError."""

    def assign(self, number: int, login: str) -> None:
        """Put a name beside those that an issue has; one that cannot be assigned is left out without a word."""

    def unassign(self, number: int, login: str) -> None:
        """Take one name off an issue, whoever else it has."""

    def set_parent(self, issue: Issue, parent: Issue | None) -> Issue:
        """Put an issue below another, instead of below the one that it had, or below none."""

    def place(self, issue: Issue, after: Issue) -> None:
        """Put a sub-issue behind one of its siblings."""

    def block(self, issue: Issue, by: Issue) -> Issue:
        """Say that an issue waits for another."""

    def unblock(self, issue: Issue, by: Issue) -> Issue:
        """Say that an issue no longer waits for another."""


class Labels(Protocol):
    """The labels of the repository."""

    def all(self) -> list[Label]:
        """List the labels; nobody counts here how often they are used."""

    def create(self, label: Label) -> None:
        """Make a label; one of that name is as good."""

    def rename(self, old: str, new: str) -> None:
        """Give a label another name; its issues keep it."""

    def change(self, label: Label) -> None:
        """Give a label another colour and description."""

    def delete(self, name: str) -> None:
        """Remove a label; one that is not there is as good."""

    def used(self, name: str) -> bool:
        """Tell whether an issue or a pull request carries a label, open or closed."""


class Milestones(Protocol):
    """The milestones of the repository, closed ones among them."""

    def all(self) -> list[Milestone]:
        """List them."""

    def create(self, milestone: Milestone) -> Milestone:
        """Make a milestone; one of that title is as good."""

    def edit(self, milestone: Milestone) -> Milestone:
        """Change the milestone of that number; without a date the one that it has stays."""


class Board(Protocol):
    """The board on which issues stand in columns."""

    def columns(self) -> list[str]:
        """List the columns. Raises NoColumns where there is no field for them."""

    def move(self, issue: Issue, column: str) -> Issue:
        """Put an issue into a column, and on the board if it is not there; "" takes it out of its column."""


class Comments(Protocol):
    """The comments of issues and pull requests, by number."""

    def all(self, number: int) -> list[Comment]:
        """List them, the oldest first."""

    def create(self, number: int, body: str) -> Comment:
        """Write one; an unclear answer is settled by looking for the same words of our own."""

    def edit(self, comment: Comment, body: str) -> Comment:
        """Change one."""

    def stick(self, number: int, marker: str, body: str) -> Comment:
        """Keep one comment of our own up to date, which the marker in its body finds again."""


class Pulls(Protocol):
    """Pull requests, and what checks say of their commits."""

    def open(self, head: str, base: str, title: str, body: str, draft: bool = False) -> Pull:
        """Ask to merge a branch; the open request of these two branches is as good."""

    def get(self, number: int) -> Pull:
        """Give one."""

    def of_branch(self, head: str) -> list[Pull]:
        """List the open ones of a branch of this repository."""

    def merge(self, number: int, sha: str, method: Method, title: str = "", message: str = "") -> Pull:
        """Merge one whose branch still names that commit; else ConflictError."""

    def checks(self, sha: str) -> list[Check]:
        """List what check runs and commit statuses say of a commit, of each name the latest."""

    def publish(self, sha: str, check: Check) -> Literal["check", "status"]:
        """Say something of a commit: as a check run where that is allowed, else as a commit status. Tells which."""


class Forge(Protocol):
    """A forge with one repository, noun by noun; `board` is None when no board is in sync."""

    @property
    def repository(self) -> str:
        """`owner/name`."""

    @property
    def issues(self) -> Issues:
        """The issues."""

    @property
    def labels(self) -> Labels:
        """The labels."""

    @property
    def milestones(self) -> Milestones:
        """The milestones."""

    @property
    def board(self) -> Board | None:
        """The board."""

    @property
    def comments(self) -> Comments:
        """The comments."""

    @property
    def pulls(self) -> Pulls:
        """The pull requests."""

    def me(self) -> str:
        """Name the account whose token it is."""

    def limit(self) -> Limit:
        """Tell what is left of the rate limit, at no cost."""

    def close(self) -> None:
        """Let go of the connection."""
