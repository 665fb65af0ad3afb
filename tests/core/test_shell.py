"""Shell: every simple command of a line is found, whatever it stands in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenticops.core import shell


def words(text: str) -> list[list[str]]:
    return [c.words for c in shell.commands(text)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", []),
        ("# nothing\n", []),
        ("a b", [["a", "b"]]),
        ("a;b&&c||d|e&f\ng", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"], ["g"]]),
        ("a 'b; c' \"d && e\" f\\;g", [["a", "b; c", "d && e", "f;g"]]),
        ("a \\\n  b", [["a", "b"]]),
        ("a ''", [["a", ""]]),
        ("(a; b) & { c; }", [["a"], ["b"], ["c"]]),
        ('a $(b `c` "$(d)")', [["c"], ["d"], ["b", "$`", "$()"], ["a", "$()"]]),
        ('a "x $(b) y"', [["b"], ["a", "x $() y"]]),
        ("a '$(b)'", [["a", "$(b)"]]),
        ("a <(b) >(c)", [["b"], ["c"], ["a", "$()", "$()"]]),
        ("a ${x:-$(b)}", [["b"], ["a", "${}"]]),
        ("a $((1 + 2))", [["a", "$"]]),
        ("if a; then b; elif c; then d; else e; fi", [["a"], ["b"], ["c"], ["d"], ["e"]]),
        ("while ! a; do b; done", [["a"], ["b"]]),
        ("for x in $(a) b; do c; done", [["a"], ["c"]]),
        ("[[ a > b && -n c ]] && d", [["-n", "c", "]]"], ["d"]]),
        ("a <<E\nb $(c)\nE\nd", [["a"], ["c"], ["d"]]),
        ("a <<'E'\nb $(c)\nE\nd", [["a"], ["d"]]),
        ("a <<-E && b\n\tx\n\tE\nd", [["a"], ["b"], ["d"]]),
        ("a <<< 'b; c'", [["a"]]),
        ("a$'\\x62'", [["a$\\x62"]]),
        ("case $x in a) b;; esac", [["case", "$x", "in", "a"], ["b"]]),
    ],
)
def test_words(text: str, wanted: list[list[str]]) -> None:
    assert words(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a > b", [(">", "b")]),
        ("a 2>>b 1>&2", [(">>", "b"), (">&", "2")]),
        ("a2 >|b", [(">|", "b")]),
        ("a &>b", [("&>", "b")]),
        ("a < b <> c", [("<", "b"), ("<>", "c")]),
        ("> b", [(">", "b")]),
        ('a > "$X/b c"', [(">", "$X/b c")]),
    ],
)
def test_redirections(text: str, wanted: list[tuple[str, str]]) -> None:
    (command,) = shell.commands(text)
    assert command.redirections == wanted


@pytest.mark.parametrize("text", ["'a", '"a', "a $(b", "a `b", "a ${b", "a >", "a > > b", "$((1"])
def test_what_cannot_be_taken_apart(text: str) -> None:
    with pytest.raises(ValueError):
        shell.commands(text)


def test_nesting_has_an_end() -> None:
    with pytest.raises(ValueError, match="deeply"):
        shell.commands("$(" * 5_000 + ")" * 5_000)


@given(st.text("ab '\"\\$(){}`;|&<>\n#=[", max_size=40))
def test_any_text_is_taken_apart_or_refused(text: str) -> None:
    try:
        assert all(c.words or c.redirections for c in shell.commands(text))
    except ValueError:
        pass


@given(st.lists(st.text(st.characters(exclude_characters="\0"), max_size=8), min_size=1, max_size=5))
def test_quoted_words_stay_as_they_are(given_words: list[str]) -> None:
    import shlex

    assert words(shlex.join(["x", *given_words])) == [["x", *given_words]]
