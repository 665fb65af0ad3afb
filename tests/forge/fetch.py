"""Put pinned npm packages with GitHub's own descriptions into build/node_modules: `python -m tests.forge.fetch`."""

from __future__ import annotations

import shutil
import subprocess
import sys

from tests.forge.packages import PACKAGES, ROOT, VARIABLE, missing, modules, package

DESCRIPTION = "api.github.com.json"


def install() -> None:
    """Install the packages with npm, without running any of their scripts."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit(f"npm is missing: install Node.js, or set {VARIABLE} to a folder that has the packages.")
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    wanted = [f"{name}@{version}" for name, version in PACKAGES.items()]
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--no-package-lock", "--loglevel=error"]
    subprocess.run([npm, "install", f"--prefix={build}", *quiet, *wanted], check=True)
    trim()


def trim() -> None:
    """Remove the descriptions of other servers: 380 of 415 MB."""
    folder = package("@octokit/openapi")
    if folder is not None and folder.is_relative_to(ROOT / "build"):
        for file in (folder / "generated").iterdir():
            if file.name != DESCRIPTION:
                file.unlink()


if __name__ == "__main__":
    if missing():
        install()
    print(missing() or f"GitHub's descriptions are in {modules()}")
