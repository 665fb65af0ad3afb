"""Pull requests at GitHub, and what checks say of their commits."""

from __future__ import annotations

from typing import Any, Literal

from agenticops.errors import ConflictError, RemoteError
from agenticops.ports.forge import Check, Conclusion, Method, Pull
from agenticops.ports.githubcalls import Calls, Refused

# Characters that a commit status says at most.
STATUS_LIMIT = 140
_CONCLUSIONS: dict[str | None, Conclusion] = {
    "success": "success",
    "neutral": "neutral",
    "skipped": "neutral",
    None: "pending",
    "pending": "pending",
}


class GitHubPulls:
    """The pull requests of a repository."""

    def __init__(self, calls: Calls, repository: str) -> None:
        self.calls = calls
        self.root = f"/repos/{repository}"
        self.path = f"{self.root}/pulls"
        self.owner = repository.partition("/")[0]
        self._app = True  # until a check run is refused

    def open(self, head: str, base: str, title: str, body: str, draft: bool = False) -> Pull:
        """Ask to merge a branch; the open request of these two branches is as good."""
        asked = {"head": head, "base": base, "title": title, "body": body, "draft": draft}

        def look() -> Pull | None:
            return next((one for one in self.of_branch(head) if one.base == base), None)

        try:
            return self.calls.once(lambda: _pull(self.calls.write("POST", self.path, asked)), look)
        except Refused as refused:
            found = look() if refused.status == 422 else None
            if found is None:
                raise
            return found

    def get(self, number: int) -> Pull:
        """Give one."""
        return _pull(self.calls.get(f"{self.path}/{number}"))

    def of_branch(self, head: str) -> list[Pull]:
        """List the open ones of a branch of this repository."""
        # GitHub takes no notice of a head without its owner, and would list all.
        query: dict[str, str | int] = {"state": "open", "head": f"{self.owner}:{head}"}
        return [one for said in self.calls.list(self.path, query) if (one := _pull(said)).head == head]

    def merge(self, number: int, sha: str, method: Method, title: str = "", message: str = "") -> Pull:
        """Merge one whose branch still names that commit; else ConflictError."""
        body = {"sha": sha, "merge_method": method}
        body |= {name: text for name, text in (("commit_title", title), ("commit_message", message)) if text}

        def look() -> bool | None:
            return True if self.get(number).state == "merged" else None

        try:
            self.calls.once(lambda: self.calls.write("PUT", f"{self.path}/{number}/merge", body) is not None, look)
        except Refused as refused:
            if refused.status == 409:
                hint = "review the new commits, then merge again"
                raise ConflictError(f"pull request #{number} has other commits by now", hint=hint) from None
            if refused.status == 405:
                hint = "its checks, its reviews and its conflicts are shown on its page"
                raise RemoteError(f"pull request #{number} cannot be merged: {refused.said}", hint=hint) from None
            raise
        return self.get(number)

    def checks(self, sha: str) -> list[Check]:
        """List what check runs and commit statuses say of a commit, of each name the latest."""
        found = [
            _run(one)
            for page in self.calls.pages(f"{self.root}/commits/{sha}/check-runs")
            for one in page["check_runs"]
        ]
        for page in self.calls.pages(f"{self.root}/commits/{sha}/status"):
            found += [_status(one) for one in page["statuses"]]
        return sorted(found, key=lambda check: (check.name, check.by))

    def publish(self, sha: str, check: Check) -> Literal["check", "status"]:
        """Say something of a commit: as a check run where that is allowed, else as a commit status. Tells which."""
        if self._app:
            try:
                self._publish_run(sha, check)
                return "check"
            except Refused as refused:
                if refused.status != 403:
                    raise
                self._app = False  # only an app may: a person's token never will
        said = check.title if len(check.title) <= STATUS_LIMIT else f"{check.title[: STATUS_LIMIT - 1]}…"
        state = "success" if check.conclusion == "neutral" else check.conclusion
        body = {"state": state, "context": check.name, "description": said}
        body |= {"target_url": check.url} if check.url else {}
        # The latest of a context counts: doing it twice is doing it once.
        self.calls.write("POST", f"{self.root}/statuses/{sha}", body, again=True)
        return "status"

    def _publish_run(self, sha: str, check: Check) -> None:
        body: dict[str, Any] = {"name": check.name, "head_sha": sha}
        if check.conclusion == "pending":
            body["status"] = "in_progress"
        else:
            body |= {"status": "completed", "conclusion": check.conclusion}
        body["output"] = {"title": check.title or check.name, "summary": check.summary or check.title or check.name}
        body |= {"details_url": check.url} if check.url else {}
        # The latest of a name counts here too.
        self.calls.write("POST", f"{self.root}/check-runs", body, again=True)


def _pull(said: Any) -> Pull:
    merged = bool(said.get("merged_at"))
    return Pull(
        said["number"],
        said["title"],
        said["head"]["ref"],
        said["base"]["ref"],
        said["head"]["sha"],
        "merged" if merged else "closed" if said["state"] == "closed" else "open",
        bool(said.get("draft")),
        said.get("mergeable"),
        (said.get("merge_commit_sha") or "") if merged else "",
        said.get("html_url") or "",
        (said.get("user") or {}).get("login", ""),
    )


def _run(said: Any) -> Check:
    output = said.get("output") or {}
    return Check(
        said["name"],
        _CONCLUSIONS.get(said.get("conclusion"), "failure"),
        output.get("title") or "",
        output.get("summary") or "",
        said.get("html_url") or said.get("details_url") or "",
        str((said.get("app") or {}).get("slug") or ""),
    )


def _status(said: Any) -> Check:
    conclusion = _CONCLUSIONS.get(said["state"], "failure")
    return Check(said["context"], conclusion, said.get("description") or "", url=said.get("target_url") or "")
