"""Roles: who may do what. A role lists actions and members; an action that no role names is open to everybody."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from agenticops.errors import UsageError
from agenticops.model.event import Actor
from agenticops.model.finding import Finding
from agenticops.model.layout import PIPELINE
from agenticops.model.pipeline import Pipeline, Role

ACTIONS = {
    "advance": "close a ticket and move the work on",
    "override": "move the work on although a gate does not hold",
    "approve": "decide a gate's review",
    "assign": "give and take roles",
    "resolve": "say which of two histories is kept",
    "configure": "change the pipeline and the allowed signers",
}
# In these an agent is not the person whose git identity it works under.
PERSONAL = ("override", "approve", "assign", "configure")
_PERSON = r"(?:(?P<name>[^<>\n]*\S)\s*<)?(?P<mail>[^\s<>@]+@[^\s<>@]+)>?"
_KEY = r"key:SHA256:[A-Za-z0-9+/]{43}=?"
_AGENT = r"agent:[^\s:][^\n:]*"


class Who(Struct, frozen=True):
    """Somebody: a git identity, the agent that works under it, and the key that was proven by a signature."""

    operator: str = ""
    agent: str = ""
    key: str = ""

    @property
    def mail(self) -> str:
        """The address of the git identity, as addresses are compared."""
        return mail(self.operator)

    @property
    def principal(self) -> str:
        """The one name that stands for somebody: `agent:NAME`, else the address, else the key."""
        return f"agent:{self.agent}" if self.agent else self.mail or (f"key:{self.key}" if self.key else "")


def mail(operator: str) -> str:
    """Give the address of `Name <mail>`, or of the address alone, in small letters."""
    return operator.rpartition("<")[2].rstrip(">").strip().casefold()


def acting(actor: Actor) -> Who:
    """Say who an event names."""
    return Who(actor.operator, actor.agent)


def parse(identity: str) -> Who:
    """Read how a role names somebody. Raises UsageError for what names nobody."""
    if re.fullmatch(_KEY, identity):
        return Who(key=identity[4:].rstrip("="))
    if re.fullmatch(_AGENT, identity):
        return Who(agent=identity[6:])
    match = re.fullmatch(_PERSON, identity)
    if match is None or bool(match["name"]) != identity.endswith(">"):
        hint = "ada@example.org, 'Ada <ada@example.org>', key:SHA256:… or agent:NAME"
        raise UsageError(f"{identity!r} names nobody", hint=hint)
    return Who(identity)


def matches(member: str, who: Who, personal: bool = True) -> bool:
    """Tell whether a role's member is somebody. Where both have a name it counts, and addresses count in any case."""
    if member.startswith("agent:"):
        return who.agent != "" and member[6:] == who.agent
    if member.startswith("key:"):
        return who.key != "" and member[4:].rstrip("=") == who.key
    if (personal and who.agent) or not who.mail or mail(member) != who.mail:
        return False
    wanted, own = (text.rpartition("<")[0].strip() for text in (member, who.operator))
    return not wanted or not own or wanted == own


def holds(role: Role, who: Who, personal: bool = True) -> bool:
    """Tell whether somebody is a member of a role."""
    return any(matches(m, who, personal) for m in role.members)


def lacks(pipeline: Pipeline, who: Who, role: str, phase: str = "") -> str:
    """Tell why somebody does not stand in a role, or "" when they do."""
    found = pipeline.roles.get(role)
    if found is None:
        return f"there is no role {role}"
    if found.phases and phase not in found.phases:
        return f"the role {role} does not reach to phase {phase}"
    return "" if holds(found, who) else f"it takes the role {role}, and {who.principal or 'nobody'} has not got it"


def by_key(pipeline: Pipeline) -> bool:
    """Tell whether a role names members by their keys: who they are is known only once something was signed."""
    return any(m.startswith("key:") for r in pipeline.roles.values() for m in r.members)


def naming(pipeline: Pipeline, action: str) -> list[Role]:
    """List the roles that name an action; none means that it is open to everybody."""
    return [r for r in pipeline.roles.values() if action in r.may]


def holder(pipeline: Pipeline, who: Who, action: str, phase: str = "", step: str = "") -> str:
    """Name the role by which somebody may do it, or ""."""
    personal = action in PERSONAL
    fitting = (r for r in naming(pipeline, action) if _covers(r, phase, step) and holds(r, who, personal))
    return next((r.name for r in fitting), "")


def allowed(pipeline: Pipeline, who: Who, action: str, phase: str = "", step: str = "") -> str:
    """Tell why somebody may not do something, with the role that is missing, or "" when they may."""
    if action not in ACTIONS:
        return f"{action!r} is no action; there are {', '.join(ACTIONS)}"
    named = naming(pipeline, action)
    if not named or holder(pipeline, who, action, phase, step):
        return ""
    where = "".join(f" in {noun} {name}" for noun, name in (("phase", phase), ("step", step)) if name)
    fitting = [r.name for r in named if _covers(r, phase, step)]
    if not fitting:
        return f"no role may {action}{where}"
    roles = f"the role {fitting[0]}" if len(fitting) == 1 else f"one of the roles {', '.join(fitting)}"
    return f"to {action}{where} takes {roles}, and {who.principal or 'nobody'} has not got it"


def lint(pipeline: Pipeline) -> Iterator[Finding]:
    """Report members, actions, phases and steps of roles that do not exist: a misspelt one would open nothing."""
    steps = {s.name for p in pipeline.phases.values() for stage in p.stages for s in stage.steps}
    for role in pipeline.roles.values():
        wrong = [("action", a) for a in role.may if a not in ACTIONS]
        wrong += [("phase", p) for p in role.phases if p not in pipeline.phases]
        wrong += [("step", s) for s in role.steps if s not in steps]
        wrong += [("agent", m) for m in role.members if m.startswith("agent:") and m[6:] not in pipeline.agents]
        for noun, name in wrong:
            yield Finding(
                "VT604", f"role {role.name!r}: unknown {noun} {name!r}", PIPELINE, hint="correct its spelling"
            )
        yield from _identities(f"role {role.name!r}", role.members)
    for gate in pipeline.gates.values():
        for call in (c for c in gate.checks if c.check == "approval"):
            role_name, by = call.parameters.get("role"), call.parameters.get("by")
            if role_name and role_name not in pipeline.roles:
                message = f"gate {gate.name!r}: unknown role {role_name!r}"
                yield Finding("VT604", message, PIPELINE, hint="describe it under roles:")
            yield from _identities(f"gate {gate.name!r}", [str(b) for b in by] if isinstance(by, list) else [])
    if any(r.may for r in pipeline.roles.values()) and not (
        naming(pipeline, "assign") or naming(pipeline, "configure")
    ):
        message = "roles: none names the action assign, so everybody may change them"
        yield Finding(
            "VT604", message, PIPELINE, severity="warning", hint="may: [assign] in the role of those who keep it"
        )


def _identities(place: str, members: Iterable[str]) -> Iterator[Finding]:
    for member in members:
        try:
            parse(member)
        except UsageError as e:
            yield Finding("VT604", f"{place}: {e.message}", PIPELINE, hint=e.hint)


def _covers(role: Role, phase: str, step: str) -> bool:
    return (not role.phases or phase in role.phases) and (not role.steps or step in role.steps)
