"""Rule files: ours and the seed's, and every fault with its line."""

from __future__ import annotations

import json

import pytest

from agenticops.core.rules import file
from agenticops.errors import StateError
from agenticops.model.condition import Condition
from agenticops.model.rule import Action, Rule, When

PATH = "config/rules/a.yml"
GOOD = """\
schema: 1

rules:
  - code: done
    name: Tell who waits
    when: {entity: task, to: Done}
    conditions: {assigned_to: any}
    actions:
      - {type: send_notification, recipients: [ada], text: "{{name}} is done"}
"""
SEED = {
    "workflow_name": "Auto-assign PM on Project Create",
    "trigger_entity_type": "project",
    "trigger_action_type": "create",
    "trigger_scope": "all",
    "trigger_conditions": {},
    "action_entity_type": "project",
    "actions": [
        {"type": "update_field", "field": "assigned_to", "value": "james"},
        {"type": "create_entity", "entity_type": "task", "fields": {"name": "Follow up"}},
        {"type": "run_script", "script_id": "custom-script-123"},
    ],
    "execution_order": 3,
    "max_executions": -1,
    "execution_count": 7,
    "last_executed_ts": None,
    "active_flag": True,
}


def read(text: str) -> tuple[Rule, ...]:
    return file.read(text.encode(), PATH)


def test_a_rule_in_our_words() -> None:
    (rule,) = read(GOOD)
    told = {"recipients": ["ada"], "text": "{{name}} is done"}
    assert rule == Rule(
        code="done",
        name="Tell who waits",
        when=When(entity="task", action="status_change", field="status", to="Done"),
        actions=(Action("send_notification", "self", told),),
        conditions=Condition(field="assigned_to", op="exists", value=True),
        path=PATH,
        digest=file.digest(rule),
    )


def test_a_rule_in_the_seeds_json() -> None:
    (rule,) = read(json.dumps(SEED))
    assert (rule.code, rule.order, rule.max, rule.active) == ("auto-assign-pm-on-project-create", 3, -1, True)
    assert rule.when == When(entity="project", action="create")
    assert rule.actions[1].parameters == {"entity": "task", "fields": {"name": "Follow up"}}
    assert rule.actions[2].parameters == {"script": "custom-script-123"}


def test_a_status_is_text_also_where_it_is_the_number_of_a_state() -> None:
    (rule,) = file.read(b"code: a\nwhen: {entity: workflow, from: 1, to: 2}\nactions: [{type: transition}]\n", "a.yml")
    assert (rule.when.before, rule.when.to) == ("1", "2")
    text = b"code: a\nwhen: {entity: quote, field: amount, to: 2}\nactions: [{type: transition}]\n"
    assert file.read(text, "a.yml")[0].when.to == 2


def test_the_seeds_conditions_may_say_from_and_to() -> None:
    seed = {**SEED, "trigger_action_type": "status_change", "trigger_conditions": {"to": "Planning", "size": 3}}
    (rule,) = read(json.dumps(seed))
    assert (rule.when.field, rule.when.to) == ("status", "Planning")
    assert rule.conditions == Condition(field="size", value=3)


def test_a_schedule_of_the_seed() -> None:
    seed = {**SEED, "trigger_action_type": "scheduled", "trigger_conditions": {"cron": "0 9 * * 1"}}
    (rule,) = read(json.dumps(seed))
    assert (rule.when.cron, rule.when.entity, rule.conditions) == ("0 9 * * 1", "project", None)


def test_the_entity_that_is_acted_on() -> None:
    seed = {**SEED, "trigger_entity_type": "quote", "action_entity_type": "order"}
    seed["actions"] = [
        {"type": "create_entity", "fields": {}},
        {"type": "update_field", "field": "status", "value": 1},
        {"type": "update_field", "field": "quote.converted", "value": True},
    ]
    (rule,) = read(json.dumps(seed))
    assert rule.actions[0].parameters["entity"] == "order"
    assert [action.target for action in rule.actions] == ["self", "order", "quote"]
    assert rule.actions[2].parameters["field"] == "converted"


def test_one_rule_alone_and_several_in_a_list() -> None:
    one = {"code": "a", "when": {"event": "ticket_done"}, "actions": [{"type": "open_risk", "title": "x"}]}
    assert [rule.code for rule in read(json.dumps(one))] == ["a"]
    assert [rule.code for rule in read(json.dumps([one, {**one, "code": "b"}]))] == ["a", "b"]


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("to: Done", "action: explode", 6, "unknown trigger 'explode'"),
        ("entity: task, to: Done", "cron: 99 * * * *", 6, "no schedule: bad minute"),
        ("entity: task, to: Done", "cron: '* * * * * *'", 6, "no schedule"),
        ("entity: task, to: Done", "cron: 0 0 30 2 *", 6, "no schedule"),
        ("entity: task, to: Done", "{cron: 0 0 * * *, timezone: Mars/Base}".strip("{}"), 6, "no time zone"),
        ("entity: task, to: Done", "event: nonsense", 6, "no events of the kind 'nonsense'"),
        ("entity: task, to: Done", "action: update", 6, "`entity` names the kind"),
        ("entity: task, to: Done", "entity: task, action: field_change", 6, "which `field`"),
        ("entity: task, to: Done", "entity: task, action: create, to: Done", 6, "`from` and `to`"),
        ("entity: task, to: Done", "entity: task, colour: red", 6, "unknown field 'colour'"),
        ("{assigned_to: any}", "{field: amount, above: 5}", 7, "a comparison wants one operator"),
        ("{assigned_to: any}", "{all: [{field: a, in: 5}]}", 7, "`in` wants a list"),
        ("{assigned_to: any}", '{field: a, matches: "("}', 7, "no pattern"),
        ("type: send_notification", "type: explode", 9, "unknown action 'explode'"),
        ("recipients: [ada], ", "", 9, "send_notification wants `recipients`"),
        ('text: "{{name}} is done"', "txt: x", 9, "takes no `txt`"),
        ("type: send_notification", "target: A B, type: send_notification", 9, "unknown target 'A B'"),
        ("code: done", "code: Not A Code", 4, "is no code"),
        ("name: Tell who waits", "max: 0", 5, "max: 1 or more"),
        ("name: Tell who waits", "order: first", 5, "a whole number"),
        ("name: Tell who waits", "colour: red", 5, "unknown field 'colour'"),
        ("name: Tell who waits", "scope: specific", 5, "names the `ids`"),
        ("name: Tell who waits", "scope: some", 5, "unknown scope"),
        ("schema: 1", "schema: 2", 1, "schema 2 is not known"),
    ],
)
def test_a_fault_has_its_line(old: str, new: str, line: int, says: str) -> None:
    assert old in GOOD
    with pytest.raises(StateError) as error:
        read(GOOD.replace(old, new))
    assert says in error.value.message
    assert error.value.place == f"{PATH}:{line}"
    assert error.value.hint


def test_a_rule_without_actions_or_when() -> None:
    for broken in ({"code": "a"}, {"code": "a", "when": {"event": "ticket_done"}}, 5, {"rules": 5}, {"rules": [5]}):
        with pytest.raises(StateError):
            read(json.dumps(broken))


def test_the_digest_is_of_what_the_rule_says() -> None:
    import msgspec

    (rule,) = read(GOOD)
    again = msgspec.json.decode(msgspec.json.encode(rule), type=Rule)
    moved = msgspec.structs.replace(rule, path="config/rules/other.yml", active=False)
    assert file.digest(rule) == file.digest(again) == file.digest(moved)
    assert file.digest(rule) != file.digest(msgspec.structs.replace(rule, order=1))


def test_what_is_written_reads_back() -> None:
    fields = {
        "code": "a",
        "name": "x",
        "when": {"entity": "task", "action": "create"},
        "conditions": {"all": [{"field": "amount", "gt": 5}]},
        "actions": [{"type": "create_entity", "entity": "note", "fields": {"of": "{{id}}", "list": [1, 2]}}],
    }
    (rule,) = read(file.write(fields))
    assert rule.conditions == Condition(all=(Condition(field="amount", op="gt", value=5),))
    assert rule.actions[0].parameters["fields"] == {"of": "{{id}}", "list": [1, 2]}


def test_two_rules_of_one_code() -> None:
    with pytest.raises(StateError, match="that of two rules"):
        file.twice([*read(GOOD), *read(GOOD)])


def test_what_is_not_declared() -> None:
    text = GOOD.replace("type: send_notification, recipients: [ada], text:", "type: send_email, to: a@b.c, template:")
    (rule,) = read(text.replace("{{name}} is done", "welcome"))
    assert list(file.undeclared(rule, [], [])) == ["action 1: there is no template 'welcome' in config/automation.yml"]
    assert not list(file.undeclared(rule, [], ["welcome"]))
    (rule,) = read(json.dumps(SEED))
    assert "no script 'custom-script-123'" in next(iter(file.undeclared(rule, [], [])))
