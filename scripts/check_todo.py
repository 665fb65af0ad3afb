"""Show the open required bullets of the open tickets; exit 3 when there are any."""

from __future__ import annotations

import sys
from typing import Any

import _train


def main() -> int:
    options = _train.options(__doc__, "phase").parse_args()
    codes = []
    for ticket in _train.open_tickets(options.project_root, options.phase):
        shown = _train.ask(options.project_root, "checklist", "show", ticket)
        codes.append(judge(shown["path"], shown["bullets"], options.strict))
    return _train.worst(codes)


def judge(path: str, bullets: list[dict[str, Any]], strict: bool) -> int:
    """Print what is open in one checklist; one that marks nothing as required requires all of it."""
    owed = [b for b in bullets if b["required"]] or bullets
    missing = [b for b in owed if not b["checked"]]
    optional = [b for b in bullets if not b["checked"] and b not in owed]
    if not bullets:
        print(f"{path}: the checklist has no bullets")
    for bullet in missing:
        print(f"{path}:{bullet['line']}: open: {bullet['text']}")
    for bullet in optional:
        print(f"{path}:{bullet['line']}: open, not required: {bullet['text']}")
    print(f"{path}: {len(owed) - len(missing)} of {len(owed)} required bullets are checked")
    failed = missing or not bullets or (strict and optional)
    return _train.VERDICT if failed else _train.OK


if __name__ == "__main__":
    sys.exit(main())
