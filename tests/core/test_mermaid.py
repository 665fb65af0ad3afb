from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from agenticops.core.mermaid import mermaid
from agenticops.model.pipeline import Phase, Pipeline

PIPELINE = Pipeline(
    "p",
    stretches=("late", "early", "unused"),
    phases={
        "end": Phase(title="The end", mode="build", owner="lab", stretch="early", next=("b-c", "gone", "b-c")),
        "b-c": Phase(stretch="late", mode="operate", done=True, next=("end",)),
        "b.c": Phase(title="Loose"),
    },
)


def test_the_whole_drawing() -> None:
    assert mermaid(PIPELINE, {"end": ["end_t1", "end_t2"], "b-c": []}) == (
        "flowchart LR\n"
        '  subgraph s1["late"]\n'
        '    p_b_c(["b-c<br/>operate"])\n'
        "  end\n"
        '  subgraph s2["early"]\n'
        '    p_end["The end<br/>build · lab<br/>end_t1, end_t2"]\n'
        "  end\n"
        '  p_b_c_3["Loose"]\n'
        "  p_end --> p_b_c\n"
        "  p_b_c --> p_end\n"
        "  classDef here stroke-width:3px\n"
        "  class p_end here\n"
    )


def test_without_tickets_nothing_is_marked() -> None:
    assert "here" not in mermaid(PIPELINE)


def test_labels_are_escaped() -> None:
    drawn = mermaid(Pipeline("p", phases={"a": Phase(title='"]; x\n%% <b>`#\x1b\u202e')}))
    assert drawn == 'flowchart LR\n  p_a["#34;]; x #37;#37; #60;b#62;#96;#35;"]\n'


@given(st.text(), st.text(), st.text())
def test_no_text_leaves_its_label(title: str, owner: str, stretch: str) -> None:
    drawn = mermaid(Pipeline("p", phases={"a": Phase(title=title, owner=owner, stretch=stretch), "b": Phase()}))
    labels = re.findall(r'"[^"]*"', drawn)
    shape = re.sub(r'"[^"]*"', '""', drawn).splitlines()
    assert len(labels) == (3 if stretch else 2)
    assert len(shape) == (5 if stretch else 3)
