"""Sub-issues and dependencies between issues of one repository."""

from __future__ import annotations

from typing import Any

from tests.forge import render
from tests.forge.calls import Answer, Call, Refused, paged
from tests.forge.state import Issue

CHILDREN_LIMIT = 100
DEPTH_LIMIT = 8
DEPENDENCIES_LIMIT = 50


def sub_issues(call: Call) -> Answer:
    """List the sub-issues, in their order."""
    return paged(call, call.issue().sub_issues, lambda number: _one(call, call.repository.issues[number]))


def parent(call: Call) -> Answer:
    """Give the parent of an issue."""
    number = call.issue().parent
    if number is None:
        raise Refused(404, "Not Found")
    return Answer(200, _one(call, call.repository.issues[number]))


def add_sub_issue(call: Call) -> Answer:
    """Put an issue below another."""
    above, below = call.issue(), call.issue_by_id(call.fields.get("sub_issue_id"))
    adopt(call, above, below, replace=bool(call.fields.get("replace_parent")))
    return Answer(201, _one(call, above), {"Location": _one(call, above)["url"]})


def remove_sub_issue(call: Call) -> Answer:
    """Take an issue from below another."""
    above, below = call.issue(), call.issue_by_id(call.fields.get("sub_issue_id"))
    disown(call, above, below)
    return Answer(200, _one(call, above))


def order_sub_issue(call: Call) -> Answer:
    """Move a sub-issue behind or before one of its siblings."""
    above, below = call.issue(), call.issue_by_id(call.fields.get("sub_issue_id"))
    places = [name for name in ("after_id", "before_id") if call.fields.get(name) is not None]
    if len(places) != 1:
        raise Refused(422, "Either after_id or before_id must be provided")
    beside = call.issue_by_id(call.fields[places[0]])
    if above.number != below.parent or above.number != beside.parent or below is beside:
        raise Refused(422, "Validation Failed", ["Sub-issue and sibling must have this parent"])
    above.sub_issues.remove(below.number)
    above.sub_issues.insert(above.sub_issues.index(beside.number) + (places[0] == "after_id"), below.number)
    touch(call, above)
    return Answer(200, _one(call, above))


def adopt(call: Call, above: Issue, below: Issue, replace: bool) -> None:
    """Make one issue the parent of another, or refuse."""
    problem = None
    if below.pull or above.pull:
        problem = "Sub issue may only be an issue"
    elif below.number in above.sub_issues:
        problem = "Issue may not contain duplicate sub-issues"
    elif (below.parent is not None or below.above) and not replace:
        problem = "Sub issue may only have one parent"
    elif below is above or below.number in _above(call, above):
        problem = "Sub issue may not create a circular dependency"
    elif len(above.sub_issues) >= CHILDREN_LIMIT:
        problem = f"Parent cannot have more than {CHILDREN_LIMIT} sub-issues"
    elif len(_above(call, above)) + 1 + _height(call, below) > DEPTH_LIMIT:
        problem = f"Sub issue may not be nested deeper than {DEPTH_LIMIT} levels"
    if problem:
        raise _refused(problem)
    if below.parent is not None:
        before = call.repository.issues[below.parent]
        before.sub_issues.remove(below.number)
        touch(call, before)
    above.sub_issues.append(below.number)
    below.parent, below.above = above.number, ""
    touch(call, above, below)
    call.tell("sub_issues", "sub_issue_added", parent_issue=above, sub_issue=below)


def disown(call: Call, above: Issue, below: Issue) -> None:
    """End that one issue is the parent of another."""
    if below.number not in above.sub_issues:
        raise Refused(404, "Not Found")
    above.sub_issues.remove(below.number)
    below.parent = None
    touch(call, above, below)
    call.tell("sub_issues", "sub_issue_removed", parent_issue=above, sub_issue=below)


def blocked_by(call: Call) -> Answer:
    """List the issues that block this one."""
    return paged(call, call.issue().blocked_by, lambda number: _one(call, call.repository.issues[number]))


def blocking(call: Call) -> Answer:
    """List the issues that this one blocks."""
    return paged(call, call.issue().blocking, lambda number: _one(call, call.repository.issues[number]))


def add_blocked_by(call: Call) -> Answer:
    """Say that an issue is blocked by another."""
    issue, blocker = call.issue(), call.issue_by_id(call.fields.get("issue_id"))
    block(call, issue, blocker)
    # Which of the two issues is answered is not documented; PyGithub takes it for the blocked one.
    return Answer(201, _one(call, issue), {"Location": f"{call.state.root}{call.path}"})


def remove_blocked_by(call: Call) -> Answer:
    """Say that an issue is no longer blocked by another."""
    issue = call.issue()
    blocker = call.issue_by_id(int(call.named["issue_id"]) if call.named["issue_id"].isdigit() else None)
    unblock(call, issue, blocker)
    return Answer(200, _one(call, issue))


def block(call: Call, issue: Issue, blocker: Issue) -> None:
    """Make one issue wait for another, or refuse."""
    problem = None
    if blocker.pull or issue.pull:
        problem = "Target issue may only be an issue"
    elif blocker.number in issue.blocked_by:
        problem = "Target issue has already been taken"
    elif blocker is issue or issue.number in blocker.blocked_by:
        problem = "Target issue would create a circular dependency"
    elif len(issue.blocked_by) >= DEPENDENCIES_LIMIT:
        problem = f"Issue may not have more than {DEPENDENCIES_LIMIT} dependencies"
    if problem:
        raise _refused(problem)
    issue.blocked_by.append(blocker.number)
    blocker.blocking.append(issue.number)
    touch(call, issue, blocker)
    call.tell("issue_dependencies", "blocked_by_added", blocked_issue=issue, blocking_issue=blocker)


def unblock(call: Call, issue: Issue, blocker: Issue) -> None:
    """End that one issue waits for another."""
    if blocker.number not in issue.blocked_by:
        raise Refused(404, "Not Found")
    issue.blocked_by.remove(blocker.number)
    blocker.blocking.remove(issue.number)
    touch(call, issue, blocker)
    call.tell("issue_dependencies", "blocked_by_removed", blocked_issue=issue, blocking_issue=blocker)


def touch(call: Call, *issues: Issue) -> None:
    """Let a change of relations count as a change of the issues, if the state says so."""
    if call.state.relations_touch:
        for issue in issues:
            issue.updated_at = call.now


def _one(call: Call, issue: Issue) -> dict[str, Any]:
    return render.issue(call.state, call.repository, issue)


def _above(call: Call, issue: Issue) -> list[int]:
    found = []
    while issue.parent is not None:
        found.append(issue.parent)
        issue = call.repository.issues[issue.parent]
    return found


def _height(call: Call, issue: Issue) -> int:
    return 1 + max((_height(call, call.repository.issues[number]) for number in issue.sub_issues), default=0)


def _refused(problem: str) -> Refused:
    # The message is GitHub's own form here; its errors are not specified further.
    return Refused(422, f"An error occurred while adding the relation to the issue. {problem}")


ISSUE = "/repos/{owner}/{repo}/issues/{issue_number}"
ROUTES = {
    ("GET", f"{ISSUE}/sub_issues"): sub_issues,
    ("POST", f"{ISSUE}/sub_issues"): add_sub_issue,
    ("DELETE", f"{ISSUE}/sub_issue"): remove_sub_issue,
    ("PATCH", f"{ISSUE}/sub_issues/priority"): order_sub_issue,
    ("GET", f"{ISSUE}/parent"): parent,
    ("GET", f"{ISSUE}/dependencies/blocked_by"): blocked_by,
    ("POST", f"{ISSUE}/dependencies/blocked_by"): add_blocked_by,
    ("DELETE", f"{ISSUE}/dependencies/blocked_by/{{issue_id}}"): remove_blocked_by,
    ("GET", f"{ISSUE}/dependencies/blocking"): blocking,
}
