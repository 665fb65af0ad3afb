"""Lines of the sync: a plan, what came of it, how both sides stand; and a bar while it goes on."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from agenticops.cli import board
from agenticops.cli.lines import BAD, DIM, GOOD, STRONG, WARN, Line, bad, clean, counted, cut, following, line, ok
from agenticops.cli.output import colourful
from agenticops.core.sync import page
from agenticops.model.forge import Action, Conflict

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.progress import Progress

    from agenticops.flows.forge.applying import Applied
    from agenticops.flows.forge.planning import Planned
    from agenticops.flows.forge.status import Status

MARKS = {"create": ("+", GOOD), "update": ("~", WARN), "delete": ("-", BAD), "keep": ("=", DIM)}
WIDTH = 100
# Characters that `^C` takes, with something to spare.
TYPED = 4
# More are counted; --json gives all.
MOST = 60


def plan_data(planned: Planned) -> dict[str, Any]:
    """Give a plan for programs; `apply` takes it by its digest."""
    plan = planned.plan
    return {
        "repository": planned.repository,
        "digest": plan.digest,
        "read": planned.read,
        "actions": plan.actions,
        "conflicts": plan.conflicts,
        "findings": [*plan.findings, *planned.findings],
        "linked": plan.linked,
        "blocked": planned.blocked,
        "held": planned.held,
    }


def plan_lines(planned: Planned) -> list[Line]:
    """Show a plan: what is to be done, what is undecided, what was found."""
    plan = planned.plan
    rows = [line((clean(planned.repository), STRONG), (f"  {counted(plan.linked, 'item')} in step with it", DIM))]
    rows += action_lines(plan.actions)
    rows += conflict_lines(plan.conflicts)
    if found := [*planned.findings, *plan.findings]:
        rows += board.finding_lines(found)
    if not planned.changes:
        rows.append(ok("both sides say the same"))
    if planned.held:
        rows.append(line(("! ", WARN), planned.held))
    if planned.blocked:
        rows.append(bad("a rule does not hold of what both sides will be: apply refuses"))
    elif plan.actions:
        rows.append(following(f"agenticops github apply{' --force' if planned.held else ''}"))
    elif plan.conflicts:
        rows.append(following(resolve(plan.conflicts[0])))
    return rows


def action_lines(actions: tuple[Action, ...] | list[Action]) -> list[Line]:
    """Show actions, one a line."""
    rows = []
    for action in actions[:MOST]:
        where = "here " if action.side == "local" else "there"
        rows.append(line("  ", MARKS[action.verb], (f" {where} ", DIM), cut(page.say(action), _room(10))))
    if len(actions) > MOST:
        rows.append(line((f"  … {len(actions) - MOST} more; --json gives all", DIM)))
    return rows


def conflict_lines(conflicts: tuple[Conflict, ...]) -> list[Line]:
    """Show what nobody has decided, each with the command that does."""
    rows = []
    for conflict in conflicts[:MOST]:
        rows.append(line(("  ? ", WARN), cut(page.ask(conflict), _room(4))))
        rows.append(line((f"      {resolve(conflict)}", DIM)))
    if len(conflicts) > MOST:
        rows.append(line((f"  … {len(conflicts) - MOST} more; --json gives all", DIM)))
    return rows


def _room(taken: int) -> int:
    """Give the characters that a row of the terminal has left; a file has as many as are easily read."""
    return min(WIDTH, shutil.get_terminal_size((2 * WIDTH, 0)).columns - taken)


def resolve(conflict: Conflict) -> str:
    """Name the command that decides a conflict."""
    return f"agenticops github resolve {conflict.item} --field {conflict.field} --take local|remote"


def applied_lines(applied: Applied, dry_run: bool = False) -> list[Line]:
    """Show what came of a plan."""
    plan = applied.planned.plan
    if applied.refused or dry_run:
        return plan_lines(applied.planned)
    rows = [ok(f"{counted(applied.done, 'change')} made", applied.planned.repository)]
    rows += [line(("  ! ", WARN), f"{item} waits: ", clean(why)) for item, why in sorted(applied.skipped.items())]
    for item, command in sorted(applied.asked.items()):
        rows.append(line(("  ! ", WARN), f"{item} was closed on the forge, and only a command ends it: ", command))
    rows += conflict_lines(plan.conflicts)
    rows += board.finding_lines([*applied.planned.findings, *plan.findings])
    if applied.skipped:
        rows.append(following("agenticops github plan"))
    elif applied.done or plan.agreements:
        rows.append(following("git add --all && git commit"))
    elif plan.conflicts:
        rows.append(following(resolve(plan.conflicts[0])))
    return rows


def status_lines(found: Status) -> list[Line]:
    """Show how both sides stand."""
    waiting = "nothing is kept of the forge" if found.waiting is None else counted(found.waiting, "change")
    pairs = [
        ("repository", found.repository),
        (
            "agreed",
            f"{found.agreed[:16].replace('T', ' ')}, {counted(found.items, 'item')}" if found.agreed else "never",
        ),
        ("read", found.read[:16].replace("T", " ") or "never"),
        ("waiting", waiting),
        ("limit", f"{found.limit.remaining} of {found.limit.limit} left" if found.limit else ""),
        ("offline", found.offline),
    ]
    rows = [line((f"  {name:<11}", DIM), clean(value)) for name, value in pairs if value]
    rows += conflict_lines(found.conflicts)
    following_one = "agenticops github apply" if found.waiting else "agenticops github plan"
    return [*rows, following(resolve(found.conflicts[0]) if found.conflicts else following_one)]


@contextmanager
def progress(words: str, quiet: bool) -> Iterator[Callable[[int, int, str], None]]:
    """Show a bar on a terminal while something goes on; give what is to be told: how far, of how much, and what.

    Cut off, it says how far it came.
    """
    far = [0, 0]
    try:
        with contextlib.nullcontext() if quiet or not colourful(sys.stderr) else _bar(words) as bar:

            def told(at: int, count: int, what: str) -> None:
                far[:] = at, count
                if bar is not None:
                    bar.update(bar.task_ids[0], total=count, completed=at, description=clean(what) or words)

            yield told
    except KeyboardInterrupt:
        if far[1]:
            sys.stderr.write(f"stopped after {far[0]} of {far[1]}; the same command goes on from there\n")
        raise


def _bar(words: str) -> Progress:
    """Make a bar, narrower than the terminal: what somebody types must not break its line in two."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.table import Column

    rest = Column(ratio=1, no_wrap=True, overflow="ellipsis")
    what = TextColumn("{task.description}", markup=False, table_column=rest)
    columns = (BarColumn(20), MofNCompleteColumn(), TimeRemainingColumn(compact=True), what)
    console = Console(stderr=True)
    console.width -= TYPED
    bar = Progress(*columns, console=console, transient=True, expand=True)
    bar.add_task(words, total=None)
    return bar
