"""Rows for programs."""

from __future__ import annotations

import io

from pyarrow import parquet

from agenticops.core.analytics import tabular
from agenticops.core.analytics.rows import Expected, Took

ROWS = [Took("workflows", "", "=SUM(A1)", 2, 1 / 3, None, 4.0), Took("workflows", "", "b", 0)]


def test_csv_holds_no_formula_and_rounds() -> None:
    assert tabular.as_csv(tabular.flat(ROWS)) == (
        "of,template,group,n,median,p85,longest\nworkflows,,'=SUM(A1),2,0.333333,,4.0\nworkflows,,b,0,,,\n"
    )
    assert tabular.as_csv([]) == "\n"


def test_parquet_gives_back_what_went_in() -> None:
    table = parquet.read_table(io.BytesIO(tabular.as_parquet(tabular.flat(ROWS))))
    assert table.column("group").to_pylist() == ["=SUM(A1)", "b"]
    assert table.column("median").to_pylist() == [0.333333, None]
    assert parquet.read_table(io.BytesIO(tabular.as_parquet([]))).num_rows == 0


def test_numbers_below_nothing_stay_numbers() -> None:
    row = Expected("workflows", "", "", "w1", "-1", -1.5, None, None, "", "", None, "")
    assert tabular.as_csv(tabular.flat([row])).splitlines()[1].startswith("workflows,,,w1,'-1,-1.5,")
