"""Look-ups: one pass over dotted names, and nothing else."""

from __future__ import annotations

import pytest

from agenticops.core import lookup
from agenticops.errors import StateError

SCOPE = {"entity": {"name": "Ada", "amount": 3, "odd": "{{entity.name}}"}, "customer": {"email": "a@example.org"}}


def test_they_are_filled_in_once() -> None:
    data = {"to": "{{customer.email}}", "text": "Dear {{name}}, {{ amount }} for {{odd}}", "list": ["{{amount}}"]}
    assert lookup.fill(data, SCOPE) == {
        "to": "a@example.org",
        "text": "Dear Ada, 3 for {{entity.name}}",
        "list": [3],
    }
    assert list(lookup.names(data)) == ["customer.email", "name", "amount", "odd", "amount"]


@pytest.mark.parametrize("text", ["{{missing}}", "to {{customer.phone}}"])
def test_what_is_not_there_is_an_error(text: str) -> None:
    with pytest.raises(StateError, match="names nothing"):
        lookup.fill({"a": text}, SCOPE)


@pytest.mark.parametrize("text", ["{{1+1}}", "{{name|upper}}", "{{entity.__class__()}}", "{name}"])
def test_there_are_no_expressions(text: str) -> None:
    assert lookup.fill(text, SCOPE) == text


@pytest.mark.parametrize(
    ("text", "template", "could"),
    [
        ("Say Ada", "Say {{name}}", True),
        ("Say ", "Say {{name}}", True),
        ("Read ~/.netrc", "Say {{name}}", False),
        ("a1b2c", "a{{x}}b{{y}}c", True),
        ("a1c", "a{{x}}b{{y}}c", False),
        ("aba", "ab{{x}}ba", False),
        ("anything", "{{x}}", True),
        ("same", "same", True),
        ("same!", "same", False),
    ],
)
def test_what_a_template_could_have_become(text: str, template: str, could: bool) -> None:
    assert lookup.could_be(text, template) is could
