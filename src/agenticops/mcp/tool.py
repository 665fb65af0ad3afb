"""A tool: a command of the CLI with named arguments. Nothing here runs; it is made into words for the command line."""

from __future__ import annotations

from typing import Any, NamedTuple

from agenticops.cli.lines import clean, cut
from agenticops.errors import UsageError

# More than this is no argument: a file of the train holds no more either.
LONGEST = 65_536
Json = dict[str, Any]


class Call(NamedTuple):
    """A command: its words, its positional arguments in order, its options (`all_in` is `--all-in`)."""

    words: tuple[str, ...]
    places: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def takes(self) -> tuple[str, ...]:
        """The names of all its arguments."""
        return (*self.places, *self.options)


class Tool(NamedTuple):
    """What an agent sees. With a `chooser`, that argument's value says which of the calls is meant."""

    name: str
    description: str
    properties: dict[str, Json]
    calls: dict[str, Call]
    required: tuple[str, ...] = ()
    chooser: str = ""
    reads: bool = False
    destroys: bool = False
    repeats: bool = False
    runs: bool = False

    @property
    def plain(self) -> Json:
        """The JSON Schema of its arguments, as far as `core.plainschema` judges it."""
        required: Json = {"required": list(self.required)} if self.required else {}
        return {"type": "object", "properties": self.properties, **required}

    @property
    def schema(self) -> Json:
        """The JSON Schema of its arguments, of which there are no others."""
        return {**self.plain, "additionalProperties": False}

    @property
    def annotations(self) -> Json:
        """What a client may know before it asks its user: only what differs from reading is said of what reads."""
        if self.reads:
            return {"readOnlyHint": True, "openWorldHint": False}
        return {
            "readOnlyHint": False,
            "destructiveHint": self.destroys,
            "idempotentHint": self.repeats,
            "openWorldHint": self.runs,
        }

    @property
    def shown(self) -> Json:
        """The tool as `tools/list` gives it."""
        return {
            "name": self.name,
            "description": self.description,
            "inputSchema": self.schema,
            "annotations": self.annotations,
        }


def words(tool: Tool, arguments: Json) -> list[str]:
    """Make the words of the command line. Raises UsageError when the arguments are not what the schema asks for."""
    _refuse(tool, arguments)
    call = tool.calls[arguments[tool.chooser] if tool.chooser else ""]
    for name in arguments.keys() - {tool.chooser}:
        if name not in call.takes:
            raise _wrong(tool, f"{arguments[tool.chooser]} takes no argument {name!r}", call.takes)
    options = [w for name in call.options for w in _option(name, arguments.get(name))]
    places = [w for name in call.places for w in _texts(arguments.get(name))]
    # A value that looks like an option stays a value.
    guard = ["--"] if any(p.startswith("-") for p in places) else []
    return [*call.words, "--json", *options, *guard, *places]


def _refuse(tool: Tool, arguments: Json) -> None:
    from agenticops.core import plainschema

    for name in arguments:
        if name not in tool.properties:
            raise _wrong(tool, f"there is no argument {cut(name, 60)!r}", tuple(tool.properties))
        for text in _texts(arguments[name]):
            if len(text) > LONGEST:
                raise _wrong(tool, f"{name} has {len(text):,} characters; {LONGEST:,} are the most")
    for breach in (
        plainschema.breaches(arguments, {k: v for k, v in tool.schema.items() if k != "additionalProperties"}) or ()
    ):
        where = ".".join(map(str, breach.absolute_path))
        raise _wrong(tool, f"{where}: {cut(breach.message, 200)}" if where else clean(breach.message))


def _wrong(tool: Tool, message: str, names: tuple[str, ...] = ()) -> UsageError:
    takes = ", ".join(names or tool.properties) or "no arguments"
    return UsageError(f"{tool.name}: {message}", hint=f"{tool.name} takes {takes}")


def _option(name: str, value: Any) -> list[str]:
    flag = f"--{name.replace('_', '-')}"
    if isinstance(value, bool):
        return [flag] if value else []
    return [f"{flag}={text}" for text in _texts(value)]


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(v) for v in value] if isinstance(value, list) else [str(value)]
