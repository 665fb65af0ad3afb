"""Resuming after a crash: whatever became of the session's file, the log gives its front-matter back."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from agenticops.core import documents, noted, sessions
from agenticops.errors import StateError, TrainError
from agenticops.flows import handoff, resume, session
from agenticops.model.event import Draft
from agenticops.model.layout import LEGACY, ROOT_SESSION
from agenticops.model.session import Session
from agenticops.workspace import Workspace
from tests.stations import SHAPE, Board, must
from tests.support import commit_all, git, some, workspace

Act = Callable[[Workspace, random.Random], object]
OLD, OWN_WORDS = "agenticops: an older line", "My own *words* stay.\n"


def hook(kind: str, data: Callable[[random.Random], dict[str, object]]) -> Act:
    """Note something as an agent's hook does: an event, and no file."""

    def noted_by_hook(here: Workspace, dice: random.Random) -> None:
        found, _ = session.current(here)
        with here.transaction("hook") as tx:
            tx.append(Draft(kind, f"session/{found.id}", found.ticket, found.item, data(dice)))

    return noted_by_hook


def words(dice: random.Random) -> str:
    return f"{dice.choice(('the export', 'ä: #box', 'a; b', '- dash', 'née'))} {dice.randrange(10)}"


def todos(dice: random.Random) -> dict[str, object]:
    states = ("pending", "in_progress", "completed")
    found = [{"id": f"m{n}", "content": words(dice), "status": dice.choice(states)} for n in range(dice.randrange(4))]
    return {"todos": found}


def touched(dice: random.Random) -> dict[str, object]:
    return {"path": f"src/{dice.randrange(4)}.py", "verb": dice.choice(("created", "modified")), "tool": "Edit"}


def adding(field: str, kind: str) -> Act:
    return lambda here, dice: session.append(here, field, words(dice), kind)


def handed_on(here: Workspace, dice: random.Random) -> None:
    now, _ = session.current(here)
    to = "evaluator" if now.agent == "onboarder" else "onboarder"
    handoff.handoff(here, to, words(dice), [words(dice)])
    if dice.randrange(3):
        session.begin(workspace(Path(here.root)), None, to)


ACTS: list[Act] = [
    adding("notes", "session_noted"),
    adding("decisions", "session_decided"),
    adding("blockers", "session_blocked"),
    adding("next_steps", "next_step_added"),
    lambda here, dice: session.unblock(here, dice.choice(("", "b", "box"))),
    lambda here, dice: session.add_todo(here, words(dice), dice.choice(("high", "low"))),
    lambda here, dice: session.finish_todo(here, dice.choice(session.current(here)[0].todos or (None,)).id),  # type: ignore[union-attr]
    lambda here, dice: session.turn(here, "paused", "session_paused", ("active",)),
    lambda here, dice: session.turn(here, "active", "session_resumed", ("paused",)),
    lambda here, dice: session.begin(here, None, ""),
    lambda here, dice: session.enter(here, dice.choice(("scope", "plan"))),
    lambda here, dice: session.save(here, "test"),
    handed_on,
    hook("todos_noted", todos),
    hook("artifact_touched", touched),
]


def act(repo: Path, dice: random.Random, times: int) -> None:
    """Do things at random; what is refused at that moment changes nothing."""
    for _ in range(times):
        try:
            dice.choice(ACTS)(workspace(repo), dice)
        except (TrainError, AttributeError):
            continue


def standing(repo: Path) -> Session:
    """Give the session as it must be after a resume: what is noted is taken over, a pause is over."""
    here = workspace(repo)
    found, _ = session.current(here)
    found = noted.standing(found, here.log.of_subject(f"session/{found.id}"))
    fields = {name: getattr(found, name) for name in found.__struct_fields__}
    return Session(**{**fields, "status": "active" if found.status == "paused" else found.status})


def lost(file: Path, dice: random.Random) -> None:
    file.unlink()


def torn(file: Path, dice: random.Random) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: dice.randrange(len(data) // 2)])


def conflicted(file: Path, dice: random.Random) -> None:
    file.write_text(f"<<<<<<< ours\n{file.read_text()}=======\n>>>>>>> theirs\n")


def noise(file: Path, dice: random.Random) -> None:
    file.write_bytes(dice.randbytes(200))


def misspelt(file: Path, dice: random.Random) -> None:
    file.write_text(file.read_text().replace("\nstatus: ", "\nstatus: un", 1))


def emptied(file: Path, dice: random.Random) -> None:
    file.write_bytes(b"")


DAMAGES = [lost, torn, conflicted, noise, misspelt, emptied]


@pytest.mark.parametrize("seed", some(range(12), 4))
def test_a_damaged_file_comes_back_from_the_log(at: Board, seed: int) -> None:
    repo, dice = at("working"), random.Random(seed)
    act(repo, dice, 14)
    file = repo / ROOT_SESSION
    if seed % 2:
        commit_all(repo)
        act(repo, dice, 3)
    file.write_text(file.read_text() + OWN_WORDS)
    wanted, before = standing(repo), file.read_bytes()
    damage = DAMAGES[seed % len(DAMAGES)]
    damage(file, dice)
    damaged = file.read_bytes() if file.exists() else b""
    plan = resume.look(workspace(repo))
    assert (file.read_bytes() if file.exists() else b"") == damaged, "a look changes nothing"
    done = resume.resume(workspace(repo))
    assert done.session == wanted
    assert session.current(workspace(repo))[0] == wanted
    assert sessions.standing(wanted, sessions.told(workspace(repo).log.of_subject(f"session/{wanted.id}"))) == "current"
    assert plan.state == done.state != "whole" and plan.kept == done.kept
    if damaged:
        assert (repo / done.kept).read_bytes() == damaged and done.kept.startswith(LEGACY)
    if damage is misspelt:
        assert file.read_bytes().endswith(OWN_WORDS.encode())
    assert documents.read_session(before, ROOT_SESSION).id == wanted.id


@pytest.mark.parametrize("seed", range(4))
def test_a_file_of_an_older_commit_comes_up_to_date(at: Board, seed: int) -> None:
    repo, dice = at("working"), random.Random(seed)
    file = repo / ROOT_SESSION
    file.write_text(file.read_text().replace("---\nid:", "---\nmood: sunny\n\nid:", 1) + OWN_WORDS)
    must(repo, "session", "note", "first")
    commit_all(repo)
    must(repo, "session", "decide", "then")
    act(repo, dice, 8)
    wanted = standing(repo)
    git(repo, "checkout", "--quiet", "HEAD", "--", ROOT_SESSION)
    assert [f["code"] for f in warnings(repo)] == ["VT507"]
    done = resume.resume(workspace(repo))
    assert (done.state, done.session, done.kept) == ("stale", wanted, "")
    assert "mood: sunny" in file.read_text() and file.read_text().endswith(OWN_WORDS), "the file was only edited"
    assert warnings(repo) == []


def warnings(repo: Path) -> list[dict[str, str]]:
    from tests.stations import data

    found: list[dict[str, str]] = data(repo, "check")["findings"]
    return found


def test_what_a_person_took_out_stays_out_unless_the_log_is_asked(at: Board) -> None:
    repo = at("working")
    must(repo, "session", "step", "ask the nurses")
    must(repo, "session", "step", "ask the pharmacy")
    must(repo, "session", "pause")
    file = repo / ROOT_SESSION
    edited = file.read_text().replace("  - ask the nurses\n", "").replace("ask the pharmacy", "ask the clinic")
    file.write_text(edited)
    done = resume.resume(workspace(repo))
    assert (done.state, done.restored, done.differs) == ("edited", (), ("next_steps",))
    assert done.session.next_steps == ("ask the clinic",) and done.session.status == "active"
    done = resume.resume(workspace(repo), from_log=True)
    assert done.session.next_steps == ("ask the nurses", "ask the pharmacy")
    assert "ask the clinic" in (repo / done.kept).read_text()


def test_the_file_of_another_session_is_kept_beside(at: Board) -> None:
    repo = at("tiny-working")
    must(repo, "session", "note", "of the first one")
    commit_all(repo)
    old = (repo / ROOT_SESSION).read_text()
    must(repo, "session", "archive")
    must(repo, "begin")
    must(repo, "session", "note", "of the second one")
    wanted = standing(repo)
    (repo / ROOT_SESSION).write_text(old)
    done = resume.resume(workspace(repo))
    assert (done.state, done.session) == ("foreign", wanted)
    assert (repo / done.kept).read_text() == old


def test_a_copy_of_an_archived_session_is_not_woken(at: Board) -> None:
    repo = at("tiny-working")
    must(repo, "session", "note", "x")
    old = (repo / ROOT_SESSION).read_text()
    must(repo, "session", "archive")
    commit_all(repo)
    with pytest.raises(TrainError, match="no session is open"):
        resume.resume(workspace(repo))
    (repo / ROOT_SESSION).write_text(old)
    with pytest.raises(TrainError, match="was archived") as caught:
        resume.resume(workspace(repo))
    assert caught.value.hint == f"git restore -- {ROOT_SESSION}"


def test_without_the_log_a_broken_file_is_an_error(at: Board) -> None:
    repo = at("tiny-opened")
    path = repo / ROOT_SESSION
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("---\nstatus: asleep\n---\n")
    with pytest.raises(StateError):
        resume.resume(workspace(repo))


def test_the_tickets_own_session_on_its_phase_branch(at: Board) -> None:
    repo = at("tiny-opened")
    git(repo, "switch", "--quiet", "-c", f"phase/{SHAPE}")
    must(repo, "begin")
    must(repo, "session", "note", "here")
    wanted = standing(repo)
    own = repo / f"tickets/{SHAPE}/ACTIVE_SESSION.md"
    own.write_text("what happened?")
    done = resume.resume(workspace(repo))
    assert done.session == wanted and (repo / done.kept).read_text() == "what happened?"
    assert "what happened?" in own.read_text(), "words that were there are people's"


def test_it_says_what_was_in_hand(at: Board) -> None:
    repo = at("tiny-working")
    hook("todos_noted", lambda d: {"todos": [{"id": "m1", "content": "draw the sketch", "status": "in_progress"}]})(
        workspace(repo), random.Random(1)
    )
    (repo / "sketch.txt").write_text("half a")
    found = resume.look(workspace(repo)).hand
    assert found.todos == () or found.todos == ("m1 draw the sketch",)
    assert found.changed == ("sketch.txt",) and found.command.startswith("agenticops checklist tick")
    must(repo, "session", "save")
    assert resume.look(workspace(repo)).hand.todos == ("m1 draw the sketch",)
