"""The checks `artifacts`, `inputs` and `frozen`: contents, their records, and what changed after."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from agenticops.core.case import Case
from agenticops.core.checks import run
from agenticops.core.checks.inputs import owed
from agenticops.model.event import Event
from agenticops.model.finding import Finding
from agenticops.model.ticket import Ticket
from tests.support import BRIEF, ITEM, TINY, event, ticket, tiny_train

PATH = f"docs/{ITEM}/brief.md"
AGAIN = ticket(id=f"shape_{ITEM}-2")


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def record(one: Ticket, number: int, text: str = BRIEF, kind: str = "artifact_recorded", name: str = "brief") -> Event:
    return event(kind, f"ticket/{one.id}", number, data={"artifact": name, "sha256": sha(text)})


def found(one: Ticket, *events: Event, check: str = "artifacts", **files: Any) -> list[Finding]:
    laid = {k.replace("__", "/"): v for k, v in files.items()}
    return run(check, Case(tiny_train(one, events=events, files=laid), one))


def codes(findings: list[Finding]) -> list[str]:
    return [f.code for f in findings]


def test_a_recorded_artifact_that_satisfies_its_contract() -> None:
    assert found(ticket(), record(ticket(), 1), **{PATH: BRIEF}) == []


def test_missing_comes_alone() -> None:
    assert codes(found(ticket(), record(ticket(), 1))) == ["VT201"]


def test_what_breaks_its_contract_is_not_also_told_to_be_recorded() -> None:
    assert codes(found(ticket(), **{PATH: "# Brief\n"})) == ["VT204"]


def test_changed_since_it_was_recorded() -> None:
    (finding,) = found(ticket(), record(ticket(), 1), **{PATH: BRIEF + "\nMore.\n"})
    assert finding.code == "VT211"
    assert sha(BRIEF)[:8] in finding.message
    assert f"agenticops artifact record brief --ticket {ticket().id}" in finding.hint


def test_the_record_of_another_visit_does_not_count() -> None:
    assert codes(found(AGAIN, record(ticket(), 1), **{PATH: BRIEF})) == ["VT210"]


def test_unchanged_since_an_earlier_visit_until_it_is_kept_for_a_reason() -> None:
    first, second = record(ticket(), 1), record(AGAIN, 2)
    (finding,) = found(AGAIN, first, second, **{PATH: BRIEF})
    assert (finding.code, finding.message) == ("VT212", f"unchanged since {ticket().id}")
    kept = record(AGAIN, 3, kind="artifact_kept")
    assert found(AGAIN, first, second, kept, **{PATH: BRIEF}) == []
    assert codes(found(AGAIN, first, second, kept, **{PATH: BRIEF + "More.\n"})) == ["VT211"]


def test_an_artifact_without_contract() -> None:
    assert codes(found(ticket(artifacts=("ghost",)))) == ["VT604"]


def test_an_optional_artifact_is_judged_only_when_it_is_there() -> None:
    one = ticket(artifacts=(), optional=("brief", "ghost"))
    assert found(one) == []
    assert codes(found(one, **{PATH: "# Brief\n"})) == ["VT204"]


@pytest.mark.parametrize(
    ("events", "files", "code"),
    [
        ((), {}, "VT213"),
        ((), {PATH: BRIEF}, "VT213"),
        ((record(ticket(), 1),), {PATH: BRIEF + "more"}, "VT214"),
        ((record(ticket(), 1),), {PATH: BRIEF}, ""),
    ],
)
def test_inputs_exist_and_are_those_that_were_recorded(events: Any, files: dict[str, str], code: str) -> None:
    findings = found(ticket("build"), *events, check="inputs", **files)
    assert codes(findings) == ([code] if code else [])
    train = tiny_train(ticket("build"), events=events, files=files)  # type: ignore[arg-type]
    assert codes(list(owed(train, train.phase("build"), ITEM))) == codes(findings)


def test_an_input_without_contract_and_a_phase_without_inputs() -> None:
    pipeline = {"config/pipeline.yml": TINY.replace("inputs: [brief]", "inputs: [ghost]")}
    assert codes(found(ticket("build"), check="inputs", **pipeline)) == ["VT604"]
    assert found(ticket(), check="inputs") == []
    assert found(ticket(phase="limbo"), check="inputs") == []


def closed(**digests: str) -> Event:
    return event("ticket_done", f"ticket/{ticket().id}", 5, prev="", data={"to": "done", "files": digests})


def test_the_files_of_a_closed_ticket_stay_as_they_were() -> None:
    done, path = ticket(status="done"), ticket().checklist_path
    end = closed(**{path: sha("as it was")})
    assert found(done, end, check="frozen", **{path: "as it was"}) == []
    changed = found(done, end, check="frozen", **{path: "otherwise"})
    assert [(f.code, f.path) for f in changed] == [("VT310", path)]
    gone = found(done, closed(**{"docs/gone.md": sha("x")}), check="frozen")
    assert "is gone" in gone[0].message
    assert found(ticket(), end, check="frozen", **{path: "otherwise"}) == []


def test_a_closed_ticket_whose_end_names_no_files_is_not_judged() -> None:
    odd = event("ticket_done", f"ticket/{ticket().id}", 5, prev="", data={"to": "done", "files": "all"})
    assert found(ticket(status="done"), odd, check="frozen") == []
    assert found(ticket(status="done"), check="frozen") == []
