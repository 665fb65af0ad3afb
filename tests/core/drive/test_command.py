"""An agent's words: the places in a command are filled, word by word, and a secret stays in the environment."""

from __future__ import annotations

from agenticops.core.drive import command
from agenticops.core.drive.settings import BUILT_IN, Provider

TOOLS = {"allow": ["Read", "Edit(/src/**)"], "deny": ["WebFetch"]}


def test_the_prompt_goes_to_standard_input_unless_a_word_is_for_it() -> None:
    assert command.words(Provider(("a", "-x")), "m", "do it", TOOLS) == (["a", "-x"], "do it")
    assert command.words(Provider(("a", "{prompt}")), "m", "do it; rm -rf", TOOLS) == (["a", "do it; rm -rf"], "")


def test_model_and_tools_become_words_of_their_own() -> None:
    words, stdin = command.words(BUILT_IN["claude_code"], "sonnet", "do it", TOOLS)
    assert words[words.index("--model") + 1] == "sonnet"
    at = words.index("--allowedTools")
    assert words[at + 1 : at + 3] == ["Read", "Edit(/src/**)"]
    assert words[-2:] == ["--disallowedTools", "WebFetch"] and stdin == "do it"


def test_an_option_without_tools_is_left_out() -> None:
    words, _ = command.words(BUILT_IN["claude_code"], "opus", "", {"allow": [], "deny": []})
    assert "--allowedTools" not in words and "--disallowedTools" not in words


def test_the_environment_is_what_was_named_and_is_set() -> None:
    provider = Provider(("a",), environment={"URL": "https://x", "TOKEN": "env:MINE", "GONE": "env:NOT_SET"})
    assert command.environment(provider, {"MINE": "s3", "OTHER": "no"}) == {"URL": "https://x", "TOKEN": "s3"}
