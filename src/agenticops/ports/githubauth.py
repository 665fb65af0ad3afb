"""Which GitHub, which repository, and with which token: from the environment, `gh`, or an app. Nothing is stored.

A token goes only to the server that it was given for. Those of the environment are for github.com, or for the server
that the environment names; what a repository says of itself sends none of them anywhere else.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from agenticops.errors import RemoteError, TrainError, UsageError
from agenticops.ports import process, vault
from agenticops.ports.git import Git

if TYPE_CHECKING:
    from github.Auth import Auth

    from agenticops.ports.github import GitHub
    from agenticops.ports.githubretry import Patience

PUBLIC = "github.com"
# Our own name comes first, then what Actions and `gh` use.
OWN = "AGENTICOPS_GITHUB_TOKEN"
TOKENS = ("GITHUB_TOKEN", "GH_TOKEN")
ENTERPRISE = ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")
APP, INSTALLATION, KEY = (f"AGENTICOPS_GITHUB_APP_{name}" for name in ("ID", "INSTALLATION", "KEY"))
LOG_IN = "gh auth login, or set GITHUB_TOKEN to a token that may write issues"
SECONDS = 30
LOOPBACK = ("127.0.0.1", "::1", "localhost")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/(?!\.{1,2}$)[A-Za-z0-9_.-]+")
_SCP = re.compile(r"(?:[^@/\s]+@)?(?P<host>[A-Za-z0-9.-]+):(?P<path>[^/].*)")


class Place(Struct, frozen=True):
    """A repository at a GitHub: the address of its API, the host's name, and `owner/name`."""

    url: str
    host: str
    repository: str


class Login(Struct, frozen=True):
    """How we get in, and where that came from: a token, or the id, installation and private key of an app."""

    source: str
    token: str = ""
    app: str = ""
    installation: int = 0
    key: str = ""

    def __repr__(self) -> str:
        return f"Login({self.source})"  # a token must not get into a traceback


def place(git: Git, environ: Mapping[str, str], configured: str = "") -> Place:
    """Find the repository: by GITHUB_REPOSITORY, by what is configured (`[host/]owner/name`), or by `origin`."""
    host, name = _remote(git)
    name = environ.get("GITHUB_REPOSITORY") or configured or name
    if name.count("/") == 2:
        host, _, name = name.partition("/")
    if not _NAME.fullmatch(name):
        hint = "git remote add origin git@github.com:OWNER/NAME.git, or set GITHUB_REPOSITORY=OWNER/NAME"
        raise UsageError(f"{name!r} is no repository of GitHub" if name else "no repository at GitHub", hint=hint)
    named = environ.get("GITHUB_API_URL", "").rstrip("/")
    if named:
        return Place(_safe(named), _host_of(named), name)
    host = environ.get("GH_HOST") or host or PUBLIC
    return Place(_api(host), host, name)


def login(git: Git, environ: Mapping[str, str], host: str) -> Login:
    """Find a way in: a token of ours, an app, a token of the environment, or what `gh` is logged in with."""
    ours = host == PUBLIC or _named(environ, host)
    if ours and environ.get(APP) and not environ.get(OWN):
        return _app(environ)
    given = [name for name in (OWN, *(() if host == PUBLIC else ENTERPRISE), *TOKENS) if environ.get(name)]
    if ours and given:
        return Login(given[0], environ[given[0]])
    if token := _gh(git, environ, host):
        return Login("gh", token)
    hint = f"{given[0]} is for {PUBLIC}: set GH_HOST={host} when it is for this server" if given else LOG_IN
    raise RemoteError(f"nobody is logged in to {host}", hint=hint)


def connect(
    place: Place,
    login: Login,
    cache: str = "",
    board: str = "",
    field: str = "Status",
    patience: Patience | None = None,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> GitHub:
    """Open a repository. `cache` is a folder for answers, in the common git folder; nothing is asked yet."""
    import logging

    from github.Requester import Requester

    from agenticops import __version__
    from agenticops.ports.github import GitHub
    from agenticops.ports.githubcache import Cache
    from agenticops.ports.githubcalls import Calls

    # It tells on stderr where it was sent; what that means for an issue, we say ourselves.
    logging.getLogger("github").setLevel(logging.WARNING)
    requester = Requester(
        auth=_auth(place, login),
        base_url=place.url,
        timeout=SECONDS,
        user_agent=f"agenticops/{__version__}",
        per_page=100,
        verify=True,
        retry=None,  # its own would send a POST twice: see githubretry.py
        pool_size=None,
        api_version="2022-11-28",
    )
    known = tuple(value for value in (login.token, login.key) if value)
    calls = Calls(requester, patience, Cache(cache) if cache else None, now, sleep, known)
    return GitHub(calls, place.repository, board, field)


def _auth(place: Place, login: Login) -> Auth:
    import jwt
    from github import Auth, GithubException, GithubIntegration

    if login.token:
        return Auth.Token(login.token)
    app = Auth.AppAuth(int(login.app) if login.app.isdecimal() else login.app, login.key)
    try:
        app.create_jwt()
    except (ValueError, TypeError, jwt.PyJWTError):  # its words could hold a part of the key
        raise RemoteError("the private key of the app cannot be read", hint=f"{KEY} names a PEM file") from None
    number = login.installation
    if not number:
        try:
            with GithubIntegration(auth=app, base_url=place.url, retry=None, timeout=SECONDS) as integration:
                number = integration.get_repo_installation(*place.repository.split("/")).id
        except (GithubException, OSError) as e:
            hint = f"install the app in {place.repository}, or set {INSTALLATION}"
            raise RemoteError(f"the app {login.app} cannot be used: {type(e).__name__}", hint=hint) from None
    return Auth.AppInstallationAuth(app, number)


def _app(environ: Mapping[str, str]) -> Login:
    """Read an app's login; the key is a file by its absolute path, or a reference: env:NAME, keyring:SERVICE/NAME."""
    where = environ.get(KEY, "")
    if not where:
        raise UsageError(f"{APP} is set, and {KEY} is not", hint=f"set {KEY} to the path of its private key")
    if os.path.isabs(where):
        try:
            with open(where, encoding="ascii") as f:
                key = f.read(65_536)
        except (OSError, ValueError):
            raise RemoteError("the private key of the app cannot be read", place=where, hint=f"see {KEY}") from None
    else:
        key = vault.resolve(where)
    number = environ.get(INSTALLATION, "")
    if number and not number.isdecimal():
        raise UsageError(f"{INSTALLATION} is a number", hint="leave it out: it is looked up by the repository")
    return Login(APP, app=environ[APP], installation=int(number or 0), key=key)


def _gh(git: Git, environ: Mapping[str, str], host: str) -> str:
    """Ask the user's own `gh`, never one that the repository brings along."""
    try:
        program = process.program("gh", git.root or git.common_dir)
    except TrainError:
        return ""
    try:
        done = subprocess.run(
            [program, "auth", "token", "--hostname", host],
            cwd="/",
            env={name: value for name, value in environ.items() if name not in (*TOKENS, *ENTERPRISE)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _remote(git: Git) -> tuple[str, str]:
    """Give the host and `owner/name` of the remote `origin`, or nothing."""
    answer = git.run("remote", "get-url", "origin", check=False)
    address = answer.stdout.strip()
    if answer.returncode or not address:
        return "", ""
    if "://" in address:
        parts = urlsplit(address)
        host, path = parts.hostname or "", parts.path
    elif found := _SCP.fullmatch(address):
        host, path = found["host"], found["path"]
    else:
        return "", ""
    host = {"ssh.github.com": PUBLIC, "www.github.com": PUBLIC}.get(host.lower(), host.lower())
    return host, path.strip("/").removesuffix(".git")


def _named(environ: Mapping[str, str], host: str) -> bool:
    """Tell whether the environment itself names a server: then its tokens are for that one."""
    named = [environ.get("GH_HOST", ""), _host_of(environ.get("GITHUB_API_URL", ""))]
    return host in named


def _host_of(url: str) -> str:
    host = (urlsplit(url).hostname or "").lower()
    return host.removeprefix("api.") if host == f"api.{PUBLIC}" or host.endswith(".ghe.com") else host


def _api(host: str) -> str:
    if host == PUBLIC or host.endswith(".ghe.com"):
        return f"https://api.{host}"
    if not re.fullmatch(r"[A-Za-z0-9.-]+(:\d+)?", host):
        raise UsageError(f"{host!r} is no name of a server", hint="GH_HOST=github.example.org")
    return f"https://{host}/api/v3"


def _safe(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise UsageError("a token is sent over https only", hint="GITHUB_API_URL=https://github.example.org/api/v3")
    if parts.username or parts.password or parts.query:
        raise UsageError("GITHUB_API_URL holds more than an address", hint="set GITHUB_TOKEN for the token")
    return url
