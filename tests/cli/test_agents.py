"""`agents` through the command line, the hooks as a shell runs them, and the real client where it is there."""

from __future__ import annotations

import json
import mmap
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from agenticops.cli.commands.options import AgentName
from agenticops.core import adapters
from agenticops.core.adapters import builtins, claude
from tests.stations import data, events, must, refused
from tests.support import CONSOLE_SCRIPT, commit_all, status, write

CLIENT = os.environ.get("TRAIN_CLAUDE") or shutil.which("claude") or ""
SETTINGS = ".claude/settings.json"
needs_client = pytest.mark.skipif(not CLIENT, reason="TRAIN_CLAUDE names no claude binary, and none is on the PATH")


def test_install_show_uninstall(train: Path) -> None:
    assert "next  agenticops agents install claude" in must(train, "agents", "show")
    dry = must(train, "agents", "install", "claude", "--dry-run")
    assert f"+ {SETTINGS}" in dry and "next  agenticops agents install claude" in dry and status(train) == ""
    out = must(train, "agents", "install", "claude")
    assert "✓ claude (repo): installed" in out and "files written" in out and "next  git add" in out
    commit_all(train)
    assert "everything is up to date" in must(train, "agents", "install", "claude") and status(train) == ""
    assert [e["data"]["agents"] for e in events(train, "agents_installed")] == [{"claude": "repo"}]
    shown = data(train, "agents", "show")
    assert shown["agents"] == {"claude": "repo"} and shown["changes"] == [] and SETTINGS in shown["files"]
    write(train, ".claude/agents/lab.md", "mine\n")
    assert "= .claude/agents/lab.md  you changed it" in must(train, "agents", "show")
    gone = must(train, "agents", "uninstall")
    assert "✓ claude: out" in gone and "= .claude/agents/lab.md  you changed it" in gone
    assert "nothing is installed" in must(train, "agents", "uninstall")
    assert [e["data"]["agents"] for e in events(train, "agents_removed")] == [{"claude": "repo"}]


def test_errors_say_what_to_do(train: Path, tmp_path: Path) -> None:
    must(train, "agents", "install", "claude", "--as", "plugin")
    assert "next  agenticops agents uninstall claude" in refused(train, "agents", "install", "claude", "--as", "repo")
    must(train, "agents", "uninstall", "claude")
    assert "--as repo" in refused(train, "agents", "install", "codex", "--as", "plugin", code=2)
    assert "claude" in refused(train, "agents", "install", "vim", code=2)
    write(train, SETTINGS, "// mine\n{}\n")
    said = refused(train, "agents", "install", "claude")
    assert f"at    {SETTINGS}:1" in said and '"matcher": "*"' in said
    write(train, SETTINGS, '{"env": {"TOKEN": "ghp_0123456789abcdefghijklmnopqrstuvwxyzAB"}}')
    assert "ghp_" not in refused(train, "agents", "install", "claude")


def test_init_gives_an_agent_its_files(repo: Path) -> None:
    out = must(repo, "init", "--train", "data", "--agent", "codex", "--dry-run")
    assert "+ .agents/skills/train-next/SKILL.md" in out and "--agent codex" in out
    must(repo, "init", "--train", "data", "--agent", "codex")
    assert (repo / ".agents/skills/train-next/SKILL.md").exists() and (repo / "AGENTS.md").exists()
    assert "everything is up to date" in must(repo, "init")


def test_permissions_are_settings_of_the_client(train: Path) -> None:
    printed = json.loads(must(train, "agents", "permissions", "build"))
    assert set(printed) == {"permissions"} and set(printed["permissions"]) == {"allow", "deny"}
    assert printed == {"permissions": data(train, "agents", "permissions", "build")["permissions"]}
    assert "no ticket is open" in refused(train, "agents", "permissions", code=2)


def hooks(repo: Path, event: str) -> list[str]:
    found = json.loads((repo / SETTINGS).read_text())["hooks"][event]
    return [h["command"] for entry in found for h in entry["hooks"]]


def shell(repo: Path, command: str, path: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": path, "HOME": os.environ["HOME"], "CLAUDE_PROJECT_DIR": str(repo)}
    call: list[Any] = [shutil.which("sh"), "-c", command]
    return subprocess.run(call, cwd=repo, env=environment, input="{}", capture_output=True, text=True, check=False)


def test_without_the_tool_the_guard_refuses_and_the_rest_is_silent(train: Path, tmp_path: Path) -> None:
    must(train, "agents", "install", "claude")
    empty = tmp_path / "empty"
    empty.mkdir()
    (guard,) = hooks(train, "PreToolUse")
    found = shell(train, guard, str(empty))
    assert found.returncode == 2 and "agents uninstall claude" in found.stderr and found.stdout == ""
    for event in claude.HOOKS:
        (command,) = hooks(train, event)
        told = shell(train, command, str(empty))
        assert (told.returncode, told.stdout, told.stderr) == (0, "", "")
    broken = write(tmp_path, "broken/agenticops-guard", "#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    assert shell(train, guard, str(broken.parent)).returncode == 2, "a guard that dies must not let a call through"
    well = write(tmp_path, "well/agenticops-guard", "#!/bin/sh\necho '{}'\n")
    well.chmod(0o755)
    assert (lambda r: (r.returncode, r.stdout))(shell(train, guard, str(well.parent))) == (0, "{}\n")


def test_hooks_reach_the_tool(train: Path) -> None:
    must(train, "agents", "install", "claude")
    path = f"{os.path.dirname(CONSOLE_SCRIPT)}{os.pathsep}{os.environ['PATH']}"
    for event in claude.HOOKS:
        (command,) = hooks(train, event)
        assert shell(train, command, path).returncode == 0


@pytest.fixture
def client(tmp_path: Path) -> Any:
    """The real client, with a home of its own and without a login."""
    home = tmp_path / "home"
    home.mkdir()
    environment = {
        **os.environ,
        "HOME": str(home),
        "CLAUDE_CONFIG_DIR": str(home / "config"),
        "DISABLE_AUTOUPDATER": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }

    def call(repo: Path, *arguments: str) -> str:
        done = subprocess.run(
            [CLIENT, "plugin", *arguments],
            cwd=repo,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"claude plugin {' '.join(arguments)}\n{done.stdout}{done.stderr}"
        return done.stdout

    return call


@needs_client
def test_the_client_takes_the_plugin(train: Path, client: Any) -> None:
    must(train, "agents", "install", "claude", "--as", "plugin")
    for folder in (claude.PLUGIN, "."):
        found = json.loads(client(train, "validate", "--strict", "--json", folder))
        assert found["success"] and not found["manifest"]["errors"] and not found["manifest"]["warnings"]
    provided = json.loads(client(train, "validate", "--strict", "--json", claude.PLUGIN))["provides"]
    assert {h["event"] for h in provided["hooks"]} == {"PreToolUse", *claude.HOOKS}
    assert "agenticops:build" in provided["skills"] and "agenticops:lab" in provided["agents"]
    assert [s["name"] for s in provided["mcpServers"]] == ["agenticops"]
    assert "value-train" in client(train, "marketplace", "add", "./")
    client(train, "install", "agenticops@value-train")
    assert "agenticops@value-train" in client(train, "list")
    assert "train-status" in client(train, "details", "agenticops@value-train")


@needs_client
def test_the_list_of_the_clients_own_commands_is_whole() -> None:
    binary = os.path.realpath(CLIENT)
    with open(binary, "rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as text:
        table = re.search(rb'=\{advisor:"config",[^{}]{500,9000}\}', text)
        version = f"// Version: {builtins.CLAUDE}".encode()
        if table is None or text.find(version) < 0:
            pytest.skip(f"this client is not version {builtins.CLAUDE}, from which the list was read")
        named = re.findall(rb'[{,]"?([a-z][a-z0-9-]*)"?:"(?:config|action|info|agent)"', table[0])
    own = {n.decode() for n in named}
    assert len(own) > 100 and own <= builtins.COMMANDS


@needs_client
def test_the_client_calls_hooks_server_and_skill(train: Path, tmp_path: Path) -> None:
    """Without a login the client still starts a session, and answers a skill before it asks for one."""
    must(train, "agents", "install", "claude")
    calls = tmp_path / "calls"
    tool = write(tmp_path, "bin/agenticops", f'#!/bin/sh\necho "$*" >> {calls}\nexec {CONSOLE_SCRIPT} "$@"\n')
    tool.chmod(0o755)
    (tmp_path / "home").mkdir()
    environment = {
        "PATH": f"{tool.parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path / "home"),
        "CLAUDE_CONFIG_DIR": str(tmp_path / "home" / "config"),
        "DISABLE_AUTOUPDATER": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }
    call = [CLIENT, "-p", "/train-status", "--output-format", "json"]
    done = subprocess.run(
        call, cwd=train, env=environment, input="", capture_output=True, text=True, timeout=120, check=False
    )
    assert "Not logged in" in json.loads(done.stdout)["result"]
    made = calls.read_text().splitlines()
    assert {"agents hook SessionStart", "agents hook UserPromptSubmit", "agents hook SessionEnd"} <= set(made)
    assert "status" in made, "the skill shows what holds now"
    assert "mcp" in made


def test_the_command_line_knows_the_agents_of_the_table() -> None:
    assert [a.value for a in AgentName] == list(adapters.ADAPTERS)
