from __future__ import annotations

import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agenticops.core.checklist import add, find, parse, reword, tick
from agenticops.errors import UsageError
from agenticops.model.checklist import Bullet

PAGE = """\
# Build checklist

Purpose.

## Entry criteria

- [ ] Read the plan *

- [x] Tell the **owner**

## Core

### Data

1. [X] Extract `a*b` *  <!-- id: extract -->

2. [ ] Prepare
   and join *

   - [ ] Nested
"""

WORDS = st.text(alphabet="abc XYZé你*_`<[]", min_size=1, max_size=12).map(lambda w: "w" + w)
BULLETS = st.lists(st.tuples(WORDS, st.booleans(), st.booleans()), min_size=1, max_size=8)
PIECES = [
    *("- [ ] ", "* [x] ", "1. [ ] ", "+ [X]", "- ", "[ ]", "> ", "# H", "## K ", "---\n", "```", "~~~", "<!--", "-->"),
    *("  ", "    ", "\t", "\n", "\n\n", "\r\n", "\r", "\u2028", "\ufeff"),
    *("a", "é", "*", "**", " *", "`", "<!-- id: a -->"),
]
WILD = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


def page(bullets: list[tuple[str, bool, bool]], newline: str = "\n") -> str:
    rows = [f"- [{'x' if done else ' '}] {words}{' *' if required else ''}" for words, done, required in bullets]
    return "# T\n\n## S\n\n".replace("\n", newline) + (newline * 2).join(rows) + newline


def only(text: str) -> Bullet:
    (bullet,) = parse(text).bullets
    return bullet


def test_a_page() -> None:
    found = [(b.text, b.section, b.checked, b.required, b.line, b.depth, b.anchor) for b in parse(PAGE).bullets]
    assert found == [
        ("Read the plan", "Entry criteria", False, True, 7, 0, ""),
        ("Tell the **owner**", "Entry criteria", True, False, 9, 0, ""),
        ("Extract `a*b`", "Core › Data", True, True, 15, 0, "extract"),
        ("Prepare and join", "Core › Data", False, True, 17, 0, ""),
        ("Nested", "Core › Data", False, False, 20, 1, ""),
    ]


def test_marks_are_byte_offsets() -> None:
    text = "\ufeff# Prüfung\r\n\r\n- [ ] 数据 *\r\n- [x] é\r\n"
    data = text.encode()
    assert [data[b.mark : b.mark + 1] for b in parse(text).bullets] == [b" ", b"x"]


@pytest.mark.parametrize(
    "text",
    [
        "- [ ] a",
        "* [ ] a",
        "+ [ ] a",
        "1. [ ] a",
        "1) [ ] a",
        "   - [ ] a",
        "- - [ ] a",
        "-     [ ] a",
        "-\t[ ] a",
        "- [x] a",
        "- [X] a",
        "- [ ]\ta",
    ],
)
def test_forms_of_a_bullet(text: str) -> None:
    assert only(text).text == "a"


@pytest.mark.parametrize(
    "text",
    [
        "-[ ] a",
        "- [] a",
        "- [  ] a",
        "- [-] a",
        "- [ ]a",
        "[ ] a",
        "- [x](link) a",
        "    - [ ] a",
        "\t- [ ] a",
        "para\n    - [ ] a",
        "- a\n\npara\n\n    - [ ] a",
        "```\n- [ ] a\n```",
        "~~~ x\n- [ ] a",
        "- x\n  ```\n  - [ ] a\n  ```",
        "- ```\n  - [ ] a\n  ```",
        "<!--\n- [ ] a\n-->",
        "- <!--\n  - [ ] a\n  -->",
        "---\n- [ ] a\n---",
        "> - [ ] a",
        "1234567890. [ ] a",
        "",
    ],
)
def test_what_is_no_bullet(text: str) -> None:
    assert parse(text).bullets == ()


@pytest.mark.parametrize(
    "text",
    [
        "- x\n  ```\n  code\n- [ ] a",
        "```\ncode\n```\n- [ ] a",
        "<!-- c -->\n- [ ] a",
        "text <!-- open\n- [ ] a",
        "para\n- [ ] a",
        "- x\n        - [ ] a",
        "- x\n\n        - [ ] a",
        "``` not`fence\n- [ ] a",
        "---\nnever closed\n\n- [ ] a",
        "x\r- [ ] a",
    ],
)
def test_what_hides_no_bullet(text: str) -> None:
    assert only(text).text == "a"


@pytest.mark.parametrize(
    ("words", "shown", "required"),
    [
        ("a *", "a", True),
        ("a*", "a", True),
        ("a   *  ", "a", True),
        ("a", "a", False),
        ("**a**", "**a**", False),
        ("*a*", "*a*", False),
        ("***a***", "***a***", False),
        ("**a** *", "**a**", True),
        ("**a***", "**a**", True),
        ("*a* and **b** *", "*a* and **b**", True),
        ("a \\*", "a \\*", False),
        ("a `*`", "a `*`", False),
        ("`*` *", "`*`", True),
        ("5 * 3 = 15 *", "5 * 3 = 15", True),
        ("a * <!-- id: i -->", "a", True),
        ("a <!-- id: i --> *", "a", True),
        ("a*<!-- check: c --><!-- id: i -->", "a", True),
        ("**a** <!-- id: i -->", "**a**", False),
        ("**a**<!-- id: i -->*", "**a**", True),
        ("完成*", "完成", True),
        ("a\n  b *", "a b", True),
        ("a\n  *", "a", True),
        ("a\nb*", "a b", True),
        ("a\n  <!-- id: i -->", "a", False),
        ("*", "", True),
    ],
)
def test_required_marker(words: str, shown: str, required: bool) -> None:
    bullet = only(f"- [ ] {words}\n")
    assert (bullet.text, bullet.required) == (shown, required)
    assert bullet.anchor == ("i" if "id: i" in words else "")


@pytest.mark.parametrize(
    "other",
    [
        "- [x] Read **the** plan",
        "* [ ] Read  the plan *",
        "1. [ ] _Read_ the plan <!-- check: x -->",
        "- [ ] Read\n  the plan",
    ],
)
def test_identity_ignores_how_it_is_written(other: str) -> None:
    assert only(f"# Other title\n## S\n{other}").key == only("# T\n## S\n- [ ] Read the plan").key


@pytest.mark.parametrize(
    "other", ["## S\n- [ ] read the plan", "## R\n- [ ] Read the plan", "## S\n### S\n- [ ] Read the plan"]
)
def test_identity_knows_words_and_headings(other: str) -> None:
    assert only(other).key != only("## S\n- [ ] Read the plan").key


def test_equal_bullets_differ_by_their_order_and_an_id_stays() -> None:
    keys = [b.key for b in parse("- [ ] a\n- [ ] a\n- [ ] a <!-- id: k -->\n- [ ] a").bullets]
    assert len(set(keys)) == 4
    assert only("## Elsewhere\n- [ ] new words <!--id:k-->").key == keys[2]


def test_composed_and_decomposed_letters_are_equal() -> None:
    assert only("- [ ] caf\u00e9").key == only("- [ ] cafe\u0301").key


@given(WILD)
def test_tick_changes_one_byte_per_open_bullet_and_no_key(text: str) -> None:
    bullets = parse(text).bullets
    keys = [b.key for b in bullets]
    assume(len(set(keys)) == len(keys))
    ticked = tick(text, keys)
    before, after = text.encode(), ticked.encode()
    assert len(before) == len(after)
    assert [i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a != b] == [
        b.mark for b in bullets if not b.checked
    ]
    assert [(b.key, b.text, b.required, b.line) for b in parse(ticked).bullets] == [
        (b.key, b.text, b.required, b.line) for b in bullets
    ]
    assert all(b.checked for b in parse(ticked).bullets)
    assert tick(ticked, keys) == ticked


@given(BULLETS, BULLETS, st.integers(0, 8))
def test_identity_survives_other_bullets(
    mine: list[tuple[str, bool, bool]], others: list[tuple[str, bool, bool]], at: int
) -> None:
    strangers = [(f"other {words}", done, required) for words, done, required in others]
    before = [b.key for b in parse(page(mine)).bullets]
    after = [b.key for b in parse(page(mine[:at] + strangers + mine[at:])).bullets]
    assert [key for key in after if key in before] == before


def test_tick_keeps_crlf_and_refuses_what_is_not_one_bullet() -> None:
    text = "- [ ] a\r\n- [ ] b\r\n"
    first = parse(text).bullets[0].key
    assert tick(text, [first, first]) == "- [x] a\r\n- [ ] b\r\n"
    with pytest.raises(UsageError, match="no bullet 'ffff'"):
        tick(text, [first, "ffff"])
    double = "- [ ] a <!-- id: x -->\n- [ ] b <!-- id: x -->"
    with pytest.raises(UsageError, match="2 bullets are"):
        tick(double, [parse(double).bullets[0].key])


def test_find_by_each_way() -> None:
    found = parse(PAGE)
    target = found.bullets[3]
    for wanted in (target.key, target.key[:4], "4", "PREPARE", "prepare and join"):
        assert find(found, wanted) == target
    assert find(found, "extract") == found.bullets[2]
    assert find(parse("- [ ] tests\n- [ ] more tests"), "Tests").text == "tests"


@pytest.mark.parametrize(
    ("wanted", "message"),
    [("e", "fits 5 bullets"), ("zebra", "no bullet fits"), ("9", "no bullet fits"), ("", "no bullet fits")],
)
def test_find_says_what_there_is(wanted: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        find(parse(PAGE), wanted)
    assert "Read the plan" in caught.value.message
    assert caught.value.hint


def test_find_in_an_empty_checklist() -> None:
    with pytest.raises(UsageError, match="has no bullets"):
        find(parse("# T"), "1")


@pytest.mark.parametrize(
    ("text", "section", "expected"),
    [
        ("## S\n\n- [ ] a\n\n## R\n", "S", "## S\n\n- [ ] a\n\n- [ ] new *\n\n## R\n"),
        ("## S\n\n- [ ] a\n\n## R\n", "r", "## S\n\n- [ ] a\n\n## R\n\n- [ ] new *\n"),
        ("## S\n\n- [ ] a", "Q", "## S\n\n- [ ] a\n\n## Q\n\n- [ ] new *\n"),
        ("", "Q", "## Q\n\n- [ ] new *\n"),
        ("## S\n- [ ] a\n  - [ ] b\n  more\ntail\n", "S", "## S\n- [ ] a\n  - [ ] b\n  more\ntail\n\n- [ ] new *\n"),
        ("## S\n\n- [ ] a\n\n  more\n\ntail\n", "S", "## S\n\n- [ ] a\n\n  more\n\n- [ ] new *\n\ntail\n"),
        ("## S\r\n\r\n* [ ] a\r\n", "S", "## S\r\n\r\n* [ ] a\r\n\r\n* [ ] new *\r\n"),
        ("## S\n\n9. [ ] a\n", "S", "## S\n\n9. [ ] a\n\n10. [ ] new *\n"),
        ("## S\nwords\n### T\n- [ ] a\n", "S", "## S\nwords\n\n- [ ] new *\n\n### T\n- [ ] a\n"),
        ("## S\n### T\n- [ ] a\n", "s › t", "## S\n### T\n- [ ] a\n\n- [ ] new *\n"),
        ("## S\n- Group\n  - [ ] a\n", "S", "## S\n- Group\n  - [ ] a\n\n  - [ ] new *\n"),
    ],
)
def test_add(text: str, section: str, expected: str) -> None:
    assert add(text, section, "new", True) == expected
    assert add(text, section, "new *", False) == expected


@pytest.mark.parametrize(
    ("text", "section", "bullet", "message"),
    [
        ("## S\n- [x] do **it** *", "S", "do it", "line 2 already says"),
        ("## S\n- [ ] a <!-- id: i -->", "S", "b <!-- id: i -->", "already says"),
        ("## S\n```\n", "Q", "a", "cannot be added"),
        ("## A\n### S\n## B\n### S", "S", "a", "title of 2 sections"),
        ("", " # ", "a", "a section needs words"),
        ("", "S", " \n", "a bullet needs words"),
        ("", "S", "*", "a bullet needs words"),
    ],
)
def test_add_refuses(text: str, section: str, bullet: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        add(text, section, bullet, False)


@given(BULLETS, WORDS, st.booleans(), st.sampled_from(["\n", "\r\n"]))
def test_add_keeps_all_there_is(
    bullets: list[tuple[str, bool, bool]], words: str, required: bool, newline: str
) -> None:
    text = page(bullets, newline)
    try:
        result = add(text, "S", f"new {words}", required)
    except UsageError:
        return
    assert result.startswith(text.rstrip("\r\n"))
    *before, fresh = parse(result).bullets
    assert tuple(before) == parse(text).bullets
    assert fresh.section == "S"
    assert fresh.required or not required


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("- [x] old *", "- [x] new *"),
        ("  1) [ ]  old*", "  1) [ ]  new *"),
        ("- [ ] old <!-- id: i --> *\r", "- [ ] new <!-- id: i --> *\r"),
        ("- [ ] <!-- check: c --> old", "- [ ] new <!-- check: c -->"),
        ("- [ ] old\n  words * <!-- id: i -->\n\nafter", "- [ ] new * <!-- id: i -->\n\nafter"),
        ("- [ ] old **bold**", "- [ ] new"),
    ],
)
def test_reword(line: str, expected: str) -> None:
    text = f"## S\n- [ ] first\n{line}\n- [ ] last\n"
    key = parse(text).bullets[1].key
    assert reword(text, key, "new") == f"## S\n- [ ] first\n{expected}\n- [ ] last\n"


@pytest.mark.parametrize(
    ("text", "bullet", "message"),
    [
        ("- [ ] a\n- [ ] b", "b", "line 2 already says"),
        ("- [ ] a\n- [ ] a", "b", "more than one bullet"),
        ("- [ ] a", "b *", "do not make a bullet required"),
        ("- [ ] a <!-- id: i -->", "b <!-- id: j -->", "more than one bullet"),
        ("- [ ] a\n- [ ] c", "b <!-- open", ""),
        ("- [ ] a", "", "needs words"),
    ],
)
def test_reword_refuses_or_stays_itself(text: str, bullet: str, message: str) -> None:
    key = parse(text).bullets[0].key
    if message:
        with pytest.raises(UsageError, match=message):
            reword(text, key, bullet)
    else:
        assert [b.text for b in parse(reword(text, key, bullet)).bullets] == [bullet, "c"]


def test_reword_of_a_required_bullet_may_repeat_the_marker_and_knows_its_key() -> None:
    text = "- [ ] a *"
    assert reword(text, only(text).key, "b *") == "- [ ] b *"
    with pytest.raises(UsageError, match="no bullets are"):
        reword(text, "ffffffff", "b")


@given(BULLETS, st.integers(0, 7), WORDS)
def test_reword_changes_one_bullet(bullets: list[tuple[str, bool, bool]], at: int, words: str) -> None:
    text = page(bullets)
    before = parse(text).bullets
    assume(at < len(before))
    try:
        after = parse(reword(text, before[at].key, f"new {words}")).bullets
    except UsageError:
        return
    others = [(b.key, b.line, b.checked) for b in before if b.line != before[at].line]
    assert [(b.key, b.line, b.checked) for b in after if b.line != before[at].line] == others
    assert (after[at].checked, after[at].required, after[at].line) == (
        before[at].checked,
        before[at].required,
        before[at].line,
    )


def test_rewording_before_a_long_run_of_blanks_stays_linear() -> None:
    text = "- [ ] Draw" + " " * 60_000 + "<!-- x -->\n"
    begun = time.process_time()
    assert reword(text, parse(text).bullets[0].key, "Paint").startswith("- [ ] Paint")
    assert time.process_time() - begun < 5  # a quadratic scan takes ten seconds and more


def test_a_bullet_may_name_the_check_that_proves_it() -> None:
    text = "- [ ] All tests pass * <!-- check: unit-tests --> <!-- id: t1 -->\n- [ ] Other <!-- checks: x -->\n"
    one, other = parse(text).bullets
    assert (one.text, one.required, one.proof, one.anchor) == ("All tests pass", True, "unit-tests", "t1")
    assert (other.text, other.proof) == ("Other", "")
    assert reword(text, one.key, "Everything passes").startswith(
        "- [ ] Everything passes * <!-- check: unit-tests --> <!-- id: t1 -->\n"
    )
