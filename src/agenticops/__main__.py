"""`python -m agenticops` is the console script."""

import sys

from agenticops.cli.entry import main

if __name__ == "__main__":
    sys.exit(main())
