"""The trust file: sealed with the user's key, for one clone; whatever is off about it, it trusts nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from agenticops.errors import TrainError
from agenticops.store import trust
from agenticops.store.trust import TrustFile

ENTRIES = {"a place": "0" * 64}


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "clone"


def test_what_was_written_is_read(clone: Path) -> None:
    assert TrustFile(str(clone)).read() == {}
    TrustFile(str(clone)).write(ENTRIES)
    assert TrustFile(str(clone)).read() == ENTRIES
    assert Path(TrustFile(str(clone)).path).stat().st_mode & 0o777 == 0o600
    assert Path(trust.key_path()).stat().st_mode & 0o777 == 0o600


def test_another_clone_another_user_and_another_entry_are_not_trusted(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = TrustFile(str(clone))
    file.write(ENTRIES)
    shutil.copytree(clone, clone.parent / "copy")
    assert TrustFile(str(clone.parent / "copy")).read() == {}
    body = json.loads(Path(file.path).read_text())
    Path(file.path).write_text(json.dumps({**body, "entries": {**ENTRIES, "b": "1"}}))
    assert file.read() == {}
    Path(file.path).write_text(json.dumps(body))
    assert file.read() == ENTRIES
    monkeypatch.setenv("XDG_STATE_HOME", str(clone.parent / "other"))
    assert file.read() == {}


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"entries": {}}', '{"entries": [], "seal": 1}', '{"entries": {"a": "b"}, "seal": "é"}']
)
def test_a_broken_file_trusts_nothing(clone: Path, content: str) -> None:
    file = TrustFile(str(clone))
    file.write(ENTRIES)
    Path(file.path).write_text(content)
    assert file.read() == {}


def test_a_link_and_an_open_key_trust_nothing(clone: Path) -> None:
    file = TrustFile(str(clone))
    file.write(ENTRIES)
    Path(trust.key_path()).chmod(0o644)
    assert file.read() == {}
    with pytest.raises(TrainError, match="key"):
        file.write(ENTRIES)
    Path(trust.key_path()).chmod(0o600)
    path = Path(file.path)
    path.rename(clone / "elsewhere.json")
    path.symlink_to(clone / "elsewhere.json")
    assert file.read() == {}
