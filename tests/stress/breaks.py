"""Breaks: what people, drivers and git do to a history that breaks a rule of the train. Each leaves a clean tree."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from agenticops.model.ids import ulid
from tests.stations import must
from tests.support import NOW, commit_all, git, write

DONE, BUILD, OTHER = "shape_142", "build_142", "shape_143"
ROOT = "docs/session-context/ACTIVE_SESSION.md"
Do = Callable[[Path, random.Random], None]


class Break(NamedTuple):
    """One way; any of the codes is right. `lasts`: the end of the history shows it too. `rule` sees it alone."""

    name: str
    codes: tuple[str, ...]
    do: Do
    lasts: bool = True
    branch: str = "main"
    rule: str = ""


def checklist(repo: Path, ticket: str) -> Path:
    return repo / "tickets" / ticket / "checklist.md"


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text, f"{old!r} is not in {file}"
    file.write_text(text.replace(old, new, 1))


def shards(repo: Path) -> list[Path]:
    return sorted((repo / ".agenticops/events").rglob("*.jsonl"))


def rows(repo: Path) -> list[tuple[Path, dict[str, Any]]]:
    return [(s, json.loads(line)) for s in shards(repo) for line in s.read_text().splitlines() if line]


def forge(repo: Path, dice: random.Random, kind: str, subject: str, **fields: Any) -> None:
    """Write an event by hand into a shard of its own."""
    known = [e for _, e in rows(repo)]
    mine = [e for e in known if e["subject"] == subject and e.get("prev") is not None]
    last = max(mine, key=lambda e: e["lamport"])["id"] if mine else ""
    ticket = fields.pop("ticket", subject.partition("/")[2] if subject.startswith("ticket/") else "")
    event = {
        "id": ulid(NOW, dice.randbytes(10)),
        "lamport": max(e["lamport"] for e in known) + 1,
        "at": "2026-01-01T10:00:00.000Z",
        "actor": {"operator": "Mallory <mallory@example.org>"},
        "kind": kind,
        "subject": subject,
        "ticket": ticket,
        "item": "142",
        "prev": last,
        **fields,
    }
    write(repo, f".agenticops/events/2026/01/{event['id'].lower()}.jsonl", json.dumps(event) + "\n")


def untick(repo: Path, dice: random.Random) -> None:
    file = checklist(repo, dice.choice((BUILD, OTHER)))
    edit(file, "[x]", "[ ]")
    commit_all(repo)


def vanish(repo: Path, dice: random.Random) -> None:
    file = checklist(repo, dice.choice((BUILD, OTHER)))
    lines = file.read_text().split("\n")
    lines.remove(next(line for line in lines if "[x]" in line))
    file.write_text("\n".join(lines))
    commit_all(repo)


def reword(repo: Path, dice: random.Random) -> None:
    file = checklist(repo, dice.choice((BUILD, OTHER)))
    edit(file, "- [x] ", "- [x] Perhaps ")
    commit_all(repo)


def untick_and_tick(repo: Path, dice: random.Random) -> None:
    file = checklist(repo, BUILD)
    edit(file, "[x]", "[ ]")
    commit_all(repo)
    edit(file, "[ ]", "[x]")
    commit_all(repo)


def unmark(repo: Path, dice: random.Random) -> None:
    edit(checklist(repo, OTHER), " *", "")
    commit_all(repo)


def ticked(repo: Path, ticket: str = OTHER) -> None:
    must(repo, "checklist", "add", "One more", "--section", "Core activities", "--ticket", ticket)
    must(repo, "checklist", "tick", "One more", "--ticket", ticket)
    commit_all(repo, "Tick one more")


def revert(repo: Path, dice: random.Random) -> None:
    ticked(repo)
    git(repo, "revert", "--no-edit", "HEAD")


def two_sides(repo: Path) -> None:
    """Leave a side that has ticked a bullet, and a main that has moved on."""
    git(repo, "switch", "-q", "-c", "side")
    ticked(repo)
    git(repo, "switch", "-q", "main")
    write(repo, "notes.md", "main moved on\n")
    commit_all(repo)


def merge_ours(repo: Path, dice: random.Random) -> None:
    two_sides(repo)
    git(repo, "merge", "-q", "-s", "ours", "-m", "Merge side", "side")


def merge_ours_by_log(repo: Path, dice: random.Random) -> None:
    """As before, of a side that left nothing but facts: only the log can tell."""
    git(repo, "switch", "-q", "-c", "side")
    must(repo, "ticket", "edit", OTHER, "--add-hours", "3")
    commit_all(repo)
    git(repo, "switch", "-q", "main")
    write(repo, "notes.md", "main moved on\n")
    commit_all(repo)
    git(repo, "merge", "-q", "-s", "ours", "-m", "Merge side", "side")


def crashed_driver(repo: Path, dice: random.Random) -> None:
    two_sides(repo)
    git(repo, "merge", "-q", "--no-commit", "--no-ff", "side")
    git(repo, "checkout", "main", "--", f"tickets/{OTHER}/checklist.md")
    commit_all(repo, "Merge side")


def crashed_driver_of_a_status(repo: Path, dice: random.Random) -> None:
    git(repo, "switch", "-q", "-c", "side")
    must(repo, "ticket", "block", BUILD, "--reason", "no pumps")
    commit_all(repo)
    git(repo, "switch", "-q", "main")
    write(repo, "notes.md", "main moved on\n")
    commit_all(repo)
    git(repo, "merge", "-q", "--no-commit", "--no-ff", "side")
    git(repo, "checkout", "main", "--", f"tickets/{BUILD}/ticket.yml")
    commit_all(repo, "Merge side")


def untick_by_one_side(repo: Path, dice: random.Random) -> None:
    git(repo, "switch", "-q", "-c", "side")
    edit(checklist(repo, OTHER), "[x]", "[ ]")
    commit_all(repo)
    git(repo, "switch", "-q", "main")
    write(repo, "notes.md", "main moved on\n")
    commit_all(repo)
    git(repo, "merge", "-q", "--no-ff", "-m", "Merge side", "side")


def untick_in_the_merge(repo: Path, dice: random.Random) -> None:
    two_sides(repo)
    git(repo, "merge", "-q", "--no-commit", "--no-ff", "side")
    edit(checklist(repo, BUILD), "[x]", "[ ]")
    commit_all(repo, "Merge side")


def conflict_markers(repo: Path, dice: random.Random) -> None:
    file = dice.choice((checklist(repo, OTHER), repo / "tickets" / BUILD / "ticket.yml"))
    text = file.read_text()
    file.write_text(f"<<<<<<< ours\n{text}=======\n{text}>>>>>>> theirs\n")
    commit_all(repo)


def renamed(repo: Path, dice: random.Random) -> None:
    git(repo, "mv", f"tickets/{OTHER}", "tickets/shape_144")
    if dice.random() < 0.5:
        edit(repo / "tickets/shape_144/ticket.yml", OTHER, "shape_144")
    commit_all(repo)


def put_away(repo: Path, dice: random.Random) -> None:
    (repo / "tickets/archive").mkdir()
    git(repo, "mv", f"tickets/{DONE}", f"tickets/archive/{DONE}")
    commit_all(repo)


def false_rename(repo: Path, dice: random.Random) -> None:
    """Git takes a new ticket for a renamed one, and writes the side's change of the old one into it."""
    git(repo, "switch", "-q", "-c", "side")
    must(repo, "checklist", "add", "Renamed", "--section", "Core activities", "--ticket", OTHER)
    commit_all(repo)
    git(repo, "switch", "-q", "main")
    git(repo, "mv", f"tickets/{OTHER}", "tickets/shape_145")
    commit_all(repo)
    git(repo, "merge", "-q", "--no-ff", "-m", "Merge side", "side", check=False)
    commit_all(repo, "Merge side")


def deleted(repo: Path, dice: random.Random) -> None:
    shutil.rmtree(repo / "tickets" / dice.choice((DONE, BUILD, OTHER)))
    commit_all(repo)


def deleted_and_back(repo: Path, dice: random.Random) -> None:
    git(repo, "rm", "-rq", f"tickets/{OTHER}")
    commit_all(repo)
    git(repo, "checkout", "HEAD~1", "--", f"tickets/{OTHER}")
    commit_all(repo)


def deleted_file(repo: Path, dice: random.Random) -> None:
    (repo / "tickets" / OTHER / dice.choice(("checklist.md", "ACTIVE_SESSION.md"))).unlink()
    commit_all(repo)


def deleted_item(repo: Path, dice: random.Random) -> None:
    (repo / "docs/work" / dice.choice(("142.md", "143.md"))).unlink()
    commit_all(repo)


def copied(repo: Path, dice: random.Random) -> None:
    name = dice.choice((f"tickets/{OTHER.upper()}", f"tickets/old/{OTHER}", f"tickets/copy of {OTHER}"))
    shutil.copytree(repo / "tickets" / OTHER, repo / name)
    commit_all(repo)


def item_twice(repo: Path, dice: random.Random) -> None:
    for branch, title in (("side", "Pumps"), ("main", "Beds")):
        git(repo, "switch", "-q", *(("-c",) if branch == "side" else ()), branch)
        must(repo, "work", "new", "--kind", "PRD", "--title", title, "--issue", "150")
        commit_all(repo)
    git(repo, "merge", "-q", "--no-commit", "side", check=False)
    git(repo, "checkout", "--ours", "--", "docs/work/150.md")
    commit_all(repo, "Merge side")


def status_edited(repo: Path, dice: random.Random) -> None:
    edit(repo / "tickets" / BUILD / "ticket.yml", "status: in_progress", f"status: {dice.choice(('todo', 'blocked'))}")
    commit_all(repo)


def reopened(repo: Path, dice: random.Random) -> None:
    edit(repo / "tickets" / DONE / "ticket.yml", "status: done", "status: in_progress")
    commit_all(repo)


def done_by_hand(repo: Path, dice: random.Random) -> None:
    edit(repo / "tickets" / BUILD / "ticket.yml", "status: in_progress", "status: done")
    commit_all(repo)


def phase_edited(repo: Path, dice: random.Random) -> None:
    edit(repo / "tickets" / BUILD / "ticket.yml", "phase: build", "phase: ship")
    commit_all(repo)


def done_changed(repo: Path, dice: random.Random) -> None:
    file = repo / "tickets" / DONE / dice.choice(("checklist.md", "ACTIVE_SESSION.md", "ticket.yml"))
    file.write_text(file.read_text() + "\n# A late thought\n")
    commit_all(repo)


def done_grows(repo: Path, dice: random.Random) -> None:
    write(repo, f"tickets/{DONE}/late.md", "A late thought\n")
    commit_all(repo)


def event_removed(repo: Path, dice: random.Random) -> None:
    shard, gone = dice.choice(rows(repo))
    lines = [line for line in shard.read_text().splitlines() if json.loads(line)["id"] != gone["id"]]
    shard.write_text("".join(line + "\n" for line in lines))
    commit_all(repo)


def shard_deleted(repo: Path, dice: random.Random) -> None:
    dice.choice(shards(repo)).unlink()
    commit_all(repo)


def shard_hidden(repo: Path, dice: random.Random) -> None:
    """Where no reader of the log looks."""
    shard = dice.choice(shards(repo))
    hidden = shard.parent / dice.choice((f"deep/{shard.name}", f"{shard.stem}.old"))
    hidden.parent.mkdir(exist_ok=True)
    shard.rename(hidden)
    commit_all(repo)


def event_edited(repo: Path, dice: random.Random) -> None:
    shard, event = dice.choice(rows(repo))
    edit(shard, f'"at":"{event["at"]}"', '"at":"2020-01-01T00:00:00.000Z"')
    commit_all(repo)


def event_doubled(repo: Path, dice: random.Random) -> None:
    """The same id once more, with another content, in a shard that sorts first."""
    _, event = dice.choice(rows(repo))
    other = {**event, "actor": {"operator": "Mallory <mallory@example.org>"}}
    write(repo, ".agenticops/events/2020/01/00000000000000000000000000.jsonl", json.dumps(other) + "\n")
    commit_all(repo)


def garbage(repo: Path, dice: random.Random) -> None:
    shard = dice.choice(shards(repo))
    shard.write_text(shard.read_text() + "{not an event\n")
    commit_all(repo)


def off_the_edges(repo: Path, dice: random.Random) -> None:
    """From shape right to ship, with all events that go with it."""
    forge(repo, dice, "item_moved", "item/142", ticket="ship_142", data={"from": BUILD, "to": "mars_142"})
    commit_all(repo)


def by_a_new_edge(repo: Path, dice: random.Random) -> None:
    """An edge that the same change brings does not count yet."""
    edit(repo / "config/pipeline.yml", "next: [shape, ship]", "next: [shape, ship, build]")
    commit_all(repo)
    forge(repo, dice, "item_moved", "item/142", ticket="build_142-2", data={"from": BUILD, "to": "build_142-2"})
    commit_all(repo)


def done_without_verdict(repo: Path, dice: random.Random) -> None:
    edit(repo / "tickets" / BUILD / "ticket.yml", "status: in_progress", "status: done")
    data = {"from": "in_progress", "to": "done", "gate": "default", "digest": "0" * 64}
    forge(repo, dice, "ticket_done", f"ticket/{BUILD}", data=data)
    commit_all(repo)


def verdict_forged(repo: Path, dice: random.Random) -> None:
    forge(repo, dice, "gate_passed", f"ticket/{BUILD}", prev=None, data={"gate": "default", "digest": "0" * 64})
    done_without_verdict(repo, dice)


def overridden_by_an_agent(repo: Path, dice: random.Random) -> None:
    actor = {"operator": "Ada Lovelace <ada@example.org>", "agent": "maker"}
    data = {"gate": "default", "digest": "0" * 64, "reason": "I want to"}
    forge(repo, dice, "gate_overridden", f"ticket/{BUILD}", prev=None, actor=actor, data=data)
    commit_all(repo)


def closed_by_another_kind(repo: Path, dice: random.Random) -> None:
    edit(repo / "tickets" / BUILD / "ticket.yml", "status: in_progress", "status: done")
    forge(repo, dice, "ticket_started", f"ticket/{BUILD}", data={"from": "in_progress", "to": "done"})
    commit_all(repo)


def reviewed_by_hand(repo: Path, dice: random.Random) -> None:
    edit(repo / "tickets" / BUILD / "ticket.yml", "status: in_progress", "status: in_review")
    forge(repo, dice, "ticket_in_review", f"ticket/{BUILD}", data={"from": "in_progress", "to": "in_review"})
    commit_all(repo)


def dangling(repo: Path, dice: random.Random) -> None:
    data = {"from": "in_progress", "to": "in_progress"}
    forge(repo, dice, "ticket_started", f"ticket/{BUILD}", prev=ulid(NOW, dice.randbytes(10)), data=data)
    commit_all(repo)


def revived(repo: Path, dice: random.Random) -> None:
    forge(repo, dice, "ticket_started", f"ticket/{DONE}", data={"from": "done", "to": "in_progress"})
    commit_all(repo)


def without_event(repo: Path, dice: random.Random) -> None:
    folder = repo / "tickets/shape_143-2"
    shutil.copytree(repo / "tickets" / OTHER, folder)
    edit(folder / "ticket.yml", OTHER, "shape_143-2")
    commit_all(repo)


def without_folder(repo: Path, dice: random.Random) -> None:
    must(repo, "work", "new", "--kind", "PRD", "--title", "Beds", "--issue", "151", "--start")
    git(repo, "add", ".agenticops", "docs")
    git(repo, "commit", "-q", "-m", "Only the log")
    commit_all(repo, "The rest")


def without_log(repo: Path, dice: random.Random) -> None:
    must(repo, "ticket", "block", BUILD, "--reason", "no pumps")
    git(repo, "add", "tickets")
    git(repo, "commit", "-q", "-m", "Only the ticket")
    commit_all(repo, "The rest")


def two_writers(repo: Path, dice: random.Random) -> None:
    path = dice.choice((ROOT, f"tickets/{BUILD}/ACTIVE_SESSION.md"))
    for branch in ("side", "main"):
        git(repo, "switch", "-q", *(("-c",) if branch == "side" else ()), branch)
        file = repo / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text((file.read_text() if file.exists() else "---\nstatus: init\n---\n") + f"\nI was on {branch}.\n")
        commit_all(repo)
    git(repo, "merge", "-q", "--no-commit", "side", check=False)
    git(repo, "checkout", dice.choice(("--ours", "--theirs")), "--", path)
    commit_all(repo, "Merge side")


def foreign_ticket(repo: Path, dice: random.Random) -> None:
    must(repo, "checklist", "add", "Not mine", "--section", "Core activities", "--ticket", OTHER)
    commit_all(repo)


def foreign_session(repo: Path, dice: random.Random) -> None:
    file = repo / ROOT
    file.write_text((file.read_text() if file.exists() else "---\nstatus: init\n---\n") + "\nNot mine.\n")
    commit_all(repo)


def foreign_config(repo: Path, dice: random.Random) -> None:
    write(repo, dice.choice(("config/rules/x.yml", "config/more.yml")), "a: b\n")
    commit_all(repo)


def outside_the_mode(repo: Path, dice: random.Random) -> None:
    write(repo, "src/mine.py", "print(1)\n")
    write(repo, dice.choice(("README.md", "lib/theirs.py", ".claude/settings.json")), "{}\n")
    commit_all(repo)


def big(repo: Path, dice: random.Random) -> None:
    write(repo, "data/all.bin", dice.randbytes(1000) * 5_001)
    commit_all(repo)


def big_then_gone(repo: Path, dice: random.Random) -> None:
    big(repo, dice)
    git(repo, "rm", "-q", "data/all.bin")
    commit_all(repo)


def big_artifact(repo: Path, dice: random.Random) -> None:
    write(repo, f"tickets/{BUILD}/artifacts/plot.bin", dice.randbytes(1000) * 501)
    commit_all(repo)


def pipeline_broken(repo: Path, dice: random.Random) -> None:
    path = repo / "config/pipeline.yml"
    text = path.read_text()
    path.write_text("phases: [\n")
    commit_all(repo)
    path.write_text(text)
    commit_all(repo)


PHASE = f"phase/{BUILD}"
BREAKS: tuple[Break, ...] = (
    Break("untick", ("VT103",), untick, rule="touched"),
    Break("vanished bullet", ("VT104",), vanish),
    Break("reworded by hand", ("VT104",), reword),
    Break("untick, tick again", ("VT103",), untick_and_tick, lasts=False),
    Break("required mark removed", ("VT106",), unmark),
    Break("revert", ("VT705",), revert, lasts=False),
    Break("merge -s ours", ("VT103", "VT104", "VT705"), merge_ours, lasts=False),
    Break("merge -s ours of facts", ("VT705",), merge_ours_by_log, lasts=False, rule="lost"),
    Break("crashed driver, add -A", ("VT103", "VT104"), crashed_driver),
    Break("crashed driver, status", ("VT305",), crashed_driver_of_a_status),
    Break("untick by one side", ("VT103",), untick_by_one_side),
    Break("untick in the merge", ("VT103",), untick_in_the_merge),
    Break("conflict markers", ("VT304",), conflict_markers),
    Break("ticket renamed", ("VT313",), renamed),
    Break("ticket put away", ("VT313",), put_away),
    Break("false rename", ("VT313",), false_rename),
    Break("ticket deleted", ("VT313",), deleted, rule="gone"),
    Break("ticket deleted and back", ("VT313",), deleted_and_back, lasts=False),
    Break("file of a ticket deleted", ("VT313",), deleted_file),
    Break("work item deleted", ("VT309",), deleted_item),
    Break("ticket copied", ("VT804",), copied, rule="twins"),
    Break("item created twice", ("VT804",), item_twice),
    Break("status edited", ("VT305",), status_edited),
    Break("done by hand", ("VT305",), done_by_hand),
    Break("reopened by hand", ("VT310",), reopened),
    Break("phase edited", ("VT308",), phase_edited),
    Break("done ticket changed", ("VT310",), done_changed),
    Break("done ticket grows", ("VT310",), done_grows, rule="sealed"),
    Break("event removed", ("VT705",), event_removed),
    Break("shard deleted", ("VT705",), shard_deleted),
    Break("shard hidden", ("VT705",), shard_hidden),
    Break("event edited", ("VT702",), event_edited),
    Break("event doubled", ("VT702",), event_doubled),
    Break("garbage in a shard", ("VT304",), garbage),
    Break("moved off the edges", ("VT312",), off_the_edges, rule="edges"),
    Break("moved by a new edge", ("VT312",), by_a_new_edge),
    Break("done without verdict", ("VT803",), done_without_verdict, rule="verdicts"),
    Break("verdict forged too", ("VT810",), verdict_forged, rule="judged"),
    Break("overridden by an agent", ("VT451",), overridden_by_an_agent, rule="roles"),
    Break("closed by an event of another kind", ("VT803",), closed_by_another_kind),
    Break("in review without a gate", ("VT810",), reviewed_by_hand),
    Break("event follows nothing", ("VT703",), dangling, rule="chains"),
    Break("closed ticket revived", ("VT801",), revived),
    Break("ticket without event", ("VT311",), without_event),
    Break("log without folder", ("VT802",), without_folder, lasts=False),
    Break("ticket without log", ("VT305",), without_log, lasts=False),
    Break("two writers of a session", ("VT805",), two_writers, lasts=False, rule="writers"),
    Break("foreign ticket", ("VT806",), foreign_ticket, branch=PHASE, rule="foreign"),
    Break("root session on a phase branch", ("VT806",), foreign_session, branch=PHASE),
    Break("config on a phase branch", ("VT806",), foreign_config, branch=PHASE),
    Break("outside the mode", ("VT470",), outside_the_mode, branch=PHASE, rule="limits"),
    Break("big blob", ("VT807",), big, rule="blobs"),
    Break("big blob, gone again", ("VT807",), big_then_gone, lasts=False),
    Break("big artifact", ("VT807",), big_artifact),
    Break("pipeline broken for a while", ("VT304",), pipeline_broken, lasts=False, rule="rails"),
)
