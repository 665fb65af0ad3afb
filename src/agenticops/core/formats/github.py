"""GitHub: workflow commands that become annotations, and a summary in Markdown for the page of the run."""

from __future__ import annotations

import re
from collections.abc import Mapping

from agenticops.core.formats import file_of, headline, ordered, title_of
from agenticops.model.finding import Finding, Verdict
from agenticops.model.plain import clean

LEVELS = {"error": "error", "warning": "warning", "info": "notice"}
# The page of a run takes a megabyte; whoever mends a hundred findings asks again.
MOST = 100
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def write(verdict: Verdict, pages: Mapping[str, str]) -> str:
    """Write an annotation for each finding, and one line that says what was judged."""
    rows = [_annotation(f, title_of(f.code, pages)) for f in ordered(verdict)]
    return "".join(f"{row}\n" for row in (*rows, headline(verdict)))


def summary(verdict: Verdict, pages: Mapping[str, str]) -> str:
    """Write the summary of a run: a heading, and a table of the findings."""
    rows = [f"### {'✅' if verdict.holds else '❌'} {escape(headline(verdict))}", ""]
    found = ordered(verdict)
    if found:
        rows += ["| code | where | what | next |", "| --- | --- | --- | --- |"]
        rows += [f"| {' | '.join(_cells(f, pages))} |" for f in found[:MOST]]
        rows += ["", f"… and {len(found) - MOST} more"] if len(found) > MOST else []
    return "\n".join(rows) + "\n\n"


def escape(text: object) -> str:
    """Make text harmless in Markdown: no punctuation has a meaning, be it markup, HTML, a link or a mention."""
    return _PUNCTUATION.sub(r"\\\1", clean(text))


def _cells(finding: Finding, pages: Mapping[str, str]) -> tuple[str, ...]:
    title = title_of(finding.code, pages)
    what = f"{escape(finding.message)}<br>{escape(title)}" if title != finding.code else escape(finding.message)
    return f"{LEVELS[finding.severity]} {escape(finding.code)}", escape(finding.place), what, escape(finding.hint)


def _annotation(finding: Finding, title: str) -> str:
    hint = f"\nnext: {clean(finding.hint)}" if finding.hint else ""
    where = f"{clean(finding.commit)[:10]}: " if finding.commit else ""
    properties = {"file": file_of(finding), "line": str(max(finding.line, 1)), "title": f"{finding.code} {title}"}
    told = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{LEVELS[finding.severity]} {told}::{_data(where + clean(finding.message) + hint)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(clean(text)).replace(":", "%3A").replace(",", "%2C")
