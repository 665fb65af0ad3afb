"""The board: status, next and verdicts as lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from agenticops.cli.lines import (
    BAD,
    DIM,
    GOOD,
    NONE,
    STRONG,
    WARN,
    Line,
    bad,
    bar,
    clean,
    counted,
    cut,
    following,
    line,
    ok,
)

if TYPE_CHECKING:
    from agenticops.model.finding import Finding, Verdict

STYLE = {"blocked": BAD, "in_review": WARN, "in_progress": GOOD, "todo": DIM}
WIDTH = 46
AFTERWARDS = ("agenticops checklist tick", "agenticops artifact record")


def short(ticket: str) -> str:
    """Shorten a ticket's id for a table, when the item has a long id of its own: four characters tell it apart here."""
    head, _, item = ticket.rpartition("_")
    stem, dash, visit = item.partition("-")
    return f"{head}_{stem[:5]}{dash}{visit}" if stem.startswith("t") else ticket


def age(since: str, now: str) -> str:
    """Say how long ago a time was, in its largest unit."""
    if not since:
        return ""
    import time

    def seconds(at: str) -> float:
        y, month, d, h, m, s = (int(n) for n in (at[:4], at[5:7], at[8:10], at[11:13], at[14:16], at[17:19]))
        return time.mktime((y, month, d, h, m, s, 0, 0, 0))

    passed = max(int(seconds(now) - seconds(since)), 0)
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if passed >= size:
            return f"{passed // size} {unit}"
    return "now"


def status_lines(data: dict[str, Any], now: str) -> list[Line]:
    """Show the board: two lines a ticket, then what waits and what to do next."""
    head = line((clean(data["title"] or data["train"]), STRONG), (f"   {data['branch'] or 'detached HEAD'}", DIM))
    counts = (
        f"{len(data['tickets'])} open · {data['closed']} closed · {data['done']} of {data['items']} work items done"
    )
    rows: list[Line] = [head, line((counts, DIM)), []]
    width = max([len(short(r["id"])) for r in data["tickets"]] + [18])
    for r in data["tickets"]:
        rows += _ticket(r, width, now)
    if data["tickets"]:
        rows.append([])
    for w in data["waiting"]:
        rows.append(line((" waits  ", DIM), f"{w['id']}  {cut(w['title'], WIDTH)}", (f"  {w['priority']}", DIM)))
    rows += [_override(o, now) for o in data["overrides"]]
    session = data["session"]
    if session and session["status"] != "init":
        who = f"{session.get('agent', '')} on {short(session.get('ticket', '')) or 'no ticket'} · {session['status']}"
        rows.append(line((" session  ", DIM), clean(who), (f"  {session['path']}", DIM)))
        rows += [line((" blocker  ", WARN), cut(b, 90)) for b in session.get("blockers", [])]
    rows.append(following("agenticops next"))
    return rows


def _override(o: dict[str, Any], now: str) -> Line:
    late = bool(o["expires"]) and o["expires"] <= now
    until = f"until {o['expires'][:10]}" if o["expires"] else "without an end"
    words = f"{short(o['ticket'])} · {until}{', run out' if late else ''} · {cut(o['reason'], 60)}"
    return line((" override  ", BAD if late else WARN), clean(words), (f"  {clean(o['risk'])}", DIM))


def _ticket(r: dict[str, Any], width: int, now: str) -> list[Line]:
    style = STYLE.get(r["status"], NONE)
    state = r["status"].replace("_", " ")
    where = f"{r['mode']} · {r['agent']}"
    rows = [
        line(
            " ",
            (f"{short(r['id']):<{width}}", STRONG),
            f"  {cut(r['title'] or '?', WIDTH):<{WIDTH}}  ",
            (f"{state:<12}", style),
            (where, DIM),
        )
    ]
    if r["status"] == "blocked":
        held = cut(r["blocked_by"] or "no reason given", 80)
        since = age(r["since"] or "", now)
        return [*rows, line("   ", ("held by  ", BAD), held, (f" · since {since}" if since != "now" else "", DIM))]
    ready = r["ticked"] == r["required"] and r["recorded"] >= r["artifacts"]
    gate = ("ready to advance", GOOD) if ready and r["required"] else ("", NONE)
    progress = f"{bar(r['ticked'], r['required'])}  {r['ticked']}/{r['required']} required"
    owed = f"   artifacts {min(r['recorded'], r['artifacts'])}/{r['artifacts']}"
    return [*rows, line("   ", (f"checklist  {progress}{owed}   ", DIM if r["status"] == "todo" else NONE), gate)]


def list_lines(found: Sequence[tuple[str, str, int, int, str | None]]) -> list[Line]:
    """Show tickets, one a line: id, status, ticked, required, title."""
    if not found:
        return [line(("no tickets", DIM)), following("agenticops work list")]
    width = max(len(row[0]) for row in found)
    return [
        [
            (f"{name:<{width}}  ", NONE),
            (f"{status.replace('_', ' '):<12}", STYLE.get(status, DIM)),
            (f"{ticked:>2}/{owed:<2}  {cut(title or '?', 50)}", NONE),
        ]
        for name, status, ticked, owed, title in found
    ]


def next_lines(step: dict[str, Any]) -> list[Line]:
    """Show the one thing to do."""
    rows = [line((f" {step['ticket']}", STRONG))] if step["ticket"] else []
    # A tick or a record says that work was done; the work comes first.
    label = "   then  " if step["command"].startswith(AFTERWARDS) else "   run   "
    return [
        *rows,
        line("   do    ", clean(step["do"])),
        line(("   why   ", DIM), (clean(step["why"]), DIM)),
        line((label, DIM), (clean(step["command"]), STRONG)),
    ]


def finding_lines(findings: tuple[Finding, ...] | list[Finding], limit: int = 20) -> list[Line]:
    """Show findings: place, code, message, and what to do."""
    rows: list[Line] = []
    for f in findings[:limit]:
        style = BAD if f.severity == "error" else WARN
        rows.append(line("  ", (clean(f.place) or "train", NONE), "  ", (f.code, style), "  ", clean(f.message)))
    if len(findings) > limit:
        rows.append(line((f"  … {len(findings) - limit} more; --json gives all", DIM)))
    hints = list(dict.fromkeys(f.hint for f in findings if f.hint and f.severity == "error")) or [
        f.hint for f in findings if f.hint
    ]
    if hints:
        rows.append(following(clean(hints[0])))
    if findings:
        first = next((f for f in findings if f.severity == "error"), findings[0])
        rows.append(line(("  why   ", DIM), (f"agenticops explain {first.code}", DIM)))
    return rows


def verdict_lines(verdict: Verdict) -> list[Line]:
    """Show what a check found."""
    what = f"the gate of {verdict.ticket}" if verdict.ticket else "the train"
    count = len(verdict.findings)
    if verdict.holds:
        judged = (
            f"{verdict.checks} checks"
            if verdict.ticket
            else f"{counted(verdict.checks - 1, 'ticket')} and the pipeline judged"
        )
        if verdict.commits:
            judged += f", {counted(verdict.commits, 'commit')} replayed"
        return [ok(f"{what} holds: {judged}"), *finding_lines(verdict.findings)]
    return [bad(f"{what} does not hold ({counted(count, 'finding')})"), *finding_lines(verdict.findings)]
