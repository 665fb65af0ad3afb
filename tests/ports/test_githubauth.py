"""Which GitHub, which repository, which token, and that no token goes to a server that it is not for."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from agenticops.errors import EXIT_REMOTE, RemoteError, UsageError
from agenticops.ports.git import Git
from agenticops.ports.githubauth import Login, Place, connect, login, place
from tests.forge import Forge, access
from tests.githubs import new
from tests.support import git, new_repo

NAMED = {"GITHUB_API_URL": "https://ghe.example.org/api/v3"}


@pytest.fixture
def clone(repo: Path) -> Git:
    return Git.discover(str(repo))


@pytest.fixture(autouse=True)
def nothing_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Only git: a `gh` of this machine must not answer."""
    import shutil

    folder = tmp_path / "bin"
    folder.mkdir()
    found = shutil.which("git")
    assert found is not None
    (folder / "git").symlink_to(found)
    monkeypatch.setenv("PATH", str(folder))
    return folder


def program(folder: Path, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "gh").write_text(f"#!/bin/sh\n{text}\n")
    (folder / "gh").chmod(0o755)


@pytest.mark.parametrize(
    ("address", "url", "host"),
    [
        ("git@github.com:acme/train.git", "https://api.github.com", "github.com"),
        ("https://github.com/acme/train", "https://api.github.com", "github.com"),
        ("https://ada:secret@GitHub.com/acme/train.git/", "https://api.github.com", "github.com"),
        ("ssh://git@ssh.github.com:443/acme/train.git", "https://api.github.com", "github.com"),
        ("git@ghe.example.org:acme/train.git", "https://ghe.example.org/api/v3", "ghe.example.org"),
        ("https://acme.ghe.com/acme/train.git", "https://api.acme.ghe.com", "acme.ghe.com"),
    ],
)
def test_the_remote_tells_the_repository(clone: Git, address: str, url: str, host: str) -> None:
    git(clone.root, "remote", "add", "origin", address)
    assert place(clone, {}) == Place(url, host, "acme/train")


def test_what_is_said_counts_before_the_remote(clone: Git) -> None:
    git(clone.root, "remote", "add", "origin", "git@gitlab.example:a/b.git")
    assert place(clone, {}, "github.com/c/d") == Place("https://api.github.com", "github.com", "c/d")
    assert place(clone, {"GITHUB_REPOSITORY": "e/f", **NAMED}, "c/d") == Place(
        *NAMED.values(), "ghe.example.org", "e/f"
    )
    assert place(clone, {"GH_HOST": "github.com"}, "c/d").url == "https://api.github.com"
    actions = {"GITHUB_REPOSITORY": "e/f", "GITHUB_API_URL": "https://api.github.com"}
    assert place(clone, actions) == Place("https://api.github.com", "github.com", "e/f")


@pytest.mark.parametrize("name", ["", "train", "a/../b", "a/b/c/d", "-a/b", "a b/c", "a/b?x", "a/.."])
def test_a_repository_that_cannot_be(clone: Git, name: str) -> None:
    with pytest.raises(UsageError) as told:
        place(clone, {}, name)
    assert "git remote add origin" in told.value.hint


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://ghe.example.org/api/v3", "https only"),
        ("https://ada:secret@ghe.example.org", "more than an address"),
        ("ftp://ghe.example.org", "https only"),
    ],
)
def test_a_token_goes_by_a_safe_way_only(clone: Git, url: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as told:
        place(clone, {"GITHUB_API_URL": url}, "a/b")
    assert "secret" not in told.value.message + told.value.hint


@pytest.mark.parametrize(
    ("environ", "host", "source"),
    [
        ({"GH_TOKEN": "t", "GITHUB_TOKEN": "t"}, "github.com", "GITHUB_TOKEN"),
        ({"GH_TOKEN": "t"}, "github.com", "GH_TOKEN"),
        ({"GITHUB_TOKEN": "t", "AGENTICOPS_GITHUB_TOKEN": "t"}, "github.com", "AGENTICOPS_GITHUB_TOKEN"),
        ({"GITHUB_TOKEN": "t", "GH_ENTERPRISE_TOKEN": "t", **NAMED}, "ghe.example.org", "GH_ENTERPRISE_TOKEN"),
        ({"GITHUB_TOKEN": "t", **NAMED}, "ghe.example.org", "GITHUB_TOKEN"),
        ({"GH_TOKEN": "t", "GH_HOST": "ghe.example.org"}, "ghe.example.org", "GH_TOKEN"),
    ],
)
def test_tokens_of_the_environment(clone: Git, environ: dict[str, str], host: str, source: str) -> None:
    assert login(clone, environ, host) == Login(source, "t")


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "GH_TOKEN", "AGENTICOPS_GITHUB_TOKEN", "AGENTICOPS_GITHUB_APP_ID"])
def test_a_remote_gets_no_token_that_is_not_for_it(clone: Git, name: str) -> None:
    git(clone.root, "remote", "add", "origin", "git@evil.example:acme/train.git")
    host = place(clone, {}).host
    with pytest.raises(RemoteError, match=r"nobody is logged in to evil\.example") as told:
        login(clone, {name: "s3cret"}, host)
    assert told.value.exit_code == EXIT_REMOTE and "s3cret" not in told.value.hint
    with pytest.raises(RemoteError):
        login(clone, {name: "s3cret", **NAMED}, host)


def test_nobody_is_logged_in(clone: Git) -> None:
    with pytest.raises(RemoteError, match=r"nobody is logged in to github\.com") as told:
        login(clone, {}, "github.com")
    assert "gh auth login" in told.value.hint


def test_gh_is_asked_for_the_host(clone: Git, nothing_on_the_path: Path) -> None:
    program(nothing_on_the_path, 'echo "$* ${GITHUB_TOKEN:-none} $GH_CONFIG_DIR"')
    found = login(clone, {"GH_CONFIG_DIR": "/here", "GITHUB_TOKEN": "x"}, "ghe.example.org")
    assert found == Login("gh", "auth token --hostname ghe.example.org none /here")
    program(nothing_on_the_path, "echo half; exit 1")
    with pytest.raises(RemoteError):
        login(clone, {}, "github.com")


def test_a_gh_of_the_repository_is_never_run(clone: Git, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    inside = Path(clone.root) / "bin"
    program(inside, f"touch {tmp_path}/ran; echo token")
    monkeypatch.setenv("PATH", f"{inside}:.:{Path('bin')}:{tmp_path / 'bin'}")
    monkeypatch.chdir(clone.root)
    with pytest.raises(RemoteError):
        login(clone, {}, "github.com")
    assert not (tmp_path / "ran").exists()


def private_key(folder: Path) -> tuple[Path, str]:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = serialization.Encoding.PEM
    file = folder / "app.pem"
    form = serialization.PrivateFormat.TraditionalOpenSSL
    file.write_bytes(made.private_bytes(pem, form, serialization.NoEncryption()))
    public = made.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    return file, public.decode()


@pytest.mark.parametrize("by", ["file", "reference"])
@pytest.mark.parametrize("installation", ["", str(access.INSTALLATION)])
def test_an_app_gets_in(
    clone: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str, installation: str
) -> None:
    file, public = private_key(tmp_path)
    monkeypatch.setenv("TRAIN_APP_KEY", file.read_text())
    environ = {
        "AGENTICOPS_GITHUB_APP_ID": str(access.APP_ID),
        "AGENTICOPS_GITHUB_APP_INSTALLATION": installation,
        "AGENTICOPS_GITHUB_APP_KEY": str(file) if by == "file" else "env:TRAIN_APP_KEY",
        "GITHUB_TOKEN": "of-actions",
    }
    with Forge() as forge:
        forge.gate.public_key = public
        here = place(clone, {"GITHUB_API_URL": forge.url, "GITHUB_REPOSITORY": "acme/train"})
        github = connect(here, login(clone, environ, "github.com"))
        assert github.me() == "train[bot]"
        assert github.issues.create(new()).author == "train[bot]"
        github.close()


@pytest.mark.parametrize("key", ["", "none of those", "/no/such/file", "env:NOTHING_HERE"])
def test_an_app_without_its_key(clone: Git, key: str) -> None:
    with pytest.raises((RemoteError, UsageError)) as told:
        login(clone, {"AGENTICOPS_GITHUB_APP_ID": "1", "AGENTICOPS_GITHUB_APP_KEY": key}, "github.com")
    assert told.value.hint


def test_a_key_that_is_none_is_not_told(clone: Git, tmp_path: Path) -> None:
    (tmp_path / "app.pem").write_text("-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0\n-----END RSA PRIVATE KEY-----\n")
    found = Login("app", app="1", installation=1, key=(tmp_path / "app.pem").read_text())
    with pytest.raises(RemoteError, match="private key of the app cannot be read") as told:
        connect(Place("https://api.github.com", "github.com", "a/b"), found)
    assert "c2VjcmV0" not in "".join(traceback.format_exception(told.value))


def test_an_app_that_is_not_installed(tmp_path: Path) -> None:
    file, _ = private_key(tmp_path)
    with Forge() as forge:
        where = Place(forge.url, "127.0.0.1", "acme/train")
        stranger = Login("app", app="12", key=file.read_text())
        with pytest.raises(RemoteError, match="the app 12 cannot be used"):
            connect(where, stranger)
        github = connect(where, Login("app", app="12", installation=5, key=file.read_text()))
        with pytest.raises(RemoteError, match="refused it"):
            github.labels.all()
        github.close()


def test_a_login_shows_no_token() -> None:
    assert "s3cret" not in repr(Login("GITHUB_TOKEN", "s3cret")) and "GITHUB_TOKEN" in repr(Login("GITHUB_TOKEN", "x"))


def test_an_enterprise_is_below_a_path(tmp_path: Path) -> None:
    clone = Git.discover(str(new_repo(tmp_path / "other")))
    with Forge(enterprise=True) as forge:
        environ = {"GITHUB_API_URL": f"{forge.url}/", "GITHUB_REPOSITORY": "acme/train", "GITHUB_TOKEN": access.WRITE}
        here = place(clone, environ)
        github = connect(here, login(clone, environ, here.host), str(tmp_path / "answers"))
        forge.seed(130)
        assert len(list(github.issues.all())) == 130
        github.issues._graph = False
        assert len(list(github.issues.all())) == 130
        github.close()
