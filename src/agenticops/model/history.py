"""History: how one path differs between two trees. A blob is named by its id, so equal contents are equal names."""

from __future__ import annotations

from typing import NamedTuple

# Stands before the id of what is no regular file: a link, or another repository's commit.
ODD = "!"


class Change(NamedTuple):
    """The blobs of one path before and after; "" where there is none."""

    old: str
    new: str


Changes = dict[str, Change]
