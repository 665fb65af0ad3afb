"""A board at GitHub (Projects v2): in which column of its status field an issue stands."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from agenticops.model.forge import Issue
from agenticops.ports.forge import NoColumns
from agenticops.ports.githubcalls import Calls


class _Field(Struct, frozen=True):
    """The field that holds the column: its id, and by name those of its choices."""

    id: int
    options: dict[str, str]


class GitHubBoard:
    """A board by its owner and number. `field` is the name of the single-select field whose choices are the columns."""

    def __init__(self, calls: Calls, owner: str, number: int, field: str = "Status") -> None:
        self.calls = calls
        self.owner = owner
        self.number = number
        self.field = field
        self._place = ""
        self._known: _Field | None = None

    @property
    def address(self) -> str:
        """How the address of this board ends, in lower case."""
        return f"/{self.owner}/projects/{self.number}".casefold()

    def columns(self) -> list[str]:
        """List the columns. Raises NoColumns where there is no field for them."""
        return list(self._status().options)

    def stands(self) -> dict[int, str]:
        """Tell the column of each issue on the board, by the issue's id."""
        try:
            status = self._status()
        except NoColumns:
            return {}
        found: dict[int, str] = {}
        for page in self.calls.pages(f"{self._path()}/items", {"fields": status.id}):
            for item in page:
                if item.get("content_type") == "Issue" and item.get("content"):
                    found[item["content"]["id"]] = _column(item, status.id)
        return found

    def move(self, issue: Issue, column: str) -> Issue:
        """Put an issue into a column, and on the board if it is not there; "" takes it out of its column."""
        status = self._status()
        names = {name.casefold(): name for name in status.options}
        name = names.get(column.casefold(), "")
        if column and not name:
            have = ", ".join(status.options)
            hint = f"add it to the field {self.field} of the board: it has {have}"
            raise NoColumns(f"the board has no column {column!r}", place=self.address.lstrip("/"), hint=hint)
        # GitHub gives the item that is there already, so that doing it twice is doing it once.
        body = {"type": "Issue", "id": issue.id}
        item = self.calls.write("POST", f"{self._path()}/items", body, again=True)["id"]
        value = {"id": status.id, "value": status.options[name] if name else None}
        self.calls.write("PATCH", f"{self._path()}/items/{item}", {"fields": [value]}, again=True)
        return msgspec.structs.replace(issue, board=name)

    def _status(self) -> _Field:
        if self._known is None:
            for field in self.calls.list(f"{self._path()}/fields"):
                if field["name"].casefold() == self.field.casefold() and field.get("options") is not None:
                    self._known = _Field(field["id"], {_text(one["name"]): one["id"] for one in field["options"]})
                    break
            else:
                hint = "name it in config/forge.yml (status_field), or make it: single select"
                raise NoColumns(f"the board has no field {self.field!r} with choices", hint=hint)
        return self._known

    def _path(self) -> str:
        if not self._place:
            kind = self.calls.get(f"/users/{self.owner}").get("type")
            self._place = "orgs" if kind == "Organization" else "users"
        return f"/{self._place}/{self.owner}/projectsV2/{self.number}"


def _column(item: Any, field: int) -> str:
    value = next((one["value"] for one in item.get("fields") or () if one["id"] == field), None)
    return _text(value["name"]) if isinstance(value, dict) else ""


def _text(name: Any) -> str:
    """Give a name, which GitHub writes as a text or with its HTML."""
    return str(name["raw"] if isinstance(name, dict) else name)
