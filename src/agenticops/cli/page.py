"""The mode page: everything that an agent needs for its mode, on one short page."""

from __future__ import annotations

from typing import Any

from agenticops.cli.lines import BAD, DIM, GOOD, STRONG, WARN, Line, clean, line

# More assets are counted, not named: the page is short.
MOST = 8
ARTIFACT = {
    "recorded": ("✓", GOOD),
    "changed": ("!", WARN),
    "not recorded": ("·", WARN),
    "template": ("·", WARN),
    "missing": ("✗", BAD),
}


def mode_lines(data: dict[str, Any]) -> list[Line]:
    """Show purpose, ticket, checklist state, artifacts owed, rules, tools and transitions."""
    mode, ticket = data["mode"], data["ticket"]
    rows = [line((f"mode {mode['name']}", STRONG), (f"  {clean(mode.get('purpose', ''))}", DIM))]
    if ticket:
        rows += _work(data)
    rows += _listed("rules", mode.get("rules", []))
    if not ticket:
        rows += _listed("entry", mode.get("entry", [])) + _listed("exit", mode.get("exit", []))
    rows += _row("agents", mode.get("agents", []))
    rows += _row("tools", mode.get("allowed_tools", []))
    rows += _row("never", mode.get("restricted_tools", []))
    rows += _row("writes", mode.get("writable", []))
    rows += _row("leads to", mode.get("transitions", []))
    rows += _row("at hand", _assets(data["assets"]))
    rows += _notes(data)
    if ticket:
        step = data["next"]
        rows += [
            [],
            line(("  now   ", DIM), clean(step["do"])),
            line(("  next  ", DIM), (clean(step["command"]), STRONG)),
        ]
    return rows


def _work(data: dict[str, Any]) -> list[Line]:
    ticket, phase = data["ticket"], data["phase"]
    ways = [*phase.get("next", []), *(["done"] if phase.get("done") else [])]
    rows = [
        line(
            (f"ticket {ticket['id']}", STRONG),
            f"  {clean(ticket['title'] or '')}",
            (f"  {ticket['status'].replace('_', ' ')}", DIM),
        ),
        line(("  phase   ", DIM), f"{ticket['phase']}", (f"  {clean(phase.get('description', ''))}", DIM)),
        line(("  then    ", DIM), ", ".join(ways) or "done"),
        [],
        line(
            (f"checklist {ticket['ticked']}/{ticket['required']} required", STRONG),
            (f"  tickets/{ticket['id']}/checklist.md", DIM),
        ),
    ]
    section = ""
    for bullet in data["bullets"]:
        if bullet["checked"]:
            continue
        if bullet["section"] != section:
            section = bullet["section"]
            rows.append(line((f"  {clean(section)}", DIM)))
        rows.append(
            line(f"    {bullet['key'][:6]}  ", clean(bullet["text"]), (" *" if bullet["required"] else "", BAD))
        )
    if data["artifacts"]:
        rows.append(line(("artifacts owed", STRONG)))
    for artifact in data["artifacts"]:
        mark, style = ARTIFACT[artifact["state"]]
        rows.append(
            line(
                "  ",
                (mark, style),
                f" {artifact['name']:<24} {clean(artifact['path'])}",
                (f"  {artifact['state']}", DIM),
            )
        )
    return [*rows, []]


def _listed(title: str, entries: list[str]) -> list[Line]:
    return [line((title, STRONG)), *(line(f"  - {clean(e)}") for e in entries)] if entries else []


def _assets(found: list[dict[str, Any]]) -> list[str]:
    shown = [f"{a['name']} ({a['kind']})" for a in found[:MOST]]
    return [*shown, f"… {len(found) - MOST} more"] if len(found) > MOST else shown


def _notes(data: dict[str, Any]) -> list[Line]:
    """Say how many notes there are, and how to read those that are nearest."""
    counts = data["notes"]
    if not counts:
        return []
    near = next(iter(counts))
    names = {"ticket": (data["ticket"] or {}).get("id", ""), "mode": data["mode"]["name"]}
    scope = f" --{near} {names[near]}" if near in names else ""
    numbers = ", ".join(f"{n} for the {noun}" for noun, n in counts.items())
    return [line((f"{'notes':<9}", STRONG), numbers, (f"  agenticops recall{scope}", DIM))]


def _row(title: str, entries: list[str]) -> list[Line]:
    return [line((f"{title:<9}", STRONG), clean(", ".join(entries)))] if entries else []
