"""YAML as text: hardened reading, and writing that keeps every byte it does not mean.

Why not the usual loader: one anchor bomb, one `2_7` that becomes 27, one duplicate key or conflict marker that is
silently taken is enough to lose trust. ADR 0005 lists the limits.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_type_hints

import msgspec

from agenticops.errors import StateError

if TYPE_CHECKING:
    from yaml import Node

T = TypeVar("T")
STATE_LIMIT = 65_536
PIPELINE_LIMIT = 524_288
MAX_DEPTH = 64
MAX_MARKS = 20_000
_MAX_INDENT = 256
_MARKERS = ("<<<<<<< ", ">>>>>>> ")
# What begins a value: as many of them as a text has, at most twice as many values it holds.
_MARKS = ("\n", "\r", "\x85", "\u2028", "\u2029", ",", "[", "{", ": ", "- ", "? ", ":\t", "-\t", "?\t")
_BRACKETS = re.compile(r"[\[\]{}]")
_LEAD = re.compile(r"^[ \t]*(?:[-?] +)*", re.M)
_PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9_./ -]*[A-Za-z0-9_./-])?")
_RESERVED = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][-+]?[0-9]+)?")
_FRONT = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.M | re.S)
# Text that a block scalar gives back as it is: no control characters, no leading space, no line separators of Unicode.
_BLOCK = re.compile(
    r"[^\s\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff][^\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]*"
)
_ESCAPED = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_AT = re.compile(r" - at `(?:key` in `)?(.*)`")


class Plain(str):
    """A scalar that stood without quotes; it is a string unless the type says otherwise."""

    __slots__ = ()


def decode(data: bytes, path: str, limit: int = STATE_LIMIT) -> str:
    """Turn the bytes of a state file into text. Raises StateError for size, NUL, bad UTF-8 and conflict markers."""
    if len(data) > limit:
        raise StateError(
            f"the file has {len(data)} bytes; at most {limit} are read", place=path, hint="move bulk text elsewhere"
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as e:
        line = data.count(b"\n", 0, e.start) + 1
        raise StateError("the file is not UTF-8", place=f"{path}:{line}", hint="save it as UTF-8") from None
    if "\0" in text:
        raise StateError("the file has a NUL byte", place=f"{path}:{text.count(chr(10), 0, text.index(chr(0))) + 1}")
    if "<<<<<<< " in text or ">>>>>>> " in text:
        for number, line_text in enumerate(text.split("\n"), 1):
            if line_text.startswith(_MARKERS):
                raise StateError(
                    "a merge left conflict markers",
                    place=f"{path}:{number}",
                    hint="resolve them, then git add the file",
                )
    return text.removeprefix("\ufeff")


def split(text: str) -> tuple[str, str, int]:
    """Take front-matter off: its YAML text ("" when there is none), the body, the line where the body starts."""
    match = _FRONT.match(text)
    if not match:
        return "", text, 1
    return match[1], text[match.end() :], text.count("\n", 0, match.end()) + 1


def load(text: str, path: str, first_line: int = 1, limit: int = STATE_LIMIT) -> Any:
    """Read one YAML document; scalars without quotes come as `Plain`. Raises StateError with `path:line`."""
    return _Builder(path, first_line).build(_compose(text, path, first_line, limit), 0)


def typed(value: Any) -> Any:
    """Give unquoted scalars the type that YAML's core schema gives them (null, bool, int, float)."""
    if isinstance(value, Plain):
        return _scalar(value)
    if isinstance(value, dict):
        return {str(k): typed(v) for k, v in value.items()}
    if isinstance(value, list):
        return [typed(v) for v in value]
    return value


def convert(
    value: Any, kind: type[T], path: str, text: str = "", first_line: int = 1, within: tuple[str, ...] = ()
) -> T:
    """Check a loaded mapping against a type; empty fields count as absent. Raises StateError that names the field."""
    if not isinstance(value, dict):
        line = locate(text, within, first_line) if text else first_line
        field = ".".join(within)
        raise StateError(f"{field or 'here'}: a mapping of fields is wanted", place=f"{path}:{line}")
    try:
        return msgspec.convert({k: _bare(v) for k, v in value.items() if v is not None}, kind, strict=False)
    except msgspec.ValidationError as e:
        message = str(e)
        match = _AT.search(message)
        keys = (*within, *re.findall(r"[^.\[\]$]+", match[1] if match else ""))
        message = message[: match.start()] if match else message
        unknown = re.search(r"unknown field `(.*)`", message)
        if unknown:
            keys = (*keys, unknown[1])
        line = locate(text, keys, first_line) if text else first_line
        what, hint = _said(message, kind, keys[len(within) :])
        field = ".".join(k for k in keys if k != "...")
        raise StateError(f"{field}: {what}" if field else what, place=f"{path}:{line}", hint=hint) from None


_TYPES = {"bool": "true or false", "str": "text", "int": "a whole number", "float": "a number"}
_TYPES |= {"array": "a list", "object": "a mapping"}


def _said(message: str, kind: Any, keys: tuple[str, ...]) -> tuple[str, str]:
    """Say in the words of the person who edits the file what msgspec found, and what to do."""
    quoted = re.findall(r"`([^`]*)`", message)
    if "missing required field" in message:
        return f"the field {quoted[0]} is missing", "write it, or restore the file from git"
    if "unknown field" in message:
        return "unknown field", "correct its spelling, or take it out"
    if message.startswith("Expected") and len(quoted) == 2:
        wanted, got = (" or ".join(_TYPES.get(t, t) for t in q.split(" | ")) for q in quoted)
        return f"{wanted} is wanted, not {got}", "correct the value"
    known = _choices(kind, keys) if "enum value" in message else []
    if known:
        return f"unknown value {message.partition('value ')[2]}", f"known: {', '.join(map(str, known))}"
    return f"{message[0].lower()}{message[1:]}".replace("enum value", "value"), "correct the value"


def _choices(kind: Any, keys: tuple[str, ...]) -> list[Any]:
    """List what a field may say, by the way to it through mappings and lists of tables."""
    for key in keys:
        while get_args(kind):  # the table within a list, a mapping or `None`
            kind = next((one for one in reversed(get_args(kind)) if one not in (type(None), ...)), None)
        kind = get_type_hints(kind).get(key, kind) if isinstance(kind, type) else None
    return [value for one in get_args(kind) if not isinstance(one, type) for value in get_args(one) or (one,)]


def locate(text: str, keys: tuple[str, ...], first_line: int = 1) -> int:
    """Find the line of a field by its keys and list positions; the last one that is found counts."""
    import yaml

    node: Node | None = _compose(text, "", first_line, max(len(text), 1) * 4)
    line = first_line
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            pair = next(((k, v) for k, v in node.value if k.value == key), None)
            if pair is None:
                break
            line, node = first_line + pair[0].start_mark.line, pair[1]
        elif isinstance(node, yaml.SequenceNode) and key.isdecimal() and int(key) < len(node.value):
            node = node.value[int(key)]
            line = first_line + node.start_mark.line
        else:
            break
    return line


def dump(fields: dict[str, Any]) -> str:
    """Write a mapping with a blank line between its fields, so that two branches that edit two fields merge."""
    return "\n".join(_field(key, value) for key, value in fields.items())


def splice(text: str, changes: dict[str, Any], path: str) -> str:
    """Set top-level fields and keep every other byte. Raises StateError when it would read back otherwise."""
    import yaml

    root = _compose(text, path, 1, PIPELINE_LIMIT)
    before = _Builder(path, 1).build(root, 0)
    if not isinstance(before, dict | None):
        raise StateError("a mapping of fields is wanted", place=f"{path}:1")
    wanted = {**(before or {}), **changes}
    newline = "\r\n" if "\r\n" in text else "\n"
    written = {key: _field(key, value).rstrip("\n").replace("\n", newline) for key, value in changes.items()}
    lines, whole = text.split("\n"), text
    # From the last field to the first, so that the places of those before stay true.
    for key_node, value_node in reversed(root.value if isinstance(root, yaml.MappingNode) else []):
        if key_node.value in written:
            start = _offset(lines, key_node.start_mark.line, key_node.start_mark.column)
            text = text[:start] + written[key_node.value] + text[_end(value_node, lines, whole) :]
    for key in [key for key in changes if key not in (before or {})]:
        gap = newline if text.strip() else ""
        text = text.rstrip("\r\n") + (newline if text.strip() else "") + gap + written[key] + newline
    back = load(text, path, limit=PIPELINE_LIMIT)
    if typed(back) != typed(_plain(wanted)):
        raise StateError(
            "the file cannot be edited without touching more than was asked", place=path, hint="edit it by hand"
        )
    return text


class _Builder:
    """Builds values from nodes: duplicate keys, aliases, merge keys, tags and deep nesting are errors."""

    def __init__(self, path: str, first_line: int) -> None:
        self.path = path
        self.first_line = first_line
        self.seen: set[int] = set()
        self.nodes: list[Node] = []

    def fail(self, message: str, node: Node, hint: str = "") -> StateError:
        line = self.first_line + node.start_mark.line
        return StateError(message, place=f"{self.path}:{line}", hint=hint)

    def build(self, node: Node | None, depth: int) -> Any:
        if node is None:
            return None
        if id(node) in self.seen:
            raise self.fail("YAML aliases are not read", node, "write the value out")
        self.seen.add(id(node))
        if depth > MAX_DEPTH:
            raise self.fail(f"nested deeper than {MAX_DEPTH} levels", node)
        if node.tag is not None:
            raise self.fail(f"the tag {node.tag} is not read", node, "remove it")
        if node.id == "scalar":
            if node.style in (None, ""):
                return None if node.value in ("", "~", "null") else Plain(node.value)
            return str(node.value)
        if node.id == "sequence":
            return [self.build(child, depth + 1) for child in node.value]
        return self.mapping(node, depth)

    def mapping(self, node: Node, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self.build(key_node, depth + 1) if key_node.id == "scalar" else None
            if key is None:
                raise self.fail("a key must be a word", key_node)
            key = str(key)
            if key == "<<":
                raise self.fail("YAML merge keys are not read", key_node, "write the fields out")
            if key in result:
                raise self.fail(f"the key {key!r} stands twice", key_node, "keep one of them")
            result[key] = self.build(value_node, depth + 1)
        return result


def _compose(text: str, path: str, first_line: int, limit: int) -> Node | None:
    import yaml

    if len(text) > limit:
        raise StateError(f"{len(text)} characters; at most {limit} are read", place=f"{path}:{first_line}")
    _refuse_depth(text, path, first_line)
    _refuse_mass(text, path, first_line)
    parser = _parser()(text)
    try:
        node: Node | None = parser.get_single_node()
        return node
    except yaml.YAMLError as e:
        mark = getattr(e, "problem_mark", None) or getattr(e, "context_mark", None)
        line = first_line + (mark.line if mark else 0)
        problem = getattr(e, "problem", None) or getattr(e, "reason", None) or "not YAML"
        hint = "correct the line, or restore the file from git"
        raise StateError(f"not YAML: {problem}", place=f"{path}:{line}", hint=hint) from None


@cache
def _parser() -> Any:
    """The C parser without any resolving: what a scalar means is decided by types, not by spelling."""
    import yaml

    class Parser(yaml.CBaseLoader):
        def resolve(self, kind: Any, value: Any, implicit: Any) -> None:
            return None

        def descend_resolver(self, node: Any, index: Any) -> None:
            return None

        def ascend_resolver(self) -> None:
            return None

    return Parser


def _refuse_depth(text: str, path: str, first_line: int) -> None:
    """Refuse what would overflow the C composer's stack before it sees it."""
    if text.count("[") + text.count("{") > MAX_DEPTH:
        depth = 0
        for match in _BRACKETS.finditer(text):
            depth = depth + 1 if match[0] in "[{" else max(depth - 1, 0)
            if depth > MAX_DEPTH:
                line = first_line + text.count("\n", 0, match.start())
                raise StateError(f"nested deeper than {MAX_DEPTH} levels", place=f"{path}:{line}")
    deepest = max((len(m[0]) for m in _LEAD.finditer(text)), default=0)
    if deepest > _MAX_INDENT:
        raise StateError(f"indented by more than {_MAX_INDENT} columns", place=f"{path}:{first_line}")


def mass(text: str) -> int:
    """Count the signs that may begin a value, in YAML or JSON; a short text is not looked at."""
    return sum(map(text.count, _MARKS)) if len(text) > MAX_MARKS else 0


def _refuse_mass(text: str, path: str, first_line: int) -> None:
    """Refuse what would take long because it holds so many values, however few bytes they have."""
    if mass(text) > MAX_MARKS:
        message = f"more than {MAX_MARKS} lines and values"
        raise StateError(message, place=f"{path}:{first_line}", hint="move bulk data elsewhere")


def _scalar(value: str) -> Any:
    if value in ("true", "True", "TRUE"):
        return True
    if value in ("false", "False", "FALSE"):
        return False
    if _INT.fullmatch(value):
        return int(value) if len(value) < 20 else str(value)
    if _FLOAT.fullmatch(value):
        return float(value)
    return str(value)


def _quote(value: Any) -> str:
    if value is None or value == "":
        return '""' if value == "" else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    text = str(value)
    if _PLAIN.fullmatch(text) and text.lower() not in _RESERVED:
        return text
    return _json(text)


def _json(value: Any) -> str:
    """Write a value as JSON, which is YAML too: control and line-separator characters escaped, letters readable."""
    return _ESCAPED.sub(lambda m: f"\\u{ord(m[0]):04x}", json.dumps(value, ensure_ascii=False))


def _field(key: str, value: Any, indent: str = "") -> str:
    if isinstance(value, dict):
        if not value:
            return f"{indent}{key}: {{}}\n"
        return f"{indent}{key}:\n" + "".join(_field(k, v, indent + "  ") for k, v in value.items())
    if isinstance(value, list | tuple):
        if not value:
            return f"{indent}{key}: []\n"
        return f"{indent}{key}:\n" + "".join(_entry(v, indent + "  ") for v in value)
    if isinstance(value, str) and "\n" in value and _BLOCK.fullmatch(value) and not value.endswith("\n"):
        block = "".join(f"{indent}  {line}\n" if line else "\n" for line in value.split("\n"))
        return f"{indent}{key}: |-\n{block}"
    quoted = _quote(value)
    return f"{indent}{key}: {quoted}\n" if quoted else f"{indent}{key}:\n"


def _entry(value: Any, indent: str) -> str:
    if isinstance(value, dict) and value:
        fields = "".join(_field(k, v, indent + "  ") for k, v in value.items())
        return f"{indent}- {fields[len(indent) + 2 :]}"
    if isinstance(value, dict | list | tuple):
        return f"{indent}- {_json(value)}\n"
    return f"{indent}- {_quote(value) or 'null'}\n"


def _bare(value: Any) -> Any:
    """Forget whether scalars were quoted: types are decided by now."""
    if isinstance(value, Plain):
        return str(value)
    if isinstance(value, dict):
        return {k: _bare(v) for k, v in value.items()}
    return [_bare(v) for v in value] if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    """What a dumped value looks like when it is read back with types."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value


def _offset(lines: list[str], line: int, column: int) -> int:
    return sum(len(text) + 1 for text in lines[:line]) + column


def _end(node: Any, lines: list[str], text: str) -> int:
    """Find the offset behind a value: behind its last character, before blank lines and comments that follow."""
    while node.id != "scalar" and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    end = min(_offset(lines, node.end_mark.line, node.end_mark.column), len(text))
    if node.id == "scalar" and node.style in ("|", ">"):
        end = len(text[:end].rstrip(" \t\r\n"))
    return end
