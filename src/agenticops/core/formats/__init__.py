"""Formats: one verdict as the texts that other programs read. User text is data in each of them. ADR 0021.

`pages` are the pages of the codes, as `agenticops explain` shows them: code → Markdown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

from agenticops.model.finding import Finding, Verdict
from agenticops.model.layout import PIPELINE

FORMATS = {
    "sarif": "agenticops.core.formats.sarif",
    "junit": "agenticops.core.formats.junit",
    "github": "agenticops.core.formats.github",
}


def write(name: str, verdict: Verdict, pages: Mapping[str, str]) -> str:
    """Write a verdict in one of `FORMATS`."""
    make: Callable[[Verdict, Mapping[str, str]], str] = import_module(FORMATS[name]).write
    return make(verdict, pages)


def ordered(verdict: Verdict) -> list[Finding]:
    """Give the findings, errors first: a reader that shows a few shows those."""
    ranks = {"error": 0, "warning": 1, "info": 2}
    return sorted(verdict.findings, key=lambda f: ranks[f.severity])


def file_of(finding: Finding) -> str:
    """Name the file that a finding points at; where it is about no file, the pipeline, which says what is owed."""
    return finding.path or PIPELINE


def title_of(code: str, pages: Mapping[str, str]) -> str:
    """Give the title of a code's page."""
    head = pages.get(code, "").split("\n", 1)[0]
    return head.partition(" · ")[2] or code


def headline(verdict: Verdict) -> str:
    """Say in one line what was judged, and whether it holds."""
    what = f"the gate {verdict.gate} of {verdict.ticket}" if verdict.ticket else "the train"
    count = len(verdict.findings)
    found = f"{count} finding{'' if count == 1 else 's'}"
    return f"{what} {'holds' if verdict.holds else 'does not hold'} ({found})"
