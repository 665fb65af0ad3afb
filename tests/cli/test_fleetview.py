"""`drive --fleet`: a line for what becomes of a ticket, a row for each project, and one that is broken says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.drive import rig
from tests.support import cli, thorough

FILE = "schema: 1\n\nprojects:\n\n  - path: shop/train\n    name: shop\n\n  - path: ward/train\n    name: ward\n"


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    rig.train(tmp_path / "shop" / "train", ["good"])
    rig.train(tmp_path / "ward" / "train", ["asking"])
    (tmp_path / "fleet.yml").write_text(FILE)
    return tmp_path


def test_each_project_has_its_row(fleet: Path) -> None:
    code, out, err = cli(fleet, "drive", "--fleet", "fleet.yml")
    assert (code, err) == (3, "")
    assert "shop  ✓ build_1 delivered" in out and "ward  ✗ build_1 blocked: a person is needed" in out
    assert "✓ shop  1 ticket: 1 delivered" in out and "✓ ward  1 ticket: 1 blocked" in out


def test_a_broken_project_says_where_and_the_way_out(fleet: Path) -> None:
    (fleet / "ward/train/config/drive.yml").write_text("schema: 1\n\ntries: many\n")
    code, out, _ = cli(fleet, "drive", "--fleet", "fleet.yml")
    assert code == 1 and "✓ shop  1 ticket: 1 delivered" in out
    assert "  at    ward: config/drive.yml:3" in out and "  next  " in out


@thorough
def test_a_project_that_is_not_there_is_told_and_the_others_go_on(fleet: Path) -> None:
    (fleet / "fleet.yml").write_text(FILE + "\n  - path: gone\n")
    code, out, _ = cli(fleet, "drive", "--fleet", "fleet.yml", "--json")
    projects = {p["name"]: p for p in json.loads(out)["data"]["projects"]}
    assert code == 1
    assert projects["gone"]["state"] == "refused" and "no folder" in projects["gone"]["words"]
    assert projects["shop"]["outcomes"][0]["state"] == "delivered"


def test_what_does_not_go_with_a_fleet_is_refused(fleet: Path) -> None:
    code, _, err = cli(fleet, "drive", "--fleet", "fleet.yml", "--once")
    assert code == 2 and "agenticops -C DIR drive" in err
    code, _, err = cli(fleet, "drive", "--fleet", "missing.yml")
    assert code == 1 and "missing.yml" in err
