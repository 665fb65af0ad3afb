"""The README says what happens."""

from __future__ import annotations

from pathlib import Path

from tests.readme_tour import commands, masked, play, readme


def test_the_tour_prints_what_the_readme_shows(tmp_path: Path) -> None:
    _, tour = readme()
    assert len(commands(tour)) >= 10
    assert masked(play(tour, tmp_path)) == masked(tour)
