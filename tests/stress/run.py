"""`make stress`: run the harnesses and print their table; exit 1 when one does not hold or its mutant lives."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from tests.stress.harness import Harness, Row

MODULES = (
    "crash",
    "syscalls",
    "powerloss",
    "many",
    "commits",
    "gitwork",
    "worktrees",
    "merge_pairs",
    "merge_driver",
    "compact",
    "rulebreaks",
    "fuzz",
    "hostile",
    "secrets",
)


def harnesses() -> Iterator[Harness]:
    """Give every harness in the order of the table."""
    for name in MODULES:
        yield importlib.import_module(f"tests.stress.{name}").HARNESS


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="harnesses; default: all")
    parser.add_argument("--scale", type=float, default=1.0, help="1.0 reaches the figures; 0.01 is a taste")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-mutants", action="store_true")
    options = parser.parse_args()
    failed = 0
    for harness in harnesses():
        if options.names and harness.name not in options.names:
            continue
        begun = time.monotonic()
        for row in harness.run(options.scale, options.seed):
            failed += not row.holds
            show(row)
        if not options.no_mutants:
            caught = not all(row.holds for row in harness.mutant(min(options.scale, 0.05), options.seed))
            failed += not caught
            show(Row(f"  mutant of {harness.name}", "caught" if caught else "lives", "caught", caught))
        print(f"    {harness.name}: {time.monotonic() - begun:.0f} s", flush=True)
    return 1 if failed else 0


def show(row: Row) -> None:
    """Print one row."""
    mark = "✓" if row.holds else "✗"
    print(f"{mark} {row.goal:<58} {row.measured:<44} {row.wanted}  {row.note}".rstrip(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
