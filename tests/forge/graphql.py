"""GitHub's GraphQL API: queries and mutations against the part of the schema that the fake models."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    execute_sync,
    parse,
    validate,
)

from tests.forge import boards, relations
from tests.forge.access import Access
from tests.forge.calls import Answer, Call, Refused
from tests.forge.nodes import Nodes, Value, field_node, refused
from tests.forge.state import Issue, Item, Project, iso

if TYPE_CHECKING:
    from tests.forge.server import Forge

SCHEMA = Path(__file__).with_name("schema.graphql")


def operation(raw: bytes) -> str:
    """Tell whether a request is a query or a mutation."""
    try:
        document, _ = _read(json.loads(raw)["query"])
    except (ValueError, KeyError, TypeError, GraphQLError):
        return "query"
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    return operations[0].operation.value if operations else "query"


def answer(forge: Forge, who: Access, body: Any) -> Answer:
    """Answer a query; what is wrong with it is told with status 200, as GitHub does."""
    query, variables = body.get("query", ""), body.get("variables") or {}
    try:
        document, problems = _read(query)
    except GraphQLError as error:
        problems, document = [error], None
    if problems or document is None:
        forge.violations += [f"POST /graphql: {problem.message}" for problem in problems]
        return Answer(200, {"errors": [{"message": problem.message} for problem in problems]})
    if operation(json.dumps(body).encode()) == "mutation" and not who.write:
        message = "Resource not accessible by personal access token"
        return Answer(200, {"data": None, "errors": [{"type": "FORBIDDEN", "message": message}]})
    root = _Root(forge, who).fields()
    result = execute_sync(schema(), document, root, variable_values=variables)
    assert isinstance(result, ExecutionResult)
    found: dict[str, Any] = {"data": result.data}
    if result.errors:
        found["errors"] = [_error(error) for error in result.errors]
    return Answer(200, found)


@functools.cache
def schema() -> GraphQLSchema:
    """Give the schema that the fake models."""
    return build_schema(SCHEMA.read_text(encoding="utf-8"))


@functools.lru_cache(maxsize=64)
def _read(query: str) -> tuple[DocumentNode, list[GraphQLError]]:
    document = parse(query)
    return document, validate(schema(), document)


def _error(error: GraphQLError) -> dict[str, Any]:
    told: dict[str, Any] = {"message": error.message, "path": error.path}
    kind = (error.extensions or {}).get("type")
    if isinstance(error.original_error, Refused):
        kind = "NOT_FOUND" if error.original_error.status == 404 else "UNPROCESSABLE"
    return told | ({"type": kind} if kind else {})


class _Root:
    """The fields of Query and of Mutation."""

    def __init__(self, forge: Forge, who: Access) -> None:
        self.forge = forge
        self.state = forge.state
        self.who = who
        self.nodes = Nodes(forge.state)

    def fields(self) -> dict[str, Any]:
        return {
            "node": lambda _info, id: self._node(id),
            "nodes": lambda _info, ids: [self._node(each) for each in ids],
            "repository": lambda _info, owner, name, followRenames=True: self._repository(owner, name),
            "user": lambda _info, login: self.nodes.owner(login, "User"),
            "organization": lambda _info, login: self.nodes.owner(login, "Organization"),
            "viewer": lambda _info: self.nodes.account(self.who.login),
            "rateLimit": lambda _info, dryRun=False: self._limit(),
            "addSubIssue": lambda _info, input: self._relate(input, "subIssue", self._adopt),
            "removeSubIssue": lambda _info, input: self._relate(input, "subIssue", relations.disown),
            "addBlockedBy": lambda _info, input: self._relate(input, "blockingIssue", relations.block),
            "removeBlockedBy": lambda _info, input: self._relate(input, "blockingIssue", relations.unblock),
            "addProjectV2ItemById": lambda _info, input: self._put_on(input),
            "updateProjectV2ItemFieldValue": lambda _info, input: self._fill(input, input["value"]),
            "clearProjectV2ItemFieldValue": lambda _info, input: self._fill(input, {}),
            "deleteProjectV2Item": lambda _info, input: self._take_off(input),
        }

    def _node(self, node: str) -> Value:
        found = self.nodes.find(node)
        if found is None:
            raise refused("NOT_FOUND", f"Could not resolve to a node with the global id of '{node}'")
        return found

    def _repository(self, owner: str, name: str) -> Value:
        found = self.state.repositories.get(f"{owner}/{name}".casefold())
        if found is None:
            raise refused("NOT_FOUND", f"Could not resolve to a Repository with the name '{owner}/{name}'.")
        return self.nodes.repository(found)

    def _limit(self) -> Value:
        told = self.forge.limits.headers("graphql")
        numbers = {name: int(told[f"X-RateLimit-{name.title()}"]) for name in ("limit", "remaining", "used")}
        return numbers | {"cost": 1, "nodeCount": 0, "resetAt": iso(int(told["X-RateLimit-Reset"]))}

    def _issue(self, node: str) -> tuple[Call, Issue]:
        prefix, _, number = node.partition("_kwDO")
        for repository in self.state.repositories.values():
            if prefix == "I" and int(number, 16) in repository.by_id:
                named = {"owner": repository.owner, "repo": repository.name}
                call = Call(self.state, "POST", "/graphql", named, {}, None, self.who.login, self.who.app)
                return call, repository.issues[repository.by_id[int(number, 16)]]
        raise refused("NOT_FOUND", f"Could not resolve to a node with the global id of '{node}'")

    def _adopt(self, call: Call, above: Issue, below: Issue) -> None:
        relations.adopt(call, above, below, replace=bool(call.fields.get("replaceParent")))

    def _relate(self, asked: Value, other: str, change: Any) -> Value:
        call, issue = self._issue(asked["issueId"])
        _, related = self._issue(asked[f"{other}Id"])
        call.body = asked
        change(call, issue, related)
        return _payload(
            asked, issue=self.nodes.issue(call.repository, issue), **{other: self.nodes.issue(call.repository, related)}
        )

    def _put_on(self, asked: Value) -> Value:
        call, issue = self._issue(asked["contentId"])
        project = self._project(asked)
        item = boards.put_on(call, project, call.repository, issue)
        return _payload(asked, item=self.nodes.item(project, item))

    def _fill(self, asked: Value, value: Value) -> Value:
        project, item = self._item(asked)
        field = next((each for each in project.fields if field_node(each) == asked["fieldId"]), None)
        if field is None:
            raise refused("NOT_FOUND", f"Could not resolve to a node with the global id of '{asked['fieldId']}'")
        wanted = next(iter(value.values()), None)
        boards.check(project, field.id, wanted)
        call = Call(self.state, "POST", "/graphql", {}, {}, None, self.who.login, self.who.app)
        boards.fill(call, item, field.id, wanted)
        return _payload(asked, projectV2Item=self.nodes.item(project, item))

    def _take_off(self, asked: Value) -> Value:
        project, item = self._item(asked)
        del project.items[item.id]
        return _payload(asked, deletedItemId=asked["itemId"])

    def _project(self, asked: Value) -> Project:
        known = self._node(asked["projectId"])["databaseId"]
        return next(project for project in self.state.projects.values() if project.id == known)

    def _item(self, asked: Value) -> tuple[Project, Item]:
        project, known = self._project(asked), self._node(asked["itemId"])["databaseId"]
        if known not in project.items:
            raise refused("NOT_FOUND", f"Could not resolve to a node with the global id of '{asked['itemId']}'")
        return project, project.items[known]


def _payload(asked: Value, **fields: Any) -> Value:
    return {"clientMutationId": asked.get("clientMutationId"), **fields}
