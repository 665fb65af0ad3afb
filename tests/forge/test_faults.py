"""The fake: each fault, and whether the change was made all the same."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest
from github import Github, GithubException
from github.GithubRetry import GithubRetry
from requests.exceptions import RequestException

from tests.forge import Forge
from tests.forge.access import WRITE
from tests.forge.conftest import connect
from tests.forge.faults import AFTER, BEFORE, Request

STATUSES = {
    "502 before": 502,
    "502 after": 502,
    "503": 503,
    "403": 403,
    "403 wait": 403,
    "429": 429,
    "429 wait": 429,
    "rate": 403,
}
MADE_ALL_THE_SAME = ("502 after", "reset after", "truncated", "malformed")


@pytest.mark.parametrize("kind", [kind for kind in BEFORE + AFTER if "call" not in kind and kind != "slow"])
def test_fault_is_seen_and_the_change_made_or_not(forge: Forge, client: Github, kind: str) -> None:
    repo = client.get_repo("acme/train")
    forge.faults.at(1, kind)
    with pytest.raises((GithubException, RequestException, ValueError)) as seen:
        repo.create_issue("One").number  # noqa: B018 (a body that is no JSON shows when it is used)
    assert len(forge.repo.issues) == (kind in MADE_ALL_THE_SAME)
    if kind in STATUSES:
        assert isinstance(seen.value, GithubException) and seen.value.status == STATUSES[kind]
        waits = "retry-after" in (seen.value.headers or {})
        assert waits is kind.endswith("wait")
    assert forge.requests[-1].fault == kind
    assert repo.create_issue("Two").number == len(forge.repo.issues), "the next request is well again"


def test_slow_body_arrives(forge: Forge, client: Github) -> None:
    forge.faults.at(1, "slow")
    forge.faults.pause = 0.02
    begun = time.monotonic()
    assert client.get_repo("acme/train").full_name == "acme/train"
    assert time.monotonic() - begun > 0.05


def test_default_retry_of_pygithub_makes_an_issue_twice(forge: Forge) -> None:
    with connect(forge, retry=GithubRetry(total=3, backoff_factor=0)) as client:
        repo = client.get_repo("acme/train")
        forge.faults.at(1, "502 after")
        repo.create_issue("One")
    assert [issue.title for issue in forge.repo.issues.values()] == ["One", "One"]


def test_faults_by_rule_and_by_dice(forge: Forge, client: Github) -> None:
    repo = client.get_repo("acme/train")
    forge.faults.when(lambda request: request.path.endswith("/labels"), "503", times=2)
    for _ in range(2):
        with pytest.raises(GithubException):
            list(repo.get_labels())
    assert list(repo.get_labels()) == []

    def met(seed: int) -> list[str]:
        forge.faults.clear()
        forge.faults.randomly(seed, 0.5, ("502 before", "503"), writes_only=True)
        before = len(forge.requests)
        for _ in range(12):
            client.requester.requestJson("POST", "/repos/acme/train/issues", input={"title": "One"})
        client.requester.requestJson("GET", "/repos/acme/train")
        return [request.fault for request in forge.requests[before:]]

    assert met(7) == met(7) and set(met(7)) == {"", "502 before", "503"} and met(7)[-1] == ""


@pytest.mark.parametrize(("kind", "made"), [("call before", 2), ("call after", 2)])
def test_client_is_killed_at_a_request(forge: Forge, kind: str, made: int) -> None:
    code = (
        "import http.client, sys\n"
        "connection = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]))\n"
        "for title in 'abc':\n"
        '    body = \'{"title": "%s"}\' % title\n'
        "    connection.request('POST', '/repos/acme/train/issues', body, {'Authorization': 'Bearer ' + sys.argv[2]})\n"
        "    connection.getresponse().read()\n"
    )
    port = forge.url.rsplit(":", 1)[1]
    killed: list[Request] = []

    def kill(request: Request) -> None:
        killed.append(request)
        process.kill()
        process.wait()

    forge.faults.at(2, kind, kill)
    process = subprocess.Popen([sys.executable, "-c", code, port, WRITE])
    assert process.wait(20) == -signal.SIGKILL
    assert [request.number for request in killed] == [2]
    # The server has the request by then: it is carried out whether or not its sender lives.
    until = time.monotonic() + 5
    while len(forge.repo.issues) < made and time.monotonic() < until:
        time.sleep(0.01)
    assert len(forge.repo.issues) == made


def test_unknown_fault_is_told(forge: Forge) -> None:
    with pytest.raises(ValueError, match="is no fault"):
        forge.faults.at(1, "404")
    with pytest.raises(ValueError, match="need a call"):
        forge.faults.at(1, "call before")
