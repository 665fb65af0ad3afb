"""The transport: the only place where git talks to a remote, for refs of our own. Credentials are git's.

Everywhere else transports are switched off (`shield`). Here the usual ones are on, and what a clone's configuration
could make them execute is not: programs are the user's, hooks do not run, and nobody is asked anything. ADR 0015, 0035.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Sequence

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
# A push of several refs brings commits along: it may take this many times as long as one of a note.
_BULK = 10

# How a remote words that a rule or a program of its own does not take a push: trying again would not help.
_DECLINED = re.compile(r"declined|protected|prohibited|not allowed|checked out|den(?:y|ied|ying)\b", re.IGNORECASE)

# A ref, what it is to name ("": nothing any more), and what it must still name for that ("": nothing yet).
Update = tuple[str, str, str]


class Declined(RemoteError):
    """A remote that could be reached does not take a push, by a rule of its own: `words` are its."""

    def __init__(self, message: str, words: str, remote: str, hint: str = "") -> None:
        hint = hint or "let your account push there, or drive without the remote: agenticops drive --local"
        super().__init__(f"{message}: {words}", place=remote, hint=hint)
        self.words = words


def declined(words: str) -> bool:
    """Tell from a refusal's words whether it is a rule of the remote, and not another ref that moved."""
    return _DECLINED.search(words) is not None


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

    def swap(self, updates: Sequence[Update]) -> str:
        """Move refs together, if each still names what is said; say why the remote refused it, or "": then none moved.

        A ref that names what it is to name by now is left at that.
        """
        quiet = ("--porcelain", "--no-verify", "--no-signed", "--no-follow-tags", "--recurse-submodules=no")
        program = (f"--receive-pack={_QUIET} receive-pack",) if self._is_folder() else ()
        atomic = ("--atomic",) if len(updates) > 1 else ()
        expected = [f"--force-with-lease={ref}:{old}" for ref, _, old in updates]
        wanted = [f"{new}:{ref}" for ref, new, _ in updates]
        seconds = self.seconds * (_BULK if atomic else 1)
        done = self._run("push", *quiet, *program, *atomic, *expected, self.remote, *wanted, seconds=seconds)
        if not done.returncode:
            return ""
        refused = [row.split("\t")[-1] for row in done.stdout.splitlines() if row.startswith("!\t")]
        if not refused:
            raise self._unreachable(done.stderr)
        # Of several refs most were refused only because of another one.
        return next((words for words in refused if "atomic" not in words), refused[0])

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

    def _run(self, *words: str, seconds: float = 0) -> subprocess.CompletedProcess[str]:
        """Run git in a session of its own: there is no terminal to ask at, and it ends with all that it started."""
        if not self._checked:
            self._refuse_programs()
            self._checked = True
        seconds = seconds or self.seconds
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
            out, said = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            _end(process)
            raise self._unreachable(f"no answer within {seconds:g} s") from None
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
