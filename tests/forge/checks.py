"""Check runs and commit statuses."""

from __future__ import annotations

from typing import Any

from tests.forge import render, repos
from tests.forge.calls import Answer, Call, Refused, invalid, paged
from tests.forge.state import CheckRun, Status, seconds


def create_run(call: Call) -> Answer:
    """Make a check run, which only an app may."""
    _by_app(call)
    sha = repos.resolve(call, call.fields.get("head_sha", ""))
    made = CheckRun(call.state.next_id(), call.fields["name"], sha, call.now)
    _fill(call, made)
    call.repository.checks[made.id] = made
    call.tell("check_run", "created", check_run=made)
    return Answer(201, render.check_run(call.state, call.repository, made))


def run(call: Call) -> Answer:
    """Give one check run."""
    found = call.found(call.repository.checks, "check_run_id")
    return Answer(200, render.check_run(call.state, call.repository, found))


def edit_run(call: Call) -> Answer:
    """Go on with a check run."""
    _by_app(call)
    found = call.found(call.repository.checks, "check_run_id")
    _fill(call, found)
    return Answer(200, render.check_run(call.state, call.repository, found))


def runs(call: Call) -> Answer:
    """List the check runs of a commit; of each name the latest, unless all are wanted."""
    sha = repos.resolve(call, call.named["ref"])
    found = [one for one in call.repository.checks.values() if one.head_sha == sha]
    if "check_name" in call.query:
        found = [one for one in found if one.name == call.query["check_name"]]
    if "status" in call.query:
        found = [one for one in found if one.status == call.query["status"]]
    if call.query.get("filter", "latest") == "latest":
        found = list({one.name: one for one in found}.values())
    answer = paged(call, found, lambda one: render.check_run(call.state, call.repository, one))
    return Answer(200, {"total_count": len(found), "check_runs": answer.body}, answer.headers)


def create_status(call: Call) -> Answer:
    """Set a commit status."""
    asked = call.fields
    sha = repos.resolve(call, call.named["sha"])
    made = Status(
        call.state.next_id(),
        sha,
        asked["state"],
        asked.get("context", "default"),
        call.login,
        call.now,
        asked.get("description"),
        asked.get("target_url"),
    )
    if len(made.description or "") > 140:
        raise invalid("Status", "description", "custom", message="description is too long (maximum is 140 characters)")
    call.repository.statuses[made.id] = made
    call.tell("status", made.state, status=made)
    payload = render.status(call.state, call.repository, made)
    return Answer(201, payload, {"Location": payload["url"]})


def statuses(call: Call) -> Answer:
    """List the statuses of a commit, the newest first."""
    found = _of(call, repos.resolve(call, call.named["ref"]))
    return paged(call, found, lambda one: render.status(call.state, call.repository, one))


def combined(call: Call) -> Answer:
    """Give the state of a commit over all contexts."""
    sha = repos.resolve(call, call.named["ref"])
    latest = list({one.context: one for one in reversed(_of(call, sha))}.values())
    states = {one.state for one in latest}
    state = "failure" if states & {"failure", "error"} else "success" if states == {"success"} else "pending"
    api = render.base(call.state, call.repository)
    body: dict[str, Any] = {
        "state": state,
        "statuses": [render.status(call.state, call.repository, one) for one in latest],
        "sha": sha,
        "total_count": len(latest),
        "repository": repos.payload(call.state, call.repository),
        "commit_url": f"{api}/commits/{sha}",
        "url": f"{api}/commits/{sha}/status",
    }
    return Answer(200, body)


def _by_app(call: Call) -> None:
    if not call.app:
        raise Refused(403, "You must authenticate via a GitHub App.")


def _of(call: Call, sha: str) -> list[Status]:
    return [one for one in reversed(call.repository.statuses.values()) if one.sha == sha]


def _fill(call: Call, one: CheckRun) -> None:
    asked = call.fields
    if asked.get("status") == "completed" and not asked.get("conclusion"):
        raise invalid("CheckRun", "conclusion", "missing_field")
    for name in ("name", "status", "conclusion", "external_id", "details_url"):
        if name in asked:
            setattr(one, name, asked[name])
    if one.conclusion is not None:
        one.status = "completed"
        one.completed_at = seconds(asked["completed_at"]) if "completed_at" in asked else call.now
    if "started_at" in asked:
        one.started_at = seconds(asked["started_at"])
    if "output" in asked:
        if not asked["output"].get("summary"):
            raise invalid("CheckRun", "output.summary", "missing_field")
        one.output = {name: asked["output"].get(name) for name in ("title", "summary", "text")}


REPO = "/repos/{owner}/{repo}"
ROUTES = {
    ("POST", f"{REPO}/check-runs"): create_run,
    ("GET", f"{REPO}/check-runs/{{check_run_id}}"): run,
    ("PATCH", f"{REPO}/check-runs/{{check_run_id}}"): edit_run,
    ("GET", f"{REPO}/commits/{{ref}}/check-runs"): runs,
    ("POST", f"{REPO}/statuses/{{sha}}"): create_status,
    ("GET", f"{REPO}/commits/{{ref}}/statuses"): statuses,
    ("GET", f"{REPO}/commits/{{ref}}/status"): combined,
}
