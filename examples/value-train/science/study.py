"""The records of the two studies: which rows exist when, and what the new camera does to them.

The rows are real (they ship with scikit-learn). Two things are staged: their order in time, because the public tables
have no dates, and the second camera, whose lengths come out 20% too long.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_wine

SEED = 24
PARTS = {"development": 200, "test": 100, "live-1": 69, "live-2": 100, "live-3": 100}
ARCHIVE = PARTS["development"] + PARTS["test"]
PITCH = 1.20  # a length on the second camera, relative to the first
SCATTER = 0.01  # spread between two measurements of one slide


def breast_masses() -> pd.DataFrame:
    """Give all 569 biopsies in the staged order of arrival, with their part and camera."""
    bunch = load_breast_cancer(as_frame=True)
    frame = bunch.data.rename(columns=lambda name: name.replace(" ", "_")).assign(malignant=1 - bunch.target)
    frame.insert(0, "record", [f"b{number:04d}" for number in range(len(frame))])
    frame = frame.sample(frac=1, random_state=SEED).reset_index(drop=True)
    parts = np.repeat(list(PARTS), list(PARTS.values()))
    return frame.assign(part=parts, camera=np.where(np.isin(parts, ["live-2", "live-3"]), "camera-2", "camera-1"))


def wine_bottles() -> pd.DataFrame:
    """Give the 178 analyzed bottles of three cultivars."""
    bunch = load_wine(as_frame=True)
    frame = bunch.data.rename(columns=lambda name: name.replace("/", "_")).assign(cultivar=bunch.target)
    frame.insert(0, "record", [f"w{number:04d}" for number in range(len(frame))])
    return frame.sample(frac=1, random_state=SEED).reset_index(drop=True)


def on_second_camera(frame: pd.DataFrame, seed: int = SEED) -> pd.DataFrame:
    """Measure the same slides with the second camera: lengths grow by the pitch, areas by its square."""
    scatter = np.random.default_rng(seed).normal(1.0, SCATTER, len(frame))
    seen = frame.copy()
    for column in seen.columns:
        if "radius" in column or "perimeter" in column:
            seen[column] = (seen[column] * PITCH * scatter).round(4)
        elif "area" in column:
            seen[column] = (seen[column] * (PITCH * scatter) ** 2).round(3)
    return seen


def arrivals(part: str) -> pd.DataFrame:
    """Give the records of one live month as the service saw them."""
    everything = breast_masses()
    frame = everything[everything["part"] == part].reset_index(drop=True)
    return on_second_camera(frame) if (frame["camera"] == "camera-2").all() else frame


def paired_slides(count: int = 40) -> pd.DataFrame:
    """Give slides that were measured on both cameras, one row a slide."""
    first = arrivals("live-1").head(count)
    second = on_second_camera(first, seed=SEED + 1)
    return pd.DataFrame(
        {"record": first["record"], "camera_1": first["mean_radius"], "camera_2": second["mean_radius"]}
    )


def cameras() -> dict[str, int]:
    """Count the slides that arrived since the release, by what is known of their camera."""
    everything = breast_masses()
    live = everything[everything["part"].str.startswith("live")]
    known = ["camera-1", "camera-2"]
    return {"known": len(known), "slides": len(live), "unknown": int((~live["camera"].isin(known)).sum())}


def write(frame: pd.DataFrame, path: Path) -> Path:
    """Write a table the same way everywhere."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(path, index=False, lineterminator="\n")
    return path
