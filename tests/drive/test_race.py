"""Two clones of one bare remote, on two machines, race for the same tickets: each is worked once, by one of them.

The machines are processes of the real program, with a host and an operator of their own. `make stress` has them race
for a hundred tickets, which takes three minutes.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

from agenticops.ports.clock import Clock
from agenticops.ports.git import Git
from agenticops.ports.lease import REFS, Leases
from agenticops.workspace import Workspace
from tests.drive import proof, rig
from tests.support import CONSOLE_SCRIPT, git, new_repo, thorough

PEOPLE = {"one": ("Ada Lovelace", "ada@example.org"), "two": ("Grace Hopper", "grace@example.org")}
LONGEST = 900.0


def race(place: Path, tickets: int) -> dict[str, dict[str, Any]]:
    """Let two machines drive the same train, both at once; give what each of them reports."""
    repo = rig.train(place / "one", ["good"] * tickets)
    bare = new_repo(place / "bare.git", "--bare", "--initial-branch=main")
    git(repo, "remote", "add", "origin", str(bare))
    git(repo, "push", "--quiet", "origin", "main")
    git(place, "clone", "--quiet", str(bare), "two")
    rig.give_trust(place / "two")
    running = {name: _start(place / name) for name in PEOPLE}
    try:
        said = {name: (machine, *machine.communicate(timeout=LONGEST)) for name, machine in running.items()}
    finally:
        for machine in running.values():
            machine.kill()
            machine.wait()
    for name, (machine, _, complaint) in said.items():
        assert machine.returncode == 0, f"{name} ended with {machine.returncode}:\n{complaint}"
    return {name: json.loads(out)["data"] for name, (_, out, _) in said.items()}


def _start(clone: Path) -> subprocess.Popen[str]:
    name, mail = PEOPLE[clone.name]
    git(clone, "config", "user.name", name)
    git(clone, "config", "user.email", mail)
    return subprocess.Popen(
        [CONSOLE_SCRIPT, "drive", "--parallel", "2", "--json"],
        cwd=clone,
        env={**os.environ, "AGENTICOPS_HOST": f"{clone.name}.example.org"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def judge(place: Path, tickets: int, said: dict[str, dict[str, Any]]) -> None:
    """Assert that each ticket was worked once and delivered once, and that nothing of the race is left."""
    names = {f"build_{n}" for n in range(1, tickets + 1)}
    delivered = Counter(o["ticket"] for data in said.values() for o in data["outcomes"] if o["state"] == "delivered")
    assert delivered == dict.fromkeys(names, 1)
    # What the agents noted themselves: one run for the bullet, and one for the artifact.
    stints = rig.journal(place / "one")
    runs = Counter((stint.ticket, stint.bullet) for stint in stints)
    assert set(runs.values()) == {1} and Counter(ticket for ticket, _ in runs) == dict.fromkeys(names, 2)
    assert all(stint.alone and stint.ended for stint in stints)
    git(place, "clone", "--quiet", str(place / "bare.git"), "judged")
    remote = Workspace(str(place / "judged"))
    first = git(place / "one", "rev-list", "--max-parents=0", "main").strip()
    wrong = [*proof.ends(remote, {}), *proof.shown(remote), *proof.green(place / "judged", remote, first)]
    assert not wrong, "\n".join(wrong)
    kinds = ("drive_taken", "drive_delivered")
    facts = Counter((e.kind, e.ticket) for e in remote.log.of_kinds(*kinds))
    assert facts == {(kind, name): 1 for kind in kinds for name in names}
    bare = Git(*[str(place / "bare.git")] * 3)
    refs = set(bare.run("for-each-ref", "--format=%(refname)").stdout.split())
    leases = {ref for ref in refs if ref.startswith(REFS)}
    assert refs - leases == {"refs/heads/main"} and len(leases) == tickets
    # A lease that was given back stays as a note, for its epoch: whoever sends something late is told by it.
    held = [Leases(bare, Clock()).read(ref.removeprefix(REFS))[1] for ref in leases]
    assert [lease for lease in held if lease is None or not lease.released] == []


@thorough
def test_two_machines_work_each_ticket_once(tmp_path: Path) -> None:
    judge(tmp_path, 4, race(tmp_path, 4))


@thorough
def test_two_machines_race_for_a_hundred_tickets(tmp_path: Path) -> None:
    judge(tmp_path, 100, race(tmp_path, 100))
