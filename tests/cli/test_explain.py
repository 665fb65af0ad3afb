"""`explain`: every code that a check can report has a page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import agenticops
from tests.stations import data, refused
from tests.support import run_cli

SOURCE = Path(agenticops.__file__).parent
REPORTED = sorted({c for p in SOURCE.rglob("*.py") for c in re.findall(r"\bVT\d{3}\b", p.read_text())})


@pytest.mark.parametrize("code", REPORTED)
def test_each_reported_code_has_a_page_with_the_way_out(tmp_path: Path, code: str) -> None:
    page = data(tmp_path, "explain", code)["page"]
    assert page.startswith(f"# {code} ")
    prose = re.sub(r"^```.*?^```$", "", page, flags=re.M | re.S)
    headings = re.findall(r"^## (.*)", prose, re.M)
    assert headings == ["What it means", "Why the rule exists", "How to mend it"]


def test_it_prints_the_page_in_any_folder_and_any_case(tmp_path: Path) -> None:
    out = run_cli(tmp_path, "explain", "vt203").stdout
    assert out.startswith("# VT203 · Still the template\n") and "\\n" not in out


@pytest.mark.parametrize("code", ["VT999", "x", "../VT203", "VT203.md", ""])
def test_an_unknown_code_lists_those_that_are_known(tmp_path: Path, code: str) -> None:
    err = refused(tmp_path, "explain", code, code=2)
    assert "there is no code" in err and "VT101" in err
