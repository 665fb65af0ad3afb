"""The entry: hot reads are served here, before typer is loaded; the rest goes to the command table (ADR 0007)."""

from __future__ import annotations

import os
import sys

from agenticops.errors import EXIT_BUG, EXIT_ERROR, EXIT_INTERRUPTED, TrainError, UsageError

# Objects between two searches for garbage: more than a command makes by loading its modules.
FEW = 100_000
HOT = {"status": 0, "next": 1, "check": 1, "mode": 2}
# Of `workflow`: what programs call for each of a hundred thousand instances.
PLAIN = ("transition", "show", "list")


def main(arguments: list[str] | None = None) -> int:
    """Run one command and give its exit code."""
    argv = sys.argv[1:] if arguments is None else arguments
    if argv == ["--version"]:
        from agenticops import __version__

        sys.stdout.write(f"agenticops {__version__}\n")
        return 0
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    if arguments is None:
        return _program(argv)
    return _served(argv)


def _program(argv: list[str]) -> int:
    """Run as a program of its own: what the imports leave is no garbage, so it is not searched for any."""
    import gc

    gc.set_threshold(FEW, *gc.get_threshold()[1:])
    try:
        return _served(argv)
    finally:
        gc.freeze()  # else the interpreter looks through every module once more before it ends


def _served(argv: list[str]) -> int:
    try:
        code = _run(argv)
        sys.stdout.flush()
        return code
    except TrainError as e:
        from agenticops.cli.output import complain

        complain(e)
        return e.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; nothing half-written\n")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader went away (`| head`); silence the flush at exit too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as e:
        return _unreadable(e)
    except Exception as e:  # the one place where a bug becomes an exit code
        if os.environ.get("AGENTICOPS_DEBUG"):
            return _traced()
        from agenticops.cli.lines import clean
        from agenticops.cli.output import redacted

        sys.stderr.write(
            f"✗ agenticops met a bug: {type(e).__name__}: {clean(redacted(e))}\n"
            "  next  run it again with AGENTICOPS_DEBUG=1 and report what it prints\n"
        )
        return EXIT_BUG


def _unreadable(error: OSError) -> int:
    """Say that the machine refused: a disk that fails, or a right that is missing, is no bug of ours."""
    if os.environ.get("AGENTICOPS_DEBUG"):
        return _traced()
    from agenticops.cli.output import complain

    place = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
    reason = os.strerror(error.errno) if error.errno else str(error)
    complain(TrainError(f"the system refused: {reason}", place=place, hint="agenticops doctor shows what is in order"))
    return EXIT_ERROR


def _traced() -> int:
    """Print the traceback, without what looks like a secret in it."""
    import traceback

    from agenticops.cli.output import redacted

    sys.stderr.write(redacted(traceback.format_exc()))
    return EXIT_BUG


def _run(argv: list[str]) -> int:
    rest = list(argv)
    while len(rest) >= 2 and rest[0] == "-C":
        try:
            os.chdir(rest[1])
        except OSError as e:
            raise TrainError(
                f"cannot go to {rest[1]}: {os.strerror(e.errno or 0)}", place=rest[1], hint="-C wants a folder"
            ) from None
        rest = rest[2:]
    if rest[:1] == ["merge-driver"]:
        from agenticops.cli import driver

        return driver.serve(rest[1:])
    if rest[:2] == ["hooks", "run"] and len(rest) > 2 and not rest[2].startswith("-"):
        from agenticops.cli import githook

        return githook.serve(rest[2], rest[3:])
    if rest[:2] == ["agents", "hook"] and len(rest) == 3 and not rest[2].startswith("-"):
        from agenticops.cli import agenthook

        return agenthook.serve(rest[2])
    _refuse_bytes(rest)
    as_json = "--json" in rest
    words = [w for w in rest if w != "--json"]
    if words in (["ticket", "list"], ["ticket", "list", "--all"]):
        from agenticops.cli import hot

        return hot.tickets("--all" in words, as_json)
    if words == ["check", "--staged"]:
        from agenticops.cli import hot

        return hot.staged(as_json)
    if words and words[0] in HOT and not any(w.startswith("-") for w in words) and len(words) - 1 <= HOT[words[0]]:
        if words[0] != "mode":
            from agenticops.cli import hot

            return hot.serve(words[0], words[1] if len(words) > 1 else None, as_json)
        if words[1:2] == ["show"]:
            from agenticops.cli import hot

            return hot.serve("mode", words[2] if len(words) > 2 else None, as_json)
    if words[:1] == ["workflow"] and words[1:2] and words[1] in PLAIN:
        from agenticops.cli.lean import load_msgspec

        load_msgspec()
        from agenticops.cli import reaction, workflowsteps

        before = reaction.written()
        served = workflowsteps.serve(words[1:], as_json)
        if served is not None:
            if reaction.written() > before:
                reaction.after(rest)
            return served
    from agenticops.cli import root

    return root.run(rest)


def _refuse_bytes(arguments: list[str]) -> None:
    """Refuse what is no text: neither a file of the train nor the index could hold it."""
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise UsageError(f"{argument!a} is not UTF-8", hint="write the argument in UTF-8") from None
