"""Bodies: one text, whatever line ends the forge's editor makes, with a marker that nobody sees."""

from __future__ import annotations

import pytest

from agenticops.core import documents
from agenticops.core.sync import body
from tests.support import item


@pytest.mark.parametrize("text", ["", "Say.\n\n- [ ] one", "<!-- a comment -->\n\ntext"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_a_text_survives_the_way_out_and_back(text: str, ends: str) -> None:
    sent = body.outgoing(text, "t00000001").replace("\n", ends)
    assert body.text(sent) == text
    assert body.marked(sent) == "t00000001"


def test_the_last_marker_counts_and_all_are_taken_off() -> None:
    copied = f"{body.marker('7')}\n\nsee `{body.marker('9')}`\r\n\r\n{body.marker('8')}\r\n"
    assert (body.marked(copied), body.text(copied)) == ("8", f"see `{body.marker('9')}`")
    assert body.marked("<!-- agenticops:item=../x -->") == ""


def test_a_document_that_says_nothing_yet_is_empty() -> None:
    fresh = documents.read_item(documents.write_item(item()).encode(), item().path)
    assert body.of_document(fresh.body) == ""


@pytest.mark.parametrize(
    ("old", "said", "new"),
    [
        ("# Mine\n\nold", "new\ntext", "# Mine\n\nnew\ntext"),
        ("", "new", "# T\n\nnew"),
        ("no heading", "new", "# T\n\nnew"),
    ],
)
def test_a_text_goes_below_the_heading(old: str, said: str, new: str) -> None:
    assert body.to_document(said, old, "T") == new
    assert body.of_document(new) == said
