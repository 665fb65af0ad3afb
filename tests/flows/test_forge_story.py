"""Stories: both sides are edited at random while syncs fail and are killed; both end alike, and nothing is lost.

The model test of `tests/core/sync` has many more stories, in memory. These go through files, git, HTTP and processes.
"""

from __future__ import annotations

import os
import random
import signal
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from agenticops.core.sync import body
from agenticops.errors import RemoteError
from agenticops.flows import work
from agenticops.flows.forge import resolving
from agenticops.model.forge import Conflict
from tests import insync
from tests.flows.test_forge_killed import child
from tests.forge import Forge
from tests.forge.faults import Request
from tests.insync import add, apply, plan
from tests.support import THOROUGH, workspace

SEEDS = int(os.environ.get("TRAIN_FORGE_SEEDS", "150" if THOROUGH else "4"))
FAULTS = ("502 before", "502 after", "503", "403", "429", "reset before", "reset after", "truncated", "malformed")
ROUNDS, REST = 4, 8


def writing(request: Request) -> bool:
    """Tell a request that changes something from a question, which GraphQL posts as well."""
    return request.writes and not request.operation


class Story:
    """One train, one forge, and what people did to both."""

    def __init__(self, repo: Path, forge: Forge, seed: int) -> None:
        self.repo, self.forge = repo, forge
        self.dice = random.Random(seed)
        self.count = 0
        self.order: list[str] = []
        self.dirty: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.lines: dict[str, set[str]] = defaultdict(set)
        self.foreign: dict[int, set[str]] = defaultdict(set)

    def token(self, kind: str) -> str:
        self.count += 1
        return f"{kind}{self.count}"

    def new(self) -> None:
        lines = [self.token("line") for _ in range(5)]
        name = add(self.repo, self.token("title"), body="\n\n".join(lines), start=self.dice.random() < 0.5)
        self.order.append(name)
        self.lines[name] |= set(lines)

    def here(self) -> None:
        names = workspace(self.repo).train.item_ids()
        if not names or self.dice.random() < 0.15:
            return self.new()
        name = self.dice.choice(names)
        item = insync.item(self.repo, name)
        field = self.dice.choice(("title", "milestone", "priority", "labels", "depends", "body", "body"))
        self.dirty[name, field].add("local")
        if field == "body":
            text = self.inserted(name, body.of_document(item.body))
            work.edit(workspace(self.repo), name, {}, f"# {item.title}\n\n{text}")
            return None
        older = [other for other in self.order if self.order.index(other) < self.order.index(name)]
        values: dict[str, Any] = {
            "priority": self.dice.choice(("next", "future")),
            "labels": sorted({*item.labels} ^ {self.dice.choice(("auto", "meta"))}),
            "depends": sorted({*item.depends} ^ set(older[:1])),
        }
        work.edit(workspace(self.repo), name, {field: values.get(field, self.token(field))})
        return None

    def there(self) -> None:
        pairs = sorted(insync.made(self.forge).items())
        if not pairs:
            return
        name, number = self.dice.choice(pairs)
        field = self.dice.choice(("title", "priority", "foreign", "body", "body"))
        self.dirty[name, field].add("remote")
        labels = self.forge.labels_of(number)
        if field == "body":
            text = self.inserted(name, body.text(self.forge.issue(number).body or ""))
            self.forge.edit(number, body=body.outgoing(text, name))
        elif field == "title":
            self.forge.edit(number, title=self.token("title"))
        elif field == "foreign":
            self.foreign[number].add(self.token("foreign"))
            self.forge.edit(number, labels=[*labels, *self.foreign[number]])
        else:
            kept = [label for label in labels if label not in ("now", "next", "future")]
            self.forge.edit(number, labels=[*kept, self.dice.choice(("next", "future"))])

    def inserted(self, name: str, text: str) -> str:
        """Put a paragraph somewhere into a text."""
        lines = text.split("\n\n")
        self.lines[name].add(line := self.token("line"))
        lines.insert(self.dice.randrange(len(lines) + 1), line)
        return "\n\n".join(lines)

    def broken_sync(self) -> None:
        """Sync in a process that meets faults, or is killed, mostly at a write, while people go on editing."""
        faults, killed, fate = self.forge.faults, list[int](), self.dice.random()

        def hit(request: Request) -> bool:
            return fate < 0.7 and self.dice.random() < (0.3 if writing(request) else 0.01)

        def kill(request: Request) -> None:
            os.kill(killed[0], signal.SIGKILL)

        faults.when(hit, self.dice.choice(("call before", "call after", "call after")), call=kill)
        # Between our last look and our change, what somebody writes is lost: GitHub knows no condition for a change.
        looking = self.dice.random() < 0.4
        faults.when(
            lambda r: looking and not writing(r) and self.dice.random() < 0.2,
            "call before",
            call=lambda _: self.there(),
        )
        faults.randomly(self.dice.randrange(10**9), self.dice.choice((0.0, 0.1, 0.3)), FAULTS)
        gate = os.pipe()
        killed.append(child(lambda: (os.read(gate[0], 1), apply(self.repo))))
        os.write(gate[1], b"x")
        os.waitpid(killed[0], 0)
        for end in gate:
            os.close(end)
        faults.clear()

    def decide(self, conflict: Conflict) -> None:
        sides = self.dirty[conflict.item, conflict.field]
        assert sides == {"local", "remote"}, f"nobody disagreed: {conflict}"
        if conflict.field == "body":
            self.lines.pop(conflict.item, None)  # one side's words go
        side = self.dice.choice(("local", "remote"))
        resolving.resolve(workspace(self.repo), conflict.item, conflict.field, side)

    def rest(self) -> None:
        """Sync in peace, decide what is asked, and judge what is there then."""
        for _ in range(REST):
            for conflict in plan(self.repo).plan.conflicts:
                self.decide(conflict)
            found = apply(self.repo).planned.plan
            if not (found.actions or found.agreements or found.conflicts):
                break
        else:
            raise AssertionError("it never comes to rest")
        insync.settled(self.repo)
        numbers = insync.made(self.forge)
        assert len(numbers) == len(self.forge.repo.issues) == len(workspace(self.repo).train.item_ids())
        for name, number in numbers.items():
            item, issue = insync.item(self.repo, name), self.forge.issue(number)
            assert (item.issue, item.title) == (number, issue.title)
            text = body.of_document(item.body)
            assert text == body.text(issue.body or "")
            assert self.lines.get(name, set()) <= set(text.split("\n\n"))
            assert self.foreign[number] <= set(self.forge.labels_of(number))
        self.dirty.clear()


def tell(story: Story) -> None:
    """Edit, sync and break for a while; then let both sides come to rest."""
    story.forge.state.relations_touch = story.dice.random() < 0.5
    story.new()
    for _ in range(ROUNDS):
        for _ in range(story.dice.randint(1, 5)):
            story.dice.choice((story.here, story.there))()
        story.broken_sync()
        if story.dice.random() < 0.3:
            story.rest()
    story.rest()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_both_sides_end_alike(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with insync.forge_of(monkeypatch, validate=seed % 4 == 0) as forge:
        tell(Story(insync.tiny(tmp_path / "repo"), forge, seed))


def test_a_forge_that_only_fails_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with insync.forge_of(monkeypatch) as forge:
        repo = insync.tiny(tmp_path / "repo")
        add(repo, "Refills")
        forge.faults.randomly(1, 1.0, ["503"])
        with pytest.raises(RemoteError, match="again and again"):
            apply(repo)
        forge.faults.clear()
        assert apply(repo).whole
