"""Write what the documentation takes from the program itself: commands, codes, schemas. --check only compares."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import _gates
import _schemas

from agenticops import errors
from agenticops.cli import root
from agenticops.model import kinds

ROOT = Path(__file__).resolve().parents[1]
PACKAGED = "src/agenticops/resources/schemas"
REFERENCE = "docs/reference"
CODES = "src/agenticops/resources/codes"
NOTE = "<!-- Written by `make docs`. Change the source that it names, not this page. -->"
GROUPS = {
    "VT1": "Checklists",
    "VT2": "Artifacts and inputs",
    "VT3": "Tickets, work items and their histories",
    "VT4": "Gates",
    "VT5": "Sessions and hand-offs",
    "VT6": "The pipeline",
    "VT7": "The log",
    "VT8": "Between two trees",
    "VT9": "Risks, clients, needs and decisions",
}
EXITS = {
    errors.EXIT_OK: "done",
    errors.EXIT_ERROR: "an error: what, where and what to do next are on stderr",
    errors.EXIT_USAGE: "the call cannot be meant: an unknown name, a missing choice",
    errors.EXIT_VERDICT: "a verdict: a gate does not hold, or a check found something",
    errors.EXIT_REMOTE: "something outside did not answer, or did not let us in",
    errors.EXIT_CONFLICT: "somebody else was faster, or holds the lock; nothing was written",
    errors.EXIT_BUG: "a bug in agenticops",
    errors.EXIT_INTERRUPTED: "interrupted",
}
VARIABLES = {
    "AGENTICOPS_AGENT": "the agent that is at work; events name it, and an agent cannot override a gate",
    "AGENTICOPS_ASSISTANT": "the program that assists; a session that begins notes it",
    "AGENTICOPS_MCP_TOKEN": "the bearer token that `agenticops mcp --http` wants; default: one that it makes",
    "AGENTICOPS_STOP": "`block`: an agent's Stop hook lets it go on once while required bullets are open",
    "AGENTICOPS_HOST": "the host that events name, instead of this machine's name",
    "AGENTICOPS_LOCK_WAIT": "seconds that a writer waits for one other, then gives up (exit 5); six times that in all",
    "AGENTICOPS_NOW": "the time to go by, in milliseconds since 1970: for tests and demonstrations",
    "AGENTICOPS_TRUST": "`base` in CI: of what the repository declares, only what is identical in the base may run",
    "AGENTICOPS_BASE": "the commit that `AGENTICOPS_TRUST=base` goes by; default: the pull request's target branch",
    "AGENTICOPS_DEBUG": "when set, a bug prints its traceback",
    "NO_COLOR": "when set, output is plain on a terminal too",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 3 when a file is out of date")
    options = parser.parse_args()
    wanted = pages()
    stale = [path for path, content in wanted.items() if current(path) != content]
    left = [path for path in generated() if path not in wanted]
    if not options.check:
        for path in stale:
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_text(wanted[path], encoding="utf-8", newline="\n")
        for path in left:
            (ROOT / path).unlink()
    for path in [*stale, *left]:
        print(f"{path}: {'out of date' if options.check else 'removed' if path in left else 'written'}")
    if options.check and (stale or left):
        print("run: make docs")
        return errors.EXIT_VERDICT
    print(f"{len(wanted)} generated files are up to date")
    return errors.EXIT_OK


def pages() -> dict[str, str]:
    """Make every generated file, by its path."""
    schemas = _schemas.build()
    found = {
        f"{REFERENCE}/commands.md": commands(),
        f"{REFERENCE}/codes.md": codes(),
        f"{REFERENCE}/events.md": events(),
        f"{REFERENCE}/gates.md": page(*_gates.blocks(table)),
        f"{REFERENCE}/schemas.md": schema_page(schemas),
    }
    for folder in (f"{REFERENCE}/schemas", PACKAGED):
        found |= {f"{folder}/{name}.schema.json": _schemas.text(schema) for name, schema in schemas.items()}
    return found


def current(path: str) -> str | None:
    """Give a file's content, or None when there is none."""
    file = ROOT / path
    return file.read_bytes().decode("utf-8", "replace") if file.is_file() else None


def generated() -> list[str]:
    """List the schemas that are there, those whose type is gone too."""
    files = [f for folder in (f"{REFERENCE}/schemas", PACKAGED) for f in (ROOT / folder).glob("*.schema.json")]
    return sorted(f.relative_to(ROOT).as_posix() for f in files)


def page(*blocks: str) -> str:
    """Join blocks to a page."""
    return "\n\n".join(block.strip("\n") for block in blocks if block) + "\n"


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Write a Markdown table; none without rows."""
    cells = [head, ("---",) * len(head), *rows]
    return (
        "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in cells)
        if rows
        else ""
    )


def commands() -> str:
    """The page of all commands, from their own help."""
    blocks = [
        "# Commands",
        NOTE,
        "```text\nagenticops [-C DIR] COMMAND [ARGUMENTS] [OPTIONS]\n```",
        "`-C DIR` runs as if started in `DIR`. `--help` works everywhere. With `--json` a command prints one envelope: "
        '`{"schema": 1, "kind": …, "data": …}`. Ids may be shortened to any unique start of four or more characters. '
        "Where a ticket may be left out, it is the one of the phase branch, else of the active session, else the only "
        "open one.",
    ]
    for title, entries in root.SECTIONS.items():
        rows = [(f"[`agenticops {name}`](#agenticops-{name})", entry[2]) for name, entry in entries.items()]
        blocks += [f"**{title}**", table(("command", "what it is for"), rows)]
    exits = [(f"`{code}`", meaning) for code, meaning in EXITS.items()]
    blocks += ["## Exit codes", table(("code", "meaning"), exits)]
    variables = [(f"`{name}`", meaning) for name, meaning in VARIABLES.items()]
    blocks += ["## Environment", table(("variable", "meaning"), variables)]
    for name in root.COMMANDS:
        blocks += command(f"agenticops {name}", root.load(name))
    return page(*blocks)


def command(name: str, found: Any, level: int = 2) -> Iterator[str]:
    """Describe one command, or a group with all that is in it."""
    yield f"{'#' * level} {name}"
    yield found.help or ""
    members = getattr(found, "commands", None)
    if members is not None:
        if found.invoke_without_command:
            yield from _call(name, found)
        for word, member in members.items():
            yield from command(f"{name} {word}", member, 3)
        return
    yield from _call(name, found)


def _call(name: str, found: Any) -> Iterator[str]:
    """Show how a command is called."""
    shown = [p for p in found.params if not getattr(p, "hidden", False)]
    yield f"```text\n{' '.join([name, *filter(None, map(usage, shown)), '[OPTIONS]'])}\n```"
    yield table(("argument or option", "meaning"), [row(p) for p in shown])
    examples = (found.epilog or "").removeprefix("Example: ").split(" · ")
    yield "```console\n" + "\n".join(f"$ {e}" for e in examples if e) + "\n```"


def value(parameter: Any) -> str:
    """Name what a parameter takes; a flag takes nothing."""
    if getattr(parameter, "is_flag", False):
        return ""
    choices = getattr(parameter.type, "choices", None)
    if parameter.metavar:
        return str(parameter.metavar)
    if parameter.param_type_name == "argument":
        return f"{parameter.name.upper()}" if parameter.required else f"[{parameter.name.upper()}]"
    return "|".join(choices) if choices else "N" if parameter.type.name != "str" else "TEXT"


def usage(parameter: Any) -> str:
    """Show a parameter in the usage line: arguments, and options that must be there."""
    if parameter.param_type_name == "argument":
        return value(parameter)
    return f"{parameter.opts[0]} {value(parameter)}" if parameter.required else ""


def row(parameter: Any) -> tuple[str, str]:
    """Describe a parameter in a table's row."""
    argument = parameter.param_type_name == "argument"
    name = value(parameter) if argument else f"{', '.join(parameter.opts)} {value(parameter)}".rstrip()
    default = getattr(parameter.default, "value", parameter.default)
    usual = f"Default: `{default}`." if default and not callable(default) else ""
    return f"`{name}`", f"{parameter.help or ''} {'Required.' if parameter.required else usual}".strip()


def codes() -> str:
    """The index of all finding codes."""
    blocks = [
        "# Codes",
        NOTE,
        "Every finding has a stable code. Its page says what it means, why the rule exists and how to mend it; "
        "`agenticops explain` prints the same page.",
        "```console\n$ agenticops explain VT203\n```",
    ]
    files = sorted((ROOT / CODES).glob("VT*.md"))
    for start, title in GROUPS.items():
        rows = []
        for file in files:
            if file.stem.startswith(start):
                head = file.read_text(encoding="utf-8").split("\n", 1)[0].removeprefix("# ")
                rows.append((f"[{file.stem}](../../{CODES}/{file.name})", head.partition(" · ")[2]))
        blocks += [f"## {title}", table(("code", "finding"), rows)] if rows else []
    return page(*blocks)


def events() -> str:
    """The index of all event kinds."""
    head = ("kind", "what it says")
    return page(
        "# Events",
        NOTE,
        "Each line of the log is one event: a fact that is never edited. Its fields are in "
        "[event.schema.json](schemas/event.schema.json); `agenticops log --kind KIND` filters by kind.",
        "## States",
        "These move something from one state to the next. Each has `prev`, the subject's last state event, and "
        "`data.to`, the state that it leads to; together they form a chain, and a fork can be seen.",
        table(head, [(f"`{k}`", v) for k, v in kinds.STATES.items()]),
        "## Facts",
        table(head, [(f"`{k}`", v) for k, v in kinds.FACTS.items()]),
        "## In the local log",
        "Events of the same form that stay in one clone, in git's common folder: `agenticops log summarize` sums up "
        "each day of them as one `log_summarized`.",
        table(head, [(f"`{k}`", v) for k, v in kinds.LOCALS.items()]),
    )


def schema_page(schemas: dict[str, _schemas.Schema]) -> str:
    """The index of the schemas."""
    rows = [
        (f"[{name}](schemas/{name}.schema.json)", _schemas.FILES[name], schema["description"])
        for name, schema in schemas.items()
    ]
    return page(
        "# Schemas",
        NOTE,
        "JSON Schemas (draft 2020-12) of the files that the train keeps, made from the types that read them. The "
        f"package brings them along in `{PACKAGED.removeprefix('src/')}`.",
        table(("schema", "describes", "what it is"), rows),
        "An editor that speaks YAML checks a pipeline while you type when the file says where its schema is:",
        "```yaml\n# yaml-language-server: $schema=pipeline.schema.json\nschema: 1\n```",
        "A schema sees one file at a time. That names exist, that phases can be reached and that artifacts have "
        "templates is what `agenticops pipeline lint` tells.",
    )


if __name__ == "__main__":
    sys.exit(main())
