"""Signatures: sign bytes with git's ssh key, and tell whether a signature holds. By `ssh-keygen`, without a shell."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from agenticops.errors import RemoteError, TrainError
from agenticops.ports import process
from agenticops.ports.git import Git

NAMESPACE = "agenticops"
# A key in hardware waits for a finger; a verification waits for nothing.
SIGN_SECONDS, VERIFY_SECONDS = 60.0, 10.0
SET_UP = "git config gpg.format ssh && git config user.signingkey ~/.ssh/id_ed25519.pub"
_LITERAL = ("key::", "ssh-", "ecdsa-", "sk-")


class Signed(NamedTuple):
    """A signature in ssh's armour, and the e-mail address of the git identity that made it, in small letters."""

    signature: str
    signer: str


def sign(git: Git, payload: bytes, namespace: str = NAMESPACE) -> Signed:
    """Sign bytes with git's `user.signingkey`: a file, or a public key whose other half an ssh agent holds.

    Raises TrainError when git names no ssh key, or when ssh-keygen does not sign.
    """
    key = _key(git)
    # The shield has put the user's own program in the place of what the clone says.
    named = _setting(git, "gpg.ssh.program") or "ssh-keygen"
    program = process.program(os.path.expanduser(named), git.root or git.git_dir)
    with tempfile.TemporaryDirectory(prefix="agenticops-") as folder:
        message = os.path.join(folder, "payload")
        _write(message, payload)
        options = ["-f", key]
        if key.startswith(_LITERAL):
            options = ["-f", os.path.join(folder, "key.pub"), "-U"]
            _write(options[1], f"{key.removeprefix('key::')}\n".encode())
        code, said = _run([program, "-Y", "sign", "-n", namespace, *options, message], b"", SIGN_SECONDS)
        try:
            with open(f"{message}.sig", encoding="ascii") as f:
                return Signed(f.read(), git.identity().rpartition("<")[2].rstrip(">").casefold())
        except (OSError, UnicodeDecodeError):
            hint = "ssh-add the key, or name another one: git config user.signingkey …"
            raise TrainError(f"ssh-keygen did not sign ({code}): {said}", hint=hint) from None


@lru_cache(maxsize=4096)
def verify(
    payload: bytes, signature: str, identity: str, signers: bytes, namespace: str = NAMESPACE, root: str = ""
) -> str:
    """Tell why a signature does not hold, or "" when it does: the same bytes, and a key of the identity.

    `signers` is a file of ssh's allowed signers, which lists the keys of each identity. `root` is the repository: no
    program of it is used.
    """
    if not signature.strip():
        return "there is no signature"
    if not signers.strip():
        return "no signers are allowed"
    if not identity or identity.strip() != identity or "\n" in identity:
        return f"{identity!r} names nobody"
    try:
        return _verified(
            process.program("ssh-keygen", root or os.getcwd()), payload, signature, identity, signers, namespace
        )
    except TrainError as e:
        return e.message  # nothing unproven passes


def _verified(program: str, payload: bytes, signature: str, identity: str, signers: bytes, namespace: str) -> str:
    with tempfile.TemporaryDirectory(prefix="agenticops-") as folder:
        allowed, armour = (os.path.join(folder, name) for name in ("signers", "signature"))
        _write(allowed, signers)
        _write(armour, signature.encode("utf-8", "replace"))
        words = [program, "-Y", "verify", "-f", allowed, "-I", identity, "-n", namespace, "-s", armour]
        code, _ = _run(words, payload, VERIFY_SECONDS)
        if not code:
            return ""
        words = [program, "-Y", "check-novalidate", "-n", namespace, "-s", armour]
        code, said = _run(words, payload, VERIFY_SECONDS)
        if code:
            return f"the signature is not one of this content: {said}"
        return f"the signature is by a key that is not among the allowed signers for {identity}"


def _key(git: Git) -> str:
    kind = _setting(git, "gpg.format")
    if kind != "ssh":
        raise TrainError(
            f"approvals are signed with an ssh key, and git's gpg.format is {kind or 'openpgp'}", hint=SET_UP
        )
    key = _setting(git, "user.signingkey")
    if not key:
        raise TrainError("git names no key to sign with", hint=SET_UP)
    if key.startswith(_LITERAL):
        return key
    path = os.path.join(git.root, os.path.expanduser(key))
    if not os.path.isfile(path):
        raise TrainError("the key that git signs with is not there", place=path, hint=SET_UP)
    return path


def _setting(git: Git, name: str) -> str:
    return git.run("config", "--get", name, check=False).stdout.strip()


def _write(path: str, content: bytes) -> None:
    with open(path, "xb") as f:
        f.write(content)


def _run(words: Sequence[str], payload: bytes, seconds: float) -> tuple[int, str]:
    """Run a program to its end; give its exit code and the last line it said. A session of its own cannot prompt."""
    try:
        done = subprocess.run(
            words,
            input=payload,
            capture_output=True,
            timeout=seconds,
            start_new_session=True,
            env={**os.environ, "LC_ALL": "C"},
        )
    except FileNotFoundError:
        raise RemoteError("ssh-keygen cannot be started", place=words[0], hint="install OpenSSH 8.2 or newer") from None
    except subprocess.TimeoutExpired:
        raise RemoteError(f"ssh-keygen did not end within {seconds:g} s", place=words[0]) from None
    lines = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
    return done.returncode, lines[-1] if lines else "no message"
