"""Everything: a tool for each command of the CLI, made from the command tree. Left out is what a person must do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agenticops.mcp.tool import Call, Json, Tool

Path = tuple[str, ...]
# A group's name leaves out all that is below it.
LEFT_OUT: dict[Path, str] = {
    ("mcp",): "serves",
    ("agents", "hook"): "answers an agent's client",
    ("hooks", "run"): "answers git",
    ("init",): "decides about the train, its limits among it",
    ("hooks", "install"): "decides what runs in this clone",
    ("hooks", "uninstall"): "decides what runs in this clone",
    ("agents", "install"): "decides what limits agents",
    ("agents", "uninstall"): "decides what limits agents",
    ("asset", "add"): "decides what agents have at hand",
    ("trust", "give"): "the owner of the clone trusts",
    ("approve",): "a reviewer decides",
    ("reject",): "a reviewer decides",
    ("revise",): "a reviewer decides",
    ("approval", "begin"): "a reviewer reviews",
    ("approval", "review"): "a reviewer reviews",
    ("evidence", "attest"): "a person vouches",
    ("role", "assign"): "people have roles",
    ("role", "revoke"): "people have roles",
    ("role", "vouch"): "a person vouches",
    ("override", "repay"): "a person answers for an override",
    ("work", "except"): "an operator allows an exception",
    ("github", "apply"): "changes what others see on the forge",
    ("github", "import"): "takes over what the forge has",
    ("github", "labels", "apply"): "changes what others see on the forge",
    ("github", "resolve"): "a person decides between two sides",
    ("github", "ingest"): "answers the forge",
    ("github", "publish"): "changes what others see on the forge",
    ("github", "pr"): "changes what others see on the forge",
    ("drive",): "the auto-pilot is a person's",
    ("worker",): "what leaves the repository is a person's to send",
    ("rule", "new"): "decides what happens by itself",
    ("rule", "enable"): "decides what happens by itself",
    ("rule", "disable"): "decides what happens by itself",
    ("rule", "delete"): "decides what happens by itself",
    ("workflow", "template", "import"): "decides how work goes",
    ("workflow", "template", "new"): "decides how work goes",
    ("workflow", "template", "migrate"): "decides how work goes",
    ("meeting", "ics"): "writes a file for a calendar",
}
# Options that only a person may use, those that name a file to read or write, and the form of the answer.
NO_OPTION = {"override", "expires", "verify", "reveal", "output", "gate_file", "legacy_file", "format", "json", "apply"}
NO_OPTION |= {"csv", "mermaid", "out", "parquet", "plot", "stdin"}
FILES = {"file", "filename", "path", "directory"}
READS = {"show", "list", "graph", "lint", "diff", "search", "report", "executions", "replay", "permissions", "packet"}
READS |= {"tree", "ready", "plan", "history", "explain"}
READS |= {"flow", "bottlenecks", "cycle-time", "throughput", "success", "wip", "lead-time", "forecast"}
READS_ALONE = {
    ("check",),
    ("explain",),
    ("trace",),
    ("status",),
    ("next",),
    ("recall",),
    ("log",),
    ("github",),
    ("query",),
    ("search",),
}
READS_TOO = {("rule", "test"), ("role", "check"), ("artifact", "check"), ("log", "verify")}
DESTROYS = {"edit", "reword", "cancel", "resolve", "compact", "forget", "revoke"}
REPEATS = {"tick"}
RUNS = {("gate", "run"), ("evidence", "rerun")}


def tools() -> tuple[Tool, ...]:
    """Make the tools of all commands."""
    return tuple(_tool(path, command) for path, command in leaves() if not _left_out(path))


def leaves() -> Iterator[tuple[Path, Any]]:
    """Walk the command tree."""
    from agenticops.cli import root

    for name in root.COMMANDS:
        if not _left_out((name,)):
            yield from _below((name,), root.load(name))


def _below(path: Path, command: Any) -> Iterator[tuple[Path, Any]]:
    below = getattr(command, "commands", None) or {}
    if not below or command.invoke_without_command:
        yield path, command
    for name, child in below.items():
        yield from _below((*path, name), child)


def _left_out(path: Path) -> bool:
    return any(path[: n + 1] in LEFT_OUT for n in range(len(path)))


def _tool(path: Path, command: Any) -> Tool:
    places: list[str] = []
    options: list[str] = []
    properties: dict[str, Json] = {}
    required: list[str] = []
    for parameter in command.params:
        place = parameter.param_type_name == "argument"
        name = parameter.name if place else parameter.opts[0].lstrip("-").replace("-", "_")
        if name in NO_OPTION or name in properties or parameter.hidden or parameter.type.name in FILES:
            continue
        (places if place else options).append(name)
        properties[name] = _schema(parameter)
        if parameter.required:
            required.append(name)
    return Tool(
        "_".join(path).replace("-", "_"),
        _sentence(command.help or ""),
        properties,
        {"": Call(path, tuple(places), tuple(options))},
        tuple(required),
        reads=path[-1] in READS or path in READS_ALONE | READS_TOO,
        destroys=path[-1] in DESTROYS,
        repeats=path[-1] in REPEATS,
        runs=path in RUNS,
    )


def _sentence(help: str) -> str:
    return " ".join(help.split("\n\n")[0].split())


def _schema(parameter: Any) -> Json:
    kind = parameter.type
    one: Json = {"type": _TYPES.get(kind.name.removesuffix(" range"), "string")}
    if getattr(kind, "choices", None):
        one["enum"] = [str(getattr(c, "value", c)) for c in kind.choices]
    for rule, bound in (("minimum", getattr(kind, "min", None)), ("maximum", getattr(kind, "max", None))):
        if bound is not None:
            one[rule] = bound
    help = {"description": parameter.help} if parameter.help else {}
    if parameter.nargs != 1 or getattr(parameter, "multiple", False):
        return {"type": "array", "items": one, **help}
    return {**one, **help}


_TYPES = {"boolean": "boolean", "integer": "integer", "int": "integer", "float": "number"}
