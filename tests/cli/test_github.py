from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import insync
from tests.forge import Forge
from tests.insync import add, forge, item
from tests.stations import data, must, refused
from tests.support import cli, git, status

__all__ = ["forge"]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return insync.tiny(tmp_path / "repo")


def test_a_plan_is_shown_and_changes_nothing(repo: Path, forge: Forge) -> None:
    name = add(repo, "Refills [/nope] @grace")
    before = status(repo)
    out = must(repo, "github", "plan")
    assert f"create an issue for {name}: Refills [/nope] @grace" in out
    assert out.endswith("next  agenticops github apply\n")
    assert (status(repo), forge.repo.issues) == (before, {})
    markdown = must(repo, "github", "plan", "--markdown")
    assert markdown.startswith("# Plan\n") and "@grace" not in markdown
    found = data(repo, "github", "plan")
    assert (found["repository"], found["linked"], found["blocked"]) == ("acme/train", 0, False)
    assert [a["step"] for a in found["actions"] if a.get("item")] == ["issue"]


def test_called_alone_it_plans(repo: Path, forge: Forge) -> None:
    name = add(repo, "Refills")
    assert must(repo, "github") == must(repo, "github", "plan")
    assert data(repo, "github")["digest"] == data(repo, "github", "plan")["digest"]
    assert f"create an issue for {name}" in must(repo, "github")
    assert "Example: agenticops github · " in must(repo, "github", "--help")


def test_check_exits_3_while_anything_is_to_be_done(repo: Path, forge: Forge) -> None:
    assert cli(repo, "github", "plan", "--check")[0] == 0
    add(repo, "Refills")
    assert cli(repo, "github", "plan", "--check")[0] == 3
    assert data(repo, "github", "plan", "--check", code=3)["actions"]
    must(repo, "github", "apply")
    assert "both sides say the same" in must(repo, "github", "plan", "--check")


def test_a_written_plan_is_done_only_as_long_as_it_matches(repo: Path, forge: Forge) -> None:
    name = add(repo, "Refills")
    file = str(repo.parent / "plan.json")
    must(repo, "github", "plan", "--output", file)
    must(repo, "work", "edit", name, "--priority", "future")
    assert "no longer matches" in refused(repo, "github", "apply", file, code=5)
    (repo.parent / "plan.json").write_text(cli(repo, "github", "plan", "--json")[1])
    assert data(repo, "github", "apply", file)["done"] > 0
    (repo.parent / "plan.json").write_text("{}")
    assert "no plan" in refused(repo, "github", "apply", file)
    (repo.parent / "plan.json").write_text(json.dumps({"kind": "work", "data": {"digest": "x"}}))
    assert "this is work, no plan" in refused(repo, "github", "apply", file)


def test_apply_says_what_it_did_and_what_comes_next(repo: Path, forge: Forge) -> None:
    name = add(repo, "Refills")
    assert "create an issue" in must(repo, "github", "apply", "--dry-run") and not forge.repo.issues
    out = must(repo, "github", "apply")
    assert "changes made" in out and out.endswith("next  git add --all && git commit\n")
    assert item(repo, name).issue == 1
    found = data(repo, "github", "apply")
    assert (found["done"], found["skipped"], found["refused"]) == (0, {}, False)


def test_a_conflict_is_shown_and_decided(repo: Path, forge: Forge) -> None:
    name = add(repo, "Refills")
    must(repo, "github", "apply")
    must(repo, "work", "edit", name, "--title", "Here")
    forge.edit(1, title="There")
    command = f"agenticops github resolve {name} --field title --take local|remote"
    assert command in must(repo, "github", "plan")
    must(repo, "work", "edit", name, "--milestone", "Spring")
    code, out, _ = cli(repo, "github", "apply")  # the rest is done, and the verdict is that of a plan
    assert code == 3 and "2 changes made" in out and command in out and forge.repo.milestones
    code, out, _ = cli(repo, "github", "apply")
    assert code == 3 and out.endswith(f"next  {command}\n")
    (waits,) = data(repo, "github", "apply", code=3)["plan"]["conflicts"]
    assert (waits["item"], waits["field"]) == (name, "title")
    assert cli(repo, "github", "plan", "--check")[0] == cli(repo, "github", "apply", "--dry-run")[0] == 3
    assert command in must(repo, "github", "status")
    found = data(repo, "github", "resolve", name, "--field", "title", "--take", "remote")
    assert (found["value"], found["then"]) == ("There", "")
    must(repo, "github", "apply")
    assert item(repo, name).title == "There"
    assert "no conflict" in refused(repo, "github", "resolve", name, "--field", "title", "--take", "local")


def test_a_close_on_the_forge_names_the_command_that_ends_the_item(repo: Path, forge: Forge) -> None:
    name = add(repo, "Refills", start=True)
    must(repo, "github", "apply")
    forge.edit(1, state="closed")
    out = must(repo, "github", "resolve", name, "--field", "state", "--take", "remote")
    assert f"agenticops ticket cancel shape_{name}" in out
    code, out, _ = cli(repo, "github", "apply")
    assert code == 3 and f"agenticops ticket cancel shape_{name}" in out
    must(repo, "ticket", "cancel", f"shape_{name}", "--reason", "closed on the forge")
    must(repo, "github", "apply")
    assert cli(repo, "github", "plan", "--check")[0] == 0


def test_a_broken_rule_refuses_with_its_code(repo: Path, forge: Forge) -> None:
    for title in ("One", "Two"):
        add(repo, title, priority="now")
    code, out, _ = cli(repo, "github", "apply")
    assert code == 3 and "VT480" in out and not forge.repo.issues
    assert data(repo, "github", "apply", code=3)["refused"] is True


def test_import_and_labels(repo: Path, forge: Forge) -> None:
    forge.create("Refills", labels=["PRD"])
    forge.create("Ask", labels=["ward"])
    would = data(repo, "github", "import", "--dry-run")
    assert [one["id"] for one in would["items"]] == ["1", "2"] and not would["left"]
    assert "1 issue written down" in must(repo, "github", "import", "--label", "ward", "--kind", "CRD")
    assert item(repo, "2").kind == "CRD"
    assert "create label CRD" in must(repo, "github", "labels", "plan")
    assert data(repo, "github", "labels", "apply")["applied"]
    assert "all labels are there" in must(repo, "github", "labels", "plan", "--prune")


def test_status_works_without_a_network(repo: Path, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    add(repo, "Refills")
    must(repo, "github", "plan")
    assert data(repo, "github", "status")["limit"]["limit"] == 5000
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:9")
    out = must(repo, "github", "status")
    assert "cannot be reached" in out and "waiting" in out
    assert "offline" in refused(repo, "github", "plan", code=4)
    assert "create an issue" in must(repo, "github", "plan", "--offline")


def test_nobody_is_logged_in(repo: Path, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_TOKEN")
    monkeypatch.setenv("PATH", "/nonexistent:" + str(Path(git(repo, "--exec-path").strip()).parent.parent / "bin"))
    assert "logged in" in refused(repo, "github", "plan", code=4)


def test_two_formats_are_refused(repo: Path, forge: Forge) -> None:
    assert "two formats" in refused(repo, "github", "plan", "--json", "--markdown", code=2)


def test_a_plan_that_is_not_there_is_said(repo: Path, forge: Forge) -> None:
    assert "nowhere.json" in refused(repo, "github", "apply", "nowhere.json")
