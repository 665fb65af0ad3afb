"""The documentation is true: what is generated is current, links lead somewhere, commands exist."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from typer import _click as click

from agenticops.cli import root
from agenticops.core import documents, triage, yamltext
from agenticops.errors import StateError
from tests import support

ROOT = Path(__file__).parents[1]
RESOURCES = ROOT / "src/agenticops/resources"
SCHEMAS = RESOURCES / "schemas"
TRAINS = sorted(p.parent.name for p in (RESOURCES / "trains").glob("*/pipeline.yml"))
FENCE = re.compile(r"^( *)(```+|~~~+)([\w-]*).*$")
LINK = re.compile(r"(?<!!)\[(?:[^\[\]]|\[[^\]]*\])*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
# Words that end a command in a shell.
ENDS = {"|", "||", "&&", ";", "&", ">", ">>", "<", "<<"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def pages(*more: str) -> list[Path]:
    patterns = ["*.md", "docs/**/*.md", "examples/**/README.md", "src/agenticops/resources/codes/*.md", *more]
    return sorted({path for pattern in patterns for path in ROOT.glob(pattern)})


def blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    """Take a page apart: the language of each fenced block ("prose" outside of them) and its lines."""
    language, closing, lines = "prose", "", list[str]()
    for row in text.split("\n"):
        match = FENCE.match(row)
        if closing and row.strip() == closing:
            yield language, lines
            language, closing, lines = "prose", "", []
        elif match and not closing:
            yield language, lines
            language, closing, lines = match[3] or "text", match[2], []
        else:
            lines.append(row)
    yield language, lines


def prose(text: str) -> str:
    return "\n".join(row for language, rows in blocks(text) if language == "prose" for row in rows)


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    found: set[str] = set()
    for title in re.findall(r"^#{1,6} +(.+?) *#*$", prose(path.read_text(encoding="utf-8")), re.M):
        words = re.sub(r"[^\w\- ]", "", LINK.sub(lambda m: m[0][1:].split("]")[0], title).lower()).replace(" ", "-")
        count = 1
        anchor = words
        while anchor in found:
            anchor, count = f"{words}-{count}", count + 1
        found.add(anchor)
    return found


def shell_lines(rows: list[str]) -> Iterator[str]:
    """The commands of a console block; what a here-document holds is no command."""
    command, within = "", ""
    for row in rows:
        if within:
            within = "" if row.removeprefix("> ").strip() == within else within
            continue
        if row.startswith("$ "):
            command = row[2:]
        elif row.startswith("> ") and command.endswith("\\"):
            command = command[:-1] + row[2:]
        elif command.endswith("\\"):
            command = command[:-1] + row
        else:
            continue
        if command.endswith("\\"):
            continue
        here = re.search(r"<<-?\s*['\"]?(\w+)", command)
        within = here[1] if here else ""
        yield command


def calls(line: str) -> Iterator[list[str]]:
    """Take a shell line apart into its calls, without what is set before them and where their output goes."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    call: list[str] = []
    for word in [*lexer, ";"]:
        if word not in ENDS:
            call.append(word)
            continue
        while call and re.fullmatch(r"\w+=.*", call[0]):
            call = call[1:]
        if call:
            yield call
        call = []


def parse(words: list[str]) -> None:
    """Parse a call of agenticops as the program does, and run nothing. Raises click's UsageError."""
    words = list(words)
    while words[:1] == ["-C"]:
        words = words[2:]
    if words in (["--version"], ["--help"], []):
        return
    if words[0] not in root.COMMANDS:
        raise click.exceptions.UsageError(f"there is no command {words[0]!r}")
    command, words = root.load(words[0]), words[1:]
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        if words[0] not in command.commands:
            raise click.exceptions.UsageError(f"there is no command {words[0]!r}")
        command, words = command.commands[words[0]], words[1:]
    if words != ["--help"]:
        command.make_context("agenticops", words)


def console(path: Path) -> list[list[str]]:
    rows = [b for language, b in blocks(path.read_text(encoding="utf-8")) if language in ("console", "sh", "bash")]
    return [call for block in rows for line in shell_lines(block) for call in calls(line)]


def build(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-B", str(folder / "scripts/build_docs.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder)


def test_generated_pages_are_current() -> None:
    done = build(ROOT, "--check")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_what_is_out_of_date_is_named_and_mended(tmp_path: Path) -> None:
    for folder in ("scripts", "docs/reference", "src/agenticops/resources/codes", "src/agenticops/resources/schemas"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    codes = tmp_path / "docs/reference/codes.md"
    codes.write_text(codes.read_text(encoding="utf-8").replace("VT101", "VT999"), encoding="utf-8")
    (tmp_path / "docs/reference/schemas/ticket.schema.json").unlink()
    (tmp_path / "src/agenticops/resources/schemas/gone.schema.json").write_text("{}")
    before = support.snapshot(tmp_path)
    done = build(tmp_path, "--check")
    assert done.returncode == 3
    assert done.stdout.splitlines() == [
        "docs/reference/codes.md: out of date",
        "docs/reference/schemas/ticket.schema.json: out of date",
        "src/agenticops/resources/schemas/gone.schema.json: out of date",
        "run: make docs",
    ]
    assert support.snapshot(tmp_path) == before
    assert build(tmp_path).returncode == 0
    assert build(tmp_path, "--check").returncode == 0
    assert not (tmp_path / "src/agenticops/resources/schemas/gone.schema.json").exists()


@pytest.mark.parametrize("path", pages(), ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    dead = []
    for target in LINK.findall(re.sub(r"`[^`\n]*`", "", prose(path.read_text(encoding="utf-8")))):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        aim = (path.parent / file).resolve() if file else path
        if not aim.exists() or (anchor and aim.suffix == ".md" and anchor not in anchors(aim)):
            dead.append(target)
    assert dead == []


@pytest.mark.parametrize("path", pages("src/agenticops/resources/common/*.md"), ids=name_of)
def test_commands_parse(path: Path) -> None:
    wrong = {}
    for call in console(path):
        if call[0].rpartition("/")[2] == "agenticops":
            try:
                parse(call[1:])
            except click.exceptions.UsageError as e:
                wrong[" ".join(call)] = e.format_message()
    assert wrong == {}


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("explode", "no command"),
        ("work explode", "no command"),
        ("work list --explode", "--explode"),
        ("work new", "--title"),
        ("work new --title T --kind Epic", "Epic"),
        ("check one two", "two"),
    ],
)
def test_wrong_commands_do_not_parse(words: str, fault: str) -> None:
    with pytest.raises(click.exceptions.UsageError) as e:
        parse(words.split())
    assert fault in e.value.format_message()


def test_shell_lines_are_taken_apart() -> None:
    block = [
        "$ A=1 agenticops check && \\",
        ">   agenticops next  # now",
        "✓ out",
        "$ cat > f << 'END'",
        "> $ x",
        "> END",
    ]
    found = [call for line in shell_lines(block) for call in calls(line)]
    assert found == [["agenticops", "check"], ["agenticops", "next"], ["cat"], ["f"], ["END"]]


def test_make_targets_in_the_documentation_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][\w-]*):", makefile, re.M))
    for path in pages():
        named = {w for call in console(path) if call[0] == "make" for w in call[1:] if re.fullmatch(r"[a-z]+", w)}
        assert named <= targets, name_of(path)


def test_readme_begins_with_two_commands() -> None:
    named = [w for call in console(ROOT / "README.md") if call[0] == "make" for w in call[1:]]
    assert named[:2] == ["demo", "test"]


def test_every_variable_is_documented() -> None:
    page = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")
    files = (ROOT / "src/agenticops").rglob("*.py")
    used = {n for f in files for n in re.findall(r"environ[^)\n]*?\"(AGENTICOPS_\w+)\"", f.read_text(encoding="utf-8"))}
    assert "AGENTICOPS_AGENT" in used
    assert {n for n in used if f"`{n}`" not in page} == set()


def validator(name: str) -> Any:
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def faults(name: str, value: Any) -> list[str]:
    return [f"{e.json_path}: {e.message}" for e in validator(name).iter_errors(value)]


def pipeline_of(train: str) -> Any:
    path = f"trains/{train}/pipeline.yml"
    text = (RESOURCES / path).read_text(encoding="utf-8")
    return yamltext.typed(yamltext.load(text, path, limit=yamltext.PIPELINE_LIMIT))


def front(text: str) -> Any:
    return yamltext.typed(yamltext.load(yamltext.split(text)[0], "front"))


@pytest.mark.parametrize("train", TRAINS)
def test_packaged_pipelines_satisfy_their_schema(train: str) -> None:
    assert faults("pipeline", pipeline_of(train)) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), 2),
        (("phasses",), {}),
        (("phases", "requirements", "ownr"), "lab"),
        (("phases", "requirements", "next"), "design"),
        (("phases", "requirements", "name"), "requirements"),
        (("gates", "own"), {"checks": ["no-such-check"]}),
        (("gates", "own"), {"checks": [{"parameters": 1}]}),
    ],
)
def test_a_misspelt_pipeline_does_not(path: tuple[str, ...], value: Any) -> None:
    found = pipeline_of("software")
    place = found
    for key in path[:-1]:
        place = place.setdefault(key, {})
    place[path[-1]] = value
    assert faults("pipeline", found)


def test_gates_take_checks_with_parameters_and_empty_definitions() -> None:
    found = pipeline_of("software")
    found.setdefault("gates", {})["own"] = {"checks": ["ticket", {"check": "artifacts", "anything": 1}]}
    found["agents"]["visitor"] = None
    assert faults("pipeline", found) == []


def test_what_is_written_satisfies_the_schemas(train: Path) -> None:
    for words in (
        ["work", "new", "--title", "Early warning", "--issue", "7", "--label", "auto", "--start"],
        ["begin"],
        ["session", "todo", "add", "ask"],
        ["session", "note", "seen"],
    ):
        support.run_cli(train, *words)
    ticket = train / "tickets/requirements_7"
    assert faults("work-item", front((train / "docs/work/7.md").read_text())) == []
    assert faults("ticket", yamltext.typed(yamltext.load((ticket / "ticket.yml").read_text(), "ticket.yml"))) == []
    for session in (ticket, train / "docs/session-context"):
        assert faults("session", front((session / "ACTIVE_SESSION.md").read_text())) == []
    lines = [row for f in (train / ".agenticops/events").rglob("*.jsonl") for row in f.read_text().splitlines()]
    assert len(lines) > 4
    for row in lines:
        assert faults("event", json.loads(row)) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("work-item", {"id": "7", "kind": "Epic", "title": "T"}),
        ("ticket", {**msgspec.to_builtins(support.ticket()), "status": "open"}),
        ("session", {"status": "busy"}),
        ("session", {"todos": [{"content": "no id"}]}),
        ("event", {**msgspec.to_builtins(support.event("item_created")), "schema": 2}),
        ("event", {"id": "x"}),
    ],
)
def test_what_is_wrong_does_not(name: str, value: Any) -> None:
    assert faults(name, value)


def test_rules_of_triage_satisfy_their_schema_as_the_reader_wants_it() -> None:
    page = (ROOT / "docs/how-to/plan-work.md").read_text(encoding="utf-8")
    (shown,) = ("\n".join(rows) for language, rows in blocks(page) if language == "yaml")
    assert faults("triage", yamltext.typed(yamltext.load(shown, "t"))) == []
    assert [rule.name for rule in triage.read(shown.encode())] == ["safety", "data"]
    for old, new in (
        ("schema: 1", "schema: 2"),
        ("rules:", "rule:"),
        ("name: data", "nam: data"),
        ("priority: now", "priority: soon"),
        ("words: [alarm, overdose]", "words: alarm"),
        ("      words: [alarm, overdose]\n", "      {}\n"),
        ("    priority: now\n    labels: [risk]\n", ""),
    ):
        assert old in shown
        wrong = shown.replace(old, new)
        assert faults("triage", yamltext.typed(yamltext.load(wrong, "t"))), new
        with pytest.raises(StateError):
            triage.read(wrong.encode())


def test_a_pipeline_names_its_schema_as_the_reader_wants_it() -> None:
    text = support.TINY
    assert faults("pipeline", yamltext.typed(yamltext.load(text, "p"))) == []
    assert documents.read_pipeline(text.encode()).name == "tiny"
