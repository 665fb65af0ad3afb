"""Issues that were moved to another repository or deleted: nothing is lost here, none is made twice, and it is said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agenticops.flows import ticket as tickets
from agenticops.flows import work
from agenticops.flows.forge import applying
from agenticops.model.forge import Action
from tests import insync
from tests.forge import Forge, graphql
from tests.forge.calls import Answer
from tests.insync import add, apply, forge, item, made, plan, settled
from tests.stations import must, refused
from tests.support import run_cli, some, workspace, write

__all__ = ["forge"]

# What became of an issue, and what is said of it.
WAYS = {
    "moved": r"was moved to https://\S+/acme/other/issues/1$",
    "deleted": "was deleted$",
    "unseen": "the token may not see it$",
}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return insync.tiny(tmp_path / "repo")


@pytest.fixture
def family(repo: Path, forge: Forge) -> tuple[str, str]:
    """A PRD, issue 1, and a CRD below it that waits for it, issue 2; both in step."""
    above = add(repo, "Refills", start=True, body="Before the box is empty.")
    below = add(repo, "Ask", kind="CRD", parent=above, depends=(above,))
    assert apply(repo).whole and made(forge) == {above: 1, below: 2}
    settled(repo)  # and what was read is kept: from now on only what changed since is asked for
    return above, below


def lose(forge: Forge, way: str) -> None:
    """Let issue 1 be gone."""
    if way == "moved":
        forge.move(1, "acme/other")
    elif way == "deleted":
        forge.delete(1)
    else:  # as what was moved to where the token may not look
        forge.move(1, "acme/other")
        forge.repo.moved.clear()


def unlink(repo: Path, name: str) -> None:
    """Take the number out of a document by hand, as the finding says."""
    rows = (repo / item(repo, name).path).read_text().splitlines(keepends=True)
    write(repo, item(repo, name).path, "".join(row for row in rows if not row.startswith("issue:")))


def related(repo: Path, below: str, above: str) -> None:
    """The CRD stands below the PRD and waits for it, on both sides."""
    assert (item(repo, below).parent, item(repo, below).depends) == (above, (above,))
    there = {issue.number: issue for issue in plan(repo, whole=True).remote.issues}[2]
    number = item(repo, above).issue
    assert (there.parent, there.blocked_by) == (number, (number,))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("api", some(("GraphQL follows", "GraphQL", "REST"), 2))
def test_it_is_said_and_nothing_is_lost_or_made(
    repo: Path, forge: Forge, family: tuple[str, str], monkeypatch: pytest.MonkeyPatch, way: str, api: str
) -> None:
    before = (repo / item(repo, family[0]).path).read_bytes()
    forge.state.graph_follows = api == "GraphQL follows"
    if api == "REST":
        monkeypatch.setattr(graphql, "answer", lambda *_: Answer(200, {"errors": [{"message": "No."}]}))
    lose(forge, way)
    (found,) = plan(repo).plan.findings
    assert found.code == "VT489" and found.message.startswith(f"issue #1 of {family[0]} ")
    assert re.search(WAYS[way], found.message), found.message
    for _ in range(2):
        applied = apply(repo)
        assert (applied.whole, applied.done, applied.skipped) == (False, 0, {})
    work.edit(workspace(repo), family[1], {"milestone": "Spring"})
    assert apply(repo).done == 2 and forge.issue(2).milestone, "the others go on"
    work.edit(workspace(repo), family[1], {"milestone": ""})
    apply(repo)
    assert (repo / item(repo, family[0]).path).read_bytes() == before
    assert (item(repo, family[1]).parent, item(repo, family[1]).depends) == (family[0], (family[0],))
    assert list(forge.repo.issues) == [2]


@pytest.mark.parametrize("way", WAYS)
def test_what_goes_while_a_plan_is_done_waits_for_the_next(
    repo: Path, forge: Forge, family: tuple[str, str], way: str
) -> None:
    for name in family:
        work.edit(workspace(repo), name, {"title": f"New {name}"})

    def goes(at: int, count: int, action: Action) -> None:
        if at == 0:
            lose(forge, way)

    found = applying.apply(workspace(repo), told=goes)
    assert family[0] in found.skipped and not found.done
    again = apply(repo)
    assert [f.code for f in again.planned.plan.findings] == ["VT489"] and again.done == 1
    assert item(repo, family[0]).title == f"New {family[0]}" and forge.issue(2).title == f"New {family[1]}"
    assert item(repo, family[1]).parent == family[0] and list(forge.repo.issues) == [2]


def test_what_is_still_there_and_was_parted_is_parted_here(repo: Path, forge: Forge, family: tuple[str, str]) -> None:
    forge.call("DELETE", "REPO/issues/1/sub_issue", {"sub_issue_id": forge.issue(2).id})
    assert apply(repo).whole
    assert (item(repo, family[1]).parent, item(repo, family[1]).depends) == ("", (family[0],))


@pytest.mark.parametrize("noted", [True, False])
def test_another_issue_can_take_its_place(repo: Path, forge: Forge, family: tuple[str, str], noted: bool) -> None:
    forge.move(1, "acme/other")
    if noted:
        apply(repo)
    number = forge.create("Refills", body="Before the box is empty.", labels=["PRD", "next"])
    work.edit(workspace(repo), family[0], {"issue": number})
    assert apply(repo).whole
    related(repo, family[1], family[0])
    settled(repo)
    assert number == 3 and list(forge.repo.issues) == [2, 3]


def test_the_old_issue_may_still_be_there(repo: Path, forge: Forge, family: tuple[str, str]) -> None:
    number = forge.create("Refills", body="Before the box is empty.", labels=["PRD", "next"])
    work.edit(workspace(repo), family[0], {"issue": number})
    assert apply(repo).whole
    assert item(repo, family[1]).parent == family[0] and forge.issue(2).parent == number
    assert sorted(forge.issue(2).blocked_by) == [1, number]
    settled(repo)


@pytest.mark.parametrize("noted", [True, False])
def test_a_new_one_is_made_when_the_number_is_taken_out(
    repo: Path, forge: Forge, family: tuple[str, str], noted: bool
) -> None:
    forge.delete(1)
    if noted:
        apply(repo)
    unlink(repo, family[0])
    assert apply(repo).whole
    assert made(forge) == {family[0]: 3, family[1]: 2} and list(forge.repo.issues) == [2, 3]
    related(repo, family[1], family[0])
    settled(repo)


def test_a_new_one_that_was_cut_off_keeps_what_belongs_to_it(
    repo: Path, forge: Forge, family: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    forge.delete(1)
    unlink(repo, family[0])

    def cut(at: int, count: int, action: Action) -> None:
        if action.item == family[1]:
            raise KeyboardInterrupt  # the PRD has its new issue, and its children do not know

    with pytest.raises(KeyboardInterrupt):
        applying.apply(workspace(repo), told=cut)
    assert item(repo, family[0]).issue == 3
    assert apply(repo).whole
    related(repo, family[1], family[0])
    settled(repo)


def test_what_has_ended_needs_no_issue(repo: Path, forge: Forge, family: tuple[str, str]) -> None:
    forge.delete(1)
    assert not apply(repo).whole
    tickets.cancel(workspace(repo), f"shape_{family[0]}", "gone with its issue")
    assert apply(repo).whole
    settled(repo)


def test_the_user_is_told_what_to_do(repo: Path, forge: Forge, family: tuple[str, str]) -> None:
    forge.move(1, "acme/other")
    for arguments in (("plan", "--check"), ("apply",)):
        done = run_cli(repo, "github", *arguments, check_code=3)
        assert "/acme/other/issues/1" in done.stdout and "both sides say the same" not in done.stdout
        assert f"agenticops work edit {family[0]} --issue NUMBER" in done.stdout and not done.stderr
    assert "was moved to" in refused(repo, "next", family[0], "--claim", code=4)
    assert "take the line" in must(repo, "explain", "VT489")
