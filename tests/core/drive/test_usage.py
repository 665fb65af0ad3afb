"""What a run used: real output of each kind of agent, cut-off output, and output that lies about its form."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenticops.core.drive import usage
from agenticops.core.drive.settings import Reads
from agenticops.model.drive import Usage

READS: tuple[Reads, ...] = get_args(Reads)


def lines(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def said(name: str, words: str, read: int, wrote: int, **more: Any) -> dict[str, Any]:
    used = {"input_tokens": read, "cache_read_input_tokens": 900, "output_tokens": wrote}
    message = {"id": name, "model": "claude-x", "content": [{"type": "text", "text": words}], "usage": used}
    return {"type": "assistant", "message": message, "session_id": "s-1", "parent_tool_use_id": None, **more}


# As Claude Code 2.1.329 prints it, without what is not read.
CLAUDE = (
    {"type": "system", "subtype": "init", "session_id": "s-1", "model": "claude-sonnet-5-5", "tools": ["Bash"]},
    said("msg_1", "I look at the files.", 100, 1),
    {"type": "user", "message": {"role": "user", "content": [{"type": "tool_result", "content": "total 8"}]}},
    said("msg_2", "All done.", 100, 1),
)
RESULT = {
    "type": "result",
    "subtype": "success",
    "is_error": False,
    "session_id": "s-1",
    "total_cost_usd": 0.001506,
    "usage": {"input_tokens": 200, "cache_creation_input_tokens": 40, "cache_read_input_tokens": 60},
    "modelUsage": {
        "claude-sonnet-5-5": {
            "inputTokens": 200,
            "outputTokens": 100,
            "cacheReadInputTokens": 60,
            "cacheCreationInputTokens": 40,
            "costUSD": 0.0015,
        },
        "claude-haiku-4-5": {"inputTokens": 10, "outputTokens": 5, "costUSD": 0.000006},
    },
    "result": "All done.\u2028\n\nNEEDS-PERSON: the password",
}


def test_claude_tells_money_tokens_model_and_its_last_words() -> None:
    found = usage.read("claude", lines(*CLAUDE, RESULT))
    assert found == Usage(0.001506, 355, "claude-sonnet-5-5", "s-1", "", RESULT["result"])
    without = {name: value for name, value in RESULT.items() if name != "modelUsage"}
    assert usage.read("claude", lines(*CLAUDE, without)).tokens == 240


def test_claude_that_was_cut_off_tells_what_it_used_so_far() -> None:
    again = said("msg_2", "All done.", 100, 30)
    helper = said("msg_9", "from a helper", 5, 5, parent_tool_use_id="toolu_1")
    found = usage.read("claude", lines(*CLAUDE, again, helper) + '{"type": "result", "total_cost')
    assert found == Usage(None, 101 + 130, "claude-sonnet-5-5", "s-1", "", "All done.")


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"is_error": True, "result": "API Error: 401 invalid x-api-key"}, "API Error: 401 invalid x-api-key"),
        ({"subtype": "error_max_turns", "result": None}, "error_max_turns"),
        ({"subtype": "error_during_execution", "errors": ["one", 2, "two"]}, "one; two"),
    ],
)
def test_claude_tells_that_it_failed(more: dict[str, Any], error: str) -> None:
    assert usage.read("claude", lines({**RESULT, **more})).error == error


def item(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": "item.completed", "item": {"id": "item_1", "type": kind, **more}}


def turned(read: int, cached: int, wrote: int) -> dict[str, Any]:
    counts = {"input_tokens": read, "cached_input_tokens": cached, "output_tokens": wrote}
    return {"type": "turn.completed", "usage": counts}


def test_codex_tells_tokens_and_its_last_message() -> None:
    out = lines(
        {"type": "thread.started", "thread_id": "t-1"},
        {"type": "error", "message": "stream disconnected, trying again"},
        item("agent_message", text="First."),
        turned(1000, 900, 50),
        item("command_execution", command="ls", exit_code=0),
        item("agent_message", text="Done."),
        turned(10, 0, 5),
    )
    assert usage.read("codex", f"Reading prompt from stdin...\n{out}") == Usage(None, 165, "", "t-1", "", "Done.")


def test_codex_tells_that_it_failed() -> None:
    failed = {"type": "turn.failed", "error": {"message": "usage limit"}}
    assert usage.read("codex", lines(turned(1, 0, 1), failed)).error == "usage limit"
    assert usage.read("codex", lines({"type": "error", "message": "no such model"})).error == "no such model"


def test_gemini_as_one_object_over_lines() -> None:
    tokens = {"prompt": 24_939, "candidates": 20, "total": 25_113, "cached": 21_263, "thoughts": 154, "tool": 0}
    small = {"total": 100, "cached": 0}
    stats = {"models": {"gemini-flash": {"tokens": small}, "gemini-pro": {"tokens": tokens}}}
    out = json.dumps({"session_id": "g-1", "response": "Done.", "stats": stats}, indent=2)
    assert usage.read("gemini", f"Loaded cached credentials.\n{out}\n") == Usage(
        None, 25_113 - 21_263 + 100, "gemini-pro", "g-1", "", "Done."
    )
    failed = json.dumps({"error": {"type": "ApiError", "message": "quota", "code": 429}}, indent=2)
    assert usage.read("gemini", failed).error == "quota"


def test_gemini_as_a_stream() -> None:
    rows = (
        {"type": "init", "session_id": "g-1", "model": "gemini-pro"},
        {"type": "message", "role": "user", "content": "do it"},
        {"type": "message", "role": "assistant", "content": "I look.", "delta": True},
        {"type": "tool_use", "tool_name": "read_file", "tool_id": "1", "parameters": {}},
        {"type": "message", "role": "assistant", "content": "All ", "delta": True},
        {"type": "message", "role": "assistant", "content": "done.", "delta": True},
        {"type": "error", "severity": "warning", "message": "loop?"},
    )
    end = {"type": "result", "status": "success", "stats": {"total_tokens": 900, "cached": 300}}
    assert usage.read("gemini", lines(*rows, end)) == Usage(None, 600, "gemini-pro", "g-1", "", "All done.")
    failed = {"type": "result", "status": "error", "error": {"type": "FatalTurnLimited", "message": "too many turns"}}
    assert usage.read("gemini", lines(*rows, failed)).error == "too many turns"


def test_a_plain_program_tells_by_lines_or_by_an_object() -> None:
    assert usage.read("plain", "worked\ncost: 0.12\ntokens: 345\n") == Usage(0.12, 345, said="worked\n")
    told = {"money": 0.5, "tokens": 7, "model": "mine", "session": "x", "error": "no", "said": "BLOCKED: why"}
    assert usage.read("plain", f"worked\n{json.dumps(told)}\n\n") == Usage(0.5, 7, "mine", "x", "no", "BLOCKED: why")
    assert usage.read("plain", "cost: 3\n" + "more\n" * 30).money is None, "only its last lines count"
    assert usage.read("plain", "") == Usage()


@pytest.mark.parametrize("value", ["-1", '"1"', "true", "null", "[]", "1e400", "NaN"])
def test_a_figure_that_is_none_costs_nothing_below_nothing(value: str) -> None:
    found = usage.read("plain", f'{{"money": {value}, "tokens": {value}}}')
    assert found.tokens == 0 and found.money in (None, 0.0)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("Done.", ""),
        ("I looked.\nNEEDS-PERSON: the password of the database", "the password of the database"),
        ("**BLOCKED:** no network\n", "no network"),
        ("BLOCKED: one\nNEEDS-PERSON: two", "two"),
        ("It says `NEEDS-PERSON: what for` in the prompt", ""),
        ("NEEDS-PERSON:", "the agent did not say what for"),
        ("BLOCKED: key ghp_0123456789abcdefghijABCDEFGHIJ456789\x1b[2J", "key [redacted]\\u001b[2J"),
    ],
)
def test_an_agent_asks_for_a_person_on_a_line_of_its_own(words: str, reason: str) -> None:
    assert usage.asks(words) == reason


HOSTILE = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "message",
                    "item",
                    "usage",
                    "content",
                    "stats",
                    "models",
                    "modelUsage",
                    "error",
                    "result",
                    "text",
                ]
            ),
            below | st.sampled_from(["assistant", "result", "system", "turn.completed", "item.completed", "tool_use"]),
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from(READS), st.lists(HOSTILE | st.text(), max_size=4))
def test_whatever_is_printed_nothing_is_raised(reads: Reads, rows: list[Any]) -> None:
    out = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
    found = usage.read(reads, out)
    assert found.tokens >= 0 and (found.money is None or found.money >= 0)


def test_deep_nesting_is_no_object() -> None:
    for reads in READS:
        assert usage.read(reads, '{"a":' * 100_000).tokens == 0
