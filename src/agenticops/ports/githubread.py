"""What GitHub says of issues, read into our values: the same of both APIs, so that digests agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from agenticops.model.forge import Issue

Payload = Mapping[str, Any]

_FIELDS = """
fragment Whole on Issue {
  id databaseId number title body state stateReason(enableDuplicate: true) locked url updatedAt
  author { __typename login }
  milestone { title }
  parent { number repository { nameWithOwner } }
  labels(first: 100) { nodes { name } }
  assignees(first: 20) { nodes { login } }
  blockedBy(first: 50) { nodes { number repository { nameWithOwner } } }%s
}
"""
# Only where a board is in sync: reading it needs a right of its own.
_BOARD = """
  projectItems(first: 20) {
    pageInfo { hasNextPage }
    nodes {
      project { number url }
      fieldValueByName(name: $field) { ... on ProjectV2ItemFieldSingleSelectValue { name } }
    }
  }"""


def pages(board: bool, since: bool) -> str:
    """Give the query for a page of issues."""
    more = (", $field: String!" if board else "") + (", $since: DateTime!" if since else "")
    only = ", filterBy: {since: $since}" if since else ""
    return f"""
query($owner: String!, $name: String!, $after: String{more}) {{
  repository(owner: $owner, name: $name) {{
    nameWithOwner hasIssuesEnabled
    issues(first: 100, after: $after, orderBy: {{field: CREATED_AT, direction: ASC}}{only}) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{ ...Whole }}
    }}
  }}
}}
{_FIELDS % (_BOARD if board else "")}"""


def single(board: bool) -> str:
    """Give the query for one issue."""
    more = ", $field: String!" if board else ""
    return f"""
query($owner: String!, $name: String!, $number: Int!{more}) {{
  repository(owner: $owner, name: $name) {{ nameWithOwner issue(number: $number) {{ ...Whole }} }}
}}
{_FIELDS % (_BOARD if board else "")}"""


def of_graph(node: Payload, repository: str, board: str) -> Issue | None:
    """Read an issue of GraphQL; `board` is the end of the board's address. None: it is on too many boards to tell."""
    items = node.get("projectItems") or {"nodes": (), "pageInfo": {"hasNextPage": False}}
    mine = [i for i in items["nodes"] if i and urlsplit(i["project"]["url"]).path.casefold().endswith(board)]
    if not mine and items["pageInfo"]["hasNextPage"]:
        return None
    column = (mine[0].get("fieldValueByName") or {}).get("name", "") if mine else ""
    author = node.get("author") or {}
    login = str(author.get("login", ""))
    bot = author.get("__typename") == "Bot" and not login.endswith("[bot]")
    return Issue(
        number=node["number"],
        title=node["title"],
        id=node.get("databaseId") or 0,
        node_id=node["id"],
        body=node.get("body") or "",
        state=_state(node["state"]),
        state_reason=(node.get("stateReason") or "").lower(),
        labels=tuple(one["name"] for one in node["labels"]["nodes"]),
        assignees=tuple(one["login"] for one in node["assignees"]["nodes"]),
        milestone=(node.get("milestone") or {}).get("title", ""),
        parent=_here(node.get("parent"), repository),
        parent_elsewhere=_elsewhere(node.get("parent"), repository),
        blocked_by=tuple(n for one in node["blockedBy"]["nodes"] if (n := _here(one, repository)) is not None),
        board=column,
        author=f"{login}[bot]" if bot else login,
        updated_at=node["updatedAt"],
        url=node["url"],
        locked=node["locked"],
    )


def of_rest(said: Payload, blocked_by: tuple[int, ...] = (), board: str = "") -> Issue:
    """Read an issue of the REST API, which tells of its blockers and its column elsewhere."""
    return Issue(
        number=said["number"],
        title=said["title"],
        id=said["id"],
        node_id=said.get("node_id") or "",
        body=said.get("body") or "",
        state=_state(said["state"]),
        state_reason=said.get("state_reason") or "",
        labels=tuple(one["name"] if isinstance(one, dict) else str(one) for one in said.get("labels") or ()),
        assignees=tuple(one["login"] for one in said.get("assignees") or ()),
        milestone=(said.get("milestone") or {}).get("title", ""),
        parent=parent(said),
        parent_elsewhere=_elsewhere_by(said),
        blocked_by=blocked_by,
        board=board,
        author=(said.get("user") or {}).get("login", ""),
        updated_at=said["updated_at"],
        url=said.get("html_url") or "",
        locked=bool(said.get("locked")),
        is_pull_request="pull_request" in said,
    )


def parent(said: Payload) -> int | None:
    """Give the number of the issue above, when it is one of the same repository."""
    above = str(said.get("parent_issue_url") or "")
    home, _, number = above.rpartition("/issues/")
    own = repository(said)
    return int(number) if number.isdecimal() and own and home.casefold().endswith(f"/repos/{own}") else None


def _elsewhere_by(said: Payload) -> str:
    """Name the issue above when it is one of another repository, as its address does."""
    above = str(said.get("parent_issue_url") or "").rpartition("/repos/")[2]
    return above.replace("/issues/", "#") if above and repository(said) and parent(said) is None else ""


def related(said: Payload, other: Payload) -> bool:
    """Tell whether two issues are of one repository."""
    return repository(said) == repository(other)


def repository(said: Payload) -> str:
    """Name the repository of an issue, in lower case."""
    return str(said.get("repository_url", "")).casefold().rpartition("/repos/")[2]


def _here(node: Payload | None, repository: str) -> int | None:
    if not node or node["repository"]["nameWithOwner"].casefold() != repository.casefold():
        return None
    return int(node["number"])


def _elsewhere(node: Payload | None, repository: str) -> str:
    """Name the issue above when it is one of another repository."""
    return f"{node['repository']['nameWithOwner']}#{node['number']}" if node and _here(node, repository) is None else ""


def _state(said: str) -> Literal["open", "closed"]:
    return "closed" if said.lower() == "closed" else "open"
