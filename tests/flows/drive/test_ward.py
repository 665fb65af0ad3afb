"""The ward: what an agent changes around its desk is put back or told; what people and workers do meanwhile stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agenticops.core.drive.settings import Settings
from agenticops.flows.drive import desk
from agenticops.flows.drive.trunk import Trunk
from agenticops.flows.drive.ward import Ward
from agenticops.workspace import Workspace
from tests.support import TINY, commit_all, git, new_repo, write

ONE, TWO = "build_1", "build_2"
Does = Callable[[], object]


class Around:
    """A clone with two desks, and a ward around the first of them."""

    def __init__(self, place: Path) -> None:
        self.repo = new_repo(place / "train")
        write(self.repo, "a.txt", "one\n")
        write(self.repo, "config/pipeline.yml", TINY)
        commit_all(self.repo)
        write(self.repo, "a.txt", "two\n")
        commit_all(self.repo)
        self.main = Workspace(str(self.repo))
        self.one, self.two = (self.opened(name) for name in (ONE, TWO))
        self.line = Trunk(self.main, Settings())

    def opened(self, name: str) -> Path:
        return Path(desk.open_desk(self.main, Settings(), name, "refs/heads/main").root)

    def run(self, does: Does, place: Path | None = None, ward: Ward | None = None) -> str:
        """Do something as the agent of a desk; what the ward says of it."""
        here, ward = Workspace(str(place or self.one)).git, ward or self.line.ward
        name = Path(here.root).name
        ward.begin(here, name, desk.snapshot(here))
        does()
        return ward.end(here, name, "run")

    def made(self, place: Path, name: str = "x.txt") -> str:
        """Commit a file somewhere; gives the commit."""
        write(place, name, "x\n")
        return commit_all(place, name)

    def loose(self) -> str:
        """Give a commit that nobody made in a checkout."""
        return git(self.one, "commit-tree", "-p", "refs/heads/main", "-m", "loose", "HEAD^{tree}").strip()

    def tip(self, ref: str) -> str:
        return git(self.repo, "for-each-ref", "--format=%(objectname)", ref).strip()

    def move(self, ref: str, new: str) -> None:
        git(self.one, "update-ref", *((ref, new) if new else ("-d", ref)))


@pytest.fixture
def around(tmp_path: Path) -> Around:
    return Around(tmp_path)


def test_a_stash_that_was_popped_is_there_again(around: Around) -> None:
    for name in ("first", "second"):
        write(around.repo, "a.txt", f"{name}\n")
        git(around.repo, "stash", "push", "--message", name)
    before = git(around.repo, "stash", "list", "--format=%gd %gs %H")
    said = around.run(lambda: git(around.one, "stash", "pop"))
    assert "the stash" in said and "put back" in said
    assert git(around.repo, "stash", "list", "--format=%gd %gs %H") == before
    git(around.repo, "stash", "pop")
    assert (around.repo / "a.txt").read_text() == "second\n"


def test_what_an_agent_stashed_is_kept_aside_and_what_a_person_stashed_stays(around: Around) -> None:
    def both() -> None:
        write(around.one, "a.txt", "agent\n")
        git(around.one, "stash")
        write(around.repo, "a.txt", "person\n")
        git(around.repo, "stash", "push", "--message", "mine")

    assert "the stash" in around.run(both)
    assert git(around.repo, "stash", "list", "--format=%gs").splitlines() == ["On main: mine"]
    kept = git(around.repo, "for-each-ref", "--format=%(refname)", f"{desk.ASIDE}{ONE}/run-stash*").split()
    assert "agent\n" in [git(around.repo, "show", f"{ref}:a.txt") for ref in kept]
    assert around.run(lambda: None) == ""


def test_the_clones_configuration_is_put_back_but_for_the_upstreams_that_people_set(around: Around) -> None:
    config, exclude = (around.repo / ".git" / name for name in ("config", "info/exclude"))
    was = config.read_text()
    assert around.run(lambda: git(around.repo, "config", "branch.main.remote", "origin")) == ""
    mine = config.read_text()
    assert mine != was

    def broken() -> None:
        config.write_text("[broken\n")
        write(around.repo, ".git/info/exclude", "*\n")

    said = around.run(broken)
    assert "config" in said and "exclude" in said
    assert config.read_text() == mine and (not exclude.exists() or "\n*\n" not in f"\n{exclude.read_text()}")


def test_the_configuration_of_the_desk_alone_is_put_back_too(around: Around) -> None:
    def elsewhere() -> None:
        git(around.one, "config", "extensions.worktreeConfig", "true")
        git(around.one, "config", "--worktree", "core.worktree", "/tmp")

    assert "config.worktree" in around.run(elsewhere)
    assert git(around.one, "rev-parse", "--show-toplevel").strip() == str(around.one)


def test_the_file_that_says_which_clone_a_desk_is_of_is_put_back(around: Around) -> None:
    said = around.run(lambda: (around.one / ".git").write_text(f"gitdir: {around.repo}/.git\n"))
    assert "the desk's .git" in said
    assert git(around.one, "branch", "--show-current").strip() == f"phase/{ONE}"
    assert git(around.repo, "branch", "--show-current").strip() == "main"


@pytest.mark.parametrize("new", ["made", "loose", "back", "gone"])
def test_a_branch_that_moved_without_its_checkout_is_put_back(around: Around, new: str) -> None:
    before, tip = around.tip("refs/heads/main"), ""

    def moved() -> None:
        nonlocal tip
        tip = {"made": lambda: around.made(around.one), "loose": around.loose, "back": lambda: f"{before}~1"}.get(
            new, str
        )()
        around.move("refs/heads/main", tip)
        tip = around.tip("refs/heads/main")

    said = around.run(moved)
    assert "main" in said and "put back" in said and (tip[:12] or before[:12]) in said
    assert around.tip("refs/heads/main") == before and git(around.repo, "status", "--porcelain") == ""
    assert around.tip(f"{desk.ASIDE}{ONE}/run-heads/main") == tip


def test_what_a_person_commits_in_a_checkout_meanwhile_is_theirs(around: Around) -> None:
    made: list[str] = []
    assert around.run(lambda: made.append(around.made(around.repo))) == ""
    assert around.tip("refs/heads/main") == made[0]
    git(around.repo, "switch", "--quiet", "-c", "mine")
    assert around.run(lambda: git(around.repo, "commit", "--amend", "-m", "again")) == ""
    assert around.run(lambda: git(around.repo, "reset", "--hard", "main~1")) == ""


def test_where_nobody_has_the_default_branch_checked_out_only_what_agents_made_is_put_back(around: Around) -> None:
    git(around.repo, "switch", "--quiet", "-c", "mine")
    before = around.tip("refs/heads/main")
    assert "put back" in around.run(lambda: around.move("refs/heads/main", around.made(around.one)))
    assert around.tip("refs/heads/main") == before
    assert "put back" in around.run(lambda: around.move("refs/heads/main", ""))
    assert around.tip("refs/heads/main") == before
    theirs = around.loose()
    said = around.run(lambda: around.move("refs/heads/main", theirs))
    assert f"git log {before[:12]}...{theirs[:12]}" in said and "left as it is" in said
    assert around.tip("refs/heads/main") == theirs


@pytest.mark.parametrize("switched", [False, True])
def test_what_the_trunk_brings_in_meanwhile_stays(around: Around, switched: bool) -> None:
    if switched:
        git(around.repo, "switch", "--quiet", "-c", "mine")
    made: list[str] = []

    def change() -> None:
        made.append(around.line.change(lambda there: around.made(Path(there.root))))

    assert around.run(change) == ""
    assert around.tip("refs/heads/main") == made[0]
    assert around.run(lambda: (change(), around.move("refs/heads/main", ""))) != ""
    assert around.tip("refs/heads/main") == made[1], "not where it was before the trunk moved it"
    assert around.run(change, ward=Ward("refs/heads/main")) == "", "nor that of another driver of the clone"


@pytest.mark.parametrize("gone", [False, True])
def test_the_branch_of_another_ticket_is_put_where_its_desk_has_it(around: Around, gone: bool) -> None:
    ref, worked = f"refs/heads/phase/{TWO}", ""

    def meddled() -> None:
        nonlocal worked
        worked = around.made(around.two)
        around.move(ref, "" if gone else around.loose())

    assert f"phase/{TWO}" in around.run(meddled)
    assert around.tip(ref) == worked and git(around.two, "status", "--porcelain") == ""
    assert around.run(lambda: around.made(around.two, "y.txt")) == "", "its worker goes on"


def test_a_branch_without_a_desk_that_did_not_come_in_is_not_lost(around: Around) -> None:
    git(around.repo, "branch", "phase/build_3", "main")
    git(around.repo, "branch", "phase/build_4", around.loose())
    was = around.tip("refs/heads/phase/build_4")
    assert around.run(lambda: around.move("refs/heads/phase/build_3", "")) == "", "it is in main"
    assert "phase/build_4" in around.run(lambda: around.move("refs/heads/phase/build_4", ""))
    assert around.tip("refs/heads/phase/build_4") == was and around.tip("refs/heads/phase/build_3") == ""


def test_a_branch_or_tag_of_a_person_is_left_and_what_it_named_is_kept(around: Around) -> None:
    lost = around.loose()
    for ref in ("refs/heads/feature", "refs/tags/v1"):
        git(around.repo, "update-ref", ref, lost)
        said = around.run(lambda ref=ref: around.move(ref, ""))  # type: ignore[misc]
        assert "left as it is" in said and lost[:12] in said
        assert around.tip(f"{desk.ASIDE}{ONE}/run-{ref.removeprefix('refs/')}") == lost
    assert around.run(lambda: git(around.repo, "branch", "new")) == ""
    assert around.run(lambda: git(around.repo, "branch", "--delete", "new")) == ""


def test_what_stands_in_for_history_goes_and_leases_come_back(around: Around) -> None:
    lease = "refs/agenticops/leases/1"
    git(around.repo, "update-ref", lease, "main")
    assert "refs/replace/" in around.run(lambda: git(around.one, "replace", "main", around.loose()))
    assert git(around.repo, "replace") == ""
    assert lease in around.run(lambda: around.move(lease, ""))
    assert around.tip(lease) == around.tip("refs/heads/main")


def test_agents_side_by_side_do_not_answer_for_each_other(around: Around) -> None:
    ward = around.line.ward
    here = Workspace(str(around.two)).git
    ward.begin(here, TWO, desk.snapshot(here))
    assert around.run(lambda: around.made(around.two)) == "", "that is for the turn of the other to look at"
    assert "main" in around.run(lambda: around.move("refs/heads/main", around.made(around.two, "y.txt")))
    assert ward.end(here, TWO, "other") == ""
    assert ward.runs == {}


def test_a_branch_that_its_own_desk_took_away_is_for_whoever_works_there(around: Around) -> None:
    ref = f"refs/heads/phase/{TWO}"
    assert around.run(lambda: git(around.two, "update-ref", "-d", ref)) == ""
    assert around.tip(ref) == ""


@pytest.mark.parametrize("switched", [False, True])
def test_the_trunk_builds_on_nothing_that_an_agent_moved_while_it_still_runs(around: Around, switched: bool) -> None:
    if switched:
        git(around.repo, "switch", "--quiet", "-c", "mine")
    before, brought = around.tip("refs/heads/main"), ""

    def meanwhile() -> None:
        nonlocal brought
        around.move("refs/heads/main", around.made(around.one))
        brought = around.line.change(lambda there: around.made(Path(there.root), "y.txt"))

    assert "main" in around.run(meanwhile)
    assert around.tip("refs/heads/main") == brought
    assert git(around.repo, "rev-parse", f"{brought}~1").strip() == before


def test_what_is_put_back_at_a_desk_while_its_agent_runs_is_told_at_its_end(around: Around) -> None:
    def glanced() -> None:
        (around.one / ".git").unlink()
        around.line.ward.note(ONE, desk.pin(around.main.git.common_dir, str(around.one)))

    assert "the desk's .git" in around.run(glanced)
    assert around.run(lambda: None) == ""


def test_before_a_worker_commits_its_branch_is_where_it_left_it(around: Around) -> None:
    ref, before = f"refs/heads/phase/{TWO}", around.tip(f"refs/heads/phase/{TWO}")

    def meanwhile() -> None:
        around.move(ref, around.loose())
        around.line.ward.look(Workspace(str(around.two)).git)
        assert around.tip(ref) == before

    assert f"phase/{TWO}" in around.run(meanwhile)
