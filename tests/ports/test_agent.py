"""An agent: fed, listened to, kept, stopped, and ended with all that it started."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from agenticops.errors import RemoteError, TrainError
from agenticops.ports import agent
from agenticops.ports.agent import Ended
from tests.support import thorough, write

LONG = "import time\nfor _ in range(600): time.sleep(0.1)\n"


class Person:
    """Who runs an agent: what was noted and heard, and how often it beat."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.noted: list[tuple[int, float]] = []
        self.heard: list[str] = []
        self.beats = 0
        self.stop = threading.Event()
        self.on_line: Callable[[str], None] = lambda line: None

    def line(self, text: str) -> None:
        self.heard.append(text)
        self.on_line(text)

    def beat(self) -> None:
        self.beats += 1

    def run(
        self,
        text: str,
        *,
        seconds: float = 20,
        prompt: str = "",
        every: float = 5,
        environment: dict[str, str] | None = None,
    ) -> Ended:
        program = write(self.root, "agent.py", text)
        return agent.run(
            [sys.executable, str(program)],
            str(self.root),
            prompt=prompt,
            environment=environment,
            log=self.root / "logs" / "raw.log",
            seconds=seconds,
            note=lambda pid, started: self.noted.append((pid, started)),
            line=self.line,
            stop=self.stop,
            beat=self.beat,
            every=every,
        )

    @property
    def log(self) -> bytes:
        return (self.root / "logs" / "raw.log").read_bytes()


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return Person(tmp_path)


def gone(pid: int) -> bool:
    """Tell whether a process ends within a moment."""
    try:
        psutil.Process(pid).wait(3)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return False
    return True


def test_an_agent_is_heard_line_by_line_and_kept(person: Person) -> None:
    done = person.run("import sys\nprint('one\\r')\nprint('two', end='')\nsys.stderr.write('oh')\nsys.exit(3)")
    assert (done.code, done.ended, done.out.split(), done.err) == (3, "", ["one", "two"], "oh")
    assert person.heard == ["one", "two"] and done.milliseconds > 0
    assert b"two" in person.log and b"oh" in person.log
    assert oct((person.root / "logs" / "raw.log").stat().st_mode)[-3:] == "600"


def test_a_prompt_larger_than_a_pipe_is_read_by_who_wants_it(person: Person) -> None:
    prompt = "wörd " * 400_000
    assert person.run("import sys; print(len(sys.stdin.read()))", prompt=prompt).out.strip() == str(len(prompt))
    assert person.run("print('never read')", prompt=prompt).code == 0
    assert person.run("import sys; print(repr(sys.stdin.read()))").out.strip() == "''"


def test_it_is_noted_before_anything_else_and_is_the_leader_of_its_group(person: Person) -> None:
    done = person.run("import os; print(os.getpid(), os.getpgid(0), os.getsid(0))")
    [(pid, started)] = person.noted
    assert done.out.split() == [str(pid)] * 3
    assert abs(started - time.time()) < 20


def test_the_environment_is_a_base_and_what_was_given(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "abc")
    monkeypatch.setenv("AGENTICOPS_AGENT", "somebody")
    text = "import os; print(sorted(n for n in os.environ if n != 'LC_CTYPE'), os.environ.get('AGENTICOPS_AGENT'))"
    out = person.run(text, environment={"AGENTICOPS_AGENT": "maker"}).out
    assert "GITHUB_TOKEN" not in out and "'PATH'" in out and out.strip().endswith("maker")
    assert person.run(text).out.strip().endswith("None")


def test_it_beats_while_the_agent_works(person: Person) -> None:
    person.run("import time; time.sleep(0.6)", every=0.1)
    assert 2 <= person.beats <= 7


def test_a_stop_ends_it_at_once(person: Person) -> None:
    person.on_line = lambda line: person.stop.set()
    began = time.monotonic()
    done = person.run(f"print('up', flush=True)\n{LONG}")
    assert done.ended == "stopped" and done.code == -15 and time.monotonic() - began < 5


def test_it_may_say_its_last_when_it_has_to_end(person: Person) -> None:
    handler = "import signal, sys\nsignal.signal(15, lambda *_: (print('last'), sys.exit(0)))\n"
    text = f"{handler}print('up', flush=True)\n{LONG}"
    person.on_line = lambda line: person.stop.set()
    done = person.run(text)
    assert (done.code, done.ended, person.heard) == (0, "stopped", ["up", "last"])


def test_one_that_does_not_want_to_end_is_killed(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent, "GRACE", 0.2)
    done = person.run(f"import signal\nsignal.signal(15, signal.SIG_IGN)\n{LONG}", seconds=0.5)
    assert (done.code, done.ended) == (-9, "timeout")


def test_a_flood_is_ended_and_its_log_is_cut(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent.process, "FLOOD", 3_000_000)
    monkeypatch.setattr(agent, "LOGGED", 1_000_000)
    done = person.run("while True: print('x' * 1000)")
    assert done.ended == "flood" and len(done.out) <= agent.KEPT
    assert len(person.log) == 1_000_000 + len(agent.CUT) and person.log.endswith(agent.CUT)


def test_a_line_without_an_end_is_cut(person: Person) -> None:
    done = person.run("print('x' * 3_000_000); print('end')")
    assert [len(line) for line in person.heard] == [agent.KEPT, 3] and done.out.endswith("x\nend\n")


@pytest.mark.parametrize("detached", [False, True])
def test_what_it_left_behind_is_ended_with_it(person: Person, detached: bool) -> None:
    done = person.run(
        "import subprocess\np = subprocess.Popen(['sleep', '60'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,"
        f" start_new_session={detached})\nprint(p.pid)"
    )
    assert done.ended == "" and gone(int(done.out))


def test_who_listens_may_fail_and_the_agent_ends(person: Person) -> None:
    def fail(line: str) -> None:
        raise ValueError(line)

    person.on_line = fail
    with pytest.raises(ValueError, match="up"):
        person.run(f"print('up', flush=True)\n{LONG}")
    assert gone(person.noted[0][0])


def test_what_cannot_be_started_is_an_error(person: Person, tmp_path: Path) -> None:
    common = {"log": tmp_path / "l", "note": print, "line": print, "stop": person.stop, "beat": person.beat}
    with pytest.raises(TrainError, match="there is no program"):
        agent.run(["no-such-agent"], str(tmp_path), every=1, seconds=1, **common)  # type: ignore[arg-type]
    with pytest.raises(RemoteError, match="cannot be started"):
        agent.run(["./none"], str(tmp_path), every=1, seconds=1, **common)  # type: ignore[arg-type]


def test_it_runs_in_threads_side_by_side(tmp_path: Path) -> None:
    people = [Person(tmp_path / str(number)) for number in range(4)]
    found: dict[int, Ended] = {}
    script = "import sys; print(sys.stdin.read())"

    def work(number: int) -> None:
        found[number] = people[number].run(script, prompt=f"p{number}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert {number: done.out.strip() for number, done in found.items()} == {n: f"p{n}" for n in range(4)}


def test_an_orphan_is_ended_and_nobody_else(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", LONG], start_new_session=True)
    other = subprocess.Popen([sys.executable, "-c", LONG])  # in our own group: no agent of ours
    try:
        began = psutil.Process(child.pid).create_time()
        assert not agent.orphan(child.pid, began - 60) and not agent.end_orphan(child.pid, began - 60)
        assert not agent.orphan(other.pid, psutil.Process(other.pid).create_time())
        assert agent.orphan(child.pid, began) and agent.end_orphan(child.pid, began)
        assert child.wait(5) == -15 and other.poll() is None
        assert not agent.orphan(child.pid, began)
    finally:
        for one in (child, other):
            one.kill()
            one.wait()


@thorough
def test_a_stubborn_orphan_goes_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent, "GRACE", 0.2)
    text = (
        "import signal, subprocess\nsignal.signal(15, signal.SIG_IGN)\n"
        f"p = subprocess.Popen(['sleep', '60'])\nprint(p.pid, flush=True)\n{LONG}"
    )
    child = subprocess.Popen([sys.executable, "-c", text], start_new_session=True, stdout=subprocess.PIPE)
    with child:
        assert child.stdout is not None
        below = int(child.stdout.readline())
        assert agent.end_orphan(child.pid, psutil.Process(child.pid).create_time())
        assert child.wait(5) == -9 and gone(below)


def test_strays_of_a_desk_are_ended_and_those_of_another_are_not(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    strays = [
        subprocess.Popen(["sleep", "60"], env={**os.environ, agent.DESK: str(tmp_path / name)}, start_new_session=True)
        for name in ("a", "b")
    ]
    try:
        assert agent.end_strays(str(tmp_path / "a")) == 1
        assert strays[0].wait(5) == -9 and strays[1].poll() is None
    finally:
        for one in strays:
            one.kill()
            one.wait()
