"""The words that start an agent: a provider's command with the model, the tools of the mode, and the prompt put in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agenticops.core.drive.settings import Provider


def words(
    provider: Provider, model: str, prompt: str, permissions: Mapping[str, Sequence[str]]
) -> tuple[list[str], str]:
    """Give the command's words and what goes to its standard input: the prompt, unless a word was for it.

    A word `{allowed}` or `{denied}` becomes one word for each tool; where there is none, the option before it goes too.
    """
    found: list[str] = []
    stdin = prompt
    for word in provider.command:
        if word in ("{allowed}", "{denied}"):
            tools = permissions.get("allow" if word == "{allowed}" else "deny", ())
            if tools:
                found += tools
            elif found and found[-1].startswith("-"):
                found.pop()
        elif word == "{prompt}":
            found.append(prompt)
            stdin = ""
        else:
            found.append(model if word == "{model}" else word)
    return found, stdin


def environment(provider: Provider, own: Mapping[str, str]) -> dict[str, str]:
    """Give a provider's environment; `env:NAME` is the driver's own variable, and what is not set is left out."""
    found = {}
    for name, value in provider.environment.items():
        if value.startswith("env:"):
            if value[4:] in own:
                found[name] = own[value[4:]]
        else:
            found[name] = value
    return found
