"""The emergency exit: an override is a debt with an end and a risk, until what it let through holds or is settled."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.core.override import KINDS
from agenticops.core.override import findings as late
from agenticops.errors import TrainError, UsageError
from agenticops.flows import judge, override, papers, report
from agenticops.flows.override import record
from agenticops.model.paper import Risk
from agenticops.store.log import Shards
from tests.stations import SHAPE, Board, codes, data, events, must, work_through
from tests.support import NOW, OPERATOR, commit_all, git, workspace

DAY = 86_400_000


def overridden(repo: Path, expires: str = "", to: str = "") -> str:
    """Write an override as `advance --override` does; gives the risk."""
    here = workspace(repo)
    with here.transaction("advance") as tx:
        ticket = here.train.ticket(SHAPE)
        return record(here, tx, ticket, judge.ticket(here, SHAPE), "the client did it", expires, to)


def test_it_names_who_why_until_when_and_raises_a_risk(at: Board) -> None:
    repo = at("tiny-working")
    name = overridden(repo, "3d")
    (said,) = events(repo, "gate_overridden")
    assert said["actor"]["operator"] == OPERATOR
    told = {k: said["data"][k] for k in ("gate", "reason", "expires", "risk", "findings")}
    until = "2026-01-04T10:00:00.000Z"
    wanted = {"gate": "default", "reason": "the client did it", "expires": until, "risk": name, "findings": 4}
    assert told == wanted
    risk, times = papers.show(workspace(repo), "risk", name)
    assert isinstance(risk, Risk)
    assert (risk.cause, risk.owner, risk.items, risk.ticket) == ("the client did it", OPERATOR, ("142",), SHAPE)
    assert (risk.status, risk.level) == ("open", "medium") and "VT101 required and not checked" in risk.description
    assert times["created_at"].startswith("2026-01-01T10:00")
    assert judge.train(workspace(repo)).holds


def test_its_risk_belongs_to_the_items_commit(at: Board) -> None:
    repo = at("tiny-working")
    overridden(repo)
    (made,) = events(repo, "document_created")
    assert (made["ticket"], made["item"]) == (SHAPE, "142") and (repo / made["data"]["path"]).is_file()


def test_a_second_one_of_the_same_ticket_keeps_the_risk(at: Board) -> None:
    repo = at("tiny-working")
    assert overridden(repo) == overridden(repo)
    assert len(override.listing(workspace(repo))) == 2 and len(events(repo, "document_created")) == 1


@pytest.mark.parametrize("expires", ["soon", "2025-01-01", "900d"])
def test_an_end_that_cannot_be_writes_nothing(at: Board, expires: str) -> None:
    repo = at("tiny-working")
    with pytest.raises(UsageError):
        overridden(repo, expires)
    assert events(repo, "gate_overridden") == [] and not (repo / "docs/risks").exists()


def test_status_and_the_whole_fold_say_the_same(at: Board) -> None:
    repo = at("tiny-working")
    assert report.overrides(workspace(repo)) == []
    name = overridden(repo)
    (shown,) = report.overrides(workspace(repo))
    (one,) = override.listing(workspace(repo))
    told = {"ticket": one.ticket, "operator": one.operator, "reason": one.reason, "expires": one.expires, "risk": name}
    assert shown == told
    assert f"{SHAPE} · until 2026-01-15 · the client did it  {name}" in must_status(repo)
    commit_all(repo)
    here = workspace(repo)
    assert here.train_at("HEAD").log.of_kinds(*KINDS) == here.log.of_kinds(*KINDS) == Shards(here.tree).of_kinds(*KINDS)


def must_status(repo: Path) -> str:
    from agenticops.cli import board

    here = workspace(repo)
    return "\n".join("".join(s for s, _ in row) for row in board.status_lines(report.status(here), here.now))


def test_past_its_end_the_train_does_not_hold(at: Board) -> None:
    repo = at("tiny-working")
    overridden(repo, "1d")
    assert judge.train(workspace(repo, NOW + DAY - 1)).holds
    found = [f for f in judge.train(workspace(repo, NOW + DAY)).findings if f.code == "VT460"]
    assert len(found) == 1 and f"override repay {SHAPE}" in found[0].hint


def test_it_is_not_paid_back_while_the_gate_does_not_hold(at: Board) -> None:
    repo = at("tiny-working")
    name = overridden(repo)
    with pytest.raises(TrainError) as caught:
        override.repay(workspace(repo), SHAPE, "done")
    assert "does not hold yet: VT101" in caught.value.message and "--decision" in caught.value.hint
    with pytest.raises(UsageError):
        override.repay(workspace(repo), SHAPE, " ")
    assert len(override.listing(workspace(repo))) == 1
    assert papers.show(workspace(repo), "risk", name)[0].status == "open"  # type: ignore[union-attr]


def test_it_is_paid_back_when_the_gate_holds(at: Board) -> None:
    repo = at("tiny-working")
    name = overridden(repo, "1d")
    work_through(repo, SHAPE)
    assert [o.risk for o in override.repay(workspace(repo), SHAPE, "all is there")] == [name]
    assert override.listing(workspace(repo)) == report.overrides(workspace(repo)) == []
    assert papers.show(workspace(repo), "risk", name)[0].status == "closed"  # type: ignore[union-attr]
    here = workspace(repo, NOW + 9 * DAY)
    assert late(here.train, here.now) == []
    with pytest.raises(TrainError, match="no override"):
        override.repay(workspace(repo), SHAPE, "again")


def test_what_the_next_phase_needs_is_part_of_it(at: Board) -> None:
    repo = at("tiny-ready")
    overridden(repo, to="build")
    (repo / "docs/142/brief.md").unlink()
    with pytest.raises(TrainError, match="does not hold yet"):
        override.repay(workspace(repo), SHAPE, "done")


def decided(repo: Path) -> str:
    fields = {"title": "It was done by hand", "reasoning_process": "Nobody can redo last year.", "tickets": [SHAPE]}
    return papers.new(workspace(repo), "decision", fields).id


def test_a_decision_settles_what_can_never_hold(at: Board) -> None:
    repo = at("tiny-working")
    name = overridden(repo)
    decision = decided(repo)
    override.repay(workspace(repo), SHAPE, "settled", decision[:12])
    (said,) = events(repo, "override_repaid")
    assert said["data"]["decision"] == decision and "digest" not in said["data"]
    assert papers.show(workspace(repo), "risk", name)[0].status == "closed"  # type: ignore[union-attr]


def test_a_decision_that_is_not_there_settles_nothing(at: Board) -> None:
    repo = at("tiny-working")
    overridden(repo)
    with pytest.raises(UsageError):
        override.repay(workspace(repo), SHAPE, "settled", "2026-01-01-none")


def test_an_agent_settles_nothing_by_a_decision(at: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = at("tiny-working")
    overridden(repo)
    decision = decided(repo)
    monkeypatch.setenv("AGENTICOPS_AGENT", "planner")
    with pytest.raises(TrainError, match="an agent"):
        override.repay(workspace(repo), SHAPE, "settled", decision)


def test_who_may_not_override_settles_nothing_by_a_decision(at: Board) -> None:
    repo = at("tiny-working")
    overridden(repo)
    decision = decided(repo)
    pipeline = repo / "config/pipeline.yml"
    boss = "roles:\n  boss:\n    may: [override]\n    members: [grace@example.org]\n"
    pipeline.write_text(f"{pipeline.read_text()}\n{boss}")
    commit_all(repo)
    with pytest.raises(TrainError, match="the role boss"):
        override.repay(workspace(repo), SHAPE, "settled", decision)


def test_the_command_overrides_and_pays_back(at: Board) -> None:
    repo = at("tiny-working")
    must(repo, "advance", "--override", "--reason", "the client did it", "--expires", "3d", "--commit")
    assert git(repo, "status", "--porcelain") == ""
    (one,) = override.listing(workspace(repo))
    assert (one.ticket, one.reason) == (SHAPE, "the client did it") and (repo / f"docs/risks/{one.risk}.md").is_file()
    assert codes(repo, "check") == []


def test_a_risk_that_somebody_closed_or_deleted_hinders_nothing(at: Board) -> None:
    repo = at("tiny-working")
    name = overridden(repo)
    must(repo, "risk", "edit", name, "--status", "closed")
    work_through(repo, SHAPE)
    (repo / f"docs/risks/{name}.md").unlink()
    override.repay(workspace(repo), SHAPE, "done")
    assert data(repo, "override", "list") == []
