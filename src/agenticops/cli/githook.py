"""`hooks run`: what git's hooks call, hundreds of times an hour. Served before typer loads; silent when all is well."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence

from agenticops.cli.lines import Line, clean, counted, line
from agenticops.cli.output import complain, show
from agenticops.errors import EXIT_OK, EXIT_USAGE, EXIT_VERDICT, TrainError
from agenticops.model.finding import Finding
from agenticops.workspace import Workspace

SKIP = {"push": "git push --no-verify", "merge": "git merge --no-verify", "commit": "git commit --no-verify"}
WORDS = {
    "pre-commit": ("commit", 0),
    "pre-merge-commit": ("merge", 0),
    "prepare-commit-msg": ("", 1),
    "commit-msg": ("commit", 1),
    "pre-push": ("push", 0),
}


def serve(name: str, arguments: Sequence[str]) -> int:
    """Answer one hook and give its exit code; anything but 0 stops git."""
    if name not in WORDS or len(arguments) < WORDS[name][1]:
        sys.stderr.write(f"Usage: agenticops hooks run {'|'.join(WORDS)} [ARGUMENTS]\n")
        return EXIT_USAGE
    step, _ = WORDS[name]
    try:
        return _answer(name, step, arguments)
    except TrainError as e:
        complain(e)
        if not step:
            return EXIT_OK  # git knows no way around this hook: it must not stand in the way
        _show([], step)
        return e.exit_code


def _answer(name: str, step: str, arguments: Sequence[str]) -> int:
    from agenticops.flows import githooks

    workspace = Workspace()
    if name == "prepare-commit-msg":
        githooks.prepare(workspace, arguments[0])
        return EXIT_OK
    if name == "commit-msg":
        findings = githooks.message(workspace, arguments[0])
        return _told("the message", findings, step)
    if name == "pre-push":
        remote = arguments[0] if arguments else os.environ.get("PRE_COMMIT_REMOTE_NAME", "origin")
        codes = []
        for one in githooks.pushes(_pushed()):
            verdict = githooks.push(workspace, remote, one)
            codes.append(_told(f"what {one.branch} would bring", verdict.findings if verdict else (), step))
        return max(codes, default=EXIT_OK)
    verdict = githooks.commit(workspace)
    return _told("what is staged", verdict.findings if verdict else (), step)


def _pushed() -> Iterable[str]:
    """What is pushed: git's own lines, or the variables of the pre-commit framework, which has read them."""
    commit, branch = os.environ.get("PRE_COMMIT_TO_REF", ""), os.environ.get("PRE_COMMIT_REMOTE_BRANCH", "")
    return [f"- {commit} {branch} -"] if commit and branch else sys.stdin


def _told(what: str, findings: Sequence[Finding], step: str) -> int:
    """Say what does not hold, on the error stream, as git's own hooks do."""
    if not any(f.severity == "error" for f in findings):
        return EXIT_OK
    from agenticops.cli import board
    from agenticops.cli.lines import bad

    count = counted(len(findings), "finding")
    _show([bad(f"{clean(what)} does not hold ({count})"), *board.finding_lines(list(findings))], step)
    return EXIT_VERDICT


def _show(rows: list[Line], step: str) -> None:
    show([*rows, line(("  skip  ", "dim"), (f"{SKIP[step]}  (CI asks again)", "dim"))], sys.stderr)
