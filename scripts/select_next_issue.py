"""Say which Task the auto-pilot would take next: labels Task and auto, open, free; now first, then the oldest."""

from __future__ import annotations

import sys
from typing import Any

import _train

from agenticops.core.select import Choice, select
from agenticops.model.work import WorkItem


def main() -> int:
    parser = _train.options(__doc__)
    parser.add_argument("--why", action="store_true", help="say of every other item why it was passed over")
    options = parser.parse_args()
    choice = choose(options.project_root)
    if options.why:
        for name, why in choice.passed.items():
            print(f"{name}: {why}", file=sys.stderr)
    print(choice.reason, file=sys.stderr)
    if choice.item is None:
        return _train.VERDICT if options.strict else _train.OK
    issue = f"#{choice.item.issue} " if choice.item.issue else ""
    print(f"{choice.item.id} {issue}{choice.item.title}")
    return _train.OK


def choose(root: str) -> Choice:
    """Read work, tickets and times, and select."""
    rows = _train.ask(root, "work", "list")
    tickets = _train.ask(root, "ticket", "list")
    events = _train.ask(root, "log", "--kind", "item_created", "--limit", "1000000")
    return select(
        [item(row) for row in rows],
        {row["id"] for row in rows if row["stands"] != "done"},
        # An open ticket that is only planned and has no operator is nobody's yet.
        assigned={t["item"] for t in tickets if t["status"] not in ("todo", "blocked") or t.get("operator")},
        blocked={t["item"] for t in tickets if t["status"] == "blocked"},
        created={event["item"]: event["at"] for event in events},
    )


def item(row: dict[str, Any]) -> WorkItem:
    """Take what selection needs from one row of `work list`."""
    labels = tuple(row.get("labels") or ())
    return WorkItem(row["id"], row["kind"], row["title"], row["priority"], issue=row.get("issue"), labels=labels)


if __name__ == "__main__":
    sys.exit(main())
