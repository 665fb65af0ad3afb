"""A trained model as a readable file: features, scaling and weights in JSON, scored without a pickle."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Model:
    """One version, as it is served."""

    version: str
    features: list[dict[str, Any]]
    center: np.ndarray
    scale: np.ndarray
    weight: np.ndarray
    intercept: float
    threshold: float
    calibration: dict[str, float]
    digest: str

    def inputs(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Compute the features of some records, each camera brought to the first one's scale."""
        factor = frame["camera"].map(self.calibration).fillna(1.0)
        out = {}
        for feature in self.features:
            column = frame[feature["source"]] / factor ** feature.get("scale_power", 0)
            out[feature["name"]] = np.log(column) if feature.get("transform") == "log" else column
        return pd.DataFrame(out)

    def score(self, frame: pd.DataFrame) -> np.ndarray:
        """Give the probability of a malignant mass for each record."""
        z = (self.inputs(frame).to_numpy() - self.center) / self.scale
        return 1 / (1 + np.exp(-(z @ self.weight + self.intercept)))

    def worst(self, frame: pd.DataFrame, score: np.ndarray) -> tuple[int, str]:
        """Give the row that is most wrong, and the input that pushed it there."""
        error = np.abs(frame["malignant"].to_numpy() - score)
        row = int(error.argmax())
        push = (self.inputs(frame).to_numpy()[row] - self.center) / self.scale * self.weight
        wrong_way = push if frame["malignant"].iloc[row] == 0 else -push
        return row, str(self.features[int(wrong_way.argmax())]["name"])


def load(path: Path) -> Model:
    """Read a model file."""
    content = path.read_bytes()
    data = json.loads(content)
    return Model(
        version=data["version"],
        features=data["features"],
        center=np.array(data["center"]),
        scale=np.array(data["scale"]),
        weight=np.array(data["weight"]),
        intercept=data["intercept"],
        threshold=data["threshold"],
        calibration=data["calibration"],
        digest=hashlib.sha256(content).hexdigest(),
    )
