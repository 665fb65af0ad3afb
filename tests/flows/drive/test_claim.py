"""Who works an item: one in all clones, also when its holder is killed, sleeps, or comes back."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from agenticops.errors import ConflictError, RemoteError, TrainError, UsageError
from agenticops.flows.drive import claim as claims
from agenticops.flows.drive.claim import Claim
from agenticops.flows.forge import fence
from agenticops.model.lease import HOLDS, SKEW
from agenticops.ports.lease import REFS, Leases
from agenticops.workspace import Workspace
from tests.support import NOW, FixedClock, commit_all, git, new_repo, some, thorough, workspace, write

BRANCH = "refs/heads/phase/build_142"
RACER = """\
import os, random, sys, threading, time
from agenticops.errors import RemoteError
from agenticops.flows.drive.claim import Claim, claim
from agenticops.workspace import Workspace
clone, place, names, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
failed = []
def work():
    try:
        for name in range(1, names + 1):
            while not os.path.exists(f"{place}/{name}.done"):
                taken = claim(Workspace(clone), str(name), "a race", "origin")
                if isinstance(taken, str):
                    time.sleep(random.uniform(0, 0.05))
                    continue
                # One who claims it after it was done sees that it was, as a driver does.
                if not os.path.exists(f"{place}/{name}.done"):
                    os.close(os.open(f"{place}/{name}.at", os.O_CREAT | os.O_EXCL))
                    time.sleep(0.01)
                    with open(f"{place}/{name}.log", "a") as log:
                        log.write(clone + "\\n")
                    os.rename(f"{place}/{name}.at", f"{place}/{name}.done")
                taken.release(done=True)
    except BaseException as e:
        failed.append(e)
print("ready", flush=True)
sys.stdin.read()
running = [threading.Thread(target=work) for _ in range(threads)]
for thread in running: thread.start()
for thread in running: thread.join()
for e in failed: raise e
"""
# A process that dies at the n-th write of the note, just before it or just after it.
KILLED = """\
import os, signal, sys, time
from agenticops.flows.drive.claim import claim
from agenticops.store.hold import Hold
from agenticops.workspace import Workspace
clone, die, after = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "after"
real, count = Hold.write, [0]
def write(self, note):
    count[0] += 1
    if count[0] == die and not after:
        os.kill(os.getpid(), signal.SIGKILL)
    real(self, note)
    if count[0] == die:
        os.kill(os.getpid(), signal.SIGKILL)
Hold.write = write
taken = claim(Workspace(clone), "build_142", "drive", "origin")
taken.note(desk="there", agent=17)
print(taken.held.lease.epoch, flush=True)
time.sleep(60)
"""


@pytest.fixture
def clones(tmp_path: Path) -> tuple[Path, Path]:
    """Two clones of a bare repository."""
    bare = new_repo(tmp_path / "bare.git", "--bare")
    found = new_repo(tmp_path / "one"), new_repo(tmp_path / "two")
    for clone in found:
        git(clone, "remote", "add", "origin", str(bare))
    return found


def take(clone: Path, now: int = NOW, wanted: str = "142", remote: str = "origin") -> Claim:
    taken = claims.claim(workspace(clone, now), wanted, "drive", remote)
    assert isinstance(taken, Claim), taken
    return taken


def refused(clone: Path, now: int = NOW, wanted: str = "142", remote: str = "origin") -> str:
    taken = claims.claim(workspace(clone, now), wanted, "drive", remote)
    assert isinstance(taken, str)
    return taken


def die(taken: Claim) -> None:
    """Let a holder be as one that was killed: its lock goes, its lease and its note stay."""
    taken.hold.release()


def kill(clone: Path, at: int, when: str = "after") -> None:
    """Let a process claim the item, and be killed at a write of its note."""
    words = [sys.executable, "-c", KILLED, str(clone), str(at), when]
    assert subprocess.run(words, env={**os.environ, "AGENTICOPS_NOW": str(NOW)}, timeout=60).returncode == -9


def epoch(taken: Claim) -> int:
    assert taken.held is not None
    return taken.held.lease.epoch


def shown(place: Path, ref: str) -> str:
    return git(place, "for-each-ref", "--format=%(objectname)", ref).strip()


def race(clones: tuple[Path, Path], names: int, processes: int, threads: int) -> None:
    place = clones[0].parent / "place"
    place.mkdir()
    words = [sys.executable, "-c", RACER]
    jobs = [[*words, str(c), str(place), str(names), str(threads)] for c in clones for _ in range(processes)]
    running = [subprocess.Popen(job, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for job in jobs]
    for process in running:
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    for process in running:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.close()
        process.stdout.close()
    assert [process.wait(600) for process in running] == [0] * len(jobs)
    worked = {name: (place / f"{name}.log").read_text().splitlines() for name in range(1, names + 1)}
    assert [len(by) for by in worked.values()] == [1] * names
    assert {by for (by,) in worked.values()} == {str(clone) for clone in clones}
    assert claims.noted(workspace(clones[0])) == claims.noted(workspace(clones[1])) == {}
    assert len(git(clones[0].parent / "bare.git", "for-each-ref", REFS).splitlines()) == names


@thorough
def test_two_clones_race_and_each_item_is_worked_once(clones: tuple[Path, Path]) -> None:
    race(clones, 20, 1, 2)


@thorough
def test_two_clones_race_for_a_hundred_items(clones: tuple[Path, Path]) -> None:
    race(clones, 100, 2, 2)


@pytest.mark.parametrize("remote", ["origin", ""])
def test_one_has_an_item_and_all_its_tickets(clones: tuple[Path, Path], remote: str) -> None:
    one, two = clones
    taken = take(one, wanted="value-train_t00000001-2", remote=remote)
    assert taken.item == "t00000001"
    for wanted in ("t00000001", "build_t00000001"):
        assert refused(one, wanted=wanted, remote=remote) == f"process {os.getpid()} of this clone works t00000001"
    assert take(one, wanted="t00000002", remote=remote).item == "t00000002"
    if remote:
        said = refused(two, wanted="build_t00000001")
        assert "the lease ticket-t00000001 is held by" in said and "(drive) until 2026-01-01T10:05" in said
        assert claims.noted(workspace(two)) == {}
    taken.release(done=True)
    taken.release(done=True)
    with pytest.raises(ConflictError, match="was given back"):
        taken.push(BRANCH, "", "")
    assert take(two if remote else one, wanted="t00000001", remote=remote).left == {}
    with pytest.raises(UsageError):
        take(one, wanted="../142")


@pytest.mark.parametrize(
    ("at", "when"), some([(1, "before"), (1, "after"), (2, "after"), (3, "before"), (3, "after"), (4, "after")], 2)
)
def test_a_killed_holder_is_followed_at_once_in_its_clone_and_later_elsewhere(
    clones: tuple[Path, Path], at: int, when: str
) -> None:
    one, two = clones
    kill(one, at, when)
    pushed = (at, when) >= (3, "after") or (at, when) == (3, "before")
    if pushed:
        assert "held by" in refused(two, NOW + HOLDS + SKEW)
    taken = take(one)
    assert epoch(taken) == (2 if pushed else 1)
    assert taken.left.get("desk") == ("there" if at == 4 else None)
    die(taken)
    assert "held by" in refused(two, NOW + HOLDS + SKEW)
    assert epoch(take(two, NOW + HOLDS + SKEW + 1)) == (3 if pushed else 2)
    assert "held by" in refused(one, NOW + HOLDS + SKEW + 1)


def test_what_a_stale_holder_pushes_is_refused(clones: tuple[Path, Path]) -> None:
    one, two = clones
    bare = one.parent / "bare.git"
    old, new = commit_all(one), commit_all(one)
    stale = take(one)
    assert stale.push(BRANCH, old, "") == ""
    assert stale.held is not None
    late = stale.held.lease.expires + SKEW + 1
    taken = take(two, late)
    assert epoch(taken) == 2
    for act in (lambda: stale.push(BRANCH, new, old), lambda: stale.push("refs/heads/new", new, "")):
        with pytest.raises(ConflictError, match="took it over"):
            act()
    assert (shown(bare, BRANCH), shown(bare, "refs/heads/new")) == (old, "")
    clock = stale.leases.clock
    assert isinstance(clock, FixedClock)
    clock.now = late
    with pytest.raises(ConflictError, match="took it over"):
        stale.keep()
    stale.release(done=False)
    git(two, "fetch", "--quiet", "origin", BRANCH)
    assert taken.push(BRANCH, "", old) == ""
    assert shown(bare, BRANCH) == ""
    taken.keep()


@pytest.mark.parametrize("remote", ["origin", ""])
def test_refs_move_together_or_not_at_all(clones: tuple[Path, Path], remote: str) -> None:
    one, _ = clones
    git(one, "symbolic-ref", "HEAD", "refs/heads/own")
    place = one.parent / "bare.git" if remote else one
    old, new = commit_all(one), commit_all(one)
    taken = take(one, remote=remote)
    assert taken.push("refs/heads/main", old, "", (BRANCH, new, "")) == ""
    assert "refs/heads/main moved meanwhile" in taken.push(BRANCH, "", new, ("refs/heads/main", new, new))
    assert (shown(place, "refs/heads/main"), shown(place, BRANCH)) == (old, new)
    assert taken.push("refs/heads/main", new, old, (BRANCH, "", new)) == ""
    assert (shown(place, "refs/heads/main"), shown(place, BRANCH)) == (new, "")


def test_a_sign_of_life_from_another_thread_and_pushes_do_not_lose_the_lease(clones: tuple[Path, Path]) -> None:
    one, _ = clones
    commit = commit_all(one)
    taken = take(one)
    clock, over, failed = taken.leases.clock, threading.Event(), list[BaseException]()
    assert isinstance(clock, FixedClock)

    def beat() -> None:
        while not over.is_set():
            clock.now += HOLDS
            try:
                taken.keep()
            except BaseException as e:
                failed.append(e)

    heart = threading.Thread(target=beat)
    heart.start()
    for n in range(5):
        assert taken.push(f"refs/heads/b{n}", commit, "") == ""
    over.set()
    heart.join()
    assert not failed and epoch(taken) == 1
    taken.release(done=True)
    taken.keep()  # the last beat of a heart that nobody needs


def test_what_is_noted_stays_until_it_is_done(clones: tuple[Path, Path]) -> None:
    one, _ = clones
    taken = take(one)
    taken.note(desk="there", agent=17)
    taken.note(agent=None, assignment="01A")
    taken.release(done=False)
    noted = claims.noted(workspace(one))["142"]
    assert {k: noted[k] for k in ("item", "desk", "assignment", "purpose")} == {
        **{"item": "142", "desk": "there", "assignment": "01A", "purpose": "drive"}
    }
    assert "agent" not in noted and not any(name.startswith("lease") for name in noted)
    again = take(one)
    assert again.left["desk"] == "there" and epoch(again) == 2
    again.release(done=True)
    assert claims.noted(workspace(one)) == {}


def test_without_the_remote_nothing_is_claimed_and_local_work_goes_on(clones: tuple[Path, Path]) -> None:
    one, two = clones
    bare, gone = one.parent / "bare.git", one.parent / "gone.git"
    taken = take(one)
    bare.rename(gone)
    clock = taken.leases.clock
    assert isinstance(clock, FixedClock)
    clock.now += HOLDS
    for act in (taken.keep, lambda: taken.push(BRANCH, "", ""), lambda: take(one, wanted="7")):
        with pytest.raises(RemoteError, match="cannot be asked") as caught:
            act()
        assert caught.value.exit_code == 4
    take(one, wanted="7", remote="").release(done=True)
    taken.note(desk="there")
    taken.release(done=True)
    gone.rename(bare)
    # It could not be given back: others wait, this clone knows its key.
    assert "held by" in refused(two)
    assert epoch(take(one)) == 2


def test_the_fence_of_a_killed_sync_does_not_block_its_own_clone(clones: tuple[Path, Path]) -> None:
    one, two = clones
    for clone in clones:
        write(clone, "config/forge.yml", "schema: 1\n\nlease: remote\n")
    script = """\
import sys, time
from agenticops.flows.forge.fence import fenced
from agenticops.workspace import Workspace
with fenced(Workspace(sys.argv[1]), "github apply"):
    print("held", flush=True)
    time.sleep(60)
"""
    words = [sys.executable, "-c", script, str(one)]
    env = {**os.environ, "AGENTICOPS_NOW": str(NOW)}
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=env) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        with pytest.raises(ConflictError, match="another process of this clone"), fence.fenced(workspace(one), "mine"):
            pass
        holder.kill()
    with pytest.raises(ConflictError, match="held by"), fence.fenced(workspace(two), "github apply"):
        pass
    with fence.fenced(workspace(one), "github apply") as keep:
        keep()
        with pytest.raises(ConflictError, match="held by"), fence.fenced(workspace(two), "github apply"):
            pass
    with fence.fenced(workspace(two), "github apply"):
        _, there = Leases(Workspace(str(two)).git, FixedClock(), "origin").read("sync")
        assert there is not None and there.epoch == 3


def test_a_link_in_the_clones_folder_is_refused(clones: tuple[Path, Path], tmp_path: Path) -> None:
    one, _ = clones
    (one / ".git" / "agenticops").mkdir()
    (one / ".git" / "agenticops" / "drive").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TrainError, match="symbolic link"):
        take(one)
