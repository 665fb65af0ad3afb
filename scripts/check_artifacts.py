"""Check the artifacts that the open tickets owe; exit 3 when one is missing or not as its contract wants it."""

from __future__ import annotations

import sys

import _train


def main() -> int:
    options = _train.options(__doc__, "phase").parse_args()
    codes = []
    for ticket in _train.open_tickets(options.project_root, options.phase):
        codes.append(_train.run(options.project_root, "artifact", "check", "--ticket", ticket))
        if options.strict and _train.warned(options.project_root, ticket):
            codes.append(_train.VERDICT)
    return _train.worst(codes)


if __name__ == "__main__":
    sys.exit(main())
