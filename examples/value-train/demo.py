"""The value train at work: `python demo.py FOLDER` plays five sample issues through the ml train, in about a minute.

Everything that happens to the train happens by the public commands; data, models, notebooks and numbers are real.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from desk import OtherPlot  # noqa: E402
from sandbox import Sandbox, SandboxError  # noqa: E402
from stage import Stage  # noqa: E402
from story import STEPS, Story  # noqa: E402
from train_cli import Train, UnexpectedAnswer  # noqa: E402


def main() -> int:
    """Play, then show where everything stands."""
    parser = argparse.ArgumentParser(
        description="Play five sample issues through the ml train, in a repository of its own."
    )
    parser.add_argument(
        "folder", type=Path, help="where to make the sample repository (replaced if it is the example's own)"
    )
    folder = parser.parse_args().folder
    issues = json.loads((HERE / "issues.json").read_text("utf-8"))
    sandbox = Sandbox(folder)
    try:
        train = Train(sandbox)
        with Stage(STEPS) as stage:
            Story(sandbox, train, stage, issues).play()
        curtain(folder, sandbox, train, stage)
    except (ArithmeticError, OtherPlot, SandboxError, UnexpectedAnswer) as error:
        print(f"\n✗ {error}", file=sys.stderr)
        return 1
    return 0


def curtain(folder: Path, sandbox: Sandbox, train: Train, stage: Stage) -> None:
    """Show board, timeline and history, and say what to try next."""
    stage.show("agenticops status", train.run("status"))
    for words in (
        ("--item", "41", "--kind", "item_moved", "--limit", "9"),
        ("--kind", "gate_refused"),
        ("--limit", "6"),
    ):
        stage.show(f"agenticops log {' '.join(words)}", train.run("log", *words))
    stage.show("git log --oneline --graph -12", sandbox.git("log", "--oneline", "--graph", "-12"))
    commits = sandbox.git("rev-list", "--count", "HEAD")
    train.run("check")
    counts = (
        f"{train.calls} commands, {train.refusals} refusals that had to be, {commits} commits, {stage.seconds:.0f} s"
    )
    stage.plain(f"\n✓ {counts}; agenticops check finds nothing.")
    stage.plain(f"""
  The repository is left in {folder}. Try there:
    agenticops next                          what to do with the wine (#42)
    agenticops advance data-sources_42       refused: see what is missing
    agenticops ticket show discovery_43      why the diabetes study waits
    agenticops log --kind gate_refused       every refusal, on record
    less delivery/41/retrain/performance-comparison.md""")


if __name__ == "__main__":
    sys.exit(main())
