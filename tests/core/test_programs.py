"""Programs: what a command line writes, and how it would hide who runs it."""

from __future__ import annotations

import pytest

from agenticops.core import programs, shell


def written(text: str) -> list[str]:
    return [("-" if w.removes else "") + w.path for c in shell.commands(text) for w in programs.writes(c)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("cat a b", []),
        ("echo a > b 2>> c >&2 </dev/null", ["b", "c"]),
        ("a | tee -a b c", ["b", "c"]),
        ("touch -d yesterday a", ["a"]),
        ("truncate -s 0 a", ["a"]),
        ("rm -rf a -- -b", ["-a", "--b"]),
        ("mv a b/", ["-a", "b/a"]),
        ("cp -r a/b c", ["c/b"]),
        ("cp a b c", ["c/a", "c/b"]),
        ("cp -t d a b", ["d/a", "d/b"]),
        ("ln -s ../x y", ["y/x"]),
        ("sed -i 's/a/b/' c d", ["c", "d"]),
        ("sed -i.bak -e s/a/b/ c", ["c"]),
        ("sed -n 1p c", []),
        ("perl -pi -e 's/a/b/' c", ["c"]),
        ("dd if=/dev/zero of=a", ["a"]),
        ("curl -o a https://example.org", ["a"]),
        ("git checkout HEAD~1 -- a b", ["-a", "-b"]),
        ("git checkout main", []),
        ("git restore a", ["-a"]),
        ("git restore --staged a", []),
        ("git -C sub rm --cached a", ["-sub/a"]),
        ("timeout 5 env A=b rm a", ["-a"]),
        ("sudo tee /etc/a", ["/etc/a"]),
        ("rm $X ${Y}/z", []),
        ("/bin/rm a", ["-a"]),
    ],
)
def test_what_is_written(text: str, wanted: list[str]) -> None:
    assert written(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "CLAUDECODE= agenticops advance",
        "AGENTICOPS_AGENT=nobody agenticops advance",
        "unset CLAUDECODE",
        "env -u CLAUDECODE agenticops advance",
        "env -uAGENTICOPS_AGENT x",
        "env --unset=CLAUDECODE x",
        "env -i agenticops advance",
        "env CLAUDECODE=0 x",
        "timeout 5 env -u CLAUDECODE x",
        "export AGENTICOPS_AGENT=",
        "git commit --no-verify -m x",
        "git commit --no-veri -m x",
        "git commit -nm x",
        "git commit -an",
        "git push --no-verify",
        "git -c core.hooksPath=/dev/null commit -m x",
        "git config core.hookspath x",
    ],
)
def test_a_disguise_is_told(text: str) -> None:
    assert any(programs.disguise(c) for c in shell.commands(text))


@pytest.mark.parametrize(
    "text",
    [
        "echo $CLAUDECODE",
        "grep -rn AGENTICOPS_AGENT src",
        "grep -rn export AGENTICOPS_AGENT",
        "echo git commit -n",
        "git commit -m 'why --no-verify is refused'",
        "git commit -m -n",
        "git commit -am 'no news'",
        "git log -n 3",
        "env A=b x",
        "printf '%s' --no-verify",
    ],
)
def test_what_is_none(text: str) -> None:
    assert not any(programs.disguise(c) for c in shell.commands(text))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("ls -l", True),
        ("git status --short", True),
        ("git diff --output=x", False),
        ("git commit -m x", False),
        ("rg --pre ./x y", False),
        ("find . -delete", False),
        ("timeout 5 cat a", True),
        ("python x.py", False),
    ],
)
def test_what_is_known_to_read_only(text: str, wanted: bool) -> None:
    assert all(programs.reads_only(c) for c in shell.commands(text)) is wanted


def test_what_a_shell_is_started_with() -> None:
    for text in ("bash -c 'rm a'", "sh -ec 'rm a'", "eval rm a", "timeout 5 /bin/sh -c 'rm a'"):
        (outer,) = shell.commands(text)
        assert [c.words for c in programs.inner(outer.split()[1])] == [["rm", "a"]], text
