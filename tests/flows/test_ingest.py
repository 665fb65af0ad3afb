"""Ingesting: deliveries of the fake become events, once, in whatever order they come; the rest leaves no trace."""

from __future__ import annotations

import hashlib
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from agenticops.core import webhook
from agenticops.errors import RemoteError, StateError, TrainError, UsageError
from agenticops.flows import ingest
from agenticops.flows.forge import applying
from agenticops.flows.ingest import Delivery, Ingested
from agenticops.model.forge import Issue
from tests import hub
from tests.forge import Forge
from tests.hub import forge
from tests.stations import SHAPE, Board, codes, events, must
from tests.support import CONSOLE_SCRIPT, commit_all, git, run_cli, workspace

__all__ = ["forge"]

SECRET = "a secret of the hook"
LATE, LATER = "2030-01-01T10:00:00Z", "2030-01-01T10:00:05Z"


@pytest.fixture
def repo(at: Board, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A train that knows which repository is its own."""
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/train")
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    return at("tiny-opened")


def closed(number: int = 142, at: str = LATE, state: str = "closed", **more: Any) -> bytes:
    issue = {"number": number, "state": state, "state_reason": "completed", "updated_at": at}
    said = {"action": state, "issue": issue, "repository": {"full_name": "acme/train"}, "sender": {"login": "grace"}}
    return json.dumps({**said, **more}).encode()


def take(repo: Path, body: bytes, event: str = "issues", id: str = "", commit: bool = False) -> Ingested:
    return ingest.ingest(workspace(repo), Delivery(event, body, id), commit)


def observed(repo: Path) -> list[tuple[int, str]]:
    return [(e["data"]["issue"], e["data"]["state"]) for e in events(repo, "issue_observed")]


def test_what_the_fake_tells_is_taken_in_once(at: Board, forge: Forge, tmp_path: Path) -> None:
    repo = hub.join(forge, at("tiny-opened"), tmp_path / "bare")
    forge.webhooks.listen()
    forge.edit(142, title="Other", labels=["PRD", "now"])
    forge.edit(142, state="closed")
    forge.call("POST", "REPO/issues/142/comments", {"body": "closes ghp_" + "a1B2" * 9})
    for one in forge.webhooks.deliveries * 2:
        name, signature = one.headers["X-GitHub-Delivery"], one.headers["X-Hub-Signature-256"]
        assert webhook.genuine(forge.webhooks.secret.encode(), one.body, signature)
        take(repo, one.body, one.event, name)
    found = events(repo, "forge_seen")
    assert len(found) == len({e["data"]["delivery"] for e in found}) == len(forge.webhooks.deliveries)
    assert {e["item"] for e in found} == {"142"} and {e["data"]["sender"] for e in found} == {"grace"}
    assert observed(repo) == [(142, "open"), (142, "closed")]
    assert codes(repo, "check") == []


def test_the_event_says_little(repo: Path) -> None:
    found = take(repo, closed(label={"name": "auto"}), id="72d3162e-cc78-11e3")
    assert (found.outcome, found.kinds, found.items) == ("recorded", ("forge_seen", "issue_observed"), ("142",))
    seen, state = events(repo, "forge_seen")[0], events(repo, "issue_observed")[0]
    assert seen["data"] == {
        "event": "issues",
        "action": "closed",
        "number": 142,
        "state": "closed",
        "reason": "completed",
        "at": LATE,
        "name": "auto",
        "sender": "grace",
        "by": "signature",
        "delivery": "72d3162e-cc78-11e3",
    }
    assert state["data"]["reason"] == "completed" and state["data"]["updated_at"] == LATE


def test_the_same_bytes_count_once_whatever_the_headers_say(repo: Path) -> None:
    body = closed()
    assert take(repo, body, id="one").outcome == "recorded"
    for event, name in (("issues", "one"), ("issues", "two"), ("issue_comment", "three")):
        assert take(repo, body, event, name).outcome == "known"
    assert take(repo, closed(at=LATER), id="one").outcome == "known"
    assert len(events(repo, "forge_seen")) == 1


def test_what_another_branch_took_in_is_known_here(repo: Path) -> None:
    git(repo, "switch", "--quiet", "-c", "other")
    take(repo, closed(), commit=True)
    git(repo, "switch", "--quiet", "main")
    assert events(repo, "forge_seen") == []
    assert take(repo, closed()).outcome == "known"


def test_late_deliveries_do_not_turn_time_back(repo: Path) -> None:
    take(repo, closed(at=LATER))
    take(repo, closed(at=LATE, state="open"))
    assert observed(repo) == [(142, "closed")]
    take(repo, closed(at="2030-01-01T10:00:09Z", state="open"))
    assert observed(repo) == [(142, "closed"), (142, "open")]


def test_what_a_sync_saw_later_counts_too(repo: Path) -> None:
    seen = Issue(142, "Refills", state="closed", updated_at="2030-01-01T10:00:05Z")
    with workspace(repo).transaction("github apply") as tx:
        tx.append(applying.observation("142", seen))
    take(repo, closed(at="2030-01-01T10:00:04Z", state="open"))
    assert observed(repo) == [(142, "closed")]
    take(repo, closed(at="2030-01-01T10:00:06Z", state="open"))
    assert observed(repo) == [(142, "closed"), (142, "open")]


def test_a_closed_issue_satisfies_the_check_that_waits_for_it(at: Board, repo: Path) -> None:
    path = repo / "config/pipeline.yml"
    gates = "gates:\n  default:\n    checks: [issue]\n\nartifacts:\n  brief:"
    path.write_text(path.read_text().replace("artifacts:\n  brief:", gates))
    assert codes(repo, "check", SHAPE) == ["VT425"]
    take(repo, closed())
    assert codes(repo, "check", SHAPE) == []


def test_of_a_pull_request_the_branch_names_the_ticket(repo: Path) -> None:
    head = {"ref": f"phase/{SHAPE}", "sha": "a" * 40, "repo": {"full_name": "acme/train"}}
    said = {"action": "closed", "pull_request": {"number": 150, "state": "closed", "merged": True, "head": head}}
    body = json.dumps({**said, "repository": {"full_name": "acme/train"}}).encode()
    found = take(repo, body, "pull_request")
    assert (found.ticket, found.items) == (SHAPE, ("142",))
    (event,) = events(repo, "forge_seen")
    assert (event["ticket"], event["item"], event["data"]["merged"]) == (SHAPE, "142", True)
    assert observed(repo) == []


@pytest.mark.parametrize(
    ("event", "body", "why"),
    [
        ("star", closed(), "nothing here starts from it"),
        ("issues", closed(repository={"full_name": "evil/train"}), "it is not about acme/train"),
        ("issues", closed(repository=None), "it is not about acme/train"),
        ("issue_comment", closed(9), "it is about no work item and no ticket"),
        ("pull_request", b'{"repository": {"full_name": "acme/train"}}', "it is about no work item and no ticket"),
    ],
)
def test_what_starts_nothing_is_noted_here_alone(repo: Path, event: str, body: bytes, why: str) -> None:
    before = events(repo)
    for _ in range(2):
        found = take(repo, body, event)
        assert (found.outcome, found.why, found.events) == ("ignored", why, ())
    assert events(repo) == before and git(repo, "status", "--porcelain") == ""
    noted = [e for e in workspace(repo).local.events() if e.kind == "delivery_ignored"]
    assert [e.data["why"] for e in noted] == [why]


def test_what_was_ignored_counts_once_its_item_is_there(repo: Path) -> None:
    assert take(repo, closed(9), "issue_comment").outcome == "ignored"
    must(repo, "work", "new", "--kind", "PRD", "--title", "x", "--issue", "9")
    assert take(repo, closed(9), "issue_comment").outcome == "recorded"


def test_a_new_issue_that_is_no_item_yet_is_recorded(repo: Path) -> None:
    found = take(repo, closed(9, state="open"))
    assert (found.outcome, found.items, found.kinds) == ("recorded", (), ("forge_seen",))


def test_a_commit_holds_just_these_events(repo: Path) -> None:
    must(repo, "work", "new", "--kind", "PRD", "--title", "x", "--issue", "9")
    found = take(repo, closed(), commit=True)
    assert found.commit and git(repo, "log", "-1", "--format=%s").strip() == "Take in issues closed of the forge"
    changed = git(repo, "show", "--name-only", "--format=", "HEAD").split()
    assert len(changed) == 1 and changed[0].startswith(".agenticops/events/")
    assert "docs/work/9.md" in git(repo, "status", "--porcelain", "--untracked-files=all")


def test_many_at_once_count_once(repo: Path) -> None:
    (repo.parent / "payload.json").write_bytes(closed())
    signature = f"sha256={hmac.new(SECRET.encode(), closed(), hashlib.sha256).hexdigest()}"
    script = (
        "import sys; from agenticops.flows import ingest; from agenticops.workspace import Workspace\n"
        "body = open(sys.argv[1], 'rb').read()\n"
        "came = ingest.signed('issues', body, '', sys.argv[2], 'env:HOOK_SECRET')\n"
        "print(ingest.ingest(Workspace(sys.argv[3]), came).outcome)"
    )
    import subprocess

    python = str(Path(CONSOLE_SCRIPT).parent / "python")
    call = [python, "-c", script, str(repo.parent / "payload.json"), signature, str(repo)]

    def one(_: int) -> str:
        return subprocess.run(call, check=True, capture_output=True, text=True, timeout=60).stdout.strip()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(one, range(4))) == ["known", "known", "known", "recorded"]
    assert len(events(repo, "forge_seen")) == 1


def test_a_signature_that_does_not_hold_is_refused(repo: Path) -> None:
    with pytest.raises(RemoteError) as refused:
        ingest.signed("issues", closed(), "", "sha256=" + "0" * 64, "env:HOOK_SECRET")
    assert refused.value.exit_code == 4 and SECRET not in str(refused.value.message)


def test_nobody_vouches_for_a_bare_payload(repo: Path) -> None:
    for signature, secret in (("", ""), ("sha256=" + "0" * 64, ""), ("", "env:HOOK_SECRET")):
        with pytest.raises(UsageError, match="nobody vouches"):
            ingest.signed("issues", closed(), "", signature, secret)
    with pytest.raises(UsageError, match="no run of GitHub Actions"):
        ingest.of_actions({"GITHUB_EVENT_PATH": "/nowhere"})


def test_a_secret_is_named_and_never_given(repo: Path) -> None:
    with pytest.raises(UsageError, match="no reference to a secret"):
        ingest.signed("issues", closed(), "", "sha256=" + "0" * 64, SECRET)


def test_what_is_too_large_is_refused(repo: Path) -> None:
    with pytest.raises(TrainError, match="more than 25 MB"):
        ingest.signed("issues", b" " * (webhook.LIMIT + 1), "", "sha256=" + "0" * 64, "env:HOOK_SECRET")


def test_an_odd_delivery_id_is_refused(repo: Path) -> None:
    with pytest.raises(UsageError, match="no delivery's id"):
        take(repo, closed(), id="../x\n")


def test_no_json_is_an_error_and_leaves_no_trace(repo: Path) -> None:
    with pytest.raises(StateError, match="is not JSON"):
        take(repo, b"payload=%7B%7D")
    assert git(repo, "status", "--porcelain") == ""


def test_the_event_of_a_run_of_actions(repo: Path, tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.write_bytes(closed())
    run = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "issues", "GITHUB_EVENT_PATH": str(path)}
    done = run_cli(repo, "log", "--limit", "0", "--json")
    found = ingest.ingest(workspace(repo), ingest.of_actions(run))
    assert found.outcome == "recorded" and events(repo, "forge_seen")[0]["data"]["by"] == "actions"
    assert len(json.loads(done.stdout)["data"]) + 2 == len(events(repo))
    path.unlink()
    with pytest.raises(TrainError, match="cannot be read"):
        ingest.of_actions(run)


def test_without_a_train_nothing_is_taken_in(repo: Path) -> None:
    git(repo, "rm", "-q", "config/pipeline.yml")
    commit_all(repo)
    with pytest.raises(StateError, match="no train yet"):
        take(repo, closed())
