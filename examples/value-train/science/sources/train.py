# ruff: noqa
# mypy: ignore-errors
# This script becomes a notebook; what stands before the first mark is left out. Names in capitals are its parameters.

# %% [markdown]
# # Training
#
# A rule of thumb as baseline, then a small search. The simplest model whose score lies within one standard error of
# the best is named as the candidate.

# %% parameters

# %%
import json

import numpy as np
import pandas as pd
import yaml

config = yaml.safe_load(open(CONFIG, encoding="utf-8"))
table = pd.read_csv(PREPARED)
development = table[table["part"] == "development"].reset_index(drop=True)
truth = development[config["target"]]
X = pd.DataFrame(
    {
        f["name"]: np.log(development[f["source"]]) if f["transform"] == "log" else development[f["source"]]
        for f in config["features"]
    }
)
X.shape, int(truth.sum())

# %% [markdown]
# ## Baseline: one measurement, one cut

# %%
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

folds = StratifiedKFold(5, shuffle=True, random_state=SEED)
baseline = float(roc_auc_score(truth, development["mean_radius"]))
round(baseline, 4)

# %% [markdown]
# ## Search


# %%
def logistic(strength, columns=None):
    return make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=3000))


runs = []
for strength in (0.003, 0.01, 0.03, 0.1, 1.0):
    scores = cross_val_score(logistic(strength), X, truth, cv=folds, scoring="roc_auc")
    runs.append({"run": f"logistic-C{strength:g}", "auc": scores.mean(), "spread": scores.std(), "strength": strength})
for depth in (2, 3):
    boosted = HistGradientBoostingClassifier(max_iter=40, max_depth=depth, random_state=SEED)
    scores = cross_val_score(boosted, X, truth, cv=folds, scoring="roc_auc")
    runs.append({"run": f"boosted-depth{depth}", "auc": scores.mean(), "spread": scores.std(), "strength": None})
pd.DataFrame(runs).drop(columns="strength").round(4)

# %%
best = max(runs, key=lambda run: run["auc"])
bar = best["auc"] - best["spread"] / np.sqrt(folds.n_splits)
candidate = next(run for run in runs if run["strength"] and run["auc"] >= bar)  # the runs go from simple to complex
best["run"], round(bar, 4), candidate["run"]

# %% [markdown]
# ## The cut
#
# Out-of-fold scores of the development part choose it: at most 2% of the malignant masses may fall below.

# %%
model = logistic(candidate["strength"])
folded = cross_val_predict(model, X, truth, cv=folds, method="predict_proba")[:, 1]
threshold = float(np.floor(np.quantile(folded[truth == 1], 0.02) * 1000) / 1000)
folded_sensitivity = float((folded[truth == 1] >= threshold).mean())
folded_specificity = float((folded[truth == 0] < threshold).mean())
threshold, round(folded_sensitivity, 4), round(folded_specificity, 4)

# %%
scaler, line = model.fit(X, truth)
weights = pd.Series(line.coef_[0], index=X.columns)
content = {
    "version": VERSION,
    "features": config["features"],
    "center": scaler.mean_.round(8).tolist(),
    "scale": scaler.scale_.round(8).tolist(),
    "weight": line.coef_[0].round(8).tolist(),
    "intercept": round(float(line.intercept_[0]), 8),
    "threshold": threshold,
    "calibration": {},
}
with open(MODEL, "w", encoding="utf-8") as file:
    json.dump(content, file, indent=1)
weights.abs().sort_values(ascending=False).head(5).round(3)

# %%
facts = {
    "baseline": round(baseline, 4),
    "candidate": candidate["run"],
    "strength": candidate["strength"],
    "auc": round(candidate["auc"], 4),
    "spread": round(candidate["spread"], 4),
    "best": best["run"],
    "best_auc": round(best["auc"], 4),
    "bar": round(float(bar), 4),
    "threshold": threshold,
    "sensitivity": round(folded_sensitivity, 4),
    "specificity": round(folded_specificity, 4),
    "strongest": weights.abs().idxmax(),
    "features": X.shape[1],
    "runs": [
        {key: round(value, 4) if isinstance(value, float) else value for key, value in run.items()} for run in runs
    ],
}
print("facts: " + json.dumps(facts))
