"""The README's tour: its commands are run for real, and what they print is what the README shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"(?<=<!-- tour -->\n)```console\n(.*?)```\n(?=<!-- /tour -->)", re.S)
# What differs from run to run: digests, commit ids, times, session ids.
MASKS = (
    (re.compile(r"\b(digest|committed|sha256) [0-9a-f]{7,8}\b"), r"\1 …"),
    (re.compile(r"^ \d\d:\d\d  ", re.M), " hh:mm  "),
    (re.compile(r"\d{4}-\d\d-\d\d"), "yyyy-mm-dd"),
    (re.compile(r"s-[0-9a-hjkmnp-tv-z]{26}"), "s-…"),
)


def commands(block: str) -> list[tuple[str, str]]:
    """Take a console block apart: each command with what it is shown to print."""
    parts = re.split(r"^\$ (.*)\n", block, flags=re.M)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def masked(text: str) -> str:
    """Replace what differs from run to run."""
    for pattern, words in MASKS:
        text = pattern.sub(words, text)
    return text


def play(block: str, folder: Path) -> str:
    """Run the commands of a block in a folder beside a link to this clone, and give the block as it really is."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "AGENTICOPS_"))}
    env |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}",
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "TZ": "UTC",
    }
    for key, value in (("user.name", "Ada Lovelace"), ("user.email", "ada@example.org")):
        subprocess.run(["git", "config", "--global", key, value], env=env, check=True)
    (folder / "agenticops").symlink_to(ROOT)
    work = folder / "pharmacy"
    work.mkdir()
    shown = ""
    for command, _ in commands(block):
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=work,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        shown += f"$ {command}\n{done.stdout}"
    return shown


def readme() -> tuple[str, str]:
    """Give the README and its tour's block."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = BLOCK.search(text)
    if not found:
        raise AssertionError("the README has no tour between <!-- tour --> and <!-- /tour -->")
    return text, found[1]


if __name__ == "__main__":
    import tempfile

    page, tour = readme()
    with tempfile.TemporaryDirectory() as place:
        fresh = play(tour, Path(place))
    (ROOT / "README.md").write_text(page.replace(tour, fresh), encoding="utf-8")
