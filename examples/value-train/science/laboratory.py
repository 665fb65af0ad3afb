"""The laboratory of one study: each method does the real work of a phase and gives its facts."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from science import measure, notebooks, study
from science.model import Model, load

VERSIONS = ("1.0.0", "1.1.0", "1.2.0")
THRESHOLDS = {"roc_auc": 0.97, "sensitivity": 0.95, "specificity": 0.88}
SERVICE = "breast-mass-triage"
Facts = dict[str, Any]


class Laboratory:
    """The data, models and measurements of one work item, inside the sample repository."""

    def __init__(self, root: Path, item: str) -> None:
        self.root = root
        self.item = item
        self.home = f"delivery/{item}"
        self.edges = (0.0, 0.0)
        self.strength = 0.0
        self.recorded = np.empty(0)

    def extract(self) -> Facts:
        """Write the extraction script and run it as its reader would."""
        text = (Path(__file__).with_name("extract.py.txt")).read_text("utf-8")
        path = f"{self.home}/data/extract.py"
        self.store(path, text.format(item=self.item, seed=study.SEED, archive=study.ARCHIVE))
        runs = [
            json.loads(
                subprocess.run([sys.executable, path], cwd=self.root, capture_output=True, text=True, check=True).stdout
            )
            for _ in range(2)
        ]
        return {**runs[0], "repeat": "the same" if runs[0] == runs[1] else "another"}

    def prepare(self) -> Facts:
        """Clean the extract into the modeling table: part and camera added, duplicates and gaps counted."""
        raw = pd.read_csv(self.root / "data/raw/breast-masses.csv")
        inputs = [name for name in raw if name not in ("record", "malignant")]
        doubles, gaps = int(raw.duplicated(inputs).sum()), int(raw[inputs].isna().sum().sum())
        known = study.breast_masses().set_index("record")[["part", "camera"]]
        table = raw.drop_duplicates(inputs).join(known, on="record")
        path = study.write(table, self.root / self.home / "data/prepared.csv")
        return {
            "rows": len(table),
            "columns": table.shape[1],
            "inputs": len(inputs),
            "duplicates": doubles,
            "gaps": gaps,
            "zero_concavity": int((table["mean_concavity"] == 0).sum()),
            "malignant": int(table["malignant"].sum()),
            "development": int((table["part"] == "development").sum()),
            "test": int((table["part"] == "test").sum()),
            "digest": hashlib.sha256(path.read_bytes()).hexdigest(),
            "kilobytes": path.stat().st_size // 1024,
            "radius_low": float(table["mean_radius"].min()),
            "radius_high": float(table["mean_radius"].max()),
            "largest_gap": float((table["worst_radius"] / table["mean_radius"]).max()),
        }

    def explore(self) -> Facts:
        """Run the exploration notebook."""
        target = self.root / self.home / "exploration/profile.ipynb"
        facts = notebooks.run("profile", target, self.root, {"PREPARED": f"{self.home}/data/prepared.csv"})
        self.edges = (facts["edges"][0], facts["edges"][1])
        return facts

    def features(self) -> Facts:
        """Write the feature configuration: means and worsts, and how each follows the scale of a camera."""
        table = pd.read_csv(self.root / self.home / "data/prepared.csv", nrows=2)
        names = [name for name in table if name.startswith(("mean_", "worst_"))]
        lines = [
            "version: 1",
            "entity: record",
            "as_of: the moment at which the slide is measured",
            "target: malignant",
            "features:",
        ]
        for name in names:
            area, length = "area" in name, "radius" in name or "perimeter" in name
            lines += [
                f"  - name: {name}",
                f"    source: {name}",
                "    dtype: float",
                f"    transform: {'log' if area else 'identity'}",
                "    missing: refuse",
                f"    scale_power: {2 if area else int(length)}",
                "",
            ]
        self.store(f"{self.home}/features/feature-config.yaml", "\n".join(lines).rstrip() + "\n")
        lengths = [name for name in names if "radius" in name or "perimeter" in name]
        return {
            "count": len(names),
            "logs": sum("area" in name for name in names),
            "lengths": len(lengths),
            "rejected": table.shape[1] - len(names) - 4,
        }

    def train(self) -> Facts:
        """Run the training notebook."""
        parameters = {
            "CONFIG": f"{self.home}/features/feature-config.yaml",
            "PREPARED": f"{self.home}/data/prepared.csv",
            "MODEL": self.model_path(0),
            "VERSION": VERSIONS[0],
            "SEED": study.SEED,
        }
        facts = notebooks.run("train", self.root / self.home / "model/train.ipynb", self.root, parameters)
        self.strength = float(facts["strength"])
        return facts

    def validate(self, visit: int) -> Facts:
        """Score a version on records that it has not seen, and write eval-results.json."""
        model, frame = self.model(visit - 1), self.audit_set(visit)
        score = model.score(frame)
        numbers = measure.quality(frame["malignant"], score, model.threshold)
        again = measure.quality(frame["malignant"], self.model(visit - 1).score(frame), model.threshold)
        bands = measure.segments(frame, score, model.threshold, self.edges, model.calibration)
        baseline = float(roc_auc_score(frame["malignant"], frame["mean_radius"]))
        passed = all(numbers[name] >= least for name, least in THRESHOLDS.items())
        self.recorded = score
        row, pushed = model.worst(frame, score)
        if not passed:
            raise ArithmeticError(f"version {model.version} misses its thresholds: {numbers}")
        self.store_json(
            f"{self.home}/validation/eval-results.json",
            {
                "model_version": model.version,
                "dataset": {"name": "audit set", "version": f"{visit}.0", "rows": len(frame)},
                "metrics": {name: round(float(value), 4) for name, value in numbers.items()},
                "baseline": {"roc_auc": round(baseline, 4)},
                "thresholds": THRESHOLDS,
                "segments": bands,
                "passed": passed,
            },
        )
        return {
            "version": model.version,
            "numbers": numbers,
            "intervals": measure.intervals(numbers),
            "segments": bands,
            "baseline": baseline,
            "thresholds": THRESHOLDS,
            "rows": len(frame),
            "threshold": model.threshold,
            "malignant": int(frame["malignant"].sum()),
            "worst_record": str(frame["record"].iloc[row]),
            "worst_score": float(score[row]),
            "worst_truth": "malignant" if frame["malignant"].iloc[row] else "benign",
            "worst_input": pushed,
            "digest": model.digest,
            "cameras": frame["camera"].nunique(),
            "repeat": max(abs(again[name] - value) for name, value in numbers.items()),
        }

    def audit_set(self, visit: int) -> pd.DataFrame:
        """Give the records of a validation: the test part, and on later visits half a month of the second camera."""
        table = pd.read_csv(self.root / self.home / "data/prepared.csv")
        test = table[table["part"] == "test"].reset_index(drop=True)
        return test if visit == 1 else pd.concat([test, self.month("live-2").tail(50)], ignore_index=True)

    def release(self, visit: int) -> Facts:
        """Test the version as it would be served: same scores, refusal of a broken slide, the way back."""
        model, frame = self.model(visit - 1), self.audit_set(visit)
        left_out = "worst_perimeter"
        try:
            model.score(frame.drop(columns=left_out))
            refusal = "answered"
        except KeyError:
            refusal = "refused, as designed"
        before = self.model(max(visit - 2, 0))
        moved = (model.score(frame) >= model.threshold) != (before.score(frame) >= before.threshold)
        difference = abs(model.score(frame) - self.recorded).max()
        return {
            "rows": len(frame),
            "difference": float(difference),
            "left_out": left_out,
            "refusal": refusal,
            "changed": int(moved.sum()),
        }

    def watch(self, visit: int) -> Facts:
        """Let the months that have passed arrive, and measure their drift against the reference."""
        model = self.model(visit - 1)
        reference = self.reference(model, visit)
        months = []
        for part in (["live-1", "live-2"], ["live-3"])[visit - 1]:
            frame = self.month(part)
            score = model.score(frame)
            index = measure.drift(reference, model.inputs(frame), list(reference))
            scores = measure.psi(pd.Series(model.score(self.reference_records(visit))), pd.Series(score))
            months.append(
                {
                    "part": part,
                    "rows": len(frame),
                    "index": index,
                    "highest": next(iter(index)),
                    "psi": max(index.values()),
                    "over": [name for name, value in index.items() if value > measure.DRIFT_LIMIT],
                    "score_psi": scores,
                    "flagged": float((score >= model.threshold).mean()),
                    "numbers": measure.quality(frame["malignant"], score, model.threshold),
                }
            )
        return {"version": model.version, "months": months, "last": months[-1], "limit": measure.DRIFT_LIMIT}

    def analyze(self, visit: int, period: tuple[str, str]) -> Facts:
        """Log the errors of the last month, and test whether the camera's scale explains them."""
        model, frame = self.model(visit - 1), self.month(f"live-{visit + 1}")
        score = model.score(frame)
        errors = self._grouped(frame, score >= model.threshold, "scale of camera 2" if visit == 1 else None)
        self.store_json(
            f"{self.home}/performance/error-log.json",
            {
                "model_version": model.version,
                "period": {"from": period[0], "to": period[1]},
                "cases_seen": len(frame),
                "errors": errors,
            },
        )
        pairs, before = study.paired_slides(), self.month("live-1")
        ratio = pairs["camera_2"] / pairs["camera_1"]
        calibrated = model if model.calibration else replace(model, calibration={"camera-2": float(ratio.median())})
        again = calibrated.score(frame)
        missed = ((frame["malignant"] == 1) & (score < model.threshold)).to_numpy()
        return {
            "version": model.version,
            "errors": errors,
            "numbers": measure.quality(frame["malignant"], score, model.threshold),
            "repeat": measure.quality(frame["malignant"], again, model.threshold),
            "pairs": len(pairs),
            "factor": float(ratio.median()),
            "spread": float(ratio.std()),
            "shape_now": float((frame["mean_perimeter"] / frame["mean_radius"]).median()),
            "shape_before": float((before["mean_perimeter"] / before["mean_radius"]).median()),
            "threshold": model.threshold,
            "missed": [
                {"record": record, "score": float(old), "again": float(new)}
                for record, old, new in zip(frame["record"][missed], score[missed], again[missed], strict=True)
            ],
        }

    def _grouped(self, frame: pd.DataFrame, flagged: np.ndarray, cause: str | None) -> list[Facts]:
        malignant = (frame["malignant"] == 1).to_numpy()
        names = ["small masses", "middle masses", "large masses"]
        band = pd.cut(frame["mean_radius"], [0.0, *self.edges, 1e9], labels=names)
        kinds = {"false-positive": flagged & ~malignant, "false-negative": ~flagged & malignant}
        return [
            {
                "id": f"{kind}-{str(name).split()[0]}",
                "kind": kind,
                "count": len(rows),
                "segment": str(name),
                "cost": len(rows) * measure.COST[kind.replace("-", "_")],
                "example": str(rows["record"].iloc[0]),
                "cause": cause if kind == "false-positive" else None,
            }
            for kind, mask in kinds.items()
            for name, rows in frame[mask].groupby(band[mask], observed=True)
        ]

    def retrain(self, visit: int) -> Facts:
        """Run the retraining notebook on what is labelled by now; half a month stays unseen for the comparison."""
        self.month("live-1")
        labelled = ["data/live/live-1.csv"]
        for number in range(2, visit + 2):
            first = study.write(
                self.month(f"live-{number}").head(50), self.root / f"data/live/live-{number}-labelled.csv"
            )
            labelled.append(str(first.relative_to(self.root)))
        recent = f"data/live/live-{visit + 1}-recent.csv"
        study.write(self.month(f"live-{visit + 1}").tail(50), self.root / recent)
        study.write(study.paired_slides(), self.root / "data/live/paired-slides.csv")
        parameters = {
            "CHAMPION": self.model_path(visit - 1),
            "PREPARED": f"{self.home}/data/prepared.csv",
            "LABELLED": labelled,
            "RECENT": recent,
            "PAIRS": "data/live/paired-slides.csv",
            "MODEL": self.model_path(visit),
            "VERSION": VERSIONS[visit],
            "STRENGTH": self.strength,
            "SEED": study.SEED,
            "COST_MISSED": measure.COST["false_negative"],
            "COST_ALARM": measure.COST["false_positive"],
        }
        facts = notebooks.run("retrain", self.root / self.home / "retrain/retrain.ipynb", self.root, parameters)
        frame, champion, challenger = self.month(f"live-{visit + 1}").tail(50), self.model(visit - 1), self.model(visit)
        scales = challenger.calibration
        facts["segments"] = [
            (old["name"], old["rows"], old["metrics"], new["metrics"])
            for old, new in zip(
                measure.segments(frame, champion.score(frame), champion.threshold, self.edges, scales),
                measure.segments(frame, challenger.score(frame), challenger.threshold, self.edges, scales),
                strict=True,
            )
        ]
        return facts

    def month(self, part: str) -> pd.DataFrame:
        """Give one live month, and keep it where the service would log it (outside git)."""
        frame = study.arrivals(part)
        study.write(frame, self.root / f"data/live/{part}.csv")
        return frame

    def reference_records(self, visit: int) -> pd.DataFrame:
        """Give the records that a version's reference distributions come from."""
        table = pd.read_csv(self.root / self.home / "data/prepared.csv")
        known = table[table["part"] == "development"]
        return known if visit == 1 else pd.concat([known, self.month("live-1")], ignore_index=True)

    def reference(self, model: Model, visit: int) -> pd.DataFrame:
        """Give the reference distributions, as the model sees its inputs."""
        return model.inputs(self.reference_records(visit))

    def model_path(self, index: int) -> str:
        """Say where a version lies."""
        return f"{self.home}/{'model' if index == 0 else 'retrain'}/model-{VERSIONS[index]}.json"

    def model(self, index: int) -> Model:
        """Load a version."""
        return load(self.root / self.model_path(index))

    def store(self, path: str, text: str) -> None:
        """Write a text file of the repository."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8", newline="\n")

    def store_json(self, path: str, data: Facts) -> None:
        """Write a JSON file of the repository."""
        self.store(path, json.dumps(data, indent=2) + "\n")


def profile_sample(root: Path, item: str, name: str) -> Facts:
    """Draw a cleared sample, keep it outside git, and run the data profiler on it."""
    breast = name == "breast"
    frame = study.breast_masses().head(120) if breast else study.wine_bottles()
    frame = frame.drop(columns=["part", "camera"]) if breast else frame
    study.write(frame, root / f"data/samples/{item}.csv")
    target = root / f"preengagement/{item}/discovery/data-profiler.ipynb"
    parameters = {"SAMPLE": f"data/samples/{item}.csv", "TARGET": "malignant" if breast else "cultivar"}
    return notebooks.run("data_profiler", target, root, parameters)
