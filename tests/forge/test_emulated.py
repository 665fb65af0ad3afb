"""An independent server that somebody else wrote: npm's `emulate`, by the same client."""

from __future__ import annotations

from pathlib import Path

import pytest
from github import Auth, Github

from tests.forge import emulated


@pytest.mark.skipif(bool(emulated.missing()), reason=emulated.missing())
def test_issues_and_labels_of_another_fake(tmp_path: Path) -> None:
    with emulated.emulated(tmp_path) as url:
        client = Github(
            auth=Auth.Token(emulated.TOKEN),
            base_url=url,
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
        )
        with client:
            repo = client.get_repo(emulated.REPOSITORY)
            repo.create_label("now", "ff0000", "at once")
            made = repo.create_issue("Refill", body="Text", labels=["now"])
            made.edit(title="Refill early", state="closed")
            found = list(repo.get_issues(state="all"))
            assert [(one.number, one.title, one.state) for one in found] == [(made.number, "Refill early", "closed")]
            assert [label.name for label in found[0].labels] == ["now"]
