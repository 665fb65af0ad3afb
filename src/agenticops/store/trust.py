"""Trust is kept per clone, in git's common dir, and sealed with a key of the user's: a clone cannot bring its own.

The file maps places to digests. Its seal covers the clone's path too, so that a copied folder, or one that somebody
unpacked with a trust file in it, is trusted by nobody. ADR 0015.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os

from agenticops.errors import TrainError

NAME = "trust.json"
_KEY_BYTES = 32


class TrustFile:
    """What the owner of this clone trusted."""

    def __init__(self, common_dir: str) -> None:
        self.clone = os.path.realpath(common_dir)
        self.path = os.path.join(common_dir, "agenticops", NAME)

    def read(self) -> dict[str, str]:
        """Give the trusted digests by place; none when there is no file, or when its seal is not this user's."""
        try:
            handle = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(handle, "rb") as file:
                found = json.loads(file.read(1_000_000))
            entries = {str(place): str(digest) for place, digest in found["entries"].items()}
            key = _key(create=False)
            sealed = key is not None and hmac.compare_digest(str(found["seal"]).encode(), self._seal(key, entries))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return {}
        return entries if sealed else {}

    def write(self, entries: dict[str, str]) -> None:
        """Replace what is trusted; to be called under the lock."""
        key = _key(create=True)
        if key is None:
            raise TrainError("the key that seals trust cannot be used", place=key_path(), hint="see to its permissions")
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        temporary = f"{self.path}~"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
            body = {"schema": 1, "entries": entries, "seal": self._seal(key, entries).decode()}
            file.write(json.dumps(body, indent=1, sort_keys=True).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, self.path)

    def _seal(self, key: bytes, entries: dict[str, str]) -> bytes:
        text = json.dumps([self.clone, entries], sort_keys=True)
        return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest().encode()


def key_path() -> str:
    """Where this user's key is: outside of every repository."""
    home = os.path.expanduser("~")
    state = os.environ.get("XDG_STATE_HOME", "")
    folder = state if os.path.isabs(state) else os.path.join(home, ".local", "state")
    return os.path.join(folder, "agenticops", "trust.key")


def _key(create: bool) -> bytes | None:
    """Read the key; make one when there is none. A key that others can read or write is none."""
    path = key_path()
    if create and not os.path.lexists(path):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(os.urandom(_KEY_BYTES))
        except FileExistsError:
            pass  # somebody else has just made it
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        key = file.read(_KEY_BYTES + 1)
    return key if len(key) == _KEY_BYTES and status.st_uid == os.geteuid() and not status.st_mode & 0o077 else None
