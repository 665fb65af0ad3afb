"""Issues at GitHub: read in pages, made exactly once, changed after asking again, and put in relation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from agenticops.core.sync.effect import changed
from agenticops.errors import ConflictError, RemoteError
from agenticops.model.forge import Issue
from agenticops.ports import githubread
from agenticops.ports.forge import Edit, Moved, New
from agenticops.ports.githubboard import GitHubBoard
from agenticops.ports.githubcalls import Calls, Off, Refused
from agenticops.ports.githublabels import GitHubMilestones

PLAN_ANEW = "somebody was faster: agenticops github plan shows what is to be done now"
# The fields of an issue that an answer of the REST API tells whole.
OWN = ("title", "body", "state", "state_reason", "labels", "assignees", "milestone", "updated_at", "locked")


class GitHubIssues:
    """The issues of one repository. GraphQL saves calls; where a server refuses it, the REST API says the same."""

    def __init__(
        self,
        calls: Calls,
        repository: str,
        milestones: GitHubMilestones,
        board: GitHubBoard | None,
        me: Callable[[], str],
    ) -> None:
        self.calls = calls
        self.repository = repository
        self.milestones = milestones
        self.board = board
        self.me = me
        self.path = f"/repos/{repository}/issues"
        self._graph = True
        self._highest = 0  # what is made from now on has a higher number than any that was seen
        self._lacks: set[str] = set()
        self._renamed = ""  # what the repository is called by now, once somebody wanted to know

    @property
    def lacks(self) -> frozenset[str]:
        """Fields that this server turned out not to know."""
        return frozenset(self._lacks)

    def all(self, since: str = "") -> Iterator[Issue]:
        """Give all issues, the oldest first, or those changed since a time.

        Where GraphQL gives up in the middle, the REST API goes on with those that were not given yet.
        """
        document = githubread.pages(self.board is not None, bool(since))
        only = {"since": since} if since else {}
        after: str | None = None
        given: set[int] = set()
        while self._graph:
            try:
                page = self._graphed(document, after=after, **only)
            except Refused:
                self._graph = False
                break
            if not page["hasIssuesEnabled"]:
                raise Off(f"GET {self.path}")
            for node in page["issues"]["nodes"]:
                given.add(node["number"])
                yield self._note(self._of_graph(node, page["nameWithOwner"]))
            after = page["issues"]["pageInfo"]["endCursor"]
            if not page["issues"]["pageInfo"]["hasNextPage"]:
                return
        yield from (issue for issue in self._listed(since) if issue.number not in given)

    def get(self, number: int) -> Issue:
        """Give one issue as it is now."""
        if self._graph:
            try:
                page = self._graphed(githubread.single(self.board is not None), number=number)
            except Refused:
                pass  # the REST API tells what is wrong, or answers
            else:
                here = f"/{page['nameWithOwner']}/issues/{number}".casefold()
                if page["issue"] and page["issue"]["url"].casefold().endswith(here):
                    return self._note(self._of_graph(page["issue"], page["nameWithOwner"]))
        return self._note(self._of_rest(self._read(number), self._columns()))

    def find(self, marker: str, above: int = 0) -> Issue | None:
        """Find the issue of our own that has a marker on a line of its own, the newest first."""
        line = re.compile(rf"^[ \t]*{re.escape(marker)}[ \t]*\r?$", re.MULTILINE)
        newest_first: dict[str, str | int] = {"state": "all", "sort": "created", "direction": "desc"}
        for page in self.calls.pages(self.path, newest_first):
            for said in page:
                if said["number"] <= above:
                    return None
                if "pull_request" not in said and line.search(said.get("body") or "") and self._mine(said):
                    return self._note(self._of_rest(said, self._columns()))
        return None

    def create(self, new: New) -> Issue:
        """Make an issue, exactly one: an unclear answer is settled by its marker before anything is tried again."""
        if new.marker not in new.body:
            raise ValueError("an issue is made with its marker in its body")  # it could not be found again
        body: dict[str, Any] = {"title": new.title, "body": new.body}
        body |= {name: list(value) for name in ("labels", "assignees") if (value := getattr(new, name))}
        number = {"milestone": self.milestones.number(new.milestone)} if new.milestone else {}
        above = self._highest

        def send() -> Issue:
            return githubread.of_rest(self.calls.write("POST", self.path, {**body, **number}))

        return self._note(self.calls.once(send, lambda: self.find(new.marker, above)))

    def edit(self, seen: Issue, edit: Edit) -> Issue:
        """Change an issue, after asking again: when a field to be changed is not as it was seen, ConflictError.

        Sets are sent whole: GitHub has no other way to change them together with the rest in one request.
        """
        now = self._own(seen)
        wanted = _applied(now, edit)
        fields = [name for name in OWN if getattr(wanted, name) != getattr(now, name)]
        if moved := [name for name in fields if _plain(seen, name) != _plain(now, name)]:
            raise _changed(seen, f"its {' and '.join(moved)}")
        if not fields:
            return now
        body = self._body(wanted, fields)

        def send() -> Issue:
            return self._joined(seen, self.calls.write("PATCH", f"{self.path}/{seen.number}", body))

        def look() -> Issue | None:
            found = self._own(seen)
            if all(_plain(found, name) == _plain(wanted, name) for name in fields):
                return found
            if any(_plain(found, name) != _plain(now, name) for name in fields):
                raise _changed(seen, "it")
            return None

        return self._heeded(self.calls.once(send, look), wanted, fields)

    def assign(self, number: int, login: str) -> None:
        """Put a name beside those that an issue has; one that cannot be assigned is left out without a word."""
        self.calls.write("POST", f"{self.path}/{number}/assignees", {"assignees": [login]}, again=True)

    def unassign(self, number: int, login: str) -> None:
        """Take one name off an issue, whoever else it has."""
        self.calls.write("DELETE", f"{self.path}/{number}/assignees", {"assignees": [login]}, again=True)

    def set_parent(self, issue: Issue, parent: Issue | None) -> Issue:
        """Put an issue below another, instead of below the one that it had, or below none."""
        if parent is None:
            if issue.parent is not None:
                above = f"{self.path}/{issue.parent}/sub_issue"
                self._without(lambda: self.calls.write("DELETE", above, {"sub_issue_id": issue.id}, again=True))
            return msgspec.structs.replace(issue, parent=None, parent_elsewhere="")
        number = parent.number
        body = {"sub_issue_id": issue.id, "replace_parent": True}
        self._relate(
            lambda: self.calls.write("POST", f"{self.path}/{number}/sub_issues", body),
            lambda: githubread.parent(self._read(issue.number)) == number,
        )
        return msgspec.structs.replace(issue, parent=number, parent_elsewhere="")

    def place(self, issue: Issue, after: Issue) -> None:
        """Put a sub-issue behind one of its siblings."""
        if issue.parent is None or issue.parent != after.parent:
            raise ConflictError(f"issues #{issue.number} and #{after.number} have not the same parent", hint=PLAN_ANEW)
        body = {"sub_issue_id": issue.id, "after_id": after.id}
        self.calls.write("PATCH", f"{self.path}/{issue.parent}/sub_issues/priority", body, again=True)

    def block(self, issue: Issue, by: Issue) -> Issue:
        """Say that an issue waits for another."""
        path = f"{self.path}/{issue.number}/dependencies/blocked_by"
        self._relate(
            lambda: self.calls.write("POST", path, {"issue_id": by.id}),
            lambda: any(one["id"] == by.id for one in self.calls.list(path)),
        )
        return msgspec.structs.replace(issue, blocked_by=(*(n for n in issue.blocked_by if n != by.number), by.number))

    def unblock(self, issue: Issue, by: Issue) -> Issue:
        """Say that an issue no longer waits for another."""
        path = f"{self.path}/{issue.number}/dependencies/blocked_by/{by.id}"
        self._without(lambda: self.calls.write("DELETE", path, again=True))
        return msgspec.structs.replace(issue, blocked_by=tuple(n for n in issue.blocked_by if n != by.number))

    def _graphed(self, document: str, **variables: object) -> Any:
        owner, _, name = self.repository.partition("/")
        asked = {"owner": owner, "name": name, **variables}
        if self.board:
            asked["field"] = self.board.field
        return self.calls.query(document, asked)["repository"]

    def _of_graph(self, node: Any, repository: str) -> Issue:
        found = githubread.of_graph(node, repository, self.board.address if self.board else "")
        return found or self._of_rest(self._read(node["number"]), self._columns())

    def _listed(self, since: str) -> Iterator[Issue]:
        columns = self._columns()
        query: dict[str, str | int] = {"state": "all", "sort": "created", "direction": "asc"}
        for page in self.calls.pages(self.path, query | ({"since": since} if since else {})):
            for said in page:
                self._highest = max(self._highest, said["number"])
                if "pull_request" not in said:
                    yield self._of_rest(said, columns)

    def _of_rest(self, said: Any, columns: dict[int, str]) -> Issue:
        return githubread.of_rest(said, self._blockers(said), columns.get(said["id"], ""))

    def _columns(self) -> dict[int, str]:
        return self.board.stands() if self.board else {}

    def _blockers(self, said: Any) -> tuple[int, ...]:
        if "pull_request" not in said:
            named = (("depends", "issue_dependencies_summary"), ("parent", "sub_issues_summary"))
            self._lacks |= {field for field, key in named if key not in said}
        summary = said.get("issue_dependencies_summary")
        if not summary or not summary.get("total_blocked_by"):
            return ()
        found = self.calls.list(f"{self.path}/{said['number']}/dependencies/blocked_by")
        return tuple(one["number"] for one in found if githubread.related(said, one))

    def _read(self, number: int) -> Any:
        said = self.calls.get(f"{self.path}/{number}")
        if said["number"] != number or not self._ours(said):  # GitHub's redirection was followed
            raise Moved(number, str(said.get("html_url") or "another repository"))
        return said

    def _ours(self, said: Any) -> bool:
        """Tell whether an issue is of this repository, which may have been given another name."""
        name, mine = githubread.repository(said), self.repository.casefold()
        if name and name != mine and not self._renamed:
            self._renamed = str(self.calls.get(f"/repos/{self.repository}")["full_name"]).casefold()
        return name in ("", mine, self._renamed)

    def _own(self, seen: Issue) -> Issue:
        """Read the own fields of an issue anew; its place among others stays as it was seen."""
        return self._joined(seen, self._read(seen.number))

    def _joined(self, seen: Issue, said: Any) -> Issue:
        found = githubread.of_rest(said)
        return msgspec.structs.replace(seen, **{name: getattr(found, name) for name in OWN})

    def _mine(self, said: Any) -> bool:
        return str((said.get("user") or {}).get("login", "")).casefold() == self.me().casefold()

    def _note(self, issue: Issue) -> Issue:
        self._highest = max(self._highest, issue.number)
        return issue

    def _body(self, wanted: Issue, fields: list[str]) -> dict[str, object]:
        body: dict[str, object] = {name: getattr(wanted, name) for name in ("title", "body") if name in fields}
        body |= {name: list(getattr(wanted, name)) for name in ("labels", "assignees") if name in fields}
        if "milestone" in fields:
            body["milestone"] = self.milestones.number(wanted.milestone) if wanted.milestone else None
        if "state" in fields or "state_reason" in fields:
            body["state"] = wanted.state
            if wanted.state == "closed":
                body["state_reason"] = wanted.state_reason
        return body

    def _heeded(self, found: Issue, wanted: Issue, fields: list[str]) -> Issue:
        """Refuse an edit that GitHub dropped without a word, as it does for who may write issues but not sort them."""
        dropped = [n for n in ("labels", "milestone") if n in fields and _plain(found, n) != _plain(wanted, n)]
        if dropped:
            hint = "the token needs the right to triage or to push: ask an owner of the repository"
            raise RemoteError(f"GitHub dropped {' and '.join(dropped)} of #{found.number}", hint=hint)
        return found

    def _relate(self, send: Callable[[], Any], done: Callable[[], bool]) -> None:
        """Make a relation; one that is there already is as good, whoever made it."""
        try:
            self.calls.once(send, lambda: True if done() else None)
        except Refused as refused:
            if refused.status != 422 or not done():
                raise

    def _without(self, send: Callable[[], Any]) -> None:
        try:
            send()
        except Refused as refused:
            if refused.status != 404:
                raise


def _applied(now: Issue, edit: Edit) -> Issue:
    """Give an issue as an edit wants it."""
    write: dict[str, Any] = {n: v for n in ("title", "body", "milestone") if (v := getattr(edit, n)) is not None}
    if edit.body is not None and _lines(now.body) == _lines(edit.body):
        del write["body"]  # other line ends are no change
    if edit.state is not None and (edit.state == "open") != (now.state == "open"):
        write["state"] = "open" if edit.state == "open" else "closed"
    if edit.state is not None and edit.state != "open" and edit.state != now.state_reason:
        write["state_reason"] = edit.state
    write["labels"] = changed(now.labels, edit.add_labels, edit.remove_labels)
    write["assignees"] = changed(now.assignees, edit.add_assignees, edit.remove_assignees)
    return msgspec.structs.replace(now, **write)


def _plain(issue: Issue, name: str) -> object:
    """Give a field for a comparison: the order of names and their case, and line ends, do not count."""
    value = getattr(issue, name)
    if isinstance(value, tuple):
        return sorted(one.casefold() for one in value)
    return _lines(value) if name == "body" else value


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").rstrip()


def _changed(issue: Issue, what: str) -> ConflictError:
    return ConflictError(
        f"issue #{issue.number}: {what} changed since it was read; nothing was written", place=issue.url, hint=PLAN_ANEW
    )
