"""Approvals: what counts, and what was done to make one count that does not → the code that refuses it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agenticops.core import gate
from agenticops.core.approval import fingerprint
from agenticops.errors import ConflictError, StateError, TrainError, UsageError
from agenticops.flows import approval, case
from agenticops.model.approval import Opinion
from agenticops.ports import signature
from agenticops.ports.git import Git
from tests.keys import needs_ssh, new_key, signer
from tests.reviews import (
    ADA,
    BOB,
    DAY,
    GRACE,
    append,
    become,
    codes,
    decide,
    forge,
    judged,
    lines,
    prepare,
    restate,
)
from tests.stations import SHAPE, Board
from tests.support import NOW, commit_all, git, workspace, write

pytestmark = needs_ssh
Keys = dict[str, Path]


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    folder = tmp_path_factory.mktemp("keys")
    return {who: new_key(folder, who) for who in (ADA, GRACE, BOB)}


@pytest.fixture
def ready(at: Board, keys: Keys) -> Callable[..., Path]:
    """Give a repository whose gate wants an approval, with a reviewer at work."""

    def made(call: str = "{check: approval, role: reviewer}", who: str = GRACE) -> Path:
        repo = prepare(at("tiny-working"), keys, call)
        become(repo, who, keys)
        return repo

    return made


def touch(repo: Path) -> None:
    write(repo, f"tickets/{SHAPE}/checklist.md", "# Another one\n\n- [ ] Ask the nurses *\n")


def test_a_signed_approval_by_a_reviewer_holds(ready: Callable[..., Path]) -> None:
    repo = ready()
    assert codes(repo) == ["VT430"]
    done = decide(repo)
    assert done.signed and done.statement.role == "reviewer" and done.record.status == "approved"
    assert codes(repo) == []
    commit_all(repo)
    assert codes(repo) == []


def test_it_survives_a_squash(ready: Callable[..., Path]) -> None:
    repo = ready()
    git(repo, "switch", "--quiet", "-c", "topic")
    decide(repo)
    commit_all(repo)
    git(repo, "switch", "--quiet", "main")
    git(repo, "merge", "--quiet", "--squash", "topic")
    git(repo, "commit", "--quiet", "-m", "Squashed")
    assert codes(repo) == []


def sold(event: dict[str, Any]) -> None:
    restate(event, score=10.0)


# What was done after an honest approval → what refuses it.
FORGED: dict[str, tuple[Callable[[Path], None], str]] = {
    "the work was changed": (touch, "VT431"),
    "the event names another digest": (
        lambda r: forge(r, "approval_decided", lambda e: e["data"].update(digest="0" * 64)),
        "VT440",
    ),
    "the score of the event was raised": (
        lambda r: forge(r, "approval_decided", lambda e: e["data"].update(score=10.0)),
        "VT440",
    ),
    "the score was raised in what is signed, too": (lambda r: forge(r, "approval_decided", sold), "VT435"),
    "the signature was taken off": (
        lambda r: forge(r, "approval_decided", lambda e: e["data"].update(signature="")),
        "VT434",
    ),
    "the signature is no signature": (
        lambda r: forge(r, "approval_decided", lambda e: e["data"].update(signature="horse")),
        "VT435",
    ),
    "another actor's name stands over it": (
        lambda r: forge(r, "approval_decided", lambda e: e["actor"].update(operator=f"Bob Moog <{BOB}>")),
        "VT440",
    ),
    "it was signed over to another reviewer": (
        lambda r: (
            [
                forge(r, k, lambda e: e["actor"].update(operator=f"Bob Moog <{BOB}>"))
                for k in ("approval_begun", "approval_decided")
            ]
            and forge(r, "approval_decided", lambda e: restate(e, signer=BOB))
        ),
        "VT435",
    ),
    "an agent's name stands over it": (
        lambda r: forge(r, "approval_decided", lambda e: e["actor"].update(agent="maker")),
        "VT440",
    ),
    "the decision is counted twice": (lambda r: append(r, "approval_decided", lambda e: None), "VT440"),
    "the decision ends no review": (
        lambda r: forge(r, "approval_decided", lambda e: restate(e, nonce="x")),
        "VT440",
    ),
    "the payload is no JSON": (
        lambda r: forge(r, "approval_decided", lambda e: e["data"].update(payload="{")),
        "VT440",
    ),
    "the payload has another field": (lambda r: forge(r, "approval_decided", lambda e: restate(e, vip=True)), "VT440"),
    "the decision has no reason": (lambda r: forge(r, "approval_decided", lambda e: restate(e, reason="")), "VT440"),
    "the score is out of bounds": (lambda r: forge(r, "approval_decided", lambda e: restate(e, score=11.0)), "VT440"),
    "the status is unknown": (
        lambda r: forge(r, "approval_decided", lambda e: restate(e, decision="blessed")),
        "VT440",
    ),
    "the time is none": (lambda r: forge(r, "approval_decided", lambda e: restate(e, at="soon")), "VT440"),
    "feedback without a score": (
        lambda r: append(r, "approval_begun", lambda e: e.update(kind="review_given", data={"verdict": "approved"})),
        "VT440",
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_approval_is_refused(ready: Callable[..., Path], name: str) -> None:
    repo = ready()
    decide(repo)
    change, code = FORGED[name]
    change(repo)
    assert code in codes(repo)


# What the gate asks, who decides and how → what refuses it.
NEGLIGENT: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "unsigned": ("role: reviewer", GRACE, {"sign": False}, "VT434"),
    "the owner": ("owner_may: false", ADA, {}, "VT433"),
    "a low score": ("role: reviewer, min_score: 9", GRACE, {}, "VT438"),
    "one of two": ("role: reviewer, count: 2", GRACE, {}, "VT430"),
    "not one of those named": (f'by: ["{BOB}"]', GRACE, {}, "VT436"),
    "rejected": ("role: reviewer", GRACE, {"decision": "rejected"}, "VT437"),
    "to be revised": ("role: reviewer", GRACE, {"decision": "requires_revision", "suggestions": ("x",)}, "VT437"),
    "from the future": ("role: reviewer", GRACE, {"at": NOW + DAY}, "VT441"),
    "too old": ("role: reviewer, expires_days: 30", GRACE, {"at": NOW - 31 * DAY}, "VT432"),
}


@pytest.mark.parametrize("name", NEGLIGENT)
def test_a_negligent_approval_is_refused(ready: Callable[..., Path], name: str) -> None:
    asked, who, call, code = NEGLIGENT[name]
    repo = ready(f"{{check: approval, {asked}}}", who)
    if who == ADA:  # everybody may approve here, and Ada began the ticket
        text = (repo / "config/pipeline.yml").read_text().replace("may: [approve]", "may: []")
        write(repo, "config/pipeline.yml", text)
        commit_all(repo)
    decide(repo, **call)
    assert codes(repo) == [code]


# What the gate says that makes the same count.
LENIENT: dict[str, tuple[str, dict[str, Any]]] = {
    "unsigned": ("role: reviewer, signed: false", {}),
    "high enough": ("role: reviewer, min_score: 8", {}),
    "one of those named": (f'by: ["Grace Hopper <{GRACE}>"]', {}),
    "young enough": ("role: reviewer, expires_days: 30", {"at": NOW - 29 * DAY}),
    "clocks differ a little": ("role: reviewer", {"at": NOW + 60_000}),
}


@pytest.mark.parametrize("name", LENIENT)
def test_what_the_gate_allows_counts(ready: Callable[..., Path], name: str) -> None:
    asked, call = LENIENT[name]
    repo = ready(f"{{check: approval, {asked}}}")
    assert decide(repo, **call).signed == ("signed: false" not in asked)
    assert codes(repo) == []


def test_attested_evidence_is_signed_whatever_the_call_says(ready: Callable[..., Path]) -> None:
    repo = ready("{check: approval, role: reviewer, signed: false, level: attested}")
    decide(repo, sign=False)
    assert codes(repo) == ["VT434"]


def test_a_removed_signer_and_a_removed_reviewer_count_no_longer(ready: Callable[..., Path], keys: Keys) -> None:
    repo = ready()
    decide(repo)
    write(repo, "config/allowed_signers", signer(BOB, keys[BOB]))
    assert codes(repo) == [], "the base decides, not what lies in the working tree"
    commit_all(repo)
    (finding,) = judged(repo)
    assert finding.code == "VT435" and "not among the allowed signers for grace@" in finding.message
    write(repo, "config/allowed_signers", signer(GRACE, keys[GRACE]))
    pipeline = (repo / "config/pipeline.yml").read_text()
    write(repo, "config/pipeline.yml", pipeline.replace("grace@example.org, ", ""))
    commit_all(repo)
    assert codes(repo) == ["VT436"]


def test_who_makes_themselves_a_reviewer_is_none_until_the_base_says_so(ready: Callable[..., Path], keys: Keys) -> None:
    repo = ready(who=ADA)
    pipeline = (repo / "config/pipeline.yml").read_text()
    write(repo, "config/pipeline.yml", pipeline.replace("[grace@", "[ada@example.org, grace@"))
    write(repo, "config/allowed_signers", signer(ADA, keys[ADA]))
    with pytest.raises(TrainError, match=r"VT450: .* takes the role reviewer"):
        decide(repo)


def test_a_signature_copied_to_another_ticket_and_gate(ready: Callable[..., Path]) -> None:
    repo = ready()
    decide(repo)
    other = f"{SHAPE}-2"
    shutil.copytree(repo / f"tickets/{SHAPE}", repo / f"tickets/{other}")
    file = repo / f"tickets/{other}/ticket.yml"
    file.write_text(file.read_text().replace(f"id: {SHAPE}", f"id: {other}"))

    def moved(event: dict[str, Any]) -> None:
        event |= {"ticket": other, "subject": f"approval/{other}/review"}

    append(repo, "approval_begun", moved)
    append(repo, "approval_decided", moved)
    (record, *_) = approval.listing(workspace(repo), other)
    assert record.given == () and any(f"was given of {SHAPE}" in p for p in record.problems)
    ground = workspace(repo)
    digest = gate.digest(ground.train, ground.train.ticket(other))
    append(repo, "approval_decided", lambda e: (moved(e), restate(e, ticket=other, digest=digest)))
    ground = workspace(repo)
    verdict = gate.judge(case.of_ticket(ground, ground.train.ticket(other)))
    assert {f.code for f in verdict.findings} == {"VT435", "VT440"}


def test_a_rejection_stands_against_any_number_of_approvals(ready: Callable[..., Path], keys: Keys) -> None:
    repo = ready()
    decide(repo)
    become(repo, BOB, keys)
    decide(repo, "rejected", NOW + 500, reason="it leaks", suggestions=("split by ward",))
    (finding,) = judged(repo)
    assert finding.code == "VT437" and "bob@example.org rejected it: it leaks; split by ward" in finding.message
    decide(repo, "approved", NOW + 600)
    assert codes(repo) == []


def test_an_earlier_approval_does_not_come_back_after_a_rejection(ready: Callable[..., Path]) -> None:
    repo = ready()
    decide(repo)
    decide(repo, "rejected", NOW + 500)
    append(repo, "approval_decided", lambda e: e["data"].update(lines(repo, "approval_decided")[0][2]["data"]))
    assert set(codes(repo)) == {"VT437", "VT440"}


def test_two_reviewers_make_two(ready: Callable[..., Path], keys: Keys) -> None:
    repo = ready("{check: approval, role: reviewer, count: 2}")
    decide(repo)
    with pytest.raises(TrainError, match="you said so"):
        decide(repo, at=NOW + 10)
    become(repo, BOB, keys)
    decide(repo, at=NOW + 10)
    assert codes(repo) == []


def test_an_agent_is_not_its_operator(ready: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, keys: Keys) -> None:
    repo = ready()
    monkeypatch.setenv("AGENTICOPS_AGENT", "planner")
    with pytest.raises(TrainError, match="agent:planner has not got it"):
        decide(repo)
    monkeypatch.setenv("AGENTICOPS_AGENT", "maker")
    assert decide(repo).statement.signer == "agent:maker"
    assert codes(repo) == ["VT435"], "Grace's key does not speak for the agent"
    write(repo, "config/allowed_signers", signer("agent:maker", keys[GRACE]))
    commit_all(repo)
    assert codes(repo) == []


def test_an_agent_whose_operator_owns_the_work_is_no_second_pair_of_eyes(
    ready: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = ready("{check: approval, role: reviewer, signed: false}", ADA)
    monkeypatch.setenv("AGENTICOPS_AGENT", "maker")
    decide(repo)
    assert codes(repo) == ["VT433"]


def test_a_role_by_key(ready: Callable[..., Path], keys: Keys) -> None:
    repo = ready(who=BOB)
    key = fingerprint(signature.sign(Git.discover(str(repo)), b"x").signature)
    pipeline = (repo / "config/pipeline.yml").read_text().replace("bob@example.org", f"key:{key}")
    write(repo, "config/pipeline.yml", pipeline.replace(f"key:{key}", f'"key:{key}"'))
    commit_all(repo)
    decide(repo)
    assert codes(repo) == []
    become(repo, ADA, {**keys, ADA: keys[ADA]})
    with pytest.raises(TrainError, match="VT450"):
        decide(repo)


def test_two_roles_are_two_reviews(ready: Callable[..., Path], keys: Keys) -> None:
    two = "{check: approval, role: reviewer}, {check: approval, name: second, role: keeper}"
    repo = ready(two)
    text = (repo / "config/pipeline.yml").read_text().replace("Ada Lovelace <ada@example.org>", GRACE)
    write(repo, "config/pipeline.yml", text.replace("may: [override", "may: [approve, override"))
    commit_all(repo)
    assert decide(repo).statement.role == "reviewer"
    assert codes(repo) == ["VT436"]
    decide(repo, role="keeper", at=NOW + 10)
    assert codes(repo) == []
    with pytest.raises(UsageError, match="asks for no role 'lead'"):
        decide(repo, role="lead")


def test_an_escalation_waits_for_those_it_was_put_before(ready: Callable[..., Path], keys: Keys) -> None:
    repo = ready()
    decide(repo)
    record = approval.escalate(workspace(repo, NOW + 10), SHAPE, "", [BOB], "it is about his ward")
    assert record.escalation is not None and record.escalation.open
    assert codes(repo) == ["VT430"]
    become(repo, BOB, keys)
    assert decide(repo, at=NOW + 20).record.escalation == record.escalation.__class__(
        (BOB,), "it is about his ward", GRACE, record.escalation.at, False
    )
    assert codes(repo) == []


def test_the_life_of_a_review(ready: Callable[..., Path]) -> None:
    repo = ready()
    ground = workspace(repo)
    assert [r.status for r in approval.listing(ground)] == ["pending"]
    asked = approval.request(ground, SHAPE, "", [GRACE, "agent:maker", "reviewer"])
    assert (asked.status, asked.reviewers) == ("pending", (GRACE, "agent:maker", "reviewer"))
    assert approval.begin(ground, SHAPE, "review").status == "in_review"
    with pytest.raises(TrainError, match="in hand already"):
        approval.begin(ground, SHAPE, "")
    said = approval.review(ground, SHAPE, "", Opinion("requires_revision", 5, ("a baseline",), "thin"))
    assert said.status == "in_review" and said.feedback[0].suggestions == ("a baseline",)
    assert decide(repo, "requires_revision").record.status == "requires_revision"
    assert len(lines(repo, "approval_begun")) == 1, "the review in hand was ended, no second one begun"
    assert decide(repo, at=NOW + 10).record.status == "approved"
    assert len(lines(repo, "approval_begun")) == 2
    assert approval.listing(workspace(repo))[0].problems == ()


def test_what_changes_while_the_key_signs_is_a_conflict(
    ready: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = ready()
    sign = signature.sign

    def slow(*given: Any) -> signature.Signed:
        touch(repo)
        return sign(*given)

    monkeypatch.setattr(signature, "sign", slow)
    with pytest.raises(ConflictError, match="changed while you decided"):
        decide(repo)
    assert lines(repo, "approval_decided") == []


def test_a_call_that_cannot_be_meant(ready: Callable[..., Path]) -> None:
    repo = ready()
    with pytest.raises(UsageError, match="outside 0 to 10"):
        decide(repo, score=10.5)
    with pytest.raises(UsageError, match="the reason is empty"):
        decide(repo, reason=" ")
    with pytest.raises(UsageError, match="no gate 'ship'"):
        decide(repo, gate="ship")
    with pytest.raises(UsageError, match="nobody is asked"):
        approval.request(workspace(repo), SHAPE, "", [])
    with pytest.raises(UsageError, match="'Grace' names nobody"):
        approval.request(workspace(repo), SHAPE, "", ["Grace"])
    with pytest.raises(TrainError, match="unknown agent 'nobody'"):
        approval.escalate(workspace(repo), SHAPE, "", ["agent:nobody"], "x")
    write(repo, "config/pipeline.yml", (repo / "config/pipeline.yml").read_text().replace("role: rev", "rool: rev"))
    with pytest.raises(StateError, match="cannot be asked so"):
        decide(repo)


def test_a_phase_whose_gate_wants_no_approval(at: Board) -> None:
    with pytest.raises(UsageError, match="no gate of shape wants an approval"):
        decide(at("tiny-working"))
