"""Hostile repositories: each takes an ordinary train and adds one thing that a stranger could have put into it."""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.stations import SHAPE
from tests.support import commit_all, git, write

PIPELINE = "config/pipeline.yml"
TICKET = f"tickets/{SHAPE}/ticket.yml"
CHECKLIST = f"tickets/{SHAPE}/checklist.md"
SESSION = "docs/session-context/ACTIVE_SESSION.md"
HOOKS = ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "post-index-change", "reference-transaction")
HOOKS += ("post-checkout", "pre-auto-gc", "post-rewrite", "fsmonitor-watchman", "pre-push", "post-merge")


class Ground(NamedTuple):
    """Where a repository is made hostile: itself, the stranger's script, and a folder that nobody may touch."""

    repo: Path
    canary: str
    outside: Path

    def config(self, *pairs: str) -> None:
        """Set keys of the clone's own configuration."""
        for pair in pairs:
            key, _, value = pair.partition("=")
            git(self.repo, "config", key, value)

    def append(self, path: str, text: str) -> None:
        """Add to a tracked file and commit it."""
        file = self.repo / path
        write(self.repo, path, (file.read_text() if file.exists() else "") + text)

    def swap(self, path: str, old: str, new: str) -> None:
        """Replace words of a file."""
        text = (self.repo / path).read_text()
        assert old in text, (path, old)
        write(self.repo, path, text.replace(old, new, 1))

    def link(self, path: str, target: Path) -> None:
        """Put a symbolic link in the place of a file or folder."""
        place = self.repo / path
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        elif place.exists() or place.is_symlink():
            place.unlink()
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)


Maker = Callable[[Ground], None]


def _keys(*pairs: str, attributes: str = "") -> Maker:
    def make(g: Ground) -> None:
        if attributes:
            g.append(".gitattributes", f"\n{attributes}\n")
            commit_all(g.repo, "attributes")
        g.config(*(p.replace("CANARY", g.canary) for p in pairs))

    return make


def _promisor(*pairs: str) -> Maker:
    """A partial clone whose objects are gone: git would fetch them, with the programs that the clone names."""

    def make(g: Ground) -> None:
        g.config("extensions.partialClone=origin", "remote.origin.promisor=true", "core.repositoryFormatVersion=1")
        g.config("remote.origin.partialclonefilter=blob:none", "protocol.allow=always", "protocol.ext.allow=always")
        g.config(*(p.replace("CANARY", g.canary).replace("OUTSIDE", str(g.outside)) for p in pairs))
        for file in list((g.repo / ".git/objects").glob("??/*")):
            if git(g.repo, "cat-file", "-t", file.parent.name + file.name, check=False).strip() == "blob":
                file.unlink()

    return make


def _hooks(g: Ground) -> None:
    for name in HOOKS:
        file = write(g.repo, f".git/hooks/{name}", f"#!/bin/sh\nexec {g.canary}\n")
        file.chmod(0o755)


def _tracked_hooks(g: Ground) -> None:
    for name in HOOKS:
        write(g.repo, f".githooks/{name}", f"#!/bin/sh\nexec {g.canary}\n").chmod(0o755)
    commit_all(g.repo)
    g.config("core.hooksPath=.githooks")


def _included(words: str, key: str = "include.path") -> Maker:
    def make(g: Ground) -> None:
        write(g.repo, "config/gitconfig", words.replace("CANARY", g.canary))
        write(g.repo, ".gitattributes", "* filter=x diff=x\n")
        commit_all(g.repo)
        git(g.repo, "config", key, "../config/gitconfig")

    return make


def _worktree_config(g: Ground) -> None:
    g.config("extensions.worktreeConfig=true", "core.repositoryFormatVersion=1")
    write(g.repo, ".git/config.worktree", f'[core]\n\tfsmonitor = {g.canary}\n[filter "x"]\n\tclean = {g.canary}\n')
    write(g.repo, ".git/info/attributes", "* filter=x\n")


def _elsewhere(g: Ground) -> None:
    g.config(f"core.worktree={g.outside}")


def _link(path: str, target: str) -> Maker:
    return lambda g: g.link(path, g.outside / target)


def _pipeline(old: str, new: str) -> Maker:
    return lambda g: g.swap(PIPELINE, old, new.replace("CANARY", g.canary).replace("OUTSIDE", str(g.outside)))


def _ticket(old: str, new: str) -> Maker:
    return lambda g: g.swap(TICKET, old, new)


def _journal(path: str) -> Maker:
    def make(g: Ground) -> None:
        place = path.replace("OUTSIDE", str(g.outside))
        row = {"path": place, "before": "", "content": base64.b64encode(b"#!/bin/sh\n").decode()}
        head = git(g.repo, "rev-parse", "HEAD").strip()
        body = {"schema": 1, "head": head, "purpose": "x", "files": [row], "worktree": str(g.repo), "position": ""}
        write(g.repo, ".git/agenticops/journal.json", json.dumps(body))

    return make


def _gate(command: str) -> Maker:
    text = f"\ngates:\n  default:\n    checks:\n      - check: checklist\n        command: {command}\n"

    def make(g: Ground) -> None:
        write(g.repo, "scripts/run.sh", f"#!/bin/sh\nexec {g.canary}\n").chmod(0o755)
        g.append(PIPELINE, text.replace("CANARY", g.canary))
        commit_all(g.repo)

    return make


def _planted_trust(g: Ground) -> None:
    _gate("[scripts/run.sh]")(g)
    entries = {"config/pipeline.yml gates.default.checks.1 (checklist)": "0" * 64}
    write(g.repo, ".git/agenticops/trust.json", json.dumps({"schema": 1, "entries": entries, "seal": "0" * 64}))
    git(g.repo, "config", "filter.x.clean", g.canary)
    write(g.repo, ".git/info/attributes", "* filter=x\n")


def _bare_inside(g: Ground) -> None:
    """A bare repository below the root, as files that are tracked: git takes the folder for a repository."""
    folder = g.repo / "docs" / "bare"
    shutil.copytree(g.repo / ".git", folder)
    (folder / "config").write_text(f"[core]\n\tbare = true\n\trepositoryformatversion = 0\n\tfsmonitor = {g.canary}\n")


def _modules(g: Ground) -> None:
    """Python files with the names of what the tool imports."""
    for name in (
        "agenticops",
        "yaml",
        "msgspec",
        "git",
        "json",
        "typer",
        "sitecustomize",
        "usercustomize",
        "frontmatter",
    ):
        write(g.repo, f"{name}.py", f"import os\nos.system({g.canary!r})\n")
    write(g.repo, "git", f"#!/bin/sh\nexec {g.canary}\n").chmod(0o755)


def _text(path: str, content: str | bytes) -> Maker:
    def make(g: Ground) -> None:
        write(g.repo, path, content)

    return make


def _fifo(path: str) -> Maker:
    def make(g: Ground) -> None:
        (g.repo / path).unlink(missing_ok=True)
        os.mkfifo(g.repo / path)

    return make


def _head(words: str) -> Maker:
    def make(g: Ground) -> None:
        write(g.repo, ".git/HEAD", words.replace("OUTSIDE", str(g.outside)))

    return make


def _manifest(g: Ground) -> None:
    files = dict.fromkeys(("../marker.txt", str(g.outside / "marker.txt"), ".git/hooks/pre-commit"), "0" * 64)
    write(g.repo, ".agenticops/manifest.json", json.dumps({"schema": 1, "train": "../x", "files": files}))


def _title(words: str) -> Maker:
    return lambda g: g.swap("docs/work/142.md", "Forecast refill adherence", words)


ALL_FILTERS = '[filter "x"]\n\tclean = CANARY\n\tsmudge = CANARY\n\tprocess = CANARY\n\trequired = true\n'
SCHEMA = '    headings: [Goal]\n    schema: {"$ref": "%s"}\n    type: json'
REPOSITORIES: dict[str, Maker] = {
    # What git would execute for the clone.
    "core.fsmonitor": _keys("core.fsmonitor=CANARY"),
    "fsmonitor by protocol 1": _keys("core.fsmonitor=CANARY", "core.fsmonitorHookVersion=1"),
    "hooks in .git": _hooks,
    "hooks in a tracked folder": _tracked_hooks,
    "include.path to a tracked file": _included("[core]\n\tfsmonitor = CANARY\n" + ALL_FILTERS),
    "includeIf to a tracked file": _included(
        "[core]\n\tfsmonitor = CANARY\n" + ALL_FILTERS, "includeIf.gitdir:/**.path"
    ),
    "include.path to a signer": _included("[commit]\n\tgpgSign = true\n[gpg]\n\tprogram = CANARY\n"),
    "filter clean": _keys("filter.x.clean=CANARY", attributes="* filter=x"),
    "filter smudge": _keys("filter.x.smudge=CANARY", attributes="* filter=x"),
    "filter process": _keys("filter.x.process=CANARY", attributes="* filter=x"),
    "a required filter": _keys("filter.x.clean=CANARY", "filter.x.required=true", attributes="* filter=x"),
    "filter with dots and capitals": _keys(
        "filter.A.b=.clean=CANARY", "filter.A.b.clean=CANARY", attributes="* filter=A.b"
    ),
    "diff.external": _keys("diff.external=CANARY"),
    "diff command": _keys("diff.x.command=CANARY", attributes="* diff=x"),
    "diff textconv": _keys("diff.x.textconv=CANARY", attributes="* diff=x"),
    "a cached textconv": _keys("diff.x.textconv=CANARY", "diff.x.cachetextconv=true", attributes="* diff=x"),
    "merge driver": _keys("merge.x.driver=CANARY", "merge.default=x", attributes="* merge=x"),
    "core.pager": _keys("core.pager=CANARY", "pager.log=CANARY", "pager.blame=CANARY", "pager.diff=CANARY"),
    "core.editor": _keys("core.editor=CANARY", "sequence.editor=CANARY", "commit.verbose=true"),
    "gpg.program": _keys("commit.gpgSign=true", "gpg.program=CANARY"),
    "gpg.openpgp.program": _keys("commit.gpgSign=true", "gpg.openpgp.program=CANARY"),
    "gpg.ssh.program": _keys(
        "commit.gpgSign=true", "gpg.format=ssh", "user.signingKey=key::x", "gpg.ssh.program=CANARY"
    ),
    "gpg.x509.program": _keys("commit.gpgSign=true", "gpg.format=x509", "gpg.x509.program=CANARY"),
    "gpg.ssh.defaultKeyCommand": _keys("commit.gpgSign=true", "gpg.format=ssh", "gpg.ssh.defaultKeyCommand=CANARY"),
    "log.showSignature": _keys("log.showSignature=true", "gpg.program=CANARY"),
    "trailers": _keys("trailer.ticket.command=CANARY", "trailer.phase.cmd=CANARY", "trailer.event.command=CANARY"),
    "aliases of what we call": _keys(*(f"alias.{n}=!CANARY" for n in ("var", "add", "commit", "blame", "config"))),
    "interactive filters": _keys("interactive.diffFilter=CANARY", "core.alternateRefsCommand=CANARY"),
    "submodule update": _keys("submodule.x.update=!CANARY", "submodule.recurse=true", "submodule.x.url=ext::CANARY"),
    "help and browsers": _keys("help.autocorrect=1", "browser.x.cmd=CANARY", "man.x.cmd=CANARY", "web.browser=x"),
    "a promisor over ext::": _promisor("remote.origin.url=ext::CANARY"),
    "a promisor with its own uploadpack": _promisor("remote.origin.url=OUTSIDE", "remote.origin.uploadpack=CANARY"),
    "a promisor over ssh": _promisor("remote.origin.url=ssh://127.0.0.1:9/x", "core.sshCommand=CANARY"),
    "a promisor with a helper": _promisor(
        "remote.origin.url=canary::x", "credential.helper=!CANARY", "core.askPass=CANARY"
    ),
    "a promisor over git://": _promisor("remote.origin.url=git://127.0.0.1:9/x", "core.gitProxy=CANARY"),
    "config.worktree": _worktree_config,
    "core.worktree elsewhere": _elsewhere,
    "a bare repository inside": _bare_inside,
    "modules in the root": _modules,
    # What the pipeline would execute.
    "a gate command": _gate("[scripts/run.sh]"),
    "a gate command as a line": _gate('"CANARY"'),
    "a gate command by a shell": _gate('[sh, -c, "CANARY"]'),
    "a trust file in the clone": _planted_trust,
    "YAML tags": _pipeline("title: Tiny train", 'title: !!python/object/apply:os.system ["CANARY"]'),
    # Paths that lead out.
    "a linked tickets folder": _link("tickets", "folder"),
    "a linked ticket": _link(f"tickets/{SHAPE}", "folder"),
    "a linked docs folder": _link("docs", "folder"),
    "a linked work folder": _link("docs/work", "folder"),
    "a linked session folder": _link("docs/session-context", "folder"),
    "a linked session": _link(SESSION, "marker.txt"),
    "a linked checklist": _link(CHECKLIST, "marker.txt"),
    "a linked pipeline": _link(PIPELINE, "marker.txt"),
    "a linked config folder": _link("config", "folder"),
    "a linked log": _link(".agenticops/events", "folder"),
    "a linked state folder": _link(".agenticops", "folder"),
    "a linked template": _link("docs/templates/brief.md", "marker.txt"),
    "a linked .gitignore": _link(".gitignore", "marker.txt"),
    "a dangling link": _link(SESSION, "not-there.txt"),
    "a linked .git/agenticops": _link(".git/agenticops", "folder"),
    "a linked lock": _link(".git/agenticops/lock", "marker.txt"),
    "a linked index": _link(".git/agenticops/index.sqlite", "marker.txt"),
    "a linked trust file": _link(".git/agenticops/trust.json", "marker.txt"),
    "an artifact with ..": _pipeline("docs/{item}/brief.md", "../marker.txt"),
    "an absolute artifact": _pipeline("docs/{item}/brief.md", "OUTSIDE/marker.txt"),
    "an artifact in .git": _pipeline("docs/{item}/brief.md", ".git/hooks/pre-commit"),
    "an artifact in .GIT": _pipeline("docs/{item}/brief.md", "docs/.GIT/hooks/pre-commit"),
    "a template with ..": _pipeline("headings: [Goal]", "headings: [Goal]\n    template: ../../../marker.txt"),
    "a checklist with ..": _pipeline("    title: Plan", "    title: Plan\n    checklist: ../../../../marker.txt"),
    "a schema from a file": _pipeline("    headings: [Goal]", SCHEMA % "file://OUTSIDE/marker.txt"),
    "a schema from the net": _pipeline("    headings: [Goal]", SCHEMA % "http://127.0.0.1:9/x"),
    "a ticket with .. in its item": _ticket('item: "142"', 'item: "../../../outside/x"'),
    "a ticket with .. in its phase": _ticket("phase: shape", "phase: ../../outside"),
    "a journal that climbs out": _journal("../outside/marker.txt"),
    "a journal into .git": _journal(".git/hooks/pre-commit"),
    "an absolute journal": _journal("OUTSIDE/marker.txt"),
    "a manifest that climbs out": _manifest,
    "a HEAD that climbs out": _head("ref: ../../outside/marker.txt\n"),
    "an absolute HEAD": _head("ref: OUTSIDE/marker.txt\n"),
    # What blocks, bursts or deceives.
    "a pipe as session": _fifo(SESSION),
    "a pipe as pipeline": _fifo(PIPELINE),
    "a bomb": _text(PIPELINE, "a: &a [x,x]\nb: &b [*a,*a]\nname: [*b,*b]\n"),
    "depth": _text(TICKET, "id: " + "[" * 30_000),
    "a title that paints": _title("a\x1b]0;owned\x07\x1b[31m\u202egnp.exe\u2066"),
    "bytes as checklist": _text(CHECKLIST, bytes(range(256)) * 40),
}
