"""Starts a mapping: the files of its folder, made of samples, schemas and an operation of an API.

What is made passes `moemap check` and `moemap test` at once; what was guessed, or could not be, is noted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from .. import golden
from ..diagnostics.problem import Problem
from ..golden import files as goldenfile
from ..jobs.files import written_whole
from ..jobs.input import MAX_RECORD_BYTES, read_units
from ..proof.samples import NoSampleError, instance
from ..schemas.schema import SchemaError, schema_of
from ..source.json_reader import read_value
from ..source.nodes import plain
from ..source.parser import parse
from ..source.text import Source
from .guessing import Guesses, Scope, members_of, part_of, scope_of, singular
from .openapi import Operation, operation_of
from .samples import infer_schema
from .writing import expression_of, name_of, yaml_text

__all__ = ["Sample", "Start", "StartError", "operation_in", "samples_in", "schema_in", "start", "write"]

MAX_SAMPLES = 100
MAX_DOCUMENT_BYTES = 20_000_000
_ROOT = "record"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_EVENTS = frozenset({"batch", "data", "entries", "events", "hits", "messages", "records", "results", "rows"})
"""Names of lists whose elements become a request each where nothing else is known."""
_EXAMPLE = {
    "user": {"id": "u-1", "email": "ada@example.com"},
    "events": [{"name": "signed_up", "time": "2026-01-31T12:00:00Z"}],
}
"""The sample of a mapping that is started from nothing."""
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")

Json = dict[str, Any]


class StartError(ValueError):
    """The source of a new mapping cannot be used; the text says why."""


class Sample(NamedTuple):
    """A sample of the input, and the name that its file is to have."""

    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class Start:
    """The texts of the files of a new mapping by name, and what is to be reviewed."""

    files: Mapping[str, str]
    notes: tuple[str, ...]


# Reading


def samples_in(path: Path) -> list[Sample]:
    """The samples in a file: one JSON document, a list of them, or one a line. Raises StartError and OSError."""
    found = []
    with path.open("rb") as stream:
        units = read_units(
            stream, path.name, MAX_RECORD_BYTES, lines=path.suffix in (".ndjson", ".jsonl"), most=MAX_RECORD_BYTES
        )
        for record in (record for unit in units for record in unit):
            value, problem = record.parse()
            if problem is not None:
                raise StartError(f"{record.where}: {problem.message}")
            found.append(value)
            if len(found) > MAX_SAMPLES:
                raise StartError(f"{path}: more than {MAX_SAMPLES} samples; a few of each kind are enough")
    stem = name_of(path.name.partition(".")[0])
    return [Sample(f"{stem}-{number}" if len(found) > 1 else stem, value) for number, value in enumerate(found, 1)]


def schema_in(path: Path) -> Json:
    """The JSON Schema in a file, which must stand alone. Raises StartError and OSError."""
    content = _document(path)
    try:
        schema_of(content if isinstance(content, dict) else {"type": "object"})
    except SchemaError as error:
        raise StartError(f"{path}: the schema {error.reason}") from None
    if not isinstance(content, dict):
        raise StartError(f"{path}: a schema is an object")
    return content


def operation_in(path: Path, name: str) -> tuple[Operation, str | None]:
    """An operation of the OpenAPI document in a file of JSON or YAML, and the URL of its server, if it names one.

    Raises OpenApiError, StartError and OSError.
    """
    document = _document(path)
    operation = operation_of(document, name)
    servers = document.get("servers")
    url = servers[0].get("url") if isinstance(servers, list) and servers and isinstance(servers[0], dict) else None
    return operation, url.rstrip("/") if isinstance(url, str) and re.match(r"https?://", url) else None


def _document(path: Path) -> Any:
    """The value in a file of JSON or YAML; dates in YAML are strings."""
    with path.open("rb") as file:
        raw = file.read(MAX_DOCUMENT_BYTES + 1)
    if len(raw) > MAX_DOCUMENT_BYTES:
        raise StartError(f"{path}: more than {MAX_DOCUMENT_BYTES} bytes")
    if path.suffix.lower() not in (".yaml", ".yml"):
        try:
            return read_value(raw)
        except ValueError as error:
            raise StartError(f"{path}: {error}") from None
    node, problems = parse(Source(path.as_posix(), raw.decode("utf-8", "replace")))
    if node is None:
        raise StartError(f"{problems[0].place}: {problems[0].message}")
    return plain(node)


# Making


def start(
    name: str,
    samples: Sequence[Sample] = (),
    input_schema: Json | None = None,
    operation: Operation | None = None,
    server: str | None = None,
) -> Start:
    """Makes the files of a mapping. Without samples and a schema, it starts from a sample of its own.

    Raises StartError.
    """
    notes: list[str] = []
    if not samples:
        samples = [Sample("example", _EXAMPLE if input_schema is None else _instance(input_schema))]
    if input_schema is None:
        inferred = infer_schema(sample.value for sample in samples)
        input_schema = inferred.schema
        notes += [f"input.schema.json, {place or 'the top'}: {note}" for place, note in inferred.notes]
    else:
        validator = schema_of(input_schema).validator
        notes += [
            f"samples/{sample.name}.json: {violation.reason} at {violation.pointer or 'the top'}"
            for sample in samples
            for violation in list(validator.violations(sample.value))[:1]
        ]
    body = _body(operation) if operation is not None else None
    made = _Mapping(name, input_schema, body)
    if operation is not None:
        notes += [f"output.schema.json, {place or 'the top'}: {what}" for place, what in operation.dropped]
    mapping, schema = made.mapping(operation, server)
    notes += [f"mapping.yaml, {note}" for note in made.notes]
    tests = [
        {
            "test": sample.name.replace("-", " "),
            "input_file": f"../samples/{sample.name}.json",
            "expect": [{}] if isinstance(sample.value, list) else {},
        }
        for sample in samples
    ]
    files = {
        "mapping.yaml": yaml_text(mapping),
        "input.schema.json": _json(input_schema),
        "output.schema.json": _json(schema),
        **{f"samples/{sample.name}.json": _json(_listed(sample.value)) for sample in samples},
        "tests/samples.yaml": yaml_text({"description": "What becomes of the samples.", "tests": tests}),
    }
    return Start(files, tuple(notes))


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _listed(value: Any) -> Any:
    """A sample as it stands in a file, where a list is a list of inputs."""
    return [value] if isinstance(value, list) else value


def _instance(schema: Json) -> Any:
    try:
        return instance(schema_of(schema), Random(1))  # noqa: S311 - an example
    except NoSampleError:
        raise StartError("no value was found that the input schema accepts; give a sample") from None


def _body(operation: Operation) -> Json:
    """The schema of the body of an operation."""
    if operation.schema is None:
        raise StartError(f"the operation {operation.name!r} has no body; only those with one can be started from")
    if operation.media_type is not None and "json" not in operation.media_type:
        raise StartError(f"the operation {operation.name!r} takes {operation.media_type}, not JSON")
    if not members_of(operation.schema, operation.schema):
        raise StartError(f"the body of the operation {operation.name!r} is not an object with members")
    return operation.schema


class _Mapping:
    """The parts of a mapping in the making."""

    def __init__(self, name: str, input_schema: Json, body: Json | None) -> None:
        self.name = name
        self.input = input_schema
        self.body = body
        self.notes: list[str] = []
        self.settings: Json = {}
        self.missing: list[str] = []

    def mapping(self, operation: Operation | None, server: str | None) -> tuple[Json, Json]:
        """The mapping, and the schema of its output."""
        root = scope_of(_ROOT, self.input)
        route, scope, element = self.route(root)
        fields, schema = (
            self.copied(scope, element) if self.body is None else (self.guessed(self.body, scope), self.body)
        )
        output = name_of(operation.name) if operation is not None else "copy"
        method, path, query = self.request(operation, root)
        request = {"method": method, "path": path, **({"query": query} if query else {})}
        rule: Json = {"rule": output, **({"route": next(iter(route))} if route else {})}
        if fields:
            rule |= {"output": output, "fields": fields}
        else:
            without = f"the body requires what the input does not have: {', '.join(self.missing)}"
            rule["skip"] = without if self.missing else "nothing in the input has the name of a member of the body"
        parts = {
            "language": 1,
            "name": self.name,
            "version": "0.1.0",
            "description": "A first draft, to be reviewed.",
            "input": {"as": _ROOT, "schema": "./input.schema.json"},
            "server": {"url": server, "headers": {"Content-Type": "application/json"}} if server is not None else None,
            "settings": self.settings,
            "outputs": {output: {"schema": "./output.schema.json", "request": request}},
            "routes": route,
            "rules": [rule],
        }
        return {key: value for key, value in parts.items() if value}, schema

    def route(self, root: Scope) -> tuple[Json, Scope, tuple[str, Any]]:
        """The route, if the elements of a list become a request each; the scope; the element's name and schema."""
        lists = {
            name: element
            for name, member in members_of(self.input, self.input).items()
            if members_of(element := part_of(part_of(member, self.input).get("items"), self.input), self.input)
        }
        if len(lists) == 1:
            ((name, element),) = lists.items()
            as_ = singular(name, root.names)
            inner = root.within(as_, element)
            is_better = name in _EVENTS
            if self.body is not None:
                is_better = Guesses(self.body).number(self.body, inner) > Guesses(self.body).number(self.body, root)
            if is_better:
                route = {name_of(name): {"each": expression_of(_ROOT, [name]), "as": as_}}
                return route, inner, (as_, element)
        return {}, root, (_ROOT, self.input)

    def guessed(self, body: Json, scope: Scope) -> Json:
        """The fields of the body that are guessed by name."""
        guesses = Guesses(body)
        fields = guesses.fields(body, scope)
        self.notes += guesses.notes
        self.missing = guesses.missing
        if self.missing or not (guesses.found or guesses.settings):
            return {}
        self.settings |= guesses.settings
        return fields

    def copied(self, scope: Scope, element: tuple[str, Any]) -> tuple[Json, Json]:
        """The fields that copy all members of the element, and the schema of such a body."""
        name, schema = element
        members = {one: _unmarked(part) for one, part in members_of(schema, scope.whole).items() if one}
        kept = {key: _unmarked(scope.whole[key]) for key in ("$schema", "$defs", "definitions") if key in scope.whole}
        required = [one for one in part_of(schema, scope.whole).get("required", ()) if one in members]
        body = {
            "$schema": _DIALECT,
            **kept,
            "$comment": "review: a copy of the input's schema, to be replaced by that of the receiver",
            "type": "object",
            "required": [one for one in required if not _takes_null(members[one], scope.whole)],
            "properties": members,
            "additionalProperties": False,
        }
        return {one: expression_of(name, [one]) for one in members}, body

    def request(self, operation: Operation | None, root: Scope) -> tuple[str, str, Json]:
        """The method, the path and the query of the request."""
        if operation is None:
            return "POST", f"/{self.name}", {}
        path = _PLACEHOLDER.sub(lambda match: f"{{{_placeholder(match[1])}}}", operation.path)
        query = {}
        for where, name, is_required in operation.parameters:
            if where == "path":
                self.notes.append(f"the path: {{{_placeholder(name)}}} is filled in by whoever sends the requests")
            elif is_required and where == "query":
                guesses = Guesses({}, taken=set(self.settings))
                query[name] = guesses.field({"type": "string"}, root, (name,), required=True)
                self.settings |= guesses.settings
                self.notes += [f"the query: {note}" for note in guesses.notes]
            elif is_required:
                self.notes.append(f"the header {name}: the API requires it")
        return operation.method, path if path.startswith("/") else f"/{path}", query


def _unmarked(schema: Any) -> Any:
    """A schema without notes for its reviewer, and without formats, which its draft does not check."""
    if isinstance(schema, list):
        return [_unmarked(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: value if key in ("enum", "const", "default") else _unmarked(value)
        for key, value in schema.items()
        if not (key in ("format", "$comment") and isinstance(value, str))
    }


def _takes_null(schema: Any, whole: Mapping[str, Any]) -> bool:
    """Returns whether a member may be null, and so absent in the body."""
    named = part_of(schema, whole).get("type")
    return named is None or named == "null" or (isinstance(named, list) and "null" in named)


def _placeholder(name: str) -> str:
    """A name that whoever sends requests can fill in."""
    return name_of(name).replace("-", "_")


# Writing


def write(folder: Path, made: Start, more: Mapping[str, str]) -> tuple[Problem, ...]:
    """Writes the files of a mapping, and what is expected of its tests; returns the problems of the tests."""
    for name, text in {**made.files, **more}.items():
        _write(folder / name, text)
    path = folder / "tests" / "samples.yaml"
    runner = golden.GoldenRunner()
    file, problems, _ = goldenfile.load(path, path.as_posix(), runner.opening)
    if file is None:
        return problems
    outcomes = [runner.run(file, test) for test in file.tests]
    _write(path, golden.update(file, [one for one in outcomes if one.differences]).text)
    return _first(problem for outcome in outcomes for problem in outcome.problems)


def _first(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems, each once."""
    return tuple(dict.fromkeys(problems))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as file:
        file.write(text.encode("utf-8", "surrogatepass"))
