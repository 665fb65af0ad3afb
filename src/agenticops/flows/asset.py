"""Assets: what agents have at hand. Nothing that the registry names is run: a look tells whether it is there."""

from __future__ import annotations

import os
import shutil
from typing import Any, Literal

import msgspec
from msgspec import Struct

from agenticops.core import assetlint, assets, athand, secrets, yamltext
from agenticops.core.train import Train
from agenticops.errors import ConflictError, UsageError
from agenticops.flows import role
from agenticops.model.asset import Asset
from agenticops.model.event import Draft
from agenticops.model.finding import Finding
from agenticops.model.layout import ASSETS
from agenticops.workspace import Workspace

Available = Literal["yes", "no", "unknown"]


class Status(Struct, frozen=True):
    """An asset, the agents that it is for, and whether it is there as far as a look can tell; `why` says what lacks."""

    asset: Asset
    agents: tuple[str, ...]
    available: Available
    why: str = ""


def of(train: Train) -> dict[str, Asset]:
    """Read the registry; no file means no assets."""
    data = train.tree.read(ASSETS)
    return {} if data is None else assets.read(data)


def listing(workspace: Workspace, agent: str = "", kind: str = "", mode: str = "") -> list[Status]:
    """List the assets: all, or those of an agent, of a kind, for a mode. Raises TrainError for an unknown name."""
    train = workspace.train
    if agent:
        train.agent(agent)
    if mode:
        train.mode(mode)
    found = [status(workspace, asset) for asset in of(train).values()]
    return [
        one
        for one in found
        if (not agent or agent in one.agents)
        and (not kind or one.asset.kind == kind)
        and athand.fits(msgspec.to_builtins(one.asset), mode)
    ]


def show(workspace: Workspace, name: str) -> Status:
    """Give one asset. Raises UsageError when it is not declared."""
    found = of(workspace.train)
    if name not in found:
        raise UsageError(f"there is no asset {name!r}", place=ASSETS, hint="agenticops asset list")
    return status(workspace, found[name])


def status(workspace: Workspace, asset: Asset) -> Status:
    """Say for whom an asset is and whether it is there: files and programs are looked for, references looked up."""
    row = msgspec.to_builtins(asset)
    agents = workspace.train.pipeline.agents
    users = tuple(name for name, agent in agents.items() if athand.serves(row, name, agent.dependencies))
    lacks = _lacking(workspace, asset)
    if lacks:
        return Status(asset, users, "no", lacks)
    return Status(asset, users, "yes" if asset.path or asset.command else "unknown")


def _lacking(workspace: Workspace, asset: Asset) -> str:
    """Name the first thing that is not there; "" when nothing is known to be missing."""
    for path in assetlint.paths(asset):
        if not assetlint.there(workspace.tree, path):
            return f"there is no {path}"
    program = asset.command[0] if asset.command else ""
    if program and "/" not in program and shutil.which(program) is None:
        return f"no program {program} on PATH"
    for reference in asset.secrets:
        kind, name = secrets.reference(reference) or ("", "")
        if kind == "env" and name not in os.environ:
            return f"{name} is not set"
    return ""


def lint(workspace: Workspace) -> list[Finding]:
    """Judge the registry: names, secrets, places, and what the agents depend on."""
    return assetlint.findings(workspace.train)


def add(workspace: Workspace, asset: Asset) -> Status:
    """Declare an asset, with every other byte of the file kept. Raises UsageError for what the lint would refuse."""
    role.require(workspace, "configure")
    with workspace.transaction("asset add") as tx:
        train = workspace.train
        text = yamltext.decode(tx.read(ASSETS) or assets.EMPTY.encode(), ASSETS)
        before = assets.read(text.encode())
        if asset.name in before:
            hint = f"agenticops asset show {asset.name}; edit {ASSETS} to change it"
            raise ConflictError(f"asset {asset.name} is declared already", place=ASSETS, hint=hint)
        after = {**before, asset.name: asset}
        own = [f for f in assetlint.lint(after, "", train.pipeline, train.tree) if _about(f, asset)]
        for finding in assetlint.errors(own):
            raise UsageError(f"{finding.code}: {finding.message}", hint=finding.hint)
        tx.write(ASSETS, assets.add(text, asset))
        data: dict[str, Any] = {"name": asset.name, "kind": asset.kind, "path": ASSETS}
        tx.append(Draft("asset_added", f"asset/{asset.name}", data=data))
    return status(workspace, asset)


def _about(finding: Finding, asset: Asset) -> bool:
    return finding.message.startswith(f"asset {asset.name!r}:")
