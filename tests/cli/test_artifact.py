"""`artifact`: an artifact counts when this visit recorded it, and when it keeps its contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stations import BUILD, FIRST, SHAPE, Board, codes, data, events, filled, must, refused
from tests.support import BRIEF, run_cli, status, write

PATH = "docs/142/brief.md"


def state(repo: Path, ticket: str = SHAPE) -> str:
    found: str = data(repo, "artifact", "list", ticket)["artifacts"][0]["state"]
    return found


def test_the_life_of_an_artifact(at: Board) -> None:
    repo = at("tiny-working")
    out = run_cli(repo, "artifact", "list").stdout
    assert out.startswith(f"{SHAPE}  owes 1 artifact\n") and f"✗ brief {'':<20} {PATH}  missing" in out
    assert f"next  agenticops artifact new brief --ticket {SHAPE}" in out
    out = run_cli(repo, "artifact", "new", "brief").stdout
    assert PATH in out and f"next  agenticops artifact record brief --ticket {SHAPE}" in out
    assert (repo / PATH).read_text().startswith("# Forecast refill adherence\n")
    assert state(repo) == "not recorded"
    write(repo, PATH, BRIEF)
    assert "the contracts hold" in run_cli(repo, "artifact", "check").stdout
    out = run_cli(repo, "artifact", "record", "brief").stdout
    assert out.startswith("✓ recorded brief") and "sha256" in out
    assert state(repo) == "recorded" and "artifacts 1/1" in must(repo, "status")
    write(repo, PATH, BRIEF + "\nMore.\n")
    assert state(repo) == "changed" and "VT211" in codes(repo, "check", SHAPE)
    must(repo, "artifact", "record", "--all")
    assert state(repo) == "recorded" and len(events(repo, "artifact_recorded")) == 2
    must(repo, "artifact", "record", "--all")
    assert len(events(repo, "artifact_recorded")) == 2, "the same content is recorded once"


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (None, "VT201", 0),
        (b"", "VT202", 0),
        (b" \n\n", "VT202", 0),
        (b"# Forecast refill adherence\n\n## Goal\n\n> What is better afterwards?\n", "VT203", 3),
        (b"# Brief\n\nNo goal.\n", "VT204", 0),
        (b"# Brief\n\nText.\n\n## Goal\n", "VT203", 5),
        (b"## Goal\n\n\xff\n", "VT208", 3),
        (b"## Goal\n\n<<<<<<< a\nx\n=======\ny\n>>>>>>> b\n", "VT208", 3),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "VT208", 0),
    ],
)
def test_what_breaks_its_contract_is_not_recorded(at: Board, content: bytes | None, code: str, line: int) -> None:
    repo = at("tiny-working")
    if content is not None:
        write(repo, PATH, content)
    before = status(repo)
    for call in (("artifact", "check", "brief"), ("artifact", "record", "brief")):
        (finding,) = data(repo, *call, code=3)["findings"]
        assert (finding["code"], finding["path"], finding["line"]) == (code, PATH, line)
        assert finding["hint"]
    assert status(repo) == before
    assert code in codes(repo, "check", SHAPE)


def test_a_refusal_names_file_code_and_way_out(at: Board) -> None:
    repo = at("tiny-working")
    must(repo, "artifact", "new", "brief")
    out = run_cli(repo, "artifact", "record", "--all", check_code=3).stdout
    assert out.startswith("✗ not recorded (1 finding)\n")
    assert f"  {PATH}:3  VT203  still the template" in out and "  why   agenticops explain VT203\n" in out


def test_too_large(at: Board) -> None:
    repo = at("tiny-working")
    text = (repo / "config/pipeline.yml").read_text()
    write(repo, "config/pipeline.yml", text.replace("headings: [Goal]", "headings: [Goal]\n    max_bytes: 30"))
    write(repo, PATH, BRIEF)
    assert codes(repo, "artifact", "check") == ["VT209"]


@pytest.mark.parametrize("name", ["brief", "brief.md", "142/brief.md", PATH])
def test_an_artifact_is_named_by_name_or_end_of_path(at: Board, name: str) -> None:
    assert data(at("tiny-working"), "artifact", "new", name)["path"] == PATH


def test_new_never_overwrites(at: Board) -> None:
    repo = at("tiny-working")
    write(repo, PATH, "mine")
    assert "it is not overwritten" in refused(repo, "artifact", "new", "brief", code=5)
    assert (repo / PATH).read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("new", "sketch"), "owes no artifact 'sketch'"),
        (("check", "plan"), "it owes: brief"),
        (("record",), "name the artifacts, or say --all"),
        (("record", "brief", "--all"), "name the artifacts, or say --all"),
        (("keep", "brief"), "missing option '--reason'"),
    ],
)
def test_calls_that_cannot_be_meant(at: Board, arguments: tuple[str, ...], words: str) -> None:
    repo = at("tiny-working")
    assert words in refused(repo, "artifact", *arguments, code=2)
    assert status(repo) == ""


def test_without_template_new_says_so(at: Board) -> None:
    repo = at("tiny-working")
    (repo / "docs/templates/brief.md").unlink()
    err = refused(repo, "artifact", "new", "brief")
    assert "there is no template for brief" in err and "at    docs/templates/brief.md" in err


def test_a_later_visit_wants_other_work_or_a_reason(at: Board) -> None:
    repo = at("tiny-build")
    must(repo, "advance", "--to", "shape")
    again = f"{SHAPE}-2"
    must(repo, "begin", again)
    assert "VT210" in codes(repo, "check", again)
    (finding,) = data(repo, "artifact", "record", "brief", code=3)["findings"]
    assert (finding["code"], finding["message"]) == ("VT212", f"unchanged since {SHAPE}")
    assert "artifact keep brief --reason" in finding["hint"]
    assert "reason" in refused(repo, "artifact", "keep", "brief", "--reason", " ", code=2)
    out = run_cli(repo, "artifact", "keep", "brief", "--reason", "still true").stdout
    assert out.startswith("✓ kept brief") and events(repo, "artifact_kept")[0]["data"]["reason"] == "still true"
    assert not {"VT210", "VT211", "VT212"} & set(codes(repo, "check", again))
    write(repo, PATH, BRIEF + "\nNews.\n")
    assert "no earlier visit recorded this very content" in refused(repo, "artifact", "keep", "brief", "--reason", "x")
    must(repo, "artifact", "record", "brief")


def test_keep_wants_something_to_keep(at: Board) -> None:
    repo = at("tiny-working")
    assert "there is nothing to keep" in refused(repo, "artifact", "keep", "brief", "--reason", "x")
    write(repo, PATH, BRIEF)
    assert "no earlier visit" in refused(repo, "artifact", "keep", "brief", "--reason", "x")


def test_inputs_of_the_next_phase_are_checked_on_the_way(at: Board) -> None:
    repo = at("tiny-build")
    pipeline = (repo / "config/pipeline.yml").read_text()
    write(repo, "config/pipeline.yml", pipeline.replace("  ship:\n", "  ship:\n    inputs: [brief]\n"))
    write(repo, PATH, BRIEF + "\nChanged in secret.\n")
    (finding,) = data(repo, "advance", "--to", "ship", code=3)["verdict"]["findings"]
    assert (finding["code"], finding["path"]) == ("VT214", PATH)
    assert f"ship needs brief, which changed after {SHAPE} recorded it" in finding["message"]
    (repo / PATH).unlink()
    assert codes(repo, "advance", "--to", "ship") == ["VT213"]


def test_every_type_of_the_software_train_has_an_honest_template(at: Board) -> None:
    """The templates are refused, the fillers are taken: contracts are neither blind nor impossible."""
    repo = at("working")
    phases = data(repo, "pipeline", "show")["phases"]
    must(repo, "work", "new", "--kind", "Task", "--title", "x", "--issue", "7")
    for phase in list(phases)[1:]:
        item = data(repo, "work", "new", "--kind", "Task", "--title", phase, "--start", "--phase", phase)["ticket"]
        for name in item["artifacts"]:
            must(repo, "artifact", "new", name, "--ticket", item["id"])
            assert data(repo, "artifact", "check", name, "--ticket", item["id"], code=3)["findings"]
            filled(repo, name, item["item"])
            assert data(repo, "artifact", "check", name, "--ticket", item["id"])["findings"] == []
    assert [f for f in codes(repo, "check", FIRST) if f == "VT201"] == ["VT201", "VT201"]
    assert BUILD not in must(repo, "ticket", "list")
