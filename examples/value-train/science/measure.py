"""Measurements: quality with its uncertainty, drift, and the paired comparison of two versions."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import brier_score_loss, roc_auc_score

COST = {"false_negative": 150.0, "false_positive": 10.0}  # euros a case, agreed with the sponsor
DRIFT_LIMIT = 0.25


def quality(truth: pd.Series, score: np.ndarray, threshold: float) -> dict[str, float]:
    """Measure one version on labelled records."""
    positive, flagged = truth.to_numpy() == 1, score >= threshold
    hit, missed = int((positive & flagged).sum()), int((positive & ~flagged).sum())
    false, quiet = int((~positive & flagged).sum()), int((~positive & ~flagged).sum())
    return {
        "rows": len(truth),
        "roc_auc": float(roc_auc_score(positive, score)),
        "brier": float(brier_score_loss(positive, score)),
        "sensitivity": hit / (hit + missed),
        "specificity": quiet / (quiet + false),
        "true_positives": hit,
        "false_negatives": missed,
        "false_positives": false,
        "true_negatives": quiet,
        "flagged_share": float(flagged.mean()),
        "cost": missed * COST["false_negative"] + false * COST["false_positive"],
    }


def wilson(hits: int, of: int, level: float = 0.95) -> tuple[float, float]:
    """Give the Wilson interval of a share."""
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share, square = hits / of, z * z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = z * np.sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    return float(middle - half), float(middle + half)


def intervals(numbers: dict[str, float]) -> dict[str, tuple[float, float]]:
    """Give the 95% intervals of sensitivity and specificity."""
    positive = int(numbers["true_positives"] + numbers["false_negatives"])
    negative = int(numbers["true_negatives"] + numbers["false_positives"])
    return {
        "sensitivity": wilson(int(numbers["true_positives"]), positive),
        "specificity": wilson(int(numbers["true_negatives"]), negative),
    }


def psi(reference: pd.Series, recent: pd.Series, bins: int = 5) -> float:
    """Give the population stability index over quantile bins of the reference (few bins, because months are small)."""
    edges = np.quantile(reference, np.linspace(0, 1, bins + 1))
    edges[0], edges[-1] = -np.inf, np.inf
    expected = np.clip(np.histogram(reference, edges)[0] / len(reference), 0.01, None)
    observed = np.clip(np.histogram(recent, edges)[0] / len(recent), 0.01, None)
    return float(((observed - expected) * np.log(observed / expected)).sum())


def drift(reference: pd.DataFrame, recent: pd.DataFrame, columns: list[str]) -> dict[str, float]:
    """Give the index of each input, the largest first."""
    found = {name: psi(reference[name], recent[name]) for name in columns}
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def segments(
    frame: pd.DataFrame,
    score: np.ndarray,
    threshold: float,
    edges: tuple[float, float],
    calibration: dict[str, float],
) -> list[dict[str, Any]]:
    """Measure small, middle and large masses apart; the edges are radii of the first camera."""
    radius = frame["mean_radius"] / frame["camera"].map(calibration).fillna(1.0)
    band = pd.cut(radius, [-np.inf, *edges, np.inf], labels=["small masses", "middle masses", "large masses"])
    out = []
    for name in band.cat.categories:
        mask = (band == name).to_numpy()
        positive, flagged = frame["malignant"].to_numpy()[mask] == 1, score[mask] >= threshold
        out.append(
            {
                "name": str(name),
                "rows": int(mask.sum()),
                "metrics": {
                    "malignant_share": round(float(positive.mean()), 4),
                    "flagged_share": round(float(flagged.mean()), 4),
                    "false_negatives": int((positive & ~flagged).sum()),
                    "false_positives": int((~positive & flagged).sum()),
                },
            }
        )
    return out
