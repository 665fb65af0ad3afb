"""The values as GitHub's REST API writes them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from tests.forge.state import (
    CheckRun,
    Comment,
    Issue,
    Item,
    Label,
    Milestone,
    Project,
    Repository,
    State,
    Status,
    iso,
)
from tests.forge.state import Field as ProjectField

WEB = "https://github.example"


def node(prefix: str, number: int) -> str:
    """Give the id by which GraphQL knows a thing."""
    return f"{prefix}_kwDO{number:x}"


def time(seconds: int | None) -> str | None:
    """Write a time that may be missing."""
    return None if seconds is None else iso(seconds)


def user(state: State, login: str) -> dict[str, Any]:
    """Write an account, short."""
    who = state.user(login)
    api = f"{state.root}/users/{quote(who.login)}"
    return {
        "login": who.login,
        "id": who.id,
        "node_id": node("U", who.id),
        "avatar_url": f"{WEB}/avatars/{who.id}",
        "gravatar_id": "",
        "url": api,
        "html_url": f"{WEB}/{quote(who.login)}",
        "followers_url": f"{api}/followers",
        "following_url": f"{api}/following{{/other_user}}",
        "gists_url": f"{api}/gists{{/gist_id}}",
        "starred_url": f"{api}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{api}/subscriptions",
        "organizations_url": f"{api}/orgs",
        "repos_url": f"{api}/repos",
        "events_url": f"{api}/events{{/privacy}}",
        "received_events_url": f"{api}/received_events",
        "type": who.kind,
        "site_admin": False,
    }


def full_user(state: State, login: str) -> dict[str, Any]:
    """Write an account with its public profile."""
    who = state.user(login)
    return user(state, login) | {
        "name": who.name,
        "company": None,
        "blog": "",
        "location": None,
        "email": None,
        "hireable": None,
        "bio": None,
        "twitter_username": None,
        "public_repos": len(state.repositories),
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": iso(0),
        "updated_at": iso(0),
    }


def base(state: State, repository: Repository) -> str:
    """Give the address of a repository in the API."""
    return f"{state.root}/repos/{repository.full_name}"


def label(state: State, repository: Repository, one: Label) -> dict[str, Any]:
    """Write a label."""
    return {
        "id": one.id,
        "node_id": node("LA", one.id),
        "url": f"{base(state, repository)}/labels/{quote(one.name)}",
        "name": one.name,
        "color": one.color,
        "default": False,
        "description": one.description,
    }


def milestone(state: State, repository: Repository, one: Milestone) -> dict[str, Any]:
    """Write a milestone."""
    api = f"{base(state, repository)}/milestones/{one.number}"
    return {
        "url": api,
        "html_url": f"{WEB}/{repository.full_name}/milestone/{one.number}",
        "labels_url": f"{api}/labels",
        "id": one.id,
        "node_id": node("MI", one.id),
        "number": one.number,
        "title": one.title,
        "description": one.description,
        "creator": user(state, one.creator),
        "open_issues": one.open_issues,
        "closed_issues": one.closed_issues,
        "state": one.state,
        "created_at": iso(one.created_at),
        "updated_at": iso(one.updated_at),
        "due_on": time(one.due_on),
        "closed_at": time(one.closed_at),
    }


def comment(state: State, repository: Repository, one: Comment) -> dict[str, Any]:
    """Write a comment."""
    return {
        "url": f"{base(state, repository)}/issues/comments/{one.id}",
        "html_url": f"{WEB}/{repository.full_name}/issues/{one.issue}#issuecomment-{one.id}",
        "issue_url": f"{base(state, repository)}/issues/{one.issue}",
        "id": one.id,
        "node_id": node("IC", one.id),
        "user": user(state, one.user),
        "created_at": iso(one.created_at),
        "updated_at": iso(one.updated_at),
        "author_association": "MEMBER",
        "body": one.body,
        "performed_via_github_app": None,
        "reactions": _reactions(f"{base(state, repository)}/issues/comments/{one.id}"),
    }


def issue(state: State, repository: Repository, one: Issue) -> dict[str, Any]:
    """Write an issue; a pull request is one with `pull_request`."""
    api = f"{base(state, repository)}/issues/{one.number}"
    web = f"{WEB}/{repository.full_name}/{'pull' if one.pull else 'issues'}/{one.number}"
    assignees = [user(state, login) for login in one.assignees]
    done = sum(repository.issues[number].state == "closed" for number in one.sub_issues)
    payload: dict[str, Any] = {
        "url": api,
        "repository_url": base(state, repository),
        "labels_url": f"{api}/labels{{/name}}",
        "comments_url": f"{api}/comments",
        "events_url": f"{api}/events",
        "timeline_url": f"{api}/timeline",
        "html_url": web,
        "id": one.id,
        "node_id": node("PR" if one.pull else "I", one.id),
        "number": one.number,
        "title": one.title,
        "body": one.body,
        "user": user(state, one.user),
        "labels": [label(state, repository, repository.labels[number]) for number in one.labels],
        "state": one.state,
        "state_reason": one.state_reason,
        "locked": one.locked,
        "active_lock_reason": one.lock_reason,
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "milestone": None
        if one.milestone is None
        else milestone(state, repository, repository.milestones[one.milestone]),
        "comments": len(one.comments),
        "created_at": iso(one.created_at),
        "updated_at": iso(one.updated_at),
        "closed_at": time(one.closed_at),
        "closed_by": None if one.closed_by is None else user(state, one.closed_by),
        "author_association": "MEMBER",
        "performed_via_github_app": None,
        "reactions": _reactions(api),
    }
    if one.pull:
        pulls = f"{base(state, repository)}/pulls/{one.number}"
        payload["draft"] = one.pull.draft
        payload["pull_request"] = {
            "url": pulls,
            "html_url": web,
            "diff_url": f"{web}.diff",
            "patch_url": f"{web}.patch",
            "merged_at": time(one.pull.merged_at),
        }
        return payload
    payload["type"] = None
    payload["sub_issues_summary"] = {
        "total": len(one.sub_issues),
        "completed": done,
        "percent_completed": 100 * done // len(one.sub_issues) if one.sub_issues else 0,
    }
    payload["issue_dependencies_summary"] = {
        "blocked_by": _open(repository, one.blocked_by),
        "total_blocked_by": len(one.blocked_by),
        "blocking": _open(repository, one.blocking),
        "total_blocking": len(one.blocking),
    }
    if one.parent is not None:
        payload["parent_issue_url"] = f"{base(state, repository)}/issues/{one.parent}"
    elif one.above:
        payload["parent_issue_url"] = f"{state.root}/repos/{one.above.replace('#', '/issues/')}"
    return payload


def check_run(state: State, repository: Repository, one: CheckRun) -> dict[str, Any]:
    """Write a check run."""
    api = f"{base(state, repository)}/check-runs/{one.id}"
    return {
        "id": one.id,
        "name": one.name,
        "node_id": node("CR", one.id),
        "head_sha": one.head_sha,
        "external_id": one.external_id,
        "url": api,
        "html_url": f"{WEB}/{repository.full_name}/runs/{one.id}",
        "details_url": one.details_url,
        "status": one.status,
        "conclusion": one.conclusion,
        "started_at": iso(one.started_at),
        "completed_at": time(one.completed_at),
        "output": {
            "title": one.output.get("title"),
            "summary": one.output.get("summary"),
            "text": one.output.get("text"),
            "annotations_count": 0,
            "annotations_url": f"{api}/annotations",
        },
        "check_suite": {"id": one.id},
        "app": None,
        "pull_requests": [],
    }


def status(state: State, repository: Repository, one: Status) -> dict[str, Any]:
    """Write a commit status."""
    return {
        "url": f"{base(state, repository)}/statuses/{one.sha}",
        "avatar_url": f"{WEB}/avatars/{one.id}",
        "id": one.id,
        "node_id": node("SC", one.id),
        "state": one.state,
        "description": one.description,
        "target_url": one.target_url,
        "context": one.context,
        "created_at": iso(one.created_at),
        "updated_at": iso(one.created_at),
        "creator": user(state, one.creator),
    }


def project_url(state: State, project: Project) -> str:
    """Give the address of a board in the API."""
    place = "orgs" if state.user(project.owner).kind == "Organization" else "users"
    return f"{state.root}/{place}/{project.owner}/projectsV2/{project.number}"


def project(state: State, one: Project) -> dict[str, Any]:
    """Write a board."""
    return {
        "id": one.id,
        "node_id": node("PVT", one.id),
        "owner": user(state, one.owner),
        "creator": user(state, one.owner),
        "title": one.title,
        "description": None,
        "public": True,
        "closed_at": None,
        "created_at": iso(one.created_at),
        "updated_at": iso(one.updated_at),
        "number": one.number,
        "short_description": None,
        "deleted_at": None,
        "deleted_by": None,
        "state": "open",
        "is_template": False,
    }


def project_field(state: State, owner: Project, one: ProjectField) -> dict[str, Any]:
    """Write a field of a board."""
    payload: dict[str, Any] = {
        "id": one.id,
        "node_id": node("PVTSSF" if one.options else "PVTF", one.id),
        "project_url": project_url(state, owner),
        "name": one.name,
        "data_type": one.data_type,
        "created_at": iso(one.created_at),
        "updated_at": iso(one.created_at),
    }
    if one.data_type == "single_select":
        payload["options"] = [
            {"id": option.id, "name": _both(option.name), "description": _both(""), "color": option.color}
            for option in one.options
        ]
    return payload


def item(state: State, owner: Project, one: Item, fields: set[int] | None) -> dict[str, Any]:
    """Write an item of a board with the named fields; without names with its title only."""
    repository = state.repositories[one.repository.casefold()]
    content = repository.issues[one.number]
    shown = [field for field in owner.fields if (field.data_type == "title" if fields is None else field.id in fields)]
    return {
        "id": one.id,
        "node_id": node("PVTI", one.id),
        "project_url": project_url(state, owner),
        "item_url": f"{project_url(state, owner)}/items/{one.id}",
        "content_type": "PullRequest" if content.pull else "Issue",
        "content": issue(state, repository, content),
        "creator": user(state, one.creator),
        "created_at": iso(one.created_at),
        "updated_at": iso(one.updated_at),
        "archived_at": None,
        "fields": [
            {"id": field.id, "name": field.name, "data_type": field.data_type, "value": _value(field, one, content)}
            for field in shown
        ],
    }


def _value(field: ProjectField, one: Item, content: Issue) -> Any:
    if field.data_type == "title":
        return _both(content.title) | {"number": content.number, "state": content.state}
    value = one.values.get(field.id)
    if field.data_type != "single_select" or value is None:
        return value
    option = next(option for option in field.options if option.id == value)
    return {"id": option.id, "name": _both(option.name), "color": option.color, "description": _both("")}


def _reactions(api: str) -> dict[str, Any]:
    kinds = ("total_count", "+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
    return {"url": f"{api}/reactions", **dict.fromkeys(kinds, 0)}


def _both(text: str) -> dict[str, Any]:
    return {"raw": text, "html": text}


def _open(repository: Repository, numbers: list[int]) -> int:
    return sum(repository.issues[number].state == "open" for number in numbers)
