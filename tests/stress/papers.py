"""Documents as the tool writes them, and edits of one field, bullet or line: what the merge harnesses work with."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import NamedTuple

from agenticops.core import checklist, documents, yamltext
from agenticops.flows.ticket import CHECKLIST_END
from agenticops.model.ticket import Ticket
from agenticops.model.work import WorkItem

WORDS = ("refill", "ward", "nurse", "box", "forecast", "dose", "alarm", "shelf", "pharmacy", "order", "count", "night")
SECTIONS = ("Entry criteria", "Core activities", "Deliverables", "Exit criteria", "Quality gates", "Transitions")
STATUSES = ("in_progress", "blocked", "in_review", "done", "cancelled")
TICKET, CHECKLIST = "tickets/build_142/ticket.yml", "tickets/build_142/checklist.md"
SESSION, ITEM = "tickets/build_142/ACTIVE_SESSION.md", "docs/work/142.md"
PATHS = (TICKET, CHECKLIST, SESSION, ITEM)
LISTS = ("artifacts", "optional", "entry", "exit", "labels", "decisions", "blockers", "next_steps", "notes")


class Edit(NamedTuple):
    """A change of one place; `place` names the field, the bullet or the line that it touches."""

    place: str
    apply: Callable[[str], str]


def phrase(dice: random.Random, marks: str = "") -> str:
    """Say something; the number makes it unlikely that it was said before."""
    return f"{' '.join(dice.choices(WORDS, k=3)).capitalize()}{marks} {dice.randrange(10**6)}"


def paper(dice: random.Random, path: str) -> str:
    """Write a document of the kind that stands at a path, with fields that no reader knows."""
    return {TICKET: _ticket, CHECKLIST: _checklist, SESSION: _session, ITEM: _item}[path](dice)


def _ticket(dice: random.Random) -> str:
    names = tuple(dict.fromkeys(dice.choices(WORDS, k=dice.randrange(4))))
    criteria = [tuple(phrase(dice, ":") for _ in range(dice.randrange(3))) for _ in range(2)]
    text = documents.write_ticket(
        Ticket("build_142", "142", "build", "make", "maker", "todo", "", "", names, (), *criteria)
    )
    return text + "".join("\n" + yamltext.dump({f"x-{k}": phrase(dice)}) for k in range(dice.randrange(3)))


def _checklist(dice: random.Random) -> str:
    parts = ["# Build checklist\n\nMake the change in small tested steps.\n"]
    for title in SECTIONS[: dice.randrange(2, 7)]:
        parts.append(f"\n## {title}\n")
        for n in range(dice.randrange(1, 5)):
            star, anchor = dice.choice(("", " *")), dice.choice(("", f" <!-- id: {title[:2]}{n} -->"))
            parts.append(f"\n- [{dice.choice(' x')}] {phrase(dice)}{star}{anchor}\n")
    return "".join([*parts, f"\n{CHECKLIST_END}\n"])


def _session(dice: random.Random) -> str:
    fields = {
        "id": "s-01m7xytp0z",
        "status": "active",
        "agent": "maker",
        "mode": "make",
        "ticket": "build_142",
        "parents": {"prd": "t3nds9y15", "crd": ""},
        "todos": [{"id": f"d{n}", "content": phrase(dice), "status": "pending"} for n in range(dice.randrange(3))],
        **{name: [phrase(dice) for _ in range(dice.randrange(3))] for name in LISTS[5:]},
        "x-model": phrase(dice),
        "handoff": {"to": "", "requirements": [], "notes": ""},
    }
    prose = "".join(f"\n{phrase(dice, ',')}\n" for _ in range(dice.randrange(1, 6)))
    return f"---\n{yamltext.dump(fields)}---\n\n# Session notes\n{prose}"


def _item(dice: random.Random) -> str:
    body = "\n\n".join(phrase(dice, ",") for _ in range(dice.randrange(1, 6)))
    item = WorkItem("142", "PRD", phrase(dice), issue=142, labels=tuple(dice.sample(WORDS, 2)), body=body)
    return documents.edit_front(documents.write_item(item), {"x-origin": phrase(dice)}, ITEM)


def edits(dice: random.Random, text: str, path: str) -> list[Edit]:
    """Give one edit, made by the tool's own writers, for each place of a document: no two share one."""
    found = []
    if path != CHECKLIST:
        front = text if path == TICKET else yamltext.split(text)[0]
        for name, value in yamltext.load(front, path).items():
            if name not in ("id", "item", "ticket"):
                found.append(Edit(name, _setter(path, name, _changed(dice, name, value))))
    if path == CHECKLIST:
        found += _ticks(dice, text)
    elif path != TICKET:
        lines = [row for row in yamltext.split(text)[1].split("\n") if row and not row.startswith("#")]
        for row in dict.fromkeys(lines):
            found.append(Edit(row, _replacer(row, f"{row} {phrase(dice)}")))
    return found


def _ticks(dice: random.Random, text: str) -> list[Edit]:
    bullets = checklist.parse(text).bullets
    found = []
    for bullet in bullets:
        if dice.random() < 0.3:
            found.append(Edit(bullet.key, _reworder(bullet.key, phrase(dice))))
        elif not bullet.checked:
            found.append(Edit(bullet.key, _ticker(bullet.key)))
    for section in dict.fromkeys(b.section for b in bullets):
        found.append(Edit(section, _adder(section, phrase(dice), dice.random() < 0.5)))
    return found


def _changed(dice: random.Random, name: str, value: object) -> object:
    if name == "status":
        return dice.choice(STATUSES)
    if isinstance(value, list) and name in LISTS:
        kept = [v for v in value if dice.random() < 0.7]
        return [*kept, *(phrase(dice) for _ in range(dice.randrange(1, 3)))]
    if isinstance(value, list) and all(isinstance(v, dict) for v in value):
        return [*({**v, "status": "completed"} for v in value), {"id": f"e{dice.randrange(10**6)}", "content": "New"}]
    if isinstance(value, dict):
        return {**value, dice.choice(list(value)): phrase(dice)}
    return phrase(dice, dice.choice(("", ":", " #")))


def _setter(path: str, name: str, value: object) -> Callable[[str], str]:
    if path == TICKET:
        return lambda text: yamltext.splice(text, {name: value}, path)
    return lambda text: documents.edit_front(text, {name: value}, path)


def _replacer(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, 1)


def _reworder(key: str, words: str) -> Callable[[str], str]:
    return lambda text: checklist.reword(text, key, words)


def _ticker(key: str) -> Callable[[str], str]:
    return lambda text: checklist.tick(text, [key])


def _adder(section: str, words: str, required: bool) -> Callable[[str], str]:
    return lambda text: checklist.add(text, section, words, required)


def dense(text: str) -> str:
    """Take out the blank lines: the layout that the tool avoids."""
    return re.sub(r"\n\n+", "\n", text)
