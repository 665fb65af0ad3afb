"""Comments at GitHub: one of our own, kept up to date, is better than many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agenticops.ports.forge import Comment
from agenticops.ports.githubcalls import Calls


class GitHubComments:
    """The comments of issues and pull requests; `me` names whose are our own."""

    def __init__(self, calls: Calls, repository: str, me: Callable[[], str]) -> None:
        self.calls = calls
        self.path = f"/repos/{repository}/issues"
        self.me = me

    def all(self, number: int) -> list[Comment]:
        """List them, the oldest first."""
        return [_comment(one) for one in self.calls.list(f"{self.path}/{number}/comments")]

    def create(self, number: int, body: str) -> Comment:
        """Write one; an unclear answer is settled by looking for the same words of our own."""
        return self.calls.once(
            lambda: _comment(self.calls.write("POST", f"{self.path}/{number}/comments", {"body": body})),
            lambda: next((one for one in reversed(self._mine(number)) if _same(one.body, body)), None),
        )

    def edit(self, comment: Comment, body: str) -> Comment:
        """Change one."""
        return _comment(self.calls.write("PATCH", f"{self.path}/comments/{comment.id}", {"body": body}, again=True))

    def stick(self, number: int, marker: str, body: str) -> Comment:
        """Keep one comment of our own up to date, which the marker in its body finds again."""
        if marker not in body:
            raise ValueError("a comment that is to be found again has its marker in it")
        found = next((one for one in self._mine(number) if marker in one.body), None)
        if found is None:
            return self.create(number, body)
        return found if _same(found.body, body) else self.edit(found, body)

    def _mine(self, number: int) -> list[Comment]:
        # Anybody can write a marker, and who may write to the repository may change everybody's comments.
        me = self.me().casefold()
        return [one for one in self.all(number) if one.author.casefold() == me]


def _comment(said: Any) -> Comment:
    author = (said.get("user") or {}).get("login", "")
    return Comment(said["id"], said.get("body") or "", author, said.get("html_url") or "", said["updated_at"])


def _same(one: str, other: str) -> bool:
    return one.replace("\r\n", "\n").strip() == other.replace("\r\n", "\n").strip()
