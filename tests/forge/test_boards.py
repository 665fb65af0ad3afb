"""The fake: boards by REST, and GraphQL against the part of GitHub's schema that it models."""

from __future__ import annotations

from typing import Any

import pytest
from github import Github, GithubException

from tests.forge import Forge, graphql, packages
from tests.forge.access import READ, WRITE
from tests.forge.conftest import connect

# GitHub has these since 2025, as its documentation of the mutation says; the npm package's schema is older.
NEWER = {
    "Issue.blockedBy",
    "Issue.blocking",
    "Mutation.addBlockedBy",
    "Mutation.removeBlockedBy",
    "AddBlockedByInput",
    "AddBlockedByPayload",
    "RemoveBlockedByInput",
    "RemoveBlockedByPayload",
}
PAGE = """
query($owner: String!, $name: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    issues(first: 100, after: $after, orderBy: {field: UPDATED_AT, direction: ASC}) {
      pageInfo { hasNextPage endCursor }
      nodes {
        id databaseId number title body state stateReason updatedAt url locked
        milestone { number title }
        parent { number }
        labels(first: 100) { nodes { name } }
        assignees(first: 10) { nodes { login } }
        subIssues(first: 100) { nodes { number } }
        blockedBy(first: 50) { nodes { number state } }
        projectItems(first: 5) {
          nodes { id project { number } fieldValueByName(name: "Status") {
            ... on ProjectV2ItemFieldSingleSelectValue { name optionId }
          } }
        }
      }
    }
  }
  rateLimit { cost remaining }
}
"""


def rest(client: Github, method: str, path: str, body: Any = None) -> Any:
    """One request past PyGithub's own classes, of which it has none for boards."""
    return client.requester.requestJsonAndCheck(method, path, input=body)[1]


def pages(client: Github) -> list[dict[str, Any]]:
    """All issues by GraphQL."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        _, body = client.requester.graphql_query(PAGE, {"owner": "acme", "name": "train", "after": after})
        page = body["data"]["repository"]["issues"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def test_board_by_rest(forge: Forge, client: Github) -> None:
    forge.seed(3)
    board = forge.board("Backlog", "Ready")
    path = f"/orgs/acme/projectsV2/{board.number}"
    assert rest(client, "GET", path)["title"] == "Board"
    status = next(one for one in rest(client, "GET", f"{path}/fields") if one["name"] == "Status")
    ready = next(one for one in status["options"] if one["name"]["raw"] == "Ready")
    before = forge.issue(1).updated_at
    item = rest(client, "POST", f"{path}/items", {"type": "Issue", "id": forge.issue(1).id})
    assert rest(client, "POST", f"{path}/items", {"type": "Issue", "id": forge.issue(1).id})["id"] == item["id"]
    rest(client, "POST", f"{path}/items", {"type": "Issue", "owner": "acme", "repo": "train", "number": 2})
    rest(client, "PATCH", f"{path}/items/{item['id']}", {"fields": [{"id": status["id"], "value": ready["id"]}]})
    listed = rest(client, "GET", f"{path}/items?fields={status['id']}&per_page=100")
    assert [(one["content"]["number"], one["fields"][0]["value"]) for one in listed][1] == (2, None)
    assert listed[0]["fields"][0]["value"]["name"]["raw"] == "Ready"
    assert forge.issue(1).updated_at == before, "a move on the board is no change of the issue"
    with pytest.raises(GithubException) as refused:
        rest(client, "PATCH", f"{path}/items/{item['id']}", {"fields": [{"id": status["id"], "value": "nothing"}]})
    assert refused.value.status == 422
    rest(client, "PATCH", f"{path}/items/{item['id']}", {"fields": [{"id": status["id"], "value": None}]})
    assert board.items[item["id"]].values == {}
    rest(client, "DELETE", f"{path}/items/{item['id']}")
    assert len(board.items) == 1


def test_items_are_paged_by_cursor(forge: Forge, client: Github) -> None:
    forge.seed(5)
    board = forge.board("Backlog")
    for number in range(1, 6):
        forge.call(
            "POST", f"/orgs/acme/projectsV2/{board.number}/items", {"type": "Issue", "id": forge.issue(number).id}
        )
    headers, first = client.requester.requestJsonAndCheck(
        "GET", f"/orgs/acme/projectsV2/{board.number}/items?per_page=3"
    )
    following = headers["link"].partition(">")[0].removeprefix("<")
    rest_of_them = rest(client, "GET", following)
    assert [one["content"]["number"] for one in first + rest_of_them] == [1, 2, 3, 4, 5]


def test_page_of_graphql_tells_all_of_an_issue(forge: Forge, client: Github) -> None:
    forge.seed(120)
    board = forge.board("Backlog", "Ready")
    forge.call("POST", "REPO/milestones", {"title": "Spring"})
    forge.edit(1, assignees=["ada"], milestone=1, state="closed", state_reason="not_planned")
    forge.call("POST", "REPO/issues/2/sub_issues", {"sub_issue_id": forge.issue(1).id})
    forge.call("POST", "REPO/issues/1/dependencies/blocked_by", {"issue_id": forge.issue(3).id})
    project, item, field = board_ids(client, forge)
    ready = board.fields[1].options[1]
    asked = {"projectId": project, "itemId": item, "fieldId": field, "value": {"singleSelectOptionId": ready.id}}
    client.requester.graphql_named_mutation("updateProjectV2ItemFieldValue", asked, "projectV2Item { id }")
    found = {one["number"]: one for one in pages(client)}
    assert len(found) == 120 and sum(request.operation == "query" for request in forge.requests) == 3
    one = found[1]
    assert (one["state"], one["stateReason"], one["milestone"]["title"]) == ("CLOSED", "NOT_PLANNED", "Spring")
    assert (one["parent"], one["assignees"]["nodes"]) == ({"number": 2}, [{"login": "ada"}])
    assert [label["name"] for label in one["labels"]["nodes"]] == ["Task", "next"]
    assert one["blockedBy"]["nodes"] == [{"number": 3, "state": "OPEN"}]
    assert one["projectItems"]["nodes"][0]["fieldValueByName"]["name"] == "Ready"
    assert found[2]["subIssues"]["nodes"] == [{"number": 1}]


def board_ids(client: Github, forge: Forge) -> tuple[str, str, str]:
    """Put issue 1 on the board by GraphQL; give the ids of the board, the item and the Status."""
    query = """query { organization(login: "acme") { projectV2(number: 1) {
      id field(name: "Status") { ... on ProjectV2SingleSelectField { id options { id name } } } } } }"""
    _, body = client.requester.graphql_query(query, {})
    project = body["data"]["organization"]["projectV2"]
    node = rest(client, "GET", "/repos/acme/train/issues/1")["node_id"]
    asked = {"projectId": project["id"], "contentId": node}
    _, made = client.requester.graphql_named_mutation("addProjectV2ItemById", asked, "item { id }")
    return project["id"], made["item"]["id"], project["field"]["id"]


def test_relations_by_graphql(forge: Forge, client: Github) -> None:
    forge.seed(2)
    one, two = (rest(client, "GET", f"/repos/acme/train/issues/{number}")["node_id"] for number in (1, 2))
    run = client.requester.graphql_named_mutation
    run("addSubIssue", {"issueId": one, "subIssueId": two}, "issue { number }")
    run("addBlockedBy", {"issueId": one, "blockingIssueId": two}, "issue { number }")
    assert (forge.issue(2).parent, forge.issue(1).blocked_by) == (1, [2])
    assert [request.operation for request in forge.writes] == ["mutation", "mutation"]
    run("removeBlockedBy", {"issueId": one, "blockingIssueId": two}, "issue { number }")
    run("removeSubIssue", {"issueId": one, "subIssueId": two}, "issue { number }")
    assert (forge.issue(2).parent, forge.issue(1).blocked_by) == (None, [])


def test_errors_of_graphql_come_with_status_200(forge: Forge, client: Github) -> None:
    forge.seed(2)
    query = 'query { repository(owner: "acme", name: "elsewhere") { id } }'
    _, _, text = client.requester.requestJson("POST", "/graphql", input={"query": query})
    assert '"NOT_FOUND"' in text
    query = 'query { repository(owner: "acme", name: "train") { issues { totalCount } } }'
    _, _, text = client.requester.requestJson("POST", "/graphql", input={"query": query})
    assert '"MISSING_PAGINATION_BOUNDARIES"' in text
    with connect(forge, READ) as reader:
        node = forge.call("GET", "REPO/issues/1")["node_id"]
        mutation = "mutation($i: AddSubIssueInput!) { addSubIssue(input: $i) { issue { number } } }"
        asked = {"query": mutation, "variables": {"i": {"issueId": node, "subIssueId": node}}}
        status, _, text = reader.requester.requestJson("POST", "/graphql", input=asked)
    assert (status, '"FORBIDDEN"' in text) == (200, True)
    forge.limits.graphql = forge.limits.used["graphql"]
    _, _, text = client.requester.requestJson("POST", "/graphql", input={"query": query})
    assert '"RATE_LIMITED"' in text


def test_document_against_the_schema_is_a_violation(forge: Forge, client: Github) -> None:
    query = 'query { repository(owner: "acme", name: "train") { issues(first: 1) { nodes { nonsense } } } }'
    client.requester.requestJson("POST", "/graphql", input={"query": query})
    assert "nonsense" in forge.violations.pop()


def test_unknown_token_asks_nothing(forge: Forge) -> None:
    with connect(forge, WRITE + "x") as stranger:
        status, _, _ = stranger.requester.requestJson("POST", "/graphql", input={"query": "query { viewer { login } }"})
    assert status == 401


def test_schema_is_a_part_of_githubs() -> None:
    from graphql import (
        GraphQLEnumType,
        GraphQLInputObjectType,
        GraphQLInterfaceType,
        GraphQLObjectType,
        GraphQLUnionType,
        build_schema,
    )

    folder = packages.package("@octokit/graphql-schema")
    if folder is None:
        pytest.skip(packages.missing())
    theirs = build_schema((folder / "schema.graphql").read_text(encoding="utf-8"), assume_valid=True).type_map
    wrong = []
    for name, ours in graphql.schema().type_map.items():
        if name.startswith("__") or name in NEWER:
            continue
        other = theirs.get(name)
        if type(other) is not type(ours):
            wrong.append(name)
        elif isinstance(ours, GraphQLEnumType):
            wrong += [f"{name}.{value}" for value in ours.values if value not in other.values]
        elif isinstance(ours, GraphQLUnionType):
            names = {each.name for each in other.types}
            wrong += [f"{name} = {each.name}" for each in ours.types if each.name not in names]
        elif isinstance(ours, (GraphQLObjectType, GraphQLInterfaceType, GraphQLInputObjectType)):
            wrong += different_fields(name, ours.fields, other.fields)
            if isinstance(ours, GraphQLInputObjectType):
                wrong += [f"{name} wants {each}" for each in required(other.fields) - set(ours.fields)]
    assert sorted(set(wrong) - NEWER) == []
    assert set(wrong) <= NEWER, "what the package has by now is no exception any more"


def different_fields(name: str, ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """The fields that GitHub has not, or has otherwise."""
    wrong = []
    for field, mine in ours.items():
        other = theirs.get(field)
        if other is None or str(other.type) != str(mine.type):
            wrong.append(f"{name}.{field}")
            continue
        arguments = getattr(other, "args", {})
        wrong += [
            f"{name}.{field}({argument})"
            for argument, value in getattr(mine, "args", {}).items()
            if argument not in arguments or str(arguments[argument].type) != str(value.type)
        ]
        wrong += [f"{name}.{field} wants {each}" for each in required(arguments) - set(getattr(mine, "args", {}))]
    return wrong


def required(fields: dict[str, Any]) -> set[str]:
    """The arguments that must be given."""
    from graphql import is_required_argument, is_required_input_field

    return {
        name
        for name, field in fields.items()
        if (is_required_argument(field) if hasattr(field, "deprecation_reason") else is_required_input_field(field))
    }
