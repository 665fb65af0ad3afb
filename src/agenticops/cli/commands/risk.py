"""`risk`: what could go wrong, what answers it, and where nobody looks."""

from __future__ import annotations

from agenticops.cli.commands.options import Json, example, group
from agenticops.cli.forms import PaperArgument, add_forms, paper_lines, public, tell_broken
from agenticops.cli.lines import BAD, DIM, GOOD, STRONG, WARN, Line, counted, cut, following, line
from agenticops.cli.output import emit
from agenticops.core.risks import Blind, Standing
from agenticops.flows import papers
from agenticops.model.paper import LEVELS
from agenticops.workspace import Workspace

app = group("Risks: what could go wrong, and what answers it.", "agenticops risk list")
add_forms(app, "risk", '--title "Labels drift" --type data --likelihood high --severity medium --item 142')
STYLE = {"low": DIM, "medium": WARN, "high": BAD, "critical": BAD}


@app.command("list", **example("agenticops risk list", "agenticops risk list --json"))
def list_(json: Json = False) -> None:
    """List the risks with level, answers and blind spots."""
    found, blind, broken = papers.exposure(Workspace())
    data = {"risks": [_data(s) for s in found], "blind_spots": blind}
    emit("risk-list", data, _lines(found, blind), json)
    tell_broken(broken)


def _data(standing: Standing) -> dict[str, object]:
    answers = [{"id": m.id, "title": m.title, "state": m.state, "items": m.items} for m in standing.answers]
    more = {"level": standing.level, "open": standing.open, "covered": standing.covered, "mitigations": answers}
    return {**public(standing.risk), **more}


def _lines(found: list[Standing], blind: Blind) -> list[Line]:
    if not found:
        return [line(("no risks", DIM)), following('agenticops risk new --title "…"')]
    rows: list[Line] = []
    for s in sorted(found, key=lambda s: (not s.open, -LEVELS.index(s.level), s.risk.id)):
        rows.append(
            line(
                f"{s.risk.id}  ",
                (f"{s.level:<9}", STYLE[s.level] if s.open else DIM),
                f"{s.risk.status:<10} ",
                cut(s.risk.title, 60),
                (f"  {', '.join(s.risk.items)}", DIM),
            )
        )
        rows += [
            line(
                ("           └ ", DIM), m.id, (f"  {m.state.replace('_', ' '):<12}", _style(m.state)), cut(m.title, 50)
            )
            for m in s.answers
        ]
    covered = sum(s.covered for s in found if s.risk.status in ("open", "mitigated"))
    counting = sum(s.risk.status in ("open", "mitigated") for s in found)
    rows.append(line((f"{covered} of {counted(counting, 'risk')} answered by an implemented mitigation", STRONG)))
    for title, names in (
        ("without mitigation     ", blind.risks_without_mitigation),
        ("without implementation ", blind.mitigations_without_implementation),
    ):
        if names:
            rows.append(line((f"  {title}", WARN), ", ".join(names)))
    if blind.risks_without_mitigation:
        rows.append(following(f'agenticops mitigation new --risk {blind.risks_without_mitigation[0]} --title "…"'))
    elif blind.mitigations_without_implementation:
        first = blind.mitigations_without_implementation[0]
        rows.append(following(f"agenticops mitigation edit {first} --state implemented"))
    return rows


def _style(state: str) -> str:
    return GOOD if state == "implemented" else WARN


@app.command(**example("agenticops risk show r4f2k"))
def show(paper: PaperArgument, json: Json = False) -> None:
    """Show a risk with its level and what answers it."""
    workspace = Workspace()
    found, times = papers.show(workspace, "risk", paper)
    standing = next(s for s in papers.exposure(workspace)[0] if s.risk.id == found.id)
    rows = paper_lines("risk", found)
    rows.insert(1, line(("  level                 ", DIM), (standing.level, STYLE[standing.level])))
    rows += [
        line(("  answered by           ", DIM), f"{m.id}  {m.state}  {cut(m.title, 60)}") for m in standing.answers
    ]
    emit("risk", {**_data(standing), **times}, [*rows, following(f"agenticops trace {found.id}")], json)
