"""Labels and milestones at GitHub."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from agenticops.errors import RemoteError
from agenticops.model.forge import Label
from agenticops.ports.forge import Milestone
from agenticops.ports.githubcalls import Calls, Refused


class GitHubLabels:
    """The labels of a repository; case makes no other name."""

    def __init__(self, calls: Calls, repository: str) -> None:
        self.calls = calls
        self.path = f"/repos/{repository}/labels"
        self.issues = f"/repos/{repository}/issues"

    def all(self) -> list[Label]:
        """List the labels; nobody counts here how often they are used."""
        return [Label(one["name"], one["color"], one.get("description") or "") for one in self.calls.list(self.path)]

    def create(self, label: Label) -> None:
        """Make a label; one of that name is as good."""
        body = {"name": label.name, "color": label.color, "description": label.description}

        def look() -> bool | None:
            return any(one.name.casefold() == label.name.casefold() for one in self.all()) or None

        try:
            self.calls.once(lambda: self.calls.write("POST", self.path, body), look)
        except Refused as refused:
            if refused.status != 422 or not look():
                raise

    def rename(self, old: str, new: str) -> None:
        """Give a label another name; its issues keep it."""
        body = {"new_name": new}
        self.calls.once(
            lambda: self.calls.write("PATCH", self._one(old), body),
            lambda: any(one.name == new for one in self.all()) or None,
        )

    def change(self, label: Label) -> None:
        """Give a label another colour and description."""
        body = {"color": label.color, "description": label.description}
        self.calls.write("PATCH", self._one(label.name), body, again=True)

    def delete(self, name: str) -> None:
        """Remove a label; one that is not there is as good."""
        try:
            self.calls.write("DELETE", self._one(name), again=True)
        except Refused as refused:
            if refused.status != 404:
                raise

    def used(self, name: str) -> bool:
        """Tell whether an issue or a pull request carries a label, open or closed."""
        # The list of issues holds pull requests too.
        query: dict[str, str | int] = {"labels": name, "state": "all", "per_page": 1}
        return bool(self.calls.get(self.issues, query))

    def _one(self, name: str) -> str:
        return f"{self.path}/{quote(name, safe='')}"


class GitHubMilestones:
    """The milestones of a repository; issues name them by number, we by title."""

    def __init__(self, calls: Calls, repository: str) -> None:
        self.calls = calls
        self.path = f"/repos/{repository}/milestones"
        self._numbers: dict[str, int] = {}

    def all(self) -> list[Milestone]:
        """List them."""
        found = [_milestone(one) for one in self.calls.list(self.path, {"state": "all"})]
        self._numbers = {one.title: one.number for one in found}
        return found

    def number(self, title: str) -> int:
        """Give the number of a title. Raises RemoteError when there is no such milestone."""
        if title not in self._numbers:
            self.all()
        if title not in self._numbers:
            raise RemoteError(f"there is no milestone {title!r}", hint="agenticops github plan makes it first")
        return self._numbers[title]

    def create(self, milestone: Milestone) -> Milestone:
        """Make a milestone; one of that title is as good."""
        body = {"title": milestone.title, **_told(milestone)}
        try:
            return self.calls.once(
                lambda: self._kept(self.calls.write("POST", self.path, body)), lambda: self._titled(milestone.title)
            )
        except Refused as refused:
            found = self._titled(milestone.title) if refused.status == 422 else None
            if found is None:
                raise
            return found

    def edit(self, milestone: Milestone) -> Milestone:
        """Change the milestone of that number; without a date the one that it has stays."""
        body = {"title": milestone.title, **_told(milestone), "description": milestone.description}
        path = f"{self.path}/{milestone.number}"
        return self._kept(self.calls.write("PATCH", path, body, again=True))

    def _titled(self, title: str) -> Milestone | None:
        return next((one for one in self.all() if one.title == title), None)

    def _kept(self, said: Any) -> Milestone:
        found = _milestone(said)
        self._numbers = {t: n for t, n in self._numbers.items() if n != found.number} | {found.title: found.number}
        return found


def _told(milestone: Milestone) -> dict[str, str]:
    body = {"state": "open" if milestone.open else "closed"}
    if milestone.description:
        body["description"] = milestone.description
    if milestone.due:
        # A time is asked for, and a day is kept, as they count days in California: noon is the same day there.
        body["due_on"] = f"{milestone.due}T20:00:00Z"
    return body


def _milestone(said: Any) -> Milestone:
    due = str(said.get("due_on") or "")[:10]
    return Milestone(said["title"], said["number"], said["state"] == "open", due, said.get("description") or "")
