"""Trusting: list what a clone can make the tool execute, trust it, revoke it, and the one door through which it runs.

In CI nobody can be asked: with `AGENTICOPS_TRUST=base` what runs is exactly what the base commit says, nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from agenticops.core import executables, lookup, reach
from agenticops.errors import ConflictError, TrainError, UsageError
from agenticops.model.tree import Tree
from agenticops.model.trust import Executable, Trusted
from agenticops.ports import process
from agenticops.store.lock import Lock
from agenticops.store.trust import TrustFile
from agenticops.workspace import Workspace

ASK = "agenticops trust show lists it; agenticops trust give, in a terminal, allows it"


def listing(workspace: Workspace) -> list[Trusted]:
    """List what the working tree and the clone's git configuration can make the tool execute, and what they reach."""
    return _standings(workspace, [*_programs(workspace), *executables.reaches(workspace.train)])


def _programs(workspace: Workspace) -> list[Executable]:
    return [*executables.executables(workspace.train), *executables.configured(workspace.git.programs())]


def _standings(workspace: Workspace, found: Sequence[Executable]) -> list[Trusted]:
    based = base_revision(workspace)
    known = _of_base(workspace, based) if based else TrustFile(workspace.git.common_dir).read()
    return [_standing(e, known, based) for e in found]


def _standing(one: Executable, known: Mapping[str, str], based: str) -> Trusted:
    if one.refused:
        return Trusted(one, "refused", one.refused)
    if known.get(one.place) == one.digest:
        return Trusted(one, "trusted", f"identical to {based}" if based else "")
    if one.place in known:
        return Trusted(one, "changed", f"differs from {based}" if based else "changed since it was trusted")
    return Trusted(one, "untrusted", f"not in {based}" if based else "")


def base_revision(workspace: Workspace) -> str:
    """Name the base that AGENTICOPS_TRUST=base goes by, or "" without that variable. The pull request has no say in it.

    It is AGENTICOPS_BASE, or the target branch that the forge names, or the default branch of the remote.
    """
    mode = os.environ.get("AGENTICOPS_TRUST", "")
    if not mode:
        return ""
    if mode != "base":
        raise UsageError(f"AGENTICOPS_TRUST={mode} is not known", hint="the only value is base; leave it unset at home")
    target = os.environ.get("GITHUB_BASE_REF", "")
    wanted = os.environ.get("AGENTICOPS_BASE", "") or (f"refs/remotes/origin/{target}" if target else "")
    wanted = wanted or "refs/remotes/origin/HEAD"
    spec = f"{wanted}^{{commit}}"
    answer = workspace.git.run("rev-parse", "--verify", "--quiet", "--end-of-options", spec, check=False)
    if answer.returncode or not answer.stdout.strip():
        hint = "fetch it (in CI: fetch-depth: 0), or name it: AGENTICOPS_BASE=REV"
        raise TrainError(f"the base {wanted} is not here, so nothing is trusted", hint=hint)
    return answer.stdout.strip()


def _of_base(workspace: Workspace, commit: str) -> dict[str, str]:
    train = workspace.train_at(commit)
    found = [*executables.executables(train), *executables.reaches(train)]
    return {e.place: e.digest for e in found if not e.refused}


def give(workspace: Workspace, shown: Sequence[Executable]) -> list[Trusted]:
    """Trust what the owner was shown. Raises ConflictError when it has changed since."""
    if workspace.by_agent:
        message = f"{workspace.by_agent} cannot give trust: it is the owner of the clone who does"
        raise TrainError(message, hint="run agenticops trust give yourself, in a terminal of your own")
    workspace.refuse_links()
    file = TrustFile(workspace.git.common_dir)
    with Lock(os.path.dirname(file.path), "trust give"):
        now = {t.executable.place: t.executable for t in listing(Workspace(workspace.root, workspace.clock))}
        for one in shown:
            if now.get(one.place) != one or one.refused:
                raise ConflictError("it changed while you looked at it", place=one.place, hint="agenticops trust show")
        file.write({**file.read(), **{one.place: one.digest for one in shown}})
    return listing(Workspace(workspace.root, workspace.clock))


def revoke(workspace: Workspace, places: Sequence[str]) -> list[str]:
    """Take trust back, from all or from the places named. Gives the places."""
    workspace.refuse_links()
    file = TrustFile(workspace.git.common_dir)
    with Lock(os.path.dirname(file.path), "trust revoke"):
        known = file.read()
        unknown = [p for p in places if p not in known]
        if unknown:
            raise UsageError(f"{unknown[0]!r} is not trusted", hint="agenticops trust show")
        gone = sorted(places or known)
        if gone:
            file.write({p: d for p, d in known.items() if p not in gone})
        elif os.path.lexists(file.path):
            os.unlink(file.path)  # one whose seal is not ours
    return gone


def run(
    workspace: Workspace, place: str, values: Mapping[str, str] | None = None, operands: Sequence[str] = ()
) -> process.Done:
    """Run what stands at a place, if it may run."""
    return process.run(permitted(workspace, place).argv, workspace.root, values, operands)


def watch(workspace: Workspace, place: str, values: Mapping[str, str], seconds: float) -> process.Watched:
    """Run what stands at a place, if it may run, and tell how it ended."""
    return process.watch(permitted(workspace, place).argv, workspace.root, values, seconds)


def vouch(workspace: Workspace, declared: executables.Declared, tree: Tree) -> None:
    """Refuse words that are to be run over a tree's files, unless just these words and files are trusted here.

    Raises TrainError.
    """
    based = base_revision(workspace)
    known = _of_base(workspace, based) if based else TrustFile(workspace.git.common_dir).read()
    found = _standing(executables.over(tree, declared), known, based)
    if found.standing != "trusted":
        raise TrainError(f"not run: {found.why or 'nobody trusted it here'}", place=declared.place, hint=ASK)


def permitted(workspace: Workspace, place: str) -> Executable:
    """Give what stands at a place, if it may run: the only door to a program that a repository names."""
    found = next((t for t in _standings(workspace, _programs(workspace)) if t.executable.place == place), None)
    if found is None:
        raise TrainError("nothing that could run stands there", place=place, hint="agenticops trust show")
    if place.startswith(executables.GIT):
        raise TrainError("git runs this itself, when its owner trusts it", place=place, hint=ASK)
    if found.standing != "trusted":
        raise TrainError(f"not run: {found.why or 'nobody trusted it here'}", place=place, hint=ASK)
    return found.executable


def refuse_reach(workspace: Workspace, place: str, word: str = "") -> None:
    """Refuse what of its owner's the repository may not use, or not for this. Raises TrainError."""
    found = next((e for e in executables.reaches(workspace.train) if e.place == place), None)
    if found is None or (word and not any(lookup.could_be(word, one) for one in found.argv[1:])):
        said = f"{place.removeprefix(reach.SECRET)} for {word[:80] or 'this'}"
        message = f"no rule, nor config/automation.yml, names {said}: it is not used"
        raise TrainError(message, hint="name it there, then agenticops worker retry ID")
    standing = _standings(workspace, [found])[0]
    if standing.standing != "trusted":
        raise TrainError(f"{place} is not used: {standing.why or 'nobody trusted it here'}", hint=ASK)
