"""Forged and negligent histories: what was done, and which code refused it. One honest train passes throughout."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from agenticops.core.pack import digest
from tests.gated import GATES, REPORTS, Yard, environment, keys, later, pipeline, somebody, stages, trusted, yard
from tests.keys import needs_ssh, signer
from tests.reviews import ADA, BOB, GRACE, MALLORY, append, forge, lines, restate
from tests.stations import ITEM, SHAPE, must, refused
from tests.stress.breaks import edit
from tests.stress.breaks import forge as invent
from tests.support import cli, commit_all, git, write

__all__ = ["keys", "stages", "yard"]
pytestmark = needs_ssh
CHECKLIST, BRIEF, METRICS = f"tickets/{SHAPE}/checklist.md", f"docs/{ITEM}/brief.md", f"docs/{ITEM}/metrics.json"
CONFIG = "config/pipeline.yml"
RUN = "evidence_recorded"
Keys = dict[str, Path]
Do = Callable[[Path, Keys], Any]


class Case(NamedTuple):
    """What was done at a stage, the code that refuses it, and the one who judges (`JUDGES`)."""

    what: str
    stage: str
    do: Do
    code: str
    judge: str = "advance"


def rewritten(path: str, old: str, new: str) -> Do:
    """Edit a file."""
    return lambda repo, _: edit(repo / path, old, new)


def replaced(path: str, content: str | bytes) -> Do:
    """Give a file another content."""
    return lambda repo, _: write(repo, path, content)


def gone(path: str) -> Do:
    """Delete a file."""
    return lambda repo, _: (repo / path).unlink()


def gated(old: str, new: str, *calls: tuple[str, ...]) -> Do:
    """Change the gate, commit it as the base, and run what it names."""

    def do(repo: Path, _: Keys) -> None:
        assert old in GATES
        write(repo, CONFIG, pipeline(GATES.replace(old, new)))
        commit_all(repo, "Another gate")
        trusted(repo)
        for call in calls:
            cli(repo, *call)

    return do


def ran(*more: str, **variables: str) -> Do:
    """Run the gate's commands."""

    def do(repo: Path, _: Keys) -> None:
        trusted(repo)
        with environment(**variables):
            cli(repo, "gate", "run", SHAPE, *more)

    return do


def said(who: str, verb: str = "approve", score: str = "8", *more: str, **variables: str) -> Do:
    """Decide the review as somebody."""

    def do(repo: Path, keys: Keys) -> None:
        with somebody(repo, who, keys), environment(**variables):
            must(repo, verb, SHAPE, "--score", score, "--reason", "so it is", *more)

    return do


def both(*steps: Do) -> Do:
    """Do one thing after the other."""
    return lambda repo, keys: [step(repo, keys) for step in steps]


def owner_approves(repo: Path, keys: Keys) -> None:
    edit(repo / CONFIG, "members: [grace@example.org,", "members: [ada@example.org, grace@example.org,")
    commit_all(repo, "Everybody reviews")
    said(ADA)(repo, keys)


def event(kind: str, **data: Any) -> Do:
    """Edit an event's data by hand."""
    return lambda repo, _: forge(repo, kind, lambda e: e["data"].update(data))


def actor(kind: str, **fields: str) -> Do:
    """Say in an event that somebody else did it."""
    return lambda repo, _: forge(repo, kind, lambda e: e["actor"].update(fields))


def unsaid(kind: str) -> Do:
    """Take the last event of a kind out of the log."""

    def do(repo: Path, _: Keys) -> None:
        shard, number, _ = lines(repo, kind)[-1]
        rows = shard.read_text().splitlines(keepends=True)
        shard.write_text("".join(rows[:number] + rows[number + 1 :]))

    return do


def squashed(*steps: Do) -> Do:
    """Forge within one commit since the base, so that no commit shows how it was before."""

    def do(repo: Path, keys: Keys) -> None:
        git(repo, "reset", "-q", "--soft", "base")
        for step in steps:
            step(repo, keys)

    return do


def invented(kind: str, subject: str = f"ticket/{SHAPE}", **fields: Any) -> Do:
    """Write an event that never happened."""
    return lambda repo, _: invent(repo, random.Random(7), kind, subject, **fields)


def bounded(*paths: str) -> Do:
    """Give the mode limits in the base, and write some paths on the ticket's branch: an agent that has no guard."""

    def do(repo: Path, _: Keys) -> None:
        edit(repo / CONFIG, "    title: Plan\n", '    title: Plan\n    writable: ["docs/{item}/**"]\n')
        commit_all(repo, "Limits")
        git(repo, "tag", "-f", "base")
        git(repo, "switch", "-q", "-c", f"phase/{SHAPE}")
        for path in paths:
            write(repo, path, "Measured on ward 7.\n")

    return do


def own_key(repo: Path, keys: Keys) -> None:
    """Put one's own key in place of a reviewer's."""
    text = (repo / "config/allowed_signers").read_text()
    mine = signer(GRACE, keys[MALLORY])
    write(repo, "config/allowed_signers", "".join(mine if GRACE in r else r for r in text.splitlines(keepends=True)))


def false_friend(repo: Path, keys: Keys) -> None:
    """Approve in a reviewer's name with another key."""
    said(GRACE)(repo, {**keys, GRACE: keys[MALLORY]})


def weakened(repo: Path, _: Keys) -> None:
    write(repo, CONFIG, pipeline("\ngates:\n\n  shaped:\n    checks: [ticket]\n"))


def advanced(repo: Path, _: Keys) -> None:
    must(repo, "advance", SHAPE)


def retained(repo: Path, _: Keys) -> None:
    """Take the approval out of the log, and say that a policy had dropped it."""
    shard, number, gone = lines(repo, "approval_decided")[-1]
    rows = shard.read_text().splitlines(keepends=True)
    shard.write_text("".join(rows[:number] + rows[number + 1 :]))
    order = [gone["lamport"], gone["id"]]
    entry = {"kinds": {gone["kind"]: 1}, "first": order, "last": order, "count": 1, "ids": digest([gone["id"]])}
    invent(repo, random.Random(9), "log_retained", "train", data={"dropped": [entry]})


def struck_off(repo: Path, _: Keys) -> None:
    edit(repo / f"tickets/{SHAPE}/ticket.yml", "artifacts:\n  - brief\n", "artifacts: []\n")


def self_made(repo: Path, _: Keys) -> None:
    edit(repo / CONFIG, "members: [grace@example.org,", "members: [mallory@example.org, grace@example.org,")


def half(report: str, old: str, new: str) -> Do:
    path = f"docs/{ITEM}/{report}"
    return replaced(path, REPORTS[path].replace(old, new))


HANGS = "[sleep, '30'], covers: [src], seconds: 0.2"
BOMB = '<!DOCTYPE x [<!ENTITY a "b">]>'
DONE_BY_HAND = rewritten(f"tickets/{SHAPE}/ticket.yml", "in_progress", "done")
OVERRIDE = {"gate": "shaped", "digest": "0" * 64, "reason": "hurry"}
GIVEN = {"role": "reviewer", "who": MALLORY}
ERROR_RESULT = json.dumps(
    {"version": "2.1.0", "runs": [{"results": [{"level": "error", "message": {"text": "an open door"}}]}]}
)
SAID_AGAIN = both(
    said(GRACE, "reject", "2"),
    lambda r, k: append(r, "approval_decided", lambda e: restate(e, decision="approved", score=9.5)),
)
NEGLIGENT = (
    Case("nothing was run", "worked", lambda r, k: None, "VT405"),
    Case("nobody approved", "worked", lambda r, k: None, "VT430"),
    Case("a required bullet is open again", "proven", rewritten(CHECKLIST, "[x]", "[ ]"), "VT103"),
    Case("a checked bullet vanished", "proven", rewritten(CHECKLIST, "- [x] Ask the nurses *\n", ""), "VT104"),
    Case("the artifact is gone", "proven", gone(BRIEF), "VT201"),
    Case("the artifact is empty", "proven", replaced(BRIEF, ""), "VT202"),
    Case("the artifact is owed no more", "proven", struck_off, "VT314"),
    Case("the artifact changed after it was recorded", "proven", rewritten(BRIEF, "ward 7", "ward 8"), "VT211"),
    Case("what was approved changed", "proven", rewritten(BRIEF, "ward 7", "ward 8"), "VT431"),
    Case("the code changed after its proof", "proven", replaced("src/app.py", "print(2)\n"), "VT406"),
    Case("a file came after the proof", "proven", replaced("src/more.py", "print(2)\n"), "VT406"),
    Case("the command is another one", "proven", gated("prove.sh]", "prove.sh, -q]"), "VT406", "look"),
    Case("the program that proves changed", "proven", replaced("scripts/prove.sh", "#!/bin/sh\nexit 0\n"), "VT406"),
    Case("the tests fail", "proven", both(replaced("src/broken", ""), ran("--verify")), "VT407"),
    Case("an agent says that they pass", "worked", ran(AGENTICOPS_AGENT="lab"), "VT408", "look"),
    Case("they will have passed tomorrow", "worked", ran("--verify", AGENTICOPS_NOW=later(1)), "VT409", "look"),
    Case("the command hangs", "worked", gated("[scripts/prove.sh], covers: [src], seconds: 20", HANGS), "VT410"),
    Case("the report is missing", "proven", gone(f"docs/{ITEM}/unit.xml"), "VT412"),
    Case("the report is cut off", "proven", half("unit.xml", "</testsuites>", ""), "VT413"),
    Case("the report is a bomb", "proven", half("unit.xml", "<testsuites>", f"{BOMB}<testsuites>"), "VT413"),
    Case("a test failed", "proven", half("unit.xml", 'name="b"/>', 'name="b"><failure/></testcase>'), "VT414"),
    Case("no test ran", "proven", replaced(f"docs/{ITEM}/unit.xml", "<testsuites></testsuites>"), "VT415"),
    Case("half is not covered", "proven", half("coverage.xml", 'hits="3"', 'hits="0"'), "VT416"),
    Case("the scanner found a hole", "proven", replaced(f"docs/{ITEM}/scan.sarif", ERROR_RESULT), "VT417"),
    Case("the model is not good enough", "proven", replaced(METRICS, '{"accuracy": 0.89}'), "VT418"),
    Case("the figure is no number", "proven", replaced(METRICS, '{"accuracy": NaN}'), "VT413"),
    Case("the figure is not there", "proven", replaced(METRICS, '{"recall": 0.99}'), "VT419"),
    Case("the figure is a word", "proven", replaced(METRICS, '{"accuracy": "0.99"}'), "VT419"),
    Case("a report is too large", "proven", replaced(f"docs/{ITEM}/raw.csv", "1\n" * 60_000), "VT423"),
    Case("approved without a signature", "worked", said(GRACE, "approve", "8", "--no-sign"), "VT434"),
    Case("the owner approves", "worked", owner_approves, "VT433"),
    Case("approved with a poor score", "worked", said(GRACE, "approve", "6"), "VT438"),
    Case("a reviewer rejected it", "worked", said(GRACE, "reject", "2"), "VT437"),
    Case("a reviewer wants a revision", "worked", said(GRACE, "revise", "5", "--suggest", "say who pays"), "VT437"),
    Case("a rejection is said again, as an approval", "worked", SAID_AGAIN, "VT437", "look"),
    Case("approved with a key of one's own", "worked", false_friend, "VT435"),
    Case("one approves what another rejects", "proven", said(BOB, "reject", "3"), "VT437"),
    Case("the approval is of last year", "worked", said(GRACE, AGENTICOPS_NOW=later(-60)), "VT432"),
    Case("the approval is of next week", "worked", said(GRACE, AGENTICOPS_NOW=later(7)), "VT441"),
    Case("the gate names no check", "proven", rewritten(CONFIG, " - checklist\n", " - checklists\n"), "VT401"),
    Case("a threshold is misspelt", "proven", rewritten(CONFIG, "min_score: 7", "minscore: 7"), "VT404"),
    Case("a threshold is no number", "proven", rewritten(CONFIG, "min: 0.8", "min: high"), "VT404"),
    Case("the phase names no gate", "proven", rewritten(CONFIG, "gate: shaped", "gate: shapely"), "VT402"),
    Case("a shell is to run it", "proven", rewritten(CONFIG, "[scripts/prove.sh]", "[sh, -c, x]"), "VT403", "check"),
    Case("the status was edited", "proven", DONE_BY_HAND, "VT305", "check"),
)  # fmt: skip
DONE = {"from": "in_progress", "to": "done", "gate": "shaped", "digest": "0" * 64}
FORGED = (
    Case("closed, and then the tests were removed", "closed", replaced("src/app.py", "print(2)\n"), "VT810 VT406"),
    Case("closed without its artifact", "closed", gone(BRIEF), "VT810 VT201"),
    Case("closed with another figure", "closed", replaced(METRICS, '{"accuracy": 0.1}'), "VT810 VT418"),
    Case("closed by a gate made weak in the same commit", "closed", weakened, "VT452"),
    Case("the weak gate judges nothing", "worked", both(weakened, advanced), "VT810 VT405"),
    Case("the approval was taken out of the log", "closed", unsaid("approval_decided"), "VT705"),
    Case("a policy is said to have dropped it", "closed", retained, "VT705"),
    Case("the approval was never given", "closed", squashed(unsaid("approval_decided")), "VT810 VT430"),
    Case("the proof was never run", "closed", squashed(unsaid("evidence_recorded")), "VT810 VT405"),
    Case("the proof failed, as it says", "closed", squashed(event(RUN, outcome="failed")), "VT810 VT407"),
    Case("the proof is of other files", "closed", squashed(event(RUN, tree="0" * 64)), "VT810 VT406"),
    Case("an agent's proof is called verified", "closed",
         squashed(event("evidence_recorded", by="agent", level="verified")), "VT810 VT408"),
    Case("the score was raised by hand", "closed", squashed(event("approval_decided", score=10)), "VT810 VT440"),
    Case("the score was raised in what was signed, too", "closed",
         squashed(lambda r, k: forge(r, "approval_decided", lambda e: restate(e, score=9.5))), "VT810 VT435"),
    Case("the signature is somebody's shopping list", "closed",
         squashed(event("approval_decided", signature="QUJD")), "VT810 VT435"),
    Case("the signature is left out", "closed", squashed(event("approval_decided", signature="")), "VT810 VT434"),
    Case("the approval is of another ticket", "closed",
         squashed(lambda r, k: forge(r, "approval_decided", lambda e: restate(e, ticket="shape_143"))), "VT810 VT440"),
    Case("the approval is said to be Bob's", "closed",
         squashed(actor("approval_decided", operator="Bob Moog <bob@example.org>")), "VT810 VT440"),
    Case("the approval is of what it never saw", "closed",
         squashed(lambda r, k: forge(r, "approval_decided", lambda e: restate(e, digest="0" * 64))), "VT810 VT431"),
    Case("the signers changed in the same branch", "worked", own_key, "VT452"),
    Case("a reviewer made herself one", "proven", self_made, "VT452"),
    Case("a role's reach grew", "proven", rewritten(CONFIG, "may: [approve]", "may: [approve, override]"), "VT452"),
    Case("closed, and no gate was asked", "worked",
         both(DONE_BY_HAND, invented("ticket_done", data=DONE)), "VT803"),
    Case("an agent overrode the gate", "worked",
         invented("gate_overridden", actor={"operator": f"Ada <{ADA}>", "agent": "lab"}, data=OVERRIDE), "VT451"),
    Case("somebody overrode the gate who may not", "worked", invented("gate_overridden", data=OVERRIDE), "VT451"),
    Case("somebody gave a role who may not", "worked", invented("role_assigned", "train", data=GIVEN), "VT451"),
    Case("an event was edited afterwards", "proven", event(RUN, milliseconds=-1), "VT702"),
    Case("an agent without hooks wrote outside its mode", "worked", bounded(f"docs/{ITEM}/a.md", "src/b.py"), "VT470"),
    Case("an agent without hooks changed how agents are held", "worked", bounded(".claude/settings.json"), "VT470"),
)  # fmt: skip
CASES = (*NEGLIGENT, *(c._replace(judge="replay") for c in FORGED))
JUDGES = {
    "advance": ("advance", SHAPE),
    "look": ("check", SHAPE),
    "check": ("check",),
    "replay": ("check", "--base", "base", "--head", "HEAD", "--replay"),
}


def found(repo: Path, judge: str) -> set[str]:
    """The codes of the judge's findings; `VT810 VT406`: a closing that was judged again, and what did not hold."""
    if judge == "replay":
        commit_all(repo, "As if nothing were")
    code, out, err = cli(repo, *JUDGES[judge], "--json")
    assert code == 3, f"{judge} → {code}\n{out}{err}"
    body = json.loads(out)["data"]
    findings = [f for f in body.get("verdict", body)["findings"] if f["severity"] == "error"]
    inner = {f"VT810 {c}" for f in findings if f["code"] == "VT810" for c in re.findall(r"VT\d{3}", f["message"])}
    return {f["code"] for f in findings} | inner


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 60 and len({c.what for c in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[c.what for c in CASES])
def test_it_is_refused(case: Case, yard: Yard, keys: Keys) -> None:
    repo = yard(case.stage)
    case.do(repo, keys)
    codes = found(repo, case.judge)
    assert case.code in codes, codes


def test_what_the_mode_writes_passes_on_the_branch(yard: Yard, keys: Keys) -> None:
    repo = yard("worked")
    bounded(f"docs/{ITEM}/notes.md", f"tickets/{SHAPE}/artifacts/raw.csv", "docs/risks/none.txt")(repo, keys)
    commit_all(repo, "Within the mode")
    for steps in ((), ("--replay",)):
        code, out, err = cli(repo, "check", "--base", "base", "--head", "HEAD", *steps)
        assert code == 0, out + err


def test_the_honest_train_passes_throughout(yard: Yard, keys: Keys) -> None:
    repo = yard("closed")
    commit_all(repo, "Shape is done")
    assert cli(repo, "check")[0] == 0
    for steps in ((), ("--replay",)):
        code, out, err = cli(repo, "check", "--base", "base", "--head", "HEAD", *steps)
        assert code == 0, out + err
    git(repo, "switch", "-q", "-c", "squash", "base")
    git(repo, "merge", "-q", "--squash", "main")
    commit_all(repo, "All in one")
    code, out, err = cli(repo, "check", "--base", "base", "--head", "HEAD", "--replay")
    assert code == 0, out + err


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (("approve", SHAPE, "--score", "9", "--reason", "mine"), "reviewer"),
        (("advance", SHAPE, "--override", "--reason", "hurry"), "override"),
        (("role", "assign", "reviewer", MALLORY), "assign"),
    ],
)
def test_who_lacks_the_role_is_told_which(yard: Yard, keys: Keys, call: tuple[str, ...], words: str) -> None:
    repo = yard("worked")
    with somebody(repo, MALLORY, keys):
        err = refused(repo, *call)
    assert "VT450" in err and words in err
