"""JUnit XML, as the readers of CI servers take it: a case for each finding, and one for the verdict itself."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree

from agenticops.core.formats import file_of, headline, ordered, title_of
from agenticops.model.finding import Finding, Verdict
from agenticops.model.plain import clean


def write(verdict: Verdict, pages: Mapping[str, str]) -> str:
    """Write one suite. Errors are failures; a warning is a case that passes, and says so."""
    found = ordered(verdict)
    failed = len([f for f in found if f.severity == "error"])
    counts = {"tests": str(len(found) + 1), "failures": str(failed + (not verdict.holds)), "errors": "0"}
    top = ElementTree.Element("testsuites", {"name": "agenticops check", **counts, "time": "0"})
    name = f"gate {verdict.gate} of {verdict.ticket}" if verdict.ticket else "train"
    suite = ElementTree.SubElement(top, "testsuite", {"name": clean(name), **counts, "skipped": "0", "time": "0"})
    whole = ElementTree.SubElement(suite, "testcase", {"classname": "agenticops", "name": "verdict", "time": "0"})
    if not verdict.holds:
        ElementTree.SubElement(whole, "failure", {"type": "verdict", "message": clean(headline(verdict))})
    for finding in found:
        _case(suite, finding, title_of(finding.code, pages))
    ElementTree.indent(top)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(top, encoding="unicode")}\n'


def _case(suite: ElementTree.Element, finding: Finding, title: str) -> None:
    place = f"{finding.place or file_of(finding)}: {finding.message}"
    attributes = {"classname": finding.code, "name": clean(place), "file": clean(file_of(finding)), "time": "0"}
    case = ElementTree.SubElement(suite, "testcase", attributes)
    text = "\n".join(clean(t) for t in (f"{finding.code} · {title}", place, finding.hint) if t)
    if finding.severity == "error":
        message = clean(f"{finding.code} {finding.message}")
        ElementTree.SubElement(case, "failure", {"type": finding.code, "message": message}).text = text
    else:
        ElementTree.SubElement(case, "system-out").text = text
