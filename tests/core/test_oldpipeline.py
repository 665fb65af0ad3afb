"""The older pipeline layout is read as it stands."""

from __future__ import annotations

import pytest

from agenticops.core.documents import read_pipeline
from agenticops.core.oldpipeline import translate
from agenticops.errors import StateError

OLD = """\
name: Refill forecast

artifact_paths:
  default: docs/misc
  modelling: docs/models
  scoping: docs/scope

phases:
  - name: scoping
    agent: onboarder
    mode: scope
    artifacts: [charter.md, questions.csv]
  - id: training
    agent: trainer
    mode: develop
    stage: modelling
    artifacts:
      - training.ipynb
      - metrics
  - name: handover
    agent: trainer
    mode: develop
    artifacts: [readme.md]

modes: [scope]

artifacts:
  metrics:
    path: docs/metrics.json
"""


def test_a_line_of_phases_becomes_a_pipeline() -> None:
    pipeline = read_pipeline(OLD.encode())
    assert (pipeline.name, pipeline.start) == ("Refill forecast", "scoping")
    assert {n: p.next for n, p in pipeline.phases.items()} == {
        "scoping": ("training",),
        "training": ("handover",),
        "handover": (),
    }
    assert pipeline.phases["handover"].done
    assert [p.owner for p in pipeline.phases.values()] == ["onboarder", "trainer", "trainer"]


def test_bare_file_names_get_contracts_below_their_base_folder() -> None:
    pipeline = read_pipeline(OLD.encode())
    assert {n: c.path for n, c in pipeline.artifacts.items()} == {
        "metrics": "docs/metrics.json",
        "charter": "docs/scope/charter.md",
        "questions": "docs/scope/questions.csv",
        "training": "docs/models/training.ipynb",
        "readme": "docs/misc/readme.md",
    }
    assert pipeline.phases["training"].artifacts == ("training", "metrics")
    assert pipeline.phases["training"].stretch == "modelling"


def test_modes_and_agents_that_phases_name_exist() -> None:
    pipeline = read_pipeline(OLD.encode())
    assert set(pipeline.modes) == {"scope", "develop"}
    assert set(pipeline.agents) == {"onboarder", "trainer"}


def test_edges_that_are_there_are_kept() -> None:
    phases = {"a": {"next": ["b", "a"]}, "b": {}}
    assert {n: p.get("next") for n, p in translate({"phases": phases})["phases"].items()} == {
        "a": ["b", "a"],
        "b": None,
    }


def test_what_it_does_not_know_is_refused_by_the_reader() -> None:
    with pytest.raises(StateError, match="colour"):
        read_pipeline(OLD.replace("    mode: scope\n", "    mode: scope\n    colour: red\n").encode())
    with pytest.raises(StateError, match="wishes"):
        read_pipeline((OLD + "wishes: many\n").encode())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("phases: a word\n", "phases: a list"),
        ("phases: {a: [1]}\n", "phases.a: a mapping"),
        ("phases: {a: word}\n", "phases.a: a mapping"),
        ("phases: [{name: a, artifacts: word}]\n", "phases.a.artifacts: a list"),
        ("phases: {a: {next: word}}\n", "phases.a.next"),
        ("artifact_paths: word\n", "artifact_paths: a mapping"),
        ("artifacts: word\n", "artifacts: a mapping"),
        ("artifacts: [a]\n", "artifacts: a mapping"),
        ("modes: word\n", "modes: a list"),
        ("agents: {a: word}\n", "agents.a: a mapping"),
    ],
)
def test_a_wrong_shape_is_named(text: str, words: str) -> None:
    with pytest.raises(StateError, match=words) as caught:
        read_pipeline(f"name: x\n{text}".encode())
    assert caught.value.place == "config/pipeline.yml:1"
