"""GitHub behind the Protocols of `ports/forge.py`: one repository, noun by noun, over one connection."""

from __future__ import annotations

from agenticops.ports.forge import Limit
from agenticops.ports.githubboard import GitHubBoard
from agenticops.ports.githubcalls import Calls, Refused
from agenticops.ports.githubcomments import GitHubComments
from agenticops.ports.githubissues import GitHubIssues
from agenticops.ports.githublabels import GitHubLabels, GitHubMilestones
from agenticops.ports.githubpulls import GitHubPulls


class GitHub:
    """One repository of a GitHub. `board` is the board in sync as `owner/number`, its owner left out when the same."""

    def __init__(self, calls: Calls, repository: str, board: str = "", field: str = "Status") -> None:
        self.calls = calls
        self.repository = repository
        self._me = ""
        owner, _, number = board.rpartition("/")
        own = repository.partition("/")[0]
        self.board = GitHubBoard(calls, owner or own, int(number), field) if board else None
        self.labels = GitHubLabels(calls, repository)
        self.milestones = GitHubMilestones(calls, repository)
        self.comments = GitHubComments(calls, repository, self.me)
        self.pulls = GitHubPulls(calls, repository)
        self.issues = GitHubIssues(calls, repository, self.milestones, self.board, self.me)

    def me(self) -> str:
        """Name the account whose token it is."""
        if not self._me:
            try:
                self._me = str(self.calls.query("query { viewer { login } }", {})["viewer"]["login"])
            except Refused as refused:
                if refused.status == 401:
                    raise
                self._me = str(self.calls.get("/user")["login"])
        return self._me

    def limit(self) -> Limit:
        """Tell what is left of the rate limit, at no cost."""
        core = self.calls.get("/rate_limit")["resources"]["core"]
        return Limit(core["limit"], core["remaining"], core["reset"])

    def close(self) -> None:
        """Let go of the connection."""
        self.calls.close()
