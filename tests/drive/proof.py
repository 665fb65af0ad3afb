"""The proof that a drive went right: what must hold of a train once there is nothing left to drive.

`judge` looks at the log, at git, at the ledger and at what the agents noted themselves; it gives what does not hold.
"""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil

from agenticops.core import checklist, fold
from agenticops.core.drive import budget, progress
from agenticops.flows import judge as judging
from agenticops.flows import logcheck, replay
from agenticops.flows.drive.driver import read_settings
from agenticops.flows.ticket import RECORDED
from agenticops.model.drive import Assignment
from agenticops.model.event import Event
from agenticops.model.finding import Verdict
from agenticops.ports.agent import DESK
from agenticops.store.runs import Runs
from agenticops.workspace import Workspace
from tests.drive import rig
from tests.support import git

# How a ticket may end, by the temper of its agent: done, or held for one of these reasons.
DONE = "done"
ENDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("good", "committing", "flaky", "leaving", "merging"), (DONE,)),
    **dict.fromkeys(("lying", "ticking", "telling"), ("no_change",)),
    **dict.fromkeys(("slow", "looping"), ("timeout",)),
    **dict.fromkeys(("crashing", "staging"), ("same_failure",)),
    **dict.fromkeys(("outside", "emptying", "forging", "switching", "breaking", "pruning"), ("same_failure",)),
    **dict.fromkeys(("rewiring", "hiding"), ("same_failure",)),
    "moving": ("same_failure", "gate_refused"),
    **dict.fromkeys(("tampering", "linking", "meddling", "advancing"), ("same_failure", "gate_refused")),
    "leaking": ("same_failure",),
    "spending": (DONE, "budget"),
    "asking": ("needs_person",),
    "clashing": (DONE, "merge_conflict"),
    "careless": (DONE, "gate_refused"),
}
# What may come into the default branch: the tool's own files, and what the mode of the rig writes.
MAY = re.compile(r"(\.agenticops|docs|src|tickets)/.*")
MAY_NOT = re.compile(r"docs/rules/.*|tickets/build_other/.*|.*/half\.txt|.*late\.txt")


def judge(repo: Path, parallel: int = 1) -> None:
    """Assert that everything holds of a train that was driven from its first commit on."""
    wrong = [*complaints(repo, parallel)]
    assert not wrong, "\n".join(wrong)


def complaints(repo: Path, parallel: int = 1) -> Iterator[str]:
    """Say what does not hold."""
    first = git(repo, "rev-list", "--max-parents=0", "main").split()[0]
    main = Workspace(str(repo))
    desks = {name: Workspace(str(place)) for name, place in _desks(repo).items()}
    yield from ends(main, desks)
    yield from alone(repo)
    for there in (main, *desks.values()):
        yield from shown(there)
    yield from paid(main, desks, parallel)
    yield from green(repo, main, first)
    yield from outside(repo, first)
    yield from places(repo, main, desks)
    for name, there in desks.items():
        yield from (f"desk of {name}: {f}" for f in logcheck.verify(there).findings)
    yield from (f"an agent is still there: {pid}" for pid in agents(repo))


def ends(main: Workspace, desks: dict[str, Workspace]) -> Iterator[str]:
    """Every ticket is done, or held for a reason that fits its agent; then its own branch says so too."""
    train = main.train
    worked = {train.ticket(name).item: name for name in train.ticket_ids()}
    for item in train.items():
        temper = item.title.rpartition(" ")[2]
        name = worked.get(item.id)
        if name is None:
            yield f"{item.id}, {temper}: never taken"
            continue
        ticket, stands = train.ticket(name), progress.drive(name, main.log.of_subject(f"drive/{name}"))
        ended = DONE if ticket.status == DONE else stands.reason or stands.standing or ticket.status
        if ended not in ENDS[temper]:
            yield f"{name}, {temper}: {ended} ({stands.words})"
        if ended == DONE and stands.standing != "delivered":
            yield f"{name}: it is done, and the auto-pilot has it as {stands.standing}"
        if ended == DONE and (still := list(train.checklist(ticket).open)):
            yield f"{name}: it is done, and {still[0].text} is open"
        if ended != DONE and name in desks and desks[name].train.ticket(name).status != "blocked":
            yield f"{name}: it is held, and {desks[name].train.ticket(name).status} in its desk"


def alone(repo: Path) -> Iterator[str]:
    """No ticket has two agents at a time, by the kernel's lock, and by their own clocks."""
    last: dict[str, rig.Stint] = {}
    for stint in rig.journal(repo):
        if not stint.alone:
            yield f"{stint.ticket}: a second agent, {stint.pid}, while one was at work"
        before = last.get(stint.ticket)
        if before is not None and stint.began < max(before.began, before.ended):
            yield f"{stint.ticket}: {before.pid} and {stint.pid} overlap"
        last[stint.ticket] = stint


def shown(there: Workspace) -> Iterator[str]:
    """Every tick rests on a run that was completed, on a record, or on a check; and the pages say what the log says."""
    train = there.train
    for name in train.ticket_ids():
        events = there.log.of_ticket(name)
        runs = {a.assignment_id: a for a in progress.assignments(events)}
        known = fold.ticked(events)
        page = checklist.parse(train.checklist_text(train.ticket(name)) or "")
        records = {b.key: b.anchor.removeprefix(RECORDED) for b in page.bullets if b.anchor.startswith(RECORDED)}
        for event in known.values():
            if why := _unshown(event, events, runs, records):
                yield f"{name}, bullet {event.data.get('bullet')} in {there.root}: {why}"
        if {b.key for b in page.bullets if b.checked} != known.keys():
            yield f"{name} in {there.root}: the page and the log differ in what is ticked"
        done = Counter(a.bullet for a in runs.values() if a.assignment_status == "completed" and a.bullet in known)
        yield from (f"{name}: bullet {key} was paid for {n} times" for key, n in done.items() if n > 1)


def _unshown(event: Event, events: list[Event], runs: dict[str, Assignment], records: dict[str, str]) -> str:
    key = str(event.data.get("bullet"))
    if "assignment" in event.data:
        run = runs.get(str(event.data["assignment"]))
        if run is None or (run.assignment_status, run.bullet, run.task_id) != ("completed", key, event.ticket):
            return f"the run that it rests on is {run}"
        return ""
    paid = any(r.bullet == key and r.assignment_status == "completed" for r in runs.values())
    if key in records:
        return "" if records[key] in fold.recorded(events) and paid else f"{records[key]} is not recorded by a run"
    return "" if "check" in event.data and paid else f"nothing shows it: {event.data}"


def paid(main: Workspace, desks: dict[str, Workspace], parallel: int) -> Iterator[str]:
    """The ledger is what the logs tell; budgets are exceeded at most by what runs in flight took beyond estimates."""
    told: dict[str, Assignment] = {}
    for there in (main, *desks.values()):
        for run in progress.assignments(there.log.of_kinds(progress.ASSIGNED, progress.ACTIVE, progress.ENDED)):
            if told.setdefault(run.assignment_id, run) != run:
                yield f"two branches tell differently of run {run.assignment_id}"
    noted = Runs(os.path.join(main.git.common_dir, "agenticops")).read()
    for name in sorted(told.keys() | noted.keys()):
        if told.get(name) != noted.get(name):
            yield f"run {name}: the log has {told.get(name)}, the ledger {noted.get(name)}"
    yield from (f"run {r.assignment_id} of {r.task_id} is {r.assignment_status}" for r in told.values() if not r.over)
    settings = read_settings(main)
    runs = sorted(told.values(), key=lambda r: r.assignment_id)
    for at, run in enumerate(runs):
        # What was known for certain when it was reserved: of runs that had not ended, what they were thought to cost.
        before = [_then(r, run.created_at) for r in runs[:at]]
        for scope in budget.scopes(settings.budgets, run.task_id, run.phase, run.model_name, run.created_at):
            limit = scope.budget.money
            spent = sum(r.money for r in before if scope.covers(r, run.created_at))
            if limit is not None and spent + run.estimated_cost > limit + 1e-6:
                yield f"run {run.assignment_id}: {spent} were spent of {limit} of {scope.title} when it was reserved"
    for title, limit, used in _totals(settings.budgets, runs):
        beyond = sorted((r.money - r.estimated_cost for r in runs), reverse=True)[:parallel]
        if used > limit + sum(n for n in beyond if n > 0) + 1e-6:
            yield f"{title}: {used} of {limit} were spent"


def _then(run: Assignment, at: str) -> Assignment:
    """A run as it was known at a time."""
    return run if run.completed_at and run.completed_at <= at else msgspec.structs.replace(run, actual_cost=None)


def _totals(budgets: budget.Budgets, runs: list[Assignment]) -> Iterator[tuple[str, float, float]]:
    sums: dict[str, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    for run in runs:
        for scope in budget.scopes(budgets, run.task_id, run.phase, run.model_name, run.created_at):
            if scope.budget.money is not None:
                sums[scope.title] = (scope.budget.money, sums[scope.title][1] + run.money)
    yield from ((title, limit, used) for title, (limit, used) in sums.items())


def green(repo: Path, main: Workspace, first: str) -> Iterator[str]:
    """Every commit that was ever the tip of the default branch holds, and so does what happened between them."""
    for commit in git(repo, "rev-list", "--first-parent", "--reverse", f"{first}..main").split():
        yield from (f"main at {commit[:8]}: {f}" for f in _errors(judging.tree(main, commit)))
        if not git(repo, "cat-file", "blob", f"{commit}:README.md"):
            yield f"main at {commit[:8]}: README.md is empty"
    span = replay.compare(main, replay.Call(first, "main", branch="main", replay=True))
    yield from (f"main, replayed: {f}" for f in _errors(span))
    yield from (f"main: {f}" for f in _errors(judging.train(main)))
    yield from (f"main: {f}" for f in logcheck.verify(main).findings)


def outside(repo: Path, first: str) -> Iterator[str]:
    """Nothing came in, not even in the past of a branch, that the agents may not write."""
    rows = git(repo, "log", "--format=", "--name-only", "-m", f"{first}..main").split("\n")
    for path in sorted({r for r in rows if r}):
        if not MAY.fullmatch(path) or MAY_NOT.fullmatch(path):
            yield f"{path} came into main"


def places(repo: Path, main: Workspace, desks: dict[str, Workspace]) -> Iterator[str]:
    """Desks and branches of what was delivered are gone, those of what is held are there; nothing is left lying."""
    train = main.train
    held = {name for name in train.ticket_ids() if train.ticket(name).status != DONE}
    if desks.keys() != held:
        yield f"desks of {sorted(desks)}, held are {sorted(held)}"
    branches = git(repo, "for-each-ref", "--format=%(refname:lstrip=3)", "refs/heads/phase").split()
    if set(branches) != held:
        yield f"branches of {sorted(branches)}, held are {sorted(held)}"
    if said := git(repo, "status", "--porcelain"):
        yield f"the checkout has changes: {said}"
    if git(repo, "rev-parse", "HEAD") != git(repo, "rev-parse", "main"):
        yield "the checkout is not at the tip"
    for name, there in desks.items():
        yield from (f"desk of {name}: {lock} is left" for lock in Path(there.git.git_dir).rglob("*.lock"))


def agents(repo: Path) -> list[int]:
    """Give the processes whose desk is one of a repository's."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(DESK, "").startswith(f"{os.path.realpath(repo)}.desks"):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def _desks(repo: Path) -> dict[str, Path]:
    folder = Path(f"{repo}.desks")
    return {p.name: p for p in sorted(folder.iterdir()) if p.name != "trunk"} if folder.is_dir() else {}


def _errors(verdict: Verdict) -> list[str]:
    return [f"{f.code} {f.place}: {f.message}" for f in verdict.findings if f.severity == "error"]
