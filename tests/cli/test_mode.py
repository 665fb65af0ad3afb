"""`mode show` and `mode enter`."""

from __future__ import annotations

from tests.stations import BUILD, FIRST, SHAPE, Board, data, must, refused
from tests.support import run_cli, status


def test_the_page_has_all_that_an_agent_needs(at: Board) -> None:
    repo = at("working")
    out = run_cli(repo, "mode", "show").stdout
    for words in (
        "mode scope", f"ticket {FIRST}", "phase   requirements", "then    design", "checklist 0/10 required",
        "Entry criteria", "artifacts owed", "requirements", "product/142/requirements/requirements.md", "missing",
        "rules", "Describe the need before any solution.", "tools    Read", "never    NotebookEdit",
        "writes   product/142/", "leads to design", "next  agenticops checklist tick",
    ):  # fmt: skip
        assert words in out, words
    assert out.count("\n") < 60


def test_a_mode_by_name_and_a_ticket_by_name(at: Board) -> None:
    repo = at("working")
    out = run_cli(repo, "mode", "show", "build").stdout
    assert out.startswith("mode build") and "ticket" not in out.splitlines()[0] and "entry\n" in out
    assert data(repo, "mode", "show", FIRST)["ticket"]["id"] == FIRST
    assert data(repo, "mode", "show", "build")["ticket"] is None


def test_an_unknown_one(at: Board) -> None:
    repo = at("working")
    err = refused(repo, "mode", "show", "dance", code=2)
    assert "dance" in err and "scope" in err, "it says which modes there are"
    assert "no ticket is open; name a mode" in refused(at("software"), "mode", "show", code=2)


def test_enter_follows_the_edges_and_back(at: Board) -> None:
    repo = at("working")
    out = run_cli(repo, "mode", "enter", "design").stdout
    assert out.startswith("✓ mode design") and "next  agenticops mode show design" in out
    now = data(repo, "session", "show")["session"]
    assert now["mode"] == "design" and now["allowed_tools"]
    assert data(repo, "mode", "show")["mode"]["name"] == "design"
    assert "design does not lead to operate" in refused(repo, "mode", "enter", "operate")
    must(repo, "mode", "enter", "scope")
    assert data(repo, "session", "show")["session"]["mode"] == "scope"


def test_enter_refuses(at: Board) -> None:
    repo = at("tiny-working")
    err = refused(repo, "mode", "enter", "make")
    assert "plan does not lead to make" in err and "next  from there you may enter plan" in err
    assert "unknown mode 'dance'" in refused(repo, "mode", "enter", "dance")
    assert status(repo) == ""
    assert "no session is open" in refused(at("tiny-opened"), "mode", "enter", "plan")


def test_the_page_of_a_ticket_without_artifacts(at: Board) -> None:
    repo = at("tiny-build")
    must(repo, "advance", "--to", "ship")
    found = data(repo, "mode", "show")
    assert found["artifacts"] == [] and found["ticket"]["id"] != BUILD
    assert "artifacts owed" not in must(repo, "mode", "show")
    assert data(repo, "mode", "show", SHAPE)["next"]["do"].startswith("nothing")
