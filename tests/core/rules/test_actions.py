"""Parameters of actions: what is missing, misspelt or not to be meant."""

from __future__ import annotations

from typing import Any

import pytest

from agenticops.core.rules import actions

WHOLE: dict[str, dict[str, Any]] = {
    "update_field": {"field": "a", "value": None},
    "create_entity": {"entity": "task"},
    "send_notification": {"recipients": ["ada"], "text": "x"},
    "send_email": {"to": "{{customer.email}}", "text": "x"},
    "call_webhook": {"url": "https://example.org"},
    "run_script": {"script": "a"},
    "create_ticket": {"title": "x"},
    "advance": {},
    "transition": {},
    "open_risk": {"title": "x"},
    "start_workflow": {"template": "a"},
    "run_agent": {"prompt": "x"},
}


def test_each_type_has_parameters() -> None:
    assert set(WHOLE) == set(actions.TYPES) == set(actions.PARAMETERS)


@pytest.mark.parametrize("kind", WHOLE)
def test_what_is_whole_and_what_is_not(kind: str) -> None:
    assert actions.faults(kind, WHOLE[kind]) == []
    assert "takes no `misspelt`" in actions.faults(kind, {**WHOLE[kind], "misspelt": 1})[0]
    if WHOLE[kind]:
        assert actions.faults(kind, {})
    else:
        assert isinstance(actions.told(kind, {}), actions.Told)


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("send_notification", {"recipients": [], "text": "x"}),
        ("send_notification", {"recipients": ["ada"]}),
        ("send_email", {"to": "a@b.c"}),
        ("call_webhook", {"url": "https://a", "method": "EXPLODE"}),
        ("update_field", {"field": " ", "value": 1}),
        ("create_entity", {"entity": "a", "fields": 5}),
        ("open_risk", {"title": "x", "type": "weather"}),
        ("open_risk", {"title": "x", "likelihood": 3}),
    ],
)
def test_what_cannot_be_meant(kind: str, parameters: dict[str, Any]) -> None:
    assert actions.faults(kind, parameters)


def test_what_a_risk_may_say_is_named() -> None:
    (words,) = actions.faults("open_risk", {"title": "x", "severity": "bad"})
    assert words == "open_risk: severity is one of low, medium, high"
    assert actions.faults("open_risk", {"title": "x", "severity": "{{how_bad}}", "type": "data"}) == []


def test_a_number_is_a_word_where_words_are_wanted() -> None:
    parameters = {"to": 4, "data": {"amount": 5}}  # a state by its id, as the automation domain writes it
    assert actions.faults("transition", parameters) == []
    assert actions.told("transition", parameters) == actions.Transition("4", data={"amount": 5})
    assert actions.told("update_field", {"field": "a", "value": 4}) == actions.UpdateField("a", 4)
    assert "likelihood" in actions.faults("open_risk", {"title": "x", "likelihood": [1]})[0]
