"""Judging: the gate of one ticket, or what must hold of the whole train. Reads only."""

from __future__ import annotations

from collections.abc import Iterable

from agenticops.core import gate, yamltext
from agenticops.core.case import Case
from agenticops.core.checks.ticket import fork_finding
from agenticops.core.fold import chain
from agenticops.core.train import Train
from agenticops.errors import StateError, UsageError
from agenticops.flows import aim
from agenticops.flows import case as cases
from agenticops.model.finding import Finding, Verdict
from agenticops.model.ids import split_ticket
from agenticops.model.layout import ASSETS, AUTOMATION, EVENTS, PIPELINE, REASONS, ROOT_SESSION, RULES, WORKFLOWS
from agenticops.model.pipeline import Gate, Phase
from agenticops.model.ticket import CLOSED
from agenticops.workspace import Workspace

# What it looks like when a document is older than the log.
TAKEN_BACK = ("VT103", "VT104", "VT106", "VT305", "VT310", "VT311", "VT904")
# Whether the log knows a ticket that is not there: one look into an index per ticket.
MISSING = """WITH RECURSIVE seen(name) AS (SELECT MIN(ticket) FROM event WHERE ticket > ''
  UNION ALL SELECT (SELECT MIN(ticket) FROM event WHERE ticket > seen.name) FROM seen WHERE seen.name IS NOT NULL)
SELECT 1 FROM seen WHERE name > '' AND name NOT IN (SELECT id FROM ticket) LIMIT 1"""


def ticket(workspace: Workspace, wanted: str, name: str = "") -> Verdict:
    """Judge the gate of a ticket's phase, or the one that is named. Raises UsageError for a gate that is unknown."""
    found = aim.ticket(workspace, wanted)
    case = cases.of_ticket(workspace, found, gate=name)
    if not name:
        return gate.judge(case)
    pipeline = workspace.train.pipeline
    named = gate.named(pipeline, name)
    if named is None:
        hint = f"the pipeline knows: {', '.join(pipeline.gates) or 'default'}"
        raise UsageError(f"there is no gate {name!r}", place=PIPELINE, hint=hint)
    return gate.guard(case, named)


def train(workspace: Workspace) -> Verdict:
    """Judge what must hold at any time: pipeline, every document, every ticket's state and ticks, the histories."""
    broken = [
        Finding("VT501" if "ACTIVE_SESSION" in p else "VT304", m, _path(place, p), _line(place), hint=h)
        for p, m, place, h in workspace.index.problems()
    ]
    findings: list[Finding] = []
    parts = 1
    if not any(f.path == PIPELINE for f in broken):
        findings, parts = _whole(workspace.train, workspace.now)
        findings = _explained(workspace, findings + _forks(workspace))
    if any(f.path.startswith(EVENTS) for f in broken):
        # Events that cannot be read are no sign that nobody opened these tickets.
        findings = [f for f in findings if f.code != "VT311"]
    return verdict([*broken, *findings], parts)


def _explained(workspace: Workspace, findings: list[Finding]) -> list[Finding]:
    """Say where git took a change back, instead of what that looks like; git is asked only where something is odd."""
    if not any(f.code in TAKEN_BACK for f in findings) and not workspace.index.value(MISSING):
        return findings
    from agenticops.flows import void

    told = void.findings(workspace)
    places = {f.path for f in told}
    return [*(f for f in findings if f.code not in TAKEN_BACK or f.path not in places), *told]


def tree(workspace: Workspace, head: str = "") -> Verdict:
    """Judge a commit, or the working tree; `flows.replay` compares it with a base."""
    return verdict(*_whole(workspace.train_at(head) if head else workspace.train, workspace.now))


def verdict(findings: list[Finding], parts: int) -> Verdict:
    """Say what was found in some number of parts, each thing once."""
    # A fork is one finding, whichever of its tickets met it; a broken file is one, whoever read it.
    unique = {(f.code, f.code != "VT307" and f.place, f.message): f for f in findings}
    return Verdict("train", "", tuple(unique.values()), parts)


def _whole(train: Train, now: str) -> tuple[list[Finding], int]:
    """Judge the pipeline, every ticket, the root session and the work items. Gives findings and the number of parts."""
    from agenticops.core import work_state  # a ticket's gate goes without it

    names = train.ticket_ids()
    findings = [*pipeline_findings(train), *workflows(train), *tickets(train, names, now), *root_session(train)]
    findings += [*reasons(train, now), *rules(train)]
    return [*findings, *work_state.findings(train, now)], len(names) + 1


def rules(train: Train) -> list[Finding]:
    """Judge the files of rules and automation; a train without them pays one look for each."""
    found: list[Finding] = []
    if train.tree.names(RULES):
        from agenticops.core.rules import lint

        found += lint.findings(train.tree)
    if (data := train.tree.read(AUTOMATION)) is not None:
        from agenticops.core import automation

        try:
            automation.read(data)
        except StateError as e:
            found.append(unreadable(e))
    return found


def tickets(train: Train, names: Iterable[str], now: str) -> list[Finding]:
    """Judge what must hold of some tickets at any time."""
    findings: list[Finding] = []
    for name in names:
        try:
            findings += gate.integrity(Case(train, train.ticket(name), now=now))
        except StateError as e:
            findings.append(unreadable(e))
    return findings


def reasons(train: Train, now: str) -> list[Finding]:
    """Judge risks, mitigations, clients, needs, decisions and their records, and what was overridden."""
    told = train.log.of_kinds("document_created", "gate_overridden", "override_repaid")
    if not told and not any(train.tree.names(folder) for folder in REASONS):
        return []
    from agenticops.core import adrs, override, papers  # a train without reasons, and a ticket's gate, go without them

    return [*papers.findings(train), *adrs.findings(train.tree), *override.findings(train, now)]


def unreadable(error: StateError, path: str = "") -> Finding:
    """Say of a document that it cannot be read."""
    return Finding("VT304", error.message, _path(error.place, path), _line(error.place), hint=error.hint)


def pipeline_findings(train: Train) -> list[Finding]:
    """Lint the pipeline, each finding with its line in the file. Raises StateError when there is none."""
    from agenticops.core import lint  # a ticket's gate goes without it

    pipeline = train.pipeline
    text = yamltext.decode(train.tree.read(PIPELINE) or b"", PIPELINE, yamltext.PIPELINE_LIMIT)
    misused = [f for g in pipeline.gates.values() for c in g.checks if (f := gate.misuse(g, c)) is not None]
    return [_placed(f, text) for f in (*lint.lint(pipeline, train.tree), *misused, *_commands(train), *_assets(train))]


def _assets(train: Train) -> list[Finding]:
    """Report what is wrong in the registry of assets; what is only missing there is for `asset lint` to say."""
    if train.tree.size(ASSETS) is None:
        return []
    from agenticops.core import assetlint

    try:
        return assetlint.errors(assetlint.findings(train))
    except StateError as e:
        return [unreadable(e, ASSETS)]


def workflows(train: Train) -> list[Finding]:
    """Report what is wrong in the workflow templates; a train without them is asked for no more than a folder."""
    if not train.tree.names(WORKFLOWS):
        return []
    from agenticops.core.workflow import lint

    return lint.errors(lint.findings(train))


def _commands(train: Train) -> list[Finding]:
    """Report commands that could never run, whoever trusts them."""
    if not any("command" in c.parameters for g in train.pipeline.gates.values() for c in g.checks):
        return []
    from agenticops.core.executables import executables

    refused = [e for e in executables(train) if e.refused]
    hint = "agenticops trust show"
    return [Finding("VT403", f"{e.place.partition(' ')[2]}: {e.refused}", PIPELINE, hint=hint) for e in refused]


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
        """SELECT DISTINCT subject FROM event
           WHERE prev IS NOT NULL AND (subject GLOB 'item/*' OR subject GLOB 'ticket/*')
           GROUP BY subject, prev HAVING COUNT(DISTINCT target) > 1 ORDER BY subject"""
    )
    for (subject,) in rows:
        noun, _, name = subject.partition("/")
        item = name if noun == "item" else split_ticket(name)[1]
        path = f"docs/work/{item}.md" if noun == "item" else f"tickets/{name}/ticket.yml"
        found += [fork_finding(item, fork, path) for fork in chain(workspace.log.of_subject(subject)).forks]
    if workspace.index.value("SELECT 1 FROM instance LIMIT 1"):
        from agenticops.flows.workflow import forks

        found += forks.findings(workspace)
    return found


def root_session(train: Train) -> list[Finding]:
    """Judge the session of the default branch."""
    try:
        session = train.session(ROOT_SESSION)
    except StateError as e:
        return [Finding("VT501", e.message, _path(e.place, ROOT_SESSION), _line(e.place), hint=e.hint)]
    if session is None or session.status not in ("active", "paused", "handed_off") or not session.ticket:
        return []
    wrong = ""
    if not train.has_ticket(session.ticket):
        wrong = "which does not exist"
    elif train.status_chain(session.ticket).state in CLOSED:
        wrong = "which is closed"
    message = f"the session works {session.ticket}, {wrong}"
    return [Finding("VT503", message, ROOT_SESSION, hint="agenticops session archive")] if wrong else []


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
