"""Judging: the gate of one ticket, or what must hold of the whole train. Reads only."""

from __future__ import annotations

from agenticops.core import checks, gate, lint, yamltext
from agenticops.core.case import Case
from agenticops.core.checks.ticket import fork_finding
from agenticops.core.fold import chain
from agenticops.errors import StateError, UsageError
from agenticops.flows import aim
from agenticops.model.finding import Finding, Verdict
from agenticops.model.layout import PIPELINE, ROOT_SESSION
from agenticops.model.pipeline import Gate, Phase
from agenticops.workspace import Workspace


def ticket(workspace: Workspace, wanted: str) -> Verdict:
    """Judge the gate of one ticket."""
    found = aim.ticket(workspace, wanted)
    return gate.judge(Case(workspace.train, found, now=workspace.now))


def train(workspace: Workspace) -> Verdict:
    """Judge what must hold at any time: pipeline, every document, every ticket's state and ticks, the histories."""
    findings = [
        Finding("VT501" if "ACTIVE_SESSION" in p else "VT304", m, _path(place, p), _line(place), hint=h)
        for p, m, place, h in workspace.index.problems()
    ]
    parts = 1
    if workspace.train.tree.read(PIPELINE) is None:
        hint = "agenticops init --train ml"
        raise StateError("this repository is no train yet", place=PIPELINE, hint=hint)
    if not any(f.path == PIPELINE for f in findings):
        findings += pipeline_findings(workspace)
        for name in workspace.train.ticket_ids():
            parts += 1
            try:
                case = Case(workspace.train, workspace.train.ticket(name), now=workspace.now)
                findings += gate.integrity(case)
            except StateError as e:
                if not any(f.path == _path(e.place, "") for f in findings):
                    findings.append(Finding("VT304", e.message, _path(e.place, ""), _line(e.place), hint=e.hint))
        findings += _forks(workspace)
        findings += _root_session(workspace)
    # A fork is one finding, whichever of its tickets met it.
    unique = {(f.code, f.code != "VT307" and f.place, f.message): f for f in findings}
    return Verdict("train", "", tuple(unique.values()), parts)


def pipeline_findings(workspace: Workspace) -> list[Finding]:
    """Lint the pipeline, each finding with its line in the file."""
    pipeline = workspace.train.pipeline
    raw = workspace.tree.read(PIPELINE) or b""
    text = yamltext.decode(raw, PIPELINE, yamltext.PIPELINE_LIMIT)
    found = lint.lint(pipeline, workspace.tree)
    unknown = [
        Finding(
            "VT401",
            f"gate {g.name} names the unknown check {c.check!r}",
            PIPELINE,
            hint=f"known: {', '.join(checks.CHECKS)}",
        )
        for g in pipeline.gates.values()
        for c in g.checks
        if c.check not in checks.CHECKS
    ]
    return [_placed(f, text) for f in (*found, *unknown)]


def _placed(finding: Finding, text: str) -> Finding:
    """Give a finding of the pipeline its line: of the definition that it is about, or of the unknown name in it."""
    import re

    import msgspec

    if finding.line or finding.path != PIPELINE:
        return finding
    noun = re.match(r"(?:phase|mode|agent|artifact|gate)(?=s? ')", finding.message)
    section = re.search(rf"^{noun[0]}s:", text, re.M) if noun else None
    words, at, found = re.findall(r"'([^']+)'", finding.message), section.start() if section else 0, -1
    for word in words if "unknown" in finding.message else words[:1]:
        bare = rf"(?<![\w-]){re.escape(word)}(?![\w-])"
        match = re.compile(rf"^ +{bare}:", re.M).search(text, at) or re.compile(bare).search(text, at)
        at = found = match.end() if match else found
    return finding if found < 0 else msgspec.structs.replace(finding, line=text.count("\n", 0, found) + 1)


def _forks(workspace: Workspace) -> list[Finding]:
    found = []
    rows = workspace.index.rows(
        """SELECT DISTINCT subject FROM event WHERE prev IS NOT NULL
           GROUP BY subject, prev HAVING COUNT(DISTINCT target) > 1 ORDER BY subject"""
    )
    for (subject,) in rows:
        noun, _, name = subject.partition("/")
        item = name if noun == "item" else name.split("_", 1)[-1].split("-")[0]
        path = f"docs/work/{item}.md" if noun == "item" else f"tickets/{name}/ticket.yml"
        found += [fork_finding(item, fork, path) for fork in chain(workspace.log.of_subject(subject)).forks]
    return found


def _root_session(workspace: Workspace) -> list[Finding]:
    try:
        session = workspace.train.session(ROOT_SESSION)
    except StateError:
        return []  # it is among the problems of the index
    if session is None or session.status not in ("active", "paused", "handed_off") or not session.ticket:
        return []
    if session.ticket not in workspace.train.ticket_ids():
        return [
            Finding(
                "VT503",
                f"the session works {session.ticket}, which does not exist",
                ROOT_SESSION,
                hint="agenticops session archive",
            )
        ]
    if workspace.train.ticket(session.ticket).closed:
        return [
            Finding(
                "VT503",
                f"the session works {session.ticket}, which is closed",
                ROOT_SESSION,
                hint="agenticops session archive",
            )
        ]
    return []


def gate_of(workspace: Workspace, name: str) -> tuple[Phase, Gate]:
    """Give a phase and its gate."""
    phase = workspace.train.phase(name)
    found = gate.of_phase(workspace.train.pipeline, phase)
    if found is None:
        raise UsageError(f"phase {name} names the unknown gate {phase.gate!r}", place=PIPELINE)
    return phase, found


def _path(place: str, fallback: str) -> str:
    head, _, tail = place.rpartition(":")
    return head if head and tail.isdecimal() else (place or fallback)


def _line(place: str) -> int:
    tail = place.rpartition(":")[2]
    return int(tail) if tail.isdecimal() else 0
