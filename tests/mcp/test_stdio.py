"""The server over stdin and stdout: real processes, the SDK's client, and clients that behave badly."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.served import TIMEOUT, Bare, bare, by_stdio, needs_sdk
from tests.stations import BUILD, ITEM, SHAPE, SHIP, Board, data
from tests.support import BRIEF, cli, git, run_cli, snapshot, some, status, thorough, write

needs_sdk()


def told(result: Any) -> str:
    """The text of a tool's result, which has to be one."""
    assert [c.type for c in result.content] == ["text"]
    return str(result.content[0].text)


def done(result: Any) -> Any:
    """The data of a result that is no error."""
    assert not result.is_error, told(result)
    return result.structured_content


async def _travel(repo: Path, client: Any) -> list[str]:
    """Work a ticket of the tiny train from begin to advance, with the core tier only."""
    step = done(await client.call_tool("train_next", {}))
    ticket = step["ticket"]
    begun = done(await client.call_tool("session", {"do": "begin", "ticket": ticket}))
    refused = await client.call_tool("check", {"ticket": ticket})
    page = done(await client.call_tool("mode_page", {"of": ticket}))
    for owed in page["artifacts"]:
        done(await client.call_tool("work", {"do": "artifact_new", "names": [owed["name"]], "ticket": ticket}))
        write(repo, owed["path"], BRIEF)
    done(await client.call_tool("work", {"do": "tick", "names": [b["key"] for b in page["bullets"]], "ticket": ticket}))
    if page["artifacts"]:
        done(await client.call_tool("work", {"do": "artifact_record", "all": True, "ticket": ticket}))
    done(await client.call_tool("session_note", {"kind": "decide", "text": f"-- {ticket} is done"}))
    holds = done(await client.call_tool("check", {"ticket": ticket}))
    to = {SHAPE: "build", BUILD: "ship", SHIP: "done"}[ticket]
    moved = done(await client.call_tool("advance", {"ticket": ticket, "to": to, "commit": True}))
    assert begun["ticket"]["id"] == ticket and not done(refused)["holds"] and holds["holds"]
    return [ticket, moved["state"]]


def test_a_work_item_travels_the_whole_train_by_the_core_tier(at: Board) -> None:
    repo = at("tiny-opened")

    async def script(client: Any) -> list[list[str]]:
        assert {t.name for t in (await client.list_tools()).tools} >= {"work", "advance"}
        return [await _travel(repo, client) for _ in range(3)]

    travelled = by_stdio(repo, script)
    assert [t for t, _ in travelled] == [SHAPE, BUILD, SHIP]
    assert data(repo, "status")["done"] == 1 and cli(repo, "check")[0] == 0
    assert status(repo) == "", "every step was committed"
    sessions = [s["session"] for s in data(repo, "session", "list")]
    assert {s["assistant"] for s in sessions} == {"mcp"}
    assert any("-- ship_142 is done" in s["decisions"] for s in sessions)
    ticks = [e for e in data(repo, "log") if e["kind"] == "bullet_ticked"]
    agents = {e["actor"]["agent"] for e in ticks}
    assert agents == {"planner", "maker"}, "the session's agent acts, as on the command line"


# tool, arguments, the same on the command line; the first in one copy of the repository, the second in another.
SAME: list[tuple[str, str, dict[str, Any], tuple[str, ...]]] = [
    ("tiny-working", "train_status", {}, ("status",)),
    ("tiny-working", "train_next", {"ticket": SHAPE}, ("next", SHAPE)),
    ("tiny-working", "mode_page", {"of": "make"}, ("mode", "show", "make")),
    ("tiny-ready", "check", {"ticket": SHAPE}, ("check", SHAPE)),
    ("tiny-ready", "check", {}, ("check",)),
    ("tiny-working", "session", {"do": "show"}, ("session", "show")),
    ("tiny-working", "session_note", {"kind": "block", "text": "--help"}, ("session", "block", "--", "--help")),
    ("tiny-working", "work", {"do": "tick", "names": ["1", "goal"]}, ("checklist", "tick", "1", "goal")),
    ("tiny-working", "work", {"do": "artifact_new", "names": ["brief"]}, ("artifact", "new", "brief")),
    ("tiny-ready", "work", {"do": "artifact_record", "all": True}, ("artifact", "record", "--all")),
    ("tiny-ready", "advance", {"dry_run": True}, ("advance", "--dry-run")),
]


@pytest.mark.parametrize(
    ("station", "tool", "arguments", "call"), some(SAME, 3), ids=lambda v: " ".join(v) if isinstance(v, tuple) else ""
)
def test_a_tool_says_what_the_command_says(
    at: Board, station: str, tool: str, arguments: dict[str, Any], call: tuple[str, ...]
) -> None:
    one, other = at(station), at(station)

    async def script(client: Any) -> Any:
        return done(await client.call_tool(tool, arguments))

    place = call.index("--") if "--" in call else len(call)
    _, out, _ = cli(other, *call[:place], "--json", *call[place:])
    assert _timeless(by_stdio(one, script)) == _timeless(json.loads(out)["data"])


def _timeless(data: Any) -> Any:
    """Leave out what differs from one run to the next: ids of events, times."""
    if isinstance(data, dict):
        return {k: _timeless(v) for k, v in data.items() if k not in ("at", "event", "prev", "since", "opened_at")}
    return [_timeless(v) for v in data] if isinstance(data, list) else data


def test_a_gate_that_does_not_hold_is_an_answer_and_an_error_says_what_to_do(at: Board) -> None:
    repo = at("tiny-opened")

    async def script(client: Any) -> list[Any]:
        return [
            await client.call_tool("advance", {}),
            await client.call_tool("session", {"do": "handoff"}),
            await client.call_tool("session", {"do": "begin", "ticket": "ship_9"}),
            await client.call_tool("session_note", {"kind": "note"}),
        ]

    refused, usage, unknown, lacking = by_stdio(repo, script)
    assert not refused.is_error and refused.structured_content["holds"] is False
    assert "✗ it does not hold" in told(refused) and "agenticops" in told(refused)
    for result, said in ((usage, "--to"), (unknown, "ship_9"), (lacking, "'text'")):
        assert result.is_error and said in told(result) and "next  " in told(result)
        assert result.structured_content is None


def test_a_text_is_never_an_option(at: Board) -> None:
    repo = at("tiny-working")
    plain = ["--json", "--help", "-h", "--", "-C /", "--ticket=x"]
    texts = [*plain, "\x1b[2Jred\u202e", "'; rm -rf / #", "$(date)", "ß⅔💊"]

    async def script(client: Any) -> list[str]:
        for text in texts:
            done(await client.call_tool("session_note", {"kind": "note", "text": text}))
        secret = await client.call_tool("session_note", {"kind": "note", "text": "AKIA" + "IOSFODNN7EXAMPLQ"})
        assert secret.is_error and "IOSFODNN7" not in told(secret)
        return list(done(await client.call_tool("session", {"do": "show"}))["session"]["notes"])

    there = by_stdio(repo, script)
    assert there == data(repo, "session", "show")["session"]["notes"] and len(there) == len(texts)
    assert set(plain) <= set(there)


def test_what_a_person_must_do_is_refused_to_an_agent_though_it_is_not_marked(at: Board) -> None:
    repo = at("tiny-opened")

    async def script(client: Any) -> tuple[Any, Any]:
        override = await client.call_tool("advance", {"override": True, "reason": "hurry"})
        return override, {t.name for t in (await client.list_tools()).tools}

    override, names = by_stdio(repo, script)
    assert override.is_error and "no argument 'override'" in told(override)
    assert not any("approve" in n or "override" in n or "trust" in n for n in names)
    # And if a command got through to one: the process counts as an agent's.
    look = (
        "from agenticops.mcp import calls; print(calls.run(['advance', '--override', '--reason', 'x'], 'probe').error)"
    )
    said = subprocess.run([sys.executable, "-c", look], cwd=repo, capture_output=True, text=True, check=True).stdout
    assert "cannot override a gate" in said


def test_resources_and_prompts_are_what_commands_say(at: Board) -> None:
    repo = at("tiny-working")

    async def script(client: Any) -> dict[str, Any]:
        listed = [r.uri for r in (await client.list_resources()).resources]
        forms = [r.uri_template for r in (await client.list_resource_templates()).resource_templates]
        assert forms == ["train://ticket/{id}", "train://mode/{name}"]
        wanted = [*listed, f"train://ticket/{SHAPE}", f"train://ticket/{SHAPE[:7]}", "train://mode/plan"]
        found = {uri: (await client.read_resource(uri)).contents[0] for uri in wanted}
        prompts = (await client.list_prompts()).prompts
        assert [p.name for p in prompts] == ["plan", "make"] and [a.name for a in prompts[0].arguments] == ["ticket"]
        plain = (await client.get_prompt("make")).messages[0]
        with_ticket = (await client.get_prompt("make", {"ticket": SHAPE})).messages[0]
        assert plain.role == "user" and "mode make" in plain.content.text and SHAPE not in plain.content.text
        assert "mode make" in with_ticket.content.text and f"ticket {SHAPE}" in with_ticket.content.text
        return found

    found = by_stdio(repo, script)
    for uri, call in (
        ("train://status", ("status",)),
        ("train://pipeline", ("pipeline", "show")),
        ("train://session", ("session", "show")),
        (f"train://ticket/{SHAPE}", ("ticket", "show", SHAPE)),
        (f"train://ticket/{SHAPE[:7]}", ("ticket", "show", SHAPE)),
    ):
        assert found[uri].mime_type == "application/json"
        assert _timeless(json.loads(found[uri].text)) == _timeless(data(repo, *call))
    assert found["train://mode/plan"].text == cli(repo, "mode", "show", "plan")[1]


@thorough
def test_what_is_not_there_is_a_protocol_error_that_names_what_is(at: Board) -> None:
    with bare(at("tiny-working")) as server:
        for id, (method, params, said) in enumerate(
            [
                ("tools/call", {"name": "train_fly"}, "there is no tool 'train_fly'; tools: train_status"),
                ("resources/read", {"uri": "train://moon"}, "there is no resource train://moon"),
                ("resources/read", {"uri": "train://ticket/"}, "there is no resource"),
                ("resources/read", {"uri": "train://ticket/ship_9"}, "ship_9"),
                ("resources/read", {"uri": "train://mode/--help"}, "--help"),
                ("resources/read", {"uri": "file:///etc/passwd"}, "there is no resource"),
                ("prompts/get", {"name": "fly"}, "there is no prompt 'fly'; prompts: plan, make"),
                ("prompts/get", {"name": "make", "arguments": {"x": "1"}}, "takes ticket only"),
                ("prompts/get", {"name": "make", "arguments": {"ticket": "ship_9"}}, "ship_9"),
            ],
            1,
        ):
            error = server.ask(id, method, **params)["error"]
            assert error["code"] == -32602 and said in error["message"], error
        assert server.ask(99, "tools/fly")["error"]["code"] == -32601


def test_outside_a_repository_it_serves_and_says_what_to_do(tmp_path: Path) -> None:
    async def script(client: Any) -> tuple[Any, int]:
        assert (await client.list_prompts()).prompts == []
        return await client.call_tool("train_status", {}), len((await client.list_tools()).tools)

    result, count = by_stdio(tmp_path, script)
    assert result.is_error and "next  " in told(result) and count == 8


@thorough
@pytest.mark.parametrize(
    ("path", "text"), [("config/pipeline.yml", "phases: [\n"), (f"tickets/{SHAPE}/ticket.yml", "<<<<<<< HEAD\n")]
)
def test_a_broken_train_is_named_and_mended_while_it_serves(at: Board, path: str, text: str) -> None:
    repo = at("tiny-working")
    whole = (repo / path).read_text()

    async def script(client: Any) -> tuple[Any, Any]:
        write(repo, path, text)
        broken = await client.call_tool("train_status", {})
        write(repo, path, whole)
        return broken, await client.call_tool("train_status", {})

    broken, mended = by_stdio(repo, script)
    assert broken.is_error and path in told(broken)
    assert done(mended)["tickets"][0]["id"] == SHAPE


@thorough
def test_lines_that_are_no_messages_are_passed_over(at: Board) -> None:
    with bare(at("tiny-working")) as server:
        server.say(b"", b"hello", b"{", b"\xff\xfe\x00", b"[" * 100_000, b"[]", b"x" * 2_000_000)
        server.say(b'{"jsonrpc": "1.0"}', b'"x"', b'{"jsonrpc": "2.0", "id": 5}')
        server.say({"jsonrpc": "2.0", "method": "notifications/unheard"}, {"jsonrpc": "2.0", "id": 7, "result": {}})
        for id, arguments in enumerate([[], "x", 3, {"a": {"b": []}}], 10):
            answer = server.ask(id, "tools/call", name="train_status", arguments=arguments)
            assert answer.get("error", {}).get("code") == -32602 or answer["result"]["isError"]
        deep: Any = {}
        for _ in range(50):
            deep = {"a": deep}
        assert server.ask(20, "tools/call", name="train_status", arguments=deep)["result"]["isError"]
        assert "result" in server.ask(21, "tools/call", name="train_status", arguments={})
        code, errors = server.end()
    assert code == 0 and "Traceback" not in errors


@thorough
def test_two_servers_and_a_person_write_at_once_and_nothing_is_lost(at: Board) -> None:
    repo = at("tiny-working")
    with bare(repo) as one, bare(repo) as two:

        def write_notes(server: Bare, name: str) -> None:
            for number in range(4):
                arguments = {"kind": "note", "text": f"{name} {number}"}
                server.say(_call(number + 10, "session_note", arguments))
            for number in range(4):
                assert not server.hear(number + 10)["result"]["isError"]

        threads = [threading.Thread(target=write_notes, args=(s, n)) for s, n in ((one, "one"), (two, "two"))]
        for thread in threads:
            thread.start()
        run_cli(repo, "session", "note", "person")
        for thread in threads:
            thread.join(TIMEOUT)
    notes = data(repo, "session", "show")["session"]["notes"]
    assert sorted(notes) == sorted([f"{n} {i}" for n in ("one", "two") for i in range(4)] + ["person"])
    assert cli(repo, "log", "verify")[0] == 0


def _call(id: int, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": name, "arguments": arguments}}


@thorough
def test_a_client_that_goes_away_leaves_nothing_half_done(at: Board) -> None:
    repo = at("tiny-working")
    with bare(repo) as server:
        server.say(*(_call(n, "session_note", {"kind": "note", "text": f"note {n}"}) for n in range(1, 6)))
        code, errors = server.end()
    assert code == 0 and "Traceback" not in errors
    notes = data(repo, "session", "show")["session"]["notes"]
    kept = [f"note {n}" for n in range(1, 6)]
    assert notes == kept[: len(notes)], "what was written is whole, in order"
    assert cli(repo, "doctor")[0] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it(at: Board, number: int) -> None:
    with bare(at("tiny-working")) as server:
        server.process.send_signal(number)
        assert server.process.wait(TIMEOUT) == 0
        assert server.end() == (0, "")


@thorough
def test_stdin_that_is_closed_or_no_pipe_ends_it(tmp_path: Path) -> None:
    for stdin in (subprocess.DEVNULL, None):
        nothing = {"stdin": stdin} if stdin else {"input": ""}
        found = subprocess.run(
            [os.path.join(sys.prefix, "bin", "agenticops"), "mcp"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            **nothing,  # type: ignore[call-overload]
        )
        assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


@thorough
def test_a_call_is_answered_to_the_older_and_the_newer_protocol_alike(at: Board) -> None:
    repo = at("tiny-working")

    async def script(client: Any) -> tuple[str, Any]:
        return client.protocol_version, done(await client.call_tool("train_status", {}))

    (old, one), (new, two) = by_stdio(repo, script, mode="legacy"), by_stdio(repo, script)
    assert old < "2026" < new and one == two


@thorough
def test_every_command_can_be_a_tool(at: Board) -> None:
    repo = at("tiny-opened")

    async def script(client: Any) -> Any:
        shown = done(await client.call_tool("ticket_show", {"ticket": SHAPE}))
        listed = done(await client.call_tool("session_list", {}))
        assert listed == {"items": []}, "a list is given as an object"
        done(await client.call_tool("work_edit", {"item": ITEM, "priority": "now"}))
        return shown

    assert by_stdio(repo, script, "--tools", "all")["id"] == SHAPE
    assert data(repo, "work", "show", ITEM)["item"]["priority"] == "now"


@thorough
def test_a_server_that_was_asked_nothing_wrote_nothing(at: Board) -> None:
    repo = at("tiny-opened")
    before, head = snapshot(repo), git(repo, "rev-parse", "HEAD")

    async def script(client: Any) -> None:
        await client.list_tools()
        await client.list_prompts()
        await client.read_resource("train://status")

    by_stdio(repo, script)
    assert snapshot(repo) == before and git(repo, "rev-parse", "HEAD") == head


def test_without_the_sdk_it_says_how_to_get_it(tmp_path: Path) -> None:
    look = "import sys; sys.modules['mcp'] = None; from agenticops.cli.entry import main; sys.exit(main(['mcp']))"
    found = subprocess.run([sys.executable, "-c", look], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (1, "")
    assert "the MCP SDK is not installed" in found.stderr and 'pip install "agenticops[mcp]"' in found.stderr


@pytest.mark.parametrize(
    "call", [("--json",), ("--port", "1"), ("--token-file", "x"), ("--tools", "some"), ("--http", "--port", "70000")]
)
def test_a_call_that_cannot_be_meant_is_refused(tmp_path: Path, call: tuple[str, ...]) -> None:
    code, out, err = cli(tmp_path, "mcp", *call)
    assert (code, out) == (2, "") and "next  agenticops mcp --help" in err


def test_the_list_of_tools_loads_no_command(tmp_path: Path) -> None:
    look = (
        "import sys\nfrom agenticops.mcp import core, server\n"
        "face = server.Face(lambda: core.TOOLS)\nassert face.tools\n"
        "print(*[m for m in sys.modules if m.startswith(('agenticops', 'typer', 'yaml', 'msgspec'))])"
    )
    found = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert not {"typer", "yaml", "msgspec", "agenticops.workspace", "agenticops.cli.root"} & set(found.stdout.split())
