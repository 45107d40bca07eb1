"""Starts a mapping: makes the files of its folder from samples, schemas and an operation of an API.

These pass `moemap check` and `moemap test` at once; notes say what was guessed, and what could not be.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from .. import golden
from ..golden import files as goldenfile
from ..golden.files import TestFile
from ..golden.runner import Outcome
from ..jobs.files import written_whole
from ..jobs.input import MAX_RECORD_BYTES, units_of
from ..proof.samples import NoSampleError, instance
from ..schemas.schema import SchemaError, schema_of
from ..source.contents import whole
from ..source.json_reader import read_value
from ..source.nodes import plain
from ..source.parser import parse
from ..source.text import Source
from ..values.kinds import kind, with_article
from .guessing import Guesses, ReadableMembers, kinds_of, members_of, part_of, scope_of, singular
from .openapi import FORM, Operation, operation_of
from .requests import RequestDraft
from .samples import infer_schema
from .writing import expression_of, file_name, name_of, yaml_text

__all__ = ["DraftSample", "Start", "StartError", "operation_in", "samples_in", "schema_in", "start", "write"]

MAX_SAMPLES = 100
MAX_DOCUMENT_BYTES = 20_000_000
_MAX_NAME = 500
"""The maximum length of a field's name: the keys of YAML are limited."""
_ROOT = "record"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_EVENTS = frozenset({"batch", "data", "entries", "events", "hits", "messages", "records", "results", "rows"})
"""Names of lists each of whose elements becomes a request, if nothing else is known."""
_EXAMPLE = {
    "user": {"id": "u-1", "email": "ada@example.com"},
    "events": [{"name": "signed_up", "time": "2026-01-31T12:00:00Z"}],
}
"""The sample of a mapping that is started without any."""

Json = dict[str, Any]


class StartError(ValueError):
    """The source of a new mapping cannot be used; the text says why."""


class DraftSample(NamedTuple):
    """A sample of the input, and the name of its file in the mapping."""

    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class Start:
    """The texts of the files of a new mapping by name, and notes on what to review."""

    files: Mapping[str, str]
    notes: tuple[str, ...]


# Reading


def samples_in(path: Path) -> list[DraftSample]:
    """The samples in a file: one JSON document, a list of them, or one a line. Raises StartError and OSError."""
    found = []
    with path.open("rb") as stream:
        for record in chain.from_iterable(units_of(stream, path.name, MAX_RECORD_BYTES)):
            value, problem = record.parse()
            if problem is not None:
                raise StartError(f"{record.where}: {problem.message}")
            if not isinstance(value, dict):
                raise StartError(f"{record.where}: a sample is an object, not {with_article(kind(value))}")
            found.append(value)
            if len(found) > MAX_SAMPLES:
                raise StartError(f"{path}: more than {MAX_SAMPLES} samples; a few of each kind are enough")
    if not found:
        raise StartError(f"{path}: no sample in it")
    stem = file_name(path.name.partition(".")[0])
    return [DraftSample(f"{stem}-{number}" if len(found) > 1 else stem, value) for number, value in enumerate(found, 1)]


def schema_in(path: Path) -> Json:
    """The JSON Schema in a file, which must be self-contained. Raises StartError and OSError."""
    content = _document(path)
    try:
        schema_of(content if isinstance(content, dict) else {"type": "object"})
    except SchemaError as error:
        raise StartError(f"{path}: the schema {error.reason}") from None
    if not isinstance(content, dict):
        raise StartError(f"{path}: a schema is an object")
    return content


def operation_in(path: Path, name: str) -> Operation:
    """An operation of the OpenAPI document in a file of JSON or YAML. Raises OpenApiError, StartError and OSError."""
    return operation_of(_document(path), name)


def _document(path: Path) -> Any:
    """The value in a file of JSON or YAML; dates in YAML are strings."""
    try:
        raw = whole(path, MAX_DOCUMENT_BYTES)
    except ValueError as error:
        raise StartError(f"{path}: {error}") from None
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
    samples: Sequence[DraftSample] = (),
    input_schema: Json | None = None,
    operation: Operation | None = None,
) -> Start:
    """Makes the files of a mapping. Without samples and a schema, it starts from a sample of its own.

    Raises StartError.
    """
    notes: list[str] = []
    if not samples:
        samples = [DraftSample("example", _EXAMPLE if input_schema is None else _instance(input_schema))]
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
    if operation is not None:
        notes += [f"output.schema.json, {place or 'the top'}: {what}" for place, what in operation.dropped]
    made = _Mapping(name, input_schema, operation)
    mapping = made.mapping()
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
        **({"output.schema.json": _json(made.schema)} if made.schema is not None else {}),
        **{f"samples/{sample.name}.json": _json(_listed(sample.value)) for sample in samples},
        "tests/samples.yaml": yaml_text({"description": "What becomes of the samples.", "tests": tests}),
    }
    return Start(files, tuple(notes))


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _listed(value: Any) -> Any:
    """A sample as its file has it: a list is wrapped, since a list in a file is a list of inputs."""
    return [value] if isinstance(value, list) else value


def _instance(schema: Json) -> Any:
    try:
        return instance(schema_of(schema), Random(1))  # noqa: S311 - an example
    except NoSampleError:
        raise StartError("no value was found that the input schema accepts; give a sample") from None


class _Mapping:
    """The draft of a mapping."""

    def __init__(self, name: str, input_schema: Json, operation: Operation | None) -> None:
        self.name = name
        self.input = input_schema
        self.notes: list[str] = []
        if operation is not None and operation.media_type == FORM and not _members(operation.schema):
            operation = replace(operation, media_type=None, schema=None)
            self.notes.append("the body: left out, since its form has no members with names")
        self.operation = operation
        self.schema = None if operation is None else operation.schema
        self.settings: Json = {}

    def mapping(self) -> Json:
        """The mapping; afterwards, `schema` is that of its bodies."""
        route, scope, element = self.route(scope_of(_ROOT, self.input))
        rule: Json = {"route": next(iter(route))} if route else {}
        output: Json = {}
        server = None
        if self.operation is None:
            name, fields = "copy", self.copied(scope, element)
            given = {"fields": fields} if fields else {"skip": "nothing in the input has a name"}
            output["request"] = {"method": "POST", "path": f"/{self.name}"}
        else:
            name = name_of(self.operation.name)
            output["body"], given = self.given(scope, element)
            if "skip" in given:  # no rule gives the request values of the element
                scope = scope_of(_ROOT, self.input)
            draft = RequestDraft(self.operation, scope, set(self.settings))
            output["request"], server = draft.request(), draft.server()
            self.settings |= draft.settings
            self.notes += draft.notes
        if self.schema is not None:
            output["schema"] = "./output.schema.json"
        rule = {"rule": name, **rule, **({} if "skip" in given else {"output": name}), **given}
        parts = {
            "language": 1,
            "name": self.name,
            "version": "0.1.0",
            "description": "A first draft, to be reviewed.",
            "input": {"as": _ROOT, "schema": "./input.schema.json"},
            "server": server,
            "settings": self.settings,
            "outputs": {name: {key: output[key] for key in ("body", "schema", "request") if output.get(key)}},
            "routes": route,
            "rules": [rule],
        }
        return {key: value for key, value in parts.items() if value}

    def route(self, root: ReadableMembers) -> tuple[Json, ReadableMembers, tuple[str, Any]]:
        """The route, if each element of a list becomes a request; the scope; the element's name and schema."""
        lists = {
            name: element
            for name, member in members_of(self.input, self.input).items()
            if members_of(element := part_of(part_of(member, self.input).get("items"), self.input), self.input)
        }
        if len(lists) == 1:
            ((name, element),) = lists.items()
            as_ = singular(name, root.names)
            inner = root.within(as_, element)
            if name in _EVENTS if self.operation is None else self.number(inner) > self.number(root):
                route = {name_of(name): {"each": expression_of(_ROOT, [name]), "as": as_}}
                return route, inner, (as_, element)
        return {}, root, (_ROOT, self.input)

    def number(self, scope: ReadableMembers) -> int:
        """The number of members and parameters of a request that have a source in a scope."""
        assert self.operation is not None  # noqa: S101  the only callers know
        draft = RequestDraft(self.operation, scope, set())
        draft.request()
        return draft.found + (Guesses(self.schema).number(_object(self.schema), scope) if self.schema else 0)

    def given(self, scope: ReadableMembers, element: tuple[str, Any]) -> tuple[str | None, Json]:
        """The kind of the body, None for an object, and the keys of the rule that emit it."""
        if self.schema is None:
            return "none", {}
        whole, body = self.schema, _object(self.schema)
        is_list = body is not self.schema
        guesses = Guesses(whole)
        if members_of(body, whole):
            given: Json = {"fields": guesses.fields(body, scope)}
        else:
            given = {"value": self.value(guesses, scope, element)}
        self.notes += guesses.notes
        if guesses.missing or not (guesses.found or guesses.settings or given.get("value")):
            without = f"the body requires what the input does not have: {', '.join(guesses.missing)}"
            given = {
                "skip": without if guesses.missing else "nothing in the input has the name of a member of the body"
            }
        else:
            self.settings |= guesses.settings
        return ("value" if "value" in given else "list" if is_list else None), given

    def value(self, guesses: Guesses, scope: ReadableMembers, element: tuple[str, Any]) -> Any:
        """The field of a body whose schema lists no members: a single value, a list of values, or any object."""
        assert self.operation is not None  # noqa: S101  the only callers know
        part = part_of(self.schema, guesses.whole)
        name, given = element
        kinds = kinds_of(part)
        if kinds <= {"object"} and kinds_of(part_of(given, scope.whole)) >= kinds:
            self.notes.append(f"the body: it takes any {'object' if kinds else 'value'}, and is the whole {name}")
            return name
        (*_, last) = [one for one in self.operation.path.split("/") if one and "{" not in one] or ["value"]
        return guesses.field(part, scope, (last,), required=True)

    def copied(self, scope: ReadableMembers, element: tuple[str, Any]) -> Json:
        """The fields that copy all members of the element; sets the schema of bodies to that of the copy."""
        name, schema = element
        named = members_of(schema, scope.whole).items()
        members = {one: _unmarked(part) for one, part in named if 0 < len(one) <= _MAX_NAME}
        if long := sum(len(one) > _MAX_NAME for one, _ in named):
            self.notes.append(f"the body: {long} with names of more than {_MAX_NAME} characters left out")
        kept = {key: _unmarked(scope.whole[key]) for key in ("$schema", "$defs", "definitions") if key in scope.whole}
        required = [one for one in part_of(schema, scope.whole).get("required", ()) if one in members]
        always = [one for one in required if not _takes_null(members[one], scope.whole)]
        self.schema = {
            "$schema": _DIALECT,
            **kept,
            "$comment": "review: a copy of the input's schema, to be replaced by that of the receiver",
            "type": "object",
            **({"required": always} if always else {}),  # draft-04 takes no empty list
            "properties": members,
        }
        return {one: expression_of(name, [one]) for one in members}


def _members(schema: Json | None) -> Json:
    return {} if schema is None else members_of(schema, schema)


def _object(schema: Json) -> Any:
    """The schema of one emission: of an element if the body is a list of objects, else of the body."""
    element = part_of(schema, schema).get("items")
    return element if members_of(element, schema) and not _members(schema) else schema


def _unmarked(schema: Any) -> Any:
    """A schema without notes for its review, and without formats, which are annotations in its draft."""
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


# Writing


def write(folder: Path, made: Start, more: Mapping[str, str]) -> None:
    """Writes the files of a mapping, with the expectations of its tests. Raises StartError if a test still fails."""
    for name, text in {**made.files, **more}.items():
        _write(folder / name, text)
    path = folder / "tests" / "samples.yaml"
    outcomes = _outcomes(path)
    if outcomes is not None:
        _write(path, golden.update(outcomes[0], [one for one in outcomes[1] if one.differences]).text)
        outcomes = _outcomes(path)
    for outcome in () if outcomes is None else outcomes[1]:
        if outcome.differences:
            raise StartError(f"no golden test can hold what becomes of {outcome.test.name!r}; give a smaller sample")


def _outcomes(path: Path) -> tuple[TestFile, list[Outcome]] | None:
    """The test file with the outcomes of its tests; None if it or its mapping cannot be used."""
    runner = golden.GoldenRunner()
    file, _, _ = goldenfile.load(path, path.as_posix(), runner.opening)
    return None if file is None else (file, [runner.run(file, test) for test in file.tests])


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as file:
        file.write(text.encode("utf-8", "surrogatepass"))
