"""`report` at the terminal: each report, each form."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from pyarrow import parquet

from tests.flows.analysis.histories import NOW, History, train, workflows
from tests.support import cli, new_repo, some

REPORTS = ("flow", "cycle-time", "lead-time", "throughput", "success", "wip", "bottlenecks", "forecast")


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AGENTICOPS_NOW", str(NOW))
    repo = new_repo(tmp_path / "repo", "--initial-branch=main")
    history = History()
    workflows(history)
    train(history, repo)
    history.save(repo)
    return repo


def said(repo: Path, *arguments: str) -> str:
    code, out, err = cli(repo, "report", *arguments)
    assert (code, err) == (0, "")
    return out


def test_tables_are_short_and_say_what_is_next(repo: Path) -> None:
    assert said(repo, "flow").splitlines() == [
        "workflows",
        "  throughput  4 ended       0.9 a week lately",
        "  under way   1             the oldest for 22.0 d where it stands",
        "  cycle time  4.0 d         median · 85 % within 8.2 d · longest 10.0 d",
        "  lead time   6.0 d         median · 85 % within 9.5 d · longest 11.0 d",
        "  success     50%           of 4; truly 15%–85%",
        "  bottleneck  HS work  86% of all waiting · 1 there now · a visit 7.0 d",
        "",
        "tickets",
        "  throughput  2 ended       0.5 a week lately · value 400 · 2 needs met",
        "  under way   1             the oldest for 18.0 d where it stands",
        "  cycle time  6.0 d         median · 85 % within 6.0 d · longest 6.0 d",
        "  lead time   9.0 d         median · 85 % within 9.0 d · longest 9.0 d",
        "  success     50%           of 2; truly 9%–91%",
        "  bottleneck  build  78% of all waiting · 1 there now · a visit 5.0 d",
        "  next  agenticops report bottlenecks",
    ]
    assert said(repo, "cycle-time", "--of", "workflows", "--by", "state").splitlines() == [
        "cycle time  workflows",
        "           ended  median   85 %  longest",
        "  HS work      2   7.0 d  9.1 d   10.0 d",
        "  HS lead      5   1.0 d  2.0 d    2.0 d",
        "  next  agenticops report bottlenecks",
    ]


@pytest.mark.parametrize("report", REPORTS)
def test_each_report_in_json_csv_and_parquet(repo: Path, tmp_path: Path, report: str) -> None:
    found = json.loads(said(repo, report, "--json"))
    assert (found["schema"], found["kind"], found["data"]["report"]) == (1, "report", report)
    rows = found["data"]["rows"]
    assert {row["of"] for row in rows} == {"workflows", "tickets"}
    table = list(csv.DictReader(io.StringIO(said(repo, report, "--csv"))))
    assert [row["of"] for row in table] == [row["of"] for row in rows]
    file = tmp_path / f"{report}.parquet"
    assert f"wrote {file}" in said(repo, report, "--parquet", str(file))
    read = parquet.read_table(file)
    assert read.num_rows == len(rows) and set(read.column_names) == set(table[0])


@pytest.mark.parametrize("report", some(("flow", "throughput", "wip", "success"), 2))
def test_pictures_are_the_same_again(repo: Path, tmp_path: Path, report: str) -> None:
    first, second = tmp_path / "1.svg", tmp_path / "2.svg"
    said(repo, report, "--plot", str(first))
    said(repo, report, "--plot", str(second))
    assert first.read_bytes() == second.read_bytes()
    assert "tickets" in " ".join(ElementTree.fromstring(first.read_bytes()).itertext())


def test_mermaid(repo: Path) -> None:
    assert '|"3 · 1.0 d"|' in said(repo, "flow", "--mermaid")
    assert "bar [2, 1, 1, 0]" in said(repo, "throughput", "--of", "workflows", "--mermaid")


def test_a_file_that_is_there_is_left_alone(repo: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.svg"
    file.write_text("mine")
    link = tmp_path / "link.svg"
    link.symlink_to("nowhere")
    for path in (file, link):
        code, out, err = cli(repo, "report", "wip", "--plot", str(path))
        assert (code, out) == (2, "") and "there already" in err and "next  name another" in err
    assert file.read_text() == "mine" and not (tmp_path / "nowhere").exists()
    code, _, err = cli(repo, "report", "wip", "--plot", str(tmp_path / "none" / "a.svg"))
    assert code == 1 and "cannot write" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["wip", "--plot", "a.pdf"], "has to end in .svg or .png"),
        (["wip", "--parquet", "a.csv"], "has to end in .parquet"),
        (["wip", "--json", "--csv"], "do not go together"),
        (["forecast", "--limit", "0"], "for programs"),
        (["forecast", "--id", "nobody"], "not under way"),
        (["throughput", "--value", "amount"], "names no field"),
        (["flow", "--since", "soon"], "is no time"),
        (["success", "--template", "HX"], "nothing ever went by"),
    ],
)
def test_a_slip_is_answered_with_the_way(repo: Path, arguments: list[str], words: str) -> None:
    code, out, err = cli(repo, "report", *arguments)
    assert (code, out) == (2, "") and words in err and "next" in err


@pytest.mark.parametrize("report", REPORTS)
def test_an_empty_train_has_nothing_to_report(tmp_path: Path, report: str) -> None:
    repo = new_repo(tmp_path / "empty", "--initial-branch=main")
    out = said(repo, report)
    assert "noth" in out and "next  agenticops" in out
    assert json.loads(said(repo, report, "--json"))["data"]["rows"] == []
    code, _, err = cli(repo, "report", report, "--plot", str(tmp_path / "a.svg"))
    assert code == 1 and "nothing to draw" in err
    assert not (tmp_path / "a.svg").exists()


def test_values_are_shown_where_they_were_declared(repo: Path) -> None:
    out = said(repo, "throughput", "--of", "workflows", "--value", "invoice.amount", "--per", "month")
    assert out.splitlines()[2].split()[:4] == ["2026-01-01", "4", "2", "150"]
    assert "value" not in said(repo, "throughput", "--of", "workflows")


def test_a_spreadsheet_obeys_no_name(repo: Path) -> None:
    assert "'=Bath" in said(repo, "forecast", "--csv")


def test_a_picture_holds_no_more_than_was_asked_for(repo: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.svg"
    said(repo, "cycle-time", "--of", "workflows", "--by", "state", "--limit", "1", "--plot", str(file))
    words = " ".join(ElementTree.fromstring(file.read_bytes()).itertext())
    assert "HS · work" in words and "HS · lead" not in words and "1 of 2" in words


def test_a_state_has_one_name_in_all_forms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTICOPS_NOW", str(NOW))
    repo = new_repo(tmp_path / "seed", "--initial-branch=main")
    history = History()
    history.travel("w1", "HS_STD", ("0", 1), ("1", 3))
    history.save(repo)
    (page,) = json.loads(said(repo, "flow", "--json"))["data"]["rows"]
    (worst, _) = json.loads(said(repo, "bottlenecks", "--json"))["data"]["rows"]
    assert page["bottleneck"] == worst and not worst["group"].isdecimal()


def test_an_empty_train_has_no_bars(tmp_path: Path) -> None:
    code, out, err = cli(new_repo(tmp_path / "empty", "--initial-branch=main"), "report", "throughput", "--mermaid")
    assert (code, out) == (1, "") and "nothing to draw" in err
