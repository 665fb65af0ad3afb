"""The fake: tokens, apps, limits, tags, versions and an enterprise's address."""

from __future__ import annotations

import pytest
from github import Auth, Github, GithubException, GithubIntegration
from github.GithubException import BadCredentialsException, RateLimitExceededException

from tests.forge import Forge
from tests.forge.access import APP_ID, INSTALLATION, READ, WRITE
from tests.forge.conftest import connect


def test_wrong_token(forge: Forge) -> None:
    with connect(forge, "nonsense") as stranger, pytest.raises(BadCredentialsException):
        stranger.get_repo("acme/train")


def test_reader_reads_only(forge: Forge) -> None:
    with connect(forge, READ) as reader:
        repo = reader.get_repo("acme/train")
        with pytest.raises(GithubException, match="not accessible") as refused:
            repo.create_issue("One")
    assert (refused.value.status, forge.repo.issues) == (403, {})


def test_nobody_reads_but_does_not_write(forge: Forge) -> None:
    anonymous = Github(base_url=forge.url, retry=None, seconds_between_requests=None)
    with anonymous:
        repo = anonymous.get_repo("acme/train")
        with pytest.raises(GithubException) as refused:
            repo.create_issue("One")
    assert refused.value.status == 401


def test_primary_limit(forge: Forge, client: Github) -> None:
    forge.limits.core = 2
    repo = client.get_repo("acme/train")
    repo.create_issue("One")
    with pytest.raises(RateLimitExceededException) as refused:
        repo.create_issue("Two")
    headers = refused.value.headers
    assert headers is not None and headers["x-ratelimit-remaining"] == "0" and int(headers["x-ratelimit-reset"]) > 0
    assert len(forge.repo.issues) == 1
    assert client.get_rate_limit().resources.core.remaining == 0
    forge.limits.reset = 0
    repo.create_issue("Two")


def test_what_did_not_change_costs_nothing(forge: Forge, client: Github) -> None:
    forge.seed(3)
    ask = client.requester.requestJson
    _, headers, _ = ask("GET", "/repos/acme/train/issues")
    spent = forge.limits.used["core"]
    status, _, _ = ask("GET", "/repos/acme/train/issues", headers={"If-None-Match": headers["etag"]})
    assert (status, forge.limits.used["core"]) == (304, spent)
    forge.edit(1, title="Other")
    status, _, _ = ask("GET", "/repos/acme/train/issues", headers={"If-None-Match": headers["etag"]})
    assert (status, forge.limits.used["core"]) == (200, spent + 1)


def test_newer_version_has_no_single_assignee(forge: Forge, client: Github) -> None:
    forge.create("One", assignees=["ada"])
    asked = client.requester.requestJsonAndCheck
    _, old = asked("GET", "/repos/acme/train/issues/1")
    _, new = asked("GET", "/repos/acme/train/issues/1", headers={"X-GitHub-Api-Version": "2026-03-10"})
    assert old["assignee"]["login"] == "ada" and "assignee" not in new
    assert new["assignees"][0]["login"] == "ada"


def test_enterprise_is_below_a_path() -> None:
    with Forge(enterprise=True) as forge:
        assert forge.url.endswith("/api/v3")
        with connect(forge) as client:
            client.get_repo("acme/train").create_issue("One")
            _, body = client.requester.graphql_query("query { viewer { login } }", {})
        assert (forge.issue(1).title, body["data"]["viewer"]["login"]) == ("One", "ada")


def test_archived_repository_and_one_without_issues(forge: Forge, client: Github) -> None:
    repo = client.get_repo("acme/train")
    forge.repo.has_issues = False
    with pytest.raises(GithubException) as refused:
        repo.create_issue("One")
    assert refused.value.status == 410
    forge.repo.archived = True
    with pytest.raises(GithubException) as refused:
        repo.create_label("now", "ff0000")
    assert refused.value.status == 403


@pytest.fixture(scope="module")
def key() -> tuple[str, str]:
    """A private key and the public one that goes with it."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = made.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def test_app_gets_a_token_for_its_installation(forge: Forge, key: tuple[str, str]) -> None:
    forge.gate.public_key = key[1]
    with GithubIntegration(auth=Auth.AppAuth(APP_ID, key[0]), base_url=forge.url, retry=None) as app:
        assert app.get_repo_installation("acme", "train").id == INSTALLATION
        token = app.get_access_token(INSTALLATION, permissions={"issues": "write"}).token
        reading = app.get_access_token(INSTALLATION, permissions={"issues": "read"}).token
    with connect(forge, token) as client:
        client.get_repo("acme/train").create_issue("One")
    assert forge.issue(1).user == "train[bot]"
    with connect(forge, reading) as client, pytest.raises(GithubException, match="integration"):
        client.get_repo("acme/train").create_issue("Two")


@pytest.mark.parametrize("token", [WRITE, "a.b.c"])
def test_app_needs_its_own_kind_of_token(forge: Forge, token: str) -> None:
    with connect(forge, token) as client:
        path = f"/app/installations/{INSTALLATION}/access_tokens"
        status, _, text = client.requester.requestJson("POST", path)
    assert status == 401 and "JSON web token" in text


def test_app_of_another_key_is_refused(forge: Forge, key: tuple[str, str]) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    forge.gate.public_key = other.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()
    with (
        GithubIntegration(auth=Auth.AppAuth(APP_ID, key[0]), base_url=forge.url, retry=None) as app,
        pytest.raises(GithubException) as refused,
    ):
        app.get_access_token(INSTALLATION)
    assert refused.value.status == 401
