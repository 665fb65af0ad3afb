"""The desk of the scripted agents: per phase the real work, the documents about it, and what to say in the session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import documents
from documents import tables
from science import measure, study
from science.laboratory import Laboratory, profile_sample

PERIODS = (("2026-02-02", "2026-02-27"), ("2026-03-30", "2026-04-24"))  # the staged months 2 and 3


class OtherPlot(Exception):
    """The numbers do not carry the texts: with other versions of the libraries they may come out differently."""


class Desk:
    """All that is known and written for one work item."""

    def __init__(self, root: Path, issue: dict[str, Any]) -> None:
        self.root, self.item = root, str(issue["number"])
        self.laboratory = Laboratory(root, self.item)
        self.facts: dict[str, Any] = {
            "item": self.item,
            "title": issue["title"],
            "case": documents.case(issue["number"]),
            "tables": {},
        }

    def work(self, phase: str, visit: int) -> None:
        """Do the work of a phase, if it is more than writing."""
        jobs: dict[str, Callable[[int], None]] = {
            "discovery": self._sample,
            "extraction": self._extract,
            "preparation": self._prepare,
            "exploration": self._explore,
            "feature-engineering": self._features,
            "training": self._train,
            "validation": self._validate,
            "deployment": self._release,
            "monitoring": self._watch,
            "evaluation": self._impact,
            "performance-analysis": self._analyze,
            "retraining": self._retrain,
        }
        if self.facts["case"]["name"] == "camera":
            self._know("cameras", study.cameras())
        elif phase in jobs:
            jobs[phase](visit)

    def write(self, artifact: str, path: str, visit: int) -> None:
        """Write the document, unless the work itself has put the artifact there."""
        if documents.written(artifact):
            target = self.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(documents.compose(artifact, visit, self.facts), "utf-8", newline="\n")

    def words(self, phase: str, visit: int) -> dict[str, str]:
        """Give the note, the decision and the next step of a phase."""
        texts = documents.notes()
        names = (f"{phase}.item-{self.item}", f"{phase}.{visit}", phase)
        chosen = next(texts[name] for name in names if name in texts)
        return {name: documents.fill(text, self.facts) for name, text in chosen.items()}

    def way(self, phase: str) -> str:
        """Say where to go from a phase that leads to several: round the loop, until no challenger is better."""
        if self.facts["case"]["name"] != "breast":
            return ""
        if phase == "retraining":
            return "validation" if self.facts["retraining"]["better"] else "done"
        return {"monitoring": "evaluation", "evaluation": "performance-analysis", "improvement": "retraining"}.get(
            phase, ""
        )

    def _know(self, name: str, found: dict[str, Any], phrases: dict[str, Any] | None = None) -> None:
        self.facts[name] = found
        self.facts["tables"] = {**self.facts["tables"], **(phrases or {})}

    def _sample(self, visit: int) -> None:
        self._know("sample", profile_sample(self.root, self.item, self.facts["case"]["name"]))

    def _extract(self, visit: int) -> None:
        self._know("extraction", self.laboratory.extract())

    def _prepare(self, visit: int) -> None:
        found = self.laboratory.prepare()
        self._know("prepared", found, tables.of_preparation(found))

    def _explore(self, visit: int) -> None:
        found = self.laboratory.explore()
        self._know("profile", found, tables.of_profile(found))

    def _features(self, visit: int) -> None:
        found = self.laboratory.features()
        self._know("features", found, tables.of_features(found))

    def _train(self, visit: int) -> None:
        found = self.laboratory.train()
        self._know("training", found, tables.of_training(found))

    def _validate(self, visit: int) -> None:
        found = self.laboratory.validate(visit)
        self._know("validation", found, tables.of_validation(found, visit))

    def _release(self, visit: int) -> None:
        found = self.laboratory.release(visit)
        self._know("release", found, tables.of_release(found, visit))

    def _watch(self, visit: int) -> None:
        found = self.laboratory.watch(visit)
        quiet = [not month["over"] for month in found["months"]]
        _expect(quiet == [[True, False], [True]][visit - 1], f"drift by month: {quiet}")
        self._know("watch", found, tables.of_watch(found, visit))

    def _impact(self, visit: int) -> None:
        self._know("impact", tables.of_impact(self.facts["watch"], measure.COST))

    def _analyze(self, visit: int) -> None:
        found = self.laboratory.analyze(visit, PERIODS[visit - 1])
        self._know("analysis", found, tables.of_analysis(found, self.facts["watch"]))

    def _retrain(self, visit: int) -> None:
        found = self.laboratory.retrain(visit)
        _expect(found["better"] == (visit == 1), f"challenger {found['challenger']} better: {found['better']}")
        self._know("retraining", found, tables.of_retraining(found))


def _expect(holds: bool, found: str) -> None:
    if not holds:
        raise OtherPlot(f"the story needs other numbers ({found}); install requirements.txt with its exact versions")
