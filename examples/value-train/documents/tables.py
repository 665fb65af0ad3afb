"""Tables and phrases that several documents share, made from facts."""

from __future__ import annotations

from typing import Any

Facts = dict[str, Any]
NAMES = {"roc_auc": "ROC AUC", "sensitivity": "sensitivity", "specificity": "specificity"}


def table(head: list[str], rows: list[list[str]]) -> str:
    """Lay out a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def of_preparation(prepared: Facts) -> Facts:
    """Phrases about the prepared data."""
    return {"malignant_share": f"{prepared['malignant'] / prepared['rows']:.1%}"}


def of_profile(profile: Facts) -> Facts:
    """Phrases about the exploration."""
    return {"edge_low": f"{profile['edges'][0]:.2f}", "edge_high": f"{profile['edges'][1]:.2f}"}


def of_features(features: Facts) -> Facts:
    """Phrases about the features."""
    return {"shapes": str(features["count"] - features["lengths"] - features["logs"])}


def of_training(training: Facts) -> Facts:
    """The runs, the best marked."""
    rows = [
        [f"`{run['run']}`", f"{run['auc']:.4f}", f"{run['spread']:.4f}", _mark(run["run"], training)]
        for run in training["runs"]
    ]
    return {"runs": table(["run", "ROC AUC", "spread over folds", ""], rows)}


def _mark(run: str, training: Facts) -> str:
    marks = {training["best"]: "best", training["candidate"]: "candidate"}
    return marks.get(run, "")


def of_validation(validation: Facts, visit: int) -> Facts:
    """Results, segments and verdict."""
    numbers, spans = validation["numbers"], validation["intervals"]
    results = [
        [
            NAMES[name],
            f"{numbers[name]:.4f}",
            "{:.3f} to {:.3f}".format(*spans[name]) if name in spans else "",
            f"≥ {least}",
            "holds",
        ]
        for name, least in validation["thresholds"].items()
    ]
    bands = [
        [
            part["name"],
            str(part["rows"]),
            f"{part['metrics']['malignant_share']:.0%}",
            str(part["metrics"]["false_positives"]),
            str(part["metrics"]["false_negatives"]),
        ]
        for part in validation["segments"]
    ]
    first = visit == 1
    return {
        "results": table(["metric", "value", "95% interval", "threshold", ""], results),
        "segments": table(["segment", "slides", "malignant", "false alarms", "missed"], bands),
        "verdict": "accepted-with-limits" if first else "accepted",
        "verdict_text": (
            "Accepted with limits: one camera only." if first else "Accepted for both cameras; it replaces 1.0.0."
        ),
        "limits": (
            "For slides of the first camera; any other camera needs a validation of its own."
            if first
            else "For the two cameras that are calibrated; an unknown camera gets no score."
        ),
        "method_note": (
            ""
            if first
            else "50 of them also served to compare champion and challenger, which favors the winner slightly."
        ),
        "cameras": "one camera" if validation["cameras"] == 1 else f"{validation['cameras']} cameras",
        "previous": "none" if first else "1.0.0",
        "reference": "development part" + ("" if first else ", with month 1"),
    }


def of_release(release: Facts, visit: int) -> Facts:
    """How the way back works."""
    if visit == 1:
        note = "There is no earlier version: switching the service off restores the old order of the queue."
    else:
        note = (
            f"Set the version back to 1.0.0 and restart. Rehearsed on {release['rows']} slides: "
            f"{release['changed']} of them change their place, and all are answered."
        )
    return {"rollback_note": note}


def of_watch(watch: Facts, visit: int) -> Facts:
    """The months that were watched."""
    rows, short = [], []
    for number, month in enumerate(watch["months"], start=1 if visit == 1 else 3):
        numbers = month["numbers"]
        rows.append(
            [
                str(number),
                str(month["rows"]),
                f"{numbers['sensitivity']:.1%}",
                f"{numbers['specificity']:.1%}",
                f"{month['flagged']:.0%}",
                f"{month['psi']:.2f} (`{month['highest']}`)",
            ]
        )
        short.append(f"{number}: {month['psi']:.2f}")
    head = ["month", "slides", "sensitivity", "specificity", "on top", "highest drift"]
    return {
        "month_rows": table(head, rows),
        "months": ", ".join(short),
        "psis": " and ".join(f"{month['psi']:.2f}" for month in watch["months"]),
        "over_count": len(watch["last"]["over"]),
        "over_shapes": sum(not any(w in n for w in ("radius", "perimeter", "area")) for n in watch["last"]["over"]),
        "first_psi": watch["months"][0]["psi"],
    }


def of_analysis(analysis: Facts, watch: Facts) -> Facts:
    """Phrases about the errors of a month."""
    numbers, first = analysis["numbers"], watch["months"][0]["numbers"]
    return {
        "benign": int(numbers["false_positives"] + numbers["true_negatives"]),
        "share_now": _malignant(numbers),
        "share_before": _malignant(first),
        "too_long": f"{analysis['factor'] - 1:.0%}",
        "missed": _missed(analysis),
        "gain": int(numbers["false_positives"] - analysis["repeat"]["false_positives"]),
    }


def _missed(analysis: Facts) -> str:
    """Say of each missed slide how it was scored, with the scale of the camera and without."""
    told = [
        f"`{slide['record']}` is scored {slide['score']:.3f}, with the scale undone {slide['again']:.3f}"
        if abs(slide["score"] - slide["again"]) > 0.0005
        else f"`{slide['record']}` is scored {slide['score']:.3f}"
        for slide in analysis["missed"]
    ]
    return "; ".join(told) or "no slide was missed"


def _malignant(numbers: Facts) -> str:
    return f"{(numbers['true_positives'] + numbers['false_negatives']) / numbers['rows']:.0%}"


def of_retraining(retraining: Facts) -> Facts:
    """Comparison, risk and decision."""
    rows = [
        [
            name,
            str(count),
            f"{old['false_positives']} / {old['false_negatives']}",
            f"{new['false_positives']} / {new['false_negatives']}",
        ]
        for name, count, old, new in retraining["segments"]
    ]
    better = retraining["better"]
    return {
        "comparison": table(["segment", "slides", "champion: alarms / missed", "challenger: alarms / missed"], rows),
        "decision": "validate-challenger" if better else "keep-champion",
        "decision_text": (
            f"Version {retraining['challenger']} goes to validation: the whole interval is above zero."
            if better
            else f"Version {retraining['champion']} stays: the challenger saves nothing that exceeds the noise."
        ),
        "change_risk": (
            "One new validation and one release. The calibration has to be repeated for each new camera."
            if better
            else "A release costs a day and a new validation, and there is no gain to pay for it."
        ),
    }


def of_impact(watch: Facts, prices: Facts) -> Facts:
    """Price the months in the old order and in the scored one."""
    months = [month["numbers"] for month in watch["months"]]
    found, missed = sum(m["true_positives"] for m in months), sum(m["false_negatives"] for m in months)
    before, after = (found + missed) * prices["false_negative"], sum(m["cost"] for m in months)
    return {
        "rows": sum(m["rows"] for m in months),
        "malignant": found + missed,
        "found": found,
        "before": before,
        "after": after,
        "saved": before - after,
        "share": found / (found + missed),
        "alarms": sum(m["false_positives"] for m in months),
        "last_alarms": months[-1]["false_positives"],
        "late_price": prices["false_negative"],
        "alarm_price": prices["false_positive"],
    }
