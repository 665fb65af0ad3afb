"""Labels: those that the train uses, made, renamed by aliases and, when asked, removed where nobody uses them."""

from __future__ import annotations

from collections.abc import Iterator

from agenticops.core.sync import labels
from agenticops.flows.forge import applying, opening
from agenticops.model.forge import Action, Label
from agenticops.ports.forge import Forge
from agenticops.workspace import Workspace


def plan(workspace: Workspace, prune: bool = False) -> list[Action]:
    """Say what is to be done about the labels."""
    with opening.opened(workspace) as forge:
        return _planned(workspace, forge, prune)


def apply(workspace: Workspace, prune: bool = False) -> list[Action]:
    """Do it; give what was done."""
    with opening.leased(workspace, "github labels apply"), opening.opened(workspace) as forge:
        actions = _planned(workspace, forge, prune)
        if actions:
            opening.snapshot(workspace).forget()  # a label's new name touches no issue's time
        for action in actions:
            applying.change_label(forge, action)
        return actions


def _planned(workspace: Workspace, forge: Forge, prune: bool) -> list[Action]:
    existing, wanted = forge.labels.all(), labels.managed(workspace.train.pipeline)
    aliases = opening.settings(workspace).aliases
    if prune:
        existing = list(_counted(forge, existing, wanted, aliases))
    return labels.plan(existing, wanted, aliases, prune)


def _counted(forge: Forge, existing: list[Label], wanted: list[Label], aliases: dict[str, str]) -> Iterator[Label]:
    """Ask of those labels that might go whether an issue or a pull request carries them."""
    kept = {label.name.casefold() for label in wanted}
    for label in existing:
        ours = labels.meaning(label.name, aliases)[0] != "foreign" and label.name.casefold() not in kept
        yield Label(label.name, label.color, label.description, int(forge.labels.used(label.name))) if ours else label
