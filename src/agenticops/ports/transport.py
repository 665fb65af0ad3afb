"""The transport: the only place where git talks to a remote, for refs of our own. Credentials are git's.

Everywhere else transports are switched off (`shield`). Here the usual ones are on, and what a clone's configuration
could make them execute is not: programs are the user's, hooks do not run, and nobody is asked anything. ADR 0015, 0035.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess

from agenticops.errors import RemoteError, TrainError
from agenticops.ports.git import Git

PROTOCOLS = "file:git:http:https:ssh"
# Programs that git runs for a transport when they are configured: the clone has no say in them.
_PROGRAM = re.compile(
    r"core\.(?:sshcommand|gitproxy|askpass|alternaterefscommand)|credential\.(?:.+\.)?helper"
    r"|remote\..+\.(?:receivepack|uploadpack|vcs)"
)
# A remote that is a folder runs its own hooks in our name; for a ref of ours it does without them.
_QUIET = "git -c core.hooksPath=/dev/null -c core.fsmonitor= -c core.alternateRefsCommand= -c receive.autogc=false"
_OWN = ("local", "worktree")


class Transport:
    """One remote of a clone. Each exchange takes at most `seconds`."""

    def __init__(self, git: Git, remote: str, seconds: float) -> None:
        self.git, self.remote, self.seconds = git, remote, seconds
        self._checked = False

    def names(self, ref: str) -> str:
        """Say which object a ref names at the remote, or ""."""
        done = self._run("ls-remote", "--refs", "--quiet", self.remote, ref)
        if done.returncode:
            raise self._unreachable(done.stderr)
        rows = (row.partition("\t") for row in done.stdout.splitlines())
        return next((name for name, _, full in rows if full == ref), "")

    def fetch(self, ref: str) -> None:
        """Fetch the object that a ref names; no ref of this clone moves."""
        quiet = ("--quiet", "--no-tags", "--no-prune", "--no-write-fetch-head", "--no-recurse-submodules")
        done = self._run("fetch", *quiet, "--no-auto-maintenance", "--refmap=", self.remote, ref)
        if done.returncode and "couldn't find remote ref" not in done.stderr:
            raise self._unreachable(done.stderr)

    def swap(self, ref: str, new: str, old: str) -> str:
        """Move a ref if it still names `old` ("": is not there); say why the remote refused it, or ""."""
        quiet = ("--porcelain", "--no-verify", "--no-signed", "--no-follow-tags", "--recurse-submodules=no")
        program = (f"--receive-pack={_QUIET} receive-pack",) if self._is_folder() else ()
        done = self._run("push", *quiet, *program, f"--force-with-lease={ref}:{old}", self.remote, f"{new}:{ref}")
        if not done.returncode:
            return ""
        refused = [row.split("\t")[-1] for row in done.stdout.splitlines() if row.startswith("!\t")]
        if not refused:
            raise self._unreachable(done.stderr)
        return refused[0]

    def _refuse_programs(self) -> None:
        fields = self.git.run("config", "--list", "--includes", "--show-scope", "-z").stdout.split("\0")
        for scope, pair in zip(fields[::2], fields[1::2], strict=False):
            key = pair.partition("\n")[0]
            if scope in _OWN and _PROGRAM.fullmatch(key):
                message = f"this clone's git configuration names a program for its remote ({key}); it is not run"
                hint = f"if it is yours: git config --global {key} …, and git config --unset-all {key}"
                raise TrainError(message, place=os.path.join(self.git.common_dir, "config"), hint=hint)

    def _is_folder(self) -> bool:
        """Tell whether the remote is a folder, as git tells it: no scheme, and no colon before the first slash."""
        asked = self.git.run("remote", "get-url", "--push", "--all", self.remote, check=False)
        urls = asked.stdout.split("\n")[:-1]
        if asked.returncode or len(urls) != 1:
            what = f"{len(urls)} places to push to" if urls else "no place to push to"
            raise TrainError(f"the remote {self.remote} has {what}; a lease wants one", hint="git remote --verbose")
        url = urls[0]
        return url.startswith("file://") or ("://" not in url and ":" not in url.split("/")[0])

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run git in a session of its own: there is no terminal to ask at, and it ends with all that it started."""
        if not self._checked:
            self._refuse_programs()
            self._checked = True
        environment = {**self.git.environment(), "GIT_ALLOW_PROTOCOL": PROTOCOLS}
        environment["GIT_ASKPASS"] = os.environ.get("GIT_ASKPASS", "")
        process = subprocess.Popen(
            self.git.command(*words),
            cwd=self.git.root or self.git.git_dir,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        try:
            out, said = process.communicate(timeout=self.seconds)
        except subprocess.TimeoutExpired:
            _end(process)
            raise self._unreachable(f"no answer within {self.seconds:g} s") from None
        except BaseException:
            _end(process)
            raise
        return subprocess.CompletedProcess(words, process.returncode, out, said)

    def _unreachable(self, said: str) -> RemoteError:
        from agenticops.core import secrets

        rows = [row for row in said.splitlines() if row.startswith(("fatal:", "error:", "ssh:"))] or said.splitlines()
        words = secrets.redact(rows[0].strip(), secrets.known_values(os.environ)) if rows else "git says nothing"
        hint = f"see to the network and to your access: git ls-remote {self.remote}; then run it again"
        return RemoteError(f"the remote {self.remote} cannot be asked: {words}", place=self.remote, hint=hint)


def _end(process: subprocess.Popen[str]) -> None:
    """End the whole group, also what outlived git itself, and close its output."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    process.communicate()
