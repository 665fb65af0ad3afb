"""`init`: four trains, nothing of the user's overwritten, run again it upgrades what is untouched."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stations import Board, data, must, refused
from tests.support import THOROUGH, cli, commit_all, git, new_repo, run_cli, snapshot, status, write

PHASES = {"ml": 19, "software": 6, "data": 6, "product": None}


@pytest.mark.parametrize("train", PHASES)
def test_each_packaged_train_is_adopted_and_sound(repo: Path, train: str) -> None:
    out = run_cli(repo, "init", "--train", train, "--commit").stdout
    assert out.startswith(f"✓ {train} train: ") and "committed" in out and "next  agenticops work new" in out
    assert status(repo) == ""
    phases = data(repo, "pipeline", "show")["phases"]
    assert len(phases) == (PHASES[train] or len(phases)) >= 3
    assert must(repo, "pipeline", "lint").startswith("✓ the pipeline is sound")
    assert "✓ the train holds" in must(repo, "check")
    assert must(repo, "doctor").count("✓") == len(must(repo, "doctor").splitlines())


@pytest.mark.parametrize("train", PHASES if THOROUGH else ["ml", "product"])
def test_every_phase_of_a_packaged_train_can_be_visited(repo: Path, train: str) -> None:
    must(repo, "init", "--train", train)
    for phase in data(repo, "pipeline", "show")["phases"]:
        ticket = data(repo, "work", "new", "--kind", "Task", "--title", phase, "--start", "--phase", phase)["ticket"]
        assert ticket["phase"] == phase
        for name in ticket["artifacts"]:
            must(repo, "artifact", "new", name, "--ticket", ticket["id"])
        if ticket["artifacts"]:
            found = data(repo, "artifact", "check", "--ticket", ticket["id"], code=3)["findings"]
            assert {f["path"] for f in found if f["severity"] == "error"} == {
                a["path"] for a in data(repo, "artifact", "list", ticket["id"])["artifacts"] if a["required"]
            }, "an untouched template must not satisfy its contract"


def test_without_a_name_it_is_the_ml_train(repo: Path) -> None:
    assert data(repo, "init")["train"] == "ml"


def test_the_branch_at_hand_becomes_the_default_branch(tmp_path: Path) -> None:
    repo = new_repo(tmp_path / "trunk", "--initial-branch=trunk")
    must(repo, "init", "--train", "data")
    assert data(repo, "pipeline", "show")["default_branch"] == "trunk"


def test_files_of_the_user_are_never_overwritten(repo: Path) -> None:
    mine = {
        "README.md": "mine",
        "docs/roadmap.md": "mine",
        "docs/rules/checklists/scope-checklist.md": "- [ ] mine *\n",
        "docs/templates/requirements.md": "mine",
        ".gitignore": "*.pyc",
        "Makefile": "all:\n\techo mine\n",
    }
    for path, text in mine.items():
        write(repo, path, text)
    commit_all(repo)
    out = run_cli(repo, "init", "--train", "software").stdout
    assert "3 left alone" in out
    for path in ("docs/roadmap.md", "docs/templates/requirements.md"):
        assert f"yours   {path}  it was there before" in out
    now = snapshot(repo)
    assert {p: now[p].decode() for p in mine if p != ".gitignore"} == {
        p: t for p, t in mine.items() if p != ".gitignore"
    }
    assert now[".gitignore"].decode().startswith("*.pyc\n# agenticops")
    assert git(repo, "diff", "--name-only").split() == [".gitignore"]


def test_run_again_it_changes_nothing(at: Board) -> None:
    repo = at("software")
    assert "everything is up to date" in must(repo, "init")
    assert status(repo) == ""


def test_run_again_it_upgrades_the_untouched_and_names_the_rest(at: Board) -> None:
    repo = at("software")
    old, mine = "docs/rules/task-management.md", "docs/roadmap.md"
    wanted = (repo / old).read_bytes()
    write(repo, old, "what an older version wrote")
    manifest = json.loads((repo / ".agenticops/manifest.json").read_text())
    manifest["files"][old] = hashlib.sha256((repo / old).read_bytes()).hexdigest()
    write(repo, ".agenticops/manifest.json", json.dumps(manifest))
    write(repo, mine, "my own roadmap")
    changes = {c["path"]: c for c in data(repo, "init", "--train", "software")["changes"]}
    assert changes[old]["verb"] == "update" and (repo / old).read_bytes() == wanted
    assert (changes[mine]["verb"], changes[mine]["why"]) == ("keep", "you changed it")
    assert (repo / mine).read_text() == "my own roadmap"


def test_a_file_that_was_removed_comes_back(at: Board) -> None:
    repo = at("software")
    (repo / "docs/roadmap.md").unlink()
    assert "1 file written" in must(repo, "init")
    assert status(repo).split()[1:] and (repo / "docs/roadmap.md").exists()


@pytest.mark.parametrize("arguments", [(), ("--train", "data"), ("--with", "make"), ("--json",)])
def test_a_dry_run_writes_nothing(repo: Path, arguments: tuple[str, ...]) -> None:
    out = run_cli(repo, "init", "--dry-run", *arguments).stdout
    assert "config/pipeline.yml" in out
    assert status(repo) == "" and snapshot(repo) == {}


def test_a_dry_run_names_the_call_that_does_it(repo: Path) -> None:
    out = must(repo, "init", "--train", "software", "--with", "make", "--dry-run")
    assert "  + config/pipeline.yml" in out
    assert "next  agenticops init --train software --with make" in out


def test_make_targets_are_included_once(repo: Path) -> None:
    write(repo, "Makefile", "all:\n\techo mine")
    run_cli(repo, "init", "--train", "software", "--with", "make")
    must(repo, "init", "--with", "make")
    assert (repo / "Makefile").read_text() == "all:\n\techo mine\n-include agenticops.mk\n"
    assert (repo / "agenticops.mk").exists()


def test_an_older_pipeline_is_kept_and_read(repo: Path) -> None:
    old = (
        "phases:\n  discover:\n    mode: intake\n    agent: onboarder\n    artifacts:\n      - brief.md\n"
        "    next: []\nartifact_paths:\n  discover: docs/discovery\nmodes:\n  intake:\n    agents: [onboarder]\n"
        "agents:\n  onboarder:\n    purpose: Asks.\n"
    )
    write(repo, "config/pipeline.yml", old)
    code, out, err = cli(repo, "init", "--train", "ml")
    assert code == 0, err
    assert (repo / "config/pipeline.yml").read_text() == old
    assert "yours   config/pipeline.yml" in out
    assert "discover" in data(repo, "pipeline", "show")["phases"]


def test_another_train_is_not_laid_over_the_first(at: Board) -> None:
    repo = at("software")
    err = refused(repo, "init", "--train", "ml")
    assert "runs the software train already" in err and "at    config/pipeline.yml" in err
    assert status(repo) == ""


@pytest.mark.parametrize(
    ("arguments", "words"), [(("--train", "rail"), "'rail'"), (("--with", "docker"), "init knows no extra 'docker'")]
)
def test_unknown_names_are_usage_errors(repo: Path, arguments: tuple[str, str], words: str) -> None:
    assert words in refused(repo, "init", *arguments, code=2)
    assert snapshot(repo) == {}


def test_commit_takes_only_what_init_wrote(repo: Path) -> None:
    write(repo, "staged.txt", "mine")
    git(repo, "add", "staged.txt")
    write(repo, "loose.txt", "mine")
    run_cli(repo, "init", "--train", "product", "--commit")
    assert status(repo).splitlines() == ["A  staged.txt", "?? loose.txt"]


def test_a_broken_manifest_stops_it(adopted: Callable[[str], Path]) -> None:
    repo = adopted("software")
    write(repo, ".agenticops/manifest.json", "{")
    assert "at    .agenticops/manifest.json" in refused(repo, "init")
