"""Faces: a verdict as other programs read it, on the terminal or in a file; and the summary of a GitHub run."""

from __future__ import annotations

import os
import sys

from agenticops.cli import board, hot
from agenticops.cli.output import enveloped, show
from agenticops.core import formats
from agenticops.errors import EXIT_OK, EXIT_VERDICT, TrainError
from agenticops.model.finding import Verdict
from agenticops.workspace import RESOURCES


def told(verdict: Verdict, form: str, output: str) -> int:
    """Write a verdict in a form and give its exit code. With an output file the terminal gets the text."""
    pages = _pages({f.code for f in verdict.findings})
    if form == "text":
        from agenticops.cli.lines import text as plain

        text = plain(board.verdict_lines(verdict))
    else:
        text = enveloped("check", hot.shown(verdict)) if form == "json" else formats.write(form, verdict, pages)
    if output:
        _save(output, text, "w")
        show(board.verdict_lines(verdict), sys.stdout)
    else:
        sys.stdout.write(text)
    page = os.environ.get("GITHUB_STEP_SUMMARY", "")
    if form == "github" and page:
        from agenticops.core.formats import github

        _save(page, github.summary(verdict, pages), "a")
    return EXIT_OK if verdict.holds else EXIT_VERDICT


def _pages(codes: set[str]) -> dict[str, str]:
    """Read the pages of some codes."""
    found = {}
    for code in codes:
        try:
            with open(os.path.join(RESOURCES, "codes", f"{code}.md"), encoding="utf-8") as f:
                found[code] = f.read()
        except OSError:
            continue  # a finding without a page is told by its code
    return found


def _save(path: str, text: str, mode: str) -> None:
    try:
        with open(path, mode, encoding="utf-8", errors="backslashreplace") as f:
            f.write(text)
    except OSError as e:
        hint = "name a file in a folder that is there"
        raise TrainError(f"the verdict was not written: {os.strerror(e.errno or 0)}", place=path, hint=hint) from None
