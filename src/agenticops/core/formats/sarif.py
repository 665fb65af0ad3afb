"""SARIF 2.1.0, as code scanning takes it: a rule for each code, with its page as help; a result for each finding."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from agenticops import __version__
from agenticops.core.formats import file_of, ordered, title_of
from agenticops.model.finding import Finding, Verdict
from agenticops.model.plain import clean

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {"error": "error", "warning": "warning", "info": "note"}
# In a message, brackets make a link and numbered braces a placeholder.
_MARKUP = re.compile(r"([\[\]\\])")
_PLACEHOLDER = re.compile(r"\{(\d+)\}")


def write(verdict: Verdict, pages: Mapping[str, str]) -> str:
    """Write one run."""
    found = ordered(verdict)
    codes = sorted({f.code for f in found})
    twins: Counter[str] = Counter()
    results = [_result(f, codes.index(f.code), twins) for f in found]
    driver = {"name": "agenticops", "version": __version__, "rules": [_rule(code, pages) for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {"holds": verdict.holds, "gate": clean(verdict.gate), "ticket": clean(verdict.ticket)},
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _rule(code: str, pages: Mapping[str, str]) -> dict[str, Any]:
    page, title = pages.get(code, ""), title_of(code, pages)
    meaning = page.partition("## What it means\n")[2].partition("\n## ")[0].strip()
    return {
        "id": code,
        "name": code,
        "shortDescription": {"text": title},
        "fullDescription": {"text": " ".join(meaning.split()) or title},
        "help": {"text": page or title, "markdown": page or title},
        "defaultConfiguration": {"level": "error"},
    }


def _result(finding: Finding, rule: int, twins: Counter[str]) -> dict[str, Any]:
    hint = f"\nNext: {clean(finding.hint)}" if finding.hint else ""
    where = {"artifactLocation": {"uri": quote(file_of(finding), safe="/~", errors="surrogateescape")}}
    print_ = hashlib.sha256("\0".join((finding.code, finding.path, finding.message)).encode("utf-8", "replace"))
    name = print_.hexdigest()[:32]
    twins[name] += 1  # the line moves as the file is edited; of equal findings the first is the first
    found: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": LEVELS[finding.severity],
        "message": {"text": _text(clean(finding.message) + hint)},
        "locations": [{"physicalLocation": {**where, "region": {"startLine": max(finding.line, 1)}}}],
        "partialFingerprints": {"agenticopsFinding/v1": f"{name}:{twins[name]}"},
    }
    if finding.commit:
        found["properties"] = {"commit": clean(finding.commit)}
    return found


def _text(text: str) -> str:
    return _PLACEHOLDER.sub(r"{{\1}}", _MARKUP.sub(r"\\\1", text))
