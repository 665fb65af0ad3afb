"""Boards (Projects v2) by the REST API."""

from __future__ import annotations

from tests.forge import render
from tests.forge.calls import Answer, Call, Refused
from tests.forge.state import Issue, Item, Project, Repository


def board(call: Call) -> Answer:
    """Give a board."""
    return Answer(200, render.project(call.state, call.project))


def fields(call: Call) -> Answer:
    """List the fields of a board."""
    project = call.project
    return Answer(200, [render.project_field(call.state, project, field) for field in project.fields])


def items(call: Call) -> Answer:
    """List the items of a board; pages go by cursor."""
    project = call.project
    size = min(max(int(call.query.get("per_page", "30")), 1), 100)
    waiting = [item for number, item in project.items.items() if number > int(call.query.get("after") or 0)]
    page = waiting[:size]
    headers = {}
    if len(waiting) > size:
        query = f"per_page={size}&after={page[-1].id}"
        if "fields" in call.query:
            query += f"&fields={call.query['fields']}"
        headers["Link"] = f'<{call.state.root}{call.path}?{query}>; rel="next"'
    shown = _shown(call)
    return Answer(200, [render.item(call.state, project, item, shown) for item in page], headers)


def item(call: Call) -> Answer:
    """Give one item."""
    found = call.found(call.project.items, "item_id")
    return Answer(200, render.item(call.state, call.project, found, _shown(call)))


def add(call: Call) -> Answer:
    """Put an issue or pull request on the board; twice gives the same item."""
    asked = call.fields
    if "number" in asked:
        name = f"{asked['owner']}/{asked['repo']}"
        repository = call.state.repositories.get(name.casefold())
        issue = repository.issues.get(asked["number"]) if repository else None
    else:
        repository, issue = _by_id(call, asked.get("id"))
    if repository is None or issue is None:
        raise Refused(404, "Not Found")
    made = put_on(call, call.project, repository, issue)
    payload = render.item(call.state, call.project, made, None)
    del payload["fields"]
    return Answer(201, payload)


def edit(call: Call) -> Answer:
    """Set fields of an item; null clears."""
    project, found = call.project, call.found(call.project.items, "item_id")
    asked = {one["id"]: one["value"] for one in call.fields.get("fields", [])}
    for number, value in asked.items():
        check(project, number, value)
    for number, value in asked.items():
        fill(call, found, number, value)
    return Answer(200, render.item(call.state, project, found, set(asked)))


def remove(call: Call) -> Answer:
    """Take an item from the board."""
    del call.project.items[call.found(call.project.items, "item_id").id]
    return Answer(204)


def put_on(call: Call, project: Project, repository: Repository, issue: Issue) -> Item:
    """Give the item of an issue on a board, made when it is new."""
    for known in project.items.values():
        if known.number == issue.number and known.repository == repository.full_name:
            return known
    made = Item(call.state.next_id(), repository.full_name, issue.number, call.login, call.now, call.now)
    project.items[made.id] = made
    return made


def check(project: Project, number: int, value: object) -> None:
    """Refuse a field that the board has not, or a choice that the field has not."""
    field = next((field for field in project.fields if field.id == number), None)
    if field is None or field.data_type == "title":
        raise Refused(422, "Validation Failed", [{"resource": "ProjectV2Item", "field": "fields", "code": "invalid"}])
    if field.data_type == "single_select" and value is not None and value not in {one.id for one in field.options}:
        raise Refused(422, "Validation Failed", [{"resource": "ProjectV2Item", "field": "value", "code": "invalid"}])


def fill(call: Call, item: Item, number: int, value: str | float | None) -> None:
    """Set or clear a value; the issue itself does not change by that."""
    if value is None:
        item.values.pop(number, None)
    else:
        item.values[number] = value
    item.updated_at = call.now


def _by_id(call: Call, number: object) -> tuple[Repository | None, Issue | None]:
    for repository in call.state.repositories.values():
        if number in repository.by_id:
            return repository, repository.issues[repository.by_id[int(str(number))]]
    return None, None


def _shown(call: Call) -> set[int] | None:
    asked = call.query.get("fields", call.query.get("fields[]"))
    return {int(one) for one in asked.split(",")} if asked else None


ROUTES = {
    (method, f"/{place}/projectsV2/{{project_number}}{rest}"): handler
    for place in ("users/{username}", "orgs/{org}")
    for method, rest, handler in (
        ("GET", "", board),
        ("GET", "/fields", fields),
        ("GET", "/items", items),
        ("POST", "/items", add),
        ("GET", "/items/{item_id}", item),
        ("PATCH", "/items/{item_id}", edit),
        ("DELETE", "/items/{item_id}", remove),
    )
}
