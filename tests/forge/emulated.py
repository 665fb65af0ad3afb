"""An independent second server: npm's `emulate`, started and stopped around a test."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.forge.packages import package

TOKEN = "token-of-ada"
REPOSITORY = "ada/train"
SEED = f"""\
tokens:
  {TOKEN}:
    login: ada
    scopes: [repo, user]
github:
  users:
    - login: ada
      name: Ada Lovelace
      email: ada@example.org
  repos:
    - owner: ada
      name: train
      auto_init: true
"""
PATIENCE = 20  # seconds until it must answer


def missing() -> str:
    """Say why it cannot be started, or nothing."""
    if shutil.which("node") is None:
        return "node is not installed"
    return "" if package("emulate") else "emulate is not installed: run python -m tests.forge.fetch"


@contextlib.contextmanager
def emulated(folder: Path) -> Iterator[str]:
    """Run it with one user and one repository; give its base address."""
    home = package("emulate")
    assert home is not None, missing()
    seed = folder / "seed.yaml"
    seed.write_text(SEED)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["node", str(home / "dist" / "index.js"), "--service", "github", "--port", str(port), "--seed", str(seed)]
    with open(folder / "emulate.log", "wb") as log:
        process = subprocess.Popen(words, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    try:
        # It writes this name into the addresses that it gives, and clients follow no other.
        url = f"http://localhost:{port}"
        _wait(process, url, folder / "emulate.log")
        yield url
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/repos/{REPOSITORY}", timeout=2).close()
            return
        except urllib.error.HTTPError as answered:
            answered.close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"emulate did not start:\n{log.read_text()}")
