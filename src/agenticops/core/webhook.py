"""Webhooks: whether a delivery is genuine, and what it says in the few words that the log keeps of it. ADR 0034.

Nothing that people wrote at the forge is kept but names of labels, branches and checks. What does not look as it should
is left out, never a reason to stop.
"""

from __future__ import annotations

import hmac
import re
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from agenticops.core import secrets
from agenticops.errors import StateError
from agenticops.model.layout import PHASE_BRANCH
from agenticops.model.plain import clean

# Bytes of a payload; GitHub itself sends no more.
LIMIT = 25_000_000
# What begins with this is what we say of a commit ourselves.
OWN = "agenticops/"
# What something may start from. The others count only when they are about an item or a ticket.
ALWAYS = ("issues", "workflow_dispatch", "repository_dispatch")
LINKED = (
    "issue_comment",
    "sub_issues",
    "issue_dependencies",
    "pull_request",
    "pull_request_review",
    "check_run",
    "status",
    "workflow_run",
)
# After these an issue is not there any more, whatever the payload says of its state.
GONE = ("deleted", "transferred")
# Whose side of a relation an action tells.
_ENDS = (
    ("parent_issue", "sub_issue"),
    ("sub_issue", "parent_issue"),
    ("blocked_by", "blocked_issue"),
    ("blocking", "blocking_issue"),
)
_ALIASES = {"pull_request_target": "pull_request"}
_NUMBER = 2**53
_SIGNATURE = re.compile(r"sha256=([0-9a-f]{64})")
_WORD = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}(?:\[bot\])?")
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_NAME = 200


class Seen(Struct, frozen=True, omit_defaults=True):
    """What a delivery says. `number` is of an issue or, when `pull`, of a pull request; `at` when that last changed.

    `branch` is one of this repository, never a fork's. `name` is a label, or a check. `why` tells that it is ignored.
    """

    event: str
    action: str = ""
    number: int = 0
    pull: bool = False
    state: str = ""
    reason: str = ""
    merged: bool = False
    at: str = ""
    branch: str = ""
    sha: str = ""
    name: str = ""
    sender: str = ""
    repository: str = ""
    why: str = ""

    @property
    def observes(self) -> bool:
        """Whether it tells the state of an issue."""
        return bool(self.number and not self.pull and self.state in ("open", "closed") and self.action not in GONE)


def genuine(secret: bytes, body: bytes, signature: str) -> bool:
    """Tell whether the secret signed these very bytes; how long that takes says nothing of how far it was right."""
    match = _SIGNATURE.fullmatch(signature.strip())
    wanted = hmac.new(secret, body, sha256).hexdigest()
    return hmac.compare_digest((match[1] if match else "").encode(), wanted.encode()) and bool(secret)


def identity(body: bytes) -> str:
    """Name a delivery by its bytes: its id and its event stand in headers, which no signature covers."""
    return sha256(body).hexdigest()[:32]


def read(event: str, body: bytes) -> Seen:
    """Read a payload. Raises StateError when it is not JSON; what nothing here starts from has its `why`."""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError):
        hint = "a webhook's content type is application/json; give the body as it came, byte for byte"
        raise StateError("the payload is not JSON", hint=hint) from None
    event = _ALIASES.get(event, event)
    sender, repository = _login(_below(said, "sender")), _text(_below(said, "repository"), "full_name")
    action = _word(said, "action")
    if event not in (*ALWAYS, *LINKED):
        name = event if _WORD.fullmatch(event) else "unknown"
        return Seen(name, action, sender=sender, repository=repository, why="nothing here starts from it")
    found = _READERS.get(event, _nothing)(said)
    found |= {"action": action, "sender": sender, "repository": repository}
    if event == "issues":
        found["name"] = _text(_below(said, "label"), "name")
    seen = Seen(event, **found)
    if seen.name.startswith(OWN):
        return msgspec.structs.replace(seen, why="it is our own verdict that comes back")
    return seen


def data(seen: Seen) -> dict[str, Any]:
    """Give what an event of the log says of a delivery."""
    found: dict[str, Any] = msgspec.to_builtins(seen)
    return {name: value for name, value in found.items() if name not in ("repository", "why")}


def _issue(said: object) -> dict[str, Any]:
    return _of_issue(_below(said, "issue"))


def _of_issue(issue: object) -> dict[str, Any]:
    return {
        "number": _number(issue),
        "pull": isinstance(_value(issue, "pull_request"), dict),
        "state": _word(issue, "state"),
        "reason": _word(issue, "state_reason"),
        "at": _time(issue),
    }


def _related(said: object) -> dict[str, Any]:
    """Read what changed a relation; the issue on its other end may be another repository's."""
    action = _word(said, "action")
    return _of_issue(_below(said, next((name for start, name in _ENDS if action.startswith(start)), "")))


def _pull(said: object) -> dict[str, Any]:
    pull = _below(said, "pull_request")
    head, review = _below(pull, "head"), _below(said, "review")
    same = _text(_below(head, "repo"), "full_name") == _text(_below(said, "repository"), "full_name")
    return {
        "number": _number(pull),
        "pull": True,
        "state": _word(review, "state") or _word(pull, "state"),
        "merged": _value(pull, "merged") is True,
        "at": _time(pull),
        "branch": _text(head, "ref") if same else "",
        "sha": _sha(head, "sha"),
    }


def _check(said: object) -> dict[str, Any]:
    run = _below(said, "check_run")
    return {
        "state": _word(run, "conclusion") or _word(run, "status"),
        "branch": _text(_below(run, "check_suite"), "head_branch"),
        "sha": _sha(run, "head_sha"),
        "name": _text(run, "name"),
    }


def _status(said: object) -> dict[str, Any]:
    branches = _value(said, "branches")
    names = [_text(branch, "name") for branch in branches] if isinstance(branches, list) else []
    phase = next((name for name in names if name.startswith(PHASE_BRANCH)), "")
    return {
        "state": _word(said, "state"),
        "branch": phase or "".join(names[:1]),
        "sha": _sha(said, "sha"),
        "name": _text(said, "context"),
    }


def _run(said: object) -> dict[str, Any]:
    run = _below(said, "workflow_run")
    same = _text(_below(run, "head_repository"), "full_name") == _text(_below(said, "repository"), "full_name")
    return {
        "state": _word(run, "conclusion") or _word(run, "status"),
        "branch": _text(run, "head_branch") if same else "",
        "sha": _sha(run, "head_sha"),
        "name": _text(run, "name"),
    }


def _dispatch(said: object) -> dict[str, Any]:
    return {"branch": _text(said, "ref").removeprefix("refs/heads/")}


def _nothing(said: object) -> dict[str, Any]:
    return {}


_READERS = {
    "issues": _issue,
    "issue_comment": _issue,
    "sub_issues": _related,
    "issue_dependencies": _related,
    "pull_request": _pull,
    "pull_request_review": _pull,
    "check_run": _check,
    "status": _status,
    "workflow_run": _run,
    "workflow_dispatch": _dispatch,
}


def _value(said: object, name: str) -> object:
    return said.get(name) if isinstance(said, dict) else None


def _below(said: object, name: str) -> object:
    found = _value(said, name)
    return found if isinstance(found, dict) else None


def _number(said: object) -> int:
    found = _value(said, "number")
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 < found < _NUMBER else 0


def _text(said: object, name: str) -> str:
    """Give a name on one line; what looks like a secret is blacked out, for the log would refuse it."""
    found = _value(said, name)
    return clean(secrets.redact(found.strip()))[:_NAME] if isinstance(found, str) else ""


def _fitting(found: object, form: re.Pattern[str]) -> str:
    return found if isinstance(found, str) and form.fullmatch(found) else ""


def _word(said: object, name: str) -> str:
    return _fitting(_value(said, name), _WORD)


def _login(said: object) -> str:
    return _fitting(_value(said, "login"), _LOGIN)


def _sha(said: object, name: str) -> str:
    return _fitting(_value(said, name), _SHA)


def _time(said: object) -> str:
    return _fitting(_value(said, "updated_at"), _TIME)
