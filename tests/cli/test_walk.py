"""A walk: the software train from requirements to done, through the console script, as a person does it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.stations import filled
from tests.support import git, run_cli, status

PHASES = ("requirements", "design", "implementation", "review", "release", "operation")


def test_from_requirements_to_done(repo: Path) -> None:
    run_cli(repo, "init", "--train", "software", "--commit")
    run_cli(
        repo, "work", "new", "--kind", "PRD", "--title", "Forecast refills", "--issue", "142", "--start", "--commit"
    )
    for number, phase in enumerate(PHASES):
        ticket = f"{phase}_142"
        assert json.loads(run_cli(repo, "next", "--json").stdout)["data"]["ticket"] == ticket
        run_cli(repo, "begin")
        assert "VT101" in run_cli(repo, "advance", *to(phase), check_code=3).stdout
        found = json.loads(run_cli(repo, "checklist", "show", "--json").stdout)["data"]
        run_cli(repo, "checklist", "tick", *[b["key"] for b in found["bullets"]])
        for entry in json.loads(run_cli(repo, "artifact", "list", "--json").stdout)["data"]["artifacts"]:
            run_cli(repo, "artifact", "new", entry["name"])
            filled(repo, entry["name"])
        run_cli(repo, "artifact", "record", "--all")
        out = run_cli(repo, "advance", *to(phase), "--commit").stdout
        assert f"✓ {phase} → {(*PHASES, 'done')[number + 1]}" in out and "✓ committed" in out
        assert status(repo) == "", "the commit takes all that the phase produced"
        assert "✓ the train holds" in run_cli(repo, "check").stdout
    board = run_cli(repo, "status").stdout
    assert "0 open · 6 closed · 1 of 1 work item" in board
    way = json.loads(run_cli(repo, "work", "show", "142", "--json").stdout)["data"]
    assert [e["data"]["to"] for e in way["way"]] == ["created", *(f"{p}_142" for p in PHASES), "done"]
    assert way["stands"] == "done" and way["forks"] == []
    assert git(repo, "log", "--format=%s").splitlines()[:2] == [
        "operation_142: operation → done",
        "release_142: release → operation",
    ]
    assert "write down what is wanted" in run_cli(repo, "next").stdout


def to(phase: str) -> list[str]:
    """Name the way where a phase has several."""
    return {"release": ["--to", "operation"], "operation": ["--to", "done"]}.get(phase, [])
