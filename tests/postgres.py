"""A PostgreSQL server of the tests' own, on loopback, where its programs are installed."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def server() -> Iterator[str]:
    """Start a server and give the URL of an empty database; skip the test where there is none to be started."""
    programs = os.path.dirname(os.path.realpath(shutil.which("initdb") or "")) or _installed()
    if not programs:
        pytest.skip("PostgreSQL is not installed here")
    user = _user()
    # Not below the folder of pytest, which other users may not enter.
    folder = tempfile.mkdtemp(prefix="train-postgres-")
    if user:
        shutil.chown(folder, user)
    try:
        data = os.path.join(folder, "data")
        _run([f"{programs}/initdb", "-D", data, "-U", "train", "-A", "trust", "-E", "UTF8", "--no-sync"], user)
        port = _free()
        options = f"-p {port} -k {folder} -h 127.0.0.1 -c fsync=off -c max_connections=50"
        log = os.path.join(folder, "log")
        _run([f"{programs}/pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start"], user)
        try:
            _run([f"{programs}/createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "train", "train"], user)
            yield f"postgresql://train@127.0.0.1:{port}/train"
        finally:
            _run([f"{programs}/pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"], user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _installed() -> str:
    return max(glob.glob("/usr/lib/postgresql/*/bin"), default="")


def _user() -> str:
    """Name somebody who may run it: root may not."""
    if os.geteuid():
        return ""
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
            return name
        except KeyError:
            continue
    pytest.skip("PostgreSQL does not run as root, and there is no other user")


def _run(words: list[str], user: str) -> None:
    as_user = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": ()} if user else {}
    subprocess.run(words, check=True, capture_output=True, cwd="/", timeout=60, **as_user)  # type: ignore[call-overload]


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
