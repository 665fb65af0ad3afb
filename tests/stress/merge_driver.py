"""The merge driver's laws, by hypothesis: commutative, idempotent, ticks monotone, unknown fields kept."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from agenticops.core import checklist, merge, yamltext
from agenticops.errors import StateError
from tests.stress import papers
from tests.stress.harness import Harness, Row

CASES = 10_000
WORKERS = 2
BATCH = 50
LAWS = ("commutative", "idempotent", "ticks monotone", "unknown fields kept")
GOAL = "merge driver: "
_BLOCK = re.compile(r"^<{7} ours\n(.*?)^={7}\n(.*?)^>{7} theirs\n", re.M | re.S)
Texts = tuple[str, str, str, str]


@st.composite
def cases(draw: st.DrawFn) -> Texts:
    """Give a path and three texts: a document, and what two sides made of it by some edits each, wild ones too."""
    path = draw(st.sampled_from(papers.PATHS))
    dice = random.Random(draw(st.integers(0, 2**32 - 1)))
    base = papers.paper(dice, path)
    counts = draw(st.tuples(st.integers(0, 6), st.integers(1, 6)))
    dense = draw(st.integers(0, 9)) == 0
    base = papers.dense(base) if dense else base
    ours, theirs = (_worked(dice, base, path, n) for n in counts)
    return path, base, ours, theirs


def _worked(dice: random.Random, text: str, path: str, count: int) -> str:
    for _ in range(count):
        fresh = dice.choice((_wild, _one))(dice, text, path)
        try:
            _front(fresh, path)  # an edit that breaks the document is not one
        except StateError:
            continue
        text = fresh
    return text


def _one(dice: random.Random, text: str, path: str) -> str:
    found = papers.edits(dice, text, path)
    return dice.choice(found).apply(text) if found else text


def _wild(dice: random.Random, text: str, path: str) -> str:
    """What people do in an editor: untick, take out, move, comment, add fields; the same words on both sides too."""
    rows = text.split("\n")
    bullets = [n for n, row in enumerate(rows) if row.startswith("- [")]
    fields = [n for n, row in enumerate(rows) if re.match(r"x-|agent:|mode:|priority:", row)]
    deed = dice.randrange(6)
    if bullets and deed == 0:
        n = dice.choice(bullets)
        rows[n] = rows[n].replace("[x]", "[ ]")
    elif bullets and deed == 1:
        del rows[dice.choice(bullets)]
    elif bullets and deed == 2:
        rows.insert(dice.choice(bullets) + 1, f"\n- [{dice.choice(' x')}] {dice.choice(papers.WORDS)}")
    elif bullets and deed == 3:
        n = dice.choice(bullets)
        rows[n] = rows[n].replace("[ ]", "[x]")
    elif fields and deed == 0:
        del rows[dice.choice(fields)]
    elif fields and deed == 1:
        rows.insert(dice.choice(fields), f"# {dice.choice(papers.WORDS)}")
    elif fields and deed < 4:
        rows.insert(dice.choice(fields), f"x-{dice.choice(papers.WORDS)}: {dice.choice(papers.WORDS)}\n")
    elif fields and deed == 4:
        rows.append(rows.pop(dice.choice(fields))) if path == papers.TICKET else None
    else:
        rows.insert(len(rows) - 1, f"{'# ' if path == papers.TICKET else ''}{dice.choice(papers.WORDS)}")
    return "\n".join(rows)


def _front(text: str, path: str) -> dict[str, Any]:
    front = text if path == papers.TICKET else yamltext.split(text)[0]
    return yamltext.load(front, path) or {}


def _merged(path: str, base: str, ours: str, theirs: str) -> tuple[str, bool]:
    found = merge.merge(base.encode(), ours.encode(), theirs.encode(), path)
    return found.content.decode(), not found.conflicts


def commutative(path: str, base: str, ours: str, theirs: str) -> bool:
    """Swapping the sides swaps the halves of conflict blocks and nothing else."""
    there, back = _merged(path, base, ours, theirs), _merged(path, base, theirs, ours)
    swapped = _BLOCK.sub(lambda m: f"<<<<<<< ours\n{m[2]}=======\n{m[1]}>>>>>>> theirs\n", back[0])
    return there == (swapped, back[1])


def idempotent(path: str, base: str, ours: str, theirs: str) -> bool:
    """A side merged with itself is that side; merged again, a clean result loses and doubles nothing, or conflicts."""
    found, clean = _merged(path, base, ours, theirs)
    if _merged(path, base, ours, ours) != (ours, True):
        return False
    again = [_merged(path, base, found, side) for side in (ours, theirs)] if clean else []
    return all(sorted(text.split()) == sorted(found.split()) or not still for text, still in again)


def monotone(path: str, base: str, ours: str, theirs: str) -> bool:
    """A bullet that is checked on a side is checked in the result, and one that both sides have is there."""
    found, clean = _merged(path, base, ours, theirs)
    if not clean:
        found = _BLOCK.sub(lambda m: m[1] + m[2], found)
    sides = [checklist.parse(text).bullets for text in (ours, theirs)]
    result = {b.key: b.checked for b in checklist.parse(found).bullets}
    checked = {b.key for side in sides for b in side if b.checked}
    shared = {b.key for b in sides[0]} & {b.key for b in sides[1]}
    return shared <= result.keys() and all(done for key, done in result.items() if key in checked)


def keeping(path: str, base: str, ours: str, theirs: str) -> bool:
    """A field that no reader knows is there as the side that touched it left it; where both did, both values are."""
    found, _ = _merged(path, base, ours, theirs)
    values = [_front(text, path) for text in (base, ours, theirs)]
    for name in {n for side in values for n in side if n.startswith("x-")}:
        b, o, t = (side.get(name) for side in values)
        wanted = {t} if o == b else {o} if t == b else {o, t}
        if not all(value is None or (f"{name}: " in found and str(value) in found) for value in wanted):
            return False
    return True


CHECKS: dict[str, Callable[[str, str, str, str], bool]] = dict(
    zip(LAWS, (commutative, idempotent, monotone, keeping), strict=True)
)


def count(laws: tuple[str, ...], cases_wanted: int, seed: int) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Try the laws on cases; gives for each law the cases, those that broke it, and an example's seed of breaking."""
    tried, broken, conflicts = Counter[str](), Counter[str](), Counter[str]()

    @seeded(seed)
    @settings(max_examples=cases_wanted, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(cases())
    def attempt(case: Texts) -> None:
        conflicts["all"] += not _merged(*case)[1]
        for law in laws:
            tried[law] += 1
            broken[law] += not CHECKS[law](*case)

    attempt()
    return tried, broken, conflicts


def run(scale: float, seed: int) -> list[Row]:
    """Try every law on the same cases, on two processes."""
    wanted = max(WORKERS, round(CASES * scale))
    share = -(-wanted // WORKERS)
    with ProcessPoolExecutor(WORKERS) as pool:
        parts = list(pool.map(count, [LAWS] * WORKERS, [share] * WORKERS, range(seed * 100, seed * 100 + WORKERS)))
    tried, broken, conflicts = (sum((p[n] for p in parts), Counter[str]()) for n in range(3))
    note = f"{conflicts['all']} with conflict blocks"
    return [
        Row(
            f"{GOAL}{law}",
            f"{broken[law]} broken in {tried[law]} cases",
            f"0 in ≥ {wanted}",
            tried[law] >= wanted and not broken[law],
            note,
        )
        for law in LAWS
    ]


@contextmanager
def _without(module: Any, name: str, instead: Any) -> Iterator[None]:
    kept = getattr(module, name)
    setattr(module, name, instead)
    try:
        yield
    finally:
        setattr(module, name, kept)


def mutant(scale: float, seed: int) -> list[Row]:
    """Break each law's protection in turn; the row holds when one of the mutants is not noticed."""
    wanted = max(1000, round(CASES * scale))
    known = merge._fields

    def forgetful(text: str, path: str, seen: dict[str, Any]) -> Any:
        fields, tail = known(text, path, seen)
        return {name: field for name, field in fields.items() if not name.startswith("x-")}, tail

    mutants = (
        ("commutative", "weave", lambda base, ours, theirs: list(dict.fromkeys([*base, *ours, *theirs]))),
        ("commutative", "_dispute", lambda ours, theirs, size: ours),
        ("idempotent", "_set", lambda base, ours, theirs: [*ours, *theirs]),
        ("ticks monotone", "_level", lambda texts: texts),
        ("unknown fields kept", "_fields", forgetful),
    )
    alive = []
    for law, name, instead in mutants:
        with _without(merge, name, instead):
            batches = (count((law,), BATCH, seed + n)[1][law] for n in range(wanted // BATCH))
            if not any(batches):
                alive.append(name)
    measured = f"{len(mutants) - len(alive)} of {len(mutants)} noticed"
    return [Row("the driver without its protections", measured, "all", bool(alive), f"alive: {alive}" if alive else "")]


HARNESS = Harness("merge_driver", run, mutant)
