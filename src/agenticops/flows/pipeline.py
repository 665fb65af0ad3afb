"""The pipeline: its picture, and what is wrong with it."""

from __future__ import annotations

from agenticops.core import mermaid
from agenticops.flows import judge
from agenticops.model.finding import Finding
from agenticops.model.pipeline import Phase, Pipeline
from agenticops.workspace import Workspace


def show(workspace: Workspace, phase: str = "") -> tuple[Pipeline, Phase | None]:
    """Give the pipeline, and one phase when it is named."""
    train = workspace.train
    return train.pipeline, train.phase(phase) if phase else None


def graph(workspace: Workspace) -> str:
    """Draw the pipeline as Mermaid, with the open tickets at their phases."""
    here: dict[str, list[str]] = {}
    for name, phase in workspace.index.rows("SELECT id, phase FROM ticket WHERE closed = 0 ORDER BY id"):
        here.setdefault(phase, []).append(name)
    return mermaid.mermaid(workspace.train.pipeline, here)


def lint(workspace: Workspace) -> list[Finding]:
    """Find what is wrong with the pipeline, with lines."""
    return judge.pipeline_findings(workspace.train)
