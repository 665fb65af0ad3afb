"""Notebooks: plain scripts with `# %%` marks become executed notebooks, and their last output becomes facts."""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

SOURCES = Path(__file__).with_name("sources")
FACTS = "facts: "


def run(source: str, target: Path, root: Path, parameters: dict[str, Any]) -> dict[str, Any]:
    """Build, execute and store one notebook; give what its last cell printed as facts."""
    import nbformat
    from nbclient import NotebookClient

    notebook = build((SOURCES / f"{source}.py").read_text("utf-8"), parameters)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as private, _jupyter_in(private):
        options: dict[str, Any] = {
            "timeout": 120,
            "resources": {"metadata": {"path": str(root)}},
            "extra_arguments": ["--log-level=40"],
        }
        NotebookClient(notebook, **options).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # clock times would make two runs differ
    nbformat.write(notebook, target)
    return facts(notebook)


def build(text: str, parameters: dict[str, Any]) -> Any:
    """Cut a script at its marks into an unexecuted notebook whose second cell holds the parameters."""
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    cells = []
    for piece in re.split(r"^# %%", text, flags=re.MULTILINE)[1:]:
        head, _, body = piece.partition("\n")
        if head.strip() == "[markdown]":
            prose = "\n".join(line.removeprefix("#").removeprefix(" ") for line in body.strip().splitlines())
            cells.append(new_markdown_cell(prose))
        elif head.strip() == "parameters":
            cells.append(new_code_cell("\n".join(f"{name} = {value!r}" for name, value in parameters.items())))
        else:
            cells.append(new_code_cell(body.strip()))
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number:02d}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def facts(notebook: Any) -> dict[str, Any]:
    """Read the facts from the line that the last code cell printed."""
    for output in reversed(notebook.cells[-1].outputs):
        for line in output.get("text", "").splitlines():
            if line.startswith(FACTS):
                return dict(json.loads(line.removeprefix(FACTS)))
    raise ValueError("the last cell of the notebook printed no facts")


class _jupyter_in:
    """Keep Jupyter out of the user's home: settings, history and kernels come from this interpreter only."""

    def __init__(self, folder: str) -> None:
        private = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
        self.wanted = dict.fromkeys(private, folder)
        self.wanted |= {"JUPYTER_PATH": "", "JUPYTER_PLATFORM_DIRS": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
        self.wanted |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # small data: threads only get in the way
        self.before: dict[str, str | None] = {}

    def __enter__(self) -> None:
        self.before = {name: os.environ.get(name) for name in self.wanted}
        os.environ.update(self.wanted)

    def __exit__(self, *_: object) -> None:
        for name, value in self.before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
