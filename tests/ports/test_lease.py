"""Leases by refs, on real bare remotes and between real processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agenticops.errors import ConflictError, RemoteError, StateError, TrainError, UsageError
from agenticops.model.lease import SKEW, Lease, standing
from agenticops.ports.git import Git
from agenticops.ports.lease import REFS, TRIES, Held, Leases
from tests.support import NOW, FixedClock, commit_all, git, new_repo, some, write

REF = REFS + "sync"
RACER = """\
import sys, time
from agenticops.errors import ConflictError
from agenticops.ports.clock import Clock
from agenticops.ports.git import Git
from agenticops.ports.lease import Leases
folder, remote, who, holds, start = sys.argv[1:]
leases = Leases(Git.discover(folder), Clock(), remote)
time.sleep(max(0, float(start) - time.time()))
try:
    held = leases.acquire("sync", who, "host", "a race", int(holds))
    print("held", held.lease.epoch, flush=True)
except ConflictError as e:
    print("refused", e.message, flush=True)
else:
    time.sleep(60 if who == "slow" else 0)
"""

# A line to a server that breaks once the server has done what was asked, and says so.
LINE = """\
import subprocess, sys
with subprocess.Popen(sys.argv[-1], shell=True, stdout=subprocess.PIPE) as server:
    while said := server.stdout.read1():
        if b"unpack ok" in said:
            server.wait()
            open(sys.argv[1], "w").close()
            sys.exit(255)
        sys.stdout.buffer.write(said)
        sys.stdout.buffer.flush()
"""


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    return new_repo(tmp_path / "bare.git", "--bare")


def clone(bare: Path, name: str) -> Path:
    repo = new_repo(bare.parent / name)
    git(repo, "remote", "add", "origin", str(bare))
    return repo


def leases(repo: Path, now: int = NOW, remote: str = "origin") -> Leases:
    return Leases(Git.discover(str(repo)), FixedClock(now), remote)


def take(repo: Path, who: str, now: int = NOW, remote: str = "origin") -> Held:
    return leases(repo, now, remote).acquire("sync", f"{who} <{who}@example.org>", f"host-of-{who}", "github apply")


def at(held: Held, now: int) -> Held:
    clock = held.leases.clock
    assert isinstance(clock, FixedClock)
    clock.now = now
    return held


def race(jobs: list[tuple[Path, str, str]], holds: int = 60_000) -> list[str]:
    """Let processes run for the lease at the same moment; give what each says first."""
    start = str(time.time() + 0.5)
    words = [[sys.executable, "-c", RACER, str(repo), remote, who, str(holds), start] for repo, remote, who in jobs]
    running = [subprocess.Popen(w, stdout=subprocess.PIPE, text=True) for w in words]
    return [process.communicate(timeout=60)[0].strip() for process in running]


@pytest.mark.parametrize("remote", ["origin", ""])
def test_one_holds_it_and_the_other_is_told_who_and_until_when(bare: Path, remote: str) -> None:
    one = clone(bare, "one")
    other = clone(bare, "two") if remote else one
    held = take(one, "ada", remote=remote)
    with pytest.raises(ConflictError) as caught:
        take(other, "bob", remote=remote)
    said = caught.value.message
    assert "held by ada <ada@example.org> on host-of-ada (github apply) until 2026-01-01T10:05:00" in said
    assert caught.value.exit_code == 5
    assert git(bare if remote else one, "rev-parse", REF).strip() == held.note
    held.release()
    again = take(other, "bob", remote=remote)
    assert (held.lease.epoch, again.lease.epoch) == (1, 2)
    assert git(one, "for-each-ref", "--format=%(refname)").split() == ([] if remote else [REF])


@pytest.mark.parametrize("remote", ["origin", ""])
def test_an_expired_lease_is_taken_over_and_its_holder_is_refused(bare: Path, remote: str) -> None:
    one = clone(bare, "one")
    other = clone(bare, "two") if remote else one
    stale = take(one, "ada", remote=remote)
    with pytest.raises(ConflictError, match="held by ada"):
        take(other, "bob", stale.lease.expires + SKEW, remote)  # another clock may be behind that of the holder
    late = stale.lease.expires + SKEW + 1
    held = take(other, "bob", late, remote)
    assert held.lease.epoch == 2
    for act in (stale.keep, stale.renew, stale.release):
        at(stale, late)
        with pytest.raises(ConflictError, match=r"bob <bob@example.org> on host-of-bob took it over \(epoch 2, ours"):
            act()
    assert leases(one, remote=remote).read("sync") == (held.note, held.lease)


def test_a_sign_of_life_is_given_when_it_is_time_and_keeps_others_out(bare: Path) -> None:
    one, two = clone(bare, "one"), clone(bare, "two")
    held = take(one, "ada")
    first = held.note
    at(held, NOW + held.lease.holds // 3 - 1).keep()
    assert held.note == first == git(bare, "rev-parse", REF).strip()
    late = NOW + held.lease.holds - 1
    at(held, late).keep()
    assert held.note != first and held.lease.epoch == 1
    with pytest.raises(ConflictError):
        take(two, "bob", late + held.lease.holds)
    # Nobody took it after it had expired: it was never another's, so it goes on.
    at(held, late + 10 * held.lease.holds).keep()
    with pytest.raises(ConflictError):
        take(two, "bob", late + 11 * held.lease.holds)


def test_a_holder_whose_ref_was_deleted_has_lost_it(bare: Path) -> None:
    held = take(clone(bare, "one"), "ada")
    git(bare, "update-ref", "-d", REF)
    with pytest.raises(ConflictError, match="it was taken away"):
        held.renew()
    assert git(bare, "for-each-ref") == ""


@pytest.mark.parametrize("remote", some(("origin", ""), 2))
def test_of_several_processes_just_one_holds(bare: Path, remote: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one = clone(bare, "one")
    repos = [clone(bare, f"clone{n}") if remote else one for n in range(5)]
    for epoch, now in ((1, NOW), (2, NOW + 10**7)):  # the second time they race for one that has expired
        monkeypatch.setenv("AGENTICOPS_NOW", str(now))
        said = race([(repo, remote, f"racer{n}") for n, repo in enumerate(repos)])
        assert sorted(s.split()[0] for s in said) == ["held", *["refused"] * 4]
        assert f"held {epoch}" in said
        _, there = leases(one, remote=remote).read("sync")
        assert there is not None and said[int(there.owner[-1])] == f"held {epoch}"


def test_the_lease_of_a_killed_holder_expires(bare: Path) -> None:
    one, two = clone(bare, "one"), clone(bare, "two")
    words = [sys.executable, "-c", RACER, str(one), "origin", "slow", "60000", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held 1\n"
        holder.kill()
    _, there = leases(two).read("sync")
    assert there is not None
    with pytest.raises(ConflictError, match="held by slow"):
        take(two, "bob", there.expires)
    assert take(two, "bob", there.expires + SKEW + 1).lease.epoch == 2


def test_a_write_that_was_done_counts_though_its_answer_was_lost(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = clone(bare, "one")
    held = take(one, "ada")
    git(one, "remote", "set-url", "origin", f"git@example.org:{bare}")
    monkeypatch.setenv("GIT_SSH_COMMAND", f"{sys.executable} {write(tmp_path, 'line.py', LINE)} {tmp_path}/cut")
    monkeypatch.setenv("GIT_SSH_VARIANT", "simple")
    at(held, NOW + 1000).renew()
    assert (tmp_path / "cut").exists()
    assert git(bare, "rev-parse", REF).strip() == held.note
    assert held.lease.renewed == NOW + 1000
    held.release()
    assert take(one, "bob").lease.epoch == 2  # taken once, not twice


def test_offline_says_what_to_do(bare: Path) -> None:
    one = clone(bare, "one")
    held = take(one, "ada")
    bare.rename(bare.with_name("gone.git"))
    for act in (held.renew, lambda: take(one, "bob")):
        with pytest.raises(RemoteError, match="the remote origin cannot be asked") as caught:
            act()
        assert caught.value.exit_code == 4 and "git ls-remote origin" in caught.value.hint
    git(one, "remote", "set-url", "origin", "http://127.0.0.1:9/acme/train.git")
    with pytest.raises(RemoteError, match="cannot be asked"):
        take(one, "bob")


def test_a_remote_that_never_answers_is_given_up(bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = clone(bare, "one")
    git(one, "remote", "set-url", "origin", "git@example.org:acme/train.git")
    monkeypatch.setenv("GIT_SSH_COMMAND", f"echo $$ >> {tmp_path}/pids; sleep 60; :")
    slow = Leases(Git.discover(str(one)), FixedClock(), "origin", seconds=0.5)
    began = time.monotonic()
    with pytest.raises(RemoteError, match=r"no answer within 0.5 s"):
        slow.read("sync")
    assert time.monotonic() - began < 10
    (pid,) = (tmp_path / "pids").read_text().split()
    while time.monotonic() - began < 20 and alive(int(pid)):
        time.sleep(0.05)
    assert not alive(int(pid))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    said = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
    return bool(said.strip()) and not said.startswith("Z")


def test_a_remote_that_refuses_the_ref_says_why(bare: Path) -> None:
    one = clone(bare, "one")
    git(bare, "config", "receive.hideRefs", "refs/agenticops")
    began = time.monotonic()
    with pytest.raises(RemoteError, match=r"cannot be written: .*hidden ref") as caught:
        take(one, "ada")
    assert REFS in caught.value.hint
    assert time.monotonic() - began < 0.1 * 2**TRIES + 5


def test_nothing_that_the_clone_or_a_folder_names_is_run(bare: Path, tmp_path: Path) -> None:
    one = clone(bare, "one")
    mark = tmp_path / "mark"
    for hooks in (one / ".git" / "hooks", bare / "hooks"):
        for name in ("pre-push", "pre-receive", "update", "post-receive", "post-update", "reference-transaction"):
            write(hooks, name, f"#!/bin/sh\ntouch {mark}\n").chmod(0o755)
    take(one, "ada").release()
    assert not mark.exists()
    for key, url in {
        "core.sshCommand": "git@example.org:acme/train.git",
        "credential.helper": "http://127.0.0.1:9/acme/train.git",
        "remote.origin.receivepack": str(bare),
        "remote.origin.uploadpack": str(bare),
    }.items():
        git(one, "remote", "set-url", "origin", url)
        git(one, "config", key, f"touch {mark};")
        with pytest.raises(TrainError, match="names a program for its remote") as caught:
            take(one, "ada")
        assert key.lower() in caught.value.message
        git(one, "config", "--unset-all", key)
    git(one, "remote", "set-url", "origin", f"ext::touch {mark}")
    with pytest.raises(RemoteError):
        take(one, "ada")
    assert not mark.exists()


def test_what_is_no_lease_is_left_alone(bare: Path) -> None:
    one = clone(bare, "one")
    held = take(one, "ada")
    git(bare, "update-ref", REFS + "other", held.note)
    with pytest.raises(StateError, match="is no lease that this version knows"):
        leases(one).read("other")
    with pytest.raises(UsageError, match="no name of a lease"):
        leases(one).read("../heads/main")
    git(one, "remote", "set-url", "--add", "--push", "origin", str(bare))
    git(one, "remote", "set-url", "--add", "--push", "origin", str(one))
    with pytest.raises(TrainError, match="2 places to push to"):
        held.renew()
    git(one, "remote", "remove", "origin")
    with pytest.raises(TrainError):
        held.renew()


def test_how_a_lease_stands() -> None:
    lease = Lease("sync", "ada", "host", "apply", "K1", 3, NOW, 1000)
    assert standing(None, "K1", NOW) == "free"
    assert standing(lease, "K1", NOW + 10**9) == "mine"
    assert [standing(lease, "K2", NOW + 1000 + SKEW + n) for n in (0, 1)] == ["held", "expired"]
    assert standing(Lease("sync", "ada", "host", "apply", "K1", 3, NOW, released=True), "K2", NOW) == "free"
    assert [lease.due(NOW + n) for n in (-1, 0, 332, 333)] == [True, False, False, True]


MAIN, SIDE = "refs/heads/main", "refs/heads/phase/build_142"


def refs(repo: Path) -> dict[str, str]:
    """Give the branches of a repository that are not checked out by anybody."""
    rows = git(repo, "for-each-ref", "--format=%(refname) %(objectname)", MAIN, SIDE).splitlines()
    return dict(row.split() for row in rows)


@pytest.fixture(params=["origin", ""])
def pushing(bare: Path, request: pytest.FixtureRequest) -> tuple[Path, Path, Held, str, str]:
    """A clone on a branch of its own, where its refs go, a lease that is held, and two commits."""
    one = clone(bare, "one")
    git(one, "symbolic-ref", "HEAD", "refs/heads/own")
    old, new = commit_all(one, "old"), commit_all(one, "new")
    return one, bare if request.param else one, take(one, "ada", remote=request.param), old, new


def test_branches_move_with_a_sign_of_life(pushing: tuple[Path, Path, Held, str, str]) -> None:
    _, place, held, old, new = pushing
    at(held, NOW + 1)
    assert held.push([(MAIN, old, ""), (SIDE, new, "")]) == ""
    assert refs(place) == {MAIN: old, SIDE: new}
    assert (git(place, "rev-parse", REF).strip(), held.lease.renewed) == (held.note, NOW + 1)
    assert held.push([(MAIN, new, old), (SIDE, "", new)]) == ""
    assert refs(place) == {MAIN: new}
    held.release()


def test_a_branch_that_moved_is_no_lost_lease(pushing: tuple[Path, Path, Held, str, str]) -> None:
    _, place, held, old, new = pushing
    assert held.push([(MAIN, new, "")]) == ""
    note = held.note
    said = held.push([(SIDE, new, ""), (MAIN, "", old)])
    assert said == f"{MAIN} moved meanwhile: it names {new[:12]}, not {old[:12]}"
    assert f"{MAIN} moved meanwhile" in held.push([(SIDE, new, ""), (MAIN, old, "")])
    assert "it names nothing" in held.push([(SIDE, new, old), (MAIN, old, new)])
    assert refs(place) == {MAIN: new} and git(place, "rev-parse", REF).strip() == note == held.note
    assert held.push([(MAIN, old, new)]) == ""
    assert refs(place) == {MAIN: old}


def test_a_stale_holder_moves_nothing(pushing: tuple[Path, Path, Held, str, str]) -> None:
    one, place, held, old, new = pushing
    assert held.push([(MAIN, old, "")]) == ""
    late = held.lease.expires + SKEW + 1
    at(held, late)
    other = clone(place, "two") if place != one else one
    newer = take(other, "bob", late, "origin" if place != one else "")
    for updates in ([(MAIN, new, old)], [(SIDE, new, "")], [(MAIN, "", new)]):
        with pytest.raises(ConflictError, match=r"bob <bob@example.org> on host-of-bob took it over \(epoch 2, ours"):
            held.push(updates)
    assert refs(place) == {MAIN: old} and git(place, "rev-parse", REF).strip() == newer.note


@pytest.mark.parametrize("remote", ["origin", ""])
def test_who_knows_the_key_need_not_wait(bare: Path, remote: str) -> None:
    one = clone(bare, "one")
    dead = take(one, "ada", remote=remote)
    store = leases(one, remote=remote)
    with pytest.raises(ConflictError, match="held by ada"):
        store.acquire("sync", "ada", "here", "again", known="01AAAAAAAAAAAAAAAAAAAAAAAA")
    held = store.acquire("sync", "ada", "here", "again", known=dead.lease.key, key="01BBBBBBBBBBBBBBBBBBBBBBBB")
    assert (held.lease.epoch, held.lease.key) == (2, "01BBBBBBBBBBBBBBBBBBBBBBBB")
    with pytest.raises(ConflictError, match="was lost"):
        dead.renew()
    # The same key again: it was pushed by one who did not live to learn so.
    assert store.acquire("sync", "ada", "here", "again", key=held.lease.key).lease.epoch == 3


def test_branches_that_moved_count_though_the_answer_was_lost(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = clone(bare, "one")
    new = commit_all(one)
    held = take(one, "ada")
    git(one, "remote", "set-url", "origin", f"git@example.org:{bare}")
    monkeypatch.setenv("GIT_SSH_COMMAND", f"{sys.executable} {write(tmp_path, 'line.py', LINE)} {tmp_path}/cut")
    monkeypatch.setenv("GIT_SSH_VARIANT", "simple")
    assert held.push([(SIDE, new, "")]) == ""
    assert (tmp_path / "cut").exists() and refs(bare) == {SIDE: new}
    assert git(bare, "rev-parse", REF).strip() == held.note


def test_a_branch_that_the_server_refuses_is_not_said_to_be_pushed(bare: Path) -> None:
    one = clone(bare, "one")
    new = commit_all(one)
    held = take(one, "ada")
    git(bare, "config", "receive.hideRefs", "refs/heads/phase")
    with pytest.raises(RemoteError, match="hidden ref"):
        held.push([(SIDE, new, "")])
    assert refs(bare) == {}
    git(bare, "config", "--unset", "receive.hideRefs")
    assert held.push([(SIDE, new, "")]) == ""
    assert refs(bare) == {SIDE: new}
