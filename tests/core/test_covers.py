"""Covers: patterns, and a digest that is the same for the same content."""

from __future__ import annotations

import time

import pytest

from agenticops.core import covers
from agenticops.model.tree import MemoryTree, blob_id

FILES = (
    "README.md",
    "src/app.py",
    "src/app.md",
    "src/deep/core.py",
    "docs/142/plan.md",
    "docs/session-context/ACTIVE_SESSION.md",
    "tickets/shape_142/checklist.md",
    ".agenticops/events/2026/01/a.jsonl",
    "a b/[x].txt",
)
TREE = MemoryTree({f: f.encode() for f in FILES})


@pytest.mark.parametrize(
    ("patterns", "wanted"),
    [
        ((), {"README.md", "src/app.py", "src/app.md", "src/deep/core.py", "docs/142/plan.md", "a b/[x].txt"}),
        (("**",), {"README.md", "src/app.py", "src/app.md", "src/deep/core.py", "docs/142/plan.md", "a b/[x].txt"}),
        (("src",), {"src/app.py", "src/app.md", "src/deep/core.py"}),
        (("./src/",), {"src/app.py", "src/app.md", "src/deep/core.py"}),
        (("src/*.py",), {"src/app.py"}),
        (("src/**/*.py",), {"src/app.py", "src/deep/core.py"}),
        (("src/**",), {"src/app.py", "src/app.md", "src/deep/core.py"}),
        (("**/core.py",), {"src/deep/core.py"}),
        (("src", "!**/*.md"), {"src/app.py", "src/deep/core.py"}),
        (("src", "!**/*.md", "src/app.md"), {"src/app.py", "src/app.md", "src/deep/core.py"}),
        (("!src", "!docs", "!a b"), {"README.md"}),
        (("docs/{item}",), {"docs/142/plan.md"}),
        (("docs",), {"docs/142/plan.md"}),
        (("docs/session-context",), {"docs/session-context/ACTIVE_SESSION.md"}),
        (("tickets/shape_142/*.md",), {"tickets/shape_142/checklist.md"}),
        ((".agenticops",), set()),
        (("a b/?x*.txt",), {"a b/[x].txt"}),
        (("sr",), set()),
        (("src/app.py/x",), set()),
    ],
)
def test_patterns(patterns: tuple[str, ...], wanted: set[str]) -> None:
    assert set(covers.paths(TREE, patterns, "142")) == wanted


def test_what_runs_is_covered_whatever_the_patterns_say() -> None:
    assert covers.paths(TREE, ("src", "!**"), "", ("./README.md", "python3", "-m")) == ["README.md"]


def test_many_stars_take_no_time() -> None:
    began = time.monotonic()
    path, pattern = "/".join("a" * 200), "/".join(["**", "a"] * 100) + "/b"
    assert not covers.fits(path.split("/"), pattern.split("/"))
    assert not covers.fits(("a" * 5000,), ("*a" * 40 + "b",))
    assert time.monotonic() - began < 10


def test_the_digest_names_paths_and_contents() -> None:
    one = covers.digest(TREE.ids(["README.md", "src/app.py"]))
    assert one == covers.digest(TREE.ids(["src/app.py", "README.md"]))
    others = [
        TREE.ids(["README.md"]),
        MemoryTree({**TREE.files, "README.md": b"x"}).ids(["README.md", "src/app.py"]),
        {"README.md": blob_id(b"src/app.py"), "src/app.py": blob_id(b"README.md")},
    ]
    digests = [covers.digest(o) for o in others]
    assert len({one, *digests}) == 4
    assert TREE.ids(["none"]) == {}
