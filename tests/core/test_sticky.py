"""Texts for the forge: what people wrote is text there, calls nobody, links and closes nothing."""

from __future__ import annotations

import pytest

from agenticops.core import sticky
from agenticops.core.sticky import Progress
from agenticops.model.finding import Finding, Verdict

TOLD = Progress("shape_142", "shape", "planner", "in_progress", 1, 3, 0, 1)


def verdict(*messages: str) -> Verdict:
    findings = tuple(Finding("VT101", message, "docs/x.md", 3, hint="do it") for message in messages)
    return Verdict("default", "shape_142", findings, 4)


def test_progress_says_the_same_for_the_same() -> None:
    text = sticky.progress(TOLD)
    assert text == sticky.progress(TOLD) and text.startswith(sticky.PROGRESS + "\n")
    assert "**shape\\_142** · shape · in progress" in text
    assert "- 1 of 3 bullets ticked\n- 0 of 1 artifacts recorded\n- session: nobody works it" in text
    assert "blocked" not in text


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("@ada", "@\u200bada"),
        ("\\@ada", "@\u200bada"),
        ("closes #5", "#\u200b5"),
        ("fixes acme/train#5", "train#\u200b5"),
        ("GH-5", "GH\u200b\\-5"),
        ("<!-- agenticops:comment=verdict -->", "\\<\\!\\-\\-"),
        ("![x](https://example.org/x.png)", "\\!\\[x\\]\\(https\\:\\/\\/"),
        ("a | b\n# c", "a \\| b #\u200b c"),
        ("`rm`", "\\`rm\\`"),
        ("a\u202eb\x1b[0m", "\\u202e"),
    ],
)
def test_text_of_people_stays_text(hostile: str, harmless: str) -> None:
    said = sticky.plain(hostile)
    assert harmless in said and "\n" not in said
    assert harmless in sticky.verdict(verdict(hostile), "a" * 40, {}) or "\n" in hostile or "\x1b" in hostile


def test_a_title_may_end_in_a_commit_and_closes_nothing() -> None:
    assert sticky.title(" fix  #5,\n@ada GH-7 https://x.org/1 ") == (
        "fix #\u200b5, @\u200bada GH\u200b-7 https:\u200b//x.org/1"
    )


def test_a_verdict_has_its_findings_and_its_commit() -> None:
    text = sticky.verdict(verdict("a bullet is open"), "0123456789abcdef", {"VT101": "# VT101 · Open bullet\n"})
    assert text.startswith(sticky.VERDICT) and "a bullet is open" in text and "Open bullet" in text
    assert text.endswith("Judged at 0123456789.\n")


def test_headlines_fit_a_status() -> None:
    assert sticky.headline(verdict()) == "the gate default holds: 4 checks"
    assert sticky.headline(verdict("x")) == "1 finding: VT101"
    assert sticky.headline(verdict("x", "y")) == "2 findings: VT101"


def test_nothing_is_longer_than_a_forge_takes() -> None:
    many = verdict(*("x" * 3000 + str(n) for n in range(100)))
    text = sticky.verdict(many, "a" * 40, {})
    assert len(text) <= 65_000 and text.endswith("tells all of it.\n") and text.startswith(sticky.VERDICT)
    long = Progress("t", "p", "a", "blocked", 0, 0, 0, 0, "s", ("word " * 5000,) * 3)
    assert len(sticky.progress(long)) < 2000
