"""Agents: install and uninstall leave a tree as it was, and what the user changed is never lost."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest

from agenticops.core import adapters, markers
from agenticops.errors import StateError, TrainError, UsageError
from agenticops.flows import adopt, agents
from agenticops.model.digest import sha256
from agenticops.model.layout import AGENTS_MANIFEST
from tests.stations import Board, at, depot, must
from tests.support import git, snapshot, some, workspace, write

__all__ = ["at", "depot"]

SETTINGS = ".claude/settings.json"
BUILD = ".claude/skills/build/SKILL.md"
Verbs = dict[str, str]


def tree(repo: Path) -> dict[str, bytes]:
    """Every file but the log, and every folder."""
    folders = (p for p in repo.rglob("*") if p.is_dir() and ".git" not in p.relative_to(repo).parts)
    found = {f"{p.relative_to(repo)}/": b"" for p in folders} | snapshot(repo)
    return {p: c for p, c in found.items() if not p.startswith(".agenticops/events")}


def verbs(found: agents.Settled) -> Verbs:
    return {c.path: c.verb for c in found.plan.changes}


def settings(repo: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((repo / SETTINGS).read_text())
    return found


EVERY = [(agent, form) for agent, forms in adapters.ADAPTERS.items() for form in forms]


@pytest.mark.parametrize(("agent", "form"), EVERY)
def test_install_again_changes_nothing_and_uninstall_leaves_no_trace(train: Path, agent: str, form: str) -> None:
    before = tree(train)
    dry = agents.install(workspace(train), agent, form, dry_run=True)
    assert tree(train) == before and dry.plan.of("create")
    found = agents.install(workspace(train), agent, form)
    assert found.plan == dry.plan
    after = tree(train)
    assert set(after) - set(before) >= {c.path for c in dry.plan.of("create")}
    again = agents.install(workspace(train), agent)
    assert again.plan.changes == () and tree(train) == after
    assert agents.show(workspace(train)).plan.changes == ()
    out = agents.uninstall(workspace(train), agent)
    assert not out.plan.of("keep") and tree(train) == before
    assert agents.uninstall(workspace(train)).plan.changes == ()


def _page(dice: random.Random) -> bytes:
    newline = dice.choice(["\n", "\r\n"])
    rows = ["# Mine", "", "words", "@docs/mine.md", "é \U0001f600", ""][: dice.randint(0, 6)]
    return newline.join(rows).encode() + dice.choice([b"", b"\n", b"\n\n", b"\xff\xfe\n"])


def _json(dice: random.Random) -> bytes:
    found: dict[str, object] = {"model": "opus"} if dice.random() < 0.6 else {}
    if dice.random() < 0.6:
        found["permissions"] = {"allow": ["Read"] * dice.randint(0, 2), "deny": ["WebFetch"]}
    if dice.random() < 0.6:
        found["hooks"] = {"PreToolUse": [{"matcher": "Bash", "hooks": [{"type": "command", "command": "mine"}]}]}
    if dice.random() < 0.6:
        found["mcpServers"] = {"mine": {"command": "mine"}} if dice.random() < 0.5 else {}
    if dice.random() < 0.4:
        found |= {"name": "mine", "owner": {"name": "Ada"}, "plugins": []}
    text = json.dumps(found, indent=dice.choice([None, 2, 4, "\t"])) + dice.choice(["", "\n"])
    return text.replace("\n", dice.choice(["\n", "\r\n"])).encode()


@pytest.mark.parametrize("seed", some(range(16), 4))
def test_with_files_of_the_user_around_the_tree_comes_back(train: Path, seed: int) -> None:
    dice = random.Random(seed)
    pages = ("AGENTS.md", "CLAUDE.md", "GEMINI.md", ".github/copilot-instructions.md")
    merged = (SETTINGS, ".mcp.json", ".claude-plugin/marketplace.json")
    whole = (BUILD, ".claude/agents/lab.md", "plugins/agenticops/README.md", ".cursor/commands/train-qa.md")
    for names, content in ((pages, _page), (merged, _json), (whole, _page)):
        for name in names:
            if dice.random() < 0.6:
                write(train, name, content(dice))
    (train / ".claude/skills").mkdir(parents=True, exist_ok=True)  # an empty folder of the user's
    before = tree(train)
    chosen = dice.sample(EVERY, 3)
    installed = []
    for agent, form in chosen:
        if agent in installed:
            continue
        agents.install(workspace(train), agent, form)
        installed.append(agent)
    for path in merged:
        if (train / path).exists():
            json.loads((train / path).read_bytes())
    assert not agents.show(workspace(train)).writes
    for agent in dice.sample(installed, len(installed)):
        agents.uninstall(workspace(train), agent)
    assert tree(train) == before


def test_a_file_edited_by_hand_stays_and_is_named(train: Path) -> None:
    agents.install(workspace(train), "claude")
    mine = write(train, BUILD, "mine\n")
    found = agents.install(workspace(train), "claude")
    assert verbs(found) == {BUILD: "keep"} and mine.read_text() == "mine\n"
    out = agents.uninstall(workspace(train))
    assert [(c.path, c.why) for c in out.plan.of("keep")] == [(BUILD, "you changed it")]
    assert mine.read_text() == "mine\n" and os.listdir(train / ".claude") == ["skills"]
    assert not (train / AGENTS_MANIFEST).exists()


def test_a_plugin_folder_edited_by_hand_loses_nothing(train: Path) -> None:
    agents.install(workspace(train), "claude", "plugin")
    hooks = train / "plugins/agenticops/hooks/hooks.json"
    hooks.write_text("{}\n")
    added = write(train, "plugins/agenticops/skills/own/SKILL.md", "own\n")
    assert verbs(agents.install(workspace(train), "claude")) == {str(hooks.relative_to(train)): "keep"}
    agents.uninstall(workspace(train))
    assert hooks.read_text() == "{}\n" and added.read_text() == "own\n"
    assert sorted(p.name for p in (train / "plugins").rglob("*") if p.is_file()) == ["SKILL.md", "hooks.json"]


def test_a_changed_pipeline_brings_and_takes_its_files(train: Path) -> None:
    agents.install(workspace(train), "claude")
    config = train / "config/pipeline.yml"
    text = config.read_text()
    config.write_text(text.replace("evaluate", "appraise"))
    kept = write(train, ".claude/skills/deliver/SKILL.md", "mine\n")
    found = verbs(agents.show(workspace(train)))
    assert (
        found[".claude/skills/evaluate/SKILL.md"] == "delete" and found[".claude/skills/appraise/SKILL.md"] == "create"
    )
    adopt.adopt(workspace(train), "", [], dry_run=False, commit=False)
    assert not (train / ".claude/skills/evaluate/SKILL.md").exists() and kept.read_text() == "mine\n"
    assert "mode show appraise" in (train / ".claude/skills/appraise/SKILL.md").read_text()


def test_the_user_may_write_on_in_shared_files(train: Path) -> None:
    write(train, SETTINGS, '{\n    "model": "opus"\n}\n')
    write(train, "CLAUDE.md", "# Mine\n")
    agents.install(workspace(train), "claude")
    file, page = train / SETTINGS, train / "CLAUDE.md"
    file.write_text(file.read_text().replace('"opus"', '"sonnet"'))
    page.write_text("# Before\n" + page.read_text() + "\nBehind\n")
    assert agents.install(workspace(train), "claude").plan.changes == ()
    agents.uninstall(workspace(train), "claude")
    assert file.read_text() == '{\n    "model": "sonnet"\n}\n'
    assert page.read_text() == "# Before\n# Mine\n\n\nBehind\n"


def test_a_hook_or_block_changed_by_hand_is_kept_and_not_put_in_twice(train: Path) -> None:
    agents.install(workspace(train), "claude")
    file, page = train / SETTINGS, train / "AGENTS.md"
    file.write_text(file.read_text().replace('"timeout": 30', '"timeout": 5', 1))
    page.write_text(page.read_text().replace("gates decide", "people decide"))
    before = tree(train)
    for _ in range(2):
        found = agents.install(workspace(train), "claude")
        assert verbs(found) == {SETTINGS: "keep", "AGENTS.md": "keep"} and tree(train) == before
        assert "hooks.SessionStart" in next(c.why for c in found.plan.changes if c.path == SETTINGS)
    out = agents.uninstall(workspace(train))
    assert list(settings(train)) == ["hooks"] and '"timeout": 5' in file.read_text()
    assert "agenticops-guard" not in file.read_text() and "people decide" in page.read_text()
    assert {c.path for c in out.plan.changes if c.why} == {SETTINGS, "AGENTS.md"}


def test_never_both_forms_at_once(train: Path) -> None:
    agents.install(workspace(train), "claude", "plugin")
    with pytest.raises(TrainError, match="called twice") as caught:
        agents.install(workspace(train), "claude", "repo")
    assert caught.value.hint == "agenticops agents uninstall claude"
    agents.install(workspace(train), "claude")
    assert not (train / ".claude").exists(), "without a form it stays the one that is there"
    agents.uninstall(workspace(train))
    write(train, SETTINGS, '{"enabledPlugins": {"agenticops@value-train": true}}')
    with pytest.raises(TrainError, match="switched on") as caught:
        agents.install(workspace(train), "claude", "repo")
    assert caught.value.hint == "claude plugin uninstall agenticops@value-train"
    write(train, SETTINGS, json.dumps({"hooks": {"PreToolUse": [{"hooks": [{"command": "agenticops-guard"}]}]}}))
    with pytest.raises(TrainError, match="called twice"):
        agents.install(workspace(train), "claude", "plugin")


@pytest.mark.parametrize("content", ["// mine\n{}\n", '{"hooks": []}\n', "[1]\n", "{"])
def test_json_that_cannot_be_merged_is_refused_with_the_snippet(train: Path, content: str) -> None:
    write(train, SETTINGS, content)
    before = tree(train)
    with pytest.raises(StateError) as caught:
        agents.install(workspace(train), "claude")
    assert caught.value.place.startswith(SETTINGS) and "agenticops-guard" in caught.value.hint
    assert tree(train) == before


def test_settings_that_broke_later_hold_up_no_upgrade_and_are_not_lost(train: Path) -> None:
    agents.install(workspace(train), "claude")
    write(train, SETTINGS, "// mine\n{}\n")
    assert verbs(agents.install(workspace(train), "claude")) == {SETTINGS: "keep"}
    with pytest.raises(StateError):
        agents.uninstall(workspace(train))
    assert (train / SETTINGS).read_text() == "// mine\n{}\n" and (train / AGENTS_MANIFEST).exists()


@pytest.mark.parametrize("place", [".claude", ".claude/skills", ".claude/settings.json", "AGENTS.md", ".mcp.json"])
def test_nothing_is_written_through_a_link(train: Path, tmp_path: Path, place: str) -> None:
    target = tmp_path / "outside"
    if place.endswith((".json", ".md")):
        target.write_text("{}\n")
    else:
        target.mkdir()
    (train / place).parent.mkdir(exist_ok=True)
    (train / place).symlink_to(target)
    with pytest.raises(StateError, match="link"):
        agents.install(workspace(train), "claude")
    assert not target.is_dir() or not os.listdir(target)
    assert target.is_dir() or target.read_text() == "{}\n"


def test_a_page_that_is_a_link_to_agents_md_is_left_alone(train: Path) -> None:
    write(train, "AGENTS.md", "# Ours\n")
    (train / "CLAUDE.md").symlink_to("AGENTS.md")
    found = agents.install(workspace(train), "claude")
    assert verbs(found)["CLAUDE.md"] == "keep" and (train / "CLAUDE.md").is_symlink()
    assert markers.BEGIN in (train / "AGENTS.md").read_text()
    agents.uninstall(workspace(train))
    assert (train / "AGENTS.md").read_text() == "# Ours\n" and (train / "CLAUDE.md").is_symlink()


def test_agents_share_agents_md(train: Path) -> None:
    for agent in ("claude", "codex", "agents-md"):
        agents.install(workspace(train), agent)
    for agent in ("claude", "agents-md"):
        agents.uninstall(workspace(train), agent)
        assert markers.BEGIN in (train / "AGENTS.md").read_text()
    agents.uninstall(workspace(train), "codex")
    assert not (train / "AGENTS.md").exists()


def test_init_keeps_the_block_up_to_date(train: Path) -> None:
    agents.install(workspace(train), "agents-md")
    page = train / "AGENTS.md"
    wanted, manifest = page.read_text(), train / AGENTS_MANIFEST
    old = wanted.replace("one ticket at a time", "somehow")
    page.write_text(old)
    found, digest = json.loads(manifest.read_text()), sha256(old.encode())
    found["files"]["AGENTS.md"] |= {"digest": digest, "block": digest, "spans": [[0, len(old)]]}
    manifest.write_text(json.dumps(found))
    adopt.adopt(workspace(train), "", [], dry_run=False, commit=False)
    assert page.read_text() == wanted


def test_init_with_an_agent_commits_its_files(repo: Path) -> None:
    found = adopt.adopt(workspace(repo), "data", [], dry_run=False, commit=True, agent="claude")
    assert found.commit and git(repo, "status", "--porcelain", "--untracked-files=all") == ""
    assert "SKILL.md" in git(repo, "ls-files", ".claude/skills/discover")


def test_what_is_not_known_is_refused(train: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="no agent 'vim'"):
        agents.install(workspace(train), "vim")
    with pytest.raises(UsageError, match="not installed as plugin"):
        agents.install(workspace(train), "codex", "plugin")
    with pytest.raises(TrainError, match="not installed here"):
        agents.uninstall(workspace(train), "claude")
    agents.install(workspace(train), "claude")
    monkeypatch.setenv("CLAUDECODE", "1")
    with pytest.raises(TrainError, match="its own limits"):
        agents.uninstall(workspace(train))
    assert (train / SETTINGS).exists()


@pytest.mark.parametrize(
    "content",
    ["no", "[]", '{"files": {"../x": {"digest": "a"}}}', '{"agents": {"vim": "repo"}}', '{"folders": [".git/x"]}'],
)
def test_a_broken_manifest_is_named_and_left_alone(train: Path, content: str) -> None:
    write(train, AGENTS_MANIFEST, content)
    before = tree(train)
    for act in (lambda w: agents.install(w, "claude"), agents.uninstall, agents.show):
        with pytest.raises(StateError):
            act(workspace(train))
    assert tree(train) == before


def test_not_on_a_phase_branch(at: Board) -> None:
    repo = at("opened")
    git(repo, "switch", "--quiet", "--create", "phase/requirements_142")
    with pytest.raises(TrainError, match="the repository's") as caught:
        agents.install(workspace(repo), "claude")
    assert "git switch main" in caught.value.hint


def test_permissions_are_those_of_the_mode(at: Board) -> None:
    repo = at("working")
    by_mode = agents.permissions(workspace(repo), "build")
    assert "Edit(/src/**)" in by_mode["allow"] and "Edit(/.agenticops/**)" in by_mode["deny"]
    at_hand = agents.permissions(workspace(repo))
    assert at_hand == agents.permissions(workspace(repo), "requirements_142") != by_mode
    assert any("142" in rule for rule in at_hand["allow"])
    must(repo, "session", "pause")
    assert agents.permissions(workspace(repo), "requirements_142")["allow"]
