"""Tokens, apps and rate limits: who may ask, and how often."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.forge import render
from tests.forge.calls import Answer, Call, Refused
from tests.forge.state import iso

WRITE, READ, APP = "token-of-ada", "token-of-a-reader", "token-of-the-app"
APP_ID, INSTALLATION = 4711, 815
JWT_LIFE = 600  # seconds; GitHub refuses an app's token that is meant to last longer


@dataclass
class Access:
    """What a token may do."""

    login: str
    write: bool = True
    app: bool = False
    expires: float | None = None


@dataclass
class Limits:
    """The primary rate limit: how many requests an hour, and when it begins anew."""

    core: int = 5000
    graphql: int = 5000
    window: float = 3600.0
    wall: Callable[[], float] = time.time
    used: dict[str, int] = field(default_factory=dict)
    reset: float = 0.0

    def headers(self, resource: str) -> dict[str, str]:
        """Tell what is left, as every answer does."""
        self._renew()
        limit, used = getattr(self, resource), self.used.get(resource, 0)
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(0, limit - used)),
            "X-RateLimit-Used": str(used),
            "X-RateLimit-Reset": str(int(self.reset)),
            "X-RateLimit-Resource": resource,
        }

    def spend(self, resource: str) -> None:
        """Count one request, or refuse it."""
        self._renew()
        if self.used.get(resource, 0) >= getattr(self, resource):
            raise exceeded()
        self.used[resource] = self.used.get(resource, 0) + 1

    def give_back(self, resource: str) -> None:
        """Do not count a request after all, as one that was answered with 304."""
        self.used[resource] -= 1

    def _renew(self) -> None:
        if self.wall() >= self.reset:
            self.used.clear()
            self.reset = self.wall() + self.window


class Gatekeeper:
    """Knows the tokens and gives out those of an app's installation."""

    def __init__(self) -> None:
        self.tokens = {
            WRITE: Access("ada"),
            READ: Access("reader", write=False),
            APP: Access("train[bot]", app=True),
        }
        self.sign_on = ""  # where the organisation lets a token in that it does not know yet
        self.public_key: str | None = None  # when set, the signature of an app's token is verified too
        self._given = 0

    def admit(self, headers: Mapping[str, str], writes: bool) -> Access:
        """Tell who asks, or refuse."""
        token = _token(headers)
        if token is None:
            if writes:
                raise Refused(401, "Requires authentication")
            return Access("", write=False)
        access = self.tokens.get(token)
        if access is None or (access.expires is not None and access.expires <= time.time()):
            raise Refused(401, "Bad credentials")
        if self.sign_on:
            message = "Resource protected by organization SAML enforcement. You must grant your token access."
            raise Refused(403, message, headers={"X-GitHub-SSO": f"required; url={self.sign_on}"})
        if writes and not access.write:
            raise Refused(403, f"Resource not accessible by {'integration' if access.app else 'personal access token'}")
        return access

    def app(self, headers: Mapping[str, str]) -> None:
        """Check the JWT of an app: its shape, its times, and its signature if the key is known."""
        problem = _jwt_problem(_token(headers) or "", self.public_key)
        if problem:
            raise Refused(401, problem)

    def install(self, call: Call) -> Answer:
        """Give a token for an installation; it holds for an hour."""
        if call.named["installation_id"] != str(INSTALLATION):
            raise Refused(404, "Not Found")
        self._given += 1
        token, expires = f"ghs_installation{self._given:04d}", time.time() + 3600
        asked = call.fields.get("permissions") or {"issues": "write", "metadata": "read"}
        self.tokens[token] = Access("train[bot]", write="write" in asked.values(), app=True, expires=expires)
        body = {
            "token": token,
            "expires_at": iso(int(expires)),
            "permissions": asked,
            "repository_selection": "all",
        }
        return Answer(201, body)


def exceeded() -> Refused:
    """Refuse for the primary limit."""
    return Refused(403, "API rate limit exceeded for user ID 1.")


def installation(call: Call) -> Answer:
    """Give the installation of the app in a repository."""
    call.state.user("train[bot]", "Bot")
    owner = call.repository.owner
    api = f"{call.state.root}/app/installations/{INSTALLATION}"
    kind = call.state.user(owner).kind
    body: dict[str, Any] = {
        "id": INSTALLATION,
        "account": render.user(call.state, owner),
        "repository_selection": "all",
        "access_tokens_url": f"{api}/access_tokens",
        "repositories_url": f"{call.state.root}/installation/repositories",
        "html_url": f"{render.WEB}/settings/installations/{INSTALLATION}",
        "app_id": APP_ID,
        "target_id": call.state.user(owner).id,
        "target_type": kind,
        "permissions": {"issues": "write", "checks": "write", "metadata": "read"},
        "events": ["issues"],
        "created_at": iso(0),
        "updated_at": iso(0),
        "single_file_name": None,
        "app_slug": "train",
        "suspended_by": None,
        "suspended_at": None,
    }
    return Answer(200, body)


def _token(headers: Mapping[str, str]) -> str | None:
    kind, _, token = headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() in ("bearer", "token") and token.strip() else None


def _jwt_problem(token: str, key: str | None) -> str | None:
    try:
        head, body, signature = token.split(".")
        algorithm = json.loads(_decoded(head))["alg"]
        claims = json.loads(_decoded(body))
        issued, expires, issuer = int(claims["iat"]), int(claims["exp"]), str(claims["iss"])
    except (ValueError, KeyError, TypeError):
        return "A JSON web token could not be decoded"
    if algorithm != "RS256" or not signature:
        return "A JSON web token could not be decoded"
    if key is not None:
        import jwt

        try:
            jwt.decode(token, key, algorithms=["RS256"], options={"verify_exp": False, "verify_iat": False})
        except jwt.InvalidTokenError:
            return "A JSON web token could not be decoded"
    if issuer != str(APP_ID):
        return "Integration not found"
    now = time.time()
    if expires <= now:
        return "'Expiration time' claim ('exp') must be in the future"
    if expires - now > JWT_LIFE or issued > now + 60:
        return "'Expiration time' claim ('exp') is too far in the future"
    return None


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


ROUTES = {("GET", "/repos/{owner}/{repo}/installation"): installation}
TOKENS = ("POST", "/app/installations/{installation_id}/access_tokens")
