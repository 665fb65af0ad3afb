"""Bring an older session file into the layout of today; the old file is kept."""

from __future__ import annotations

import sys

import _train


def main() -> int:
    parser = _train.options(__doc__, "dry-run")
    parser.add_argument("--legacy-file", metavar="F", help="the old file, where it is not the session itself")
    options = parser.parse_args()
    words = ["migrate"]
    if options.legacy_file:
        words += ["--legacy-file", options.legacy_file]
    if options.strict:
        # What would stay in the body is a warning: look first, so that a strict run changes nothing then.
        kept = [note for note in _train.ask(options.project_root, *words, "--dry-run")["notes"] if "→ body" in note]
        for note in kept:
            print(f"{note} (--strict)")
        if kept:
            return _train.VERDICT
    return _train.run(options.project_root, *words, *(["--dry-run"] if options.dry_run else []))


if __name__ == "__main__":
    sys.exit(main())
