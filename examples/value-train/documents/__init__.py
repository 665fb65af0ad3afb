"""The documents of the example: Markdown and YAML texts, filled with the facts that the work has found."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

HERE = Path(__file__).parent
SUFFIXES = (".md", ".yaml", ".txt")


def compose(artifact: str, visit: int, facts: dict[str, Any]) -> str:
    """Fill the text of an artifact; a fact that is missing is an error, never an empty place."""
    for stem in (f"{artifact}.item-{facts['item']}", f"{artifact}.{visit}", artifact):
        for suffix in SUFFIXES:
            path = HERE / "texts" / f"{stem}{suffix}"
            if path.is_file():
                return fill(path.read_text("utf-8"), facts)
    raise LookupError(f"no text for {artifact}")


def fill(text: str, facts: dict[str, Any]) -> str:
    """Put the facts into a text."""
    return text.format(**{name: dotted(value) for name, value in facts.items()})


def written(artifact: str) -> bool:
    """Say whether an artifact is a document (and not the work of the laboratory)."""
    return any((HERE / "texts").glob(f"{artifact}.*"))


def dotted(value: Any) -> Any:
    """Let a text say `{model.auc}` for what is a mapping here."""
    return SimpleNamespace(**{key: dotted(inner) for key, inner in value.items()}) if isinstance(value, dict) else value


def notes() -> dict[str, dict[str, str]]:
    """Read what agents say in their sessions, by phase."""
    import yaml

    return dict(yaml.safe_load((HERE / "notes.yml").read_text("utf-8")))


def case(number: int) -> dict[str, Any]:
    """Read what is known of a client's case."""
    import yaml

    return dict(yaml.safe_load((HERE / "cases" / f"{number}.yml").read_text("utf-8")))
