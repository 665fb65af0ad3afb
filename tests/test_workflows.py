"""Workflows: ours, the action, and those that `init --with github` writes, as linters and their own rules want them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.stations import data, must
from tests.support import new_repo, run_cli, status, write

ROOT = Path(__file__).parents[1]
PACKAGED = ("gate", "size", "conduct", "session", "deploy")
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
            granted |= {f"{name}/{job}": p for p, how in body["permissions"].items() if how == "write"}
            assert body["timeout-minutes"] <= 60
    assert granted == {"gate/scanning": "security-events", "conduct/advance": "contents"}


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
    found = shutil.which(program)
    if not found:
        pytest.skip(f"{program} is not installed")
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
