"""Delivering with a remote: branches go there with the lease, and come in there, by a push."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from agenticops.errors import ConflictError, RemoteError, TrainError
from agenticops.flows.drive import claim as claims
from agenticops.flows.drive import deliver
from agenticops.flows.drive.claim import Claim
from agenticops.flows.drive.driver import Driver, Report, read_settings
from agenticops.model.lease import HOLDS, SKEW
from agenticops.workspace import Workspace
from tests.drive import rig
from tests.support import FixedClock, commit_all, git, new_repo, thorough, workspace, write

BRANCH = "phase/build_1"


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for a remote here."""
    monkeypatch.setattr(deliver, "PAUSE", 0.05)
    monkeypatch.setattr(deliver, "AWAY", 20.0)


def train(tmp_path: Path, tempers: list[str], **options: object) -> Path:
    """A train with a bare remote."""
    repo = rig.train(tmp_path / "one", tempers, **options)  # type: ignore[arg-type]
    bare = new_repo(tmp_path / "bare.git", "--bare", "--initial-branch=main")
    git(repo, "remote", "add", "origin", str(bare))
    git(repo, "push", "--quiet", "origin", "main")
    return repo


def clone(repo: Path, name: str = "two") -> Path:
    """Another clone of its remote, whose owner trusts the agent, too."""
    git(repo.parent, "clone", "--quiet", str(repo.parent / "bare.git"), name)
    rig.give_trust(repo.parent / name)
    return repo.parent / name


def at(repo: Path, ref: str) -> str:
    """What a ref names at the remote."""
    return git(repo.parent / "bare.git", "for-each-ref", "--format=%(objectname)", ref).strip()


def drive(repo: Path, tick: Callable[[Driver], None] = lambda driver: None, **options: object) -> Report:
    driver = Driver(Workspace(str(repo)), remote="origin", **options)  # type: ignore[arg-type]
    return driver.run(lambda: tick(driver))


def once(when: Callable[[], bool], do: Callable[[], object]) -> Callable[[Driver], None]:
    """Do something in a tick, once, as soon as it is time."""
    done: list[object] = []

    def tick(driver: Driver) -> None:
        if not done and when():
            done.append(do())

    return tick


def started(repo: Path, count: int) -> Callable[[], bool]:
    return lambda: len(rig.journal(repo)) >= count


def test_what_was_worked_is_at_the_remote_and_its_branch_is_gone(tmp_path: Path) -> None:
    repo = train(tmp_path, ["good", "lying"])
    found = {o.ticket: o.state for o in drive(repo, parallel=2).outcomes}
    assert found == {"build_1": "delivered", "build_2": "blocked"}
    assert at(repo, "refs/heads/main") == git(repo, "rev-parse", "main").strip()
    assert not at(repo, f"refs/heads/{BRANCH}")
    assert at(repo, "refs/heads/phase/build_2") == git(repo, "rev-parse", "phase/build_2").strip()
    assert rig.clean(repo) and not git(repo, "for-each-ref", f"refs/remotes/origin/{BRANCH}")
    again = clone(repo)
    assert Workspace(str(again)).train.ticket("build_1").status == "done"
    assert drive(again).passed["2"].startswith("build_2 is held: no_change")


@thorough
def test_each_bullet_is_pushed_when_it_is_done(tmp_path: Path) -> None:
    repo = train(tmp_path, ["good"], bullets=3, seconds=0.1)
    seen: list[str] = []

    def tick(driver: Driver) -> None:
        if (now := at(repo, f"refs/heads/{BRANCH}")) and now not in seen:
            seen.append(now)

    drive(repo, tick)
    assert len(seen) >= 3


@thorough
def test_what_stands_here_and_is_not_pushed_yet_goes_along(tmp_path: Path) -> None:
    repo = train(tmp_path, ["good"])
    write(repo, "mine.txt", "x\n")
    commit_all(repo, "mine")
    drive(repo)
    assert "mine.txt" in git(repo.parent / "bare.git", "ls-tree", "--name-only", "main").split()


@thorough
def test_what_others_pushed_meanwhile_stays(tmp_path: Path) -> None:
    repo = train(tmp_path, ["good"], seconds=0.2)
    person = clone(repo)

    def push() -> None:
        git(person, "pull", "--quiet", "--rebase")
        write(person, "theirs.txt", "x\n")
        commit_all(person, "theirs")
        git(person, "push", "--quiet", "origin", "main")

    report = drive(repo, once(started(repo, 1), push))
    assert report.outcomes[0].state == "delivered"
    assert {"theirs.txt", "docs"} <= set(git(repo.parent / "bare.git", "ls-tree", "--name-only", "main").split())
    assert (repo / "theirs.txt").exists()


def test_a_push_between_two_looks_has_it_done_again(tmp_path: Path) -> None:
    repo = train(tmp_path, ["good"])
    person = clone(repo)
    here = Workspace(str(repo))
    line = deliver.side(here, read_settings(here), "origin").trunk(here, read_settings(here))
    tips: list[str] = []

    def do(there: Workspace) -> None:
        tips.append(there.git.head())
        if len(tips) == 1:
            write(person, "theirs.txt", "x\n")
            commit_all(person, "theirs")
            git(person, "push", "--quiet", "origin", "main")
        write(Path(there.root), "ours.txt", "x\n")
        commit_all(Path(there.root), "ours")

    line.change(do)
    assert len(tips) == 2 and tips[0] != tips[1]
    assert at(repo, "refs/heads/main") == git(repo, "rev-parse", "main").strip() == line.tip
    assert {"theirs.txt", "ours.txt"} <= set(git(repo, "ls-files").split())


def test_two_histories_of_the_default_branch_are_left_to_a_person(tmp_path: Path) -> None:
    repo = train(tmp_path, ["good"])
    person = clone(repo)
    for place, name in ((repo, "ours.txt"), (person, "theirs.txt")):
        write(place, name, "x\n")
        commit_all(place, name)
    git(person, "push", "--quiet", "origin", "main")
    with pytest.raises(TrainError, match="different ways"):
        drive(repo)
    assert not rig.journal(repo)


@thorough
def test_another_clone_goes_on_where_the_first_one_stopped(tmp_path: Path) -> None:
    repo = train(tmp_path, ["good"], bullets=2, seconds=0.1)
    two = clone(repo)
    stopped = drive(repo, lambda driver: driver.stop() if rig.journal(repo) else None)
    assert stopped.outcomes[0].state == "stopped"
    before = rig.journal(repo)
    assert len(before) == 1
    assert drive(two).outcomes[0].state == "delivered"
    # The first bullet and the artifact are two different ones: nothing was worked twice.
    bullets = [stint.bullet for stint in rig.journal(repo)]
    assert len(bullets) == len(set(bullets)) == 3
    # The first one comes back, and sees that it is done.
    assert [o.ticket for o in drive(repo).outcomes] == []
    assert git(repo, "rev-parse", "main").strip() == at(repo, "refs/heads/main")


def test_what_a_stale_holder_pushes_late_is_refused(tmp_path: Path) -> None:
    repo = train(tmp_path, ["good"], bullets=2, seconds=0.3)
    two = clone(repo)
    later = int(Workspace(str(repo)).clock.milliseconds()) + HOLDS + SKEW + 60_000
    taken: list[Claim] = []

    def take_over() -> None:
        found = claims.claim(Workspace(str(two), FixedClock(later)), "1", "drive", "origin")
        assert isinstance(found, Claim), found
        taken.append(found)

    report = drive(repo, once(started(repo, 1), take_over), most=1)
    assert (report.outcomes[0].state, report.outcomes[0].ticket) == ("lost", "build_1")
    assert not at(repo, f"refs/heads/{BRANCH}")
    assert Workspace(str(repo)).train.ticket("build_1").status == "todo"
    # What it did stays here, and is put aside when the other one's branch comes.
    here = workspace(two, later)
    git(two, "pull", "--quiet")
    git(two, "switch", "--quiet", "-c", BRANCH)
    write(two, "theirs.txt", "x\n")
    theirs = commit_all(two, "theirs")
    assert not taken[0].push(f"refs/heads/{BRANCH}", theirs, "")
    ours = git(repo, "rev-parse", BRANCH).strip()
    assert here.git.head() == theirs != ours
    side = deliver.side(Workspace(str(repo)), read_settings(Workspace(str(repo))), "origin")
    side.bring("build_1")
    assert git(repo, "rev-parse", BRANCH).strip() == theirs
    assert ours in git(repo, "for-each-ref", "--format=%(objectname)", "refs/agenticops/aside/build_1/").split()


@thorough
def test_a_remote_that_is_away_for_a_while_holds_up_nothing_but_the_merge(tmp_path: Path) -> None:
    repo = train(tmp_path, ["good"], bullets=3, seconds=0.15)
    bare, away = repo.parent / "bare.git", repo.parent / "away.git"
    gone, back = [], []

    def tick(driver: Driver) -> None:
        rows = rig.journal(repo)
        if rows and not gone:
            gone.append(os.rename(bare, away))
        # All bullets were worked without it; then it comes back.
        if gone and not back and len(rows) == 4 and any("asked again" in r.said for r in driver.rows.values()):
            back.append(os.rename(away, bare))

    report = drive(repo, tick)
    assert report.outcomes[0].state == "delivered" and back
    assert at(repo, "refs/heads/main") == git(repo, "rev-parse", "main").strip()


@thorough
def test_a_remote_that_stays_away_stops_the_drive_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "AWAY", 0.1)
    repo = train(tmp_path, ["good", "good"], seconds=0.1)
    bare, away = repo.parent / "bare.git", repo.parent / "away.git"
    report = drive(repo, once(started(repo, 1), lambda: os.rename(bare, away)))
    assert [o.state for o in report.outcomes] == ["stopped"] and "cannot be asked" in report.ended
    count = len(rig.journal(repo))
    os.rename(away, bare)
    assert {o.state for o in drive(repo).outcomes} == {"delivered"}
    assert len(rig.journal(repo)) == count + 2  # the second ticket's bullets only


@thorough
def test_a_person_s_push_to_the_branch_of_a_ticket_is_taken_in(tmp_path: Path) -> None:
    repo = train(tmp_path, ["good"], bullets=2, seconds=0.3)
    person = clone(repo)

    def push() -> None:
        git(person, "fetch", "--quiet")
        git(person, "switch", "--quiet", BRANCH)
        write(person, "docs/hint.md", "# Hint\n")
        commit_all(person, "a hint")
        git(person, "push", "--quiet", "origin", BRANCH)

    report = drive(repo, once(lambda: bool(at(repo, f"refs/heads/{BRANCH}")), push))
    assert report.outcomes[0].state == "delivered"
    assert "docs/hint.md" in git(repo, "ls-files", "docs").split()


@pytest.fixture
def guarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Give a train whose remote runs a hook before it takes anything; only a remote that is no folder does."""

    def make(hook: str) -> Path:
        repo = train(tmp_path, ["good", "good"])
        bare = tmp_path / "bare.git"
        write(bare, "hooks/pre-receive", f"#!/bin/sh\n{hook}\n").chmod(0o755)
        ssh = write(tmp_path, "ssh", '#!/bin/sh\nshift $(($# - 1))\nexec sh -c "$1"\n')
        ssh.chmod(0o755)
        monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))
        monkeypatch.setenv("GIT_SSH_VARIANT", "simple")
        git(repo, "remote", "set-url", "origin", f"ssh://here{bare}")
        return repo

    return make


@thorough
def test_a_branch_that_takes_no_merge_holds_the_ticket_with_the_way_out(guarded: Callable[[str], Path]) -> None:
    merges = 'while read old new ref; do [ "$ref" != refs/heads/main ] || [ -z "$(git rev-list --merges $old..$new)" ]'
    repo = guarded(f'{merges} || {{ echo "main wants a pull request" >&2; exit 1; }}; done')
    report = drive(repo, most=1)
    outcome = report.outcomes[0]
    assert (outcome.state, outcome.reason) == ("blocked", "needs_person")
    assert "pre-receive hook declined" in outcome.words and "merge: forge" in outcome.words
    assert at(repo, f"refs/heads/{BRANCH}") == git(repo, "rev-parse", BRANCH).strip()
    assert at(repo, "refs/heads/main") == git(repo, "rev-parse", "main").strip()
    assert not git(repo, "log", "--merges", "--format=%h", "main")


def test_a_branch_that_takes_nothing_ends_the_drive_before_anything_is_worked(guarded: Callable[[str], Path]) -> None:
    repo = guarded('while read old new ref; do [ "$ref" != refs/heads/main ] || exit 1; done')
    before = at(repo, "refs/heads/main")
    report = drive(repo)
    assert not report.outcomes and not rig.journal(repo)
    assert "does not take a push to main: " in report.ended and "pre-receive hook declined" in report.ended
    assert at(repo, "refs/heads/main") == git(repo, "rev-parse", "main").strip() == before


def test_a_remote_that_takes_no_leases_is_told_at_once(guarded: Callable[[str], Path]) -> None:
    repo = guarded('while read old new ref; do case "$ref" in refs/agenticops/*) exit 1;; esac; done')
    report = drive(repo)
    assert not report.outcomes and "the lease ticket-1 cannot be written" in report.ended


def test_a_remote_that_cannot_be_reached_is_told_before_anything_is_worked(tmp_path: Path) -> None:
    repo = train(tmp_path, ["good"])
    os.rename(repo.parent / "bare.git", repo.parent / "away.git")
    with pytest.raises(RemoteError, match="cannot be asked"):
        drive(repo)
    assert not rig.journal(repo)


@thorough
def test_two_clones_share_the_work_and_work_nothing_twice(tmp_path: Path) -> None:
    repo = train(tmp_path, ["good"] * 4)
    two = clone(repo)
    found: dict[Path, list[str]] = {}

    def run(place: Path) -> None:
        found[place] = [o.ticket for o in drive(place, parallel=2).outcomes if o.state == "delivered"]

    threads = [threading.Thread(target=run, args=(place,)) for place in (repo, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found[repo] + found[two]) == [f"build_{n}" for n in range(1, 5)]
    worked = [(stint.ticket, stint.bullet) for stint in rig.journal(repo)]
    assert len(worked) == len(set(worked)) == 8 and all(stint.alone for stint in rig.journal(repo))


def test_a_remote_that_is_not_there_is_named_with_the_way_out(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "one", ["good"])
    here = Workspace(str(repo))
    assert deliver.known(here, read_settings(here)) == ""
    git(repo, "remote", "add", "upstream", str(tmp_path))
    with pytest.raises(TrainError, match="no remote origin, only upstream") as e:
        deliver.known(here, read_settings(here))
    assert "--local" in e.value.hint


def test_a_claim_that_was_lost_tells_so(tmp_path: Path) -> None:
    repo = train(tmp_path, ["good"])
    found = claims.claim(Workspace(str(repo)), "1", "drive", "origin")
    assert isinstance(found, Claim)
    git(repo, "push", "--quiet", "origin", ":refs/agenticops/leases/ticket-1")
    with pytest.raises(ConflictError):
        found.push(f"refs/heads/{BRANCH}", git(repo, "rev-parse", "main").strip(), "")
    found.release(done=False)
