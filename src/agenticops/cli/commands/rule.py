"""`rule`: when something happens, and conditions hold, then actions are done."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from agenticops.cli.commands.options import Json, example, group
from agenticops.cli.lines import BAD, DIM, GOOD, STRONG, WARN, Line, bad, clean, counted, cut, following, line, ok
from agenticops.cli.output import emit
from agenticops.errors import UsageError
from agenticops.flows.rules import authoring, react, standing, trial
from agenticops.flows.rules.react import Firing
from agenticops.flows.rules.standing import Standing
from agenticops.flows.rules.trial import Explained, Trial
from agenticops.workspace import Workspace

app = group(
    "Rules: when something happens to an entity, and conditions hold, then actions are done.",
    "agenticops rule new --example assign-pm",
    "agenticops rule test --entity project --action create --field name=Roof",
)
Code = Annotated[str, typer.Argument(metavar="CODE", help="The rule's code.")]
Reason = Annotated[str, typer.Option(help="Why, in one line.")]
STYLE = {"active": GOOD, "disabled": WARN, "deleted": DIM, "new": DIM, "inactive": DIM}
OUTCOMES = {"done": GOOD, "failed": BAD, "cut": WARN, "conditions": DIM}


def _state(one: Standing) -> str:
    """Say how a rule stands: `new` was not seen by any reaction yet, `inactive` is switched off in its file."""
    if one.counts:
        return "active"
    if one.state in (standing.DISABLED, standing.DELETED):
        return one.state[5:]
    return "new" if one.rule.active else "inactive"


def _data(one: Standing) -> dict[str, Any]:
    """Give a rule by the names of the automation domain, and by those of its file."""
    rule = one.rule
    return {
        "code": rule.code,
        "workflow_name": rule.name,
        "trigger_entity_type": rule.when.entity,
        "trigger_action_type": rule.when.action,
        "trigger_scope": rule.scope,
        "execution_order": rule.order,
        "max_executions": rule.max,
        "execution_count": one.executions,
        "last_executed_ts": one.last,
        "active_flag": one.counts,
        "state": _state(one),
        "path": rule.path,
        "rule": rule,
    }


@app.command("list", **example("agenticops rule list", "agenticops rule list --json"))
def list_(json: Json = False) -> None:
    """List the rules in their order: how each stands, how often it ran, and when last."""
    found = standing.every(Workspace(), counted=True)
    rows: list[Line] = []
    for one in found:
        most = f"/{one.rule.max}" if one.rule.max >= 0 else ""
        rows.append(
            line(
                (f"{one.rule.order:>4} ", DIM),
                f"{one.rule.code:<28} ",
                (f"{_state(one):<9}", STYLE[_state(one)]),
                f"{f'{one.spent}{most}':>7}  ",
                (f"{one.last[:16].replace('T', ' '):<17}", DIM),
                cut(one.rule.name, 48),
            )
        )
    if not found:
        rows = [line(("no rules", DIM)), following("agenticops rule new --example assign-pm")]
    elif any(_state(one) == "new" for one in found):
        rows.append(following("agenticops rule run: a new rule counts from there"))
    emit("rule-list", [_data(one) for one in found], rows, json)


@app.command(**example("agenticops rule show assign-pm"))
def show(code: Code, json: Json = False) -> None:
    """Show a rule: what it waits for, what it asks, what it does, and how it stands."""
    one = standing.named(Workspace(), code)
    rule, most = one.rule, f" · {one.spent} of {one.rule.max}" if one.rule.max >= 0 else ""
    rows: list[Line] = [line((rule.code, STRONG), "  ", clean(rule.name), (f"  {_state(one)}", STYLE[_state(one)]))]
    rows += [line("  ", clean(words)) for words in ([rule.description] if rule.description else [])]
    rows += [line("  ", clean(words)) for words in trial.rule_lines(rule)]
    ran = f"{counted(one.executions, 'execution')}{most}"
    rows.append(line((f"  order {rule.order} · {ran}{f' · last {one.last}' if one.last else ''} · {rule.path}", DIM)))
    spent = one.why == standing.MAX and not one.counts
    if spent:
        rows.append(line((f"  it ran {counted(rule.max, 'time')}, as often as it may", DIM)))
    rows.append(following(f"agenticops rule {'enable' if spent else 'explain'} {rule.code}"))
    emit("rule", _data(one), rows, json)


@app.command(
    **example(
        "agenticops rule new --example assign-pm",
        "agenticops rule new --name 'Tell the PM' --entity task --on status_change --to Completed "
        "--do '{type: send_notification, recipients: [project_manager], text: \"{{name}} is done\"}'",
    )
)
def new(
    name: Annotated[str, typer.Option(help="What it is called; its code is made of it.")] = "",
    code: Annotated[str, typer.Option(help="Its code: small letters, digits, dashes.")] = "",
    sample: Annotated[str, typer.Option("--example", metavar="CODE", help="Begin with a packaged example.")] = "",
    entity: Annotated[str, typer.Option(help="The kind of entity that it waits for.")] = "",
    on: Annotated[
        str, typer.Option(help="create, update, delete, status_change, field_change, scheduled or event.")
    ] = "",
    field: Annotated[str, typer.Option(help="The field of a field_change.")] = "",
    before: Annotated[str, typer.Option("--from", help="What the field was before.")] = "",
    to: Annotated[str, typer.Option(help="What the field becomes.")] = "",
    event: Annotated[str, typer.Option(help="A kind of event of the log, instead of an entity.")] = "",
    cron: Annotated[str, typer.Option(help="The times of a schedule: minute hour day month weekday.")] = "",
    timezone: Annotated[str, typer.Option(help="The time zone of the schedule.")] = "",
    condition: Annotated[str, typer.Option("--if", help="Its condition, as in the file: '{amount: {gt: 5}}'.")] = "",
    do: Annotated[list[str], typer.Option(help="An action, as in the file; may be given more than once.")] = [],  # noqa: B006
    only: Annotated[list[str], typer.Option(metavar="ID", help="Only for this entity.")] = [],  # noqa: B006
    order: Annotated[int, typer.Option(help="Lower ones come first.")] = 0,
    most: Annotated[int, typer.Option("--max", help="How often it may run; -1 is without limit.")] = -1,
    inactive: Annotated[bool, typer.Option("--inactive", help="Write it, but do not switch it on.")] = False,
    json: Json = False,
) -> None:
    """Write a rule into a file of its own, and switch it on."""
    fields = authoring.example(sample) if sample else {}
    when = {"entity": entity, "action": on, "field": field, "from": before, "to": to, "event": event}
    when |= {"cron": cron, "timezone": timezone}
    said: dict[str, Any] = {"code": code, "name": name, "when": {k: v for k, v in when.items() if v}, "scope": ""}
    said |= {"ids": list(only), "conditions": authoring.plain(condition, "--if") if condition else None}
    said |= {"actions": [authoring.plain(text, "--do") for text in do], "order": order}
    said["scope"] = "specific" if only else ""
    fields = {**fields, **{key: value for key, value in said.items() if value}}
    if most != -1:
        fields["max"] = most
    if inactive:
        fields["active"] = False
    if not fields.get("name"):
        raise UsageError("a rule needs a name", hint='--name "…", or --example CODE')
    rule = authoring.new(Workspace(), fields)
    rows = [ok(f"rule {rule.code}", rule.path), *[line("  ", clean(words)) for words in trial.rule_lines(rule)]]
    rows.append(following(f"agenticops rule show {rule.code}"))
    emit("rule-new", {"rule": rule, "path": rule.path}, rows, json)


@app.command(
    **example(
        "agenticops rule test 01KDWFZY",
        "agenticops rule test --entity task --action status_change --field status=Completed --old status=Doing",
    )
)
def test(
    event: Annotated[str, typer.Argument(metavar="[EVENT]", help="An event of the log, or the start of its id.")] = "",
    entity: Annotated[str, typer.Option(help="Instead of an event: a kind of entity.")] = "",
    action: Annotated[str, typer.Option(help="What is done to it: create, update, status_change …")] = "create",
    field: Annotated[list[str], typer.Option(metavar="KEY=VALUE", help="A field of it, afterwards.")] = [],  # noqa: B006
    old: Annotated[list[str], typer.Option(metavar="KEY=VALUE", help="A field of it, before.")] = [],  # noqa: B006
    json: Json = False,
) -> None:
    """Say which rules would handle an event, and what they would do. Nothing is written."""
    if bool(event) == bool(entity):
        raise UsageError("an event of the log, or --entity", hint="agenticops rule test --help")
    workspace = Workspace()
    if event:
        found = trial.of_event(workspace, trial.event(workspace, event))
    else:
        found = trial.imagined(workspace, entity, action, authoring.pairs(field), authoring.pairs(old))
    rows: list[Line] = []
    for one in found:
        rows += _trial_lines(one)
    if not found:
        rows = [line(("no rule waits for this", DIM))]
    rows.append(following(f"agenticops rule explain {found[0].rule if found else 'CODE'}"))
    emit("rule-test", found, rows, json)


def _trial_lines(one: Trial) -> list[Line]:
    words = {"conditions": "its conditions do not hold", "failed": "it would fail", "done": "it would fire"}
    head = line((f"{one.rule:<28} ", STRONG), (words[one.outcome], OUTCOMES[one.outcome]), f"  {clean(one.why)}")
    acts = [
        line(f"  {a.type:<18} {a.target:<9} ", (f"{a.outcome:<8}", DIM), clean(" ".join(a.what))) for a in one.actions
    ]
    return [head, *acts, *[line((f"    {w['kind']} {clean(w['subject'])}", DIM)) for w in one.writes]]


@app.command(**example("agenticops rule run"))
def run(json: Json = False) -> None:
    """Handle all events that are pending, each once."""
    done = react.react(Workspace())
    rows = firing_lines(done) or [line(("nothing is pending", DIM))]
    rows.append(following("agenticops rule list"))
    emit("rule-run", done, rows, json)


def firing_lines(done: list[Firing]) -> list[Line]:
    """Show what rules did."""
    rows: list[Line] = []
    for one in done:
        what = ", ".join(f"{a.type} {a.outcome}" for a in one.actions)
        rows.append(
            line((f"{one.outcome:<6} ", OUTCOMES[one.outcome]), f"{one.rule:<28} ", cut(one.subject, 40))
            + line((f"  {clean(one.why or what)}", DIM))
        )
    return rows


@app.command(**example("agenticops rule enable assign-pm"))
def enable(code: Code, json: Json = False) -> None:
    """Switch a rule on, for what happens from now on; its count begins anew."""
    one = standing.switch(Workspace(), code, standing.ENABLED)
    emit("rule", _data(one), [ok(f"rule {code} is active"), following(f"agenticops rule show {code}")], json)


@app.command(**example("agenticops rule disable assign-pm --reason 'We assign by hand in May'"))
def disable(code: Code, reason: Reason = "", json: Json = False) -> None:
    """Switch a rule off; what happens meanwhile it never handles."""
    one = standing.switch(Workspace(), code, standing.DISABLED, reason)
    emit("rule", _data(one), [ok(f"rule {code} is disabled"), following(f"agenticops rule enable {code}")], json)


@app.command(**example("agenticops rule delete assign-pm --reason 'Replaced by assign-lead'"))
def delete(code: Code, reason: Reason = "", json: Json = False) -> None:
    """Put a rule away for good; its file and its history stay."""
    one = standing.switch(Workspace(), code, standing.DELETED, reason)
    emit("rule", _data(one), [ok(f"rule {code} is deleted"), following("agenticops rule list")], json)


@app.command(**example("agenticops rule explain task-completed", "agenticops rule explain task-completed 01KDWFZY"))
def explain(
    code: Code,
    event: Annotated[str, typer.Argument(metavar="[EVENT]", help="An event; default: the last ones.")] = "",
    json: Json = False,
) -> None:
    """Say why a rule did, or did not, handle an event: each condition with the value that was found."""
    found = trial.explain(Workspace(), code, event)
    rows: list[Line] = []
    for one in found:
        rows += _explained_lines(one)
    if not found:
        rows = [line(("the log has no event that this rule could wait for", DIM))]
    rows.append(following(f"agenticops rule test {found[0].event}" if found else f"agenticops rule show {code}"))
    emit("rule-explain", found, rows, json)


def _explained_lines(one: Explained) -> list[Line]:
    said = one.handled
    words = f"{said['kind'].replace('_', ' ')} {said['at'][:16]}" if said else "it would fire" if one.fires else "no"
    if said.get("outcome") == "failed":
        words += f", failed: {said.get('error', '')}"
    if said.get("why"):
        words += f": {said['why']}"
    style = GOOD if said.get("outcome") == "done" or (one.fires and not said) else WARN
    rows: list[Line] = [line((f"{one.event}  ", STRONG), f"{one.kind} {clean(one.subject)}  ", (clean(words), style))]
    for answer in one.answers:
        shown = clean(answer.asks) + (f"  ({clean(answer.found)})" if answer.found else "")
        rows.append(line("  ", ("✓ ", GOOD), shown) if answer.holds else [("  ", ""), *bad(shown)])
    return rows
