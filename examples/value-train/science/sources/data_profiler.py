# ruff: noqa
# mypy: ignore-errors
# This script becomes a notebook; what stands before the first mark is left out. Names in capitals are its parameters.

# %% [markdown]
# # Data profiler
#
# A first look at a cleared sample: size, gaps, duplicates, label frequency, and whether the target can be learned at all.

# %% parameters

# %%
import json

import pandas as pd

sample = pd.read_csv(SAMPLE)
inputs = sample.drop(columns=["record", TARGET])
sample.head(3)

# %% [markdown]
# ## Size, gaps and duplicates

# %%
pd.DataFrame(
    {
        "gaps": inputs.isna().sum(),
        "distinct": inputs.nunique(),
        "least": inputs.min(),
        "median": inputs.median(),
        "greatest": inputs.max(),
    }
).round(3)

# %%
labels = sample[TARGET].value_counts().sort_index()
labels

# %% [markdown]
# ## Can the target be learned?
#
# One input alone, cut at its best place, against always answering with the most frequent label.

# %%
from sklearn.model_selection import cross_val_score
from sklearn.tree import DecisionTreeClassifier

leaves = 2 if labels.size == 2 else labels.size + 1
alone = {
    name: cross_val_score(
        DecisionTreeClassifier(max_leaf_nodes=leaves, random_state=0), inputs[[name]], sample[TARGET]
    ).mean()
    for name in inputs
}
ranking = pd.Series(alone).sort_values(ascending=False)
ranking.head(5).round(3)

# %%
facts = {
    "rows": len(sample),
    "inputs": inputs.shape[1],
    "gaps": int(inputs.isna().sum().sum()),
    "duplicates": int(inputs.duplicated().sum()),
    "majority": round(float(labels.max() / labels.sum()), 4),
    "classes": int(labels.size),
    "rarest": int(labels.min()),
    "best_input": ranking.index[0],
    "best_alone": round(float(ranking.iloc[0]), 4),
    "second_input": ranking.index[1],
}
print("facts: " + json.dumps(facts))
