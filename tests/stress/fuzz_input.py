"""Input of the fuzz harness: a corpus of real files, and a mutator that turns one number into the same bytes each time.

Most inputs are short, so that a million of them fit into minutes; some reach the limits of what is read, and beyond.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RESOURCES = ROOT / "src/agenticops/resources"
SHORT = 600
CAP = 700_000
# How often an input is made large, and how often it is a bomb.
LARGE, BOMB = 0.01, 0.01

TICKET = b"""id: build_t00000001

item: t00000001

phase: build

mode: make

agent: maker

operator: Ada Lovelace <ada@example.org>

status: in_progress

artifacts:
  - plan

optional: []

entry: []

exit: []
"""
ITEM = b"""---
id: t00000001

kind: PRD

title: Refills arrive in time

priority: next

parent: ""

issue: 142

labels: []
---

# Refills arrive in time

Say here what is wanted.
"""
SESSION = b"""---
id: s-01m7xyjk2xqrx754yfzn14r561

status: active

started_at: 2026-01-01T10:00:00.000Z

operator: Ada Lovelace <ada@example.org>

agent: maker

mode: make

phase: build

ticket: build_t00000001

parents:
  prd: t00000001
  crd: ""

todos:
  - id: d1x2y
    content: Ask the nurses
    status: pending
    priority: high

notes:
  - "regions: differ"

extra:
  owner_2: 2_7
---

# Session notes
"""
CALENDAR = (b"today", b"2d", b" 14 h ", b"3w", b"2026-11-01", b"2026-11-01T08:00:00", b"2026-11-01T08:00:00Z")
IDS = (b"build_t00000001", b"build_142-2", b"t00000001", b"t0000", b"142", b"readiness_9", b"r0000000a")
TOKENS = tuple(
    token.encode("utf-8", "surrogatepass")
    for token in (
        "&a ", "*a", "<<: *a", "!!python/object:os.system ", "!!binary ", "%YAML 1.2\n---\n", "---\n", "\n---\n",
        "...\n", "? ", "- ", ": ", "|-\n", ">+2\n", "\t", "\r", "\r\n", "\0", "\x1b[31m", "\x85", "\u2028", "\u202e",
        "\ufeff", "\ud800", '"\\ud800"', '"\\uD83D"', "\U0010ffff", "é", "ß", "İ", "\u0661", "{}", "[]", "{", "[",
        "}", "]", "\"", "'", "#", "##### ", "## Goal\n", "# ", "<!-- id: x -->", "<!--", "-->", "```", "~~~", "`",
        "**", " *", "_", "\\", "- [ ] ", "- [x] ", "* [X] ", "1. [ ] ", "> ", "***\n", "===\n", "<<<<<<< HEAD\n",
        "=======\n", ">>>>>>> b\n", "null", "true", "NaN", "-Infinity", "1e999", "-0", "9" * 25, "9" * 5000, "0x1f",
        "2_7", "1:30", "2026-02-30", "~", "\n\n", "    ", " ", '{"a":', '[[', '"lamport":',
        '"lamport": 1099511627776', '"files":', '"cells":', "id: ", "schema: 1\n", "schema: 99\n", "export ", "=",
        ",", ";", "version https://git-lfs.github.com/spec/", "$ref", "{item}", "../", "/etc/passwd", "%s", "{0}",
    )
)  # fmt: skip


def corpora() -> dict[str, list[bytes]]:
    """Read the real files, by what they are."""
    trains = RESOURCES / "trains"
    legacy = [p.read_bytes() for p in sorted((ROOT / "tests/fixtures/legacy").iterdir())]
    templates = {s: _read(trains, f"*/templates/*.{s}") for s in ("md", "yaml", "json", "csv", "ipynb", "py", "txt")}
    pipelines = _read(trains, "*/pipeline.yml")
    pieces = [part for text in pipelines for part in _sections(text)]
    return {
        "yaml": [TICKET, ITEM.split(b"---")[1], SESSION.split(b"---")[1], *templates["yaml"], *pieces],
        "pipeline": [*pipelines[:1], *pieces, *(b"schema: 1\n\nname: x\n\n" + p for p in pieces), _old(pieces)],
        "documents": [TICKET, ITEM, SESSION],
        "checklist": _read(trains, "*/checklists/*.md"),
        "markdown": [*templates["md"], *_read(RESOURCES, "co*/*.md"), ITEM, SESSION],
        "legacy": [*legacy, SESSION],
        "csv": [*templates["csv"], b'a,b\n1,"x, y"\n2,z\n'],
        "json": [*templates["json"], b'{"auc": 0.9, "rows": [1, 2], "name": "x"}'],
        "notebook": templates["ipynb"],
        "python": [*templates["py"], *(p.read_bytes() for p in sorted((ROOT / "src/agenticops/model").glob("*.py")))],
        "text": [*templates["txt"], b"# a comment\nhttps://example.org\n"],
        "events": [_events(number) for number in range(8)],
        "journal": [_journal(TICKET), _journal(ITEM)],
        "manifest": [json.dumps({"schema": 1, "train": "ml", "files": {"config/a": "0" * 64, "b": ""}}).encode()],
        "ids": list(IDS),
        "time": list(CALENDAR),
    }  # fmt: skip


def _read(folder: Path, pattern: str) -> list[bytes]:
    return [p.read_bytes() for p in sorted(folder.glob(pattern))]


def _sections(text: bytes) -> list[bytes]:
    """Cut a pipeline at its top-level fields: short, and still whole definitions."""
    starts = [0, *(i + 1 for i in range(len(text) - 1) if text[i : i + 1] == b"\n" and text[i + 1 : i + 2].isalpha())]
    return [part for a, b in zip(starts, [*starts[1:], len(text)], strict=True) if (part := text[a:b][:4000])]


def _old(pieces: list[bytes]) -> bytes:
    return b"train:\n  name: old\nstages:\n  - name: a\n    mode: plan\n" + pieces[0]


def _events(number: int) -> bytes:
    kinds = ("bullet_ticked", "ticket_started", "note", "from_the_future", "artifact_recorded")
    rows = [
        {
            "id": f"01AAAAAAAAAAAAAAAAAAAA{number:02d}{i:02d}",
            "lamport": number * 10 + i + 1,
            "at": "2026-01-01T10:00:00.000Z",
            "actor": {"operator": "Ada <ada@example.org>", "agent": "maker", "host": "h"},
            "kind": kinds[(number + i) % len(kinds)],
            "subject": "ticket/build_t00000001",
            "ticket": "build_t00000001",
            "item": "t00000001",
            "prev": "" if i else None,
            "data": {"to": "in_progress", "bullet": "3f9a2c1b", "n": i},
        }
        for i in range(1 + number)
    ]
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def _journal(content: bytes) -> bytes:
    row = {"path": "docs/a.md", "before": "", "content": base64.b64encode(content).decode()}
    return json.dumps({"schema": 1, "head": "0" * 40, "purpose": "tick", "files": [row]}).encode()


def make(dice: random.Random, seeds: list[bytes], large: bool = True) -> bytes:
    """Make one input of a corpus: a window of a real file, mutated a few times."""
    draw = dice.random
    if draw() < BOMB:
        return dice.choice(BOMBS)(dice, large)
    data = seeds[int(draw() * len(seeds))]
    if len(data) > SHORT and draw() < 0.98:
        start = 0 if draw() < 0.4 else data.rfind(b"\n", 0, int(draw() * len(data))) + 1
        data = data[start : start + 40 + int(draw() * SHORT)]
    for _ in range(1 + int(draw() ** 2 * 6)):
        data = MUTATIONS[int(draw() * len(MUTATIONS))](dice, data)
    if large and draw() < LARGE and data:
        data = _long(dice, data)
    return data[:CAP]


def words(dice: random.Random) -> str:
    """Make a short text: what a user may type as an argument."""
    raw = b"".join(dice.choice(TOKENS) if dice.random() < 0.4 else b"word " for _ in range(1 + int(dice.random() * 4)))
    return raw[:300].decode("utf-8", "replace")


def _at(dice: random.Random, data: bytes) -> tuple[int, int]:
    start = int(dice.random() * (len(data) + 1))
    return start, min(len(data), start + int(dice.random() ** 3 * 80) + 1)


def _flip(dice: random.Random, data: bytes) -> bytes:
    start, _ = _at(dice, data)
    return data[:start] + bytes((int(dice.random() * 256),)) + data[start + 1 :]


def _insert(dice: random.Random, data: bytes) -> bytes:
    start, _ = _at(dice, data)
    return data[:start] + TOKENS[int(dice.random() * len(TOKENS))] + data[start:]


def _delete(dice: random.Random, data: bytes) -> bytes:
    start, stop = _at(dice, data)
    return data[:start] + data[stop:]


def _move(dice: random.Random, data: bytes) -> bytes:
    start, stop = _at(dice, data)
    rest = data[:start] + data[stop:]
    to = int(dice.random() * (len(rest) + 1))
    return rest[:to] + data[start:stop] + rest[to:]


def _repeat(dice: random.Random, data: bytes) -> bytes:
    start, stop = _at(dice, data)
    return data[:start] + data[start:stop] * (2 + int(dice.random() ** 4 * 60)) + data[stop:]


def _line_twice(dice: random.Random, data: bytes) -> bytes:
    rows = data.split(b"\n")
    row = rows[int(dice.random() * len(rows))]
    rows.insert(int(dice.random() * (len(rows) + 1)), row)
    return b"\n".join(rows)


def _indent(dice: random.Random, data: bytes) -> bytes:
    rows = data.split(b"\n")
    at = int(dice.random() * len(rows))
    lead = b" " * int(dice.random() * 6) if dice.random() < 0.8 else b"\t"
    rows[at] = lead + (rows[at] if dice.random() < 0.5 else rows[at].lstrip())
    return b"\n".join(rows)


def _cut(dice: random.Random, data: bytes) -> bytes:
    return data[: _at(dice, data)[0]]


def _value(dice: random.Random, data: bytes) -> bytes:
    """Put something else behind a colon: the structure stays, the type does not."""
    at = data.find(b":", int(dice.random() * (len(data) + 1)))
    if at < 0:
        return _insert(dice, data)
    end = data.find(b"\n", at)
    return data[: at + 1] + b" " + TOKENS[int(dice.random() * len(TOKENS))] + (data[end:] if end >= 0 else b"")


MUTATIONS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    _flip, _insert, _insert, _insert, _delete, _move, _repeat, _line_twice, _indent, _cut, _value, _value,
)  # fmt: skip


def _long(dice: random.Random, data: bytes) -> bytes:
    """Grow an input to a limit or beyond: one run of a token, one piece many times, or lines without end."""
    size = dice.choice((4_000, 16_000, 65_000, 65_536, 65_537, 200_000, 524_000, CAP))
    start, stop = _at(dice, data)
    piece = (
        dice.choice((data[start:stop], dice.choice(TOKENS), data + b"\n", b" ", dice.choice(TOKENS) + b"\n")) or b"x"
    )
    return data[:start] + piece * (size // len(piece)) + data[start:]


def _deep_brackets(dice: random.Random, large: bool) -> bytes:
    depth = dice.choice((64, 65, 66, 900, 30_000 if large else 3_000))
    opened, closed = dice.choice(((b"[", b"]"), (b"{a: ", b"}"), (b'{"a":', b"}"), (b"[[", b"]]"), (b"- [", b"]")))
    return b"a: " * (dice.random() < 0.5) + opened * depth + b"1" + closed * (depth if dice.random() < 0.7 else 0)


def _deep_blocks(dice: random.Random, large: bool) -> bytes:
    depth = dice.choice((60, 64, 65, 130, 257))
    kind = dice.choice((b"a:", b"-", b"- a:", b"- [ ] x", b"> -", b"?"))
    if dice.random() < 0.4:
        return dice.choice((b"- ", b"? ", b"1. ", b"* ")) * (depth * 4) + b"x\n"
    return b"".join(b" " * (n if dice.random() < 0.9 else 2 * n) + kind + b"\n" for n in range(depth))


def _aliases(dice: random.Random, large: bool) -> bytes:
    """Nine levels of nine: 700 bytes that stand for 400 million values."""
    levels = dice.choice((2, 4, 9))
    rows = [b"a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    for n in range(1, levels):
        rows.append(b"a%d: &a%d [%s]" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)))
    return b"\n".join(rows) + dice.choice((b"\n", b"\nid: *a0\n", b"\nb: &b [*b]\n", b"\nc: {<<: *a0}\n"))


def _mass(dice: random.Random, large: bool) -> bytes:
    """Write as many values as a file of some size can hold."""
    size = dice.choice((65_000, 131_000, 524_000, CAP) if large else (2_000,))
    row = dice.choice((b"- [[[[]]]]\n", b"- - - - x\n", b"-\n", b"- [ ] a\n", b"#\n", b"- a\n", b"a,b\n", b"{},\n"))
    return dice.choice((b"", b"a:\n", b"[", b"# x\n\n")) + row * (size // len(row))


def _fields(dice: random.Random, large: bool) -> bytes:
    """Write a random mapping in block style, with nested values of every type."""

    def value(depth: int) -> object:
        kind = int(dice.random() * (7 if depth else 5))
        if kind < 5:
            return (
                None,
                dice.choice(TOKENS).decode("utf-8", "replace"),
                int(dice.random() * 2**70),
                dice.random(),
                True,
            )[kind]
        many = range(int(dice.random() * 4))
        return [value(depth - 1) for _ in many] if kind == 5 else {f"k{n}": value(depth - 1) for n in many}

    names = ("id", "status", "title", "phases", "gates", "artifacts", "cells", "kind", "data", "todos", "lamport", "x")
    rows = [f"{dice.choice(names)}: {json.dumps(value(4), ensure_ascii=dice.random() < 0.5)}" for _ in range(5)]
    text = (
        "\n".join(rows)
        if dice.random() < 0.6
        else "{" + ", ".join(f'"{n}": {json.dumps(value(4))}' for n in names) + "}"
    )
    return (("---\n" + text + "\n---\n") if dice.random() < 0.3 else text).encode("utf-8", "replace")


BOMBS: tuple[Callable[[random.Random, bool], bytes], ...] = (_deep_brackets, _deep_blocks, _aliases, _fields, _mass)
