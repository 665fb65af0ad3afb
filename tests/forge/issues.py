"""Issues and their comments."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.forge import render
from tests.forge.calls import Answer, Call, Refused, invalid, paged
from tests.forge.labels import made_labels, named_labels
from tests.forge.state import Comment, Issue, seconds

TITLE_LIMIT = 256
BODY_LIMIT = 65_536
ASSIGNEES_LIMIT = 10
SORTS: dict[str, Callable[[Issue], tuple[int, int]]] = {
    "created": lambda issue: (issue.created_at, issue.number),
    "updated": lambda issue: (issue.updated_at, issue.number),
    "comments": lambda issue: (len(issue.comments), issue.number),
}


def listed(call: Call) -> Answer:
    """List issues and pull requests by their state, labels, milestone, assignee, creator and last change."""
    query = call.query
    issues = list(call.repository.issues.values())
    if (state := query.get("state", "open")) != "all":
        issues = [issue for issue in issues if issue.state == state]
    if "since" in query:
        since = seconds(query["since"])
        issues = [issue for issue in issues if issue.updated_at >= since]
    if query.get("labels"):
        wanted = [call.repository.label(name.strip()) for name in query["labels"].split(",")]
        issues = [issue for issue in issues if all(label and label.id in issue.labels for label in wanted)]
    if milestone := query.get("milestone"):
        issues = [issue for issue in issues if _in_milestone(issue, milestone)]
    if assignee := query.get("assignee"):
        issues = [issue for issue in issues if _assigned(issue, assignee)]
    if creator := query.get("creator"):
        issues = [issue for issue in issues if issue.user.casefold() == creator.casefold()]
    issues.sort(key=SORTS[query.get("sort", "created")], reverse=query.get("direction", "desc") == "desc")
    return paged(call, issues, lambda issue: render.issue(call.state, call.repository, issue))


def read(call: Call) -> Answer:
    """Give one issue."""
    return Answer(200, render.issue(call.state, call.repository, call.issue()))


def create(call: Call) -> Answer:
    """Open an issue; unknown labels are made."""
    if not call.repository.has_issues:
        raise Refused(410, "Issues has been disabled in this repository.")
    if "title" not in call.fields:
        raise invalid("Issue", "title", "missing_field")
    changes = _changes(call)
    issue = Issue(call.state.next_id(), next_number(call), changes.pop("title"), call.login, call.now, call.now)
    _apply(call, issue, changes)
    call.repository.issues[issue.number] = issue
    call.repository.by_id[issue.id] = issue.number
    call.repository.count(issue.milestone)
    tell(call, issue, "opened")
    payload = render.issue(call.state, call.repository, issue)
    return Answer(201, payload, {"Location": payload["url"]})


def edit(call: Call) -> Answer:
    """Change an issue; labels and assignees replace what was there."""
    issue = call.issue()
    before = copy.copy(issue)
    _apply(call, issue, _changes(call))
    call.repository.count(before.milestone, issue.milestone)
    for action, things in _told(call, before, issue):
        tell(call, issue, action, **things)
    return Answer(200, render.issue(call.state, call.repository, issue))


def assign(call: Call) -> Answer:
    """Add assignees; those who cannot be assigned are left out without a word."""
    issue = call.issue()
    known = [login for login in call.fields.get("assignees", []) if login.casefold() in call.state.users]
    _assign(call, issue, list(dict.fromkeys(issue.assignees + known))[:ASSIGNEES_LIMIT])
    return Answer(201, render.issue(call.state, call.repository, issue))


def unassign(call: Call) -> Answer:
    """Remove assignees."""
    issue = call.issue()
    gone = {login.casefold() for login in call.fields.get("assignees", [])}
    _assign(call, issue, [login for login in issue.assignees if login.casefold() not in gone])
    return Answer(200, render.issue(call.state, call.repository, issue))


def lock(call: Call) -> Answer:
    """Lock the conversation."""
    issue = call.issue()
    issue.locked, issue.lock_reason = True, call.fields.get("lock_reason")
    touch(call, issue, "locked")
    return Answer(204)


def unlock(call: Call) -> Answer:
    """Unlock the conversation."""
    issue = call.issue()
    issue.locked, issue.lock_reason = False, None
    touch(call, issue, "unlocked")
    return Answer(204)


def comments(call: Call) -> Answer:
    """List the comments of an issue, the oldest first."""
    found = [call.repository.comments[number] for number in call.issue().comments]
    return _comments(call, found)


def all_comments(call: Call) -> Answer:
    """List the comments of all issues."""
    found = list(call.repository.comments.values())
    if call.query.get("sort") == "updated":
        found.sort(key=lambda comment: comment.updated_at, reverse=call.query.get("direction", "desc") == "desc")
    return _comments(call, found)


def comment(call: Call) -> Answer:
    """Give one comment."""
    found = call.found(call.repository.comments, "comment_id")
    return Answer(200, render.comment(call.state, call.repository, found))


def add_comment(call: Call) -> Answer:
    """Write a comment; not where the conversation is locked, for who may not write to the repository."""
    issue = call.issue()
    if issue.locked and call.login in call.repository.kept_out:
        raise Refused(403, "Unable to create comment because issue is locked.")
    body = _comment_body(call)
    made = Comment(call.state.next_id(), issue.number, body, call.login, call.now, call.now)
    call.repository.comments[made.id] = made
    issue.comments.append(made.id)
    issue.updated_at = call.now
    payload = render.comment(call.state, call.repository, made)
    call.tell("issue_comment", "created", issue=issue, comment=made)
    return Answer(201, payload, {"Location": payload["url"]})


def edit_comment(call: Call) -> Answer:
    """Change a comment."""
    found = call.found(call.repository.comments, "comment_id")
    body = _comment_body(call)
    if body != found.body:
        before = {"body": {"from": found.body}}
        found.body, found.updated_at = body, call.now
        issue = call.repository.issues[found.issue]
        call.tell("issue_comment", "edited", issue=issue, comment=found, changes=before)
    return Answer(200, render.comment(call.state, call.repository, found))


def delete_comment(call: Call) -> Answer:
    """Remove a comment."""
    found = call.found(call.repository.comments, "comment_id")
    del call.repository.comments[found.id]
    issue = call.repository.issues[found.issue]
    issue.comments.remove(found.id)
    issue.updated_at = call.now
    call.tell("issue_comment", "deleted", issue=issue, comment=found)
    return Answer(204)


def next_number(call: Call) -> int:
    """Give the number of the next issue or pull request."""
    kept = call.repository
    return max(max(numbers, default=0) for numbers in (kept.issues, kept.moved, kept.deleted)) + 1


def touch(call: Call, issue: Issue, action: str) -> None:
    """Note that an issue changed."""
    issue.updated_at = call.now
    tell(call, issue, action)


def tell(call: Call, issue: Issue, action: str, **more: object) -> None:
    """Note a change of an issue or pull request for webhooks."""
    call.tell("pull_request" if issue.pull else "issues", action, issue=issue, **more)


def close(call: Call, issue: Issue, reason: str | None) -> None:
    """Close an issue that is open."""
    issue.state, issue.state_reason = "closed", reason
    issue.closed_at, issue.closed_by = call.now, call.login
    touch(call, issue, "closed")


def _changes(call: Call) -> dict[str, Any]:
    """Read what the body wants, all of it, before anything is changed."""
    asked = {name: value for name, value in call.fields.items() if value is not None or name in ("body", "milestone")}
    changes: dict[str, Any] = {}
    if "title" in asked:
        changes["title"] = _title(asked["title"])
    if "body" in asked:
        if asked["body"] is not None and len(asked["body"]) > BODY_LIMIT:
            raise invalid("Issue", "body", "custom", message=f"body is too long (maximum is {BODY_LIMIT} characters)")
        changes["body"] = asked["body"]
    if "labels" in asked:
        changes["labels"] = named_labels(call, asked["labels"])
    if "assignees" in asked or "assignee" in asked:
        given = asked.get("assignees", [asked.get("assignee")])
        changes["assignees"] = _assignees(call, [name["login"] if isinstance(name, dict) else name for name in given])
    if "milestone" in asked:
        # PyGithub sends an empty text to take the milestone away.
        number = asked["milestone"] if asked["milestone"] != "" else None
        if number is not None and (not str(number).isdigit() or int(number) not in call.repository.milestones):
            raise invalid("Issue", "milestone", value=number)
        changes["milestone"] = None if number is None else int(number)
    if asked.get("state") not in (None, "open", "closed"):
        raise invalid("Issue", "state", value=asked["state"])
    return changes | {name: asked[name] for name in ("state", "state_reason") if name in asked}


def _apply(call: Call, issue: Issue, changes: dict[str, Any]) -> None:
    before = copy.copy(issue)
    if "labels" in changes:
        changes["labels"] = made_labels(call, changes["labels"])
    for name in ("title", "body", "labels", "assignees", "milestone"):
        setattr(issue, name, changes.get(name, getattr(issue, name)))
    wanted, reason = changes.get("state", issue.state), changes.get("state_reason")
    if wanted == "closed" and (issue.state == "open" or reason not in (None, issue.state_reason)):
        issue.state, issue.state_reason = "closed", None if issue.pull else reason or "completed"
        issue.closed_at, issue.closed_by = call.now, call.login
    elif wanted == "open" and issue.state == "closed":
        issue.state, issue.state_reason = "open", None if issue.pull else "reopened"
        issue.closed_at = issue.closed_by = None
    # What changes nothing leaves the time alone.
    if issue != before:
        issue.updated_at = call.now


def _told(call: Call, before: Issue, now: Issue) -> Iterator[tuple[str, dict[str, object]]]:
    """Give the actions of webhooks for a change: one for each label, assignee and milestone, one for the texts."""
    repository = call.repository
    texts = {name: getattr(before, name) or "" for name in ("title", "body")}
    changes = {name: {"from": text} for name, text in texts.items() if (getattr(now, name) or "") != text}
    if changes:
        yield "edited", {"changes": changes}
    for action, one, other in (("unlabeled", before, now), ("labeled", now, before)):
        for number in one.labels:
            if number not in other.labels:
                yield action, {"label": repository.labels[number]}
    for action, one, other in (("unassigned", before, now), ("assigned", now, before)):
        for login in one.assignees:
            if login not in other.assignees:
                yield action, {"assignee": render.user(call.state, login)}
    for action, one, other in (("demilestoned", before, now), ("milestoned", now, before)):
        if one.milestone not in (None, other.milestone):
            yield action, {"milestone": repository.milestones[one.milestone]}
    if before.state != now.state:
        yield "closed" if now.state == "closed" else "reopened", {}


def _assign(call: Call, issue: Issue, logins: list[str]) -> None:
    before = copy.copy(issue)
    _apply(call, issue, {"assignees": logins})
    for action, things in _told(call, before, issue):
        tell(call, issue, action, **things)


def _title(value: object) -> str:
    title = str(value)
    if not title.strip():
        raise invalid("Issue", "title", "missing_field")
    if len(title) > TITLE_LIMIT:
        raise invalid("Issue", "title", "custom", message=f"title is too long (maximum is {TITLE_LIMIT} characters)")
    return title


def _assignees(call: Call, logins: Sequence[str]) -> list[str]:
    for login in logins:
        if login.casefold() not in call.state.users:
            raise invalid("Issue", "assignees", value=login)
    found = dict.fromkeys(call.state.user(login).login for login in logins)
    return list(found)[:ASSIGNEES_LIMIT]


def _in_milestone(issue: Issue, wanted: str) -> bool:
    if wanted in ("none", "*"):
        return (issue.milestone is None) == (wanted == "none")
    return str(issue.milestone) == wanted


def _assigned(issue: Issue, wanted: str) -> bool:
    if wanted in ("none", "*"):
        return bool(issue.assignees) == (wanted == "*")
    return wanted.casefold() in {login.casefold() for login in issue.assignees}


def _comments(call: Call, found: list[Comment]) -> Answer:
    if "since" in call.query:
        since = seconds(call.query["since"])
        found = [comment for comment in found if comment.updated_at >= since]
    return paged(call, found, lambda comment: render.comment(call.state, call.repository, comment))


def _comment_body(call: Call) -> str:
    body = call.fields.get("body")
    if not isinstance(body, str) or not body.strip():
        raise invalid("IssueComment", "body", "custom", message="body cannot be blank")
    if len(body) > BODY_LIMIT:
        raise invalid(
            "IssueComment", "body", "custom", message=f"body is too long (maximum is {BODY_LIMIT} characters)"
        )
    return body


ISSUES = "/repos/{owner}/{repo}/issues"
ISSUE = f"{ISSUES}/{{issue_number}}"
ROUTES = {
    ("GET", ISSUES): listed,
    ("POST", ISSUES): create,
    ("GET", ISSUE): read,
    ("PATCH", ISSUE): edit,
    ("POST", f"{ISSUE}/assignees"): assign,
    ("DELETE", f"{ISSUE}/assignees"): unassign,
    ("PUT", f"{ISSUE}/lock"): lock,
    ("DELETE", f"{ISSUE}/lock"): unlock,
    ("GET", f"{ISSUE}/comments"): comments,
    ("POST", f"{ISSUE}/comments"): add_comment,
    ("GET", f"{ISSUES}/comments"): all_comments,
    ("GET", f"{ISSUES}/comments/{{comment_id}}"): comment,
    ("PATCH", f"{ISSUES}/comments/{{comment_id}}"): edit_comment,
    ("DELETE", f"{ISSUES}/comments/{{comment_id}}"): delete_comment,
}
