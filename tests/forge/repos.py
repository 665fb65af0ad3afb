"""Repositories, their branches, refs and commits, and accounts."""

from __future__ import annotations

from typing import Any

from tests.forge import render
from tests.forge.calls import Answer, Call, Refused, invalid, paged
from tests.forge.refs import Commit
from tests.forge.state import Repository, State, iso

# Addresses that hang below the repository, as the API writes them.
BELOW = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}


def payload(state: State, one: Repository) -> dict[str, Any]:
    """Write a repository in full."""
    api, web = render.base(state, one), f"{render.WEB}/{one.full_name}"
    opened = sum(issue.state == "open" for issue in one.issues.values())
    return {
        "id": one.id,
        "node_id": render.node("R", one.id),
        "name": one.name,
        "full_name": one.full_name,
        "owner": render.user(state, one.owner),
        "private": one.private,
        "visibility": "private" if one.private else "public",
        "html_url": web,
        "description": None,
        "fork": False,
        "url": api,
        **{name: api + rest for name, rest in BELOW.items()},
        "git_url": f"git://github.example/{one.full_name}.git",
        "ssh_url": f"git@github.example:{one.full_name}.git",
        "clone_url": f"{web}.git",
        "svn_url": web,
        "mirror_url": None,
        "homepage": None,
        "language": None,
        "license": None,
        **dict.fromkeys(("forks_count", "stargazers_count", "watchers_count", "forks", "watchers", "size"), 0),
        **dict.fromkeys(("subscribers_count", "network_count"), 0),
        "open_issues": opened,
        "open_issues_count": opened,
        "default_branch": one.default_branch,
        "has_issues": one.has_issues,
        **dict.fromkeys(("has_projects", "has_wiki"), True),
        **dict.fromkeys(("has_pages", "has_downloads", "has_discussions", "disabled"), False),
        "archived": one.archived,
        "pushed_at": iso(one.created_at),
        "created_at": iso(one.created_at),
        "updated_at": iso(one.created_at),
        "permissions": {"admin": False, "maintain": False, "push": True, "triage": True, "pull": True},
    }


def read(call: Call) -> Answer:
    """Give the repository."""
    return Answer(200, payload(call.state, call.repository))


def assignees(call: Call) -> Answer:
    """List who can be assigned."""
    people = [user.login for user in call.state.users.values() if user.kind == "User"]
    return paged(call, people, lambda login: render.user(call.state, login))


def me(call: Call) -> Answer:
    """Give the account whose token it is."""
    if not call.login:
        raise Refused(401, "Requires authentication")
    if call.app:
        raise Refused(403, "Resource not accessible by integration")
    return Answer(200, render.full_user(call.state, call.login))


def user(call: Call) -> Answer:
    """Give an account."""
    if call.named["username"].casefold() not in call.state.users:
        raise Refused(404, "Not Found")
    return Answer(200, render.full_user(call.state, call.named["username"]))


def branch(call: Call) -> Answer:
    """Give a branch."""
    repository, name = call.repository, call.named["branch"]
    sha = repository.refs.get(f"refs/heads/{name}")
    if sha is None:
        raise Refused(404, "Branch not found")
    api = f"{render.base(call.state, repository)}/branches/{name}"
    web = f"{render.WEB}/{repository.full_name}/tree/{name}"
    return Answer(
        200,
        {
            "name": name,
            "commit": _commit(call, _known(call, sha)),
            "_links": {"html": web, "self": api},
            "protected": False,
            "protection": {"enabled": False},
            "protection_url": f"{api}/protection",
        },
    )


def commit(call: Call) -> Answer:
    """Give a commit by its name, or that of a branch."""
    return Answer(200, _commit(call, _known(call, resolve(call, call.named["ref"]))))


def ref(call: Call) -> Answer:
    """Give a ref."""
    name = f"refs/{call.named['ref']}"
    sha = call.repository.refs.get(name)
    if sha is None:
        raise Refused(404, "Not Found")
    return Answer(200, _ref(call, name, sha))


def create_ref(call: Call) -> Answer:
    """Make a ref."""
    name, sha = call.fields.get("ref", ""), call.fields.get("sha", "")
    if not name.startswith("refs/") or name.count("/") < 2:
        raise Refused(422, "Reference name must start with 'refs/' and have at least two slashes.")
    if call.repository.refs.get(name) is not None:
        raise Refused(422, "Reference already exists")
    if call.repository.refs.commit(sha) is None:
        raise Refused(422, "Object does not exist")
    call.repository.refs.put(name, sha)
    made = _ref(call, name, sha)
    return Answer(201, made, {"Location": made["url"]})


def move_ref(call: Call) -> Answer:
    """Point a ref elsewhere; backwards or aside only by force."""
    name, sha = f"refs/{call.named['ref']}", call.fields.get("sha", "")
    before = call.repository.refs.get(name)
    if before is None:
        raise Refused(422, "Reference does not exist")
    if call.repository.refs.commit(sha) is None:
        raise Refused(422, "Object does not exist")
    if not call.fields.get("force") and before not in call.repository.refs.ancestors(sha):
        raise Refused(422, "Update is not a fast forward")
    call.repository.refs.put(name, sha)
    return Answer(200, _ref(call, name, sha))


def delete_ref(call: Call) -> Answer:
    """Remove a ref."""
    name = f"refs/{call.named['ref']}"
    if call.repository.refs.get(name) is None:
        raise Refused(422, "Reference does not exist")
    call.repository.refs.put(name, None)
    return Answer(204)


def create_commit(call: Call) -> Answer:
    """Write a commit of a tree that there is."""
    parents = tuple(call.fields.get("parents", []))
    if any(call.repository.refs.commit(sha) is None for sha in parents):
        raise invalid("Commit", "parents")
    made = call.repository.refs.make(call.fields["message"], call.fields["tree"], parents)
    api = f"{render.base(call.state, call.repository)}/git"
    who = {"name": call.login, "email": f"{call.login}@example.org", "date": iso(call.now)}
    address = f"{api}/commits/{made.sha}"
    web = f"{render.WEB}/{call.repository.full_name}/commit"
    above = [{"sha": sha, "url": f"{api}/commits/{sha}", "html_url": f"{web}/{sha}"} for sha in parents]
    unsigned = {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}
    body = {
        "sha": made.sha,
        "node_id": f"C_{made.sha}",
        "url": address,
        "html_url": f"{web}/{made.sha}",
        "author": who,
        "committer": who,
        "message": made.message,
        "tree": {"sha": made.tree, "url": f"{api}/trees/{made.tree}"},
        "parents": above,
        "verification": unsigned,
    }
    return Answer(201, body, {"Location": address})


def resolve(call: Call, name: str) -> str:
    """Find the commit that a name means: a branch, a ref or a commit."""
    refs = call.repository.refs
    for candidate in (f"refs/heads/{name}", f"refs/tags/{name}", f"refs/{name}"):
        if sha := refs.get(candidate):
            return sha
    found = refs.commit(name) if name else None
    if found is None:
        raise Refused(422, f"No commit found for SHA: {name}")
    return found.sha


def _known(call: Call, sha: str) -> Commit:
    found = call.repository.refs.commit(sha)
    if found is None:
        raise Refused(422, f"No commit found for SHA: {sha}")
    return found


def _commit(call: Call, one: Commit) -> dict[str, Any]:
    api, web = render.base(call.state, call.repository), f"{render.WEB}/{call.repository.full_name}/commit"
    who = {"name": "Ada Lovelace", "email": "ada@example.org", "date": iso(call.repository.created_at)}
    return {
        "sha": one.sha,
        "node_id": f"C_{one.sha}",
        "url": f"{api}/commits/{one.sha}",
        "html_url": f"{web}/{one.sha}",
        "comments_url": f"{api}/commits/{one.sha}/comments",
        "commit": {
            "url": f"{api}/git/commits/{one.sha}",
            "author": who,
            "committer": who,
            "message": one.message,
            "comment_count": 0,
            "tree": {"sha": one.tree, "url": f"{api}/git/trees/{one.tree}"},
        },
        "author": None,
        "committer": None,
        "parents": [{"sha": sha, "url": f"{api}/commits/{sha}", "html_url": f"{web}/{sha}"} for sha in one.parents],
    }


def _ref(call: Call, name: str, sha: str) -> dict[str, Any]:
    api = f"{render.base(call.state, call.repository)}/git"
    return {
        "ref": name,
        "node_id": f"REF_{name}",
        "url": f"{api}/{name}",
        "object": {"type": "commit", "sha": sha, "url": f"{api}/commits/{sha}"},
    }


REPO = "/repos/{owner}/{repo}"
ROUTES = {
    ("GET", "/user"): me,
    ("GET", "/users/{username}"): user,
    ("GET", REPO): read,
    ("GET", f"{REPO}/assignees"): assignees,
    ("GET", f"{REPO}/branches/{{branch}}"): branch,
    ("GET", f"{REPO}/git/ref/{{ref}}"): ref,
    ("POST", f"{REPO}/git/refs"): create_ref,
    ("PATCH", f"{REPO}/git/refs/{{ref}}"): move_ref,
    ("DELETE", f"{REPO}/git/refs/{{ref}}"): delete_ref,
    ("POST", f"{REPO}/git/commits"): create_commit,
}
# Last of all: a name with slashes would swallow what stands behind it.
LAST = {("GET", f"{REPO}/commits/{{ref}}"): commit}
