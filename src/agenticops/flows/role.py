"""Roles: who may do what here, by the committed pipeline; giving and taking them; standing up for edits by hand."""

from __future__ import annotations

import os
from typing import Any

from msgspec import Struct

from agenticops.core import roles
from agenticops.core.train import Train
from agenticops.errors import TrainError, UsageError
from agenticops.flows import aim
from agenticops.model.digest import blob_id
from agenticops.model.event import Actor, Draft
from agenticops.model.layout import PIPELINE
from agenticops.model.pipeline import Pipeline, Role
from agenticops.workspace import Workspace


class Answer(Struct, frozen=True):
    """Whether somebody may do something: the role that lets them ("" when it is open to everybody), or why not."""

    who: str
    action: str
    phase: str
    step: str
    may: bool
    role: str
    reason: str


def base(workspace: Workspace) -> Train:
    """The train whose roles and signers count here: that of HEAD; the working one while no commit holds a pipeline."""
    if workspace.git.head():
        committed = workspace.train_at("HEAD")
        if committed.tree.size(PIPELINE) is not None:
            return committed
    return workspace.train


def _judging(workspace: Workspace) -> Pipeline:
    """The pipeline of `base`. While the working file is what HEAD holds it is at hand: to read a commit costs more."""
    head, content = workspace.git.head(), workspace.tree.read(PIPELINE)
    if head and content is not None:
        committed = _committed(workspace, head)
        if committed == blob_id(content, "sha256" if len(committed) == 64 else "sha1"):
            return workspace.train.pipeline
    return base(workspace).pipeline


def _committed(workspace: Workspace, head: str) -> str:
    """Give the blob of HEAD's pipeline; git is asked once a commit."""
    known = str(workspace.index.value("SELECT value FROM meta WHERE key='rails'") or "")
    if known.startswith(f"{head} "):
        return known.partition(" ")[2]
    spec = f"{head}:{PIPELINE}"
    found = workspace.git.run("rev-parse", "--verify", "--quiet", "--end-of-options", spec, check=False).stdout.strip()
    workspace.index.note("rails", f"{head} {found}")
    return found


def actor(workspace: Workspace, action: str) -> Actor:
    """Who acts. In what is personal, somebody who has a session open is that person, not the session's agent."""
    if action not in roles.PERSONAL:
        return workspace.actor()
    host = os.environ.get("AGENTICOPS_HOST") or os.uname().nodename
    return Actor(operator=workspace.operator, agent=workspace.by_agent, host=host)


def require(workspace: Workspace, action: str, phase: str = "", step: str = "") -> str:
    """Name the role by which the caller may do it, "" when it is open. Raises TrainError that names the missing one."""
    pipeline = _judging(workspace)
    who = roles.acting(actor(workspace, action))
    reason = roles.allowed(pipeline, who, action, phase, step)
    if reason:
        raise refusal(reason)
    return roles.holder(pipeline, who, action, phase, step)


def refusal(reason: str) -> TrainError:
    """The error of somebody who lacks a role."""
    return TrainError(f"VT450: {reason}", place=PIPELINE, hint="agenticops role list; ask one of the role's members")


def listing(workspace: Workspace) -> list[Role]:
    """List the roles of the working pipeline."""
    return list(workspace.train.pipeline.roles.values())


def check(workspace: Workspace, identity: str, action: str, phase: str = "", step: str = "") -> Answer:
    """Tell whether somebody may do something, by the roles that count here."""
    if action not in roles.ACTIONS:
        raise UsageError(f"{action!r} is no action", hint=f"actions: {', '.join(roles.ACTIONS)}")
    pipeline = base(workspace).pipeline
    if phase:
        workspace.train.phase(phase)
    who = roles.parse(identity)
    reason = roles.allowed(pipeline, who, action, phase, step)
    role = roles.holder(pipeline, who, action, phase, step)
    return Answer(identity, action, phase, step, not reason, role, reason)


def assign(workspace: Workspace, role: str, identity: str) -> Role:
    """Give somebody a role. It counts once the change is in the base."""
    return _changed(workspace, role, identity, "role_assigned")


def revoke(workspace: Workspace, role: str, identity: str) -> Role:
    """Take a role from somebody; an address takes it from the member who is written with a name, too."""
    return _changed(workspace, role, identity, "role_revoked")


def vouch_for(workspace: Workspace, reason: str) -> dict[str, Any]:
    """Stand up for the pipeline and the allowed signers as they are now, edited by hand."""
    from agenticops.core import vouch

    words = aim.reason(reason)
    who, pipeline = roles.acting(actor(workspace, "configure")), base(workspace).pipeline
    reasons = [roles.allowed(pipeline, who, action) for action in ("configure", "assign")]
    if all(reasons):
        raise refusal(reasons[0])
    with workspace.transaction("role vouch") as tx:
        data = {**vouch.content(workspace.train), "reason": words, "path": PIPELINE}
        tx.append(Draft(vouch.KIND, "train", data=data, actor=actor(workspace, "configure")))
    return data


def _changed(workspace: Workspace, name: str, identity: str, kind: str) -> Role:
    from agenticops.core import documents, membership, yamltext

    who = roles.parse(identity)
    require(workspace, "assign")
    with workspace.transaction(kind.replace("_", " ")) as tx:
        pipeline = workspace.train.pipeline
        role = pipeline.roles.get(name)
        if role is None:
            hint = f"roles: {', '.join(pipeline.roles)}" if pipeline.roles else "write it under roles:"
            raise UsageError(f"there is no role {name!r}", place=PIPELINE, hint=hint)
        held = [m for m in role.members if roles.matches(m, who)]
        if kind == "role_assigned":
            if held:
                raise TrainError(f"{held[0]} has the role {name} already", place=PIPELINE, hint="agenticops role list")
            told, members = [identity], [*role.members, identity]
        else:
            if not held:
                raise TrainError(f"{identity} has not got the role {name}", place=PIPELINE, hint="agenticops role list")
            told, members = held, [m for m in role.members if m not in held]
        text = yamltext.decode(tx.read(PIPELINE) or b"", PIPELINE, yamltext.PIPELINE_LIMIT)
        fresh = membership.set_members(text, name, members)
        tx.write(PIPELINE, fresh)
        for member in told:
            data = {"role": name, "who": member, "path": PIPELINE}
            tx.append(Draft(kind, f"role/{name}", data=data, actor=actor(workspace, "assign")))
    return documents.read_pipeline(fresh.encode()).roles[name]
