"""Labels: those that the train uses, made, renamed by aliases and, when asked, removed where nobody uses them."""

from __future__ import annotations

from collections.abc import Iterator

from agenticops.core.sync import labels
from agenticops.flows.forge import fence, opening
from agenticops.model.forge import Action, Label
from agenticops.ports.forge import Forge
from agenticops.workspace import Workspace


def plan(workspace: Workspace, prune: bool = False) -> list[Action]:
    """Say what is to be done about the labels."""
    with opening.opened(workspace) as forge:
        return _planned(workspace, forge, prune)


def apply(workspace: Workspace, prune: bool = False) -> list[Action]:
    """Do it; give what was done. Raises ConflictError while another clone syncs, or when it took the lease over."""
    purpose = "github labels apply"
    with (
        opening.leased(workspace, purpose),
        opening.opened(workspace) as forge,
        fence.fenced(workspace, purpose) as keep,
    ):
        actions = _planned(workspace, forge, prune)
        if actions:
            opening.snapshot(workspace).forget()  # a label's new name touches no issue's time
        for action in actions:
            keep()
            change(forge, action)
        return actions


def change(forge: Forge, action: Action) -> None:
    """Make, rename or delete a label."""
    if action.verb == "create":
        write = {name: str(value) for name, value in action.write.items()}
        forge.labels.create(Label(write["name"], write["color"], write["description"]))
    elif action.verb == "update":
        forge.labels.rename(action.name, str(action.write["name"]))
    else:
        forge.labels.delete(action.name)


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
