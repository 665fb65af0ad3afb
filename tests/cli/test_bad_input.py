"""Bad input: one error that names file, line, reason and way out; nothing on stdout, nothing written, no traceback."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import time
from pathlib import Path

import pytest

from tests.stations import FIRST, ITEM, SHAPE, Board, codes, data, must, refused
from tests.support import CONSOLE_SCRIPT, cli, commit_all, git, new_repo, run_cli, snapshot, status, write

PIPELINE = "config/pipeline.yml"
TICKET = f"tickets/{FIRST}/ticket.yml"
WORK = f"docs/work/{ITEM}.md"
SESSION = "docs/session-context/ACTIVE_SESSION.md"
MARKERS = b"<<<<<<< HEAD\nstatus: done\n=======\nstatus: todo\n>>>>>>> other\n"

# what stands in the file → (words of the reason, line)
BROKEN: dict[str, tuple[bytes, str, int]] = {
    "not YAML": (b"id: [\n", "", 2),
    "a duplicate key": (b'id: "x"\n\nid: "y"\n', "twice", 3),
    "conflict markers": (b'id: "x"\n' + MARKERS, "conflict markers", 2),
    "bad UTF-8": (b'id: "x"\ntitle: \xff\n', "UTF-8", 2),
    "a NUL": (b'id: "x"\n\0\n', "NUL", 2),
    "an alias": (b"id: &a x\nitem: *a\n", "", 1),
    "a bomb": (b"a: &a [x, x]\nb: &b [*a, *a]\nid: [*b, *b]\n", "", 1),
    "30 kB of [": (b"id: " + b"[" * 30_000, "", 1),
    "a list": (b"- id\n", "", 1),
    "a megabyte": (b"id: " + b"x" * 1_000_000, "", 0),
    "nothing": (b"", "", 1),
}


def told(repo: Path, *call: str, code: int = 1) -> str:
    """Run a command through the console script that has to fail; prove that it wrote nothing and kept stdout empty."""
    before, stood = snapshot(repo), status(repo)
    done = run_cli(repo, *call, check_code=code)
    assert done.stdout == "" and done.stderr.startswith("✗ ") and "Traceback" not in done.stderr, done.stderr
    assert "\n  at    " in done.stderr and "\n  next  " in done.stderr, done.stderr
    assert snapshot(repo) == before and status(repo) == stood
    return done.stderr


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize(("path", "call"), [(PIPELINE, ("begin",)), (TICKET, ("begin", FIRST))])
def test_a_broken_state_file_stops_a_write(at: Board, name: str, path: str, call: tuple[str, ...]) -> None:
    repo = at("opened")
    content, words, line = BROKEN[name]
    write(repo, path, content)
    before = snapshot(repo)
    err = refused(repo, *call)
    assert words in err and f"at    {path}" in err, err
    assert not line or f"at    {path}:{line}" in err or line == 2, err
    assert snapshot(repo) == before


@pytest.mark.parametrize("name", ["not YAML", "conflict markers", "30 kB of ["])
def test_the_console_script_says_the_same(at: Board, name: str) -> None:
    repo = at("opened")
    write(repo, TICKET, BROKEN[name][0])
    assert f"at    {TICKET}:" in told(repo, "checklist", "tick", "1", "--ticket", FIRST)
    write(repo, PIPELINE, BROKEN[name][0])
    assert f"at    {PIPELINE}:" in told(repo, "init")


@pytest.mark.parametrize("name", BROKEN)
def test_reads_go_on_and_say_what_is_broken(at: Board, name: str) -> None:
    repo = at("opened")
    write(repo, TICKET, BROKEN[name][0])
    before = snapshot(repo)
    code, out, err = cli(repo, "status")
    assert code == 1 and f"at    {TICKET}" in err and "Software train" in out
    found = data(repo, "check", code=3)["findings"]
    assert [f["code"] for f in found] == ["VT304"] and found[0]["path"] == TICKET
    assert TICKET in data(repo, "next")["do"]
    assert snapshot(repo) == before


@pytest.mark.parametrize("call", [("status",), ("next",), ("check",), ("mode", "show"), ("pipeline", "lint"), ("log",)])
def test_a_broken_pipeline(at: Board, call: tuple[str, ...]) -> None:
    repo = at("opened")
    write(repo, PIPELINE, b"schema: 1\nname: x\nphases: [\n")
    code, out, err = cli(repo, *call)
    if call == ("check",):
        assert code == 3 and f"{PIPELINE}:4  VT304" in out
    elif call == ("log",):
        assert code == 0, "the log does not depend on it"
    else:
        assert (code, out) == (1, "") and f"at    {PIPELINE}:4" in err
    write(repo, PIPELINE, b"schema: 1\nname: x\nphasse: {}\n")
    assert "phasse" in refused(repo, "begin")


@pytest.mark.parametrize(
    ("path", "old", "new", "words"),
    [
        (TICKET, "status: todo", "status: finished", "status: unknown value 'finished'"),
        (TICKET, "phase: requirements\n", "", "the field phase is missing"),
        (TICKET, f"id: {FIRST}", "id: other_9", "calls itself other_9"),
        (WORK, "kind: PRD", "kind: EPIC", "kind: unknown value 'EPIC'"),
        (WORK, "priority: next", "priority: soon", "priority: unknown value 'soon'"),
        (WORK, "---\nid", "id", ""),
        (
            PIPELINE,
            "  requirements:\n    title",
            "  requirements:\n    titel",
            "phases.requirements.titel: unknown field",
        ),
        (PIPELINE, "schema: 1", "schema: 99", "schema 99 is not known"),
        (PIPELINE, "    done: true", "    done: maybe", "phases.release.done: true or false is wanted, not text"),
    ],
)
def test_an_unknown_value_names_field_and_line(at: Board, path: str, old: str, new: str, words: str) -> None:
    repo = at("opened")
    text = (repo / path).read_text()
    assert old in text
    write(repo, path, text.replace(old, new, 1))
    err = told(repo, "begin", FIRST)
    assert words in err and f"at    {path}" in err, err
    if words and "calls" not in words and "phase" not in words:
        assert f"at    {path}:" in err, "with its line"


def test_a_missing_ticket_file(at: Board) -> None:
    repo = at("opened")
    (repo / TICKET).unlink()
    assert f"at    {TICKET}" in told(repo, "begin", FIRST)
    assert codes(repo, "check") == ["VT304"]


@pytest.mark.parametrize("line", [b"{\n", b"[]\n", b'{"id": 1}\n', b"\xff\n", MARKERS, b"\n\n{}\n"])
def test_a_broken_log_is_an_error_with_its_line(at: Board, line: bytes) -> None:
    repo = at("opened")
    shard = max((repo / ".agenticops/events").rglob("*.jsonl"))
    number = shard.read_bytes().count(b"\n") + 1
    shard.write_bytes(shard.read_bytes() + line)
    name = str(shard.relative_to(repo))
    assert f"at    {name}:{number}" in refused(repo, "log") or line.startswith(b"\n")
    assert codes(repo, "check")[0] == "VT304"
    before = snapshot(repo)
    assert f"at    {name}" in refused(repo, "begin"), "nothing is built on a log that cannot be read"
    assert snapshot(repo) == before


CALLS = [("status",), ("next",), ("check",), ("mode", "show"), ("init",), ("work", "list"), ("begin",), ("doctor",)]


@pytest.mark.parametrize("call", CALLS)
def test_outside_a_repository(tmp_path: Path, call: tuple[str, ...]) -> None:
    err = refused(tmp_path, *call)
    assert "is in no git repository" in err and "git init" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("call", CALLS)
def test_a_bare_repository(tmp_path: Path, call: tuple[str, ...]) -> None:
    repo = new_repo(tmp_path / "bare.git", "--bare")
    before = sorted(p.name for p in repo.iterdir())
    assert "this is a bare repository" in refused(repo, *call)
    assert sorted(p.name for p in repo.iterdir()) == before


@pytest.mark.parametrize(
    "call", [("status",), ("next",), ("check",), ("begin",), ("pipeline", "show"), ("ticket", "list")]
)
def test_before_init(repo: Path, call: tuple[str, ...]) -> None:
    err = refused(repo, *call)
    assert "this repository is no train yet" in err and "agenticops init --train ml" in err
    assert status(repo) == ""


@pytest.mark.parametrize(
    "path", ["../x.md", "/etc/passwd", "docs/../../x.md", ".git/config", ".GIT/hooks/x", "a\\b.md"]
)
def test_an_artifact_path_that_leaves_the_repository(at: Board, path: str) -> None:
    repo = at("tiny-working")
    text = (repo / PIPELINE).read_text()
    write(repo, PIPELINE, text.replace("docs/{item}/brief.md", json.dumps(path)))
    for call in (("artifact", "new", "brief"), ("artifact", "record", "brief"), ("artifact", "check"), ("advance",)):
        assert "leaves the repository" in refused(repo, *call)
    assert "VT604" in codes(repo, "pipeline", "lint")
    for call in (["status"], ["next"], ["mode", "show"]):
        _, out, err = cli(repo, *call)
        assert "Traceback" not in err and "root:" not in out
    assert not (repo.parent / "x.md").exists()


def test_a_template_or_checklist_that_leaves_its_folder(at: Board) -> None:
    repo = at("tiny-working")
    text = (repo / PIPELINE).read_text()
    write(repo, PIPELINE, text.replace("headings: [Goal]", "headings: [Goal]\n    template: ../../../secret.md"))
    assert "leaves the repository" in refused(repo, "artifact", "new", "brief")
    write(repo, PIPELINE, text.replace("title: Make", "title: Make\n    checklist: ../../../secret.md", 1))
    assert "leaves the repository" in refused(
        repo, "work", "new", "--kind", "Task", "--title", "x", "--start", "--phase", "build"
    )


def test_symbolic_links_are_not_followed(at: Board, tmp_path: Path) -> None:
    repo = at("tiny-opened")
    outside = tmp_path / "outside"
    (repo / "tickets").rename(outside)
    (repo / "tickets").symlink_to(outside)
    before = {p: p.read_bytes() for p in outside.rglob("*") if p.is_file()}
    err = refused(repo, "begin", SHAPE)
    assert "folder is wanted" in err or "symbolic link" in err, err
    for call in (
        ["begin", SHAPE],
        ["checklist", "tick", "1", "--ticket", SHAPE],
        ["work", "new", "--title", "x", "--start"],
    ):
        code, out, err = cli(repo, *call)
        assert code in (1, 2) and out == "" and "Traceback" not in err, (call, out, err)
    assert {p: p.read_bytes() for p in outside.rglob("*") if p.is_file()} == before


def test_a_linked_file_is_not_followed(at: Board, tmp_path: Path) -> None:
    repo = at("tiny-opened")
    secret = tmp_path / "secret.md"
    secret.write_text("- [ ] mine *\n")
    path = repo / f"tickets/{SHAPE}/checklist.md"
    path.unlink()
    path.symlink_to(secret)
    assert "links are not followed" in refused(repo, "checklist", "tick", "1")
    assert secret.read_text() == "- [ ] mine *\n"
    path.unlink()
    os.mkfifo(path)
    assert "not a regular file" in refused(repo, "checklist", "show")


NASTY = "a\x1b[31m\x07\u202e\u200b[/nope] [red]x\r\n\tb\x00"


def test_user_text_with_control_characters_is_shown_escaped(at: Board) -> None:
    repo = at("tiny")
    title = NASTY.replace("\x00", "")
    must(repo, "work", "new", "--title", title, "--issue", "7", "--start")
    must(repo, "begin")
    must(repo, "session", "note", title)
    must(repo, "checklist", "add", title.replace("\r\n", " "), "--section", "Core activities")
    must(repo, "ticket", "block", "--reason", title)
    for call in (
        ["status"], ["next"], ["log"], ["work", "list"], ["work", "show", "7"], ["ticket", "show"],
        ["ticket", "list"], ["checklist", "show"], ["mode", "show"], ["session", "show"], ["session", "list"],
        ["check"], ["artifact", "list"],
    ):  # fmt: skip
        code, out, err = cli(repo, *call)
        assert code == 0, (call, err)
        for sign in ("\x1b", "\x07", "\u202e", "\u200b", "\r", "\t"):
            assert sign not in out, (call, sign)
        if call[0] in ("status", "ticket", "work"):
            assert "[/nope] [red]x" in out, call
    assert data(repo, "work", "show", "7")["item"]["title"].startswith("a\x1b[31m\x07")


@pytest.mark.parametrize("words", [NASTY, "[/nope]", "\ud800", "x" * 5000])
def test_an_argument_with_control_characters_is_shown_escaped(at: Board, words: str) -> None:
    err = refused(at("tiny-opened"), "ticket", "show", words, code=2)
    assert "\x1b" not in err and "\u202e" not in err


def test_a_second_writer_waits_and_then_says_who_holds_it(at: Board) -> None:
    repo = at("tiny-working")
    lock = repo / ".git" / "agenticops" / "lock"
    with lock.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(json.dumps({"pid": os.getpid(), "command": "test"}))
        file.flush()
        before, began = snapshot(repo), time.monotonic()
        done = run_cli(repo, "checklist", "tick", "1", env={"AGENTICOPS_LOCK_WAIT": "0.2"}, check_code=5)
        assert 0.2 <= time.monotonic() - began < 5
        assert done.stdout == "" and f"process {os.getpid()} (test) is writing; waited 0.2 s" in done.stderr
        assert "\n  next  try again" in done.stderr
        assert snapshot(repo) == before
        assert run_cli(repo, "status", env={"AGENTICOPS_LOCK_WAIT": "0"}).returncode == 0, "reads never wait"
    assert lock.exists()
    run_cli(repo, "checklist", "tick", "1")


def test_a_writer_that_waits_gets_its_turn(at: Board) -> None:
    import subprocess

    repo = at("tiny-working")
    with (repo / ".git" / "agenticops" / "lock").open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        writer = subprocess.Popen([CONSOLE_SCRIPT, "checklist", "tick", "1"], cwd=repo, stdout=subprocess.DEVNULL)
        time.sleep(0.4)
        assert writer.poll() is None
        fcntl.flock(file, fcntl.LOCK_UN)
        assert writer.wait(20) == 0
    assert data(repo, "checklist", "show")["bullets"][0]["checked"]


@pytest.mark.parametrize("wait", ["soon", "-1", "nan", ""])
def test_a_lock_wait_that_is_no_number(at: Board, wait: str) -> None:
    repo = at("tiny-working")
    done = run_cli(repo, "checklist", "tick", "1", env={"AGENTICOPS_LOCK_WAIT": wait}, check_code=None)
    assert done.returncode in (0, 2) and "Traceback" not in done.stderr and "bug" not in done.stderr


def test_a_folder_that_cannot_be_written(at: Board) -> None:
    if os.geteuid() == 0:
        pytest.skip("root writes everywhere")
    repo = at("tiny-working")
    folder = repo / f"tickets/{SHAPE}"
    folder.chmod(0o555)
    try:
        assert "bug" not in refused(repo, "checklist", "tick", "1")
    finally:
        folder.chmod(0o755)


def test_a_folder_stands_where_a_file_is_wanted(at: Board) -> None:
    repo = at("tiny-opened")
    (repo / WORK).unlink()
    write(repo, f"{WORK}/x", "x")
    err = refused(repo, "work", "show", ITEM)
    assert f"at    {WORK}" in err and "not a regular file" in err
    assert cli(repo, "status")[0] == 1


def test_a_closed_pipe_is_no_error(at: Board) -> None:
    import subprocess

    repo = at("ready")
    shell = f"{CONSOLE_SCRIPT} log --json | head -c 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], cwd=repo, capture_output=True, text=True, check=True)
    assert done.stdout == "{0\n" and done.stderr == ""


def test_an_untracked_or_unborn_repository_works(repo: Path) -> None:
    must(repo, "init", "--train", "software")
    must(repo, "work", "new", "--title", "x", "--issue", "7", "--start")
    must(repo, "begin")
    assert git(repo, "rev-parse", "--verify", "HEAD", check=False) == ""
    assert codes(repo, "check") == []
    commit_all(repo)
    assert codes(repo, "check") == []


def test_a_list_never_leaves_a_broken_ticket_out_in_silence(at: Board) -> None:
    repo = at("opened")
    write(repo, TICKET, b"id: [\n")
    for call in (["ticket", "list"], ["ticket", "list", "--json"]):
        code, _, err = cli(repo, *call)
        assert code == 1 and f"at    {TICKET}:2" in err


def test_a_list_never_leaves_a_broken_work_item_out_in_silence(at: Board) -> None:
    repo = at("opened")
    write(repo, WORK, b"---\nid: [\n---\n")
    code, out, err = cli(repo, "work", "list")
    assert code == 1 and f"at    {WORK}" in err and ITEM not in out


def test_a_work_item_under_another_name_is_refused(at: Board) -> None:
    repo = at("tiny-opened")
    write(repo, "docs/work/t00000009.md", (repo / WORK).read_bytes())
    code, _, err = cli(repo, "work", "list")
    assert code == 1 and f"calls itself {ITEM}" in err and "at    docs/work/t00000009.md:2" in err


def test_a_disk_that_fails_is_no_bug(at: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = at("tiny-opened")

    def failing(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error", "docs/work")

    monkeypatch.setattr("agenticops.flows.work.listing", failing)
    code, out, err = cli(repo, "work", "list")
    assert (code, out) == (1, "") and "the system refused: Input/output error" in err and "at    docs/work" in err


@pytest.mark.parametrize("call", [("mode", "show"), ("checklist", "tick"), ("log", "--since")])
def test_an_argument_that_is_no_text(at: Board, call: tuple[str, ...]) -> None:
    err = refused(at("opened"), *call, "a\udc9e", code=2)
    assert "is not UTF-8" in err and "\\udc9e" in err


@pytest.mark.parametrize("since", ["9" * 5000 + "d", "99999999999999999999w", "\u0663d"])
def test_a_time_beyond_all_calendars(at: Board, since: str) -> None:
    assert "is no time" in refused(at("opened"), "log", "--since", since, code=2)


def test_a_manifest_nested_without_end(at: Board) -> None:
    repo = at("opened")
    write(repo, ".agenticops/manifest.json", b"[" * 100_000)
    assert "the manifest of installed files cannot be read" in refused(repo, "init")
