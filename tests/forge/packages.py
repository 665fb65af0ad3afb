"""Where GitHub's own descriptions are, as npm packages; `python -m tests.forge.fetch` installs them."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
VARIABLE = "TRAIN_FORGE_NODE"
PACKAGES = {
    "@octokit/openapi": "23.0.2",
    "@octokit/graphql-schema": "15.26.1",
    "@octokit/webhooks-examples": "7.6.1",
    "emulate": "0.11.2",
}


def modules() -> Path:
    """Give the folder in which npm packages are looked for; it may be missing."""
    return Path(os.environ.get(VARIABLE) or ROOT / "build" / "node_modules")


def package(name: str) -> Path | None:
    """Give the folder of an installed package."""
    folder = modules() / name
    return folder if (folder / "package.json").is_file() else None


def missing() -> str:
    """Say what is missing and how to get it, or nothing."""
    absent = [name for name in PACKAGES if package(name) is None]
    return f"{', '.join(absent)} not installed: run python -m tests.forge.fetch" if absent else ""
