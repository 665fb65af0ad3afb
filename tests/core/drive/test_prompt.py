"""The page of a turn: the task first, what shows it, what was wrong, and nothing of a stranger's words unbounded."""

from __future__ import annotations

from agenticops.core.drive import prompt
from agenticops.core.drive.prompt import Task
from agenticops.core.tokens import estimate
from agenticops.model.checklist import Bullet
from agenticops.model.pipeline import Contract, Mode
from agenticops.model.ticket import Ticket
from agenticops.model.work import WorkItem

ITEM = WorkItem("142", "Task", "Forecast a day", body="Use the ward's data.\n")
TICKET = Ticket("build_142", "142", "build", "make", "maker", "in_progress")
MODE = Mode("make", purpose="Make it", rules=("Test first",))
BULLET = Bullet("k1", "Reproduce the result", "Exit criteria", False, True, 3, 10)


def page(task: Task, item: WorkItem = ITEM) -> str:
    return prompt.write(task, item, TICKET, MODE, ["src/**"])


def test_the_task_comes_first_and_the_bounds_are_there() -> None:
    text = page(prompt.of_bullet(BULLET, None, "", ()))
    assert text.startswith("# Reproduce the result\n")
    for words in ("build_142", "Exit criteria", "`src/**`", "Test first", "NEEDS-PERSON", "Use the ward's data."):
        assert words in text


def test_an_artifact_is_named_with_what_it_owes() -> None:
    contract = Contract("report", "docs/{item}/report.md", "Report", headings=("Goal",), columns=("day",))
    text = page(prompt.of_bullet(BULLET, contract, "docs/142/report.md", ()))
    assert "`docs/142/report.md` is there and holds its contract: Report; headings Goal; columns day" in text
    assert "notes.md" not in text


def test_a_proof_is_run_by_the_train_not_by_the_agent() -> None:
    bullet = Bullet("k1", "Tests pass", "", False, True, 3, 10, proof="unit-tests")
    assert "The check `unit-tests` passes; the train runs it, not you." in page(prompt.of_bullet(bullet, None, "", ()))


def test_what_went_wrong_before_is_told_with_its_number() -> None:
    text = page(
        Task("gate", "Mend it", findings=("VT204 x: no Goal",) * 20, failures=("gate_refused: no", "timeout: 5 s"))
    )
    assert "VT204" in text and "8 more: agenticops check" in text
    assert "- Attempt 2 failed: timeout: 5 s" in text


def test_a_long_issue_is_cut_and_made_harmless() -> None:
    item = WorkItem("142", "Task", "T" * 500, body="\x1b[31mred\u202e\n" + "word " * 100_000)
    text = page(prompt.of_bullet(BULLET, None, "", ()), item)
    assert "\x1b" not in text and "\u202e" not in text
    assert estimate(text) < 2500
