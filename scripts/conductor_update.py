"""Let the conductor move a ticket on when its gate holds; --force-phase overrides the gate and leaves a record."""

from __future__ import annotations

import argparse
import sys

import _train

DEFAULT_REASON = "forced with conductor_update.py --force-phase"


def main() -> int:
    parser = _train.options(__doc__, "phase", "dry-run")
    parser.add_argument("--force-phase", metavar="P", help="go to this phase although the gate fails (operators only)")
    parser.add_argument("--reason", help="why the gate is overridden")
    options = parser.parse_args()
    if options.reason and not options.force_phase:
        parser.error("--reason goes with --force-phase")
    tickets = _train.open_tickets(options.project_root, options.phase)
    if len(tickets) > 1 and options.force_phase:
        parser.error(f"{len(tickets)} tickets are open ({', '.join(tickets[:4])}): choose one with --phase")
    return _train.worst([conduct(ticket, options) for ticket in tickets])


def conduct(ticket: str, options: argparse.Namespace) -> int:
    """Advance one ticket, or show its gate."""
    root = options.project_root
    if options.dry_run:
        code = _train.run(root, "check", ticket)
        if options.force_phase:
            print(f"would override the gate: {ticket} to {options.force_phase}")
            return _train.OK if code == _train.VERDICT else code
        return _train.VERDICT if options.strict and _train.warned(root, ticket) else code
    if options.force_phase:
        reason = options.reason or DEFAULT_REASON
        return _train.run(root, "advance", ticket, "--to", options.force_phase, "--override", "--reason", reason)
    if options.strict and _train.warned(root, ticket):
        return _train.VERDICT
    return _train.run(root, "advance", ticket)


if __name__ == "__main__":
    sys.exit(main())
