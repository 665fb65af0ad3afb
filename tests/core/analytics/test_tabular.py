"""Rows for programs."""

from __future__ import annotations

import csv
import io
import sys

import pytest
from pyarrow import parquet

from agenticops.core.analytics import tabular
from agenticops.core.analytics.rows import Expected, Lost, Outcome, Page, Took
from agenticops.errors import TrainError

ROWS = [Took("workflows", "", "=SUM(A1)", 2, 1 / 3, None, 4.0), Took("workflows", "", "b", 0)]


def test_csv_holds_no_formula_and_rounds() -> None:
    assert tabular.as_csv(ROWS) == (
        "of,template,group,n,median,p85,longest\nworkflows,,'=SUM(A1),2,0.333333,,4.0\nworkflows,,b,0,,,\n"
    )
    assert tabular.as_csv([]) == "\n"


def test_parquet_gives_back_what_went_in() -> None:
    table = parquet.read_table(io.BytesIO(tabular.as_parquet(ROWS)))
    assert table.column("group").to_pylist() == ["=SUM(A1)", "b"]
    assert table.column("median").to_pylist() == [0.333333, None]
    assert parquet.read_table(io.BytesIO(tabular.as_parquet([]))).num_rows == 0


def test_numbers_below_nothing_stay_numbers() -> None:
    row = Expected("workflows", "", "", "w1", "-1", -1.5, None, None, "", "", None, "")
    assert tabular.as_csv([row]).splitlines()[1].startswith("workflows,,,w1,'-1,-1.5,")


def page(bottleneck: Lost | None) -> Page:
    took, good = Took("workflows", "", "", 0), Outcome("workflows", "", "", 0, 0, 0, None, 0.0, 1.0)
    return Page("workflows", 0, 0.0, None, None, 0, None, took, took, good, bottleneck)


def test_columns_are_those_of_the_report_whatever_is_known() -> None:
    lost = Lost("workflows", "", "a", 1.0, 1.0, 1, None, None, 0, 0.0, 0.0)
    read = [parquet.read_table(io.BytesIO(tabular.as_parquet([page(row)]))).schema for row in (None, lost)]
    assert read[0] == read[1]
    kinds = {name: str(read[0].field(name).type) for name in ("of", "value", "needs", "oldest", "bottleneck_share")}
    assert kinds == {
        "of": "string",
        "value": "double",
        "needs": "int64",
        "oldest": "double",
        "bottleneck_share": "double",
    }
    assert "bottleneck" not in read[0].names and "bottleneck_of" not in read[0].names


def test_a_line_end_in_a_name_begins_no_row() -> None:
    for name in ("a\r=1+1", "a\n=1+1", "a\r\n=1+1"):
        text = tabular.as_csv([Took("workflows", "", name, 1)])
        assert [row[2] for row in csv.reader(io.StringIO(text, newline=""))] == ["group", "a\n=1+1"]
        assert '"a\n=1+1"' in text


def test_a_missing_library_is_named_with_the_way_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(TrainError, match="pyarrow") as error:
        tabular.as_parquet(ROWS)
    assert error.value.hint == "pip install 'agenticops[parquet]'"
