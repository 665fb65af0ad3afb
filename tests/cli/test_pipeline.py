"""`pipeline show | graph | lint` and `gate show`: what the file says, and what is wrong with it."""

from __future__ import annotations

import pytest

from tests.stations import Board, data, must, refused
from tests.support import TINY, cli, run_cli, write


def test_show_lists_the_phases_with_their_ways(at: Board) -> None:
    out = run_cli(at("software"), "pipeline", "show").stdout
    assert out.splitlines()[0] == "Software train  6 phases, 6 modes, 7 agents, 13 artifacts"
    rows = {row.split()[0]: row for row in out.splitlines()[1:]}
    assert rows["release"].endswith("→ operation, done")
    assert all(" → " in rows[phase] for phase in ("requirements", "operation")), "a wide owner leaves a gap"


def test_show_gives_one_phase_with_stages_and_steps(at: Board) -> None:
    out = run_cli(at("software"), "pipeline", "show", "design").stdout
    assert "  artifacts design, interface-spec, threat-notes\n" in out
    assert "stage shape-the-solution" in out and "step  compare-options" in out


def test_show_of_an_unknown_phase_names_those_that_are_known(at: Board) -> None:
    err = refused(at("tiny"), "pipeline", "show", "launch")
    assert "unknown phase 'launch'" in err and "shape, build, ship" in err


def test_graph_is_mermaid_and_marks_where_work_stands(at: Board) -> None:
    lines = run_cli(at("tiny-opened"), "pipeline", "graph").stdout.splitlines()
    assert lines[0].startswith("flowchart")
    assert any("shape_142" in row for row in lines)
    assert "  p_build --> p_shape" in lines
    assert data(at("tiny"), "pipeline", "graph")["mermaid"].startswith("flowchart")


def test_lint_of_a_sound_pipeline(at: Board) -> None:
    assert run_cli(at("software"), "pipeline", "lint").stdout.startswith("✓ the pipeline is sound")


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("next: [shape, ship]", "next: [shape]", "VT601", 0),
        ("    done: true\n", "    next: [ship]\n", "VT602", 0),
        ("artifacts: [plan]", "artifacts: [plan, brief]", "VT603", 0),
        ("artifacts: [plan]", "artifacts: [plan, sketch]", "VT604", 18),
        ("owner: maker\n    done", "owner: nobody\n    done", "VT303", 23),
        ("mode: plan", "mode: ponder", "VT302", 11),
        ("next: [build]", "next: [build, launch]", "VT301", 14),
        ("  make:\n    title: Make\n", "  make:\n    title: Make\n    checklist: other.md\n", "VT605", 0),
        ("    path: docs/{item}/plan.md", "    path: docs/{item}/other.md", "VT606", 0),
        ("  maker:\n", "  idler:\n    title: Idler\n  maker:\n", "VT607", 0),
    ],
)
def test_lint_finds_each_fault_with_its_place(at: Board, old: str, new: str, code: str, line: int) -> None:
    repo = at("tiny")
    assert TINY.count(old) == 1
    write(repo, "config/pipeline.yml", TINY.replace(old, new))
    found, out, err = cli(repo, "pipeline", "lint", "--json")
    assert (found in (0, 3), err) == (True, "")
    assert code in out, out
    hits = [f for f in data(repo, "pipeline", "lint", code=found)["findings"] if f["code"] == code]
    assert found == (3 if any(f["severity"] == "error" for f in hits) else 0)
    if line:
        assert line in [f["line"] for f in hits]


def test_lint_counts_faults(at: Board) -> None:
    repo = at("tiny")
    write(repo, "config/pipeline.yml", TINY.replace("mode: plan", "mode: ponder"))
    out = run_cli(repo, "pipeline", "lint", check_code=3).stdout
    assert out.startswith("✗ the pipeline has 1 fault\n") and "config/pipeline.yml:11  VT302" in out


def test_gate_show_names_checks_artifacts_inputs_and_ways(at: Board) -> None:
    out = run_cli(at("tiny"), "gate", "show", "build").stdout
    assert out.startswith("gate default  of build")
    rows = [row.split() for row in out.splitlines()[1:]]
    assert [r[1] for r in rows if r[0] == "check"] == ["checklist", "artifacts", "ticket", "session"]
    assert ["artifact", "plan"] in rows and ["input", "brief"] in rows and ["leads", "to", "shape,", "ship"] in rows


def test_gate_show_with_parameters_and_of_an_unknown_gate(at: Board) -> None:
    repo = at("tiny")
    own = TINY.replace("  ship:\n", "  ship:\n    gate: release\n")
    write(repo, "config/pipeline.yml", own)
    assert "unknown gate 'release'" in refused(repo, "gate", "show", "ship", code=2)
    gates = (
        "\ngates:\n  release:\n    description: Enough is enough.\n    checks:\n      - {check: ticket, at_least: 3}\n"
    )
    write(repo, "config/pipeline.yml", own + gates)
    out = must(repo, "gate", "show", "ship")
    assert "gate release  of ship  Enough is enough." in out and "at_least 3" in out
    assert "unknown phase" in refused(repo, "gate", "show", "launch")
