"""Requests to GitHub by PyGithub's requester: sent again where that is safe, tagged, paged, and explained when refused.

A request that makes something is never sent twice blindly: when its answer is lost, `once` looks first.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode, urlsplit

import requests
from github import GithubException
from github.Requester import Requester
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from agenticops.core import secrets
from agenticops.errors import RemoteError
from agenticops.ports.githubcache import Cache, Kept
from agenticops.ports.githubretry import SHAKY, Limited, Patience, broke, delay, limited, spent

Thing = TypeVar("Thing")
Query = Mapping[str, str | int]
OFFLINE = "offline: the plan waits, and everything local works; run it again when the network is back"
# The address in a header that says how an organisation lets a token in: nothing in it that a terminal obeys.
_ALLOW = re.compile(r"url=(https://[!-~]+)")
AGAIN = "run it again: what was done is found again, and nothing is done twice"


class Unclear(RemoteError):
    """Nobody knows whether a request was done."""


class Refused(RemoteError):
    """The forge said no: `status` is that of HTTP, `said` its own words."""

    def __init__(self, status: int, said: str, place: str, hint: str = "") -> None:
        super().__init__(f"GitHub refused it ({status}): {said}", place=place, hint=hint or _hint(status, said))
        self.status = status
        self.said = said


class Off(RemoteError):
    """The repository has no issues: what is asked of any of them says nothing of that one."""

    def __init__(self, place: str, said: str = "") -> None:
        hint = "switch them on in the repository's settings at GitHub, under Features"
        super().__init__(f"issues are switched off in the repository{said and f': {said}'}", place=place, hint=hint)


class Answer(NamedTuple):
    """An answer that arrived whole; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str
    body: Any

    @property
    def message(self) -> str:
        """The words of a refusal, with those about single fields."""
        if not isinstance(self.body, dict):
            return "no message"
        errors = [e if isinstance(e, str) else _error(e) for e in self.body.get("errors") or ()]
        return "; ".join(filter(None, [str(self.body.get("message") or ""), *errors])) or "no message"


class Calls:
    """One connection to a forge. Requests go one after the other; the clock and the waiting are handed in."""

    def __init__(
        self,
        requester: Requester,
        patience: Patience | None = None,
        cache: Cache | None = None,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        known: tuple[str, ...] = (),
    ) -> None:
        self.requester = requester
        self.patience = patience or Patience.toward(requester.base_url)
        self.cache = cache
        self.now = now
        self.sleep = sleep
        self._known = known  # secrets, to be blacked out in what an error says
        self._wrote = 0.0

    def get(self, path: str, query: Query | None = None) -> Any:
        """Read something."""
        return self._tagged(path, query)[0]

    def pages(self, path: str, query: Query | None = None) -> Iterator[Any]:
        """Read a list, a page of 100 at a time."""
        query = {"per_page": 100, **(query or {})}
        while path:
            page, path = self._tagged(path, query)
            query = None  # the address of the next page holds it
            yield page

    def list(self, path: str, query: Query | None = None) -> list[Any]:
        """Read a list to its end."""
        return [one for page in self.pages(path, query) for one in page]

    def write(self, method: str, path: str, body: Any = None, again: bool = False) -> Any:
        """Change something. `again` tells that doing it twice is doing it once; else a lost answer raises Unclear."""
        wait = self._wrote + self.patience.between - self.now()
        if 0 < wait <= self.patience.between:
            self.sleep(wait)
        try:
            return self._ask(method, path, body=body, again=again).body
        finally:
            self._wrote = self.now()

    def query(self, document: str, variables: Mapping[str, Any]) -> Any:
        """Ask by GraphQL. Raises Refused with status 200 for an answer that has errors, or does not come."""
        body = {"query": document, "variables": dict(variables)}
        answer = self._ask("POST", self.requester.graphql_url, body=body, again=True)
        said = answer.body if isinstance(answer.body, dict) else {}
        if said.get("errors") or not isinstance(said.get("data"), dict):
            raise self._refused(answer, "POST /graphql")
        return said["data"]

    def once(self, send: Callable[[], Thing], look: Callable[[], Thing | None]) -> Thing:
        """Send what must not be done twice. An answer that was lost is settled by looking, before it is sent again."""
        for _ in range(self.patience.tries):
            try:
                return send()
            except Unclear:
                self.sleep(self.patience.settle)
                found = look()
                if found is not None:
                    return found
        return send()

    def close(self) -> None:
        """Let go of the connection, and of old answers."""
        if self.cache:
            self.cache.trim()
        self.requester.close()

    def _tagged(self, path: str, query: Query | None) -> tuple[Any, str]:
        """Read with the tag of what is kept; give the body and the address of the next page."""
        if query:
            path = f"{path}?{urlencode(sorted(query.items()))}"
        url = self.requester.base_url.rstrip("/") + path
        kept = self.cache.read(url) if self.cache else None
        answer = self._ask("GET", path, headers={"If-None-Match": kept.tag} if kept else {})
        if answer.status == 304 and kept:
            return json.loads(kept.text), kept.next
        following = self._next(answer.headers.get("link", ""))
        if self.cache and answer.headers.get("etag"):
            self.cache.write(Kept(url, answer.headers["etag"], following, answer.text))
        return answer.body, following

    def _next(self, links: str) -> str:
        """Give the path of the next page: whatever host a link names, the token goes to ours only."""
        for link in requests.utils.parse_header_links(links) if links else ():
            if link.get("rel") == "next":
                address = urlsplit(link["url"])
                path = address.path.removeprefix(urlsplit(self.requester.base_url).path.rstrip("/"))
                return f"{path}?{address.query}"
        return ""

    def _ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: Any = None, again: bool = False
    ) -> Answer:
        again = again or method == "GET"
        place = f"{method} {urlsplit(path).path}"
        waited, shaken, held = 0.0, 0, 0
        while True:
            answer = self._send(method, path, dict(headers or {}), body, place)
            errors = _errors(answer) if answer and path == self.requester.graphql_url else ()
            if answer and broke(errors) and shaken == self.patience.tries:
                return answer  # the caller finds another way, or says so
            if answer is None or answer.status in SHAKY or broke(errors):
                what = "broke off" if answer is None else f"answered {answer.status}"
                if not again:
                    raise Unclear(f"GitHub {what}: whether it was done is not known", place=place, hint=AGAIN)
                if shaken == self.patience.tries:
                    raise RemoteError(f"GitHub {what}, again and again", place=place, hint="run it again later")
                self.sleep(self.patience.pause * 2**shaken)
                shaken += 1
            elif spent(errors) or (answer.status >= 400 and limited(answer.status, answer.headers, answer.message)):
                wait = delay(self.patience, answer.headers, held, self.now())
                if waited + wait > self.patience.most:
                    raise Limited(self.now() + wait)
                self.sleep(wait)
                waited, held = waited + wait, held + 1
            elif answer.status >= 300 and answer.status != 304:
                raise self._refused(answer, place)
            else:
                return answer

    def _send(self, method: str, path: str, headers: dict[str, str], body: Any, place: str) -> Answer | None:
        """Send one request; None when no whole answer came. Raises RemoteError when it surely did not get there."""
        try:
            status, told, text = self.requester.requestJson(method, path, headers=headers, input=body)
        except GithubException as refused:  # of the request for an app's token, which comes before this one
            said = refused.data.get("message") if isinstance(refused.data, dict) else None
            raise self._refused(Answer(refused.status, {}, "", {"message": said}), "the token of the app") from None
        except requests.exceptions.SSLError as e:
            raise RemoteError(f"no safe connection to {self._host}: {self._clean(e)}", place=place) from None
        except (requests.ConnectionError, requests.Timeout) as e:
            if _unsent(e):
                raise RemoteError(f"{self._host} cannot be reached", place=place, hint=OFFLINE) from None
            return None
        except requests.RequestException:
            return None  # it broke off in the middle
        except RuntimeError as e:  # PyGithub's word for a redirection to elsewhere
            raise RemoteError(f"GitHub sends us elsewhere: {self._clean(e)}", place=place) from None
        try:
            return Answer(status, told, text, json.loads(text) if text else None)
        except ValueError:
            return Answer(status, told, text, None) if status >= 300 else None

    def _refused(self, answer: Answer, place: str) -> RemoteError:
        said = self._clean(answer.message)
        if answer.status == 410 and "disabled" in said.casefold():
            return Off(place, said)
        hint = ""
        if answer.status == 403 and (address := _ALLOW.search(answer.headers.get("x-github-sso", ""))):
            hint = f"the organisation asks for a single sign-on: allow the token at {self._clean(address[1])}"
        return Refused(answer.status, said, place, hint)

    def _clean(self, said: object) -> str:
        return secrets.redact(str(said), self._known)

    @property
    def _host(self) -> str:
        return self.requester.hostname_and_port


def _unsent(error: Exception) -> bool:
    """Tell whether a request never left: nobody was there to take it."""
    inner = error.args[0] if error.args else None
    reason = getattr(inner, "reason", inner)
    never = (NewConnectionError, NameResolutionError, ConnectTimeoutError)
    return isinstance(error, (requests.exceptions.ConnectTimeout, requests.exceptions.ProxyError)) or isinstance(
        reason, never
    )


def _error(said: Mapping[str, Any]) -> str:
    """Write what GitHub says of one field, or an error of GraphQL."""
    if said.get("message"):
        return str(said["message"])
    return " ".join(str(said[name]) for name in ("resource", "field", "code", "value") if said.get(name))


def _errors(answer: Answer) -> tuple[Mapping[str, Any], ...]:
    """Give what GraphQL says went wrong: it says so with status 200."""
    if answer.status != 200 or not isinstance(answer.body, dict):
        return ()
    errors = [*(answer.body.get("errors") or ()), *([answer.body] if answer.body.get("message") else ())]
    return tuple(error for error in errors if isinstance(error, dict))


def _hint(status: int, said: str) -> str:
    if status == 403 and "archived" in said.casefold():
        return "the repository is archived: unarchive it in its settings, or name another in config/forge.yml"
    return {
        401: "the token does not count: gh auth login, or set GITHUB_TOKEN anew",
        403: "the token may not do that: it needs write access to issues (and to pull requests, checks and projects"
        " where they are used): gh auth refresh, or another token",
        404: "it is not there, or the token may not see it: see the repository's name and the token's access",
        410: "it was deleted",
    }.get(status, "agenticops github plan shows what is to be done now")
