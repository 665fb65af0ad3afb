"""Reacting: each event once, whole firings, loops cut, nothing lost or done twice."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from agenticops.core.rules import file
from agenticops.core.rules.trigger import happening
from agenticops.errors import StateError
from agenticops.flows.rules import react, standing
from agenticops.flows.workflow import instances
from agenticops.model.event import Draft
from agenticops.workspace import Workspace
from tests.ruled import RULES, change, entity, kinds, make, of_kind, ruled
from tests.support import commit_all, git, replace_file, thorough, workspace, write

COUNT = """\
- {code: note, when: {entity: task, to: Done}, actions: [{type: create_entity, entity: note, name: "of {{name}}"}]}
"""


def test_without_rule_files_nothing_is_read(repo: Path) -> None:
    here = workspace(repo)
    assert react.react(here) == []
    assert here._index is None, "not even the index was opened"


def test_a_rule_counts_from_where_it_was_seen(repo: Path) -> None:
    before = make(workspace(repo), "task")
    change(workspace(repo), before.id, status="Done")
    here = ruled(repo, COUNT)
    assert react.react(here) == [] and of_kind(here, "entity_created")[0].subject == f"entity/{before.id}"
    change(here, before.id, status="Doing")
    change(here, before.id, status="Done")
    assert kinds(react.react(here)) == [("note", "done")]
    assert react.react(here) == []


def test_a_rule_that_is_written_otherwise_counts_from_there(repo: Path) -> None:
    here = ruled(repo, COUNT)
    task = make(here, "task")
    change(here, task.id, status="Done")
    write(repo, RULES, COUNT.replace("to: Done", "to: Ready"))
    assert react.react(workspace(repo)) == []
    whys = [event.data["why"] for event in of_kind(here, "rule_enabled")]
    assert whys == ["seen", "changed"]
    change(here, task.id, status="Ready")
    assert len(react.react(workspace(repo))) == 1


def test_what_a_firing_writes_says_so_and_is_one_transaction(repo: Path) -> None:
    here = ruled(repo, COUNT)
    task = make(here, "task", "Roof")
    done = change(here, task.id, status="Done")
    (firing,) = react.react(here)
    assert firing.id == react.firing_id("note", done.id) and firing.depth == 1
    fired = here.log.of_subject(f"firing/{firing.id}")[0]
    assert (fired.data["rule"], fired.data["event"], fired.data["outcome"]) == ("note", done.id, "done")
    (name,) = firing.actions[0].what
    note = entity(here, name)
    assert (note.kind, note.name, note.parent) == ("note", "of Roof", task.id)
    assert here.log.of_subject(f"entity/{name}")[0].data["by"] == firing.id


def test_the_cursor_may_be_lost(repo: Path) -> None:
    here = ruled(repo, COUNT)
    task = make(here, "task")
    change(here, task.id, status="Done")
    react.react(here)
    here.index.close()
    shutil.rmtree(repo / ".git" / "agenticops")
    assert react.react(workspace(repo)) == []
    assert len(of_kind(workspace(repo), "rule_fired")) == 1


def test_order_then_code(repo: Path) -> None:
    text = "".join(
        f"- {{code: {code}, order: {order}, when: {{entity: task}}, actions: [{{type: open_risk, title: {code}}}]}}\n"
        for code, order in (("b", 0), ("a", 0), ("z", -5))
    )
    here = ruled(repo, text)
    make(here, "task")
    assert [one.rule for one in react.react(here)] == ["z", "a", "b"]


FAILS = """\
- code: fails
  when: {entity: task}
  actions:
    - {type: create_entity, entity: note}
    - {type: update_field, target: parent, field: status, value: X}
    - {type: create_entity, entity: note}
"""


def test_a_failing_action_fails_the_whole_firing_once(repo: Path) -> None:
    here = ruled(repo, FAILS)
    make(here, "task")
    (firing,) = react.react(here)
    assert firing.outcome == "failed" and "has no parent" in firing.why and "rule fails, action 2" in firing.why
    assert [one.outcome for one in firing.actions] == ["skipped", "failed", "skipped"]
    assert [e.data["entity"] for e in of_kind(here, "entity_created")] == ["task"]
    assert react.react(here) == [] and len(of_kind(here, "rule_fired")) == 1


def test_a_look_up_of_nothing_fails(repo: Path) -> None:
    here = ruled(repo, COUNT.replace("{{name}}", "{{customer.name}}"))
    change(here, make(here, "task").id, status="Done")
    (firing,) = react.react(here)
    assert firing.outcome == "failed" and "{{customer.name}} names nothing" in firing.why


def test_a_rule_that_would_write_a_secret_fails_and_the_others_do_not(repo: Path) -> None:
    text = COUNT.replace("code: note", "code: leaks").replace("of {{name}}", "{{token}}")
    here = ruled(repo, text + COUNT)
    with here.transaction("sneak") as tx:
        tx.append(Draft("entity_created", "entity/e000000000001", data={"entity": "task", "fields": {}}))
    shard = next((repo / ".agenticops/events").rglob("*.jsonl"))
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    replace_file(shard, shard.read_text().replace('"fields":{}', f'"fields":{{"token":"{secret}"}}'))
    here = workspace(repo)
    with here.transaction("done") as tx:
        data = {"entity": "task", "fields": {"status": "Done"}, "was": {}}
        tx.append(Draft("entity_updated", "entity/e000000000001", data=data))
    assert sorted(kinds(react.react(here))) == [("leaks", "failed"), ("note", "done")]
    assert react.react(here) == []
    assert secret not in "".join(str(e.data) for e in of_kind(here, "rule_fired"))


SELF = """\
- {code: again, when: {entity: task, action: update}, actions: [{type: create_entity, entity: note},
   {type: update_field, field: n, value: "{{event.id}}"}]}
"""


def test_a_rule_that_triggers_itself_is_cut(repo: Path) -> None:
    here = ruled(repo, SELF)
    change(here, make(here, "task").id, status="Doing")
    done = react.react(here)
    assert kinds(done) == [("again", "done"), ("again", "cut")]
    (cut,) = of_kind(here, "rule_cut")
    assert cut.data["why"] == "self" and cut.subject == f"firing/{done[1].id}"
    assert react.react(here) == []


PING_PONG = """\
- {code: ping, when: {entity: task, field: ball}, actions: [{type: update_field, field: bat, value: "{{event.id}}"}]}
- {code: pong, when: {entity: task, field: bat}, actions: [{type: update_field, field: ball, value: "{{event.id}}"}]}
"""


def test_two_rules_that_play_ping_pong_are_cut(repo: Path) -> None:
    here = ruled(repo, PING_PONG)
    change(here, make(here, "task").id, ball="x")
    assert kinds(react.react(here)) == [("ping", "done"), ("pong", "done"), ("ping", "cut")]
    assert of_kind(here, "rule_cut")[0].data["why"] == "loop"


def test_a_chain_is_no_longer_than_eight(repo: Path) -> None:
    text = "".join(
        f"- {{code: r{n}, when: {{entity: task, field: f{n}}},"
        f" actions: [{{type: update_field, field: f{n + 1}, value: 1}}]}}\n"
        for n in range(10)
    )
    here = ruled(repo, text)
    change(here, make(here, "task").id, f0=1)
    done = react.react(here)
    assert [one.outcome for one in done] == ["done"] * 8 + ["cut"]
    assert [one.depth for one in done] == list(range(1, 10))
    assert of_kind(here, "rule_cut")[0].data["why"] == "depth"


def test_a_rule_that_waits_for_firings_does_not_feed_on_itself(repo: Path) -> None:
    here = ruled(
        repo, COUNT + "- {code: watch, when: {event: rule_fired}, actions: [{type: create_entity, entity: x}]}\n"
    )
    change(here, make(here, "task").id, status="Done")
    assert kinds(react.react(here)) == [("note", "done"), ("watch", "done"), ("watch", "cut")]


def test_a_rule_that_ran_as_often_as_it_may_is_deactivated(repo: Path) -> None:
    here = ruled(repo, COUNT.replace("code: note", "code: note, max: 2"))
    for _ in range(4):
        change(here, make(here, "task").id, status="Done")
    assert len(react.react(here)) == 2
    one = standing.named(here, "note")
    assert (one.state, one.why, one.executions, one.counts) == ("rule_disabled", "max", 2, False)
    change(here, make(here, "task").id, status="Done")
    assert react.react(here) == []
    standing.switch(here, "note", standing.ENABLED)
    assert react.react(here) == [], "what happened meanwhile is not made up for"
    change(here, make(here, "task").id, status="Done")
    assert len(react.react(here)) == 1
    one = standing.named(here, "note")
    assert (one.executions, one.spent) == (3, 1) and len(of_kind(here, "rule_disabled")) == 1


def test_a_disabled_rule_handles_nothing_not_even_later(repo: Path) -> None:
    here = ruled(repo, COUNT)
    standing.switch(here, "note", standing.DISABLED, "no")
    change(here, make(here, "task").id, status="Done")
    assert react.react(here) == []
    standing.switch(here, "note", standing.ENABLED)
    here.index.close()
    shutil.rmtree(repo / ".git" / "agenticops")
    assert react.react(workspace(repo)) == []


def test_the_file_may_switch_a_rule_off_and_on(repo: Path) -> None:
    here = ruled(repo, COUNT)
    off = COUNT.replace("code: note", "code: note, active: false")
    write(repo, RULES, off)
    change(here, make(here, "task").id, status="Done")
    assert react.react(workspace(repo)) == [] and standing.named(here, "note").state == "rule_disabled"
    write(repo, RULES, COUNT)
    assert react.react(workspace(repo)) == [] and standing.named(here, "note").counts


def test_conditions_are_asked_of_the_state_at_the_event(repo: Path) -> None:
    here = ruled(repo, COUNT.replace("to: Done}", "to: Done}, conditions: {size: 1}"))
    first, second = make(here, "task", size=1), make(here, "task", size=2)
    for task, later in ((first, 2), (second, 1)):
        change(here, task.id, status="Done")
        change(here, task.id, size=later)
    (firing,) = react.react(here)
    assert firing.subject == f"entity/{first.id}"


def test_conditions_over_linked_entities_and_changes(repo: Path) -> None:
    text = COUNT.replace(
        "to: Done}",
        "to: Done}, conditions: {all: [{field: project.vip, eq: true}, {field: status, changed_from: Doing}]}",
    )
    here = ruled(repo, text)
    vip, other = make(here, "project", vip=True), make(here, "project", vip=False)
    for project in (vip, other):
        task = make(here, "task", status="Doing", parent=project.id)
        change(here, task.id, status="Done")
    assert len(react.react(here)) == 1


def test_a_rule_that_is_switched_off_while_others_react_does_nothing_more(repo: Path) -> None:
    here = ruled(repo, COUNT)
    event = change(here, make(here, "task").id, status="Done")
    job = react.Job(standing.named(here, "note").rule, happening(event), event.id)
    standing.switch(workspace(repo), "note", standing.DISABLED)
    assert react.handle(here, [job]) == []
    standing.switch(workspace(repo), "note", standing.ENABLED)
    assert react.handle(here, [job]) == [], "it counts from then on"


BRANCHES = """\
- {code: note, when: {entity: task, to: Done}, actions: [{type: create_entity, entity: note},
   {type: open_risk, title: Late}]}
"""


def test_two_branches_that_handle_one_event_did_it_once(repo: Path) -> None:
    here = ruled(repo, BRANCHES)
    task = make(here, "task")
    change(here, task.id, status="Done")
    commit_all(repo)
    git(repo, "branch", "side")
    (mine,) = react.react(workspace(repo))
    commit_all(repo)
    git(repo, "switch", "--quiet", "side")
    (theirs,) = react.react(workspace(repo))
    commit_all(repo)
    assert mine.id == theirs.id and mine.actions == theirs.actions
    git(repo, "merge", "--quiet", "-m", "both", "main")
    merged = workspace(repo)
    assert react.react(merged) == []
    assert len(of_kind(merged, "rule_fired")) == 2
    one = standing.named(merged, "note")
    assert one.executions == 1
    notes = merged.index.rows("SELECT id FROM entity WHERE kind='note'")
    assert notes == [(mine.actions[0].what[0],)]
    assert len(list((repo / "docs/risks").iterdir())) == 1


STEPS = """\
- {code: begun, when: {entity: workflow, action: create}, actions: [{type: create_entity, entity: note}]}
- {code: sent, when: {entity: workflow, to: "2"}, actions: [{type: send_email, to: a@example.org, text: Hello}]}
- {code: quoted, when: {entity: quote, action: create}, actions: [{type: create_entity, entity: call}]}
"""


@pytest.mark.parametrize("first", [True, False], ids=["each-reacts", "the-merge-reacts"])
def test_the_same_step_on_two_branches_fires_once(repo: Path, first: bool) -> None:
    here = ruled(repo, STEPS)
    flow = instances.start(here, "HS_STD")
    react.react(here)
    commit_all(repo)
    git(repo, "branch", "side")
    for branch in ("main", "side"):
        git(repo, "switch", "--quiet", branch)
        instances.transition(workspace(repo), flow.id, "quote_generation")
        if first:
            assert kinds(react.react(workspace(repo))) == [("sent", "done"), ("quoted", "done")]
        commit_all(repo)
    git(repo, "merge", "--quiet", "-m", "both", "main")
    merged = workspace(repo)
    assert kinds(react.react(merged)) == ([] if first else [("sent", "done"), ("quoted", "done")])
    assert len(of_kind(merged, "state_transition")) == 2, "one of each branch"
    assert merged.index.value("SELECT COUNT(*) FROM outbox") == 1
    assert merged.index.value("SELECT COUNT(*) FROM entity WHERE kind='call'") == 1
    assert {one.rule.code: one.executions for one in standing.every(merged, counted=True)} == {
        "begun": 1,
        "sent": 1,
        "quoted": 1,
    }


def test_what_a_merge_brings_is_handled_though_its_numbers_are_lower(repo: Path) -> None:
    here = ruled(repo, COUNT)
    task = make(here, "task")
    commit_all(repo)
    git(repo, "switch", "--quiet", "--create", "side")
    change(workspace(repo), task.id, status="Done")
    commit_all(repo)
    git(repo, "switch", "--quiet", "main")
    here = workspace(repo)
    for _ in range(5):
        make(here, "quote")
    react.react(here)
    commit_all(repo)
    git(repo, "merge", "--quiet", "-m", "side", "side")
    assert kinds(react.react(workspace(repo))) == [("note", "done")]


def test_what_happened_while_the_file_of_a_rule_was_away_is_handled_when_it_is_back(repo: Path) -> None:
    here = ruled(repo, COUNT)
    task = make(here, "task")
    (repo / RULES).rename(repo / "rules.yml")
    write(
        repo, f"{file.FOLDER}/other.yml", "- {code: other, when: {entity: x}, actions: [{type: open_risk, title: x}]}\n"
    )
    change(workspace(repo), task.id, status="Done")
    assert react.react(workspace(repo)) == []
    (repo / "rules.yml").rename(repo / RULES)
    assert kinds(react.react(workspace(repo))) == [("note", "done")], "as on a clone that had the file all along"
    assert react.react(workspace(repo)) == []


def test_a_half_written_shard_stops_it_and_nothing_is_done(repo: Path) -> None:
    here = ruled(repo, COUNT)
    change(here, make(here, "task").id, status="Done")
    shard = next((repo / ".agenticops/events").rglob("*.jsonl"))
    whole = shard.read_text()
    write(repo, f"{shard.relative_to(repo).parent}/01jbroken0000000000000000000.jsonl", '{"id":"01J')
    with pytest.raises(StateError, match="not an event") as error:
        react.react(workspace(repo))
    assert error.value.place.endswith(".jsonl:1")
    assert shard.read_text() == whole
    (shard.parent / "01jbroken0000000000000000000.jsonl").unlink()
    assert len(react.react(workspace(repo))) == 1


def test_a_broken_rule_file_stops_it_and_the_event_stays_pending(repo: Path) -> None:
    here = ruled(repo, COUNT)
    change(here, make(here, "task").id, status="Done")
    write(repo, f"{file.FOLDER}/broken.yml", "when: nothing\n")
    with pytest.raises(StateError) as error:
        react.react(workspace(repo))
    assert error.value.place == "config/rules/broken.yml:1"
    (repo / file.FOLDER / "broken.yml").unlink()
    assert len(react.react(workspace(repo))) == 1


def test_two_rules_of_one_code_are_refused(repo: Path) -> None:
    ruled(repo, COUNT)
    write(repo, f"{file.FOLDER}/other.yml", COUNT)
    with pytest.raises(StateError, match="that of two rules"):
        react.react(workspace(repo))


def storm(here: Workspace, count: int) -> None:
    """Let the same happen to many tasks, one event each."""
    for start in range(0, count, 500):
        with here.transaction("storm") as tx:
            for n in range(start, min(start + 500, count)):
                data = {"entity": "task", "status": "New", "name": f"task {n}", "fields": {"size": n}}
                tx.append(Draft("entity_created", f"entity/e{n:012}", data=data))


STORM = "- {code: note, when: {entity: task}, actions: [{type: create_entity, entity: note}]}\n"


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=thorough)])
def test_many_events_that_match_at_once(repo: Path, count: int) -> None:
    here = ruled(repo, STORM)
    storm(here, count)
    done = react.react(here)
    assert len(done) == count == len({one.id for one in done})
    assert [one.event for one in done] == [e.id for e in of_kind(here, "entity_created")[:count]]
    assert here.index.value("SELECT COUNT(*) FROM entity WHERE kind='note'") == count
    assert react.react(here) == []


def test_a_crash_in_the_middle_loses_nothing_and_doubles_nothing(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = ruled(repo, STORM)
    storm(here, 250)
    whole = react.handle
    calls: list[int] = []

    def crash(*arguments: object) -> object:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return whole(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(react, "handle", crash)
    with pytest.raises(KeyboardInterrupt):
        react.react(here)
    monkeypatch.undo()
    assert len(of_kind(here, "rule_fired")) == react.BATCH
    react.react(workspace(repo))
    assert len(of_kind(workspace(repo), "rule_fired")) == 250
