"""A call of the API as a handler sees it, and how it answers or refuses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import urlencode

from tests.forge.state import Event, Issue, Project, Repository, State

Thing = TypeVar("Thing")


class Refused(Exception):
    """An answer of 4xx, with the message and the errors that GitHub would give."""

    def __init__(self, status: int, message: str, errors: Sequence[Any] = (), headers: dict[str, str] | None = None):
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = list(errors)
        self.headers = headers or {}


@dataclass
class Answer:
    """A status, a payload of plain values, and headers."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Call:
    """What a client asks: `named` are the parts of the path, decoded."""

    state: State
    method: str
    path: str
    named: dict[str, str]
    query: dict[str, str]
    body: Any
    login: str
    app: bool = False  # an installation of an app asks, not a person

    @cached_property
    def now(self) -> int:
        """The time of this change; asking for it makes the clock go on, once."""
        return self.state.now()

    @property
    def fields(self) -> dict[str, Any]:
        """The body as an object; anything else has no fields."""
        return self.body if isinstance(self.body, dict) else {}

    @cached_property
    def repository(self) -> Repository:
        """The repository in the path."""
        name = f"{self.named['owner']}/{self.named['repo']}".casefold()
        if name not in self.state.repositories:
            raise Refused(404, "Not Found")
        return self.state.repositories[name]

    def issue(self, name: str = "issue_number") -> Issue:
        """The issue in the path."""
        number = _number(self.named[name])
        found = self.repository.issues.get(number)
        if number in self.repository.moved:
            address = f"{self.state.root}/repos/{self.repository.moved[number]}"
            raise Refused(301, "Moved Permanently", headers={"Location": address})
        if number in self.repository.deleted:
            raise Refused(410, "This issue was deleted")
        if found is None:
            raise Refused(404, "Not Found")
        return found

    def issue_by_id(self, number: object) -> Issue:
        """The issue of this repository with that id, which is not its number."""
        if not isinstance(number, int) or number not in self.repository.by_id:
            raise Refused(404, "Not Found")
        return self.repository.issues[self.repository.by_id[number]]

    def found(self, things: dict[int, Thing], name: str) -> Thing:
        """The thing whose id or number stands in the path."""
        thing = things.get(_number(self.named[name]))
        if thing is None:
            raise Refused(404, "Not Found")
        return thing

    @property
    def project(self) -> Project:
        """The board in the path."""
        owner = self.named.get("org") or self.named["username"]
        project = self.state.projects.get((owner.casefold(), _number(self.named["project_number"])))
        if project is None:
            raise Refused(404, "Not Found")
        return project

    def tell(self, name: str, action: str, **payload: object) -> None:
        """Note a change for webhooks."""
        for hear in self.state.listeners:
            hear(Event(self.state, self.repository, name, action, self.login, payload))


def paged(call: Call, things: Sequence[Thing], render: Callable[[Thing], Any]) -> Answer:
    """Answer one page, with the links to the others."""
    size = min(max(_number(call.query.get("per_page", "30")), 1), 100)
    page = max(_number(call.query.get("page", "1")), 1)
    last = max(1, -(-len(things) // size))
    turns = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    if page == 1:
        turns = {"next": 2, "last": last}
    if page >= last:
        turns = {name: to for name, to in turns.items() if name in ("prev", "first")}
    links = [
        f'<{call.state.root}{call.path}?{urlencode({**call.query, "page": to})}>; rel="{name}"'
        for name, to in turns.items()
    ]
    headers = {"Link": ", ".join(links)} if links else {}
    return Answer(200, [render(thing) for thing in things[(page - 1) * size : page * size]], headers)


def invalid(resource: str, name: str, code: str = "invalid", **more: object) -> Refused:
    """Refuse a value, as GitHub does: 422 with the resource, the field and a code."""
    return Refused(422, "Validation Failed", [{"resource": resource, "field": name, "code": code, **more}])


def _number(text: str) -> int:
    return int(text) if text.isdigit() and len(text) < 16 else -1
