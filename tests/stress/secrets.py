"""Planted secrets: every form through every way in; none may reach state, log, journal, message or process arguments.

Each secret is random by seed. The ways: arguments of commands, files that a command copies or edits, the environment,
git's identity, and remotes with credentials. `git` is wrapped, so that the arguments of every process are on record.
"""

from __future__ import annotations

import os
import random
import shutil
import string
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from agenticops.core import secrets
from agenticops.store import guard
from tests.stress.harness import Harness, Row
from tests.stress.hostile import _patched, room, template
from tests.support import CONSOLE_SCRIPT, cli, git, write

SESSION = "docs/session-context/ACTIVE_SESSION.md"
# The cache mirrors the user's files within the git dir; it is not state and never leaves the clone.
CACHES = tuple(f".git/agenticops/index.sqlite{tail}" for tail in ("", "-wal", "-shm"))
CHECKLIST = "tickets/shape_142/checklist.md"
ALNUM = string.ascii_letters + string.digits
UPPER = string.ascii_uppercase + "234567"
BASE64 = ALNUM + "-_"


def _of(dice: random.Random, letters: str, size: int) -> str:
    """Random letters, with a digit among them, as every generator of tokens gives."""
    return "".join(dice.choices(letters, k=size - 2)) + dice.choice("23456789") + dice.choice("ABCDEF")


FORMS: dict[str, Callable[[random.Random], str]] = {
    "aws": lambda d: f"AKIA{_of(d, UPPER, 16)[:14]}ZQ",
    "aws-secret": lambda d: f"aws_secret_access_key = {_of(d, ALNUM, 40)}",
    "github": lambda d: f"ghp_{_of(d, ALNUM, 36)}",
    "github-app": lambda d: f"ghs_{_of(d, ALNUM, 36)}",
    "github-fine": lambda d: f"github_pat_{_of(d, ALNUM, 22)}_{_of(d, ALNUM, 59)}",
    "gitlab": lambda d: f"glpat-{_of(d, BASE64, 20)}",
    "slack": lambda d: f"xoxb-{_of(d, string.digits, 12)}-{_of(d, ALNUM, 24)}",
    "slack-hook": lambda d: (
        f"https://hooks.slack.com/services/T{_of(d, UPPER, 9)}/B{_of(d, UPPER, 9)}/{_of(d, ALNUM, 24)}"
    ),
    "google": lambda d: f"AIza{_of(d, BASE64, 35)}",
    "google-oauth": lambda d: f"GOCSPX-{_of(d, BASE64, 28)}",
    "jwt": lambda d: f"eyJ{_of(d, ALNUM, 30)}.eyJ{_of(d, ALNUM, 60)}.{_of(d, BASE64, 43)}",
    "openai": lambda d: f"sk-proj-{_of(d, ALNUM, 48)}",
    "anthropic": lambda d: f"sk-ant-api03-{_of(d, BASE64, 80)}",
    "stripe": lambda d: f"sk_live_{_of(d, ALNUM, 24)}",
    "npm": lambda d: f"npm_{_of(d, ALNUM, 36)}",
    "hugging-face": lambda d: f"hf_{_of(d, ALNUM, 34)}",
    "key": lambda d: f"-----BEGIN RSA PRIVATE KEY----- MII{_of(d, ALNUM, 80)} -----END RSA PRIVATE KEY-----",
    "url": lambda d: f"https://bot:{_of(d, ALNUM, 20)}@example.org/x.git",
    "bearer": lambda d: f"Authorization: Bearer {_of(d, ALNUM, 40)}",
    "password": lambda d: f"password: {_of(d, ALNUM, 10)}-{_of(d, string.digits, 4)}",
    "api-key": lambda d: f"the API_KEY={_of(d, ALNUM, 32)}",
    "azure": lambda d: f"AccountKey={_of(d, ALNUM, 86)}==",
}
# What is looked for afterwards: the random part, not the words around it.
WORDS = (
    "aws_secret_access_key = ",
    "Authorization: Bearer ",
    "password: ",
    "the API_KEY=",
    "AccountKey=",
    "https://bot:",
)
SAYS = """\
work new --title S|work new --title x --body S|work new --title x --client S|work new --title x --label S
work new --title x --url S|work new --title x --project S|work new --title x --commit --body S|work edit 142 --title S
work edit 142 --body S|ticket edit --operator S|ticket block --reason S|ticket cancel --reason S
checklist add S --section y|checklist add x --section S|checklist reword 2 S|session note S|session decide S
session step S|session block S|session todo add S|handoff --to maker --next S|handoff --to maker --note S --next x
advance --override --reason S|advance --override --commit --reason S|artifact keep brief --reason S
ticket show S|work show S|checklist tick S|explain S|artifact new S|begin S|begin --agent S|mode enter S|S|status --S
check --base S|check --head S|log --kind S|work list --kind S|gate show S|pipeline show S|trust revoke S
session show S"""


def core_of(planted: str) -> str:
    """Give the part of a planted text that is the secret."""
    for word in WORDS:
        planted = planted.removeprefix(word)
    planted = planted.removesuffix("@example.org/x.git").removeprefix("-----BEGIN RSA PRIVATE KEY----- ")
    return planted.partition(" ")[0].removeprefix("https://hooks.slack.com/services/")


def calls() -> list[list[str]]:
    """Give the command lines, with S in the secret's place."""
    return [c.split() for row in SAYS.split("\n") for c in row.split("|")]


class Yard:
    """One repository, a wrapped git, and the search for what was planted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ordinary = template(path)
        self.repo = path / "repo"
        self.arguments = path / "arguments"
        real = shutil.which("git") or "git"
        wrapper = write(path, "bin/git", f'#!/bin/sh\nprintf "%s\\n" "$*" >> {self.arguments}\nexec {real} "$@"\n')
        wrapper.chmod(0o755)
        os.environ["PATH"] = f"{path}/bin{os.pathsep}{os.environ['PATH']}"
        self.fresh()

    def fresh(self) -> None:
        """Begin again with a clean copy."""
        shutil.rmtree(self.repo, ignore_errors=True)
        shutil.copytree(self.ordinary, self.repo, symlinks=True)
        self.arguments.write_text("")

    def found(self, secret: str, told: str, beside: tuple[str, ...] = ()) -> list[str]:
        """Name the places that hold the secret: files, caches and objects of the repository, messages, arguments."""
        places = ["a message"] if secret in told else []
        if secret in self.arguments.read_text():
            places.append("arguments of a process")
        for file in self.repo.rglob("*"):
            name = str(file.relative_to(self.repo))
            if file.is_file() and name not in beside and secret.encode() in file.read_bytes():
                places.append(name)
        committed = git(self.repo, "log", "--all", "--format=%B%an%ae", "-p", "--no-ext-diff")
        return [*places, "a commit"] if secret in committed else places


def _told(yard: Yard, words: list[str], planted: str, script: bool) -> str:
    """Run a command that was handed a secret, as a process of its own or in this one; give its messages."""
    line = [planted if w == "S" else w for w in words] if words != ["status", "--S"] else ["status", f"--{planted}"]
    if script:
        done = subprocess.run([CONSOLE_SCRIPT, *line], cwd=yard.repo, capture_output=True, text=True, timeout=60)
        return done.stdout + done.stderr
    _, out, err = cli(yard.repo, *line)
    return out + err


def by_argument(yard: Yard, dice: random.Random, every: int) -> tuple[int, list[str]]:
    """Plant secrets in arguments."""
    count, leaks = 0, []
    for number, words in enumerate(calls()):
        for form in list(FORMS)[number % every :: every]:
            planted = FORMS[form](dice)
            told = _told(yard, words, planted, count % 40 == 0)
            places = yard.found(core_of(planted), told)
            leaks += [f"{form} by {' '.join(words)}: {p}" for p in places]
            count += 1
            if places or count % 25 == 0:
                yard.fresh()
    return count, leaks


def by_other_ways(yard: Yard, dice: random.Random, every: int) -> tuple[int, list[str]]:
    """Plant secrets in files, in the environment, in the identity and in remotes."""
    ways: dict[str, Callable[[str], tuple[str, ...]]] = {
        "a session that is edited": lambda s: _append(yard, SESSION, f"\n{s}\n", "session note x"),
        "a checklist that is edited": lambda s: _append(yard, CHECKLIST, f"\n- [ ] {s}\n", "checklist tick 2"),
        "an older session": lambda s: _legacy(yard, s),
        "an artifact that is recorded": lambda s: _append(
            yard, "docs/142/brief.md", f"\n{s}\n", "artifact record --all"
        ),
        "the environment": lambda s: _environment(yard, core_of(s)),
        "the agent's name": lambda s: _named(yard, "AGENTICOPS_AGENT", s),
        "the host's name": lambda s: _named(yard, "AGENTICOPS_HOST", s),
        "the identity": lambda s: _identity(yard, s),
        "a remote": lambda s: _remote(yard, s),
    }
    count, leaks = 0, []
    for number, (way, plant) in enumerate(ways.items()):
        for form in list(FORMS)[number % every :: every]:
            yard.fresh()
            planted = FORMS[form](dice)
            told, *beside = plant(planted)
            leaks += [f"{form} by {way}: {p}" for p in yard.found(core_of(planted), told, tuple(beside))]
            count += 1
    return count, leaks


def _runs(yard: Yard, *lines: str) -> str:
    return "".join("".join(cli(yard.repo, *line.split())[1:]) for line in lines)


def _append(yard: Yard, path: str, text: str, line: str) -> tuple[str, ...]:
    """The user's own file keeps what the user wrote; nothing else takes it over."""
    file = yard.repo / path
    file.write_text(file.read_text() + text)
    return _runs(yard, line), path, *CACHES


def _legacy(yard: Yard, planted: str) -> tuple[str, ...]:
    write(yard.repo, "old.md", f"# Session\n\n## Notes\n\n- {planted}\n")
    return _runs(yard, "migrate --legacy-file old.md"), "old.md"


def _environment(yard: Yard, secret: str) -> tuple[str, ...]:
    """Any value counts when its variable says that it is secret: here one that has no form of its own."""
    with _patched((os, "environ", {**os.environ, "DEPLOY_TOKEN": secret})):
        told = "".join(cli(yard.repo, "session", "note", f"use {secret} there")[1:])
        told += "".join(cli(yard.repo, "ticket", "show", secret)[1:])
    return (told,)


def _named(yard: Yard, name: str, planted: str) -> tuple[str, ...]:
    kept = os.environ.get(name)
    os.environ[name] = planted
    try:
        return (_runs(yard, "session note x", "ticket block --reason x", "next"),)
    finally:
        os.environ.pop(name) if kept is None else os.environ.update({name: kept})


def _identity(yard: Yard, planted: str) -> tuple[str, ...]:
    git(yard.repo, "config", "user.name", planted)
    yard.arguments.write_text("")
    return _runs(yard, "session note x", "work new --title x --commit"), ".git/config"


def _remote(yard: Yard, planted: str) -> tuple[str, ...]:
    url = f"https://bot:{core_of(planted)}@127.0.0.1:9/x.git"
    git(yard.repo, "config", "remote.origin.url", url)
    git(yard.repo, "config", f"url.{url}.insteadOf", "origin:")
    yard.arguments.write_text("")
    return _runs(
        yard, "doctor", "status", "work new --title x --commit", "check --base origin/main", "init"
    ), ".git/config"


def run(scale: float, seed: int) -> list[Row]:
    """Plant secrets by every way; at scale 1, each form by each way."""
    dice = random.Random(seed)
    every = max(1, round(1 / max(scale, 0.01))) if scale < 1 else 1
    with room() as path:
        yard = Yard(path)
        one, leaks = by_argument(yard, dice, every)
        two, more = by_other_ways(yard, dice, every)
    leaks += more
    for leak in leaks[:12]:
        print(f"    {leak}", file=sys.stderr)
    seen = [f for f, make in FORMS.items() if not secrets.scan(make(dice))]
    return [
        Row("planted secrets", f"{one + two} by {len(calls()) + 9} ways", "all ways", bool(one and two)),
        Row("  in state, events, logs, errors, arguments", str(len(leaks)), "0", not leaks),
        Row("  forms that are not known again", str(len(seen)), f"0 of {len(FORMS)}", not seen, " ".join(seen)),
    ]


def mutant(scale: float, seed: int) -> list[Row]:
    """Take away the refusal, then the redaction: each must be seen."""
    rows = []
    for what, change in (
        ("without the guard", (guard, "refuse_secrets", lambda files, events: None)),
        ("without redaction", (secrets, "redact", lambda text, known=(): text)),
    ):
        with _patched(change), room() as path:
            _, leaks = by_argument(Yard(path), random.Random(seed), len(FORMS))
        rows.append(Row(f"  {what}", f"{len(leaks)} leaks", "caught", not leaks))
    missed = [r for r in rows if r.holds]
    return missed or [Row("mutants of secrets", f"{len(rows)} caught", "caught", False)]


HARNESS = Harness("secrets", run, mutant)
