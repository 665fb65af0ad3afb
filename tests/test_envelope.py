"""The envelope: every command prints `{"schema": 1, "kind": …, "data": …}` with --json, a verdict 3 too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agenticops.cli import root
from agenticops.model.layout import PIPELINE
from tests import insync
from tests.gated import Yard, keys, stages, trusted, yard
from tests.keys import needs_ssh
from tests.stations import BUILD, FIRST, ITEM, SHAPE, Board, at, depot
from tests.stress.breaks import edit
from tests.support import BRIEF, cli, commit_all, git, write

__all__ = ["at", "depot", "keys", "stages", "yard"]

# station, command line, exit code, kind
CALLS: list[tuple[str, str, int, str]] = [
    ("software", "init", 0, "init"),
    ("software", "init --dry-run", 0, "init"),
    ("tiny", "pipeline show", 0, "pipeline"),
    ("tiny", "pipeline show build", 0, "pipeline"),
    ("tiny", "pipeline graph", 0, "pipeline-graph"),
    ("tiny", "pipeline lint", 0, "pipeline-lint"),
    ("software", "migrate", 0, "migrate"),
    ("tiny", "trust show", 0, "trust"),
    ("tiny", "hooks show", 0, "hooks"),
    ("tiny", "hooks install", 0, "hooks-install"),
    ("tiny", "hooks uninstall", 0, "hooks-uninstall"),
    ("tiny", "trust give", 0, "trust-give"),
    ("tiny", "trust revoke", 0, "trust-revoke"),
    ("tiny", "doctor", 0, "doctor"),
    ("tiny", "doctor --fix", 0, "doctor"),
    ("tiny", "work new --title x", 0, "work"),
    ("tiny", "work list", 0, "work-list"),
    ("tiny-opened", f"work show {ITEM}", 0, "work"),
    ("tiny-opened", f"work edit {ITEM} --priority now", 0, "work"),
    ("tiny-opened", "work tree", 0, "work-tree"),
    ("tiny-opened", "work ready", 0, "work-ready"),
    ("tiny-opened", f"work split {ITEM} --into x", 0, "work-split"),
    ("tiny-opened", f"work except {ITEM} --rule VT480 --reason x", 0, "work-except"),
    ("tiny-opened", "ticket list --all", 0, "ticket-list"),
    ("tiny-opened", "ticket show", 0, "ticket"),
    ("tiny-opened", "ticket edit --operator x", 0, "ticket"),
    ("tiny-opened", "ticket block --reason x", 0, "ticket"),
    ("tiny-opened", "ticket cancel --reason x", 0, "ticket"),
    ("tiny-opened", "checklist show", 0, "checklist"),
    ("tiny-opened", "checklist tick 1", 0, "checklist-tick"),
    ("tiny-opened", "checklist add x --section y", 0, "checklist-add"),
    ("tiny-opened", "checklist reword 1 x", 0, "checklist-reword"),
    ("tiny-opened", "artifact list", 0, "artifact-list"),
    ("tiny-opened", "artifact new brief", 0, "artifact-new"),
    ("tiny-opened", "artifact check", 3, "artifact-check"),
    ("tiny-opened", "artifact record --all", 3, "artifact-record"),
    ("tiny-ready", "artifact check", 0, "artifact-check"),
    ("tiny-ready", "artifact record brief", 0, "artifact-record"),
    ("tiny-ready", "check", 0, "check"),
    ("tiny-ready", f"check {SHAPE}", 0, "check"),
    ("tiny-opened", f"check {SHAPE}", 3, "check"),
    ("tiny", "gate show shape", 0, "gate"),
    ("tiny-opened", "advance", 3, "advance"),
    ("tiny-ready", "advance", 0, "advance"),
    ("tiny-opened", "advance --override --reason x", 0, "advance"),
    ("tiny", "explain VT203", 0, "code"),
    ("tiny-opened", "begin", 0, "begin"),
    ("working", "handoff --to evaluator", 3, "handoff"),
    ("working", "handoff --to evaluator --next x --note y", 0, "handoff"),
    ("tiny-working", "session show", 0, "session"),
    ("tiny-working", "session list", 0, "session-list"),
    ("tiny-working", "session note x", 0, "session-note"),
    ("tiny-working", "session decide x", 0, "session-decide"),
    ("tiny-working", "session step x", 0, "session-step"),
    ("tiny-working", "session block x", 0, "session-block"),
    ("tiny-working", "session todo add x", 0, "session-todo"),
    ("tiny-working", "session pause", 0, "session-pause"),
    ("tiny-working", "session packet", 0, "session-packet"),
    ("tiny-working", "session save", 0, "session-save"),
    ("tiny-working", "remember x", 0, "remember"),
    ("tiny-working", "recall x", 0, "recall"),
    ("tiny-working", "asset list", 0, "asset-list"),
    ("tiny-working", "asset lint", 0, "asset-lint"),
    ("tiny-working", "agents install claude", 0, "agents-install"),
    ("tiny-working", "agents uninstall", 0, "agents-uninstall"),
    ("tiny-working", "agents show", 0, "agents"),
    ("tiny-working", "agents permissions", 0, "agents-permissions"),
    ("tiny-working", "mode show --stats", 0, "mode-stats"),
    ("tiny-working", "mcp --print-tools", 0, "mcp-tools"),
    ("tiny-working", "session archive", 0, "session-archive"),
    ("tiny-working", "mode show", 0, "mode"),
    ("tiny-working", "mode show make", 0, "mode"),
    ("tiny-working", "mode enter plan", 0, "mode-enter"),
    ("tiny-working", "next", 0, "next"),
    ("tiny-build", f"next {BUILD}", 0, "next"),
    ("tiny-working", "status", 0, "status"),
    ("tiny-working", "log", 0, "log"),
    ("tiny-working", "log compact", 0, "log-compact"),
    ("tiny-working", "log compact --retention --dry-run", 0, "log-compact"),
    ("tiny-working", "log verify", 0, "log-verify"),
    ("tiny-working", "log summarize", 0, "log-summarize"),
    ("tiny-working", "pipeline diff HEAD", 0, "pipeline-diff"),
    ("tiny-working", "gate replay", 0, "gate-replay"),
    ("tiny-working", "gate run", 0, "gate-run"),
    ("tiny-working", "gate executions", 0, "gate-executions"),
    ("tiny-working", "evidence list", 0, "evidence-list"),
    ("tiny-working", "override list", 0, "override-list"),
    ("tiny-working", "approval list", 0, "approval-list"),
    ("tiny-working", "role list", 0, "role-list"),
    ("tiny-working", "role check ada@example.org override", 0, "role-check"),
    ("tiny-working", "risk new --title x", 0, "risk"),
    ("tiny-working", "risk list", 0, "risk-list"),
    ("tiny-working", "mitigation new --title x", 0, "mitigation"),
    ("tiny-working", "mitigation list", 0, "mitigation-list"),
    ("tiny-working", "client new --title x", 0, "client"),
    ("tiny-working", "client list", 0, "client-list"),
    ("tiny-working", "need new --title x", 0, "need"),
    ("tiny-working", "need list", 0, "need-list"),
    ("tiny-working", "decision new --title x --reasoning y", 0, "decision"),
    ("tiny-working", "decision list", 0, "decision-list"),
    ("tiny-working", "decision search x", 0, "decision-search"),
    ("tiny-working", "decision report", 0, "decision-report"),
    ("tiny-working", "adr new x", 0, "adr"),
    ("tiny-working", "adr list", 0, "adr-list"),
    ("tiny-working", "trace 142", 0, "trace"),
    ("tiny-working", "advance --dry-run", 3, "advance-dry-run"),
    ("tiny", "agents register john-pm --role pm", 0, "agents-register"),
    ("tiny", "agents list", 0, "agents-list"),
    ("tiny", "cost report", 0, "cost-report"),
    ("tiny", "cost runs", 0, "cost-runs"),
    ("tiny", "select", 0, "select"),
    ("tiny", "drive --dry-run", 0, "drive-preview"),
    ("tiny", "drive status", 0, "drive-status"),
    ("tiny", "drive pause", 0, "drive-pause"),
]


def envelope(repo: Path, call: str, code: int) -> tuple[str, object]:
    found, out, err = cli(repo, *call.split(), "--json")
    assert (found, err) == (code, ""), f"{call} → {found}\n{out}{err}"
    assert out.endswith("\n") and out.count("\n") == 1, "one line, so that logs and pipes can take it"
    body = json.loads(out)
    assert list(body) == ["schema", "kind", "data"] and body["schema"] == 1
    return body["kind"], body["data"]


@pytest.mark.parametrize(("station", "call", "code", "kind"), CALLS, ids=[c for _, c, _, _ in CALLS])
def test_every_command_prints_the_envelope(at: Board, station: str, call: str, code: int, kind: str) -> None:
    assert envelope(at(station), call, code)[0] == kind


def test_those_that_need_a_step_before(at: Board) -> None:
    repo = at("tiny-working")
    for before, call, kind in (
        ("session pause", "session resume", "session-resume"),
        ("session block x", "session unblock", "session-unblock"),
        ("session todo add x", "session todo done x", "session-todo"),
        ("ticket block --reason x", "ticket unblock", "ticket"),
        ("drive pause", "drive resume", "drive-resume"),
        ("asset add tool reader --command cat", "asset show reader", "asset"),
        ("work new --kind CRD --title y --issue 8", f"work move 8 --under {ITEM}", "work"),
        ("work new --title z --issue 9", f"work link {ITEM} --blocked-by 9", "work"),
        ("asset list", "asset add tool writer --command tee", "asset"),
    ):
        assert cli(repo, *before.split())[0] == 0
        assert envelope(repo, call, 0)[0] == kind
    kept = json.loads(cli(repo, "remember", "x", "--json")[1])["data"]["note"]["id"]
    assert envelope(repo, f"forget {kept} --reason x", 0)[0] == "forget"
    write(repo, "config/triage.yml", "schema: 1\nrules: [{name: x, when: {words: [x]}, priority: now}]\n")
    assert envelope(repo, "work triage", 0)[0] == "work-triage"
    cli(repo, "work", "new", "--title", "x", "--issue", "7")
    assert envelope(repo, "ticket new 7", 0)[0] == "ticket"
    build = at("tiny-build")
    cli(build, "advance", "--to", "shape")
    assert envelope(build, f"artifact keep brief --reason x --ticket {SHAPE}-2", 0)[0] == "artifact-keep"
    fork = at("tiny-build")
    git(fork, "branch", "other")
    cli(fork, "advance", "--to", "ship", "--commit")
    git(fork, "switch", "--quiet", "other")
    git(fork, "branch", "-m", "main", "mine")
    git(fork, "branch", "-m", "other", "main")
    cli(fork, "advance", "--to", "shape", "--commit")
    git(fork, "merge", "--quiet", "--no-edit", "mine")
    assert envelope(fork, f"work resolve {ITEM} --keep ship_{ITEM}", 0)[0] == "work-resolve"


# On a train whose gate wants proofs and an approval, one after the other. `{…}` is an id that an earlier call gave.
GUARDED = (
    ("gate run", "--verify", 0, "gate-run"),
    ("evidence show", "{evidence}", 0, "evidence"),
    ("evidence rerun", "{evidence}", 0, "gate-run"),
    ("evidence attest", "unit --reason x", 0, "evidence-attest"),
    ("approval request", "--reviewer grace@example.org", 0, "approval"),
    ("approval begin", "", 0, "approval"),
    ("approval review", "--verdict approved --score 8", 0, "approval"),
    ("approval escalate", "--reason x", 0, "approval"),
    ("approval show", "", 0, "approval"),
    ("approve", "--score 8 --reason x", 0, "approval"),
    ("revise", "--score 5 --reason x --suggest y", 0, "approval"),
    ("reject", "--score 2 --reason x", 0, "approval"),
    ("risk new", "--title x", 0, "risk"),
    ("risk show", "{risk}", 0, "risk"),
    ("risk edit", "{risk} --status closed", 0, "risk"),
    ("mitigation new", "--title x --risk {risk}", 0, "mitigation"),
    ("mitigation show", "{mitigation}", 0, "mitigation"),
    ("mitigation edit", "{mitigation} --state implemented", 0, "mitigation"),
    ("client new", "--title x", 0, "client"),
    ("client show", "{client}", 0, "client"),
    ("client edit", "{client} --owner y", 0, "client"),
    ("need new", "--title x --client {client}", 0, "need"),
    ("need show", "{need}", 0, "need"),
    ("need edit", "{need} --priority now", 0, "need"),
    ("decision new", "--title x --reasoning y", 0, "decision"),
    ("decision show", "{decision}", 0, "decision"),
    ("decision edit", "{decision} --result right", 0, "decision"),
    ("role assign", "reviewer eve@example.org", 0, "role"),
    ("role revoke", "reviewer eve@example.org", 0, "role"),
    ("advance", "--override --reason x --expires 3d", 0, "advance"),
    ("override repay", "shape_142 --reason x --decision {decision}", 0, "override-repay"),
    ("role vouch", "--reason x", 0, "vouch"),
)


@needs_ssh
def test_those_of_a_guarded_train(yard: Yard) -> None:
    repo = yard("worked")
    trusted(repo)
    edit(repo / PIPELINE, "members: [grace@example.org,", "members: [ada@example.org, grace@example.org,")
    commit_all(repo, "Everybody reviews")
    known: dict[str, str] = {}
    for call, more, code, kind in GUARDED:
        found, body = envelope(repo, f"{call} {more.format(**known)}", code)
        assert found == kind, (call, found)
        if isinstance(body, dict) and "id" in body:
            known[call.split()[0]] = str(body["id"])
        if call == "gate run":
            listed = envelope(repo, "evidence list", 0)[1]
            known["evidence"] = listed["evidence"][-1]["id"]  # type: ignore[index]


# Workflows, records, rules, deliveries, one after the other. `{…}` is an id that an earlier call gave.
AUTOMATED = (
    ("workflow template list", "", 0, "workflow-template-list"),
    ("workflow template show", "HS_STD", 0, "workflow-template"),
    ("workflow template lint", "", 0, "workflow-template-lint"),
    ("workflow template graph", "HS_STD", 0, "workflow-template-graph"),
    ("workflow template new", "ROOF --like HS_STD", 0, "workflow-template-new"),
    ("workflow template diff", "HS_STD --from 1.0 --to 1.0", 0, "workflow-template-diff"),
    ("workflow start", "HS_STD --name x", 0, "workflow"),
    ("workflow list", "", 0, "workflow-list"),
    ("workflow show", "{workflow}", 0, "workflow"),
    ("workflow transition", "{workflow} --to quote_generation", 0, "workflow"),
    ("workflow history", "{workflow}", 0, "workflow-history"),
    ("workflow graph", "{workflow}", 0, "workflow-graph"),
    ("workflow pause", "{workflow} --reason x", 0, "workflow"),
    ("workflow resume", "{workflow}", 0, "workflow"),
    ("workflow cancel", "{workflow} --reason x", 0, "workflow"),
    ("entity new", "project --name x", 0, "entity"),
    ("entity set", "{entity} status=Open", 0, "entity"),
    ("entity show", "{entity}", 0, "entity-show"),
    ("entity list", "", 0, "entity-list"),
    ("entity delete", "{entity} --reason x", 0, "entity"),
    ("rule new", "--example assign-pm", 0, "rule-new"),
    ("rule list", "", 0, "rule-list"),
    ("rule show", "assign-pm", 0, "rule"),
    ("rule test", "--entity project --action create", 0, "rule-test"),
    ("rule explain", "assign-pm", 0, "rule-explain"),
    ("rule disable", "assign-pm --reason x", 0, "rule"),
    ("rule enable", "assign-pm", 0, "rule"),
    ("rule run", "", 0, "rule-run"),
    ("rule delete", "assign-pm --reason x", 0, "rule"),
    ("worker status", "", 0, "worker-status"),
    ("worker list", "", 0, "worker-list"),
    ("worker reconcile", "", 0, "worker-reconcile"),
    ("notify", "ada Back", 0, "notify"),
    ("inbox", "--for ada", 0, "inbox"),
    ("meeting call", "x --at 2026-12-01", 0, "meeting"),
    ("meeting list", "", 0, "meetings"),
    ("meeting show", "{meeting}", 0, "meeting"),
    ("meeting move", "{meeting} --at 2026-12-02", 0, "meeting"),
    ("meeting ics", "", 0, "meeting-ics"),
    ("meeting hold", "{meeting} --outcome x", 0, "meeting"),
    ("meeting call", "y --at 2026-12-03", 0, "meeting"),
    ("meeting cancel", "{meeting}", 0, "meeting"),
    ("query", "--schema", 0, "schema"),
    ("search", "x", 0, "search"),
    ("report flow", "", 0, "report"),
    ("report bottlenecks", "", 0, "report"),
    ("report cycle-time", "", 0, "report"),
    ("report throughput", "", 0, "report"),
    ("report success", "", 0, "report"),
    ("report wip", "", 0, "report"),
    ("report lead-time", "", 0, "report"),
    ("report forecast", "", 0, "report"),
)


def test_those_of_automation(at: Board) -> None:
    repo = at("tiny")
    known: dict[str, str] = {}
    for call, more, code, kind in AUTOMATED:
        found, body = envelope(repo, f"{call} {more.format(**known)}", code)
        assert found == kind, (call, found)
        noun = call.split()[0]
        one = body.get(noun, body) if isinstance(body, dict) else {}
        if isinstance(one, dict) and "id" in one:
            known[noun] = str(one["id"])


FORGED = [
    ("github", 0, "github-plan"),
    ("github plan", 0, "github-plan"),
    ("github plan --check", 3, "github-plan"),
    ("github labels plan", 0, "github-labels"),
    ("github labels apply", 0, "github-labels"),
    ("github apply", 0, "github-apply"),
    ("github status", 0, "github-status"),
    ("github import --dry-run", 0, "github-import"),
]


def test_those_of_a_forge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with insync.forge_of(monkeypatch) as forge:
        repo = insync.tiny(tmp_path / "repo")
        name = insync.add(repo, "Refills")
        for call, code, kind in FORGED:
            assert envelope(repo, call, code)[0] == kind, call
        forge.edit(1, title="Over there")
        assert cli(repo, "work", "edit", name, "--title", "Here")[0] == 0
        assert envelope(repo, "github apply", 3)[0] == "github-apply"
        assert envelope(repo, f"github resolve {name} --field title --take local", 0)[0] == "github-resolve"


def test_no_command_is_left_out() -> None:
    later = (
        "session resume, session unblock, session todo done, ticket unblock, ticket new, artifact keep, work resolve, "
        "asset show, asset add, forget, work move, work link, work triage, agents state, agents turn, agents tell, "
        "drive resume, drive fix, drive merge, drive abort, drive takeover"
    )
    called = {tuple(c.split()) for _, c, _, _ in CALLS} | {tuple(c.split()) for c in later.split(", ")}
    called |= {tuple(c.split()) for c, *_ in FORGED} | {("github", n) for n in ("resolve", "ingest", "publish", "pr")}
    called |= {tuple(c.split()) for c, *_ in AUTOMATED}
    # Those that deliver, and what speaks no envelope, have tests of their own.
    called |= {("worker", n) for n in ("run", "show", "retry")} | {("workflow", "template")}
    called |= {tuple(c.split()) for c, *_ in GUARDED} | {
        ("hooks", "run"),
        ("agents", "hook"),
    }  # they speak to git and to an agent
    missing = []
    for name in root.COMMANDS:
        command = root.load(name)
        for below in getattr(command, "commands", None) or [""]:
            path = (name, below) if below else (name,)
            if not any(call[: len(path)] == path for call in called):
                missing.append(" ".join(path))
    assert missing == []


def test_an_error_leaves_stdout_empty(at: Board) -> None:
    repo = at("tiny-opened")
    for call in ("ticket show ship_9", "work show 9", "mode enter plan", "explain VT000", "advance --to launch"):
        code, out, err = cli(repo, *call.split(), "--json")
        assert code in (1, 2) and out == "" and err.startswith("✗ ")


def test_a_finding_says_everything_also_what_is_usual(at: Board) -> None:
    _, body = envelope(at("tiny-opened"), f"check {SHAPE}", 3)
    for finding in body["findings"]:  # type: ignore[index]
        assert set(finding) == {"code", "message", "path", "line", "severity", "hint", "commit"}


def test_text_keeps_its_letters(at: Board) -> None:
    repo = at("tiny")
    cli(repo, "work", "new", "--title", "Größe “⅔” 💊", "--issue", "7")
    code, out, _ = cli(repo, "work", "list", "--json")
    assert code == 0 and "Größe “⅔” 💊" in out
    write(repo, "docs/7/brief.md", BRIEF)
    assert FIRST not in out
