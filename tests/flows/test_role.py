"""Roles: what a command refuses, and what the replay of a history refuses by the roles of its base."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agenticops.errors import TrainError, UsageError
from agenticops.flows import approval, replay, role
from tests.reviews import ADA, BOB, GRACE, become, forge, lines, pipeline, prepare
from tests.stations import SHAPE, Board, must
from tests.support import TINY, commit_all, git, new_repo, workspace, write

PIPELINE = "config/pipeline.yml"


@pytest.fixture
def repo(at: Board) -> Path:
    """A train where Ada keeps the roles, and Grace and Bob review."""
    return prepare(at("tiny-working"), {}, "{check: approval, role: reviewer, signed: false}")


def edit(repo: Path, old: str, new: str) -> None:
    text = (repo / PIPELINE).read_text()
    assert old in text
    write(repo, PIPELINE, text.replace(old, new))


def told(repo: Path, base: str, steps: bool = True) -> list[str]:
    """Replay what was done since a commit; give the codes of roles, each once."""
    verdict = replay.compare(workspace(repo), replay.Call(base, "HEAD", replay=steps))
    return sorted({f.code for f in verdict.findings if f.code.startswith("VT45")})


def test_who_may_what(repo: Path) -> None:
    ground = workspace(repo)
    assert role.check(ground, ADA, "override").role == "keeper"
    no = role.check(ground, GRACE, "override", "shape")
    assert (no.may, no.reason) == (
        False,
        f"to override in phase shape takes the role keeper, and {GRACE} has not got it",
    )
    assert role.check(ground, GRACE, "advance").may
    with pytest.raises(UsageError, match="'bless' is no action"):
        role.check(ground, GRACE, "bless")
    with pytest.raises(TrainError, match="unknown phase 'launch'"):
        role.check(ground, GRACE, "override", "launch")


def test_the_role_is_named_by_what_is_committed(repo: Path) -> None:
    assert role.require(workspace(repo), "override") == "keeper"
    become(repo, BOB)
    edit(repo, "Ada Lovelace <ada@example.org>", "Bob Moog <bob@example.org>")
    for action in ("override", "assign", "configure"):
        with pytest.raises(TrainError, match=f"VT450: to {action} takes the role keeper, and bob@example.org"):
            role.require(workspace(repo), action)
    commit_all(repo)
    assert role.require(workspace(repo), "override") == "keeper"


def test_before_there_is_a_commit_the_working_pipeline_counts(tmp_path: Path) -> None:
    fresh = new_repo(tmp_path / "fresh")
    write(fresh, PIPELINE, pipeline())
    assert role.require(workspace(fresh), "override") == "keeper"


def test_an_agent_has_not_got_its_operators_roles(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTICOPS_AGENT", "planner")
    with pytest.raises(TrainError, match="agent:planner has not got it"):
        role.require(workspace(repo), "override")
    with pytest.raises(TrainError, match="VT450"):
        role.assign(workspace(repo), "reviewer", "agent:planner")


def test_giving_and_taking(repo: Path) -> None:
    before = (repo / PIPELINE).read_text()
    assert role.assign(workspace(repo), "reviewer", ADA).members[-1] == ADA
    with pytest.raises(TrainError, match="has the role reviewer already"):
        role.assign(workspace(repo), "reviewer", f"Ada Lovelace <{ADA}>")
    (_, _, event) = lines(repo, "role_assigned")[0]
    assert event["data"] == {"role": "reviewer", "who": ADA, "path": PIPELINE} and "agent" not in event["actor"]
    assert "# who reviews" in (repo / PIPELINE).read_text()
    role.revoke(workspace(repo), "reviewer", ADA)
    assert role.listing(workspace(repo))[0].members == (GRACE, BOB, "agent:maker")
    with pytest.raises(TrainError, match="has not got the role"):
        role.revoke(workspace(repo), "reviewer", ADA)
    with pytest.raises(UsageError, match="there is no role 'lead'"):
        role.assign(workspace(repo), "lead", ADA)
    with pytest.raises(UsageError, match="'Ada' names nobody"):
        role.assign(workspace(repo), "reviewer", "Ada")
    assert before.split("reviewer:")[0] == (repo / PIPELINE).read_text().split("reviewer:")[0]


def test_a_vouch_wants_a_role_and_a_reason(repo: Path) -> None:
    with pytest.raises(UsageError, match="reason is empty"):
        role.vouch_for(workspace(repo), " ")
    become(repo, BOB)
    with pytest.raises(TrainError, match="VT450: to configure takes the role keeper"):
        role.vouch_for(workspace(repo), "x")


def assigned(repo: Path, who: str = GRACE) -> None:
    role.assign(workspace(repo), "keeper", who)


def vouched(repo: Path) -> None:
    role.vouch_for(workspace(repo), "we agreed")


def signers(repo: Path) -> None:
    write(repo, "config/allowed_signers", "eve@example.org ssh-ed25519 AAAA\n")


def bob_does(deed: Callable[[Path], object], *kinds: str) -> Callable[[Path], None]:
    """Let Ada's tool do something, and write Bob's name over it."""

    def done(repo: Path) -> None:
        deed(repo)
        for kind in kinds:
            forge(repo, kind, lambda e: e["actor"].update(operator=f"Bob Moog <{BOB}>"))

    return done


def approved(repo: Path) -> None:
    become(repo, GRACE)
    approval.decide(workspace(repo), SHAPE, approval.Call("approved", 8, "fine"))
    become(repo, ADA)


def stranger(repo: Path) -> None:
    approved(repo)
    for kind in ("approval_begun", "approval_decided"):
        forge(repo, kind, lambda e: e["actor"].update(operator="Eve <eve@example.org>"))


def overridden(repo: Path) -> None:
    must(repo, "advance", "--override", "--reason", "the client waits")
    forge(repo, "gate_overridden", lambda e: e["actor"].pop("agent", None))


def by_agent(repo: Path) -> None:
    overridden(repo)
    forge(repo, "gate_overridden", lambda e: e["actor"].update(agent="planner"))


# What a branch did → what refuses it.
BRANCHES: dict[str, tuple[list[Callable[[Path], None]], list[str]]] = {
    "Ada gives a role": ([assigned], []),
    "Ada gives one and takes it": ([assigned, lambda r: role.revoke(workspace(r), "keeper", GRACE) and None], []),
    "Bob gives himself a role": ([bob_does(lambda r: assigned(r, BOB), "role_assigned")], ["VT451", "VT452"]),
    "a member by hand": ([lambda r: edit(r, "[grace@", "[eve@example.org, grace@")], ["VT452"]),
    "a member gone by hand": ([lambda r: edit(r, "[grace@example.org, ", "[")], ["VT452"]),
    "a member by hand, vouched for": ([lambda r: edit(r, "[grace@", "[eve@example.org, grace@"), vouched], []),
    "vouched for, then one more by hand": (
        [vouched, lambda r: edit(r, "[grace@", "[eve@example.org, grace@")],
        ["VT452"],
    ),
    "what a role may, by hand": ([lambda r: edit(r, "may: [approve]", "may: [approve, override]")], ["VT452"]),
    "what a role may, vouched for by Bob": (
        [lambda r: edit(r, "may: [approve]", "may: [approve, override]"), bob_does(vouched, "config_vouched")],
        ["VT452"],
    ),
    "the gate, by hand": ([lambda r: edit(r, "signed: false", "count: 1")], ["VT452"]),
    "the gate, vouched for": ([lambda r: edit(r, "signed: false", "count: 1"), vouched], []),
    "a comment": ([lambda r: edit(r, "# who reviews", "# who looks")], []),
    "the signers, by hand": ([signers], ["VT452"]),
    "the signers, vouched for": ([signers, vouched], []),
    "the signers, vouched for and changed": ([vouched, signers], ["VT452"]),
    "an approval by a reviewer": ([approved], []),
    "an approval by a stranger": ([stranger], ["VT451"]),
    "an override by Ada": ([overridden], []),
    "an override by Bob": ([bob_does(overridden, "gate_overridden")], ["VT451"]),
    "an override by an agent": ([by_agent], ["VT451"]),
}


@pytest.mark.parametrize("name", BRANCHES)
def test_what_a_branch_did_is_judged_by_the_base(repo: Path, name: str) -> None:
    deeds, expected = BRANCHES[name]
    base = git(repo, "rev-parse", "HEAD").strip()
    if "override" not in name:  # an override closes the ticket, and that is done on the default branch
        git(repo, "switch", "--quiet", "-c", "topic")
    for deed in deeds:
        deed(repo)
    commit_all(repo, name)
    assert told(repo, base) == expected
    assert told(repo, base, steps=False) == expected, "as one long step, as a squash is"


@pytest.mark.parametrize(
    ("who", "expected"), [("Ada Lovelace <ada@example.org>", []), ("Bob Moog <bob@example.org>", ["VT451"])]
)
@pytest.mark.parametrize("kind", ["ticket_done", "ticket_started"])
def test_to_close_a_ticket_takes_the_role_that_advances(at: Board, who: str, expected: list[str], kind: str) -> None:
    repo = at("tiny-ready")
    write(repo, PIPELINE, f"{TINY}\nroles:\n  keeper:\n    may: [advance]\n    members: [{ADA}]\n")
    base = commit_all(repo)
    must(repo, "advance")
    forge(repo, "ticket_done", lambda e: (e["actor"].update(operator=who), e.update(kind=kind)))
    commit_all(repo)
    assert told(repo, base) == expected


def test_who_may_override_closes_what_they_overrode(repo: Path) -> None:
    edit(repo, "may: [override, assign, configure]", "may: [override]")
    edit(repo, "may: [approve]", "may: [approve, advance]")
    base = commit_all(repo)
    overridden(repo)
    commit_all(repo)
    assert told(repo, base) == []


def test_an_agent_overrides_no_gate_although_no_role_forbids_it(at: Board) -> None:
    repo = at("tiny-working")
    base = git(repo, "rev-parse", "HEAD").strip()
    by_agent(repo)
    commit_all(repo)
    assert told(repo, base) == ["VT451"]


def test_a_merge_is_not_blamed_for_what_both_sides_may(repo: Path) -> None:
    git(repo, "switch", "--quiet", "-c", "topic")
    edit(repo, "# who reviews\n", "# who reviews\n\n")
    commit_all(repo)
    git(repo, "switch", "--quiet", "main")
    write(repo, "config/allowed_signers", "grace@example.org ssh-ed25519 AAAA\n")
    edit(repo, "title: Tiny train", "title: Tinier train")
    vouched(repo)
    commit_all(repo)
    git(repo, "switch", "--quiet", "topic")
    git(repo, "merge", "--quiet", "--no-edit", "main")
    assert "Tinier" in (repo / PIPELINE).read_text()
    assert told(repo, "main") == [] == told(repo, "main", steps=False)
