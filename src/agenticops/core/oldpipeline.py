"""The older pipeline layout: artifacts as bare file names under a phase, base folders under `artifact_paths`."""

from __future__ import annotations

from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

from agenticops.errors import StateError


def translate(raw: dict[str, Any]) -> dict[str, Any]:
    """Turn the older layout into today's mapping; what it does not know is left for the reader to refuse."""
    folders = _fields(raw.get("artifact_paths"), "artifact_paths")
    phases: dict[str, Any] = {}
    contracts: dict[str, Any] = _fields(raw.get("artifacts"), "artifacts")
    for name, old in _named(raw.get("phases"), "phases"):
        phase = dict(old)
        phase["owner"] = phase.pop("owner", phase.pop("agent", ""))
        base = (
            folders.get(name)
            or folders.get(str(phase.get("stretch", phase.get("stage", ""))))
            or folders.get("default")
            or ""
        )
        phase["stretch"] = phase.pop("stretch", phase.pop("stage", ""))
        names = []
        for artifact in _listed(phase.get("artifacts"), f"phases.{name}.artifacts"):
            file = PurePosixPath(str(artifact))
            if file.suffix:
                contracts.setdefault(file.stem, {"path": str(PurePosixPath(str(base)) / file)})
            names.append(file.stem if file.suffix else str(artifact))
        phases[name] = {**{k: v for k, v in phase.items() if k != "name"}, "artifacts": names}
    _link(phases)
    rest = {
        k: v for k, v in raw.items() if k not in ("phases", "artifact_paths", "artifacts", "modes", "agents", "gates")
    }
    sections = {k: dict(_named(raw.get(k), k)) for k in ("modes", "agents", "gates")}
    used = {str(p.get("mode", "")) for p in phases.values()} - {""}
    sections["modes"] = {**{m: {} for m in sorted(used)}, **sections["modes"]}
    owners = {str(p.get("owner", "")) for p in phases.values()} - {""}
    sections["agents"] = {**{a: {} for a in sorted(owners)}, **sections["agents"]}
    return {"name": "pipeline", **rest, "phases": phases, "artifacts": contracts, **sections}


def _named(section: Any, where: str) -> list[tuple[str, dict[str, Any]]]:
    """Take a section as a mapping, a list of names or a list of mappings with a name."""
    if isinstance(section, dict):
        return [(str(k), _fields(v, f"{where}.{k}")) for k, v in section.items()]
    pairs = []
    for entry in _listed(section, where):
        if isinstance(entry, dict):
            name = entry.get("name") or entry.get("id") or ""
            pairs.append((str(name), {k: v for k, v in entry.items() if k not in ("name", "id")}))
        else:
            pairs.append((str(entry), {}))
    return pairs


def _fields(value: Any, where: str) -> dict[str, Any]:
    if value is not None and not isinstance(value, dict):
        raise StateError(f"{where}: a mapping of fields is wanted", place="config/pipeline.yml:1")
    return dict(value or {})


def _listed(value: Any, where: str) -> list[Any]:
    if value is not None and not isinstance(value, list):
        raise StateError(f"{where}: a list is wanted", place="config/pipeline.yml:1")
    return value or []


def _link(phases: dict[str, Any]) -> None:
    """An old pipeline without edges is a line; its last phase may be left as done."""
    if any(p.get("next") for p in phases.values()):
        return
    names = list(phases)
    for name, following in pairwise(names):
        phases[name]["next"] = [following]
    if names:
        phases[names[-1]].setdefault("done", "true")
