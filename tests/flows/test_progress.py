"""Progress: the sync tells in one comment how far a ticket is that is worked on here, and says nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.core import sticky
from agenticops.errors import RemoteError
from agenticops.flows import progress
from agenticops.flows import publish as publishing
from agenticops.flows import ticket as tickets
from agenticops.flows.forge import applying
from tests import hub
from tests.forge import Forge, issues, routes
from tests.forge.calls import Answer, Call, Refused
from tests.hub import forge
from tests.insync import apply, plan, settled
from tests.stations import ITEM, SHAPE, TITLE, Board, must
from tests.support import commit_all, git, workspace, write

__all__ = ["forge"]

NUMBER = int(ITEM)


def linked(repo: Path, forge: Forge) -> Path:
    """Let a train's item have its issue, with nothing to be done."""
    forge.seed(NUMBER)
    forge.edit(NUMBER, title=TITLE, labels=["PRD", "next"])
    return repo


def comments(forge: Forge) -> list[str]:
    return [str(one["body"]) for one in forge.call("GET", f"REPO/issues/{NUMBER}/comments")]


def steps(repo: Path) -> list[str]:
    return [action.step for action in plan(repo).plan.actions]


def test_a_ticket_that_is_worked_on_is_told_of_once(at: Board, forge: Forge) -> None:
    repo = linked(at("tiny-working"), forge)
    apply(repo)
    (told,) = comments(forge)
    assert told.startswith(sticky.PROGRESS) and "- session: planner" in told
    before = len(forge.requests)
    settled(repo)
    plain = len(forge.requests) - before
    tickets.block(workspace(repo), SHAPE, "waits for @grace")
    assert steps(repo) == ["label", "edit", "comment"]
    apply(repo)
    (told,) = comments(forge)
    assert "- blocked: waits for @\u200bgrace" in told
    before = len(forge.requests)
    settled(repo)
    assert len(forge.requests) - before == plain


def test_the_comment_alone_changes_no_item(at: Board, forge: Forge) -> None:
    repo = linked(at("tiny-working"), forge)
    apply(repo)
    write(repo, f"tickets/{SHAPE}/checklist.md", "# Shape\n\n- [x] One\n\n- [ ] Two\n")
    found = apply(repo)
    assert [a.step for a in found.planned.plan.actions] == ["comment"] and found.done == 1
    assert "- 1 of 2 bullets ticked" in comments(forge)[0]
    settled(repo)


def test_what_is_worked_on_a_branch_is_told_by_that_branch(at: Board, forge: Forge, tmp_path: Path) -> None:
    repo = hub.in_review(at, forge, tmp_path / "bare")
    publishing.publish(workspace(repo), None)
    (told,) = comments(forge)
    git(repo, "switch", "--quiet", "main")
    apply(repo)
    assert comments(forge) == [told] and progress.told(workspace(repo), [workspace(repo).train.ticket(SHAPE)]) == {}


def test_the_sync_and_publish_keep_one_comment(at: Board, forge: Forge, tmp_path: Path) -> None:
    repo = hub.join(forge, at("tiny-working"), tmp_path / "bare")
    forge.edit(NUMBER, title=TITLE, labels=["PRD", "next"])
    apply(repo)
    commit_all(repo)
    git(repo, "push", "--quiet", "origin", "main")
    publishing.publish(workspace(repo), SHAPE)
    assert len(comments(forge)) == 1
    settled(repo)


def test_a_comment_whose_note_was_lost_is_not_written_again(at: Board, forge: Forge) -> None:
    repo = linked(at("tiny-working"), forge)
    apply(repo)
    git(repo, "clean", "-fdq", ".agenticops")
    git(repo, "checkout", "--quiet", ".")
    before = len([r for r in forge.writes if r.path.endswith("/comments") or "/comments/" in r.path])
    apply(repo)
    after = len([r for r in forge.writes if r.path.endswith("/comments") or "/comments/" in r.path])
    assert (before, after, len(comments(forge))) == (1, 1, 1)
    settled(repo)


def test_by_the_settings_there_is_none(at: Board, forge: Forge) -> None:
    repo = linked(at("tiny-working"), forge)
    write(repo, "config/forge.yml", "schema: 1\n\ncomments: false\n")
    assert applying.apply(workspace(repo)).whole
    assert comments(forge) == []
    settled(repo)


def test_a_plan_shows_it(at: Board, forge: Forge) -> None:
    repo = linked(at("tiny-working"), forge)
    assert f"#{NUMBER}: tell how far it is, in a comment" in must(repo, "github", "plan")


def test_where_the_conversation_is_locked_only_the_comment_waits(at: Board, forge: Forge) -> None:
    repo = linked(at("tiny-working"), forge)
    forge.repo.kept_out.add("ada")
    forge.call("PUT", f"REPO/issues/{NUMBER}/lock", {})
    found = apply(repo)
    assert list(found.skipped) == [ITEM] and comments(forge) == []
    assert found.skipped[ITEM].startswith("comment: ") and "locked" in found.skipped[ITEM]
    assert steps(repo) == ["comment"], "the labels of its phase are there"
    forge.call("DELETE", f"REPO/issues/{NUMBER}/lock")
    assert apply(repo).whole and len(comments(forge)) == 1
    settled(repo)


def test_a_token_that_may_not_comment_at_all_stops_it(at: Board, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = linked(at("tiny-working"), forge)

    def handler(call: Call) -> Answer:
        raise Refused(403, "Resource not accessible by personal access token")

    monkeypatch.setitem(routes.HANDLERS, ("POST", f"{issues.ISSUE}/comments"), handler)
    with pytest.raises(RemoteError, match="403"):
        apply(repo)
