"""The values as GitHub's GraphQL API gives them: plain fields, and functions for what takes arguments."""

from __future__ import annotations

import base64
import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

from graphql import GraphQLError

from tests.forge import render
from tests.forge.state import Comment, Field, Issue, Item, Label, Milestone, Project, Repository, State, iso, seconds

Thing = TypeVar("Thing")
PAGE_LIMIT = 100  # as its message says
ORDERS: dict[str, Callable[[Issue], tuple[int, int]]] = {
    "CREATED_AT": lambda issue: (issue.created_at, issue.number),
    "UPDATED_AT": lambda issue: (issue.updated_at, issue.number),
    "COMMENTS": lambda issue: (len(issue.comments), issue.number),
}
Value = dict[str, Any]


def refused(kind: str, message: str) -> GraphQLError:
    """Give an error as GitHub does, with its type."""
    return GraphQLError(message, extensions={"type": kind})


@dataclass(frozen=True)
class Nodes:
    """Writes what a state holds."""

    state: State

    def find(self, node: str) -> Value | None:
        """Give what has that id."""
        prefix, _, number = node.partition("_kwDO")
        try:
            known = int(number, 16)
        except ValueError:
            return None
        for repository in self.state.repositories.values():
            if prefix == "I" and known in repository.by_id:
                return self.issue(repository, repository.issues[repository.by_id[known]])
            if prefix == "R" and known == repository.id:
                return self.repository(repository)
            if prefix == "LA" and known in repository.labels:
                return self.label(repository.labels[known])
        for project in self.state.projects.values():
            if prefix == "PVT" and known == project.id:
                return self.project(project)
            if prefix == "PVTI" and known in project.items:
                return self.item(project, project.items[known])
        return None

    def owner(self, login: str, kind: str) -> Value:
        """Give a user or an organization."""
        who = self.state.users.get(login.casefold())
        if who is None or who.kind != kind:
            raise refused("NOT_FOUND", f"Could not resolve to a {kind} with the login of '{login}'.")
        return self.account(login)

    def account(self, login: str) -> Value:
        """Give an account."""
        who = self.state.user(login)
        return {
            "__typename": who.kind,
            "id": render.node("U", who.id),
            "databaseId": who.id,
            "login": who.login,
            "name": who.name,
            "url": f"{render.WEB}/{quote(who.login)}",
            "projectV2": lambda _info, number: self._project_of(login, number),
        }

    def repository(self, one: Repository) -> Value:
        """Give a repository."""
        return {
            "__typename": "Repository",
            "id": render.node("R", one.id),
            "databaseId": one.id,
            "name": one.name,
            "nameWithOwner": one.full_name,
            "isArchived": one.archived,
            "hasIssuesEnabled": one.has_issues,
            "label": lambda _info, name: (found := one.label(name)) and self.label(found),
            "labels": lambda _info, **page: connection("labels", list(one.labels.values()), self.label, page),
            "milestone": lambda _info, number: (found := one.milestones.get(number)) and self.milestone(found),
            "milestones": lambda _info, **page: connection(
                "milestones", list(one.milestones.values()), self.milestone, page
            ),
            "issue": lambda _info, number: self._issue_of(one, number),
            "issues": lambda _info, **asked: self._issues(one, asked),
        }

    def issue(self, repository: Repository, one: Issue) -> Value:
        """Give an issue."""
        write = functools.partial(self.issue, repository)

        def related(name: str, numbers: Iterable[int]) -> Callable[..., Value]:
            return lambda _info, **page: connection(name, [repository.issues[each] for each in numbers], write, page)

        done = sum(repository.issues[number].state == "closed" for number in one.sub_issues)
        total = len(one.sub_issues)
        milestone = None if one.milestone is None else self.milestone(repository.milestones[one.milestone])
        return {
            "__typename": "Issue",
            "id": render.node("I", one.id),
            "databaseId": one.id,
            "fullDatabaseId": str(one.id),
            "number": one.number,
            "title": one.title,
            "body": one.body or "",
            "state": one.state.upper(),
            "stateReason": one.state_reason and one.state_reason.upper(),
            "locked": one.locked,
            "url": f"{render.WEB}/{repository.full_name}/issues/{one.number}",
            "author": lambda _info: self.account(one.user),
            "createdAt": iso(one.created_at),
            "updatedAt": iso(one.updated_at),
            "closedAt": render.time(one.closed_at),
            "milestone": milestone,
            "parent": lambda _info: self._above(repository, one),
            "repository": lambda _info: self.repository(repository),
            "labels": lambda _info, **page: connection(
                "labels", [repository.labels[number] for number in one.labels], self.label, page
            ),
            "assignees": lambda _info, **page: connection(
                "assignees", [self.state.user(login) for login in one.assignees], lambda u: self.account(u.login), page
            ),
            "comments": lambda _info, **page: connection(
                "comments", [repository.comments[number] for number in one.comments], self._comment, page
            ),
            "subIssues": related("subIssues", one.sub_issues),
            "subIssuesSummary": {
                "completed": done,
                "percentCompleted": 100 * done // total if total else 0,
                "total": total,
            },
            "blockedBy": related("blockedBy", one.blocked_by),
            "blocking": related("blocking", one.blocking),
            "projectItems": lambda _info, includeArchived=True, **page: self._items_of(repository, one, page),
        }

    def _above(self, repository: Repository, one: Issue) -> Value | None:
        if one.above:
            name, _, number = one.above.partition("#")
            there = self.state.repositories[name.casefold()]
            return self.issue(there, there.issues[int(number)])
        return None if one.parent is None else self.issue(repository, repository.issues[one.parent])

    def label(self, one: Label) -> Value:
        """Give a label."""
        return {
            "__typename": "Label",
            "id": render.node("LA", one.id),
            "name": one.name,
            "color": one.color,
            "description": one.description,
            "isDefault": False,
        }

    def milestone(self, one: Milestone) -> Value:
        """Give a milestone."""
        return {
            "__typename": "Milestone",
            "id": render.node("MI", one.id),
            "number": one.number,
            "title": one.title,
            "description": one.description,
            "state": one.state.upper(),
            "closed": one.state == "closed",
            "dueOn": render.time(one.due_on),
        }

    def project(self, one: Project) -> Value:
        """Give a board."""
        place = "orgs" if self.state.user(one.owner).kind == "Organization" else "users"
        return {
            "__typename": "ProjectV2",
            "id": render.node("PVT", one.id),
            "databaseId": one.id,
            "number": one.number,
            "title": one.title,
            "url": f"{render.WEB}/{place}/{one.owner}/projects/{one.number}",
            "field": lambda _info, name: next((_field(each) for each in one.fields if each.name == name), None),
            "fields": lambda _info, **page: connection("fields", one.fields, _field, page),
            "items": lambda _info, **page: connection(
                "items", list(one.items.values()), lambda item: self.item(one, item), page
            ),
        }

    def item(self, project: Project, one: Item) -> Value:
        """Give an item of a board."""
        repository = self.state.repositories[one.repository.casefold()]
        content = repository.issues[one.number]
        return {
            "__typename": "ProjectV2Item",
            "id": render.node("PVTI", one.id),
            "databaseId": one.id,
            "fullDatabaseId": str(one.id),
            "isArchived": False,
            "updatedAt": iso(one.updated_at),
            "project": lambda _info: self.project(project),
            "content": lambda _info: None if content.pull else self.issue(repository, content),
            "fieldValueByName": lambda _info, name: _value(project, one, content, name),
        }

    def _project_of(self, login: str, number: int) -> Value:
        project = self.state.projects.get((login.casefold(), number))
        if project is None:
            raise refused("NOT_FOUND", f"Could not resolve to a ProjectV2 with the number {number}.")
        return self.project(project)

    def _issue_of(self, repository: Repository, number: int) -> Value:
        issue = repository.issues.get(number)
        if number in repository.moved and self.state.graph_follows:
            name, _, moved = repository.moved[number].partition("/issues/")
            repository = self.state.repositories[name.casefold()]
            issue = repository.issues[int(moved)]
        if issue is None or issue.pull:
            raise refused("NOT_FOUND", f"Could not resolve to an Issue with the number of {number}.")
        return self.issue(repository, issue)

    def _issues(self, repository: Repository, asked: dict[str, Any]) -> Value:
        found = [issue for issue in repository.issues.values() if not issue.pull]
        choice = asked.get("filterBy") or {}
        if states := asked.get("states") or choice.get("states"):
            found = [issue for issue in found if issue.state.upper() in states]
        if names := asked.get("labels") or choice.get("labels"):
            wanted = {label.id for name in names if (label := repository.label(name))}
            found = [issue for issue in found if wanted & set(issue.labels)]
        if since := choice.get("since"):
            found = [issue for issue in found if issue.updated_at >= seconds(since)]
        order = asked.get("orderBy") or {"field": "CREATED_AT", "direction": "ASC"}
        found.sort(key=ORDERS[order["field"]], reverse=order["direction"] == "DESC")
        return connection("issues", found, functools.partial(self.issue, repository), asked)

    def _items_of(self, repository: Repository, issue: Issue, page: dict[str, Any]) -> Value:
        found = [
            (project, item)
            for project in self.state.projects.values()
            for item in project.items.values()
            if item.number == issue.number and item.repository == repository.full_name
        ]
        projects = {item.id: project for project, item in found}
        items = [item for _, item in found]
        return connection("projectItems", items, lambda item: self.item(projects[item.id], item), page)

    def _comment(self, one: Comment) -> Value:
        return {
            "__typename": "IssueComment",
            "id": render.node("IC", one.id),
            "databaseId": one.id,
            "body": one.body,
            "author": lambda _info: self.account(one.user),
            "url": f"{render.WEB}/comments/{one.id}",
            "createdAt": iso(one.created_at),
            "updatedAt": iso(one.updated_at),
        }


def connection(name: str, things: Sequence[Any], write: Callable[[Any], Value], page: dict[str, Any]) -> Value:
    """Give one page of things, counted from either end; the limits are GitHub's."""
    first, last = page.get("first"), page.get("last")
    if first is None and last is None:
        message = f"You must provide a `first` or `last` value to properly paginate the `{name}` connection."
        raise refused("MISSING_PAGINATION_BOUNDARIES", message)
    for side, size in (("first", first), ("last", last)):
        if size is not None and not 1 <= size <= PAGE_LIMIT:
            message = (
                f"Requesting {size} records on the `{name}` connection exceeds the `{side}` limit of {PAGE_LIMIT}."
            )
            raise refused("EXCESSIVE_PAGINATION", message)
    places = {_cursor(thing): place for place, thing in enumerate(things)} if page.keys() & {"after", "before"} else {}
    start = places.get(page["after"], -1) + 1 if page.get("after") else 0
    end: int = places.get(page["before"], len(things)) if page.get("before") else len(things)
    if first is not None:
        end = min(end, start + first)
    if last is not None:
        start = max(start, end - last)
    shown = things[start:end]
    return {
        "nodes": [write(thing) for thing in shown],
        "totalCount": len(things),
        "pageInfo": {
            "startCursor": _cursor(shown[0]) if shown else None,
            "endCursor": _cursor(shown[-1]) if shown else None,
            "hasNextPage": end < len(things),
            "hasPreviousPage": start > 0,
        },
    }


def _cursor(thing: Any) -> str:
    return base64.b64encode(f"cursor:{thing.id}".encode()).decode()


def _field(one: Field) -> Value:
    kind = "ProjectV2SingleSelectField" if one.data_type == "single_select" else "ProjectV2Field"
    return {
        "__typename": kind,
        "id": field_node(one),
        "databaseId": one.id,
        "name": one.name,
        "options": lambda _info, names=None: [
            {"id": option.id, "name": option.name, "description": ""}
            for option in one.options
            if names is None or option.name in names
        ],
    }


def field_node(one: Field) -> str:
    """Give the id of a board's field."""
    return render.node("PVTSSF" if one.options else "PVTF", one.id)


def _value(project: Project, item: Item, content: Issue, name: str) -> Value | None:
    field = next((each for each in project.fields if each.name == name), None)
    if field is None:
        return None
    if field.data_type == "title":
        return {"__typename": "ProjectV2ItemFieldTextValue", "text": content.title}
    option = next((each for each in field.options if each.id == item.values.get(field.id)), None)
    if option is None:
        return None
    return {
        "__typename": "ProjectV2ItemFieldSingleSelectValue",
        "name": option.name,
        "optionId": option.id,
        "field": _field(field),
    }
