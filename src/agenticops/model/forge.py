"""The forge's side of work items: issues as they stand there, what was agreed with them, and what is to be done."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from agenticops.model.plan import Verb
from agenticops.model.work import Kind, Priority

# A field's value: one text, or a set, sorted.
Value = str | tuple[str, ...]
Side = Literal["local", "remote"]
Policy = Literal["ask", "local", "remote"]
# How an item stands: it is worked, or it came to an end in one of two ways.
State = Literal["open", "completed", "not_planned"]
# What is done in this order; what this side takes over comes last, together with what was agreed.
Step = Literal["label", "milestone", "issue", "sub-issue", "edit", "dependency", "board", "comment", "close", "local"]
STEPS: tuple[Step, ...] = (
    "label",
    "milestone",
    "issue",
    "sub-issue",
    "edit",
    "dependency",
    "board",
    "comment",
    "close",
    "local",
)
FIELDS = (
    "kind",
    "priority",
    "phase",
    "agent",
    "flags",
    "labels",
    "title",
    "body",
    "state",
    "assignees",
    "milestone",
    "parent",
    "depends",
    "board",
)


class Issue(Struct, frozen=True):
    """An issue as the forge gives it; `blocked_by` and `parent` are numbers of issues of the same repository.

    `parent_elsewhere` names a parent in another one, as `owner/name#7`.
    """

    number: int
    title: str
    id: int = 0
    node_id: str = ""
    body: str = ""
    state: Literal["open", "closed"] = "open"
    state_reason: str = ""
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    milestone: str = ""
    parent: int | None = None
    parent_elsewhere: str = ""
    blocked_by: tuple[int, ...] = ()
    board: str = ""
    author: str = ""
    updated_at: str = ""
    url: str = ""
    locked: bool = False
    is_pull_request: bool = False


class Label(Struct, frozen=True):
    """A label of the repository; `used` counts the issues that carry it, None when nobody has counted."""

    name: str
    color: str = "ededed"
    description: str = ""
    used: int | None = None


class Remote(Struct, frozen=True):
    """What was read from the forge: every issue that matters, and the names that exist. None: nobody has looked.

    `columns` are those of the board in sync: none at all when it, or its field with the columns, is not there.
    `gone` says of issues that were asked for and are not there what became of them, by number. `me` is the account that
    reads, "" when nobody has asked.
    """

    issues: tuple[Issue, ...] = ()
    labels: tuple[Label, ...] | None = None
    milestones: tuple[str, ...] | None = None
    columns: tuple[str, ...] | None = None
    gone: dict[int, str] = field(default_factory=dict)
    me: str = ""


class Local(Struct, frozen=True):
    """A work item with what its open ticket and its history say of it.

    `labels` are all of the document; `held` is a ticket that is blocked, `review` one that waits for its merge. `body`
    is the document's text without its heading. `assignees` are names at the forge; `parent` and `depends` are items.
    `comment` is what the comment at the issue is to tell of its ticket, "" for nothing new.
    """

    id: str
    kind: Kind
    title: str
    priority: Priority = "next"
    body: str = ""
    phase: str = ""
    agent: str = ""
    labels: tuple[str, ...] = ()
    held: bool = False
    review: bool = False
    state: State = "open"
    assignees: tuple[str, ...] = ()
    milestone: str = ""
    parent: str = ""
    depends: tuple[str, ...] = ()
    issue: int | None = None
    url: str = ""
    comment: str = ""


class Rules(Struct, frozen=True, forbid_unknown_fields=True):
    """How a train and its forge go together.

    `policies` say by field whose value counts when both sides changed it; a field that is not named asks. `aliases`
    are old names of labels and what they are called now. `board` tells whether a board is in sync. The brake holds a
    plan that changes more than `share` of at least `least` items.
    """

    policies: dict[str, Policy] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    board: bool = False
    share: float = 0.3
    least: int = 10


class Agreed(Struct, frozen=True):
    """The base of the next merge: what an item and its issue last said alike, field by field.

    `intended` is what was about to be written to the issue since then: values, of sets `+a` and `-b` (ADR 0032).
    `disputed` are fields of which branches agreed on different things; `heads` the last agreements, by their events.
    """

    item: str
    issue: int | None = None
    updated_at: str = ""
    fields: dict[str, Value] = field(default_factory=dict)
    intended: dict[str, tuple[str, ...]] = field(default_factory=dict)
    disputed: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()


class Conflict(Struct, frozen=True):
    """A field that both sides changed in different ways; it stays as it is on both until somebody decides.

    `digest` names just this conflict: a decision counts as long as both sides still say what they said.
    """

    item: str
    issue: int | None
    field: str
    base: Value | None
    local: Value
    remote: Value
    why: str = "both sides changed it"
    digest: str = ""


class Resolution(Struct, frozen=True):
    """A decision on one conflict: which side's value counts."""

    item: str
    field: str
    take: Side
    digest: str


class Action(Struct, frozen=True, omit_defaults=True):
    """One thing to do on one side. `name` is the label, milestone or field it is about, when there is one.

    `write` are whole values, `add` and `remove` parts of sets. A remote action speaks of items by id, since an issue
    may not be there yet: its number is known when it is done. `before` is what `write` replaces, to be shown. `seen`
    is the digest of what the plan read on that side; when it differs, the action is not to be done.
    """

    step: Step
    verb: Verb
    side: Side = "remote"
    item: str = ""
    issue: int | None = None
    name: str = ""
    write: dict[str, Value] = field(default_factory=dict)
    before: dict[str, Value] = field(default_factory=dict)
    add: dict[str, tuple[str, ...]] = field(default_factory=dict)
    remove: dict[str, tuple[str, ...]] = field(default_factory=dict)
    marker: str = ""
    seen: str = ""
