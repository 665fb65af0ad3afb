"""All numbers of the reports against an oracle that was there when the history happened."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from agenticops.core.analytics.travel import Journey
from agenticops.flows.analysis import durations, outcomes, overview, places, source
from agenticops.flows.analysis.source import Filter, Source
from agenticops.ports.clock import timestamp
from agenticops.workspace import Workspace
from tests.flows.analysis.histories import opened
from tests.flows.analysis.oracle import Numbers, Oracle, Question
from tests.flows.analysis.truth import DAY, HOUR, NOW, START, Truth
from tests.support import some, thorough

GROUPS = ("", "template", "state", "phase", "agent", "client")
PERIODS = ("day", "week", "month")
TEMPLATES = {"workflows": ("X", "Y"), "tickets": ("PRD", "CRD")}
VALUE = "invoice.amount"
SEED = 11  # a history in which much happens
SMALL = 5  # every so many histories is of one instance and one item


def made(seed: int) -> Truth:
    return Truth(seed, 25, 12) if seed % SMALL else Truth(seed, 1, 1)


def windows(dice: random.Random) -> list[tuple[str, str]]:
    """Draw stretches of time: all, two closed ones, two open ones, and one that ends within a day."""
    days = [timestamp(START + dice.randrange(60) * DAY)[:10] for _ in range(6)]
    hour = timestamp(START + dice.randrange(58 * 24) * HOUR + dice.randrange(HOUR))[:19]
    closed = [(min(pair), max(pair)) for pair in (days[:2], days[2:4])]
    return [("", ""), *closed, ("", days[4]), (days[5], ""), ("", hour)]


def questions(seed: int, truth: Truth) -> list[Question]:
    """List all that can be asked, in any order."""
    dice = random.Random(seed + 1)
    kinds = {"workflows": {i.template for i in truth.instances}, "tickets": {i.kind for i in truth.items if i.stops}}
    found = [
        Question(of, by, template, since, until)
        for of, known in kinds.items()
        for since, until in windows(dice)
        for template in ("", *sorted({dice.choice(TEMPLATES[of])} & known))
        for by in GROUPS
    ]
    dice.shuffle(found)
    return found


def reported(here: Workspace, asked: Question) -> Iterator[tuple[str, Numbers]]:
    """Give what each report says."""
    wanted, by = Filter(asked.of, asked.template, asked.since, asked.until), asked.by
    for name, report in (("cycle", durations.cycle), ("lead", durations.lead)):
        yield name, {(r.template, r.group): (r.n, r.median, r.p85, r.longest) for r in report(here, wanted, by)}
    judged = outcomes.success(here, wanted, by)
    yield "success", {(r.template, r.group): (r.n, r.well, r.cancelled, r.share) for r in judged}
    for per in PERIODS:
        ended = outcomes.throughput(here, wanted, by, per, VALUE)
        yield (
            f"throughput {per}",
            {(r.template, r.group, r.period): (r.ended, r.well, r.value or 0.0, r.needs or 0) for r in ended},
        )
    under_way = places.wip(here, wanted, by)
    yield "wip", {(r.template, r.group): (r.n, r.median, r.oldest, r.usual, r.late) for r in under_way}
    lost = places.bottlenecks(here, wanted, by)
    yield (
        "bottlenecks",
        {
            (r.template, r.group): (r.waited, r.share, r.visits, r.median, r.p85, r.waiting, r.came, r.left)
            for r in lost
        },
    )
    if not by:
        yield from surveyed(here, asked)


def surveyed(here: Workspace, asked: Question) -> Iterator[tuple[str, Numbers]]:
    """Give what the overview says, which is not by group."""
    wanted = Filter(asked.of, asked.template, asked.since, asked.until)
    pages: Numbers = {}
    for p in overview.flow(here, wanted, VALUE):
        times = [number for t in (p.cycle, p.lead) for number in (t.n, t.median, t.p85, t.longest)]
        judged = (p.success.n, p.success.well, p.success.cancelled, p.success.share)
        worst = p.bottleneck.waited if p.bottleneck else None
        flow = (p.ended, p.weekly, p.value or 0.0, p.needs or 0, p.under_way, p.oldest)
        pages["", ""] = (*flow, *times, *judged, worst)
    yield "page", pages
    yield "edges", {(e.template, e.source, e.to): (e.n, e.median) for e in overview.edges(here, wanted)}
    yield "weeks", {(w.period,): (w.began, w.ended) for w in overview.began_and_ended(here, wanted)}


def true(truth: Truth, asked: Question) -> Iterator[tuple[str, Numbers]]:
    """Give what each report should say."""
    oracle = Oracle(truth, asked)
    yield "cycle", oracle.cycle()
    yield "lead", oracle.lead()
    yield "success", oracle.success()
    for per in PERIODS:
        yield f"throughput {per}", oracle.throughput(per)
    yield "wip", oracle.wip()
    yield "bottlenecks", oracle.bottlenecks()
    if not asked.by:
        yield "page", oracle.page()
        yield "edges", oracle.edges()
        yield "weeks", oracle.weeks()


def same(said: tuple[Any, ...] | None, numbers: tuple[Any, ...] | None) -> bool:
    """Compare two rows; times go through Julian days, which are good for a tenth of a second."""
    if said is None or numbers is None:
        return False
    return all(a == b if a is None or b is None else abs(a - b) < 1e-6 for a, b in zip(said, numbers, strict=True))


def differences(here: Workspace, truth: Truth, asked: list[Question]) -> Iterator[tuple[str, str]]:
    """Give the report and the words for each row that is not as it was."""
    for question in asked:
        for (name, said), (_, known) in zip(reported(here, question), true(truth, question), strict=True):
            for key in sorted({*said, *known}):
                if not same(said.get(key), known.get(key)):
                    yield name, f"{name} of {question}: {key} is {said.get(key)}, not {known.get(key)}"


@pytest.mark.parametrize("seed", some(range(SEED, SEED + 14), 9))
def test_reports_say_what_happened(repo: Path, seed: int) -> None:
    truth = made(seed)
    truth.save(repo)
    wrong = [words for _, words in differences(opened(repo, NOW), truth, some(questions(seed, truth), 3))]
    assert not wrong, "\n".join(wrong[:10])


def from_below(ordered: Sequence[float], q: float) -> float | None:
    return ordered[int((len(ordered) - 1) * q)] if ordered else None


def by_sundays(day: str, per: str) -> str:
    found = date.fromisoformat(day[:10])
    first = found - timedelta(days=found.isoweekday() % 7)
    return {"day": day[:10], "week": first.isoformat(), "month": day[:8] + "01"}[per]


def as_of_now(self: Source, alias: str) -> tuple[str, list[str]]:
    return f"{alias}.left = '' AND ? IN ('', {alias}.template)", [self.template]


def answered_anew(journey: Journey, item: dict[str, Any], needs: int) -> tuple[Any, ...]:
    return (*TRIP(journey, item, needs)[:-1], len(item.get("needs", ())))


TRIP = source._trip
ANALYSIS, ANALYTICS = "agenticops.flows.analysis", "agenticops.core.analytics"
UNCLIPPED = "julianday({later}) - julianday({earlier})"
# A slip that somebody could make, and the reports that it makes wrong.
SLIPS: list[tuple[str, object, set[str]]] = [
    (f"{ANALYSIS}.durations.ENDED", "t.status <> 'active'", {"cycle", "lead", "page"}),
    (f"{ANALYSIS}.durations.DAYS", UNCLIPPED, {"cycle", "lead", "page"}),
    (f"{ANALYSIS}.overview.DAYS", UNCLIPPED, {"edges"}),
    (f"{ANALYSIS}.overview.WEEKS", 4, {"page"}),
    (f"{ANALYSIS}.places.RECENT", 21, {"bottlenecks"}),
    (f"{ANALYSIS}.source.Source.present", as_of_now, {"wip", "bottlenecks", "page"}),
    (f"{ANALYSIS}.source._trip", answered_anew, {*(f"throughput {per}" for per in PERIODS), "page"}),
    (f"{ANALYTICS}.travel.WORKING", "in_review", {"cycle", "bottlenecks", "page"}),
    (f"{ANALYTICS}.measure.quantile", from_below, {"cycle", "lead", "wip", "bottlenecks", "page", "edges"}),
    (f"{ANALYTICS}.periods.beginning", by_sundays, {"throughput week", "weeks"}),
]


@thorough
@pytest.mark.parametrize(("place", "slip", "reports"), SLIPS, ids=[place.split(".", 3)[3] for place, *_ in SLIPS])
def test_a_slip_is_found_in_the_reports_that_it_makes_wrong(
    repo: Path, monkeypatch: pytest.MonkeyPatch, place: str, slip: object, reports: set[str]
) -> None:
    truth = made(SEED)
    truth.save(repo)
    monkeypatch.setattr(place, slip)
    assert {name for name, _ in differences(opened(repo, NOW), truth, questions(SEED, truth))} == reports
