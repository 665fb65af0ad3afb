"""Taskwarrior: the yardstick for lists; it is a C++ program with as many tasks as the herd has tickets."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import uuid
from pathlib import Path

GET_IT = "apt-get install taskwarrior, or brew install task"


def found() -> str:
    """Give the path of `task`, or ""."""
    return shutil.which("task") or ""


def version(program: str) -> str:
    """Give its version."""
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.search(r"\d+\.\d+(\.\d+)?", told)
    return match[0] if match else "?"


class Tasks:
    """A task list of its own in a folder: `still_open` of `count` tasks are pending."""

    def __init__(self, program: str, folder: Path, count: int, still_open: int, titles: list[str], seed: int) -> None:
        folder.mkdir(parents=True)
        rc = folder / "taskrc"
        rc.write_text(f"data.location={folder / 'data'}\nconfirmation=off\nhooks=off\nnews.version=99\n")
        (folder / "data").mkdir()
        self.environment = {**os.environ, "TASKDATA": str(folder / "data"), "TASKRC": str(rc)}
        self.command = [program, "list"]
        dice = random.Random(seed)
        tasks = []
        for number in range(count):
            done = number >= still_open
            task = {
                "uuid": str(uuid.UUID(int=dice.getrandbits(128), version=4)),
                "description": titles[number % len(titles)],
                "entry": "20250101T100000Z",
                "status": "completed" if done else "pending",
                "project": f"phase{number % 19}",
            }
            tasks.append({**task, "end": "20250201T100000Z"} if done else task)
        file = folder / "tasks.json"
        file.write_text(json.dumps(tasks))
        subprocess.run([program, "import", str(file)], env=self.environment, capture_output=True, check=True)
        # The first list moves what is completed out of the way.
        subprocess.run(self.command, env=self.environment, capture_output=True, check=True)
