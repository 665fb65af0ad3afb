"""Serving: from the start of `agenticops mcp` to the list of its tools on the wire, against the SDK that it loads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import ground
from figures import Figure, relative
from timing import Sample, once

SCRIPT = os.path.join(os.path.dirname(sys.executable), "agenticops")
SDK = "import mcp"
GREETING = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}
ASKED = [
    {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": GREETING},
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
]


def figures(folder: Path, rounds: int) -> list[Figure]:
    """Measure both tiers in turns with the import; CPU counts the end of the process too."""
    from importlib.util import find_spec

    if find_spec("mcp") is None:
        return [Figure("mcp, tools/list", "", 'no SDK: pip install "agenticops[mcp]"', goal=1.25, unit="×")]
    repo = ground.adopt(folder)
    runs: dict[str, list[Sample]] = {"sdk": [], "core": [], "all": []}
    for turn in range(rounds + 1):
        found = {
            "sdk": once([sys.executable, "-c", SDK], os.environ),
            "core": _listed(repo, "core"),
            "all": _listed(repo, "all"),
        }
        for name, sample in found.items() if turn else ():
            runs[name].append(sample)
    wall = {name: median(s.wall for s in samples) for name, samples in runs.items()}
    cpu = {name: median(s.cpu for s in samples) for name, samples in runs.items()}
    return [
        relative("mcp: from start to tools/list, wall", wall["core"], wall["sdk"], 1.25, SDK),
        relative("mcp: from start to tools/list, CPU", cpu["core"], cpu["sdk"], 1.25, SDK),
        relative("mcp --tools all: from start to tools/list, wall", wall["all"], wall["sdk"], None, SDK),
    ]


def _listed(repo: Path, tier: str) -> Sample:
    lines = "".join(json.dumps(m) + "\n" for m in ASKED).encode()
    before = time.perf_counter()
    pipe = subprocess.PIPE
    with subprocess.Popen([SCRIPT, "mcp", "--tools", tier], cwd=repo, stdin=pipe, stdout=pipe) as server:
        assert server.stdin and server.stdout
        server.stdin.write(lines)
        server.stdin.flush()
        server.stdout.readline()
        answer = json.loads(server.stdout.readline())
        wall = time.perf_counter() - before
        assert answer["id"] == 2 and answer["result"]["tools"]
        server.stdin.close()
        _, status, usage = os.wait4(server.pid, 0)
        server.returncode = os.waitstatus_to_exitcode(status)
    return Sample(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024, server.returncode)
