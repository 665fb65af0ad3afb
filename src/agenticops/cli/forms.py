"""Forms: the commands `new`, `list`, `show` and `edit` of a paper, with an option for each field of its type."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
import typer

from agenticops.cli.commands.options import Json, example
from agenticops.cli.lines import DIM, STRONG, Line, clean, cut, following, line, ok
from agenticops.cli.output import emit
from agenticops.core import yamltext
from agenticops.errors import EXIT_ERROR, UsageError
from agenticops.flows import papers
from agenticops.model.finding import Finding
from agenticops.model.paper import SHELVES, Paper
from agenticops.workspace import Workspace

# Given by the tool.
OWN = ("id", "decision_id")
# Fields whose option has a shorter name than the data model gives them.
SHORT = {
    "reasoning_process": "reasoning",
    "decision_type": "type",
    "context_data": "context",
    "confidence_score": "confidence",
    "agent_assignments": "assign",
    "resource_optimization": "resource",
    "learning_notes": "notes",
}
BODY = "description"
PaperArgument = Annotated[str, typer.Argument(metavar="ID", help="Its id, or its start.")]
File = Annotated[
    typer.FileText | None, typer.Option("--body-file", help="A file with the text; - reads standard input.")
]


def add_forms(app: typer.Typer, noun: str, sample: str) -> None:
    """Add `new` and `edit`; `sample` is how a new one is written."""
    app.command("new", **example(f"agenticops {noun} new {sample}"))(_new(noun))
    app.command("edit", **example(f"agenticops {noun} edit {_sample_id(noun)} {_sample_edit(noun)}"))(_edit(noun))


def add_views(app: typer.Typer, noun: str) -> None:
    """Add `list` and `show`, for papers that have nothing of their own to show."""

    @app.command("list", **example(f"agenticops {noun} list"))
    def list_(json: Json = False) -> None:
        found, broken = papers.listing(Workspace(), noun)
        emit(f"{noun}-list", [public(p) for p in found], list_lines(noun, found), json)
        tell_broken(broken)

    list_.__doc__ = f"List the {noun}s."

    @app.command("show", **example(f"agenticops {noun} show {_sample_id(noun)}"))
    def show(paper: PaperArgument, json: Json = False) -> None:
        found, times = papers.show(Workspace(), noun, paper)
        rows = [*paper_lines(noun, found), following(f"agenticops trace {found.id}")]
        emit(noun, {**public(found), **times}, rows, json)

    show.__doc__ = f"Show a {noun}: all its fields and its text."


def public(paper: Paper) -> dict[str, Any]:
    """Give a paper as JSON has it."""
    found: dict[str, Any] = msgspec.to_builtins(paper)
    return found


def list_lines(noun: str, found: Iterable[Paper]) -> list[Line]:
    """Show papers, one a line: id, what their choices say, title."""
    choices = [n for n, kind in _fields(noun) if _choices(kind) and n != "priority"]
    rows = []
    for paper in found:
        said = "".join(f"{getattr(paper, n).replace('_', ' '):<13}" for n in choices)
        rows.append(line(f"{paper.id:<10} ", (said, DIM), cut(paper.title, 70)))
    return rows or [line((f"no {noun}s", DIM)), following(f'agenticops {noun} new --title "…"')]


def paper_lines(noun: str, paper: Paper) -> list[Line]:
    """Show a paper: its fields that say something, and its text."""
    rows: list[Line] = [line((f"{noun} {paper.id}", STRONG), f"  {clean(paper.title)}")]
    for name, _ in _fields(noun):
        value = getattr(paper, name)
        if name not in ("title", BODY) and value not in ("", (), {}):
            rows.append(line((f"  {name:<22}", DIM), clean(shown(value))))
    rows.append(line(("  file                  ", DIM), SHELVES[noun].path(paper.id)))
    return rows + [
        line("  ", clean(text)) for text in (["", *paper.description.split("\n")] if paper.description else [])
    ]


def shown(value: Any) -> str:
    """Write a field's value on one line."""
    if isinstance(value, dict):
        return ", ".join(f"{k}={_nested(v)}" for k, v in value.items())
    if isinstance(value, tuple | list):
        return ", ".join(shown(v) for v in value)
    return " ⏎ ".join(str(value).split("\n"))


def _nested(value: Any) -> str:
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list) else shown(value)


def tell_broken(broken: list[Finding]) -> None:
    """Complain of the papers that a list had to leave out."""
    if broken:
        from agenticops.cli.output import complain
        from agenticops.errors import StateError

        for f in broken:
            complain(StateError(f.message, place=f.place, hint=f.hint))
        raise typer.Exit(EXIT_ERROR)


def _new(noun: str) -> Callable[..., None]:
    def new(**given: Any) -> None:
        as_json = given.pop("json")
        fields = _taken(noun, given)
        found = papers.new(Workspace(), noun, fields)
        rows = [ok(f"{noun} {found.id}", SHELVES[noun].path(found.id)), following(_after(noun, found))]
        emit(noun, public(found), rows, as_json)

    return _formed(new, noun, fresh=True)


def _edit(noun: str) -> Callable[..., None]:
    def edit(**given: Any) -> None:
        as_json, name = given.pop("json"), given.pop("paper")
        found = papers.edit(Workspace(), noun, name, _taken(noun, given))
        rows = [ok(f"{noun} {found.id} changed", SHELVES[noun].path(found.id))]
        emit(noun, public(found), [*rows, following(f"agenticops {noun} show {found.id}")], as_json)

    return _formed(edit, noun, fresh=False)


def _formed(function: Callable[..., None], noun: str, fresh: bool) -> Callable[..., None]:
    """Give a function the parameters of a form, as if they had been written out."""
    parameters: dict[str, tuple[Any, Any]] = {}
    if not fresh:
        parameters["paper"] = (PaperArgument, inspect.Parameter.empty)
    for name, kind in _fields(noun):
        wanted = fresh and _required(noun, name)
        parameters[name] = (_option(name, kind), inspect.Parameter.empty if wanted else None)
    parameters["body_file"] = (File, None)
    parameters["json"] = (Json, False)
    way = inspect.Parameter.KEYWORD_ONLY
    function.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(n, way, default=default, annotation=kind) for n, (kind, default) in parameters.items()]
    )
    function.__annotations__ = {name: kind for name, (kind, _) in parameters.items()}
    verb = "Write down a new" if fresh else "Change a"
    rest = "." if fresh else '; every byte that is not meant stays. A list is given as a whole; "" empties it.'
    function.__doc__ = f"{verb} {noun}{rest}"
    return function


def _option(name: str, kind: Any) -> Any:
    """Make the option of a field."""
    inner, help_ = _bare(kind), _help(kind)
    if _choices(kind):
        return Annotated[inner | None, typer.Option(_flag(name, inner), help=help_)]
    if inner is int:
        return Annotated[int | None, typer.Option(_flag(name, inner), help=help_, min=1, max=10)]
    if get_origin(inner) in (tuple, dict):
        more = f"{help_} May be given more than once."
        metavar = "KEY=VALUE" if get_origin(inner) is dict else _flag(name, inner)[2:].upper()
        return Annotated[list[str] | None, typer.Option(_flag(name, inner), metavar=metavar, help=more)]
    return Annotated[str | None, typer.Option(_flag(name, inner), help=help_)]


def _flag(name: str, inner: Any) -> str:
    if name == BODY:
        return "--body"
    several = get_origin(inner) is tuple
    return f"--{SHORT.get(name, name.removesuffix('s') if several else name).replace('_', '-')}"


def _taken(noun: str, given: dict[str, Any]) -> dict[str, Any]:
    """Take what was given on the command line as the fields of a paper."""
    file = given.pop("body_file", None)
    if file and given.get(BODY):
        raise UsageError("--body and --body-file both give the text", hint="leave one out")
    found = {k: v for k, v in given.items() if v is not None and v != []}
    if file:
        found[BODY] = file.read()
    kinds = dict(_fields(noun))
    return {k: pairs(_flag(k, dict), v) if get_origin(_bare(kinds[k])) is dict else v for k, v in found.items()}


def pairs(flag: str, words: list[str]) -> dict[str, Any]:
    """Read KEY=VALUE pairs, or JSON objects; unquoted numbers and truths are what they look like."""
    found: dict[str, Any] = {}
    for word in filter(None, words):
        if word.startswith("{"):
            try:
                found |= msgspec.json.decode(word, type=dict[str, Any])
            except msgspec.DecodeError as e:
                raise UsageError(f"{flag}: this is no JSON object: {e}", hint="KEY=VALUE is simpler") from None
            continue
        key, sign, value = word.partition("=")
        if not (key and sign):
            raise UsageError(f"{flag} takes KEY=VALUE, not {word!r}", hint=f"{flag} size=3")
        found[key] = yamltext.typed(yamltext.Plain(value))
    return found


def _fields(noun: str) -> list[tuple[str, Any]]:
    hints = get_type_hints(SHELVES[noun].type, include_extras=True)
    return [(n, k) for n, k in hints.items() if n not in OWN]


def _required(noun: str, name: str) -> bool:
    return any(f.name == name and f.required for f in msgspec.structs.fields(SHELVES[noun].type))


def _bare(kind: Any) -> Any:
    return _bare(get_args(kind)[0]) if get_origin(kind) is Annotated else kind


def _choices(kind: Any) -> list[str]:
    inner = _bare(kind)
    return list(get_args(inner)) if get_origin(inner) is Literal else []


def _help(kind: Any) -> str:
    """Give the description that the type has of a field."""
    return next((str(m.description) for m in get_args(kind)[1:] if getattr(m, "description", "")), "")


def _after(noun: str, paper: Paper) -> str:
    return {
        "client": f'agenticops need new --client {paper.id} --title "…"',
        "need": f"agenticops trace {paper.id}",
        "risk": f'agenticops mitigation new --risk {paper.id} --title "…"',
        "mitigation": "agenticops risk list",
        "decision": f"agenticops decision show {paper.id}",
    }[noun]


def _sample_id(noun: str) -> str:
    return "2026-01-01-go-on" if noun == "decision" else f"{noun[0]}4f2k"


def _sample_edit(noun: str) -> str:
    return {
        "client": "--status past",
        "need": "--status met",
        "risk": "--status closed",
        "mitigation": "--state implemented",
        "decision": "--result right",
    }[noun]
