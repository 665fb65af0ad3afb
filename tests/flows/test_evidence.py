"""Evidence with real processes in real repositories: what is recorded, what it is about, and what does not count."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from agenticops.flows import evidence, trust
from agenticops.workspace import Workspace
from tests.stations import SHAPE, Board, codes, data, events, filled, must, refused, work_through
from tests.support import CONSOLE_SCRIPT, commit_all, git, run_cli, snapshot, workspace, write

CHECKLIST = f"tickets/{SHAPE}/checklist.md"
GATES = """
gates:
  default:
    level: recorded
    checks:
      - checklist
      - check: command
        name: unit-tests
        command: [scripts/prove.sh, fast]
        covers: [src, "!**/*.md"]
"""
SCRIPT = '#!/bin/sh\necho "proved $1 for $AGENTICOPS_VALUE_ITEM"\ntest ! -e src/broken\n'
GATE = ("gate", "run")


@pytest.fixture
def repo(at: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    found = at("tiny-working")
    write(found, "scripts/prove.sh", SCRIPT).chmod(0o755)
    write(found, "src/app.py", "print(1)\n")
    write(found, "src/notes.md", "# Notes\n")
    gates(found, GATES)
    return found


def gates(repo: Path, text: str) -> None:
    """Give the pipeline these gates, commit, and trust them as their owner would."""
    path = repo / "config/pipeline.yml"
    path.write_text(path.read_text().partition("\ngates:")[0] + text)
    commit_all(repo, "Gates")
    trusted(repo)


def trusted(repo: Path) -> None:
    listed = [t.executable for t in trust.listing(workspace(repo))]
    trust.give(workspace(repo), [e for e in listed if not e.refused])


def proof(repo: Path) -> list[str]:
    """The codes that the gate reports of evidence."""
    return [c for c in codes(repo, "check", SHAPE) if c.startswith("VT4")]


def swap(repo: Path, old: str, new: str) -> None:
    assert old in GATES
    gates(repo, GATES.replace(old, new))


def test_a_run_is_recorded_whole_and_proves_the_files_that_it_covers(repo: Path) -> None:
    assert proof(repo) == ["VT405"]
    out = must(repo, *GATE)
    assert out.startswith("✓ unit-tests passed") and out.endswith(f"  next  agenticops check {SHAPE}\n")
    assert proof(repo) == []
    (event,) = events(repo, "evidence_recorded")
    found = event["data"]
    assert (event["subject"], found["gate"], found["check"]) == (f"ticket/{SHAPE}", "default", "unit-tests")
    assert (found["argv"], found["outcome"], found["code"]) == (["scripts/prove.sh", "fast"], "passed", 0)
    assert found["tail"] == "proved fast for 142\n" and found["bytes"] == 20
    assert (found["level"], found["by"], found["files"]) == ("recorded", "operator", 2)
    assert found["version"].startswith("prove.sh sha256:") and found["milliseconds"] >= 0
    for name in ("tree", "output"):
        assert len(found[name]) == 64


def test_a_check_runs_nothing(repo: Path) -> None:
    write(repo, "scripts/prove.sh", "#!/bin/sh\ntouch ran\n").chmod(0o755)
    commit_all(repo)
    trusted(repo)
    before = snapshot(repo)
    for call in (["check", SHAPE], ["check"], ["status"], ["next"], ["evidence", "list"], ["gate", "show", "shape"]):
        run_cli(repo, *call, check_code=None)
    assert snapshot(repo) == before


@pytest.mark.parametrize(
    ("path", "content", "code"),
    [
        ("src/app.py", "print(2)\n", ["VT406"]),
        ("src/new.py", "", ["VT406"]),
        ("scripts/prove.sh", SCRIPT + "# other\n", ["VT406"]),
        ("src/notes.md", "# Other\n", []),
        ("README.md", "x", []),
    ],
)
def test_it_is_stale_when_what_it_covers_changes_and_only_then(
    repo: Path, path: str, content: str, code: list[str]
) -> None:
    must(repo, *GATE)
    old = (repo / path).read_text() if (repo / path).exists() else None
    write(repo, path, content)
    assert proof(repo) == code
    if old is None:
        (repo / path).unlink()
    else:
        write(repo, path, old)
    assert proof(repo) == []


def test_it_is_stale_when_the_command_changes(repo: Path) -> None:
    must(repo, *GATE)
    swap(repo, "fast]", "slow]")
    assert proof(repo) == ["VT406"]
    assert "the command is another one now" in run_cli(repo, "check", SHAPE, check_code=3).stdout


def test_a_failure_is_recorded_and_the_next_pass_counts(repo: Path) -> None:
    must(repo, *GATE)
    write(repo, "src/broken", "")
    done = run_cli(repo, *GATE, check_code=3)
    assert "✗ unit-tests: failed" in done.stdout and "VT407" in done.stdout and "  | proved fast" in done.stdout
    assert proof(repo) == ["VT407"]
    (repo / "src/broken").unlink()
    assert proof(repo) == [], "the earlier run is about these very files"
    write(repo, "src/broken", "")
    write(repo, "scripts/prove.sh", "#!/bin/sh\n").chmod(0o755)
    trusted(repo)
    must(repo, *GATE)
    assert proof(repo) == []


def test_after_a_failure_on_the_same_files_an_earlier_pass_does_not_count(repo: Path, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    write(repo, "scripts/prove.sh", f"#!/bin/sh\ntest ! -e {flag}\n").chmod(0o755)
    trusted(repo)
    must(repo, *GATE)
    flag.touch()
    run_cli(repo, *GATE, check_code=3)
    flag.unlink()
    assert proof(repo) == ["VT407"]


def test_what_nobody_trusts_does_not_run(repo: Path) -> None:
    write(repo, "scripts/prove.sh", "#!/bin/sh\ntouch ran\n")
    found = data(repo, *GATE, code=3)
    assert [f["code"] for f in found["findings"]] == ["VT422"] and "changed since it was trusted" in str(found)
    assert not (repo / "ran").exists() and events(repo, "evidence_recorded") == []
    assert proof(repo) == ["VT405"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("[no-such-program-here]", "there is no program"),
        ("[./scripts/none.sh]", "the file is not there"),
        ("[src/app.py]", "cannot be started: Permission denied"),
    ],
)
def test_what_cannot_be_started_is_a_finding_and_no_evidence(repo: Path, command: str, words: str) -> None:
    swap(repo, "[scripts/prove.sh, fast]", command)
    found = data(repo, *GATE, code=3)
    assert [f["code"] for f in found["findings"]] == ["VT422"] and words in found["findings"][0]["message"]
    assert events(repo, "evidence_recorded") == [] and "VT405" in proof(repo)


def test_a_command_that_hangs_is_ended_with_its_children(repo: Path) -> None:
    swap(repo, "        covers:", "        seconds: 0.3\n        covers:")
    write(repo, "scripts/prove.sh", "#!/bin/sh\necho begun\nsleep 60 &\nsleep 60\n").chmod(0o755)
    trusted(repo)
    assert [f["code"] for f in data(repo, *GATE, code=3)["findings"]] == ["VT410"]
    (event,) = events(repo, "evidence_recorded")
    assert event["data"]["outcome"] == "timeout" and event["data"]["tail"] == "begun\n"
    assert proof(repo) == ["VT410"]


def test_endless_output_fills_neither_memory_nor_disk(repo: Path) -> None:
    write(repo, "scripts/prove.sh", "#!/bin/sh\nyes 0123456789012345678901234567890123456789 | head -c 1000000000\n")
    trusted(repo)
    before = sum(len(c) for c in snapshot(repo).values())
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, CONSOLE_SCRIPT, *GATE], cwd=repo, capture_output=True, text=True, timeout=60
    )
    assert "VT410" in done.stdout and done.stderr == ""
    assert int(done.stdout.rsplit("peak ", 1)[1]) < 100_000, "kB of memory"
    assert sum(len(c) for c in snapshot(repo).values()) - before < 20_000
    (event,) = events(repo, "evidence_recorded")
    assert event["data"]["outcome"] == "flood" and event["data"]["bytes"] >= 100_000_000
    assert 0 < len(event["data"]["tail"]) <= 4096
    assert proof(repo) == ["VT410"]


MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:])
print("peak", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def test_no_secret_of_an_output_gets_into_the_log(repo: Path) -> None:
    token = "ghp_" + "a1B2" * 9
    write(repo, "scripts/prove.sh", f"#!/bin/sh\ny=ghp_; echo {'x' * 4000} ${{y}}{token[4:]} said\n").chmod(0o755)
    trusted(repo)
    must(repo, *GATE)
    (event,) = events(repo, "evidence_recorded")
    assert "[redacted] said" in event["data"]["tail"] and token[8:] not in str(event)


def test_what_a_command_writes_where_it_looks_makes_it_stale(repo: Path) -> None:
    write(repo, "scripts/prove.sh", "#!/bin/sh\necho x >> src/cache\n").chmod(0o755)
    trusted(repo)
    found = data(repo, *GATE, code=3)
    assert [f["code"] for f in found["findings"]] == ["VT406"] and "src/cache" in found["findings"][0]["message"]
    assert proof(repo) == ["VT406"]
    write(repo, ".gitignore", "*.agenticops~\nsrc/cache\n")
    must(repo, *GATE)
    assert proof(repo) == []


def test_covers_that_name_no_file_prove_nothing(repo: Path) -> None:
    gates(repo, GATES.replace("[scripts/prove.sh, fast]", '["true"]').replace("[src", "[scr"))
    assert "it covers no file" in str(data(repo, *GATE, code=3)["findings"])


def test_without_covers_all_but_the_moving_state_is_covered(repo: Path) -> None:
    swap(repo, '        covers: [src, "!**/*.md"]\n', "")
    must(repo, *GATE)
    must(repo, "session", "note", "looked at it")
    must(repo, "checklist", "tick", "1")
    must(repo, "ticket", "edit", SHAPE, "--operator", "Grace")
    commit_all(repo)
    assert proof(repo) == []
    write(repo, "README.md", "x")
    assert proof(repo) == ["VT406"]


def test_one_command_of_a_gate(repo: Path) -> None:
    swap(repo, "      - checklist\n", '      - checklist\n      - check: command\n        command: ["true"]\n')
    assert [r["check"] for r in data(repo, *GATE, "--check", "unit-tests")["runs"]] == ["unit-tests"]
    assert proof(repo) == ["VT405"]
    assert [r["check"] for r in data(repo, *GATE, "--gate", "default")["runs"]] == ["command", "unit-tests"]
    assert "its commands: command, unit-tests" in refused(repo, *GATE, "--check", "checklist", code=2)
    assert "there is no gate 'x'" in refused(repo, *GATE, "--gate", "x", code=2)


def test_levels(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    swap(repo, "    level: recorded\n", "")
    must(repo, *GATE)
    assert proof(repo) == ["VT408"], "a gate wants verified evidence, unless it says otherwise"
    monkeypatch.setenv("AGENTICOPS_AGENT", "planner")
    assert "an agent (planner) cannot verify" in refused(repo, *GATE, "--verify")
    must(repo, *GATE)
    assert events(repo, "evidence_recorded")[-1]["data"]["by"] == "agent"
    monkeypatch.delenv("AGENTICOPS_AGENT")
    must(repo, *GATE, "--verify")
    assert proof(repo) == []
    monkeypatch.setenv("AGENTICOPS_AGENT", "planner")
    must(repo, *GATE)
    assert proof(repo) == [], "a run that is only recorded takes nothing back"


def test_a_step_runs_what_is_missing_and_nothing_else(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    swap(repo, "    level: recorded\n", "")
    at = Workspace(str(repo))
    ticket = at.train.ticket(SHAPE)
    gate = at.train.pipeline.gates["default"]
    monkeypatch.setenv("AGENTICOPS_AGENT", "planner")
    assert evidence.prove(at, ticket, [gate]) == []
    assert evidence.prove(at, ticket, [gate]) == [], "that an agent cannot verify is no reason to run it again"
    assert [e["data"]["level"] for e in events(repo, "evidence_recorded")] == ["recorded"]
    monkeypatch.delenv("AGENTICOPS_AGENT")
    assert evidence.prove(at, ticket, [gate]) == []
    assert evidence.prove(at, ticket, [gate]) == []
    assert [e["data"]["level"] for e in events(repo, "evidence_recorded")] == ["recorded", "verified"]
    write(repo, "src/broken", "")
    assert [f.code for f in evidence.prove(at, ticket, [gate])] == ["VT407"]


def test_list_show_and_rerun(repo: Path) -> None:
    must(repo, *GATE)
    write(repo, "src/app.py", "print(3)\n")
    (row,) = data(repo, "evidence", "list")["evidence"]
    assert (row["check"], row["outcome"], row["level"], row["fresh"]) == ("unit-tests", "passed", "recorded", False)
    shown = must(repo, "evidence", "show", row["id"][:22].lower())
    assert "  ran      scripts/prove.sh fast\n" in shown and "  | proved fast for 142\n" in shown
    must(repo, "evidence", "rerun", row["id"])
    assert [r["fresh"] for r in data(repo, "evidence", "list", SHAPE)["evidence"]] == [False, True]
    assert "there is no evidence" in refused(repo, "evidence", "show", "01AAAAAAAA", code=2)
    assert ", stale" in must(repo, "evidence", "list")


def named(repo: Path) -> None:
    """Let a bullet of the ticket's checklist name its check."""
    text = (repo / CHECKLIST).read_text()
    write(repo, CHECKLIST, text.replace("- [ ] Draw a sketch", "- [ ] All tests pass * <!-- check: unit-tests -->"))
    commit_all(repo)


def test_a_bullet_that_names_its_check_is_ticked_by_its_evidence(repo: Path) -> None:
    named(repo)
    assert "only evidence of unit-tests ticks 'All tests pass'" in refused(repo, "checklist", "tick", "All tests pass")
    must(repo, "checklist", "tick", "--all-in", "Core activities")
    assert "- [ ] All tests pass" in (repo / CHECKLIST).read_text()
    write(repo, "src/broken", "")
    run_cli(repo, *GATE, check_code=3)
    assert "- [ ] All tests pass" in (repo / CHECKLIST).read_text()
    (repo / "src/broken").unlink()
    assert "✓ ticked All tests pass" in must(repo, *GATE)
    assert "- [x] All tests pass" in (repo / CHECKLIST).read_text()
    assert proof(repo) == []
    must(repo, *GATE)
    assert len([e for e in events(repo, "bullet_ticked") if "check" in e["data"]]) == 1


def test_ticking_it_by_hand_is_a_finding_until_it_is_proven(repo: Path) -> None:
    named(repo)
    text = (repo / CHECKLIST).read_text()
    write(repo, CHECKLIST, text.replace("- [ ] All tests pass", "- [x] All tests pass"))
    assert proof(repo) == ["VT411", "VT405"]
    must(repo, "checklist", "tick", "1")
    assert len(events(repo, "bullet_observed")) == 1 and "VT411" in proof(repo)
    must(repo, *GATE)
    assert proof(repo) == []


REPORTED = """
gates:
  default:
    level: recorded
    checks:
      - check: command
        name: unit-tests
        command: [scripts/prove.sh]
        covers: [src]
        report: ["build/{item}.xml"]
      - check: tests
        file: build/{item}.xml
        min_tests: 2
"""
JUNIT = '<testsuite tests="2" failures="0" errors="0"><testcase name="a"/><testcase name="b"/></testsuite>'


def test_a_report_counts_when_the_run_left_it(repo: Path) -> None:
    gates(repo, REPORTED)
    write(repo, "build/142.xml", JUNIT)
    write(repo, "scripts/prove.sh", "#!/bin/sh\n").chmod(0o755)
    trusted(repo)
    assert proof(repo) == ["VT405", "VT420"]
    must(repo, *GATE)
    assert proof(repo) == ["VT420"], "the command did not write it"
    write(repo, "scripts/prove.sh", f"#!/bin/sh\necho '{JUNIT}' > build/142.xml\n").chmod(0o755)
    trusted(repo)
    must(repo, *GATE)
    assert proof(repo) == []
    write(repo, "build/142.xml", JUNIT)
    assert proof(repo) == ["VT420"], "somebody wrote it anew"
    (repo / "build/142.xml").unlink()
    assert proof(repo) == [], "what was read of it after the run is recorded, for it need not be committed"
    gates(repo, REPORTED.replace("min_tests: 2", "min_tests: 3"))
    assert "VT415" in proof(repo)


def clone(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, base: str) -> Path:
    """A fresh clone, as CI has it: only what the base says may run."""
    there = tmp_path / "ci"
    git(tmp_path, "clone", "--quiet", str(repo), str(there))
    monkeypatch.setenv("AGENTICOPS_TRUST", "base")
    monkeypatch.setenv("AGENTICOPS_BASE", base)
    return there


def passed(repo: Path) -> str:
    """Prove, pass the gate and commit; give the commit before."""
    base = commit_all(repo)
    must(repo, *GATE, "--verify")
    work_through(repo, SHAPE)
    must(repo, "advance")
    commit_all(repo)
    return base


VERIFY = (*GATE, "--verify", "--base")


def test_ci_proves_again_what_the_gates_rest_on(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = passed(repo)
    ci = clone(repo, tmp_path, monkeypatch, base)
    before = snapshot(ci)
    out = must(ci, *VERIFY, base)
    assert out.startswith(f"1 gate passed since {base[:10]}\n✓ {SHAPE} default › unit-tests")
    assert "✓ what they rest on holds" in out and snapshot(ci) == before
    assert data(ci, *VERIFY, "HEAD")["gates"] == []
    git(ci, "switch", "--quiet", "--detach", base)
    assert "is not checked out" in refused(ci, *VERIFY, base, "--head", "origin/main", code=2)
    assert "--base goes with --verify" in refused(ci, *GATE, "--base", base, code=2)


def test_ci_finds_other_content_a_failure_and_a_gate_without_evidence(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = passed(repo)
    write(repo, "src/broken", "")
    commit_all(repo)
    ci = clone(repo, tmp_path, monkeypatch, base)
    assert [f["code"] for f in data(ci, *VERIFY, base, code=3)["findings"]] == ["VT407", "VT406"]
    git(ci, "reset", "--quiet", "--hard", "HEAD~1")
    for shard in (ci / ".agenticops/events").rglob("*.jsonl"):
        rows = [r for r in shard.read_bytes().splitlines(keepends=True) if b"evidence_recorded" not in r]
        shard.write_bytes(b"".join(rows))
    commit_all(ci)
    assert [f["code"] for f in data(ci, *VERIFY, base, code=3)["findings"]] == ["VT405"]


def test_ci_does_not_run_what_the_change_itself_brought(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = passed(repo)
    write(repo, "scripts/prove.sh", "#!/bin/sh\ntouch evil\n").chmod(0o755)
    commit_all(repo)
    ci = clone(repo, tmp_path, monkeypatch, base)
    assert [f["code"] for f in data(ci, *VERIFY, base, code=3)["findings"]] == ["VT422"]
    assert not (ci / "evil").exists()


def test_ci_judges_the_reports_that_it_wrote_itself(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(repo, ".gitignore", "*.agenticops~\nbuild/\n")
    write(repo, "scripts/prove.sh", f"#!/bin/sh\nmkdir -p build; echo '{JUNIT}' > build/$AGENTICOPS_VALUE_ITEM.xml\n")
    (repo / "scripts/prove.sh").chmod(0o755)
    gates(repo, REPORTED + "      - checklist\n      - artifacts\n")
    base = passed(repo)
    assert not git(repo, "ls-files", "build")
    ci = clone(repo, tmp_path, monkeypatch, base)
    assert "VT412" not in codes(ci, "check", SHAPE), "what the run left of the report is in the log"
    assert data(ci, *VERIFY, base)["findings"] == []
    monkeypatch.setenv("AGENTICOPS_BASE", "HEAD")
    worse = JUNIT.replace('failures="0"', 'failures="1"')
    write(ci, "scripts/prove.sh", f"#!/bin/sh\necho '{worse}' > build/142.xml\n")
    commit_all(ci)
    assert [f["code"] for f in data(ci, *VERIFY, base, code=3)["findings"]] == ["VT406", "VT414"]


def test_the_tool_names_its_version_when_that_is_trusted(repo: Path) -> None:
    swap(repo, "        covers:", "        version: [git, --version]\n        covers:")
    must(repo, *GATE)
    assert events(repo, "evidence_recorded")[-1]["data"]["version"].startswith("git version ")
    trust.revoke(workspace(repo), ["config/pipeline.yml gates.default.checks.2 (unit-tests) version"])
    found = data(repo, *GATE, code=3)["findings"]
    assert [f["code"] for f in found] == ["VT422"] and found[0]["path"].endswith("version")
    assert len(events(repo, "evidence_recorded")) == 1


def test_a_closed_ticket_proves_nothing_more(repo: Path) -> None:
    must(repo, "ticket", "cancel", SHAPE, "--reason", "x")
    assert f"{SHAPE} is cancelled" in refused(repo, "gate", "run", SHAPE)


def test_advance_proves_by_itself_and_ci_proves_it_again(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named(repo)
    swap(repo, "    level: recorded\n", "")
    base = commit_all(repo)
    write(repo, "src/broken", "")
    work_through_but(repo)
    refusal = [f["code"] for f in data(repo, "advance", code=3)["verdict"]["findings"]]
    assert set(refusal) == {"VT101", "VT407"}
    (repo / "src/broken").unlink()
    assert data(repo, "advance", "--commit")["state"] == "advanced"
    assert events(repo, "evidence_recorded")[-1]["data"]["level"] == "verified"
    commit_all(repo)
    assert codes(repo, "check", "--base", base, "--replay") == []
    ci = clone(repo, tmp_path, monkeypatch, base)
    assert [r["outcome"] for r in data(ci, *VERIFY, base)["runs"]] == ["passed"]


def work_through_but(repo: Path) -> None:
    """Do all but what only evidence can tick."""
    must(repo, "checklist", "tick", "--all-in", "Entry criteria")
    must(repo, "checklist", "tick", "--all-in", "Core activities")
    filled(repo, "brief")
    must(repo, "artifact", "record", "--all")


def test_an_agent_does_not_move_on_by_its_own_word(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    swap(repo, "    level: recorded\n", "")
    work_through(repo, SHAPE)
    commit_all(repo)
    monkeypatch.setenv("AGENTICOPS_AGENT", "planner")
    assert [f["code"] for f in data(repo, "advance", code=3)["verdict"]["findings"]] == ["VT408"]
    git(repo, "switch", "--quiet", "-c", f"phase/{SHAPE}")
    assert data(repo, "advance")["state"] == "in_review", "for a review a recorded run is enough"
