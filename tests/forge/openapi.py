"""GitHub's OpenAPI description: is a request one that it knows, is an answer what it promises?"""

from __future__ import annotations

import functools
import json
import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.forge.packages import PACKAGES, ROOT, package

NAME = "@octokit/openapi"
FORM = 1  # of the reduced description; a higher number makes the cache anew
OLD, NEW = "2022-11-28", "2026-03-10"
VERSIONS = (OLD, NEW)
COMPONENTS = "forge:components"
# Answers of these kinds are given everywhere, whether or not the description lists them for a path.
EVERYWHERE = {401: "basic-error", 403: "basic-error", 404: "basic-error", 422: "validation-error"}
# The webhooks whose payloads are kept in the reduced description.
WEBHOOKS = (
    *(f"issues-{action}" for action in ("opened", "edited", "closed", "reopened", "labeled", "assigned", "milestoned")),
    *(f"issue-comment-{action}" for action in ("created", "edited", "deleted")),
    *(f"label-{action}" for action in ("created", "edited", "deleted")),
)
DROPPED = ("example", "examples", "description", "title", "externalDocs", "discriminator", "xml", "default")


class Description:
    """The reduced description, and a validator for each schema that was asked for."""

    def __init__(self, reduced: dict[str, Any]) -> None:
        import jsonschema_rs

        self._paths = reduced["paths"]
        self._rs = jsonschema_rs
        self._registry = {
            version: jsonschema_rs.Registry(
                [(COMPONENTS, {"$defs": {name: _schema(one, version) for name, one in reduced["schemas"].items()}})],
                draft=jsonschema_rs.Draft202012,
            )
            for version in VERSIONS
        }
        self._validator = functools.cache(self._compiled)

    def knows(self, method: str, template: str) -> bool:
        """Tell whether there is such a path with such a method."""
        return method.lower() in self._paths.get(shape(template), {})

    def of_request(
        self, method: str, template: str, query: Mapping[str, str], body: Any, has_body: bool
    ) -> Iterable[str]:
        """Say what is wrong with a request: its parameters and its body."""
        operation = self._paths[shape(template)][method.lower()]
        for name, value in query.items():
            schema = operation["query"].get(name.removesuffix("[]"))
            if schema is None:
                yield f"no parameter {name!r}"
            elif not self._fits_text(schema, value):
                yield f"the parameter {name}={value!r} is not what the description allows"
        if operation["body"] is None:
            if has_body and body not in (None, {}):
                yield "has a body, which the description does not know"
        elif has_body:
            yield from self._errors(OLD, json.dumps(_strict(operation["body"])), body)
        elif operation["body_required"]:
            yield "lacks its body"

    def of_response(self, method: str, template: str, status: int, body: Any, version: str = OLD) -> Iterable[str]:
        """Say what is wrong with an answer; errors of the server's own are not described."""
        if status == 304 or status == 429 or status >= 500:
            return
        known = self._paths[shape(template)][method.lower()]["answers"]
        if str(status) in known:
            schema = known[str(status)]
        elif status in EVERYWHERE:
            schema = {"$ref": f"#/components/schemas/{EVERYWHERE[status]}"}
        else:
            yield f"answers {status}, which the description does not know"
            return
        if schema is None:
            if body is not None:
                yield f"answers {status} with a body, which the description does not know"
            return
        yield from self._errors(version, json.dumps(schema), body)

    def fits(self, name: str, value: Any) -> list[str]:
        """Say what is wrong with a value, by the name of its schema."""
        return list(self._errors(OLD, json.dumps({"$ref": f"#/components/schemas/{name}"}), value))

    def _errors(self, version: str, schema: str, value: Any) -> Iterable[str]:
        for error in self._validator(version, schema).iter_errors(value):
            place = "/".join(str(part) for part in error.instance_path)
            yield f"{place or 'the whole'}: {error.message[:300]}"

    def _compiled(self, version: str, schema: str) -> Any:
        converted = _schema(json.loads(schema), version)
        return self._rs.Draft202012Validator(converted, registry=self._registry[version], validate_formats=True)

    def _fits_text(self, schema: Any, text: str) -> bool:
        readings: list[Any] = [text]
        if re.fullmatch(r"-?\d{1,15}", text):
            readings.append(int(text))
        if text in ("true", "false"):
            readings.append(text == "true")
        validator = self._validator(OLD, json.dumps(schema))
        return any(validator.is_valid(reading) for reading in readings)


@functools.cache
def description() -> Description | None:
    """Give the description, or nothing when its package or the validator is not installed."""
    from tests.forge.routes import ROUTES

    folder = package(NAME)
    try:
        import jsonschema_rs  # noqa: F401
    except ImportError:
        return None
    if folder is None:
        return None
    routes = sorted({shape(path) for _, path in ROUTES})
    cached = ROOT / "build" / "forge" / f"openapi-{PACKAGES[NAME]}.json"
    try:
        kept = json.loads(cached.read_bytes())
    except (OSError, ValueError):
        kept = {}
    if kept.get("form") != FORM or kept.get("routes") != routes:
        kept = _reduced(json.loads((folder / "generated" / "api.github.com.json").read_bytes()), routes)
        _write(cached, kept)
    return Description(kept)


def shape(template: str) -> str:
    """Give a path whose parts have no names, so that ours and theirs compare."""
    return re.sub(r"\{[^}]*\}", "{}", template)


def _reduced(whole: dict[str, Any], routes: list[str]) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for template, operations in whole["paths"].items():
        if shape(template) in routes:
            shared = operations.get("parameters", [])
            paths[shape(template)] = {
                method: _operation(whole, one, shared) for method, one in operations.items() if method != "parameters"
            }
    # The payloads of webhooks are described in the same file.
    wanted = {"basic-error", "validation-error"} | set(re.findall(r"#/components/schemas/([\w.-]+)", json.dumps(paths)))
    wanted |= {f"webhook-{name}" for name in WEBHOOKS}
    schemas: dict[str, Any] = {}
    while wanted:
        name = wanted.pop()
        schemas[name] = whole["components"]["schemas"][name]
        wanted |= set(re.findall(r"#/components/schemas/([\w.-]+)", json.dumps(schemas[name]))) - set(schemas)
    return {"form": FORM, "routes": routes, "paths": paths, "schemas": schemas}


def _operation(whole: dict[str, Any], one: dict[str, Any], shared: list[Any]) -> dict[str, Any]:
    parameters = [_followed(whole, parameter) for parameter in [*shared, *one.get("parameters", [])]]
    body = _followed(whole, one.get("requestBody", {}))
    answers = {}
    for status, answer in one["responses"].items():
        content = _followed(whole, answer).get("content", {})
        answers[status] = content["application/json"]["schema"] if "application/json" in content else None
    return {
        "query": {each["name"].removesuffix("[]"): each["schema"] for each in parameters if each["in"] == "query"},
        "body": body["content"]["application/json"]["schema"] if body else None,
        "body_required": bool(body.get("required")),
        "answers": answers,
    }


def _followed(whole: dict[str, Any], one: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in one:
        target: Any = whole
        for part in one["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        one = target
    return one


def _schema(one: Any, version: str) -> Any:
    """Turn a schema of OpenAPI 3.0 into one of JSON Schema, and mend what the description is known to get wrong.

    - `nullable` becomes a type; an enum of a nullable value gets the null that it lacks.
    - `oneOf` becomes `anyOf`: many of its branches overlap, as the two objects of “labels”.
    - `labels` with no entry is documented as a way to remove all, against its own `minItems`.
    """
    if isinstance(one, list):
        return [_schema(each, version) for each in one]
    if not isinstance(one, dict):
        return one
    if "$ref" in one:
        return {"$ref": one["$ref"].replace("#/components/schemas/", f"{COMPONENTS}#/$defs/")}
    one = _of_version(one, version)
    made: dict[str, Any] = {}
    for key, value in one.items():
        if key == "properties":
            made[key] = {name: _schema(each, version) for name, each in value.items()}
            if made[key].get("labels", {}).get("minItems") == 1:
                del made[key]["labels"]["minItems"]
        elif key == "oneOf":
            made["anyOf"] = _schema(value, version)
        elif key == "enum":
            made[key] = [*value, None] if one.get("nullable") and None not in value else value
        elif key not in DROPPED and key != "nullable" and not key.startswith("x-"):
            made[key] = _schema(value, version) if key not in ("required", "enum", "type", "format") else value
    if one.get("nullable"):
        if isinstance(made.get("type"), str):
            made["type"] = [made["type"], "null"]
        elif "type" not in made:
            made = {"anyOf": [made, {"type": "null"}]}
    return made


def _of_version(one: dict[str, Any], version: str) -> dict[str, Any]:
    for change in one.get("x-github-breaking-changes", []):
        if version == NEW == change["version"]:
            patch = change["patch"]
            gone = {name for name, value in patch.get("properties", {}).items() if value is None}
            left = {name: value for name, value in one["properties"].items() if name not in gone}
            one = one | {"properties": left, "required": [name for name in one.get("required", []) if name not in gone]}
    return one


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    # GitHub ignores what it does not know; a test wants to hear of it.
    return schema | {"additionalProperties": False} if "properties" in schema else schema


def _write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        json.dump(value, file)
    os.replace(file.name, path)
