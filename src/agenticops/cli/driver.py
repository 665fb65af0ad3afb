"""`merge-driver`: what git calls for each file that both sides changed. Served before typer loads; not in the help.

Exit 0: merged. 5: merged with conflict blocks. Anything else: the file is as it was, and git's own line merge follows.
"""

from __future__ import annotations

import sys

from agenticops.errors import EXIT_CONFLICT, EXIT_ERROR, EXIT_OK, EXIT_USAGE, StateError

USAGE = "Usage: agenticops merge-driver %O %A %B %L %P\n\nGit calls it; `agenticops hooks install` tells git to.\n"


def serve(arguments: list[str]) -> int:
    """Merge the files that git names and give the exit code."""
    if arguments == ["--help"]:
        sys.stdout.write(USAGE)
        return EXIT_OK
    if len(arguments) != 5 or not arguments[3].isdecimal():
        sys.stderr.write(USAGE)
        return EXIT_USAGE
    from agenticops.cli.lines import clean
    from agenticops.flows import mergedriver

    base, ours, theirs, size, path = arguments
    try:
        conflicts = mergedriver.merge(base, ours, theirs, max(int(size), 1), path)
    except StateError as e:
        sys.stderr.write(f"agenticops: {clean(path)}: {clean(e.message)}; merged by lines instead\n")
        return EXIT_ERROR
    for conflict in conflicts:
        sides = f"ours says {conflict.ours or 'nothing'!r}, theirs {conflict.theirs or 'nothing'!r}"
        sys.stderr.write(f"agenticops: {clean(path)}: {clean(conflict.what)}: {clean(sides)}\n")
    return EXIT_CONFLICT if conflicts else EXIT_OK
