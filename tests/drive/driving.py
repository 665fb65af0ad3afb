"""A driver as a process of its own, that a test can kill: `python -m tests.drive.driving REPO [PARALLEL]`."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.drive.rig import drive


def main() -> int:
    """Drive until there is nothing left; the last line says why it ended."""
    report = drive(Path(sys.argv[1]), parallel=int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    print(report.ended)
    return 0


if __name__ == "__main__":
    sys.exit(main())
