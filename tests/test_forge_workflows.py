"""The packaged workflows that speak with GitHub: their scripts, run here as a runner does, against the fake."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from agenticops.core import sticky
from tests import hub
from tests.forge import Forge, access
from tests.hub import forge
from tests.stations import ITEM, SHAPE, Board, at, codes, data, depot, events, must
from tests.support import commit_all, git, new_repo, run_cli, thorough, write
from tests.test_workflows import carried_out, script

__all__ = ["at", "depot", "forge"]

EVENTS, GATE, CONDUCT = (f".github/workflows/agenticops-{name}.yml" for name in ("events", "gate", "conduct"))
PUSH = {"TOKEN": "secret", "SERVER": "https://forge.example", "BRANCH": "main"}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, own_environment: None) -> Path:
    """The workflows as they are written into a repository."""
    repo = new_repo(tmp_path_factory.mktemp("github") / "repo")
    run_cli(repo, "init", "--train", "software", "--with", "github")
    return repo


@pytest.fixture
def bare(at: Board, forge: Forge, tmp_path: Path) -> Path:
    """The repository at the fake."""
    hub.join(forge, at("tiny-opened"), tmp_path / "bare")
    forge.webhooks.listen()
    return tmp_path / "bare"


def checkout(bare: Path, to: Path) -> Path:
    """Clone as the workflow does: the default branch, and of its history the last commit only."""
    git(bare.parent, "clone", "--quiet", "--depth=1", "--branch=main", f"file://{bare}", str(to))
    return to


def ingest(written: Path, clone: Path) -> CompletedProcess[str]:
    """Take in the event beside a clone."""
    run = {"GITHUB_EVENT_NAME": "issues", "GITHUB_EVENT_PATH": f"{clone}.json"}
    done = carried_out(script(written, EVENTS, "Ingest"), clone, clone.parent, **run)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def push(written: Path, clone: Path) -> CompletedProcess[str]:
    return carried_out(script(written, EVENTS, "Push"), clone, clone.parent, **PUSH)


def happens(forge: Forge, clone: Path, **change: object) -> None:
    """Let somebody edit the item's issue, and hand the event to a clone's run."""
    forge.edit(int(ITEM), **change)
    clone.with_name(f"{clone.name}.json").write_bytes(forge.webhooks.deliveries[-1].body)


def tip(bare: Path) -> str:
    return git(bare, "rev-parse", "main").strip()


def test_an_event_goes_on_top_of_what_came_meanwhile(written: Path, bare: Path, forge: Forge, tmp_path: Path) -> None:
    first, other = checkout(bare, tmp_path / "first"), checkout(bare, tmp_path / "other")
    happens(forge, first, title="$(touch OOPS) `touch OOPS` ${{ github.token }}", state="closed")
    ingest(written, first)
    write(other, "docs/note.md", "x\n")
    commit_all(other, "Somebody's")
    git(other, "push", "--quiet", "origin", "HEAD:main")
    done = push(written, first)
    assert done.returncode == 0, done.stdout + done.stderr
    assert git(bare, "log", "-2", "--format=%an: %s", "main").splitlines() == [
        "github-actions[bot]: Take in issues closed of the forge",
        "Ada Lovelace: Somebody's",
    ]
    added = git(bare, "diff", "--name-status", "main~", "main").split()
    assert added[0] == "A" and added[1].startswith(".agenticops/events/") and len(added) == 2
    after = checkout(bare, tmp_path / "after")
    assert [e["data"]["by"] for e in events(after, "forge_seen")] == ["actions"]
    assert [e["data"]["state"] for e in events(after, "issue_observed")] == ["closed"]
    assert codes(after, "check") == [] and not list(tmp_path.rglob("OOPS"))


def test_a_run_that_is_started_again_pushes_nothing(written: Path, bare: Path, forge: Forge, tmp_path: Path) -> None:
    first = checkout(bare, tmp_path / "first")
    happens(forge, first, state="closed")
    ingest(written, first)
    assert push(written, first).returncode == 0
    before, again = tip(bare), checkout(bare, tmp_path / "again")
    (tmp_path / "again.json").write_bytes((tmp_path / "first.json").read_bytes())
    assert "it was taken in before" in ingest(written, again).stdout
    assert push(written, again).returncode == 0 and tip(bare) == before


@thorough
def test_runs_that_push_at_the_same_time_all_get_there(written: Path, bare: Path, forge: Forge, tmp_path: Path) -> None:
    clones = [checkout(bare, tmp_path / f"run{n}") for n in range(3)]
    for n, clone in enumerate(clones):
        happens(forge, clone, state=("closed", "open", "closed")[n])
        ingest(written, clone)
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda clone: push(written, clone), clones))
    assert [d.returncode for d in done] == [0, 0, 0], [d.stderr for d in done]
    after = checkout(bare, tmp_path / "after")
    assert len({e["data"]["at"] for e in events(after, "forge_seen")}) == 3
    assert codes(after, "check") == []


def test_a_branch_that_takes_no_push_is_said(written: Path, bare: Path, forge: Forge, tmp_path: Path) -> None:
    first = checkout(bare, tmp_path / "first")
    happens(forge, first, state="closed")
    ingest(written, first)
    write(bare, "hooks/pre-receive", "#!/bin/sh\necho protected\nexit 1\n").chmod(0o755)
    before = tip(bare)
    done = push(written, first)
    assert done.returncode == 1 and tip(bare) == before
    assert "::error title=Not pushed::main did not take the commit" in done.stdout and "protected" in done.stderr


def test_a_verdict_is_told_of_the_commit_that_was_checked_out(
    written: Path, at: Board, forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = hub.in_review(at, forge, tmp_path / "bare")
    forge.call("POST", "REPO/pulls", {"head": f"phase/{SHAPE}", "base": "main", "title": "P", "body": ""})
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", f"file://{tmp_path / 'bare'}", str(clone))
    sha = git(repo, "rev-parse", "HEAD").strip()
    git(clone, "checkout", "--quiet", "--detach", sha)
    pull = {"GITHUB_HEAD_REF": f"phase/{SHAPE}", "GITHUB_BASE_REF": "main", "GITHUB_TOKEN": access.APP}
    for _ in range(2):
        done = carried_out(script(written, GATE, "Publish"), clone, tmp_path, **pull)
        assert done.returncode == 0, done.stdout + done.stderr
    runs = [(run.name, run.head_sha, run.conclusion) for run in forge.repo.checks.values()]
    assert set(runs) == {("agenticops/gate", sha, "success")}
    for number, marker in ((143, sticky.VERDICT), (int(ITEM), sticky.PROGRESS)):
        (told,) = forge.call("GET", f"REPO/issues/{number}/comments")
        assert marker in told["body"] and told["user"]["login"] == "train[bot]"
    assert git(clone, "status", "--porcelain") == ""


@pytest.fixture
def merged(at: Board, tmp_path: Path) -> tuple[Path, Path]:
    """A bare repository where a ticket's branch was merged in review, and the conductor's clone of it."""
    repo, bare = at("tiny-ready"), new_repo(tmp_path / "bare", "--bare", "--initial-branch=main")
    git(repo, "switch", "--quiet", "-c", f"phase/{SHAPE}")
    must(repo, "advance", "--commit")
    git(repo, "switch", "--quiet", "main")
    git(repo, "merge", "--quiet", "--no-edit", f"phase/{SHAPE}")
    git(repo, "remote", "add", "origin", str(bare))
    git(repo, "push", "--quiet", "origin", "main")
    git(tmp_path, "clone", "--quiet", str(bare), "conductor")
    return bare, tmp_path / "conductor"


def conduct(written: Path, clone: Path, meanwhile: Path) -> CompletedProcess[str]:
    """Advance in a clone while another one pushes."""
    run = {"GITHUB_SHA": git(clone, "rev-parse", "HEAD").strip(), "GITHUB_REF_NAME": "main", **PUSH}
    run["AGENTICOPS_BASE"] = "origin/main"
    done = carried_out(script(written, CONDUCT, "Advance"), clone, clone.parent, **run)
    assert done.returncode == 0, done.stdout + done.stderr
    git(meanwhile, "push", "--quiet", "origin", "HEAD:main")
    return carried_out(script(written, CONDUCT, "Push"), clone, clone.parent, **run)


def test_an_event_that_came_meanwhile_holds_up_no_advance(
    written: Path, merged: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare, clone = merged
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/train")
    other = checkout(bare, tmp_path / "other")
    issue = {"number": int(ITEM), "state": "closed", "updated_at": "2030-01-01T10:00:00Z"}
    body = {"action": "closed", "issue": issue, "repository": {"full_name": "acme/train"}}
    (tmp_path / "other.json").write_text(json.dumps(body))
    ingest(written, other)
    done = conduct(written, clone, other)
    assert done.returncode == 0, done.stdout + done.stderr
    after = checkout(bare, tmp_path / "after")
    assert [t["id"] for t in data(after, "ticket", "list")] == ["build_142"]
    assert len(events(after, "forge_seen")) == 1 and codes(after, "check") == []


@thorough
def test_other_commits_that_came_meanwhile_have_their_own_run(
    written: Path, merged: tuple[Path, Path], tmp_path: Path
) -> None:
    bare, clone = merged
    other = checkout(bare, tmp_path / "other")
    write(other, "docs/note.md", "x\n")
    sha = commit_all(other, "Somebody's")
    done = conduct(written, clone, other)
    assert (done.returncode, tip(bare)) == (0, sha) and "a run of their own" in done.stdout
