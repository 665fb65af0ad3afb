"""Say which Task the auto-pilot would take next: labels Task and auto, open, free; now first, then the oldest."""

from __future__ import annotations

import sys

import _train

from agenticops.cli.output import complain
from agenticops.errors import TrainError
from agenticops.flows.select import choose
from agenticops.workspace import Workspace


def main() -> int:
    parser = _train.options(__doc__)
    parser.add_argument("--why", action="store_true", help="say of every other item why it was passed over")
    options = parser.parse_args()
    try:
        choice = choose(Workspace(options.project_root))
    except TrainError as error:
        complain(error)
        return error.exit_code
    if options.why:
        for name, why in choice.passed.items():
            print(f"{name}: {why}", file=sys.stderr)
    print(choice.reason, file=sys.stderr)
    if choice.item is None:
        return _train.VERDICT if options.strict else _train.OK
    issue = f"#{choice.item.issue} " if choice.item.issue else ""
    print(f"{choice.item.id} {issue}{choice.item.title}")
    return _train.OK


if __name__ == "__main__":
    sys.exit(main())
