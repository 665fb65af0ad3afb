"""Workflows: ours, the action, and those that `init --with github` writes, as linters and their own rules want them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.stations import SHAPE, Board, at, data, depot, must
from tests.support import CONSOLE_SCRIPT, commit_all, git, new_repo, run_cli, status, write

__all__ = ["at", "depot"]

ROOT = Path(__file__).parents[1]
PACKAGED = ("gate", "size", "conduct", "session", "deploy", "events")
PIN = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, own_environment: None) -> Path:
    """A repository with all of it."""
    repo = new_repo(tmp_path_factory.mktemp("github") / "repo")
    run_cli(repo, "init", "--train", "software", "--with", "github")
    shutil.copy(ROOT / "action.yml", repo)
    shutil.copy(ROOT / ".github/workflows/ci.yml", repo / ".github/workflows")
    return repo


def workflows(repo: Path) -> list[Path]:
    return sorted((repo / ".github/workflows").glob("*.yml"))


def steps(repo: Path) -> list[dict[str, Any]]:
    found = list(yaml.safe_load((repo / "action.yml").read_text())["runs"]["steps"])
    for file in workflows(repo):
        for job in yaml.safe_load(file.read_text())["jobs"].values():
            found += job["steps"]
    return found


def test_all_are_written(written: Path) -> None:
    assert {f.name for f in workflows(written)} >= {f"agenticops-{n}.yml" for n in PACKAGED}
    names = {str(p.relative_to(written)) for p in (written / ".github").rglob("*") if p.is_file()}
    assert names >= {".github/CODEOWNERS", ".github/pull_request_template.md", ".github/ISSUE_TEMPLATE/prd.yml"}
    text = "".join(f.read_text() for f in workflows(written))
    assert "{{branch}}" not in text and "{{version}}" not in text and 'branches: ["main"]' in text


def test_actions_are_pinned_with_their_versions(written: Path) -> None:
    for file in (*workflows(written), written / "action.yml"):
        used = re.findall(r"uses: (.*)", file.read_text())
        assert all(PIN.fullmatch(u) for u in used), (file.name, used)


def test_no_expression_stands_in_a_script(written: Path) -> None:
    for step in steps(written):
        assert "${{" not in step.get("run", ""), step


def test_checkouts_keep_no_credentials_and_replays_have_the_history(written: Path) -> None:
    for file in workflows(written):
        for job in yaml.safe_load(file.read_text())["jobs"].values():
            for step in job["steps"]:
                if step.get("uses", "").startswith("actions/checkout@"):
                    assert step["with"]["persist-credentials"] is False, file.name
            scripts = " ".join(step.get("run", "") for step in job["steps"])
            if "--base" in scripts:
                assert any(step.get("with", {}).get("fetch-depth") == 0 for step in job["steps"]), file.name


def test_only_who_must_write_may(written: Path) -> None:
    granted = {}
    for name in PACKAGED:
        workflow = yaml.safe_load((written / f".github/workflows/agenticops-{name}.yml").read_text())
        assert workflow["permissions"] == {}
        for job, body in workflow["jobs"].items():
            if allowed := {p for p, how in body["permissions"].items() if how == "write"}:
                granted[f"{name}/{job}"] = allowed
            assert body["timeout-minutes"] <= 60
    assert granted == {
        "gate/publish": {"checks", "issues", "pull-requests"},
        "gate/scanning": {"security-events"},
        "conduct/advance": {"contents"},
        "events/ingest": {"contents"},
    }


@pytest.mark.parametrize(
    ("program", "arguments"),
    [
        ("actionlint", ["-no-color", ".github/workflows/*.yml"]),
        ("zizmor", ["--offline", "--no-progress", "--persona", "pedantic", "."]),
        ("check-jsonschema", ["--builtin-schema", "vendor.github-workflows", ".github/workflows/*.yml"]),
        ("check-jsonschema", ["--builtin-schema", "vendor.github-actions", "action.yml"]),
        ("check-jsonschema", ["--builtin-schema", "vendor.github-issue-forms", ".github/ISSUE_TEMPLATE/[pt]*.yml"]),
        ("check-jsonschema", ["--builtin-schema", "vendor.github-issue-config", ".github/ISSUE_TEMPLATE/config.yml"]),
    ],
)
def test_the_linters_find_nothing(written: Path, program: str, arguments: list[str]) -> None:
    found = os.environ.get(f"TRAIN_{program.upper()}") or shutil.which(program)
    if not found:
        pytest.skip(f"{program} is not installed; TRAIN_{program.upper()} names one")
    last = arguments[-1]
    files = [last] if last == "." else [str(p.relative_to(written)) for p in sorted(written.glob(last))]
    done = subprocess.run([found, *arguments[:-1], *files], cwd=written, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_the_team_has_is_left_alone_and_untouched_files_are_upgraded(tmp_path: Path) -> None:
    repo = new_repo(tmp_path / "repo")
    write(repo, "CODEOWNERS", "* @ada\n")
    write(repo, ".github/workflows/agenticops-size.yml", "mine")
    run_cli(repo, "init", "--train", "software", "--with", "github")
    assert not (repo / ".github/CODEOWNERS").exists()
    assert (repo / ".github/workflows/agenticops-size.yml").read_text() == "mine"
    gate = repo / ".github/workflows/agenticops-gate.yml"
    gate.unlink()
    changes = data(repo, "init")["changes"]
    assert [c["path"] for c in changes if c["verb"] == "create"] == [str(gate.relative_to(repo))]
    assert "--with make|github" in run_cli(repo, "init", "--with", "gitlab", check_code=2).stderr


def test_without_asking_none_is_written(tmp_path: Path) -> None:
    repo = new_repo(tmp_path / "repo")
    must(repo, "init", "--train", "software")
    assert not (repo / ".github").exists() and ".github" not in status(repo)


def test_the_issue_forms_name_kinds_that_there_are(written: Path) -> None:
    for kind in ("PRD", "CRD", "Task"):
        form = yaml.safe_load((written / f".github/ISSUE_TEMPLATE/{kind.lower()}.yml").read_text())
        assert f"--kind {kind} " in form["body"][0]["attributes"]["description"]


def script(repo: Path, file: str, name: str) -> str:
    """Give the script of a step."""
    body = yaml.safe_load((repo / file).read_text())
    found = body["runs"]["steps"] if "runs" in body else [s for job in body["jobs"].values() for s in job["steps"]]
    return str(next(s["run"] for s in found if s.get("name") == name))


def carried_out(text: str, repo: Path, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a script as the runner does."""
    own = folder / "agenticops/bin"
    if not own.exists():
        own.mkdir(parents=True)
        (own / "agenticops").symlink_to(CONSOLE_SCRIPT)
    path = f"{os.path.dirname(CONSOLE_SCRIPT)}{os.pathsep}{os.environ['PATH']}"
    names = ("BASE", "TICKET", "GATE", "SARIF", "GITHUB_BASE_REF", "GITHUB_HEAD_REF")
    told = dict.fromkeys(names, "") | {
        "PATH": path,
        "RUNNER_TEMP": str(folder),
        "GITHUB_OUTPUT": str(folder / "output"),
    }
    told |= {"GITHUB_STEP_SUMMARY": str(folder / "summary"), "GITHUB_ACTIONS": "true", "AGENTICOPS_TRUST": "base"}
    words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text]
    return subprocess.run(
        words, cwd=repo, env={**os.environ, **told, **env}, capture_output=True, text=True, check=False
    )


@pytest.fixture
def cloned(at: Board, tmp_path: Path) -> Path:
    """A clone of a train, as a checkout of the forge: its remote knows the default branch."""
    remote = at("tiny-ready")
    git(tmp_path, "clone", "--quiet", str(remote), "clone")
    return tmp_path / "clone"


def test_the_action_judges_a_pull_request(cloned: Path, tmp_path: Path) -> None:
    text = script(ROOT, "action.yml", "Check")
    git(cloned, "switch", "--quiet", "-c", f"phase/{SHAPE}")
    pull = {"GITHUB_BASE_REF": "main", "GITHUB_HEAD_REF": f"phase/{SHAPE}"}
    done = carried_out(text, cloned, tmp_path, **pull)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines() == [
        "the train holds (0 findings)",
        f"the gate default of {SHAPE} holds (0 findings)",
    ]
    ticket = cloned / f"tickets/{SHAPE}/ticket.yml"
    ticket.write_text(ticket.read_text().replace("status: in_progress", "status: done"))
    commit_all(cloned, "Cheat")
    done = carried_out(text, cloned, tmp_path, SARIF=str(tmp_path / "train.sarif"), **pull)
    assert done.returncode == 3 and "::error file=tickets/shape_142/ticket.yml," in done.stdout
    assert "VT305" in (tmp_path / "train.sarif").read_text() and "VT305" in (tmp_path / "summary").read_text()
    assert (tmp_path / "output").read_text().split() == ["holds=true", "holds=false"]


def test_the_action_judges_one_gate(cloned: Path, tmp_path: Path) -> None:
    text = script(ROOT, "action.yml", "Check")
    assert carried_out(text, cloned, tmp_path, TICKET=SHAPE, GATE="default").returncode == 0
    assert carried_out(text, cloned, tmp_path, TICKET=SHAPE, GATE="nope").returncode == 2
    assert carried_out(text, cloned, tmp_path, TICKET="$(touch OOPS)").returncode == 2
    assert not (cloned / "OOPS").exists()


def test_the_conductor_advances_what_was_merged_in_review(written: Path, cloned: Path, tmp_path: Path) -> None:
    workflow = ".github/workflows/agenticops-conduct.yml"
    git(cloned, "switch", "--quiet", "-c", f"phase/{SHAPE}")
    must(cloned, "advance", "--commit")
    git(cloned, "switch", "--quiet", "main")
    git(cloned, "merge", "--quiet", "--no-edit", f"phase/{SHAPE}")
    before = git(cloned, "rev-parse", "HEAD").strip()
    git(cloned, "switch", "--quiet", "--detach")
    run = {"GITHUB_SHA": before, "GITHUB_REF_NAME": "main", "AGENTICOPS_BASE": "origin/main"}
    done = carried_out(script(written, workflow, "Advance"), cloned, tmp_path, **run)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [t["id"] for t in data(cloned, "ticket", "list")] == ["build_142"]
    remote = git(cloned, "remote", "get-url", "origin").strip()
    git(Path(remote), "switch", "--quiet", "--detach")
    push = script(written, workflow, "Push")
    done = carried_out(push, cloned, tmp_path, TOKEN="secret", SERVER="https://forge.example", **run)
    assert done.returncode == 0, done.stderr
    assert git(Path(remote), "rev-parse", "main") == git(cloned, "rev-parse", "HEAD") != before
    assert git(cloned, "log", "-1", "--format=%an").strip() == "github-actions[bot]"


def test_the_size_gate_counts_what_a_person_reads(written: Path, cloned: Path, tmp_path: Path) -> None:
    text = script(written, ".github/workflows/agenticops-size.yml", "Count")
    write(cloned, "tickets/notes.md", "line\n" * 500)
    write(cloned, "uv.lock", "line\n" * 500)
    write(cloned, "code.py", "line\n" * 100)
    commit_all(cloned)
    pull = {"GITHUB_BASE_REF": "main"}
    assert carried_out(text, cloned, tmp_path, MOST_LINES="100", **pull).returncode == 0
    done = carried_out(text, cloned, tmp_path, MOST_LINES="99", **pull)
    assert done.returncode == 1 and "::error title=Too large::100 changed lines" in done.stdout


def test_nothing_is_deployed_past_the_gate(written: Path, at: Board, tmp_path: Path) -> None:
    workflow = ".github/workflows/agenticops-deploy.yml"
    judge = script(written, workflow, "Judge the train, and the gate")
    assert carried_out(judge, at("tiny-ready"), tmp_path, TICKET=SHAPE).returncode == 0
    assert carried_out(judge, at("tiny-opened"), tmp_path, TICKET=SHAPE).returncode == 3
    deploy = script(written, workflow, "Run the script")
    repo = at("tiny-ready")
    assert "Nothing deploys" in carried_out(deploy, repo, tmp_path, TICKET=SHAPE, SCRIPT="deploy.sh").stdout
    write(repo, "deploy.sh", '#!/bin/sh\necho "deploys $1"\n').chmod(0o755)
    assert carried_out(deploy, repo, tmp_path, TICKET=SHAPE, SCRIPT="deploy.sh").stdout == f"deploys {SHAPE}\n"
