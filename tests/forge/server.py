"""The fake itself: HTTP on loopback, and a door of its own for tests."""

from __future__ import annotations

import hashlib
import json
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from tests.forge import access, graphql, openapi, routes
from tests.forge.access import Gatekeeper, Limits
from tests.forge.calls import Answer, Call, Refused
from tests.forge.faults import Faults, Request
from tests.forge.labels import made_labels
from tests.forge.loopback import GRAPHQL, Handler, Server
from tests.forge.refs import GitRefs
from tests.forge.state import Issue, Project, Repository, State
from tests.forge.webhooks import Webhooks

# An enterprise's server has its API below a path.
ENTERPRISE = "/api/v3"
METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")
REMOVED = ("assignee", "merge_commit_sha", "use_squash_pr_title_as_default", "has_downloads", "master_branch", "rate")


class Forge:
    """A fake GitHub with one repository; see the package's docstring for its use."""

    def __init__(
        self,
        repository: str = "acme/train",
        clock: Callable[[], int] | None = None,
        validate: bool = True,
        enterprise: bool = False,
    ) -> None:
        self.state = State(clock)
        self.gate = Gatekeeper()
        self.limits = Limits()
        self.faults = Faults()
        self.requests: list[Request] = []
        self.violations: list[str] = []
        self.description = openapi.description() if validate else None
        self.prefix = ENTERPRISE if enterprise else ""
        self.lock = threading.RLock()
        for login in ("ada", "grace", "reader"):
            self.state.user(login)
        self.state.user("train[bot]", "Bot")
        self._name = self.state.add_repository(repository).full_name.casefold()
        self.webhooks = Webhooks(self.state)
        self._server: Server | None = None

    def __enter__(self) -> Forge:
        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.forge = self
        self.state.root = self.url
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, failure: object, *_: object) -> None:
        assert self._server is not None
        self._server.stop()
        self._thread.join()
        self._server = None
        if failure is None:
            self.check()

    @property
    def url(self) -> str:
        """The base address of the API."""
        assert self._server is not None, "the fake runs inside `with Forge() as forge:` only"
        return f"http://127.0.0.1:{self._server.server_address[1]}{self.prefix}"

    @property
    def repo(self) -> Repository:
        """The repository as it is kept."""
        return self.state.repositories[self._name]

    @property
    def writes(self) -> list[Request]:
        """The requests that wanted to change something."""
        return [request for request in self.requests if request.writes]

    def issue(self, number: int) -> Issue:
        """Give an issue as it is kept."""
        return self.repo.issues[number]

    def labels_of(self, number: int) -> list[str]:
        """Give the names of an issue's labels."""
        return [self.repo.labels[label].name for label in self.repo.issues[number].labels]

    def call(self, method: str, path: str, body: Any = None, login: str = "grace") -> Any:
        """Do what a person would do elsewhere: no HTTP, no fault, no limit, no line in the log."""
        with self.lock:
            address = urlsplit(path.replace("REPO", f"/repos/{self.repo.full_name}", 1))
            found = routes.match(method, address.path)
            assert found is not None, f"the fake has no {method} {path}"
            template, named = found
            query = dict(parse_qsl(address.query))
            call = Call(self.state, method, address.path, named, query, body, login, app=login.endswith("[bot]"))
            return routes.HANDLERS[method, template](call).body

    def create(self, title: str, login: str = "grace", **fields: Any) -> int:
        """Open an issue as somebody else; give its number."""
        return int(self.call("POST", "REPO/issues", {"title": title, **fields}, login)["number"])

    def edit(self, number: int, login: str = "grace", **fields: Any) -> None:
        """Change an issue as somebody else."""
        self.call("PATCH", f"REPO/issues/{number}", fields, login)

    def move(self, number: int, repository: str) -> None:
        """Move an issue to another repository, where it gets a new number; who asks for it is sent there."""
        with self.lock:
            there = self.state.repositories.get(repository.casefold()) or self.state.add_repository(repository)
            issue = self._taken_out(number)
            issue.number = 1 + max(there.issues, default=0)
            issue.labels, issue.milestone = [], None
            there.issues[issue.number], there.by_id[issue.id] = issue, issue.number
            self.repo.moved[number] = f"{repository}/issues/{issue.number}"

    def delete(self, number: int) -> None:
        """Delete an issue, as an administrator can; its number is never used again."""
        with self.lock:
            self._taken_out(number)
            self.repo.deleted.add(number)

    def _taken_out(self, number: int) -> Issue:
        """Take an issue out of its repository, with its relations: what becomes of those GitHub does not tell."""
        issue = self.repo.issues.pop(number)
        del self.repo.by_id[issue.id]
        for other in self.repo.issues.values():
            lists = other.sub_issues, other.blocked_by, other.blocking
            if self.state.relations_touch and (other.parent == number or any(number in numbers for numbers in lists)):
                other.updated_at = self.state.now()
            other.parent = None if other.parent == number else other.parent
            for numbers in lists:
                numbers[:] = [each for each in numbers if each != number]
        issue.parent, issue.sub_issues, issue.blocked_by, issue.blocking = None, [], [], []
        return issue

    def seed(self, count: int, labels: Iterable[str] = ("Task", "next")) -> None:
        """Open many issues at once, without webhooks."""
        with self.lock:
            call = Call(self.state, "POST", "", {}, {}, None, "grace")
            call.named = dict(zip(("owner", "repo"), self.repo.full_name.split("/"), strict=True))
            known = made_labels(call, list(labels))
            first = max(self.repo.issues, default=0) + 1
            for number in range(first, first + count):
                now = self.state.now()
                issue = Issue(self.state.next_id(), number, f"Issue {number}", "grace", now, now, f"Body {number}\n")
                issue.labels = list(known)
                self.repo.issues[number] = issue
                self.repo.by_id[issue.id] = number

    def board(self, *options: str) -> Project:
        """Make a board of the repository's owner with these options of its Status."""
        return self.state.add_project(self.repo.owner, "Board", list(options))

    def use_git(self, path: Path) -> None:
        """Take branches and commits from a bare repository, to which tests push."""
        self.repo.refs = GitRefs(path)

    def check(self) -> None:
        """Fail if any request or answer was not as GitHub describes it."""
        assert not self.violations, "not as GitHub describes it:\n" + "\n".join(self.violations)

    def answer(self, request: Request, headers: Mapping[str, str], raw: bytes) -> tuple[Answer, dict[str, str]]:
        """Answer one request: the answer, and the headers of the rate limit."""
        path = urlsplit(request.path).path
        resource = "graphql" if path in GRAPHQL else "core"
        with self.lock:
            try:
                found = self._do(request, headers, raw, resource)
            except Refused as refused:
                body: dict[str, Any] = {"message": refused.message, "documentation_url": "https://docs.github.com/rest"}
                if refused.errors:
                    body["errors"] = refused.errors
                found = Answer(refused.status, body | {"status": str(refused.status)}, refused.headers)
            except Exception:
                # An answer all the same: a client that waits would hide what broke.
                self.violations.append(f"{request.method} {request.path}: the fake broke: {traceback.format_exc()}")
                found = Answer(500, {"message": "the fake broke"})
            if resource == "core":
                self._validate(request, headers, raw, found)
            return found, self.limits.headers(resource)

    def _do(self, request: Request, headers: Mapping[str, str], raw: bytes, resource: str) -> Answer:
        if resource == "graphql":
            who = self.gate.admit(headers, writes=False)
            if not who.login:
                raise Refused(401, "Requires authentication")
            try:
                self.limits.spend(resource)
            except Refused as refused:
                return Answer(200, {"errors": [{"type": "RATE_LIMITED", "message": refused.message}]})
            return graphql.answer(self, who, _json(raw))
        found = routes.match(request.method, request.path) if request.method in METHODS else None
        if found is None:
            raise Refused(404, "Not Found")
        template, named = found
        call = self._call(request, named, raw)
        if (request.method, template) == access.TOKENS:
            self.gate.app(headers)
            return self.gate.install(call)
        if (request.method, template) == ("GET", "/repos/{owner}/{repo}/installation"):
            self.gate.app(headers)
            return access.installation(call)
        who = self.gate.admit(headers, request.writes)
        call.login, call.app = who.login, who.app
        if (request.method, template) == routes.LIMITS:
            return self._limits()
        self.limits.spend(resource)
        if request.writes and "repo" in named and call.repository.archived:
            raise Refused(403, "Repository was archived so is read-only.")
        return self._with_tag(headers, routes.HANDLERS[request.method, template](call))

    def _call(self, request: Request, named: dict[str, str], raw: bytes) -> Call:
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        return Call(self.state, request.method, request.path, named, query, _json(raw), "")

    def _with_tag(self, headers: Mapping[str, str], found: Answer) -> Answer:
        if found.status != 200:
            return found
        tag = f'W/"{hashlib.sha256(msgspec.json.encode(found.body)).hexdigest()}"'
        if headers.get("If-None-Match") == tag:
            self.limits.give_back("core")
            return Answer(304, None, {"ETag": tag})
        found.headers["ETag"] = tag
        return found

    def _limits(self) -> Answer:
        told = {}
        for resource in ("core", "graphql", "search"):
            values = self.limits.headers("core" if resource == "search" else resource)
            told[resource] = {
                name: int(values[f"X-RateLimit-{name.title()}"]) for name in ("limit", "remaining", "reset", "used")
            }
        return Answer(200, {"resources": told, "rate": told["core"]})

    def _validate(self, request: Request, headers: Mapping[str, str], raw: bytes, found: Answer) -> None:
        matched = routes.match(request.method, request.path) if request.method in METHODS else None
        if matched is None:
            self.violations.append(f"{request.method} {request.path}: the fake knows no such path")
            return
        version = headers.get("X-GitHub-Api-Version", openapi.OLD)
        if version not in openapi.VERSIONS:
            self.violations.append(f"{request.method} {request.path}: no API version {version!r}")
            return
        if version == openapi.NEW:
            found.body = _newer(found.body)
        if self.description is None:
            return
        template, _ = matched
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        problems = [*self.description.of_request(request.method, template, query, _json(raw), bool(raw))]
        problems += [
            f"the fake {problem}"
            for problem in self.description.of_response(request.method, template, found.status, found.body, version)
        ]
        self.violations += [f"{request.method} {request.path}: {problem}" for problem in problems]


def _json(raw: bytes) -> Any:
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        raise Refused(400, "Problems parsing JSON") from None


def _newer(body: Any) -> Any:
    """Leave out what the newer version of the API no longer has."""
    if isinstance(body, list):
        return [_newer(one) for one in body]
    if isinstance(body, dict):
        return {name: _newer(value) for name, value in body.items() if name not in REMOVED}
    return body
