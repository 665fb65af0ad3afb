# ruff: noqa
# mypy: ignore-errors
# This script becomes a notebook; what stands before the first mark is left out. Names in capitals are its parameters.

# %% [markdown]
# # Retraining
#
# The challenger is trained by the recorded recipe on more records, and scored next to the champion on records that
# neither has seen.

# %% parameters

# %%
import json

import numpy as np
import pandas as pd

champion = json.load(open(CHAMPION, encoding="utf-8"))
table = pd.read_csv(PREPARED)
known = pd.concat([table[table["part"] == "development"], *(pd.read_csv(path) for path in LABELLED)], ignore_index=True)
recent = pd.read_csv(RECENT)
known.groupby("camera")["malignant"].agg(["size", "mean"]).round(3)

# %% [markdown]
# ## The scale of the cameras
#
# Slides that were measured on both cameras give the factor between them.

# %%
pairs = pd.read_csv(PAIRS)
factor = float((pairs["camera_2"] / pairs["camera_1"]).median())
calibration = {"camera-1": 1.0, "camera-2": round(factor, 4)}
calibration


# %%
def inputs(frame, scales):
    scale = frame["camera"].map(scales).fillna(1.0)
    out = {}
    for feature in champion["features"]:
        column = frame[feature["source"]] / scale ** feature["scale_power"]
        out[feature["name"]] = np.log(column) if feature["transform"] == "log" else column
    return pd.DataFrame(out)


def champion_score(frame):
    z = (inputs(frame, champion["calibration"]).to_numpy() - champion["center"]) / np.array(champion["scale"])
    return 1 / (1 + np.exp(-(z @ np.array(champion["weight"]) + champion["intercept"])))


# %% [markdown]
# ## The challenger

# %%
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

model = make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=3000))
X, truth = inputs(known, calibration), known["malignant"]
folds = StratifiedKFold(5, shuffle=True, random_state=SEED)
folded = cross_val_predict(model, X, truth, cv=folds, method="predict_proba")[:, 1]
threshold = float(np.floor(np.quantile(folded[truth == 1], 0.02) * 1000) / 1000)
scaler, line = model.fit(X, truth)
content = {
    "version": VERSION,
    "features": champion["features"],
    "center": scaler.mean_.round(8).tolist(),
    "scale": scaler.scale_.round(8).tolist(),
    "weight": line.coef_[0].round(8).tolist(),
    "intercept": round(float(line.intercept_[0]), 8),
    "threshold": threshold,
    "calibration": calibration,
}
with open(MODEL, "w", encoding="utf-8") as file:
    json.dump(content, file, indent=1)
len(known), threshold

# %% [markdown]
# ## Champion and challenger on the same records

# %%
malignant = recent["malignant"].to_numpy() == 1
old = champion_score(recent) >= champion["threshold"]
new = model.predict_proba(inputs(recent, calibration))[:, 1] >= threshold
cost = lambda flagged: np.where(malignant, ~flagged * COST_MISSED, flagged * COST_ALARM)
saved = cost(old) - cost(new)
draws = np.random.default_rng(SEED).integers(0, len(saved), (2000, len(saved)))
low, high = np.quantile(saved[draws].mean(axis=1), [0.05, 0.95])
pd.DataFrame(
    {
        "false alarms": [int((old & ~malignant).sum()), int((new & ~malignant).sum())],
        "missed": [int((~old & malignant).sum()), int((~new & malignant).sum())],
        "cost a case": [cost(old).mean(), cost(new).mean()],
    },
    index=[champion["version"], VERSION],
).round(2)

# %%
facts = {
    "champion": champion["version"],
    "challenger": VERSION,
    "known": len(known),
    "recent": len(recent),
    "malignant": int(malignant.sum()),
    "factor": round(factor, 4),
    "pairs": len(pairs),
    "threshold": threshold,
    "champion_alarms": int((old & ~malignant).sum()),
    "challenger_alarms": int((new & ~malignant).sum()),
    "champion_missed": int((~old & malignant).sum()),
    "challenger_missed": int((~new & malignant).sum()),
    "champion_cost": round(float(cost(old).mean()), 2),
    "challenger_cost": round(float(cost(new).mean()), 2),
    "saved": round(float(saved.mean()), 2),
    "low": round(float(low), 2),
    "high": round(float(high), 2),
    "better": bool(low > 0 and (~new & malignant).sum() <= (~old & malignant).sum()),
}
print("facts: " + json.dumps(facts))
