"""Preview: what a drive would take, by which model, and whether its budget allows it. Nothing is changed."""

from __future__ import annotations

from msgspec import Struct

from agenticops.core.drive import budget
from agenticops.core.drive.budget import Standing
from agenticops.errors import TrainError
from agenticops.flows.drive import driver, ledger, turn, work
from agenticops.flows.drive.marks import Marks
from agenticops.flows.drive.taking import OPEN
from agenticops.workspace import Workspace

COMMIT = "git add --all && git commit, on the default branch; then agenticops drive"


class Planned(Struct, frozen=True):
    """An item that would be taken: its ticket and phase, the model, why it, and what stands in the way."""

    item: str
    title: str
    ticket: str
    phase: str
    provider: str = ""
    model: str = ""
    reason: str = ""
    complexity: int = 0
    money: float = 0.0
    refused: str = ""
    hint: str = ""


class Preview(Struct, frozen=True):
    """What a drive would begin with, in order; why the others are passed over; the budgets, the fullest first."""

    takes: tuple[Planned, ...]
    more: int
    why: str
    halted: str
    passed: dict[str, str]
    budgets: tuple[Standing, ...]


def preview(workspace: Workspace, most: int) -> Preview:
    """Look ahead: the first so many items."""
    settings = driver.read_settings(workspace)
    skip: dict[str, str] = {}
    takes: list[Planned] = []
    choice = driver.explain(workspace)
    why = choice.reason
    while choice.item is not None and len(takes) < most:
        takes.append(_planned(workspace, choice.item.id))
        skip[choice.item.id] = "it is taken"
        choice = driver.explain(workspace, skip)
    more = list(choice.passed.values()).count("others come first") + (choice.item is not None)
    passed = {name: words for name, words in choice.passed.items() if name not in skip}
    known = ledger.known(workspace)
    standings = sorted(budget.standings(settings.budgets, known, workspace.now), key=lambda s: -s.share)
    return Preview(tuple(takes), more, why, Marks(workspace).halted, passed, tuple(standings))


def _planned(workspace: Workspace, item: str) -> Planned:
    settings, train = driver.read_settings(workspace), workspace.train
    wanted = train.item(item)
    name = str(workspace.index.value(OPEN, item) or "")
    found = Planned(item, wanted.title, name, train.ticket(name).phase if name else "")
    try:
        if not workspace.train_at(f"refs/heads/{train.pipeline.default_branch}").has_item(item):
            raise TrainError("it is not on the default branch yet", hint=COMMIT)
        phase = found.phase or (
            train.pipeline.start if wanted.kind in train.pipeline.kinds else work.phase_of(train, item)
        )
        found = Planned(item, wanted.title, name or train.next_visit(phase, item), phase)
        choice = ledger.planned(workspace, settings, found.ticket, phase)
        turn.refuse_untrusted(workspace, workspace, settings)
    except TrainError as e:
        return Planned(item, wanted.title, found.ticket, found.phase, refused=e.message, hint=e.hint)
    return Planned(
        item,
        wanted.title,
        found.ticket,
        phase,
        choice.provider,
        choice.model.name,
        choice.reason,
        choice.complexity,
        choice.model.money,
    )
