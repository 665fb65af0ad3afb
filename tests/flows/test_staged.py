"""Judging what is staged: only what differs from HEAD, and the same findings as where all is looked at."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from agenticops.errors import StateError
from agenticops.flows import judge, staged
from agenticops.model.layout import EVENTS
from agenticops.store import index as indexes
from agenticops.workspace import Workspace
from tests.stations import ITEM, SHAPE, Board, must
from tests.support import commit_all, git, new_repo, write


def found(repo: Path, base: str = "") -> list[tuple[str, str]]:
    verdict = staged.judge(Workspace(str(repo)), base)
    return [(f.code, f.path) for f in verdict.findings]


def edit(repo: Path, path: str, old: str, new: str) -> None:
    file = repo / path
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_only_what_is_staged_is_judged(at: Board) -> None:
    repo = at("tiny-ready")
    edit(repo, f"tickets/{SHAPE}/ticket.yml", "status: in_progress", "status: done")
    git(repo, "commit", "--quiet", "-am", "Cheat, past every hook")
    write(repo, "code.py", "print()\n")
    git(repo, "add", "code.py")
    assert found(repo) == [], "what HEAD holds was judged when it came"
    edit(repo, f"tickets/{SHAPE}/checklist.md", "# Plan", "# The plan")
    assert found(repo) == [], "what is not staged is not judged"
    git(repo, "add", "-A")
    assert found(repo)[0][0] == "VT305"
    assert [f.code for f in judge.tree(Workspace(str(repo)), "HEAD").findings][:1] == ["VT305"]


def test_what_the_working_tree_holds_is_not_taken_for_it(at: Board) -> None:
    repo = at("tiny-ready")
    edit(repo, f"tickets/{SHAPE}/ticket.yml", "status: in_progress", "status: done")
    git(repo, "add", "-A")
    edit(repo, f"tickets/{SHAPE}/ticket.yml", "status: done", "status: in_progress")
    assert found(repo) == [("VT332", f"tickets/{SHAPE}/ticket.yml")], "the file here is as the log says"


def test_at_the_very_beginning(repo: Path) -> None:
    must(repo, "init", "--train", "software")
    with pytest.raises(StateError, match="no train yet"):
        found(repo)
    git(repo, "add", "-A")
    assert found(repo) == []
    must(repo, "work", "new", "--title", "Pump", "--issue", "7", "--start")
    git(repo, "add", "tickets", "docs")
    assert {c for c, _ in found(repo)} == {"VT311"}


def test_a_pipeline_that_changed_judges_every_ticket(at: Board) -> None:
    repo = at("tiny-ready")
    edit(repo, "config/pipeline.yml", "  shape:\n    mode: plan", "  shaped:\n    mode: plan")
    edit(repo, "config/pipeline.yml", "start: shape", "start: shaped")
    edit(repo, "config/pipeline.yml", "next: [shape, ship]", "next: [shaped, ship]")
    git(repo, "add", "-A")
    assert ("VT301", f"tickets/{SHAPE}/ticket.yml") in found(repo)
    git(repo, "rm", "--quiet", "--force", "config/pipeline.yml")
    with pytest.raises(StateError, match="no pipeline"):
        found(repo)


def test_a_template_that_goes_is_missed_by_the_pipeline(at: Board) -> None:
    repo = at("tiny")
    git(repo, "rm", "--quiet", "docs/rules/checklists/plan-checklist.md")
    assert [path for _, path in found(repo)], "the lint names it"


def test_what_is_deleted_is_found(at: Board) -> None:
    repo = at("tiny-ready")
    shutil.rmtree(repo / f"tickets/{SHAPE}")
    git(repo, "add", "-A")
    assert ("VT313", f"tickets/{SHAPE}") in found(repo)
    git(repo, "reset", "--quiet", "--hard")
    git(repo, "rm", "--quiet", "docs/work/142.md")
    assert {c for c, _ in found(repo)} == {"VT309"}


def test_a_broken_document_a_broken_shard_and_an_unfinished_merge(at: Board) -> None:
    repo = at("tiny-ready")
    write(repo, "docs/work/142.md", "---\nid: [\n---\n")
    git(repo, "add", "-A")
    assert found(repo) == [("VT304", "docs/work/142.md")]
    git(repo, "reset", "--quiet", "--hard")
    shard = write(repo, f"{EVENTS}/2026/01/01aaaaaaaaaaaaaaaaaaaaaaaa.jsonl", "{")
    git(repo, "add", "-A")
    assert ("VT304", str(shard.relative_to(repo))) in found(repo)
    git(repo, "reset", "--quiet", "--hard")
    for branch in ("one", "two"):
        git(repo, "switch", "--quiet", "-c", branch, "main")
        edit(repo, f"tickets/{SHAPE}/ticket.yml", "operator:", f"operator: {branch} #")
        commit_all(repo)
    git(repo, "merge", "one", check=False)
    assert "VT304" in {c for c, _ in found(repo)}


def planned(repo: Path) -> None:
    """Commit a PRD 7 with the CRD 8 below it and the Task 9 below that, and the PRD 10; of 11 a Task without parent."""
    for number, kind, above in ((7, "PRD", 0), (8, "CRD", 7), (9, "Task", 8), (10, "PRD", 0), (11, "Task", 0)):
        parent = ("--parent", str(above)) if above else ()
        must(repo, "work", "new", "--kind", kind, "--title", f"Item {number}", "--issue", str(number), *parent)
    commit_all(repo)


def test_the_tree_of_items_is_judged_where_the_commit_changes_it(at: Board) -> None:
    repo = at("tiny")
    planned(repo)
    must(repo, "work", "edit", "7", "--title", "A new title")
    git(repo, "add", "-A")
    assert found(repo) == [], "the Task without a parent was there before"
    must(repo, "work", "new", "--kind", "Task", "--title", "One more", "--issue", "12")
    git(repo, "add", "-A")
    assert found(repo) == [("VT487", "docs/work/12.md")]
    edit(repo, "docs/work/8.md", "depends: []", 'depends:\n  - "9"')
    edit(repo, "docs/work/9.md", "depends: []", 'depends:\n  - "8"')
    git(repo, "add", "docs/work/8.md")
    assert found(repo) == [("VT487", "docs/work/12.md")], "the circle closes in the working tree only"
    git(repo, "add", "-A")
    assert found(repo) == [("VT485", "docs/work/8.md"), ("VT487", "docs/work/12.md")]
    git(repo, "commit", "--quiet", "--no-verify", "-m", "A circle, past every hook")
    must(repo, "work", "edit", "10", "--priority", "future")
    git(repo, "add", "-A")
    assert found(repo) == [], "it is not this commit's"


def test_what_stood_below_an_item_that_goes_is_found(at: Board) -> None:
    repo = at("tiny")
    planned(repo)
    git(repo, "rm", "--quiet", "--cached", "docs/work/8.md")
    assert ("VT486", "docs/work/9.md") in found(repo)


def test_the_flow_is_judged_where_the_commit_has_a_part_in_it(at: Board) -> None:
    repo = at("tiny")
    planned(repo)
    for name in ("7", "10"):
        must(repo, "work", "edit", name, "--priority", "now")
        git(repo, "add", "-A")
        assert found(repo) == ([("VT480", "docs/work/10.md")] if name == "10" else [])
    must(repo, "work", "edit", "10", "--priority", "next")
    assert found(repo) == [("VT480", "docs/work/10.md")], "what is staged counts, not the file"
    write(repo, "config/forge.yml", "schema: 1\n\nexceptions: [VT480]\n")
    git(repo, "add", "config")
    assert found(repo) == []
    git(repo, "commit", "--quiet", "--no-verify", "-m", "Two at once")
    must(repo, "work", "edit", "8", "--title", "Other")
    write(repo, "config/forge.yml", "schema: 1\n")
    git(repo, "add", "docs/work/8.md", ".agenticops")
    assert found(repo) == []
    git(repo, "add", "config")
    assert found(repo) == [("VT480", "docs/work/10.md")], "other settings concern all that flow"


def test_rules_of_triage_and_settings_are_judged_when_config_changes(at: Board) -> None:
    repo = at("tiny")
    planned(repo)
    write(repo, "config/triage.yml", "schema: 1\n\nrules:\n\n  - name: a\n    when: {words: [x]}\n    phase: launch\n")
    write(repo, "config/forge.yml", "schema: 1\n\nboard: x\n")
    git(repo, "add", "config")
    verdict = staged.judge(Workspace(str(repo)))
    assert [(f.code, f.place) for f in verdict.findings] == [
        ("VT301", "config/triage.yml:7"),
        ("VT304", "config/forge.yml:3"),
    ]
    git(repo, "commit", "--quiet", "--no-verify", "-m", "Wrong, past every hook")
    must(repo, "work", "edit", "7", "--title", "A new title")
    git(repo, "add", "-A")
    assert found(repo) == []


def test_items_that_were_read_are_not_read_again(at: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = at("tiny")
    planned(repo)
    must(repo, "work", "edit", "9", "--title", "Other")
    git(repo, "add", "-A")
    assert found(repo) == []
    train = Workspace(str(repo)).staged_train("docs/work")
    read: list[str] = []
    monkeypatch.setattr(train.stage, "content", read.append)
    assert {i.id: i.title for i in train.items()} == {i.id: i.title for i in Workspace(str(repo)).train.items()}
    assert read == []
    must(repo, "work", "edit", "9", "--title", "Once more")
    git(repo, "add", "-A")
    fresh = Workspace(str(repo)).staged_train("docs/work")
    assert next(i.title for i in fresh.items() if i.id == "9") == "Once more"


def test_a_phase_branch_keeps_to_its_ticket_and_large_files_stay_out(at: Board) -> None:
    repo = at("tiny-ready")
    git(repo, "switch", "--quiet", "-c", "phase/build_142")
    edit(repo, f"tickets/{SHAPE}/checklist.md", "# Plan", "# The plan")
    write(repo, "data.bin", b"x" * 5_100_000)
    git(repo, "add", "-A")
    assert {c for c, _ in found(repo)} == {"VT806", "VT807"}


def test_a_merge_is_judged_from_both_sides(at: Board) -> None:
    repo = at("tiny-ready")
    git(repo, "switch", "--quiet", "-c", "phase/build_142")
    write(repo, "a.txt", "a")
    commit_all(repo)
    git(repo, "switch", "--quiet", "main")
    edit(repo, f"tickets/{SHAPE}/checklist.md", "# Plan", "# The plan")
    commit_all(repo)
    git(repo, "switch", "--quiet", "phase/build_142")
    git(repo, "merge", "--quiet", "--no-commit", "--no-ff", "main")
    assert found(repo) == [], "what the other side changed is no change of this one"


def test_the_log_is_what_is_staged_however_old_the_index_is(at: Board) -> None:
    repo = at("tiny-working")
    Workspace(str(repo)).index.close()
    must(repo, "checklist", "tick", "1")
    git(repo, "add", "-A")
    shutil.copytree(repo / ".git/agenticops", repo / ".git/known")
    for state in ("fresh", "old", "none"):
        shutil.rmtree(repo / ".git/agenticops")
        if state == "fresh":
            shutil.copytree(repo / ".git/known", repo / ".git/agenticops")
        assert found(repo) == [], state
    (shard,) = git(repo, "diff", "--cached", "--name-only", "--", EVENTS).split()
    git(repo, "rm", "--quiet", "--cached", shard)
    assert found(repo) == [("VT332", f"tickets/{SHAPE}/checklist.md")]


def test_a_shard_with_another_content_is_read_from_git(at: Board) -> None:
    repo = at("tiny-working")
    must(repo, "checklist", "tick", "1")
    git(repo, "add", "-A")
    (name,) = git(repo, "diff", "--cached", "--name-only", "--", EVENTS).split()
    kept = (repo / name).read_bytes()
    (repo / name).write_bytes(b"")
    assert Workspace(str(repo)).index.value("SELECT COUNT(*) FROM event WHERE kind = 'bullet_ticked'") == 0
    assert found(repo) == []
    (repo / name).write_bytes(kept)


def test_many_shards_fill_the_index_first(at: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = at("tiny-ready")
    shutil.rmtree(repo / ".git/agenticops")
    monkeypatch.setattr("agenticops.workspace.FEW", 0)
    edit(repo, f"tickets/{SHAPE}/checklist.md", "# Plan", "# The plan")
    git(repo, "add", "-A")
    assert found(repo) == []
    index = indexes.Index(str(repo / ".git/agenticops"), str(repo), lambda: "")
    shards = git(repo, "ls-files", "--stage", "--", EVENTS).splitlines()
    assert dict(index.rows("SELECT path, blob FROM shard")) == {r.split("\t")[1]: r.split()[1] for r in shards}


def test_the_index_that_git_names_is_the_one(at: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = at("tiny-ready")
    other = shutil.copy(repo / ".git/index", repo / ".git/other")
    edit(repo, f"tickets/{SHAPE}/ticket.yml", "status: in_progress", "status: done")
    git(repo, "add", "-A")
    assert {c for c, _ in found(repo)} == {"VT305"}
    monkeypatch.setenv("GIT_INDEX_FILE", os.fspath(other))
    assert found(repo) == []


def test_an_event_that_only_moves_touches_no_ticket(at: Board) -> None:
    repo = at("tiny-ready")
    old = sorted((repo / EVENTS).rglob("*.jsonl"))
    assert len(old) > 1
    together = b"".join(p.read_bytes() for p in old)
    for path in old[1:]:
        path.unlink()
    old[0].write_bytes(together)
    git(repo, "add", "-A")
    verdict = staged.judge(Workspace(str(repo)))
    assert (verdict.findings, verdict.checks) == ((), 1)


def test_against_an_earlier_base(at: Board) -> None:
    repo = at("tiny-ready")
    edit(repo, f"tickets/{SHAPE}/ticket.yml", "status: in_progress", "status: done")
    git(repo, "commit", "--quiet", "-am", "Cheat, past every hook")
    assert found(repo) == []
    assert {c for c, _ in found(repo, "HEAD~1")} == {"VT305"}


def test_a_repository_of_the_longer_ids(tmp_path: Path) -> None:
    repo = new_repo(tmp_path / "long", "--object-format=sha256")
    must(repo, "init", "--train", "software")
    must(repo, "work", "new", "--title", "Pump", "--issue", "7", "--start")
    git(repo, "add", "-A")
    assert found(repo) == []
    edit(repo, "tickets/requirements_7/ticket.yml", "status: todo", "status: done")
    git(repo, "add", "-A")
    assert {c for c, _ in found(repo)} == {"VT305"}


def test_risks_and_other_reasons_are_judged_when_they_are_staged(at: Board) -> None:
    repo = at("tiny-ready")
    must(repo, "risk", "new", "--title", "Labels drift", "--item", ITEM)
    git(repo, "add", "-A")
    assert found(repo) == []
    path = next((repo / "docs/risks").iterdir()).relative_to(repo).as_posix()
    edit(repo, path, "status: open", "status: opn")
    git(repo, "add", "-A")
    assert found(repo) == [("VT901", path)]
    edit(repo, path, "status: opn", "status: open")
    edit(repo, path, f'"{ITEM}"', '"999"')
    git(repo, "add", "-A")
    assert found(repo) == [("VT902", path)]
