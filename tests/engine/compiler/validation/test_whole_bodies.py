"""Bodies that are validated as a whole, and those of the shipped and of random mappings."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from types import ModuleType
from typing import Any

import orjson
import pytest

from moemap.engine import api
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.tests.effort import effort
from moemap.tests.engine.compiler.validation.test_contracts import (
    EXAMPLES,
    Books,
    Difference,
    Pair,
    outputs,
    rule,
)

# --- conditions that parts cannot be checked for

LIMITLESS = {"outputs": outputs(body={}, other={"schema": "./limits.schema.json"})}
ONE_OF_EACH = [rule(fields={"a": "batch.text"}), rule("other", name="two", fields={"b": "batch.text"})]


def is_whole(source: str, output: str) -> bool:
    """Returns whether bodies of the output are validated as a whole: no condition names their only text."""
    body = source[source.index(f"# rule {output} ") :].split("# rule ")[1].partition("# output ")[0]
    return "unusual()" not in body


@pytest.mark.parametrize(
    "schema",
    [
        {"const": {"a": "x"}},
        {"properties": {"a": {"const": 1}}},
        {"properties": {"a": False}},
        {"properties": {"a": {"pattern": "X+Y+"}}},
        {"additionalProperties": False},
        {"propertyNames": {"pattern": "X+Y+"}},
        {"patternProperties": {"^a": {"maxLength": 1}}},
        {"allOf": [False]},
    ],
)
def test_what_cannot_be_asked_of_parts_is_asked_of_whole_bodies(
    book: Books, difference: Difference, schema: Any
) -> None:
    pair = Pair(book({**LIMITLESS, "rules": ONE_OF_EACH}, schema, {"properties": {"b": {"maxLength": 2}}}))
    assert is_whole(pair.source, "one")
    assert not is_whole(pair.source, "two")
    for text in ("x", "xx", "xxx", "X"):
        given, wanted = pair.answer({"text": text}), pair.interpreter.run({"text": text})
        assert (given is None) == bool(wanted.problems)
        assert given is None or not difference(wanted, given)


@pytest.mark.parametrize("output", ["body", "merged"])
def test_schemas_that_are_nested_too_deeply(book: Books, difference: Difference, output: str) -> None:
    parts = {str(n): {"properties": {"a": {"$ref": f"#/$defs/{n + 1}"}}, "maxLength": 1} for n in range(600)}
    schema = {"$ref": "#/$defs/0", "$defs": {**parts, "600": {"maxProperties": 0}}}
    made = outputs(body={}, merged={"combine": {"a": "merge"}})
    pair = Pair(book({"outputs": made, "rules": [rule(output, fields={"a": {"fields": {"a": "batch.any"}}})]}, schema))
    assert "fits_" not in pair.source
    for value, fits in (("x", True), ("xx", False), ({"a": {"b": ["x"]}}, True), ({"a": {"a": "xx"}}, False)):
        given = pair.answer({"any": value})
        assert (given is not None) == fits
        assert given is None or not difference(pair.interpreter.run({"any": value}), given)


# --- shipped and random mappings

MANY_SETTINGS = {
    "identity": "mpid",
    "objects": True,
    "tags": True,
    "unset_attributes": True,
    "push": True,
    "advertising_ids": True,
    "amounts": "all",
    "timezone_offset": "send",
    "time_precision": "milliseconds",
    "require_gdpr_purpose": "marketing",
    "project_name_from": "brand_name",
}


@pytest.mark.slow
@pytest.mark.parametrize(("values", "least"), [({}, 10), (MANY_SETTINGS, 7)])
def test_bodies_of_the_shipped_mapping_fit_in_parts(
    difference: Difference, shipped_mapping: Callable[..., api.Mapping], values: dict[str, Any], least: int
) -> None:
    pair, answered = Pair(shipped_mapping(**values).rulebook), 0
    for path in EXAMPLES:
        content = orjson.loads(path.read_bytes())
        for batch in content if isinstance(content, list) else [content]:
            given = pair.answer(batch)
            assert given is None or not difference(pair.interpreter.run(batch), given)
            answered += given is not None
    assert answered >= least


@pytest.mark.slow
@pytest.mark.fuzz
def test_random_mappings(book: Books, bodies: ModuleType, difference: Difference) -> None:
    answered = valid = in_parts = 0
    for number in range(effort(60, 360)):
        dice = Random(number)
        content = bodies.mapping(dice)
        batches = [bodies.batch(dice) for _ in range(12)]
        free = Interpreter(book(content, {}))
        sent = [request.body for batch in batches[:6] for request in free.run(batch).requests]
        schema = bodies.schema_of(dice, sent)
        pair = Pair(book(content, schema))
        in_parts += "unusual()" in pair.source
        answers: list[bool] = []
        wanted = list(map(pair.interpreter.run, batches))
        for at, batch in [*enumerate(batches), *enumerate(batches)]:
            given = pair.answer(batch)
            answers.append(given is not None)
            if given is not None:
                found = difference(wanted[at], given)
                assert not found, f"mapping {number}: {found}\n{batch}\n{content}\n{schema}\n{pair.source}"
        assert answers[: len(batches)] == answers[len(batches) :], f"mapping {number} learns what makes a difference"
        answered += sum(answers) // 2
        valid += sum(not result.problems for result in wanted)
    assert in_parts > effort(23, 140)
    assert answered > 0.7 * valid > effort(100, 600)
