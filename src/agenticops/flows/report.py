"""Reports: status, next and the mode page. Hot reads: they ask the index only and load nothing heavy (ADR 0007)."""

from __future__ import annotations

import json
from typing import Any

from agenticops.errors import StateError, TrainError, UsageError
from agenticops.model.digest import sha256
from agenticops.model.layout import PIPELINE, ROOT_SESSION
from agenticops.store.tables import NOTED, RARE
from agenticops.workspace import Workspace

Row = dict[str, Any]
COUNTED = "('artifact_recorded','artifact_kept')"
BOARD = f"""
SELECT t.id, i.title, t.status, t.phase, t.mode, t.agent, t.blocked_by, t.ticked, t.owed, t.artifacts,
  i.priority, t.item, i.issue, json_extract(t.json, '$.operator'),
  (SELECT COUNT(DISTINCT name) FROM event e WHERE e.ticket = t.id AND e.kind IN {COUNTED}),
  (SELECT MAX(at) FROM event e WHERE e.subject = 'ticket/' || t.id AND e.prev IS NOT NULL)
FROM ticket t LEFT JOIN item i ON i.id = t.item WHERE {{where}} ORDER BY t.id"""
FIELDS = (
    "id",
    "title",
    "status",
    "phase",
    "mode",
    "agent",
    "blocked_by",
    "ticked",
    "required",
    "artifacts",
    "priority",
    "item",
    "issue",
    "operator",
    "recorded",
    "since",
)
# Of ten thousand tickets the index `ticket_line` holds all that a list shows; their long rows are left alone.
LISTED = """SELECT t.id, t.status, t.ticked, t.owed, i.title
FROM ticket t LEFT JOIN item i ON i.id = t.item WHERE {where} ORDER BY t.id"""
# An item whose children travel for it does not wait itself.
UNSTARTED = """NOT EXISTS(SELECT 1 FROM ticket t WHERE t.item = i.id)
  AND NOT EXISTS(SELECT 1 FROM item c WHERE c.parent = i.id)"""
DELIVERED = """SELECT COUNT(DISTINCT subject) FROM event
WHERE kind = 'item_finished' AND json_extract(json, '$.data.result') IS NOT 'cancelled'"""
OVERRIDES = f"SELECT json FROM event WHERE {RARE} AND kind <> 'document_created' ORDER BY lamport, id"
# Notes by subject: the last event of each says whether it counts.
NOTES = f"""SELECT subject, COUNT(*) FROM (SELECT subject, kind, MAX(printf('%012d%s', lamport, id)) FROM event
  WHERE subject IN (?, ?, ?) AND {NOTED} AND name <> '' GROUP BY subject, name)
WHERE kind = 'remembered' GROUP BY subject"""
URGENCY = {"now": 0, "next": 1, "future": 2}
STANDING = {"in_review": 0, "in_progress": 1, "todo": 2, "blocked": 3}


def pipeline_of(workspace: Workspace) -> Row:
    """Give the pipeline as plain data. Raises StateError when there is none, or when it is broken."""
    found = workspace.index.part("pipeline")
    if found is None:
        for path, message, place, hint in workspace.index.problems():
            if path == PIPELINE:
                raise StateError(message, place=place, hint=hint)
        raise StateError("this repository is no train yet", place=PIPELINE, hint="agenticops init --train ml")
    return dict(found)


def rows(workspace: Workspace, where: str = "t.closed = 0", *values: Any) -> list[Row]:
    """Give the board's rows: one a ticket."""
    return [dict(zip(FIELDS, r, strict=True)) for r in workspace.index.rows(BOARD.format(where=where), *values)]


def listed(workspace: Workspace, everything: bool) -> list[tuple[str, str, int, int, str]]:
    """List tickets for the eye: id, status, ticked, required, title. The open ones, or all."""
    return workspace.index.rows(LISTED.format(where="1" if everything else "t.closed = 0"))


def status(workspace: Workspace) -> Row:
    """Tell where every open ticket stands, what holds it, and which session counts."""
    pipeline = pipeline_of(workspace)
    order = {name: n for n, name in enumerate(pipeline["phases"])}
    board = sorted(rows(workspace), key=lambda r: (order.get(r["phase"], 99), r["id"]))
    session = _session(workspace)
    closed = workspace.index.value("SELECT COUNT(*) FROM ticket WHERE closed = 1") or 0
    done = workspace.index.value(DELIVERED) or 0
    items = workspace.index.value("SELECT COUNT(*) FROM item") or 0
    waiting = workspace.index.rows(f"SELECT id, title, priority FROM item i WHERE {UNSTARTED} ORDER BY id LIMIT 20")
    return {
        "train": pipeline["name"],
        "title": pipeline.get("title", ""),
        "branch": workspace.branch,
        "tickets": board,
        "closed": closed,
        "items": items,
        "done": done,
        "waiting": [{"id": w[0], "title": w[1], "priority": w[2]} for w in waiting],
        "session": session,
        "overrides": overrides(workspace),
        "problems": [{"path": p, "message": m, "place": at, "hint": h} for p, m, at, h in workspace.index.problems()],
    }


def overrides(workspace: Workspace) -> list[Row]:
    """Tell what was overridden and is not paid back: the fold of `core.override`, without what it would load."""
    found: dict[str, Row] = {}
    for (text,) in workspace.index.rows(OVERRIDES):
        event = json.loads(text)
        said = event.get("data", {})
        if event["kind"] == "override_repaid":
            for name in said.get("overrides", ()):
                found.pop(name, None)
        else:
            told = {k: said.get(k, "") for k in ("reason", "expires", "risk")}
            found[event["id"]] = {"ticket": event["ticket"], "operator": event["actor"]["operator"], **told}
    return list(found.values())


def _session(workspace: Workspace) -> Row | None:
    ticket = workspace.phase_ticket
    path = f"tickets/{ticket}/ACTIVE_SESSION.md" if ticket else ROOT_SESSION
    found = (ticket_session(workspace, path) if ticket else workspace.index.part("session")) or {}
    return {**found, "path": path} if found.get("id") else None


def ticket_session(workspace: Workspace, path: str) -> Row | None:
    """Give the session in a ticket's folder as plain data; bytes that were parsed before are not parsed again."""
    content = workspace.tree.read(path)
    if content is None:
        return None
    known = workspace.index.value("SELECT json FROM parsed WHERE path=? AND digest=?", path, sha256(content))
    if known is None:
        import msgspec

        known = msgspec.json.encode(workspace.train.session(path))
    found: Row = json.loads(known)
    return found


def aimed(workspace: Workspace, wanted: str | None) -> Row | None:
    """Find the ticket that is meant: named, of the branch, of the session, else the most urgent open one."""
    if wanted:
        hits = rows(workspace, "t.id = ?", wanted) or (
            rows(workspace, "t.id LIKE ? || '%'", wanted) if len(wanted) >= 4 else []
        )
        if len(hits) == 1:
            return hits[0]
        if hits:
            raise UsageError(f"{wanted!r} is the start of {len(hits)} tickets", hint="write more of the id")
        broken = [p for p in workspace.index.problems() if p[0].startswith(f"tickets/{wanted}")]
        if broken:
            raise StateError(broken[0][1], place=broken[0][2], hint=broken[0][3])
        raise UsageError(f"there is no ticket {wanted!r}", hint="agenticops ticket list")
    session = workspace.index.part("session") or {}
    named = workspace.phase_ticket or (
        session.get("ticket") if session.get("status") in ("active", "handed_off") else ""
    )
    board = rows(workspace)
    for row in board:
        if row["id"] == named:
            return row
    board.sort(key=lambda r: (STANDING.get(r["status"], 9), URGENCY.get(r["priority"], 9), r["since"] or "", r["id"]))
    return board[0] if board else None


def next_step(workspace: Workspace, wanted: str | None = None) -> Row:
    """Name the one thing to do now: what, why, and the command."""
    pipeline = pipeline_of(workspace)
    problems = workspace.index.problems()
    if problems and not wanted:
        path, message, place, hint = problems[0]
        return _step("", f"mend {place or path}", hint or "agenticops check", message)
    row = aimed(workspace, wanted)
    if row is None:
        waiting = workspace.index.rows(f"SELECT id, title FROM item i WHERE {UNSTARTED} ORDER BY id LIMIT 1")
        if waiting:
            return _step(
                "",
                f"open the first ticket of {waiting[0][0]}: {waiting[0][1]}",
                f"agenticops ticket new {waiting[0][0]}",
                "it waits",
            )
        return _step(
            "", "write down what is wanted", 'agenticops work new --kind PRD --title "…" --start', "no ticket is open"
        )
    return _of_ticket(workspace, pipeline, row)


def _step(ticket: str, do: str, command: str, why: str) -> Row:
    return {"ticket": ticket, "do": do, "command": command, "why": why}


def _of_ticket(workspace: Workspace, pipeline: Row, row: Row) -> Row:
    name = row["id"]
    if row["status"] in ("done", "cancelled"):
        return _step(name, "nothing: the ticket is closed", "agenticops next", f"it is {row['status']}")
    if row["status"] == "blocked":
        return _step(
            name,
            f"clear what blocks it: {row['blocked_by']}",
            f"agenticops ticket unblock {name}",
            "the ticket is blocked",
        )
    session = _session(workspace) or {}
    if session.get("ticket") == name and session.get("status") == "handed_off":
        to = session["handoff"]["to"]
        return _step(
            name, f"take over as {to}", f"agenticops begin {name} --agent {to}", f"{session['agent']} handed it to {to}"
        )
    if row["status"] == "todo":
        return _step(
            name,
            f"begin as {row['agent']}",
            f"agenticops begin {name} --agent {row['agent']}",
            "the ticket is open and nobody works it",
        )
    if row["status"] == "in_review":
        if workspace.phase_ticket == name:
            branch = pipeline["default_branch"]
            return _step(
                name,
                f"merge this branch into {branch}",
                f"git switch {branch} && git merge --no-ff phase/{name}",
                "its gate holds",
            )
        return _advance(pipeline, row, "its gate was passed on the phase branch")
    return _work(workspace, pipeline, row)


def _work(workspace: Workspace, pipeline: Row, row: Row) -> Row:
    name = row["id"]
    ticket, bullets = detail(workspace, name)
    left = open_bullets(bullets)
    owed = owed_artifacts(workspace, pipeline, ticket)
    missing = next((a for a in owed if a["state"] != "recorded"), None)
    first = next((b for b in left if b["section"] != "Deliverables"), None)
    before = first is not None and first["section"] not in ("Exit criteria", "Quality gates", "Transitions")
    if first and (before or missing is None):
        do = f"{first['text']}"
        return _step(
            name,
            do,
            f"agenticops checklist tick {first['key']} --ticket {name}",
            f"required, {len(left)} open ({first['section']})",
        )
    if missing:
        return _owed(name, missing)
    if left:
        bullet = left[0]
        return _step(
            name,
            bullet["text"],
            f"agenticops checklist tick {bullet['key']} --ticket {name}",
            f"required, {len(left)} open",
        )
    return _advance(pipeline, row, "everything owed is there")


def _owed(name: str, artifact: Row) -> Row:
    """Say what to do about an artifact that is owed."""
    path = artifact["path"]
    do, verb, why = {
        "missing": (f"begin {path} from its template", "new", "the phase owes it"),
        "template": (f"fill in {path}, then record it", "record", "it is still the template"),
        "not recorded": (f"record {path}", "record", "it counts only when it was recorded in this visit"),
        "changed": (f"record {path} again", "record", "it changed since it was recorded"),
    }[artifact["state"]]
    return _step(name, do, f"agenticops artifact {verb} {artifact['name']} --ticket {name}", why)


def _advance(pipeline: Row, row: Row, why: str) -> Row:
    phase = pipeline["phases"].get(row["phase"], {})
    ways = [*phase.get("next", ()), *(["done"] if phase.get("done") else [])]
    to = f" --to {ways[0]}" if len(ways) > 1 else ""
    choice = f" ({' or '.join(ways)})" if len(ways) > 1 else ""
    return _step(
        row["id"], f"advance to {ways[0] if ways else 'done'}{choice}", f"agenticops advance {row['id']}{to}", why
    )


def detail(workspace: Workspace, name: str) -> tuple[Row, list[Row]]:
    """Give a ticket and its bullets as plain data."""
    found = workspace.index.rows("SELECT json, bullets FROM ticket WHERE id = ?", name)
    if not found:
        raise TrainError(f"ticket {name} cannot be read", place=f"tickets/{name}/ticket.yml", hint="agenticops check")
    keys = ("key", "text", "section", "checked", "required", "line")
    return json.loads(found[0][0]), [dict(zip(keys, b, strict=True)) for b in json.loads(found[0][1])]


def open_bullets(bullets: list[Row]) -> list[Row]:
    """The bullets that are owed and open: the required ones, or all when none is marked."""
    marked = [b for b in bullets if b["required"]] or bullets
    return [b for b in marked if not b["checked"]]


def owed_artifacts(workspace: Workspace, pipeline: Row, ticket: Row) -> list[Row]:
    """Tell of each owed artifact whether it is missing, still a template, not recorded, changed or recorded."""
    found = []
    begun, records = (_digests(workspace, ticket["id"], kinds) for kinds in ("('artifact_begun')", COUNTED))
    for name in ticket["artifacts"]:
        contract = pipeline["artifacts"].get(name, {})
        path = contract.get("path", name).replace("{item}", ticket["item"])
        content = workspace.tree.read(path)
        digest = None if content is None else _digest(content)
        if digest is None:
            state = "missing"
        elif name in records:
            state = "recorded" if records[name] == digest else "changed"
        else:
            state = "template" if begun.get(name) == digest else "not recorded"
        found.append({"name": name, "path": path, "title": contract.get("title", name), "state": state})
    return found


def _digests(workspace: Workspace, ticket: str, kinds: str) -> dict[str, str]:
    """Map artifacts to the digest that the last event of some kinds holds."""
    events = (json.loads(e)["data"] for e in workspace.index.events(f"ticket = ? AND kind IN {kinds}", (ticket,)))
    return {data["artifact"]: data.get("sha256", "") for data in events}


def _digest(content: bytes) -> str:

    return sha256(content)


def mode_page(workspace: Workspace, wanted: str | None) -> Row:
    """Gather all that an agent needs in a mode: purpose, state, what is owed, rules, tools, ways out."""
    pipeline = pipeline_of(workspace)
    modes = pipeline["modes"]
    if wanted in modes:
        mode = str(wanted)
        return {"mode": {"name": mode, **modes[mode]}, "ticket": None, **_at_hand(workspace, pipeline, mode)}
    try:
        row = aimed(workspace, wanted)
    except UsageError as e:
        raise UsageError(e.message, hint=f"{e.hint}; modes: {', '.join(modes)}") from None
    if row is None:
        raise UsageError("no ticket is open; name a mode", hint=f"modes: {', '.join(modes)}")
    session = _session(workspace) or {}
    name = session.get("mode") if session.get("ticket") == row["id"] and session.get("mode") in modes else row["mode"]
    if name not in modes:
        raise TrainError(
            f"unknown mode {name!r}", place=f"tickets/{row['id']}/ticket.yml", hint=f"modes: {', '.join(modes)}"
        )
    ticket, bullets = detail(workspace, row["id"])
    writable = [w.replace("{item}", row["item"]) for w in modes[name].get("writable", [])]
    return {
        "mode": {"name": name, **modes[name], "writable": writable},
        "ticket": row,
        "session": session if session.get("ticket") == row["id"] else None,
        "entry": ticket.get("entry", []),
        "exit": ticket.get("exit", []),
        "bullets": bullets,
        "artifacts": owed_artifacts(workspace, pipeline, ticket),
        "phase": {"name": row["phase"], **pipeline["phases"].get(row["phase"], {})},
        "next": _of_ticket(workspace, pipeline, row),
        **_at_hand(workspace, pipeline, str(name), row),
    }


def _at_hand(workspace: Workspace, pipeline: Row, mode: str, row: Row | None = None) -> Row:
    """Name the assets that the mode's agents have, and count the notes that were kept for those who come after."""
    ticket, phase = (row["id"], row["phase"]) if row else ("", "")
    assets, shown = workspace.index.part("assets"), []
    if assets:
        from agenticops.core import athand

        agents = pipeline["agents"]
        working = pipeline["modes"][mode].get("agents") or ([row["agent"]] if row else agents)
        names = athand.select(assets, agents, working, mode, phase)
        shown = [{"name": n, "kind": assets[n]["kind"], "title": assets[n].get("title", "")} for n in names]
    return {"assets": shown, "notes": notes(workspace, ticket, mode)}


def notes(workspace: Workspace, ticket: str = "", mode: str = "") -> dict[str, int]:
    """Count the notes at hand: those of a ticket, of a mode, of the project, the nearest first."""
    scopes = {f"memory/ticket/{ticket}": "ticket", f"memory/mode/{mode}": "mode", "memory/project": "project"}
    found = dict(workspace.index.rows(NOTES, *scopes))
    return {noun: found[subject] for subject, noun in scopes.items() if subject in found}
