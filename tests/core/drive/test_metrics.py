"""Metrics: bounds, levels, the score and what it is explained by."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenticops.core.drive import metrics
from agenticops.core.drive.metrics import Conduct, Reading, ResourceMetrics
from agenticops.core.drive.settings import Levels

NAME = "01K00000000000000000000000"
AT = "2026-01-01T10:00:00.000Z"
CALM = Reading(cpu=50, memory=8000, memory_share=50, disk=100, disk_share=10)


def test_what_is_calm_is_normal_and_best() -> None:
    found = metrics.judge(NAME, AT, CALM, Conduct(2, 60_000, 5.0))
    assert (found.alert_level, found.optimization_score, found.optimization_suggestions) == ("normal", 10.0, ())
    assert (found.agent_id, found.active_sessions, found.response_time, found.error_rate) == (None, 2, 60_000, 5.0)
    assert re.fullmatch(metrics.UUID, found.metric_id)


@pytest.mark.parametrize(
    ("reading", "conduct", "level", "score"),
    [
        (Reading(cpu=90), Conduct(), "warning", 9.0),
        (Reading(cpu=100), Conduct(), "critical", 7.5),
        (Reading(memory_share=95), Conduct(), "emergency", 5.0),
        (Reading(memory_share=96, disk_share=99, cpu=90), Conduct(errors=30), "emergency", 0.0),
        (Reading(), Conduct(errors=50.0), "critical", 7.5),
        (Reading(connections=97), Conduct(), "emergency", 5.0),
        (Reading(), Conduct(response=900_000), "warning", 9.0),
        (Reading(network=100), Conduct(sessions=16), "warning", 8.0),
    ],
)
def test_the_worst_resource_gives_the_level_and_each_one_is_explained(
    reading: Reading, conduct: Conduct, level: str, score: float
) -> None:
    found = metrics.judge(NAME, AT, reading, conduct)
    assert (found.alert_level, found.optimization_score) == (level, score)
    assert len(found.optimization_suggestions) == len(found.levels)
    lost = sum(float(re.search(r"\(-([\d.]+)\)", s)[1]) for s in found.optimization_suggestions)  # type: ignore[index]
    assert found.optimization_score == max(10 - lost, 0)


def test_a_machine_that_idles_while_agents_work_could_do_more() -> None:
    idle = Reading(cpu=5, memory_share=20)
    assert metrics.judge(NAME, AT, idle, Conduct(1)).optimization_suggestions == (
        "cpu 5% at work (-0.5): more agents fit (drive --parallel)",
    )
    assert metrics.judge(NAME, AT, idle, Conduct(0)).optimization_score == 10.0


def test_settings_take_the_place_of_our_levels() -> None:
    found = metrics.judge(NAME, AT, CALM, Conduct(), {"memory": Levels(10, 20, 90)}, "lab")
    assert found.levels == {"memory": "critical"} and found.agent_id == "lab"
    assert found.optimization_suggestions[0].startswith("memory 50%, critical (-2.5): ")


def test_what_is_worst_is_advised_first() -> None:
    found = metrics.judge(NAME, AT, Reading(cpu=90, memory_share=99, disk_share=93), Conduct())
    assert [s.split()[0] for s in found.optimization_suggestions] == ["memory", "disk", "cpu"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cpu_usage", 100.1),
        ("cpu_usage", -1),
        ("error_rate", 101),
        ("optimization_score", 10.1),
        ("memory_usage", -1),
        ("active_sessions", -1),
        ("alert_level", "bad"),
        ("metric_id", "1"),
    ],
)
def test_figures_out_of_bounds_are_refused(field: str, value: object) -> None:
    fields = {**msgspec.to_builtins(metrics.judge(NAME, AT, CALM, Conduct())), field: value}
    with pytest.raises(msgspec.ValidationError, match=field):
        msgspec.convert(fields, ResourceMetrics)


SHARE = st.floats(0, 100)


@given(SHARE, SHARE, SHARE, st.floats(0, 1e6), st.integers(0, 500), st.integers(0, 10**8), SHARE)
def test_every_judgement_is_valid_and_survives_the_log(
    cpu: float, memory: float, disk: float, network: float, count: int, response: int, errors: float
) -> None:
    reading = Reading(cpu, 1, memory, 1, disk, network, count)
    found = metrics.judge(NAME, AT, reading, Conduct(count, response, errors))
    again = msgspec.json.decode(msgspec.json.encode(found), type=ResourceMetrics)
    assert again == found
    assert max([*found.levels.values(), "normal"], key=lambda v: metrics.ALERTS.index(v)) == found.alert_level


def test_what_runs_of_one_agent_use_at_once_is_added_up() -> None:
    one = metrics.judge(NAME, AT, Reading(60, 100, 85, 1, 1, 2, 3), Conduct(1), agent="lab")
    two = metrics.judge(NAME, AT, Reading(98, 50, 10, 1, 1, 2, 4), Conduct(1), agent="lab")
    assert metrics.together([one]) is one
    both = metrics.together([one, two])
    assert (both.cpu_usage, both.memory_usage, both.database_connections, both.active_sessions) == (100, 150, 7, 2)
    assert both.levels == {"memory": "warning", "cpu": "critical"} and both.alert_level == "critical"
    assert (both.optimization_score, both.agent_id) == (two.optimization_score, "lab")
