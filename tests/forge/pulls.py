"""Pull requests: made, listed, merged."""

from __future__ import annotations

import re
from typing import Any

from tests.forge import render, repos
from tests.forge.calls import Answer, Call, Refused, invalid, paged
from tests.forge.issues import SORTS, close, next_number, tell, touch
from tests.forge.refs import MergeConflict
from tests.forge.state import Issue, Pull, iso

CLOSES = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#(\d+)", re.IGNORECASE)


def listed(call: Call) -> Answer:
    """List pull requests by state, head (owner:branch) and base."""
    found = [issue for issue in call.repository.issues.values() if issue.pull]
    query, owner = call.query, call.repository.owner
    if (state := query.get("state", "open")) != "all":
        found = [issue for issue in found if issue.state == state]
    # GitHub takes no notice of a head without an owner.
    if ":" in query.get("head", ""):
        found = [issue for issue in found if issue.pull and f"{owner}:{issue.pull.head}" == query["head"]]
    if "base" in query:
        found = [issue for issue in found if issue.pull and issue.pull.base == query["base"]]
    sort = query.get("sort", "created")
    newest_first = query.get("direction", "desc" if sort == "created" else "asc") == "desc"
    found.sort(key=SORTS.get(sort, SORTS["created"]), reverse=newest_first)
    return paged(call, found, lambda issue: _simple(call, issue))


def read(call: Call) -> Answer:
    """Give one pull request."""
    return Answer(200, _full(call, _pull(call)))


def create(call: Call) -> Answer:
    """Ask to merge a branch; one open request for each pair of branches."""
    asked, refs, owner = call.fields, call.repository.refs, call.repository.owner
    if not asked.get("title"):
        raise invalid("PullRequest", "title", "missing_field")
    head, base = str(asked["head"]).removeprefix(f"{owner}:"), asked["base"]
    head_sha, base_sha = refs.get(f"refs/heads/{head}"), refs.get(f"refs/heads/{base}")
    if base_sha is None:
        raise invalid("PullRequest", "base")
    if head_sha is None:
        raise invalid("PullRequest", "head")
    if head_sha in refs.ancestors(base_sha):
        raise invalid("PullRequest", "", "custom", message=f"No commits between {base} and {head}")
    for known in call.repository.issues.values():
        if known.state == "open" and known.pull and (known.pull.head, known.pull.base) == (head, base):
            message = f"A pull request already exists for {owner}:{head}."
            raise invalid("PullRequest", "", "custom", message=message)
    pull = Pull(call.state.next_id(), head, base, head_sha, base_sha, bool(asked.get("draft")))
    issue = Issue(call.state.next_id(), next_number(call), asked["title"], call.login, call.now, call.now)
    issue.body, issue.pull = asked.get("body"), pull
    call.repository.issues[issue.number] = issue
    call.repository.by_id[issue.id] = issue.number
    tell(call, issue, "opened")
    payload = _full(call, issue)
    return Answer(201, payload, {"Location": payload["url"]})


def edit(call: Call) -> Answer:
    """Change title, body, base or state."""
    issue = _pull(call)
    pull, asked = issue.pull, call.fields
    assert pull is not None
    if asked.get("state") == "open" and pull.merged_at is not None:
        raise invalid("PullRequest", "state")
    base = asked.get("base", pull.base)
    if call.repository.refs.get(f"refs/heads/{base}") is None:
        raise invalid("PullRequest", "base")
    changed = (base, asked.get("title", issue.title), asked.get("body", issue.body))
    if changed != (pull.base, issue.title, issue.body):
        pull.base, issue.title, issue.body = changed
        touch(call, issue, "edited")
    if asked.get("state", issue.state) != issue.state:
        if issue.state == "open":
            close(call, issue, None)
        else:
            issue.state, issue.closed_at, issue.closed_by = "open", None, None
            touch(call, issue, "reopened")
    return Answer(200, _full(call, issue))


def is_merged(call: Call) -> Answer:
    """Tell by the status whether it was merged: 204 or 404."""
    pull = _pull(call).pull
    return Answer(204 if pull and pull.merged_at else 404)


def merge(call: Call) -> Answer:
    """Merge; a named sha must be that of the head still."""
    issue = _pull(call)
    pull, refs, asked = issue.pull, call.repository.refs, call.fields
    assert pull is not None
    _follow(call, issue)
    if pull.merged_at is not None or issue.state == "closed" or pull.draft:
        raise Refused(405, "Pull Request is not mergeable")
    if asked.get("sha") not in (None, pull.head_sha):
        raise Refused(409, "Head branch was modified. Review and try the merge again.")
    where = f"#{issue.number} from {call.repository.owner}/{pull.head}"
    title = asked.get("commit_title") or f"Merge pull request {where}"
    method = asked.get("merge_method", "merge")
    try:
        text = f"{title}\n\n{asked.get('commit_message') or issue.title}"
        sha = refs.merge(pull.base_sha, pull.head_sha, text, squash=method != "merge")
    except MergeConflict:
        raise Refused(405, "Pull Request is not mergeable") from None
    refs.put(f"refs/heads/{pull.base}", sha)
    pull.merged_at, pull.merged_by, pull.merge_sha = call.now, call.login, sha
    close(call, issue, None)
    if pull.base == call.repository.default_branch:
        for number in CLOSES.findall(issue.body or ""):
            named = call.repository.issues.get(int(number))
            if named and named.state == "open" and not named.pull:
                close(call, named, "completed")
                call.repository.count(named.milestone)
    return Answer(200, {"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


def of_commit(call: Call) -> Answer:
    """List the pull requests whose head is that commit."""
    sha = call.named["commit_sha"]
    found = [issue for issue in call.repository.issues.values() if issue.pull and issue.pull.head_sha == sha]
    return paged(call, found, lambda issue: _simple(call, issue))


def _pull(call: Call) -> Issue:
    issue = call.issue("pull_number")
    if issue.pull is None:
        raise Refused(404, "Not Found")
    return issue


def _follow(call: Call, issue: Issue) -> None:
    """An open request follows its branches."""
    pull, refs = issue.pull, call.repository.refs
    assert pull is not None
    if issue.state == "open":
        pull.head_sha = refs.get(f"refs/heads/{pull.head}") or pull.head_sha
        pull.base_sha = refs.get(f"refs/heads/{pull.base}") or pull.base_sha


def _simple(call: Call, issue: Issue) -> dict[str, Any]:
    state, repository, pull = call.state, call.repository, issue.pull
    assert pull is not None
    _follow(call, issue)
    known = render.issue(state, repository, issue)
    api = f"{render.base(state, repository)}/pulls/{issue.number}"
    about = repos.payload(state, repository)
    links = {
        "self": api,
        "html": known["html_url"],
        "issue": known["url"],
        "comments": known["comments_url"],
        "review_comments": f"{api}/comments",
        "review_comment": f"{render.base(state, repository)}/pulls/comments{{/number}}",
        "commits": f"{api}/commits",
        "statuses": f"{render.base(state, repository)}/statuses/{pull.head_sha}",
    }
    same = (
        "html_url number state locked title user body labels milestone active_lock_reason created_at updated_at"
        " closed_at assignee assignees comments_url author_association"
    )
    # The description of this one list knows no label without a description.
    labels = [label | {"description": label["description"] or ""} for label in known["labels"]]
    return {name: known[name] for name in same.split()} | {
        "labels": labels,
        "id": pull.id,
        "node_id": known["node_id"],
        "url": api,
        "diff_url": known["pull_request"]["diff_url"],
        "patch_url": known["pull_request"]["patch_url"],
        "issue_url": known["url"],
        "commits_url": links["commits"],
        "review_comments_url": links["review_comments"],
        "review_comment_url": links["review_comment"],
        "statuses_url": links["statuses"],
        "merged_at": None if pull.merged_at is None else iso(pull.merged_at),
        "merge_commit_sha": pull.merge_sha,
        "requested_reviewers": [],
        "requested_teams": [],
        "head": _side(call, pull.head, pull.head_sha, about),
        "base": _side(call, pull.base, pull.base_sha, about),
        "_links": {name: {"href": address} for name, address in links.items()},
        "auto_merge": None,
        "draft": pull.draft,
    }


def _full(call: Call, issue: Issue) -> dict[str, Any]:
    pull, refs = issue.pull, call.repository.refs
    assert pull is not None
    payload = _simple(call, issue)
    mergeable = refs.mergeable(pull.base_sha, pull.head_sha) if issue.state == "open" else None
    ahead = refs.ancestors(pull.head_sha) - refs.ancestors(pull.base_sha)
    return payload | {
        "merged": pull.merged_at is not None,
        "mergeable": mergeable,
        "rebaseable": mergeable,
        "mergeable_state": {None: "unknown", True: "clean", False: "dirty"}[mergeable],
        "merged_by": None if pull.merged_by is None else render.user(call.state, pull.merged_by),
        "comments": len(issue.comments),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(ahead),
        "additions": 0,
        "deletions": 0,
        "changed_files": 0,
    }


def _side(call: Call, ref: str, sha: str, about: dict[str, Any]) -> dict[str, Any]:
    owner = call.repository.owner
    return {"label": f"{owner}:{ref}", "ref": ref, "sha": sha, "user": about["owner"], "repo": about}


REPO = "/repos/{owner}/{repo}"
PULL = f"{REPO}/pulls/{{pull_number}}"
ROUTES = {
    ("GET", f"{REPO}/pulls"): listed,
    ("POST", f"{REPO}/pulls"): create,
    ("GET", PULL): read,
    ("PATCH", PULL): edit,
    ("GET", f"{PULL}/merge"): is_merged,
    ("PUT", f"{PULL}/merge"): merge,
    ("GET", f"{REPO}/commits/{{commit_sha}}/pulls"): of_commit,
}
