"""Simulating leaves no trace, says what the real step does, and judges the past by the gate of today."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.errors import TrainError, UsageError
from agenticops.flows import conduct, simulate
from agenticops.workspace import Workspace
from tests.stations import BUILD, ITEM, SHAPE, Board, must, work_through
from tests.support import commit_all, git, snapshot, write

STRICT = "gates:\n  strict:\n    checks: [checklist, {check: size, max_bytes: 10}]\n"


def state(repo: Path) -> dict[str, bytes]:
    """All files, the tool's own in the git folder too, without the cache."""
    own = repo / ".git/agenticops"
    kept = {p: p.read_bytes() for p in own.rglob("*") if p.is_file() and not p.name.startswith("index.sqlite")}
    return {**snapshot(repo), **{str(p): c for p, c in kept.items()}}


@pytest.mark.parametrize(
    ("station", "to", "outcome"),
    [("tiny-working", "", "refused"), ("tiny-ready", "", "advanced"), ("tiny-build", "ship", "advanced")],
)
def test_a_rehearsal_writes_nothing_and_says_what_the_step_does(at: Board, station: str, to: str, outcome: str) -> None:
    repo = at(station)
    before = state(repo)
    call = conduct.Call(to=to)
    told = simulate.advance(Workspace(str(repo)), None, call)
    assert told.outcome.state == outcome and state(repo) == before
    done = conduct.advance(Workspace(str(repo)), None, call)
    assert done == told.outcome
    after = snapshot(repo)
    changed = {p for p in {*before, *after} if before.get(p) != after.get(p) and not p.startswith((".agenticops", "/"))}
    assert changed == set(told.files)
    new = [e.kind for e in Workspace(str(repo)).log.select("1", ())][-len(told.events) :]
    assert new == [d.kind for d in told.events]


def test_a_rehearsal_of_a_review_and_of_an_override(at: Board) -> None:
    repo = at("tiny-opened")
    git(repo, "switch", "--quiet", "-c", f"phase/{SHAPE}")
    must(repo, "begin")
    work_through(repo, SHAPE)
    before = state(repo)
    told = simulate.advance(Workspace(str(repo)), None, conduct.Call())
    assert told.outcome.state == "in_review" and told.files == {f"tickets/{SHAPE}/ticket.yml": "update"}
    with pytest.raises(UsageError):
        simulate.advance(Workspace(str(repo)), None, conduct.Call(override=True))
    assert state(repo) == before


def test_a_rehearsal_does_not_wait_for_the_lock(at: Board) -> None:
    repo = at("tiny-ready")
    with Workspace(str(repo)).transaction("other"):
        assert simulate.advance(Workspace(str(repo)), None, conduct.Call()).outcome.state == "advanced"


def test_a_rehearsal_keeps_to_the_rules_of_the_real_step(at: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = at("tiny-build")
    with pytest.raises(TrainError, match="done already"):
        simulate.advance(Workspace(str(repo)), SHAPE, conduct.Call())
    with pytest.raises(UsageError, match="say which"):
        simulate.advance(Workspace(str(repo)), BUILD, conduct.Call())
    monkeypatch.setenv("AGENTICOPS_AGENT", "maker")
    with pytest.raises(TrainError, match="cannot override"):
        simulate.advance(Workspace(str(repo)), BUILD, conduct.Call("ship", override=True, reason="I want to"))


def test_today_s_gate_over_what_was_closed(at: Board) -> None:
    repo = at("tiny-build")
    must(repo, "advance", "--to", "ship", "--override", "--reason", "hurry")
    head = commit_all(repo)
    found = simulate.gates(Workspace(str(repo)), "", 100)
    assert [(r.ticket, r.then, r.holds) for r in found.rows] == [(SHAPE, "passed", True), (BUILD, "passed", True)]
    assert found.rows[1].commit == head and found.held == 0
    assert found.commits == int(git(repo, "rev-list", "--count", "HEAD"))
    assert [r.ticket for r in simulate.gates(Workspace(str(repo)), "", 1).rows] == [BUILD]
    assert [r.ticket for r in simulate.gates(Workspace(str(repo)), "shape", 100).rows] == [SHAPE]
    assert len(simulate.gates(Workspace(str(repo)), "default", 100).rows) == 2


def test_what_was_overridden_is_seen(at: Board) -> None:
    repo = at("tiny-working")
    must(repo, "advance", "--override", "--reason", "hurry", "--commit")
    (row,) = simulate.gates(Workspace(str(repo)), "", 100).rows
    assert (row.then, row.holds) == ("overridden", False) and {"VT101", "VT201"} <= set(row.codes)


def test_a_gate_of_a_file_and_one_that_changed_since(at: Board, tmp_path: Path) -> None:
    repo = at("tiny-build")
    file = write(tmp_path, "strict.yml", STRICT)
    (row,) = simulate.gates(Workspace(str(repo)), "", 100, str(file)).rows
    assert (row.gate, row.then, row.holds) == ("strict", "passed", False) and len(row.codes) == 1
    assert simulate.gates(Workspace(str(repo)), "build", 100, str(file)).rows == ()
    write(repo, "config/pipeline.yml", (repo / "config/pipeline.yml").read_text() + "\n" + STRICT)
    (row,) = simulate.gates(Workspace(str(repo)), "strict", 100).rows
    assert not row.holds
    own = (repo / "config/pipeline.yml").read_text().replace("  strict:", "  default:")
    write(repo, "config/pipeline.yml", own)
    assert simulate.gates(Workspace(str(repo)), "", 100).held == 1


@pytest.mark.parametrize(
    "content", [None, "", "gates: 3\n", "- a\n", "gates:\n  x:\n    check: [ticket]\n", "title: x\n"]
)
def test_a_gate_file_that_says_nothing_is_refused(at: Board, tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "gate.yml"
    if content is not None:
        file.write_text(content)
    with pytest.raises(TrainError):
        simulate.gates(Workspace(str(at("tiny"))), "", 10, str(file))


def test_what_cannot_be_meant(at: Board) -> None:
    here = Workspace(str(at("tiny")))
    for wanted, last in (("nope", 10), ("", 0)):
        with pytest.raises(UsageError):
            simulate.gates(here, wanted, last)


def test_the_difference_of_two_commits_and_of_the_working_tree(at: Board) -> None:
    repo = at("tiny-ready")
    here = Workspace(str(repo))
    assert simulate.difference(here, "HEAD").changes == () and not simulate.difference(here, "HEAD").hurts
    text = (repo / "config/pipeline.yml").read_text()
    write(repo, "config/pipeline.yml", text.replace("headings: [Goal]", "headings: [Goal, Cost]"))
    found = simulate.difference(Workspace(str(repo)), "HEAD")
    assert found.hurts and [h.ticket for h in found.tickets] == [SHAPE]
    assert not simulate.difference(Workspace(str(repo)), "HEAD~1..HEAD").changes, "what is not committed is not in it"
    commit_all(repo)
    again = simulate.difference(Workspace(str(repo)), "HEAD~1..")
    assert (again.changes, again.tickets, again.head) == (found.changes, found.tickets, "HEAD")
    assert f"docs/{ITEM}/brief.md" in {f.path for h in again.tickets for f in h.findings}


def test_information_hurts_nobody(at: Board) -> None:
    repo = at("tiny-ready")
    text = (repo / "config/pipeline.yml").read_text()
    write(repo, "config/pipeline.yml", text.replace("artifacts: [brief]", "artifacts: [brief, plan]"))
    found = simulate.difference(Workspace(str(repo)), "HEAD")
    assert found.tickets and not found.hurts
