"""`github ingest`, `github publish` and `github pr`: events come in, verdicts go out."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated

import typer

from agenticops.cli import board
from agenticops.cli.commands.options import Commit, Json, TicketArgument, example, group
from agenticops.cli.lines import DIM, STRONG, WARN, Line, bad, clean, counted, following, line, ok
from agenticops.cli.output import emit
from agenticops.core import sticky
from agenticops.core.webhook import LIMIT
from agenticops.errors import EXIT_VERDICT
from agenticops.flows import ingest as ingesting
from agenticops.flows import publish as publishing
from agenticops.flows import pulls
from agenticops.workspace import Workspace

DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")]
HOOK = (
    "agenticops github ingest --event issues --delivery 72d3162e-cc78 --signature sha256=… --secret env:HOOK_SECRET"
    " --payload -"
)


class How(StrEnum):
    """How a branch is merged."""

    merge = "merge"
    squash = "squash"
    rebase = "rebase"


def register(app: typer.Typer) -> None:
    """Add the commands to the group `github`."""
    app.command(**example("agenticops github ingest --commit", HOOK))(ingest)
    app.command(**example("agenticops github publish", "agenticops github publish training_142 --child"))(publish)
    pr = group("Pull requests of phase branches.", "agenticops github pr open training_142")
    pr.command("open", **example("agenticops github pr open", "agenticops github pr open training_142 --draft"))(open_)
    pr.command(**example("agenticops github pr merge training_142", "agenticops github pr merge --method squash"))(
        merge
    )
    app.add_typer(pr, name="pr")


def ingest(
    event: Annotated[str, typer.Option(metavar="NAME", help="The event, as X-GitHub-Event names it.")] = "",
    payload: Annotated[
        typer.FileBinaryRead | None, typer.Option(help="The body, byte for byte; - reads standard input.")
    ] = None,
    delivery: Annotated[str, typer.Option(metavar="ID", help="The id in X-GitHub-Delivery.")] = "",
    signature: Annotated[str, typer.Option(metavar="SHA256", help="What X-Hub-Signature-256 says.")] = "",
    secret: Annotated[
        str, typer.Option(metavar="REF", help="The hook's secret: env:NAME or keyring:SERVICE/NAME.")
    ] = "",
    commit: Commit = False,
    json: Json = False,
) -> None:
    """Take in what happened on GitHub: a webhook that its signature proves, or the event of a run of Actions.

    Without --payload it is the event of the run. What was taken in before, or starts nothing, changes nothing.
    """
    workspace = Workspace()
    if payload is None and not (signature or secret):
        came = ingesting.of_actions(os.environ, event)
    else:
        body = payload.read(LIMIT + 1) if payload else b""
        came = ingesting.signed(event, body, delivery, signature, secret)
    found = ingesting.ingest(workspace, came, commit)
    emit("github-ingest", found, ingested_lines(found), json)


def ingested_lines(found: ingesting.Ingested) -> list[Line]:
    """Show what became of a delivery."""
    seen = found.seen
    about = f"{seen.event} {seen.action}".strip() + (f" #{seen.number}" if seen.number else "")
    if found.outcome != "recorded":
        return [line(("· ", DIM), f"{clean(about)}: {found.outcome}", (f"  {clean(found.why)}", DIM))]
    rows = [ok(clean(about), ", ".join(found.kinds))]
    rows += [ok(f"committed {found.commit}")] if found.commit else []
    return [*rows, following(f"agenticops work show {found.items[0]}" if found.items else "agenticops log --limit 5")]


def publish(
    ticket: TicketArgument = "",
    child: Annotated[
        bool, typer.Option("--child", help="Give the ticket an issue of its own, below the item's; close past ones.")
    ] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Tell GitHub what the ticket's gate says of HEAD, and how far the ticket is.

    A check run or commit status; one comment at the pull request, one at the issue. What is not committed is not told.
    """
    found = publishing.publish(Workspace(), ticket or None, child, dry_run)
    emit("github-publish", found, published_lines(found, dry_run), json)


def published_lines(found: publishing.Published, dry_run: bool) -> list[Line]:
    """Show what was told, and where."""
    head = ok if found.verdict.holds else bad
    rows = [head(f"{found.ticket} at {found.sha[:10]}: {clean(found.said)}")]
    if dry_run:
        return [*rows, *_quoted(found.comment), *_quoted(found.progress), following(_again("publish", found.ticket))]
    rows.append(ok(f"told as {'check run' if found.sent == 'check' else 'commit status'} {found.check}"))
    rows += [ok("comment at the pull request", url) for url in found.pulls]
    rows += [ok("comment at the issue", found.issue)] if found.issue else []
    if found.child is not None:
        if found.child.number:
            made = "made" if found.child.made else "there already"
            rows.append(ok(f"issue #{found.child.number} of {found.ticket}", made))
        rows += [ok(f"issue #{number} closed") for number in found.child.closed]
    return [*rows, following("agenticops next")]


def open_(
    ticket: TicketArgument = "",
    draft: Annotated[bool, typer.Option("--draft", help="Open it as a draft.")] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Open the pull request of a ticket's branch, with summary, verdict, evidence and risks in its body.

    The branch must be pushed. A request that is open already is left as it is.
    """
    found = pulls.request(Workspace(), ticket or None, draft, dry_run)
    head = ok if found.verdict.holds else bad
    rows: list[Line] = [head(clean(sticky.headline(found.verdict)))]
    if dry_run:
        rows += [line((clean(found.title), STRONG)), *_quoted(found.body)]
        rows.append(following(_again("pr open", found.ticket)))
    else:
        what = "is open already" if found.known else "is open"
        rows.append(ok(f"pull request #{found.number} {what}", clean(found.url)))
        rows.append(following(_again("publish", found.ticket)))
    emit("github-pull", found, rows, json)


def merge(
    ticket: TicketArgument = "",
    method: Annotated[How, typer.Option(help="How the branch is merged.")] = How.merge,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Merge the pull request of a ticket's branch when its gate holds at the very commit. Exits 3 when it does not."""
    found = pulls.merge(Workspace(), ticket or None, method.value, dry_run)
    emit("github-merge", found, merged_lines(found), json)
    if found.state == "refused":
        raise typer.Exit(EXIT_VERDICT)


def merged_lines(found: pulls.Merged) -> list[Line]:
    """Show what became of a merge."""
    pull = found.pull
    where = f"pull request #{pull.number} at {pull.sha[:10]}"
    if found.state == "refused":
        errors = [f for f in found.verdict.findings if f.severity == "error"]
        rows = [bad(f"{where} is not merged: the gate does not hold ({counted(len(errors), 'finding')})")]
        return [*rows, *board.finding_lines(found.verdict.findings)]
    if found.state == "ready":
        return [line(("! ", WARN), f"{where} would be merged"), following(_again("pr merge", found.ticket))]
    then = f"git switch {clean(pull.base)} && git pull && agenticops advance {found.ticket}"
    return [ok(f"pull request #{pull.number} is merged", pull.merge_sha[:10]), following(then)]


def _quoted(text: str) -> list[Line]:
    return [[], *(line(("  │ ", DIM), clean(row)) for row in text.rstrip().split("\n"))]


def _again(command: str, ticket: str) -> str:
    return f"agenticops github {command} {ticket}"
