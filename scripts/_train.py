"""What the scripts share: their options, and how they call agenticops with the same Python that runs them."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import Any

OK, VERDICT = 0, 3


def options(description: str | None, *names: str) -> argparse.ArgumentParser:
    """Make a parser with the options that every script has, and those that are named."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--project-root", default=".", metavar="DIR", help="the repository (default: here)")
    parser.add_argument("--strict", action="store_true", help="let warnings fail too")
    if "phase" in names:
        parser.add_argument("--phase", metavar="P", help="only the tickets of this phase")
    if "dry-run" in names:
        parser.add_argument("--dry-run", action="store_true", help="show what would happen, change nothing")
    return parser


def run(root: str, *words: str) -> int:
    """Run a command, let it print, give its exit code."""
    return subprocess.run([sys.executable, "-m", "agenticops", "-C", root, *words], check=False).returncode


def ask(root: str, *words: str) -> Any:
    """Run a command with --json and give its data; leave with its exit code when it has no answer."""
    command = [sys.executable, "-m", "agenticops", "-C", root, *words, "--json"]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    if done.returncode not in (OK, VERDICT) or not done.stdout.strip():
        sys.exit(done.returncode or 1)
    return json.loads(done.stdout)["data"]


def open_tickets(root: str, phase: str | None) -> list[str]:
    """List the ids of the open tickets, of one phase or of all; leave with a message when there is none."""
    found = [ticket["id"] for ticket in ask(root, "ticket", "list", *(("--phase", phase) if phase else ()))]
    if not found:
        print(f"no ticket is open{f' in phase {phase}' if phase else ''}")
        sys.exit(OK)
    return found


def warned(root: str, ticket: str) -> bool:
    """Tell whether the gate of a ticket has warnings, and print them."""
    warnings = [f for f in ask(root, "check", ticket)["findings"] if f.get("severity") == "warning"]
    for finding in warnings:
        print(f"{finding.get('path', '')}: {finding['code']} {finding['message']} (--strict)")
    return bool(warnings)


def worst(codes: list[int]) -> int:
    """Give the exit code of several runs: a failed call says more than a failed verdict."""
    return next((code for code in codes if code not in (OK, VERDICT)), max(codes, default=OK))
