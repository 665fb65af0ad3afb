"""What the fake GitHub remembers: plain values without any HTTP."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.forge.refs import MemoryRefs, Refs

# What a snapshot has no part in: time goes on, and who listens stays.
OUTSIDE = ("clock", "listeners", "root", "_last")
START = 1_767_261_600  # 2026-01-01T10:00:00Z


class Ticking:
    """A clock that goes on by `step` seconds with each change; a step of 0 puts all changes into one second."""

    def __init__(self, now: int = START, step: int = 1) -> None:
        self.now = now
        self.step = step

    def __call__(self) -> int:
        self.now += self.step
        return self.now


@dataclass
class User:
    """An account; `kind` is User, Organization or Bot."""

    id: int
    login: str
    kind: str = "User"
    name: str | None = None


@dataclass
class Label:
    """A label of a repository."""

    id: int
    name: str
    color: str = "ededed"
    description: str | None = None


@dataclass
class Milestone:
    """A milestone of a repository; times are whole seconds since 1970."""

    id: int
    number: int
    title: str
    creator: str
    created_at: int
    updated_at: int
    state: str = "open"
    description: str | None = None
    due_on: int | None = None
    closed_at: int | None = None
    open_issues: int = 0
    closed_issues: int = 0


@dataclass
class Comment:
    """A comment of an issue."""

    id: int
    issue: int
    body: str
    user: str
    created_at: int
    updated_at: int


@dataclass
class Pull:
    """What makes an issue a pull request."""

    id: int
    head: str
    base: str
    head_sha: str
    base_sha: str
    draft: bool = False
    merged_at: int | None = None
    merged_by: str | None = None
    merge_sha: str | None = None


@dataclass
class Issue:
    """An issue, or a pull request when `pull` is set; related issues are numbers of the same repository."""

    id: int
    number: int
    title: str
    user: str
    created_at: int
    updated_at: int
    body: str | None = None
    state: str = "open"
    state_reason: str | None = None
    closed_at: int | None = None
    closed_by: str | None = None
    labels: list[int] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    milestone: int | None = None
    locked: bool = False
    lock_reason: str | None = None
    comments: list[int] = field(default_factory=list)
    parent: int | None = None
    above: str = ""  # a parent in another repository, as owner/name#7
    sub_issues: list[int] = field(default_factory=list)
    blocked_by: list[int] = field(default_factory=list)
    blocking: list[int] = field(default_factory=list)
    pull: Pull | None = None


@dataclass
class CheckRun:
    """A check run on a commit."""

    id: int
    name: str
    head_sha: str
    started_at: int
    status: str = "queued"
    conclusion: str | None = None
    completed_at: int | None = None
    external_id: str = ""
    details_url: str | None = None
    output: dict[str, str | None] = field(default_factory=dict)


@dataclass
class Status:
    """A commit status."""

    id: int
    sha: str
    state: str
    context: str
    creator: str
    created_at: int
    description: str | None = None
    target_url: str | None = None


@dataclass
class Option:
    """One choice of a single-select field."""

    id: str
    name: str
    color: str = "GRAY"


@dataclass
class Field:
    """A field of a project."""

    id: int
    name: str
    data_type: str
    created_at: int
    options: list[Option] = field(default_factory=list)


@dataclass
class Item:
    """An issue or pull request on a board; `values` are by field id (the option's id for single select)."""

    id: int
    repository: str
    number: int
    creator: str
    created_at: int
    updated_at: int
    values: dict[int, str | float] = field(default_factory=dict)


@dataclass
class Project:
    """A board (Projects v2) of a user or an organization."""

    id: int
    number: int
    owner: str
    title: str
    created_at: int
    updated_at: int
    fields: list[Field] = field(default_factory=list)
    items: dict[int, Item] = field(default_factory=dict)


@dataclass
class Repository:
    """A repository with all that belongs to it."""

    id: int
    owner: str
    name: str
    created_at: int
    default_branch: str = "main"
    private: bool = False
    archived: bool = False
    has_issues: bool = True
    kept_out: set[str] = field(default_factory=set)  # who may not comment where a conversation is locked
    labels: dict[int, Label] = field(default_factory=dict)
    milestones: dict[int, Milestone] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    checks: dict[int, CheckRun] = field(default_factory=dict)
    statuses: dict[int, Status] = field(default_factory=dict)
    by_id: dict[int, int] = field(default_factory=dict)
    moved: dict[int, str] = field(default_factory=dict)  # where issues are that were moved to another repository
    deleted: set[int] = field(default_factory=set)
    refs: Refs = field(default_factory=MemoryRefs)

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"

    def label(self, name: str) -> Label | None:
        """Find a label by its name; the case of letters does not count."""
        return next((label for label in self.labels.values() if label.name.casefold() == name.casefold()), None)

    def count(self, *milestones: int | None) -> None:
        """Count the issues of these milestones anew."""
        for number in {number for number in milestones if number is not None}:
            states = [issue.state for issue in self.issues.values() if issue.milestone == number]
            self.milestones[number].open_issues = states.count("open")
            self.milestones[number].closed_issues = states.count("closed")


@dataclass
class Event:
    """A change, told while it is fresh; `things` are what a webhook's payload names."""

    state: State
    repository: Repository
    name: str
    action: str
    sender: str
    things: dict[str, object]


class State:
    """All repositories, accounts and boards; `now()` never goes back."""

    def __init__(self, clock: Callable[[], int] | None = None) -> None:
        self.clock = clock or Ticking()
        self.root = ""  # the address of the API, set by the server
        self.users: dict[str, User] = {}
        self.repositories: dict[str, Repository] = {}
        self.projects: dict[tuple[str, int], Project] = {}
        self.listeners: list[Callable[[Event], None]] = []
        # GitHub documents neither; a sync must not lean on either answer.
        self.relations_touch = True
        self.graph_follows = True
        self._last = 0
        self._ids = 1_000_000

    def now(self) -> int:
        """Tell the time of a change."""
        self._last = max(self._last, int(self.clock()))
        return self._last

    def next_id(self) -> int:
        """Give an id that nothing else has."""
        self._ids += 1
        return self._ids

    def user(self, login: str, kind: str = "User") -> User:
        """Give the account of that name, made when it is new."""
        key = login.casefold()
        if key not in self.users:
            self.users[key] = User(self.next_id(), login, kind)
        return self.users[key]

    def add_repository(self, full_name: str) -> Repository:
        """Make a repository whose owner is an organization unless it is known as a user."""
        owner, name = full_name.split("/")
        self.user(owner, "Organization")
        repository = Repository(self.next_id(), owner, name, self.now())
        self.repositories[full_name.casefold()] = repository
        return repository

    def add_project(self, owner: str, title: str, options: list[str]) -> Project:
        """Make a board with a Status of these options, in this order."""
        number = 1 + max((number for login, number in self.projects if login == owner.casefold()), default=0)
        now = self.now()
        status = [Option(f"{self.next_id():08x}", name) for name in options]
        fields = [
            Field(self.next_id(), "Title", "title", now),
            Field(self.next_id(), "Status", "single_select", now, status),
        ]
        project = Project(self.next_id(), number, owner, title, now, now, fields)
        self.projects[owner.casefold(), number] = project
        return project

    def snapshot(self) -> State:
        """Give a copy that later changes do not reach."""
        mine = {name: value for name, value in self.__dict__.items() if name not in OUTSIDE}
        taken = State(self.clock)
        taken.__dict__.update(copy.deepcopy(mine))
        return taken

    def restore(self, snapshot: State) -> None:
        """Become what a snapshot was."""
        taken = snapshot.snapshot().__dict__
        self.__dict__.update({name: value for name, value in taken.items() if name not in OUTSIDE})


def iso(seconds: int) -> str:
    """Write a time as GitHub does, in UTC and whole seconds."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def seconds(text: str) -> int:
    """Read a time of ISO 8601; without a zone it is UTC."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
