# ruff: noqa
# mypy: ignore-errors
# This script becomes a notebook; what stands before the first mark is left out. Names in capitals are its parameters.

# %% [markdown]
# # Exploration of the prepared data
#
# Only the development part is looked at; the test part stays closed until validation.

# %% parameters

# %%
import json

import numpy as np
import pandas as pd

table = pd.read_csv(PREPARED)
development = table[table["part"] == "development"]
inputs = [name for name in development if name.startswith(("mean_", "worst_")) or name.endswith("_error")]
development.groupby("malignant")[["mean_radius", "mean_texture", "worst_concave_points"]].median().round(3)

# %% [markdown]
# ## Which input separates best, and which ones say the same?

# %%
from sklearn.metrics import roc_auc_score

alone = {name: roc_auc_score(development["malignant"], development[name]) for name in inputs}
ranking = pd.Series(alone).sort_values(ascending=False)
ranking.head(6).round(3)

# %%
relation = development[inputs].corr(method="spearman").abs()
upper = relation.where(np.triu(np.ones(relation.shape, dtype=bool), k=1)).stack().sort_values(ascending=False)
upper.head(6).round(3)

# %% [markdown]
# ## Outliers
#
# Values beyond five interquartile ranges from the median.

# %%
middle = development[inputs].median()
width = development[inputs].quantile(0.75) - development[inputs].quantile(0.25)
far = ((development[inputs] - middle).abs() > 5 * width).sum().sort_values(ascending=False)
far[far > 0].head(6)

# %%
low, high = (round(float(edge), 2) for edge in development["mean_radius"].quantile([1 / 3, 2 / 3]))
band = pd.cut(development["mean_radius"], [0, low, high, np.inf], labels=["small", "middle", "large"])
share = development.groupby(band, observed=True)["malignant"].mean().round(4)
share

# %%
facts = {
    "rows": len(development),
    "malignant": int(development["malignant"].sum()),
    "share": round(float(development["malignant"].mean()), 4),
    "best_input": ranking.index[0],
    "best_auc": round(float(ranking.iloc[0]), 4),
    "second_input": ranking.index[1],
    "second_auc": round(float(ranking.iloc[1]), 4),
    "weakest_input": ranking.sub(0.5).abs().idxmin(),
    "weakest_auc": round(float(ranking[ranking.sub(0.5).abs().idxmin()]), 4),
    "pairs_above_95": int((upper > 0.95).sum()),
    "closest_pair": " and ".join(upper.index[0]),
    "closest": round(float(upper.iloc[0]), 4),
    "far_values": int(far.sum()),
    "far_input": far.index[0],
    "edges": [low, high],
    "small_share": float(share["small"]),
    "middle_share": float(share["middle"]),
    "large_share": float(share["large"]),
}
print("facts: " + json.dumps(facts))
