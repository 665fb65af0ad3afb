"""Vouches: what somebody who may change the configuration stood up for, named so that later steps still know it."""

from __future__ import annotations

from typing import Any

import msgspec

from agenticops.core.train import Train
from agenticops.model.digest import sha256
from agenticops.model.layout import SIGNERS
from agenticops.model.pipeline import Pipeline

KIND = "config_vouched"


def content(train: Train) -> dict[str, Any]:
    """Name what the configuration says: the roles, their members, the rest of the pipeline, the allowed signers."""
    pipeline = train.pipeline
    return {
        "roles": definitions(pipeline),
        "members": [f"{role} {member}" for role, member in sorted(members(pipeline))],
        "rest": rest(pipeline),
        "signers": signers(train),
    }


def members(pipeline: Pipeline) -> set[tuple[str, str]]:
    """List the memberships: role and identity."""
    return {(role.name, member) for role in pipeline.roles.values() for member in role.members}


def definitions(pipeline: Pipeline) -> str:
    """Name what the roles may do and where, whoever their members are."""
    return _digest([msgspec.structs.replace(role, members=()) for role in pipeline.roles.values()])


def rest(pipeline: Pipeline) -> str:
    """Name what the pipeline says beside its roles."""
    return _digest(msgspec.structs.replace(pipeline, roles={}))


def signers(train: Train) -> str:
    """Name the allowed signers."""
    return sha256(train.tree.read(SIGNERS) or b"")


def _digest(value: Any) -> str:
    return sha256(msgspec.json.encode(value, order="sorted"))
