"""Lint of the asset registry: its names hold, what it points to is there, and the agents have what they need."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from agenticops.core import secrets, yamltext
from agenticops.core.assets import read
from agenticops.core.athand import EVERYBODY, plain
from agenticops.core.lint import leaves
from agenticops.core.train import Train
from agenticops.errors import StateError
from agenticops.model.asset import Asset
from agenticops.model.finding import Finding, Severity
from agenticops.model.layout import ASSETS, PIPELINE
from agenticops.model.pipeline import Pipeline
from agenticops.model.tree import Tree

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# What must be said of a kind so that somebody can reach it: one of these.
PLACES = {
    "skill": ("path", "package", "url"),
    "tool": ("command", "path", "package", "url"),
    "mcp": ("command", "url"),
    "a2a": ("url", "command"),
}


def findings(train: Train) -> list[Finding]:
    """Judge the registry of a train; one without it has nothing to judge. Raises StateError for a broken one."""
    data = train.tree.read(ASSETS)
    return [] if data is None else lint(read(data), yamltext.decode(data, ASSETS), train.pipeline, train.tree)


def lint(assets: Mapping[str, Asset], text: str, pipeline: Pipeline, tree: Tree) -> list[Finding]:
    """Judge the registry against the pipeline and the files."""
    found = [*_twins(assets), *_clear(assets, text)]
    for asset in assets.values():
        found += [*_names(asset, pipeline), *_places(asset, tree)]
    return [_placed(f, text) for f in (*found, *_needs(assets, pipeline))]


def _finding(
    code: str, asset: str, message: str, hint: str = "", severity: Severity = "error", line: int = 0
) -> Finding:
    return Finding(code, f"asset {asset!r}: {message}", ASSETS, line, severity, hint)


def _twins(assets: Mapping[str, Asset]) -> Iterator[Finding]:
    """Two names that differ in case or in a sign only are one to a reader, and to some agents."""
    seen: dict[str, str] = {}
    for name in assets:
        first = seen.setdefault(re.sub(r"[._-]", "", name.casefold()), name)
        if first != name:
            yield _finding("VT475", name, f"its name differs from {first!r} in case or signs only", "rename one")


def _names(asset: Asset, pipeline: Pipeline) -> Iterator[Finding]:
    if not NAME.fullmatch(asset.name):
        yield _finding("VT475", asset.name, "not a name", "use letters, digits, ., _ and -, at most 64")
    pairs = (
        ("agent", asset.agents, pipeline.agents),
        ("mode", asset.modes, pipeline.modes),
        ("phase", asset.phases, pipeline.phases),
    )
    for noun, names, known in pairs:
        for name in names:
            if name not in known and (noun, name) != ("agent", EVERYBODY):
                yield _finding("VT475", asset.name, f"unknown {noun} {name!r}", f"known: {', '.join(known)}")


def _places(asset: Asset, tree: Tree) -> Iterator[Finding]:
    wanted = PLACES[asset.kind]
    if not any(getattr(asset, field) for field in wanted):
        words = f"says not where it comes from: {' or '.join(wanted)}"
        yield _finding("VT478", asset.name, words, "write it, so that an agent can reach it", "warning")
    for path in paths(asset):
        if leaves(path):
            yield _finding("VT478", asset.name, f"the path {path!r} leaves the repository", "use a path inside it")
        elif not there(tree, path):
            yield _finding("VT478", asset.name, f"there is no {path}", "correct the path, or take the asset out")


def paths(asset: Asset) -> list[str]:
    """List the paths in the repository that an asset names; a program without a slash is looked up elsewhere."""
    program = asset.command[0] if asset.command and "/" in asset.command[0] else ""
    card = "" if "://" in asset.card else asset.card
    return [path for path in (asset.path, program.removeprefix("./"), card) if path]


def there(tree: Tree, path: str) -> bool:
    """Tell whether a path that does not leave the repository is a file or a folder with something in it."""
    clean = "/".join(part for part in path.split("/") if part not in ("", "."))
    try:
        return bool(clean) and (tree.size(clean) is not None or bool(tree.names(clean)))
    except StateError:
        return False  # a link, or a device


def _clear(assets: Mapping[str, Asset], text: str) -> Iterator[Finding]:
    """A secret stands here by reference only. What it is, is not said again."""
    hint = "put it into the environment (or a keyring) and write env:NAME instead"
    for asset in assets.values():
        for number, reference in enumerate(asset.secrets):
            if secrets.reference(reference) is None:
                line = yamltext.locate(text, ("assets", asset.name, "secrets", str(number)))
                yield _finding("VT479", asset.name, "a secret that is no reference", hint, line=line)
    for secret in secrets.scan(text):
        yield Finding("VT479", f"this looks like {secret.kind}", ASSETS, secret.line, hint=hint)


def _needs(assets: Mapping[str, Asset], pipeline: Pipeline) -> Iterator[Finding]:
    """Compare what the assets give with what the agents depend on, both ways."""
    needed = {plain(d) for agent in pipeline.agents.values() for d in agent.dependencies}
    given = {plain(s) for asset in assets.values() for s in asset.satisfies}
    for name, agent in pipeline.agents.items():
        for words in agent.dependencies:
            if plain(words) not in given:
                message = f"agent {name!r}: no asset gives {words!r}"
                hint = f'agenticops asset add tool NAME --satisfies "{words}"'
                yield Finding("VT476", message, PIPELINE, severity="warning", hint=hint)
    for asset in assets.values():
        for words in asset.satisfies:
            if plain(words) not in needed:
                hint = "correct its spelling, or add it to an agent's dependencies"
                yield _finding("VT477", asset.name, f"no agent depends on {words!r}", hint, "warning")


def _placed(finding: Finding, text: str) -> Finding:
    """Give a finding the line of its asset."""
    if finding.line:
        return finding
    import msgspec

    match = re.match(r"asset '([^']+)':", finding.message)
    line = yamltext.locate(text, ("assets", match[1])) if match else 0
    return msgspec.structs.replace(finding, line=line)


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """Keep what is wrong; what is only missing is a warning that nobody else is stopped by."""
    return [f for f in findings if f.severity == "error"]
