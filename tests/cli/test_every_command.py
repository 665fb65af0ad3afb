"""Every command, once, through the installed console script, in one real repository and in the order of a day."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agenticops.cli import root
from agenticops.model.layout import PIPELINE
from tests import insync
from tests.cli.test_help import leaves
from tests.gated import Yard, keys, stages, trusted, yard
from tests.keys import needs_ssh
from tests.stations import filled
from tests.stress.breaks import edit
from tests.support import commit_all, git, run_cli, write

__all__ = ["keys", "stages", "yard"]

# The commands that no day of a train uses; each has a test of its own beside this one.
ELSEWHERE = {("work", "resolve"), ("artifact", "keep"), ("hooks", "run"), ("agents", "hook")}
# A worker that delivers has tests of its own, tests/cli/test_worker.py.
ELSEWHERE |= {("worker", n) for n in ("show", "retry")}
# Two versions of a template are in tests/cli/test_workflowtemplate.py.
ELSEWHERE |= {("workflow", "template", "migrate")}
# What wants a conflict, a delivery or a pull request is in tests/cli/test_github*.py.
ELSEWHERE |= {("github", n) for n in ("resolve", "ingest", "publish")}
ELSEWHERE |= {("github", "pr", n) for n in ("open", "merge")}
# What wants a ticket that was driven is in tests/cli/test_drive.py.
ELSEWHERE |= {("drive", n) for n in ("fix", "merge", "abort", "takeover")}


MORNING = """
init --train software --with make --commit
doctor
pipeline show
pipeline show design
pipeline graph
pipeline lint
work new --kind PRD --title Pumps --issue 7
work new --kind Task --title Notes --issue 8 --parent 7
work list --kind PRD
work show 7
work edit 7 --priority now
work new --kind CRD --title Alarms --issue 9
work move 9 --under 7
work link 9 --blocked-by 8
work split 9 --into Ring
work tree
work ready
work triage
work except 7 --rule VT480 --reason two
ticket new 7 --commit
ticket list
ticket show requirements_7
ticket edit requirements_7 --estimate-days 2
ticket block requirements_7 --reason waiting
ticket unblock requirements_7 --reason arrived
gate show requirements
explain VT101
status
next
begin requirements_7 --agent onboarder
mode show
mode enter design
mode enter scope
session show
session list
session note noted
session decide decided
session step later
session todo add read
session todo done read
session block stuck
session unblock stuck
session pause
session resume
session save
session packet
remember Listen --mode scope --tag ears
recall list
forget {remember} --reason heard
asset list
asset add tool reader --command cat --agent onboarder
asset show reader
asset lint
agents install claude
agents show
agents permissions scope
agents uninstall claude
agents register john-pm --role pm
agents list
agents state john-pm
agents turn john-pm error --reason tired
agents tell john-pm studio-architect Hello
select --explain
drive --dry-run
drive pause --reason lunch
drive status
drive resume
cost report
cost runs
mcp --print-tools
handoff --to evaluator --next go --note on
begin requirements_7 --agent evaluator
checklist show
checklist add Extra --section Deliverables
checklist reword Extra More
checklist tick More --all-in Deliverables
artifact new requirements
artifact list
check
log --limit 3
log verify
log compact
log summarize
hooks install
hooks show
hooks uninstall
trust show
trust give
trust revoke
"""
# `{…}` is the id that an earlier line gave.
NOON = """
pipeline diff HEAD
gate replay
gate run requirements_7
gate executions
evidence list
approval list
role list
role check ada@example.org override
role assign reviewer eve@example.org
role revoke reviewer eve@example.org
role vouch --reason edited
client new --title Ward
client show {client}
client edit {client} --owner Ada
client list
need new --title Rest --client {client} --item 7
need show {need}
need edit {need} --priority now
need list
risk new --title Noise --item 7
risk show {risk}
risk edit {risk} --likelihood low
mitigation new --title Ears --risk {risk}
mitigation show {mitigation}
mitigation edit {mitigation} --state implemented
mitigation list
risk list
decision new --title Go --reasoning because --item 7
decision show {decision}
decision edit {decision} --result right
decision list
decision search because
decision report
adr new Plain
adr list
trace 7
override list
"""
# On a train whose gate wants proofs and a colleague's approval.
GUARDED = """
gate run --verify
evidence list
evidence show {evidence}
evidence rerun {evidence}
evidence attest unit --reason seen
approval request --reviewer grace@example.org
approval begin
approval review --verdict approved --score 8
approval escalate --reason unsure
approval show
approve --score 8 --reason fine
revise --score 5 --reason more --suggest figures
reject --score 2 --reason no
decision new --title Go --reasoning because
advance --override --reason hurry --expires 3d
override repay shape_142 --reason settled --decision {decision}
"""
# With a forge beside it.
FORGED = """
github
github plan
github labels plan
github labels apply
github apply
github status
github import --dry-run
"""
# Beside the pipeline: workflows, records, rules, deliveries. A text in quotes is one word.
AUTOMATED = """
workflow template list
workflow template show HS_STD
workflow template lint
workflow template graph HS_STD
workflow template new ROOF --like HS_STD
workflow template diff HS_STD --from 1.0 --to 1.0
workflow template import graph.json --code IMPORTED --name Import --sector Trade
workflow start HS_STD --name Roof
workflow list
workflow show {workflow}
workflow transition {workflow} --to customer_onboarding
workflow history {workflow}
workflow graph {workflow}
workflow pause {workflow} --reason rain
workflow resume {workflow}
workflow cancel {workflow} --reason sold
entity new project --name Roof
entity set {entity} status=Open
entity show {entity}
entity list
rule new --example assign-pm
rule list
rule show assign-pm
rule test --entity project --action create
rule explain assign-pm
rule disable assign-pm --reason slow
rule enable assign-pm
rule run
rule delete assign-pm --reason old
worker status
worker list
worker reconcile
worker run --once
notify ada Back
inbox --for ada
meeting call Limits --at 2026-12-01
meeting list
meeting show {meeting}
meeting move {meeting} --at 2026-12-02
meeting ics
meeting hold {meeting} --outcome Agreed
meeting call Later --at 2026-12-03
meeting cancel {meeting}
query --schema
search Roof
report flow
report bottlenecks
report cycle-time
report throughput
report success
report wip
report lead-time
report forecast
entity delete {entity} --reason gone
"""
EVENING = """
artifact check requirements
artifact record requirements
session archive
ticket cancel requirements_7 --reason enough
migrate
"""


# The command whose answer has the id that later lines name, where it is not `new`.
GIVERS = {"evidence": "list", "remember": "Listen", "workflow": "start", "meeting": "call"}
GRAPH = {"states": [{"id": 0, "name": "a", "child_ids": [1], "entity_name": "job", "avg_duration_days": 1}]}
GRAPH["states"].append({"id": 1, "name": "b", "terminal_flag": True, "success": True, "child_ids": []})


def play(repo: Path, lines: str) -> set[tuple[str, ...]]:
    """Run the lines; gives the commands that they call."""
    known: dict[str, str] = {}
    used: set[tuple[str, ...]] = set()
    paths = sorted(leaves(), key=len, reverse=True)
    for row in lines.strip().splitlines():
        words = [w.format(**known) for w in row.split()]
        giver = GIVERS.get(words[0], "new")
        wanted = f"{{{words[0]}}}" in lines and words[1:2] == [giver]
        done = run_cli(repo, *words, *(["--json"] if wanted else []))
        assert done.stdout and "Traceback" not in done.stderr, row
        if wanted:
            found = json.loads(done.stdout)["data"]
            given = found if "id" in found else found.get("note") or found[words[0]]
            given = given[-1] if isinstance(given, list) else given
            known[words[0]] = given["id"]
        # A group that lists when it is called alone is no leaf.
        used.add(next((path for path in paths if tuple(words[: len(path)]) == path), (words[0],)))
    return used


@needs_ssh
def test_every_command_runs_from_the_console_script(
    repo: Path, yard: Yard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(repo, "config/triage.yml", "schema: 1\nrules: [{name: notes, when: {words: [notes]}, priority: future}]\n")
    used = play(repo, MORNING)
    refused = run_cli(repo, "advance", "requirements_7", check_code=3)
    assert "VT203" in refused.stdout
    filled(repo, "requirements", item="7")
    used |= play(repo, NOON) | play(repo, EVENING)
    guarded = yard("worked")
    trusted(guarded)
    edit(guarded / PIPELINE, "members: [grace@example.org,", "members: [ada@example.org, grace@example.org,")
    commit_all(guarded, "Everybody reviews")
    used |= play(guarded, GUARDED)
    with insync.forge_of(monkeypatch):
        synced = insync.tiny(tmp_path / "synced")
        insync.add(synced, "Refills")
        used |= play(synced, FORGED)
    write(repo, "graph.json", json.dumps(GRAPH))
    used |= play(repo, AUTOMATED)
    assert {path for path in leaves() if path not in ELSEWHERE} - used - hidden() == set()
    write(repo, "mine.txt", "kept")
    git(repo, "add", "mine.txt")
    assert "the train holds" in run_cli(repo, "check").stdout


def hidden() -> set[tuple[str, ...]]:
    """Commands that only programs call."""
    return {path for path in leaves() if getattr(root.load(path[0]), "hidden", False)}
