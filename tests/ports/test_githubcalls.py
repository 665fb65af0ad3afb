"""Requests: what is sent again and what never, how limits are waited for, what is kept, and what an error says."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from agenticops.errors import EXIT_REMOTE, RemoteError
from agenticops.model.forge import Label
from agenticops.ports.github import GitHub
from agenticops.ports.githubauth import Login, Place, connect
from agenticops.ports.githubcalls import Calls, Off, Refused, Unclear
from agenticops.ports.githubretry import Limited, Patience
from tests.forge import Forge, access
from tests.forge.faults import GRAPH
from tests.githubs import Waits, connected

REPO = "/repos/acme/train"
# The answer is lost, whether or not it was done.
LOST = ("502 before", "502 after", "503", "reset before", "reset after", "truncated", "malformed")
LIMITS = ("403", "403 wait", "429", "429 wait", "rate")


@pytest.fixture
def forge() -> Iterator[Forge]:
    with Forge() as running:
        running.create("One")
        yield running


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def calls(forge: Forge, waits: Waits) -> Iterator[Calls]:
    with connected(forge, waits=waits) as github:
        yield github.calls


@pytest.mark.parametrize("kind", LOST)
def test_what_reads_is_asked_again(forge: Forge, calls: Calls, waits: Waits, kind: str) -> None:
    for number in (1, 2):
        forge.faults.at(number, kind)
    assert calls.get(f"{REPO}/issues/1")["title"] == "One"
    assert waits.slept == [1, 2] and len(forge.requests) == 3


@pytest.mark.parametrize("kind", LOST)
def test_what_makes_something_is_never_sent_twice(forge: Forge, calls: Calls, kind: str) -> None:
    forge.faults.at(1, kind)
    with pytest.raises(Unclear) as told:
        calls.write("POST", f"{REPO}/issues", {"title": "Two"})
    assert len(forge.requests) == 1 and told.value.exit_code == EXIT_REMOTE
    assert "not known" in told.value.message and "nothing is done twice" in told.value.hint


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize(("method", "path"), [("PATCH", "issues/1"), ("PUT", "issues/1/lock"), ("DELETE", "labels/x")])
def test_what_may_be_done_twice_is_sent_again(forge: Forge, calls: Calls, kind: str, method: str, path: str) -> None:
    forge.call("POST", "REPO/labels", {"name": "x"})
    forge.faults.at(1, kind)
    body = {"title": "New"} if method == "PATCH" else None
    try:
        calls.write(method, f"{REPO}/{path}", body, again=True)
    except Refused as refused:
        # It was done, and its answer lost: the second time there is nothing left to delete.
        assert (method, refused.status) == ("DELETE", 404)
    empty = method != "PATCH" and kind in ("truncated", "malformed")  # an answer of 204 has nothing to lose
    assert len(forge.requests) == 2 - empty
    assert (forge.issue(1).title == "New", forge.issue(1).locked, forge.repo.label("x") is None).count(True) == 1


def test_it_ends_at_some_time(forge: Forge, calls: Calls, waits: Waits) -> None:
    forge.faults.when(lambda request: True, "503", times=9)
    with pytest.raises(RemoteError, match="again and again"):
        calls.get(REPO)
    assert waits.slept == [1, 2, 4]


@pytest.mark.parametrize("kind", LIMITS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_limit_is_waited_for_since_nothing_was_done(
    forge: Forge, calls: Calls, waits: Waits, kind: str, method: str
) -> None:
    forge.limits.window = 30
    forge.limits.wall = waits.now
    forge.faults.at(1, kind)
    if method == "GET":
        assert calls.get(f"{REPO}/issues/1")["number"] == 1
    else:
        calls.write("POST", f"{REPO}/issues", {"title": "Two"})
        assert [one.title for one in forge.repo.issues.values()] == ["One", "Two"]
    expected = {"403": 60, "429": 60, "403 wait": 1, "429 wait": 1}.get(kind)
    (slept,) = waits.slept
    assert slept == expected or (kind == "rate" and 29 <= slept <= 31)
    assert len(forge.requests) == 2


def test_a_longer_limit_is_told_with_its_time(forge: Forge, calls: Calls, waits: Waits) -> None:
    forge.limits.core = 0
    with pytest.raises(Limited) as told:
        calls.get(REPO)
    assert told.value.exit_code == EXIT_REMOTE and waits.slept == []
    assert told.value.until == pytest.approx(waits.time + 3600, abs=5)
    forge.limits.core, forge.limits.reset = 5000, 0
    forge.faults.when(lambda request: True, "429", times=9)
    with pytest.raises(Limited):
        calls.get(REPO)
    assert waits.slept == [60], "a minute is all that one request waits"


def test_the_limit_of_graphql_is_told_in_words(forge: Forge, calls: Calls) -> None:
    forge.limits.graphql = 0
    with pytest.raises(Limited):
        calls.query("query { viewer { login } }", {})


@pytest.mark.parametrize("kind", [kind for kind in GRAPH if kind != "graph broke"])
def test_it_has_more_than_one_word_for_it(forge: Forge, calls: Calls, waits: Waits, kind: str) -> None:
    forge.faults.at(1, kind)
    assert calls.query("query { viewer { login } }", {})["viewer"]["login"] == "ada"
    assert waits.slept == [60] and len(forge.requests) == 2


def test_words_of_people_are_no_limit(forge: Forge, calls: Calls, waits: Waits) -> None:
    forge.edit(1, title="secondary rate limit", body="Please wait a few minutes")
    assert calls.get(f"{REPO}/issues/1")["title"] == "secondary rate limit" and waits.slept == []


def test_graphql_that_gave_up_is_asked_again(forge: Forge, calls: Calls, waits: Waits) -> None:
    forge.faults.at(1, "graph broke")
    assert calls.query("query { viewer { login } }", {})["viewer"]["login"] == "ada"
    assert waits.slept == [1]
    forge.faults.when(lambda request: True, "graph broke", times=9)
    with pytest.raises(Refused, match="Something went wrong"):
        calls.query("query { viewer { login } }", {})
    assert waits.slept == [1, 1, 2, 4]


def test_writes_keep_a_second_between_them(forge: Forge, calls: Calls, waits: Waits) -> None:
    for title in ("Two", "Three", "Four"):
        calls.get(REPO)
        calls.write("POST", f"{REPO}/issues", {"title": title})
    assert waits.slept == [1, 1]
    waits.time += 0.75
    calls.write("POST", f"{REPO}/issues", {"title": "Five"})
    assert waits.slept[2:] == [pytest.approx(0.25, abs=0.01)]


def test_a_fake_on_loopback_needs_no_pause(forge: Forge) -> None:
    waits = Waits()
    with connected(forge, waits=waits, patience=Patience.toward(forge.url)) as github:
        for name in ("a", "b", "c"):
            github.labels.create(Label(name))
    assert waits.slept == []


def test_a_slow_body_arrives(forge: Forge, calls: Calls) -> None:
    forge.faults.at(1, "slow")
    assert calls.get(REPO)["full_name"] == "acme/train"


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid"])
def test_without_network_the_plan_waits(host: str) -> None:
    place = Place(f"http://{host}:{closed_port()}", host, "acme/train")
    github: GitHub = connect(place, Login("a test", "token"))
    for ask in (lambda: github.calls.get(REPO), lambda: github.labels.create(Label("now"))):
        with pytest.raises(RemoteError, match="cannot be reached") as told:
            ask()
        assert told.value.exit_code == EXIT_REMOTE and told.value.hint.startswith("offline: the plan waits")
        assert not isinstance(told.value, Unclear)
    github.close()


@pytest.mark.parametrize(
    ("token", "method", "path", "status", "hint"),
    [
        ("nonsense-of-somebody", "GET", REPO, 401, "gh auth login"),
        (access.READ, "POST", f"{REPO}/issues", 403, "write access to issues"),
        (access.WRITE, "GET", "/repos/acme/nothing", 404, "may not see it"),
        (access.WRITE, "POST", f"{REPO}/labels", 422, "github plan"),
    ],
)
def test_a_refusal_says_what_to_do(forge: Forge, token: str, method: str, path: str, status: int, hint: str) -> None:
    forge.call("POST", "REPO/labels", {"name": "now"})
    with connected(forge, token) as github, pytest.raises(Refused) as told:
        if method == "GET":
            github.calls.get(path)
        else:
            github.calls.write(method, path, {"title": "x"} if "issues" in path else {"name": "now"})
    assert (told.value.status, told.value.exit_code) == (status, EXIT_REMOTE)
    assert hint in told.value.hint and told.value.place == f"{method} {path}"
    assert token not in f"{told.value.message}{told.value.hint}{told.value.place}"
    assert status != 422 or "already_exists" in told.value.message


def test_what_is_of_the_whole_repository_says_so(forge: Forge, calls: Calls) -> None:
    forge.repo.has_issues = False
    with pytest.raises(Off, match="issues are switched off") as off:
        calls.write("POST", f"{REPO}/issues", {"title": "Two"})
    assert "settings" in off.value.hint and not hasattr(off.value, "status") and off.value.exit_code == EXIT_REMOTE
    forge.repo.archived = True
    with pytest.raises(Refused) as told:
        calls.write("POST", f"{REPO}/labels", {"name": "now"})
    assert "unarchive it" in told.value.hint and "write access" not in told.value.hint


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://github.com/orgs/acme/sso?authorization_request=AB12", True),
        ("javascript:alert(1)", False),
        ("https://github.com/\x1b[31m", False),
    ],
)
def test_a_single_sign_on_names_its_page(forge: Forge, calls: Calls, address: str, shown: bool) -> None:
    forge.gate.sign_on = address
    with pytest.raises(Refused) as told:
        calls.get(REPO)
    assert (f"allow the token at {address}" in told.value.hint) is shown
    assert "\x1b" not in told.value.hint and "javascript" not in told.value.hint


def test_what_a_server_repeats_of_our_secret_is_blacked_out(forge: Forge, calls: Calls) -> None:
    with pytest.raises(Refused) as told:
        calls.write("POST", f"{REPO}/milestones", {"title": "x", "due_on": access.WRITE})
    forge.violations.clear()  # such a date is against the description, of course
    assert access.WRITE not in told.value.message and "Milestone due_on invalid" in told.value.message


def test_what_did_not_change_costs_nothing(forge: Forge, tmp_path: Path) -> None:
    forge.seed(150)
    cache = str(tmp_path / "answers")
    with connected(forge, cache=cache) as github:
        first = github.calls.list(f"{REPO}/issues")
    spent = forge.limits.used["core"]
    with connected(forge, cache=cache) as github:
        assert github.calls.list(f"{REPO}/issues") == first and len(first) == 151
        assert forge.limits.used["core"] == spent
        assert [request.status for request in forge.requests] == [200, 200, 304, 304]
        forge.edit(1, title="Other")
        assert "Other" in {one["title"] for one in github.calls.list(f"{REPO}/issues")}


@pytest.mark.parametrize("spoilt", [b"", b"{", b"null", b'{"url":"elsewhere","tag":"x","next":"","text":"[]"}'])
def test_a_spoilt_answer_is_asked_for_anew(forge: Forge, tmp_path: Path, spoilt: bytes) -> None:
    with connected(forge, cache=str(tmp_path)) as github:
        for _ in range(2):
            assert github.calls.get(f"{REPO}/issues/1")["title"] == "One"
            for file in tmp_path.iterdir():
                file.write_bytes(spoilt)
    assert [request.status for request in forge.requests] == [200, 200]


def test_old_answers_go(forge: Forge, tmp_path: Path) -> None:
    with connected(forge, cache=str(tmp_path)) as github:
        for path in (REPO, f"{REPO}/issues/1", f"{REPO}/labels"):
            github.calls.get(path)
        assert github.calls.cache is not None
        kept = {file.name for file in tmp_path.iterdir()}
        github.calls.cache.trim(most=10)
        assert len(kept) == 3 and not list(tmp_path.iterdir())
        assert github.calls.get(f"{REPO}/issues/1")["title"] == "One"


def test_the_token_follows_no_link_to_another_server(forge: Forge, calls: Calls) -> None:
    with Forge() as other:
        assert calls._next(f'<{other.url}{REPO}/issues?page=2>; rel="next"') == f"{REPO}/issues?page=2"
        # A server that names another one in its links, as a proxy might.
        forge.state.root = other.url
        forge.seed(120)
        assert len(calls.list(f"{REPO}/issues")) == 121
        assert other.requests == [] and len(forge.requests) == 2
