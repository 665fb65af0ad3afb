"""Executables: what a train declares, word by word, with a digest that any change changes."""

from __future__ import annotations

from typing import Any

import pytest

from agenticops.core.executables import configured, executables
from agenticops.model.trust import Executable
from tests.support import TINY, tiny_train

PLACE = "config/pipeline.yml gates.default.checks.1 (checklist)"


def declared(command: str, **files: str) -> Executable:
    checks = f"      - check: checklist\n        command: {command}\n      - check: artifacts\n"
    gate = f"\ngates:\n  default:\n    checks:\n{checks}"
    (found,) = executables(tiny_train(files={"config/pipeline.yml": TINY + gate, **files}))
    assert found.place == PLACE
    return found


def test_a_train_without_commands_declares_nothing() -> None:
    assert executables(tiny_train()) == []


def test_words_and_files_make_the_digest() -> None:
    script: dict[str, Any] = {"scripts/run.sh": "echo 1\n"}
    one = declared("[scripts/run.sh, fast]", **script)
    assert one.argv == ("scripts/run.sh", "fast") and one.files == ("scripts/run.sh",) and not one.refused
    assert declared("[scripts/run.sh, fast]", **script) == one
    assert declared("[scripts/run.sh, slow]", **script).digest != one.digest
    assert declared("[scripts/run.sh, fast]", **{"scripts/run.sh": "echo 2\n"}).digest != one.digest
    assert declared("[./scripts/run.sh, fast]", **script).files == ("scripts/run.sh",)
    assert declared("[python3, scripts/run.sh]", **script).files == ("scripts/run.sh",)
    assert declared("[make, check]").files == ()
    more = declared("[make, check]\n        files: [Makefile]", Makefile="check:\n\ttrue\n")
    assert more.files == ("Makefile",) and more.digest != declared("[make, check]").digest


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("touch x", "a list of words"),
        ("[]", "a list of words"),
        ("[1, 2]", "a list of words"),
        ('[""]', "a list of words"),
        ("{a: b}", "a list of words"),
        ("[sh, -c, touch x]", "a shell"),
        ("[/bin/bash, -ec, touch x]", "a shell"),
        ("[scripts/none.sh]", "the file is not there"),
        ("[../x.sh]", "leaves the repository"),
        ("[make]\n        files: [Makefile]", "the file is not there"),
        ("[make]\n        files: Makefile", "a list of paths"),
    ],
)
def test_what_can_never_run_says_why(command: str, words: str) -> None:
    found = declared(command)
    assert words in found.refused and found.digest == ""


def test_the_clones_configuration_is_listed() -> None:
    (found,) = configured({"filter.x.clean": ("rm -rf ~", "")})
    assert found.place == "git config filter.x.clean" and found.argv == ("rm -rf ~",) and found.digest


DRIVE = """\
schema: 1

providers:
  script:
    command: [scripts/agent.sh, "{model}"]
    models: [{name: small}]
    environment: {TOKEN: "env:TOKEN"}
    files: [scripts/more.sh]
"""


def provider(drive: str = DRIVE, **files: str) -> Executable:
    scripts = {"scripts/agent.sh": "echo 1\n", "scripts/more.sh": "echo 2\n"}
    (found,) = executables(tiny_train(files={"config/drive.yml": drive, **scripts, **files}))
    return found


def test_a_provider_of_the_auto_pilot_is_trusted_with_all_that_steers_it() -> None:
    one = provider()
    assert one.place == "config/drive.yml providers.script" and one.argv == ("scripts/agent.sh", "{model}")
    assert one.files == ("scripts/agent.sh", "scripts/more.sh") and not one.refused
    assert one.given == ("TOKEN=env:TOKEN", "{model}=small")
    changed = [
        provider(DRIVE.replace("env:TOKEN", "env:OTHER")),
        provider(DRIVE.replace("TOKEN: ", "LD_PRELOAD: ")),
        provider(DRIVE.replace("name: small", "name: --yolo")),
        provider(**{"scripts/more.sh": "rm\n"}),
    ]
    assert len({one.digest, *(other.digest for other in changed)}) == 5
    assert provider(DRIVE.replace("schema: 1", "schema: 1\n\ntries: 2")).digest == one.digest


def test_what_is_given_is_not_taken_for_words() -> None:
    words = DRIVE.replace('"{model}"]', '"{model}", "TOKEN=env:TOKEN", "{model}=small"]')
    bare = words.replace('    models: [{name: small}]\n    environment: {TOKEN: "env:TOKEN"}\n', "")
    assert provider(bare.replace('"{model}", ', "")).digest != provider().digest


def test_settings_that_cannot_be_read_name_nothing_and_shells_get_no_line() -> None:
    assert executables(tiny_train(files={"config/drive.yml": DRIVE.replace("schema: 1", "schema: 9")})) == []
    assert "a shell" in provider(DRIVE.replace("scripts/agent.sh, ", "sh, -c, ")).refused
