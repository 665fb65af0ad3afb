"""Finding templates of any version, judging, importing, and migrating instances."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agenticops.core.workflow import templates as reading
from agenticops.core.workflow.templates import digest, write
from agenticops.errors import ConflictError, StateError, TrainError, UsageError
from agenticops.flows import judge
from agenticops.flows.workflow import authoring, migrate, templates
from agenticops.model.event import Draft
from agenticops.model.layout import WORKFLOWS
from agenticops.model.workflow import Edge, State, Template
from tests.stations import Board
from tests.support import commit_all, git, workspace
from tests.support import write as put

FILE = f"{WORKFLOWS}/roof.yml"


def roof(version: str = "1", middle: str = "quoted", **fields: Any) -> Template:
    """A template of three states; `middle` is the name of the one between start and end."""
    states = {
        "called": State("called", "called", days=1.0, next=(Edge(middle),)),
        middle: State(middle, middle, days=1.0, next=(Edge("roofed"),)),
        "roofed": State("roofed", "roofed", terminal=True, success=True),
    }
    usual = {"code": "ROOF", "name": "Roof", "sector": "Roofing", "version": version, "start": "called", "path": FILE}
    return Template(**{**usual, "states": states, **fields})


def started(repo: Path, id: str, template: Template, state: str = "called") -> None:
    """Start an instance as the log has it."""
    data = {"to": state, "template": template.code, "version": template.version, "digest": digest(template)}
    with workspace(repo).transaction("test") as tx:
        tx.append(Draft("workflow_started", f"instance/{id}", data=data))


def test_what_is_packaged_counts_where_the_repository_has_none(at: Board) -> None:
    repo = at("tiny")
    space = workspace(repo)
    found = templates.every(space)
    assert list(found) == ["CONST_RES", "ELEC_COMM", "HS_STD", "HVAC_EMERG", "PLUMB_MAINT"]
    assert templates.of(space, "HS_STD") == found["HS_STD"] and not templates.is_own(found["HS_STD"])
    own = msgspec.structs.replace(found["HS_STD"], name="Ours", version="0.1")
    put(repo, f"{WORKFLOWS}/hs.yml", write(own))
    again = workspace(repo)
    assert templates.of(again, "HS_STD").name == "Ours" == templates.every(again)["HS_STD"].name
    assert templates.of(again, "HS_STD", "1.0") == found["HS_STD"]
    assert templates.of(again, "HS_STD", "1.0", digest(found["HS_STD"])) == found["HS_STD"]


def test_versions_stand_side_by_side(at: Board) -> None:
    repo = at("tiny")
    put(repo, FILE, write(roof("1.9")))
    put(repo, f"{WORKFLOWS}/roof-2.yml", write(roof("1.10", "visited")))
    put(repo, f"{WORKFLOWS}/roof-3.yml", write(roof("2", active=False)))
    space = workspace(repo)
    assert templates.of(space, "ROOF").version == "1.10"
    assert templates.of(space, "ROOF", "1.9").version == "1.9"
    assert templates.of(space, "ROOF", "2").active is False
    with pytest.raises(UsageError, match="no version 3 of ROOF"):
        templates.of(space, "ROOF", "3")
    with pytest.raises(UsageError, match="no workflow template 'NONE'"):
        templates.of(space, "NONE")


def test_an_older_text_is_found_in_the_history_of_git(at: Board) -> None:
    repo = at("tiny")
    old = roof()
    put(repo, FILE, write(old))
    commit_all(repo)
    put(repo, FILE, "phases: [\n")
    commit_all(repo)
    put(repo, FILE, write(roof("2", "visited")))
    commit_all(repo)
    space = workspace(repo)
    assert templates.of(space, "ROOF", "1") == old
    assert templates.of(space, "ROOF", "1", digest(old)) == old
    git(repo, "update-ref", "-d", "HEAD")
    assert templates.of(workspace(repo), "ROOF", "1", digest(old)) == old, "it is kept in the index"
    with pytest.raises(StateError, match="in no file and no commit") as e:
        templates.of(space, "ROOF", "1", "0" * 64)
    assert "template migrate ROOF --from 1" in e.value.hint


def test_a_broken_file_stops_only_those_that_need_it(at: Board) -> None:
    repo = at("tiny")
    put(repo, FILE, "code: ROOF\nphases: [\n")
    space = workspace(repo)
    assert "ROOF" not in templates.every(space)
    assert templates.of(space, "HS_STD").code == "HS_STD"
    with pytest.raises(StateError) as e:
        templates.of(space, "ROOF")
    assert e.value.place.startswith(FILE)


def test_a_file_is_parsed_once_and_again_when_it_changed(at: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = at("tiny")
    put(repo, FILE, write(roof()))
    first = templates.of(workspace(repo), "ROOF")
    with monkeypatch.context() as patch:
        patch.setattr(reading, "read", lambda *_: pytest.fail("it was parsed again"))
        assert templates.of(workspace(repo), "ROOF") == first
    put(repo, FILE, write(roof(name="Other")))
    assert templates.of(workspace(repo), "ROOF").name == "Other"


def test_the_text_of_an_instance_is_found_where_it_was_and_where_it_went(at: Board) -> None:
    repo = at("tiny")
    old = roof()
    put(repo, FILE, write(old))
    put(repo, f"{WORKFLOWS}/a-broken.yml", "code: ROOF\nphases: [\n")
    with pytest.raises(StateError):
        templates.of(workspace(repo), "ROOF", "1", digest(old))
    (repo / f"{WORKFLOWS}/a-broken.yml").unlink()
    assert templates.of(workspace(repo), "ROOF", "1", digest(old)) == old
    put(repo, f"{WORKFLOWS}/a-broken.yml", "code: ROOF\nphases: [\n")
    assert templates.of(workspace(repo), "ROOF", "1", digest(old)) == old, "its file alone is read"
    (repo / f"{WORKFLOWS}/a-broken.yml").unlink()
    (repo / FILE).rename(repo / f"{WORKFLOWS}/other.yml")
    put(repo, FILE, write(roof("2", "visited")))
    found = templates.of(workspace(repo), "ROOF", "1", digest(old))
    assert (found.path, found.states) == (f"{WORKFLOWS}/other.yml", old.states)


def test_the_repository_comes_first_though_a_packaged_text_was_used(at: Board) -> None:
    repo = at("tiny")
    packaged = templates.of(workspace(repo), "HS_STD")
    name = digest(packaged)
    assert templates.of(workspace(repo), "HS_STD", "1.0", name) == packaged
    put(repo, f"{WORKFLOWS}/hs.yml", write(msgspec.structs.replace(packaged, name="Ours")))
    assert templates.of(workspace(repo), "HS_STD", "1.0", name).name == "Ours"


def test_check_reports_the_errors_and_lint_the_warnings_too(at: Board) -> None:
    repo = at("tiny")
    assert judge.workflows(workspace(repo).train) == []
    text = write(roof())
    put(repo, FILE, text.replace("days: 1\n    next:\n      - roofed", "next:\n      - roofed", 1))
    put(repo, f"{WORKFLOWS}/b.yml", "code: [\n")
    space = workspace(repo)
    assert {(f.code, f.path) for f in judge.workflows(space.train)} == {
        ("VT512", FILE),
        ("VT304", f"{WORKFLOWS}/b.yml"),
    }
    assert {f.code for f in judge.train(space).findings} >= {"VT512", "VT304"}
    assert [f.code for f in authoring.judge(space, "ROOF")] == ["VT512"]
    assert authoring.judge(space, "HS_STD") == []


SEED: dict[str, Any] = {
    "workflow_version": "1.0",
    "states": [
        {"id": 0, "name": "lead", "parent_ids": [1], "child_ids": [1], "avg_duration_days": 2},
        {"id": 1, "name": "won", "parent_ids": [0], "child_ids": [], "terminal_flag": True, "success": True},
    ],
}
HEAD = {"code": "SEED", "name": "Seed", "sector": "S"}


def test_an_import_repairs_parents_and_overwrites_nothing(at: Board) -> None:
    repo = at("tiny")
    data = json.dumps(SEED).encode()
    dry = authoring.bring(workspace(repo), data, "x.json", HEAD, dry_run=True)
    assert not dry.written and not (repo / WORKFLOWS).exists()
    done = authoring.bring(workspace(repo), data, "x.json", HEAD)
    assert done.written and done.paths == (f"{WORKFLOWS}/seed.yml",)
    assert [f.message for f in done.repaired] == ["SEED: state 0 (lead): its parents are [], not [1]"]
    space = workspace(repo)
    assert authoring.judge(space) == [] and templates.of(space, "SEED").numbered
    twice = authoring.bring(workspace(repo), data, "x.json", HEAD)
    assert not twice.written and [f.code for f in twice.findings] == ["VT517"]
    second = authoring.bring(workspace(repo), json.dumps({**SEED, "workflow_version": "2"}).encode(), "x.json", HEAD)
    assert second.paths == (f"{WORKFLOWS}/seed-2.yml",)
    put(repo, f"{WORKFLOWS}/seed-3.yml", "# mine\n")
    with pytest.raises(ConflictError, match="already"):
        authoring.bring(workspace(repo), json.dumps({**SEED, "workflow_version": "3"}).encode(), "x.json", HEAD)
    assert (repo / WORKFLOWS / "seed-3.yml").read_text() == "# mine\n"


def test_what_has_faults_is_not_imported(at: Board) -> None:
    repo = at("tiny")
    circle = json.loads(json.dumps(SEED))
    circle["states"][1] |= {"child_ids": [0]}
    found = authoring.bring(workspace(repo), json.dumps(circle).encode(), "x.json", HEAD)
    assert not found.written and "VT508" in {f.code for f in found.findings}
    assert not (repo / WORKFLOWS).exists()
    with pytest.raises(UsageError, match="holds 2 templates"):
        authoring.bring(workspace(repo), json.dumps([SEED, SEED]).encode(), "x.json", HEAD)


def test_a_new_template_is_sound_and_one_like_another(at: Board) -> None:
    repo = at("tiny")
    assert authoring.begin(workspace(repo), "MINE", "", "").written
    assert authoring.begin(workspace(repo), "HS_OWN", "", "", like="HS_STD").written
    space = workspace(repo)
    assert authoring.judge(space) == []
    own = templates.of(space, "HS_OWN")
    assert len(own.states) == 10 and not own.default and own.name == "Home Services – Standard"
    with pytest.raises(UsageError, match="no workflow template 'NONE'"):
        authoring.begin(space, "X", "", "", like="NONE")
    git(repo, "switch", "--quiet", "-c", "phase/shape_142")
    with pytest.raises(TrainError, match="does not touch"):
        authoring.begin(workspace(repo), "OTHER", "", "")


def test_instances_go_on_by_another_version(at: Board) -> None:
    repo = at("tiny")
    old, new = roof(), roof("2", "visited")
    put(repo, FILE, write(old))
    put(repo, f"{WORKFLOWS}/roof-2.yml", write(new))
    for id, state in (("w1", "called"), ("w2", "quoted"), ("w3", "quoted")):
        started(repo, id, old, state)
    plan = migrate.migrate(workspace(repo), "ROOF", "1", "2", [])
    assert [(w.instance, w.to) for w in plan.ways] == [("w1", "called"), ("w2", ""), ("w3", "")]
    assert "--map quoted=NEW" in plan.ways[1].why and not plan.applied
    assert workspace(repo).log.of_kinds("workflow_migrated") == []
    done = migrate.migrate(workspace(repo), "ROOF", "1", "2", ["quoted=visited"], ["w1", "w2"], apply=True)
    assert [(w.instance, w.to) for w in done.going] == [("w1", "called"), ("w2", "visited")]
    first, second = workspace(repo).log.of_kinds("workflow_migrated")
    assert second.data == {"to": "visited", "from": "quoted", "version": "2", "digest": digest(new)}
    assert first.subject == "instance/w1" and first.prev
    rest = migrate.migrate(workspace(repo), "ROOF", "1", "2", ["quoted=visited"])
    assert [w.instance for w in rest.ways] == ["w3"]
    assert [w.instance for w in migrate.migrate(workspace(repo), "ROOF", "2", "1", []).ways] == ["w1", "w2"]
    with pytest.raises(UsageError, match="w9 is no open instance"):
        migrate.migrate(workspace(repo), "ROOF", "1", "2", [], ["w9"])


def test_instances_of_a_text_that_was_edited_in_place(at: Board) -> None:
    repo = at("tiny")
    lost, now = roof(), roof("1", "visited")
    put(repo, FILE, write(now))
    started(repo, "w1", lost, "quoted")
    started(repo, "w2", lost, "called")
    plan = migrate.migrate(workspace(repo), "ROOF", "1", "1", [])
    assert [(w.instance, w.to) for w in plan.ways] == [("w1", ""), ("w2", "called")]
    plan = migrate.migrate(workspace(repo), "ROOF", "1", "1", ["quoted=visited"])
    assert [(w.instance, w.to) for w in plan.ways] == [("w1", "visited"), ("w2", "called")]


def test_how_instances_ended(at: Board) -> None:
    repo = at("tiny")
    put(repo, FILE, write(roof()))
    assert templates.outcome(workspace(repo), "ROOF") == templates.Outcome(0, None, None)
    for id, end in (("w1", "success"), ("w2", "failure")):
        started(repo, id, roof())
        with workspace(repo, now=1_767_261_600_000 + 86_400_000).transaction("test") as tx:
            tx.append(Draft("state_transition", f"instance/{id}", data={"from": "called", "to": "roofed", "end": end}))
    found = templates.outcome(workspace(repo), "ROOF")
    assert (found.ended, found.success_rate_pct, found.avg_duration_days) == (2, 50.0, 1.0)
