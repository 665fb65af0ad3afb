"""What an agent is told when its session starts: what is in it, and that it keeps its budget in the worst case."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest

from agenticops.core import documents
from agenticops.core.tokens import BUDGET
from agenticops.flows import prime, work
from agenticops.model.work import WorkItem
from tests.stations import FIRST, SHAPE, Board, must
from tests.support import cli, commit_all, workspace, write
from tests.tokenizer import counted

MCP = json.dumps({"mcpServers": {"agenticops": {"command": "agenticops", "args": ["mcp"]}}})
# Texts that tokenizers cut into many pieces.
HARD = (
    "処方箋の補充予測を病棟ごとに毎週見直し、薬剤師の確認を待たずに在庫を手配する仕組みを作る。" * 2,
    "Überprüfungsverfahrensdokumentationsverantwortlichkeit " * 3,
    "Прогноз пополнения запасов лекарств по отделениям больницы " * 3,
    "𠮷野家🚑👩⚕️🏥🧪 " * 10,
    "x9$kQ!z7@Lm#4^ &*()|\\;:'\",.<>/?`~ " * 4,
    "A" * 150,
)
CONTROLS = "\x1b]31m\u202e\u200bzero\u200dwidth " * 10


def told(repo: Path) -> str:
    return prime.text(workspace(repo))[0]


@pytest.fixture(scope="module")
def worst(tmp_path_factory: pytest.TempPathFactory, template: object) -> Path:
    """A software train with forty tickets, long texts in every script, and a session full of everything."""
    import shutil

    repo = tmp_path_factory.mktemp("worst") / "repo"
    shutil.copytree(template("software"), repo)  # type: ignore[operator]
    dice = random.Random(5)
    first = ""
    for number in range(60):
        item = WorkItem("", "PRD", dice.choice(HARD)[:180])
        _, ticket = work.new(workspace(repo), item, start=number < 40)
        first = first or (ticket.id if ticket else "")
    must(repo, "begin", first, "--agent", "onboarder")
    path = repo / "docs/session-context/ACTIVE_SESSION.md"
    names = ("blockers", "next_steps", "decisions")
    lists = {name: [CONTROLS, *(dice.choice(HARD) for _ in range(20))] for name in names}
    todos = [{"id": f"m{n}", "content": dice.choice(HARD)[:150]} for n in range(100)]
    path.write_text(documents.edit_front(path.read_text(), {**lists, "todos": todos}, str(path)))
    checklist = repo / f"tickets/{first}/checklist.md"
    checklist.write_text(checklist.read_text() + "".join(f"\n- [ ] {HARD[n % 4][:60]} {n} *\n" for n in range(200)))
    write(repo, prime.ROADMAP, "# Roadmap\n\n## Now\n\n" + "".join(f"- {HARD[n % 6]}\n" for n in range(80)))
    for number in range(1, 9):
        write(repo, f"{prime.ADRS}/000{number}-x.md", f"# 000{number} · {HARD[number % 6]}\n")
    return repo


@pytest.mark.parametrize("own", [False, True], ids=["our guide", "their guide"])
@pytest.mark.parametrize("mcp", [False, True], ids=["whole", "short"])
def test_the_worst_case_keeps_the_budget(worst: Path, mcp: bool, own: bool) -> None:
    write(worst, ".mcp.json", MCP if mcp else "{}")
    write(worst, prime.OWN_GUIDE, "\n".join((*HARD, CONTROLS)) * 3 if own else "")
    words = told(worst)
    budget = BUDGET["session start, short" if mcp else "session start"]
    assert budget / 2 < counted(words) <= budget
    for kept in ("## Next\n", "Run: agenticops", "onboarder works", "more lines: agenticops session show"):
        assert kept in words
    if not mcp:
        for kept in ("more lines: agenticops status", f"more lines: {prime.ROADMAP}"):
            assert kept in words
    assert all(row.isprintable() for row in words.splitlines())


@pytest.mark.parametrize("broken", range(6))
def test_a_broken_train_keeps_the_budget_too(worst: Path, broken: int) -> None:
    path = worst / "docs/work/142.md"
    path.write_text(f"---\nid: 142\nkind: {HARD[broken]!r}\n---\n")
    try:
        words = told(worst)
    finally:
        path.unlink()
    assert "docs/work/142.md" in words and "## Next\n" in words
    assert counted(words) <= BUDGET["session start"]


def test_every_command_of_the_guide_is_there(at: Board) -> None:
    repo = at("tiny")
    named = {c for row in (*prime.GUIDE, *prime.SHORT_GUIDE) for c in re.findall(r"`agenticops ([a-z ]+[a-z])", row)}
    assert len(named) >= 9
    for command in named:
        code, out, err = cli(repo, *command.split(), "--help")
        assert code == 0, f"{command}: {out}{err}"


def test_a_guide_of_the_users_takes_the_place_of_ours(at: Board) -> None:
    repo = at("tiny-working")
    assert prime.GUIDE[0] in told(repo)
    write(repo, prime.OWN_GUIDE, "Ask Ada \x1b[31m first.\n\nThen \u202e work.\n")
    words = told(repo)
    assert "Ask Ada \\u001b[31m first.\nThen \\u202e work.\n" in words
    assert prime.GUIDE[0] not in words


@pytest.mark.parametrize(
    ("text", "short"),
    [
        (MCP, True),
        ('{"mcpServers": {"other": {}}}', False),
        ('{"mcpServers": []}', False),
        ("no json", False),
        ("[" * 100_000, False),
        ("[]", False),
    ],
    ids=["ours", "others", "list", "broken", "deep", "no mapping"],
)
def test_the_form_is_shorter_where_our_server_is_known(at: Board, text: str, short: bool) -> None:
    repo = at("tiny-working")
    write(repo, ".mcp.json", text)
    words = told(repo)
    assert (prime.SHORT_GUIDE[0] in words) is short
    assert (counted(words) <= 500) or not short


def test_a_plugin_that_brings_the_server_counts_too(at: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = at("tiny-working")
    monkeypatch.setenv("CLAUDE_PLUGIN_ROOT", str(tmp_path / "plugin"))
    assert not prime.served_by_mcp(workspace(repo))
    write(tmp_path / "plugin", ".mcp.json", MCP)
    assert prime.served_by_mcp(workspace(repo))


def test_of_the_session_everything_that_matters_is_told(at: Board) -> None:
    repo = at("working")
    must(repo, "session", "block", "The export is late")
    must(repo, "session", "step", "Ask the ward")
    must(repo, "session", "decide", "Count by week")
    must(repo, "session", "todo", "add", "Read the report")
    words = told(repo)
    for row in (
        f"onboarder works {FIRST} in mode scope (active)",
        "- holds the work: The export is late",
        "- next step: Ask the ward",
        "- decided: Count by week",
        "- to-do (pending): Read the report",
    ):
        assert row in words


def test_a_hand_off_is_told_before_and_after_it_was_taken_up(at: Board) -> None:
    repo = at("working")
    must(repo, "session", "decide", "Count by week")
    must(repo, "handoff", "--to", "evaluator", "--note", "The numbers of March are odd", "--next", "Count again")
    words = told(repo)
    assert f"agenticops begin {FIRST} --agent evaluator" in words and "The numbers of March are odd" in words
    must(repo, "begin", FIRST, "--agent", "evaluator")
    assert "onboarder handed it over: The numbers of March are odd" in told(repo)


def test_roadmap_and_records_are_told(at: Board) -> None:
    repo = at("tiny-working")
    write(
        repo, prime.ROADMAP, "# Roadmap\n\nWhat comes.\n\n## Done\n\n- old\n\n## Now\n\n- forecast\n\n## Later\n\n- x\n"
    )
    for number, title in enumerate(("One", "Two", "Three", "Four"), 1):
        write(repo, f"{prime.ADRS}/000{number}-{title.lower()}.md", f"# 000{number} · {title}\n\nStatus: accepted\n")
    write(repo, f"{prime.ADRS}/README.md", "# Records\n")
    words = told(repo)
    assert "## Roadmap\n- forecast\n" in words
    assert "- 0004 · Four\n- 0003 · Three\n- 0002 · Two\n" in words and "One" not in words
    write(repo, prime.ROADMAP, "# Roadmap\n\n- first\n\n- second\n")
    assert "## Roadmap\n- first\n- second\n" in told(repo)


def test_what_waits_and_what_is_open_is_told(at: Board) -> None:
    repo = at("tiny-opened")
    must(repo, "work", "new", "--kind", "PRD", "--title", "Count the beds", "--issue", "7")
    commit_all(repo)
    words = told(repo)
    assert f"- {SHAPE} todo (planner, 0 of" in words and "- 7 Count the beds" in words


def test_notes_that_were_kept_are_counted(at: Board) -> None:
    repo = at("tiny-working")
    assert "Notes were kept" not in told(repo)
    must(repo, "remember", "The export has gaps")
    assert "Notes were kept (1 for the project): agenticops recall\n" in told(repo)
    must(repo, "remember", "Ask Ada", "--ticket", SHAPE)
    assert f"(1 for the ticket, 1 for the project): agenticops recall --ticket {SHAPE}\n" in told(repo)
