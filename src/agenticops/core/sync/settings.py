"""The file `config/forge.yml`: which repository, which board, whose value counts, and what holds a plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec
from msgspec import Struct, field

from agenticops.core import yamltext
from agenticops.core.sync import labels
from agenticops.errors import StateError
from agenticops.model.forge import FIELDS, Policy, Rules

PATH = "config/forge.yml"
SCHEMA = 1


class Brake(Struct, frozen=True, forbid_unknown_fields=True):
    """A plan is held when it changes more than this share of at least so many items."""

    share: float = 0.3
    least: int = 10


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """What a train says of its forge. `repository` is `[host/]owner/name`; without it, `origin` is asked.

    `board` is the project in sync, as `owner/number` or `number`, and `status_field` its field with the columns.
    `policies` say by field whose value counts when both sides changed it: ask, local or remote. `aliases` are old
    names of labels and what they are called now. `exceptions` are flow rules (VT480 to VT483) that this train does
    without. `lease` says among whom only one applies at a time: the worktrees of a clone (local), or all clones that
    have the same `origin`, by a ref that is pushed there (remote). `comments` tells whether the sync keeps a comment
    at the issue of each ticket that is worked on.
    """

    schema: int = SCHEMA
    repository: str = ""
    board: str = ""
    status_field: str = "Status"
    policies: dict[str, Policy] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    exceptions: tuple[str, ...] = ()
    brake: Brake = Brake()
    lease: Literal["local", "remote"] = "local"
    comments: bool = True

    @property
    def rules(self) -> Rules:
        """What the merge goes by."""
        return Rules(self.policies, self.aliases, bool(self.board), self.brake.share, self.brake.least)


def read(data: bytes | None, path: str = PATH) -> Settings:
    """Read the settings; a file that is not there says nothing. Raises StateError with the line of what is wrong."""
    if data is None:
        return Settings()
    text = yamltext.decode(data, path)
    raw = yamltext.load(text, path)
    if not isinstance(raw, dict):
        raise StateError("the settings are a mapping", place=f"{path}:1", hint=f"schema: {SCHEMA}, then policies: …")
    if str(raw.get("schema")) != str(SCHEMA):
        place = f"{path}:{yamltext.locate(text, ('schema',))}"
        message = f"schema {raw['schema']} is not known" if "schema" in raw else "the field schema is missing"
        raise StateError(f"{message}; this version reads {SCHEMA}", place=place, hint=f"schema: {SCHEMA}")
    found = yamltext.convert(raw, Settings, path, text)
    for keys, message, hint in _wrong(found):
        raise StateError(message, place=f"{path}:{yamltext.locate(text, keys)}", hint=hint)
    return msgspec.structs.replace(found, repository=found.repository.strip(), board=found.board.strip())


def _wrong(found: Settings) -> Iterator[tuple[tuple[str, ...], str, str]]:
    for name in found.policies:
        if name not in FIELDS:
            yield ("policies", name), f"policies: there is no field {name!r}", f"fields: {', '.join(FIELDS)}"
    for old, new in found.aliases.items():
        if labels.meaning(new)[0] == "foreign":
            hint = "an alias leads to a label that the train uses: now, Task, blocked, phase:build …"
            yield ("aliases", old), f"aliases: {new!r} is no label of the train", hint
    for code in found.exceptions:
        if code not in ("VT480", "VT481", "VT482", "VT483"):
            yield ("exceptions",), f"exceptions: {code} is no flow rule", "flow rules: VT480, VT481, VT482, VT483"
    owner, _, number = found.board.rpartition("/")
    if found.board and not (number.isdecimal() and "/" not in owner):
        yield ("board",), f"board: {found.board!r} is no project", "board: owner/7, or 7"
    if not 0 < found.brake.share <= 1 or found.brake.least < 0:
        yield ("brake",), "brake: share is above 0 and at most 1, least a number of items", "brake: {share: 0.3}"
